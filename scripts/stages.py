"""Runs the stages of `make test` one after the other, and tells for each whether it passed and how long it took.

A stage is one or more commands. Their output goes to `target/stages/NAME.log`; of a stage that passes only the closing lines
of its test runners are shown, of one that fails the whole log. A command that is not there fails its stage.

    python scripts/stages.py              all stages
    python scripts/stages.py lint docs    only these
"""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "target" / "stages"
BIN = ROOT / ".venv" / "bin"
PYTHON = str(BIN / "python")
SECONDS_MAX = 1500

Command = list[str]


@dataclass
class Stage:
    name: str
    about: str
    commands: list[Command]
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "."
    needs: str | None = None


def script(name: str, *arguments: str) -> Command:
    return [PYTHON, f"scripts/{name}.py", *arguments]


STAGES = [
    Stage("format", "rustfmt; `make fmt` mends it", [["cargo", "fmt", "--all", "--", "--check", "-l", "--color", "never"]]),
    Stage("text", "no unfinished marks, no paths of one machine, floors, commands and links of the pages", [script("text")]),
    Stage("licences", "of every dependency, against deny.toml", [script("licences")]),
    Stage("lint", "clippy", [["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]]),
    Stage("features", "the core with each feature alone, and without the standard library", [script("features")]),
    Stage(
        "docs",
        "rustdoc",
        [["cargo", "doc", "--locked", "--workspace", "--no-deps"]],
        env={"RUSTDOCFLAGS": "-D warnings"},
    ),
    Stage(
        "rust",
        "unit, property and model tests, and the examples in the pages",
        [["cargo", "test", "--locked", "--workspace", "--no-fail-fast"]],
        env={"INSTA_UPDATE": "no"},
    ),
    Stage("c", "the C library: its header, and a C program against both forms of it", [script("c_library")]),
    Stage("spin", "SPIN: the states of small worlds around the C library, and what must happen at last", [script("spin", "small")]),
    Stage("package", "the Python package, built and installed", [["sh", "scripts/package.sh", "--force"]]),
    # From here and not from `python/`, where the sources would hide the installed package.
    Stage("python", "pytest", [[str(BIN / "pytest"), "-c", "python/pyproject.toml", "python/tests"]], needs="package"),
    Stage("types", "mypy", [[str(BIN / "mypy")]], cwd="python", needs="package"),
    Stage("scenarios", "ringfence replay: each scenario passes, each altered twin fails", [script("scenarios")], needs="package"),
    Stage("examples", "the Python and scenario examples of README.md", [script("examples")], needs="package"),
    Stage("demo", "ringfence demo runs to its end", [[str(BIN / "ringfence"), "demo"]], needs="package"),
]

# The closing lines of cargo test, pytest, mypy and our own scripts. Those that ran nothing are left out.
CLOSING = re.compile(r"test result: |=+ .*(passed|failed|error).* =+$|\d+ passed, \d+ failed|Success: |Found \d+ error")
NOTHING_RAN = re.compile(r"test result: ok\. 0 passed; 0 failed; 0 ignored")


def environment(stage: Stage) -> dict[str, str]:
    env = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1", **stage.env)
    if env.get("CI"):
        # Incremental builds cost time and space, and pay off only when a build follows on the same tree.
        env.setdefault("CARGO_INCREMENTAL", "0")
    return env


def run(command: Command, stage: Stage, log, deadline: float) -> bool:
    """Runs one command; whether it succeeded."""
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT / stage.cwd,
            env=environment(stage),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        log.write(f"{command[0]}: not found\n")
        return False
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
    signal.alarm(max(1, int(deadline - time.monotonic())))
    try:
        for line in process.stdout:
            log.write(line)
            closing = CLOSING.search(line) and not NOTHING_RAN.search(line)
            if sys.stdout.isatty():
                columns = os.get_terminal_size().columns - 1
                print("\r\033[K" + (line if closing else line.rstrip().replace("\t", " ")[:columns]), end="", flush=True)
            elif closing:
                print(line, end="", flush=True)
        status = process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        raise
    finally:
        signal.alarm(0)
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)
    if status == -signal.SIGKILL and time.monotonic() >= deadline - 1:
        log.write(f"stopped after {SECONDS_MAX} s\n")
    elif status != 0:
        log.write(f"exit status {status}\n")
    return status == 0


def main(names: list[str]) -> int:
    unknown = set(names) - {stage.name for stage in STAGES}
    if unknown:
        print(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(stage.name for stage in STAGES)}")
        return 2
    stages = [stage for stage in STAGES if not names or stage.name in names]
    LOGS.mkdir(parents=True, exist_ok=True)
    results: dict[str, tuple[str, float]] = {}
    for number, stage in enumerate(stages, 1):
        print(f"[{number:2}/{len(stages)}] {stage.name}: {stage.about}", flush=True)
        began = time.monotonic()
        if stage.needs in results and results[stage.needs][0] != "passed":
            print(f"        cannot run: {stage.needs} failed")
            results[stage.name] = ("FAILED", 0.0)
            continue
        path = LOGS / f"{stage.name}.log"
        with path.open("w") as log:
            passed = all(run(command, stage, log, began + SECONDS_MAX) for command in stage.commands)
        took = time.monotonic() - began
        results[stage.name] = ("passed" if passed else "FAILED", took)
        if not passed:
            print(path.read_text(), end="")
        print(f"        {results[stage.name][0]} in {took:.1f} s", flush=True)

    print()
    for name, (result, took) in results.items():
        print(f"{name:12} {result}  {took:7.1f} s")
    print(f"{'all':12} {'':6}  {sum(took for _, took in results.values()):7.1f} s")
    failed = sum(result != "passed" for result, _ in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
