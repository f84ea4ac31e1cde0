"""The stubs of the extension are true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_stubs_are_what_the_extension_has(tmp_path: Path) -> None:
    # -P: the installed package, not the folder of its sources.
    command = [sys.executable, "-P", "-m", "mypy.stubtest", "ringfence._ringfence"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
