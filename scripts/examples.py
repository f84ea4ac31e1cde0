"""Runs the examples of README.md: each Python block as a program, each JSON block as a scenario.

A Python block must print what its comments say: the one behind a `print` in the same line, or on the line below. (The Rust examples are
run by `cargo test --doc`.)
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def python_example(block: str) -> str | None:
    """What is wrong with it, if anything."""
    wanted = re.findall(r"\bprint\(.*\)(?:[ ]*|[ ]*\n)# (.*)", block)
    done = run([BIN / "python", "-W", "error", "-c", block])
    if done.returncode != 0:
        return done.stderr
    if done.stdout.splitlines() != wanted:
        return "it prints\n" + done.stdout + "and its comments say\n" + "\n".join(wanted)
    return None


def scenario(block: str) -> str | None:
    """What is wrong with it, if anything."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write(block)
        file.flush()
        done = run([BIN / "ringfence", "replay", file.name])
    return None if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    found = [(block, python_example) for block in blocks("python")] + [(block, scenario) for block in blocks("json")]
    failed = 0
    for block, check in found:
        wrong = check(block)
        if wrong is not None:
            failed += 1
            print(f"{block}\n{wrong}")
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
