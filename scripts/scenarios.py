"""Plays every scenario with the installed `ringfence replay`.

A scenario `NAME.jsonl` must exit 0. It has an altered twin, `NAME.twin.jsonl`, which must exit 1 and name the line that failed.
A scenario whose last line is cut off must exit 2 and say at which line and column.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RINGFENCE = ROOT / ".venv" / "bin" / "ringfence"


def replay(path: Path, status: int, says: str = "") -> str | None:
    """What is wrong with how `replay` took the file, if anything."""
    done = subprocess.run([RINGFENCE, "replay", path], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode != status:
        return f"exit status {done.returncode} instead of {status}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    if not re.search(says, done.stderr):
        return f"standard error should match {says!r}:\n{done.stderr[-2000:]}"
    return None


def cut(path: Path, folder: str) -> tuple[Path, int]:
    """A copy of the file whose last line is cut in half, and the number of that line."""
    kept = path.read_text().rstrip().splitlines()
    kept[-1] = kept[-1][: len(kept[-1]) // 2]
    copy = Path(folder) / path.name
    copy.write_text("\n".join(kept))
    return copy, len(kept)


def judge(path: Path) -> list[tuple[str, str | None]]:
    """The scenario, its twin, and the scenario cut off: what each is, and what is wrong with it, if anything."""
    twin = path.with_suffix(".twin.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        copy, line = cut(path, folder)
        return [
            (path.name, replay(path, 0)),
            (twin.name, replay(twin, 1, r"\bline \d+|:\d+") if twin.exists() else "is not there"),
            (f"{path.name}, cut off", replay(copy, 2, rf"\b(line )?{line}\b.*\bcol(umn)? \d+|:{line}:\d+")),
        ]


def main() -> int:
    everything = sorted((ROOT / "tests" / "scenarios").glob("*.jsonl"))
    scenarios = [path for path in everything if not path.name.endswith(".twin.jsonl")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [result for results in pool.map(judge, scenarios) for result in results]
    for name, wrong in results:
        if wrong:
            print(f"{name}: {wrong}")
    failed = sum(wrong is not None for _, wrong in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
