"""Fuzzes each target of `tests/fuzz` for some seconds, and ends with a table. Exits with 1 when an input made one fail.

What is found goes to `target/fuzz/found/TARGET`, and is where the next run begins; the committed corpora (`tests/fuzz/corpus`) are read, and
changed by `--keep` alone: it takes over, of what was found, what reaches code that the corpus (and, for `lines`, the scenarios) does not.

Needs cargo-fuzz, which it installs into `target/tools` when it is missing, and a C++ compiler. Works on a stable toolchain, with the
address sanitizer where the toolchain brings its runtime.

    python scripts/fuzz.py                   all targets, 60 seconds each
    python scripts/fuzz.py 600 handle        ten minutes of one
    python scripts/fuzz.py --keep            take over what was found
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRATE = ROOT / "tests" / "fuzz"
CORPUS = CRATE / "corpus"
BUILT = ROOT / "target" / "fuzz"
TOOLS = ROOT / "target" / "tools"
VERSION = "0.13.2"
SECONDS = 60
# Longer inputs say little more, and slow all others down.
LONGEST = {"handle": 1024, "lines": 16384, "snapshot": 8192, "forged": 1024}
LONGEST_OF_THE_REST = 4096
# Inputs that a target may begin with, beside its corpus.
MORE = {"lines": ROOT / "tests" / "scenarios"}
# One input that takes this long is a fault, also on a busy machine.
SLOW_S = 60
STATUS = re.compile(r"#(\d+)\s+(\w+)\s+cov: (\d+) ft: (\d+) corp: (\d+)/\S+.* exec/s: (\d+)")
FINAL = re.compile(r"stat::(\w+):\s+(\d+)")


@dataclass
class Result:
    name: str
    seconds: float = 0
    executions: int = 0
    coverage: int = 0
    found: int = 0
    artifact: Path | None = None
    failed: bool = False


def fail(text: str) -> None:
    sys.exit(f"fuzz: {text}")


def output(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT).stdout.strip()


def cargo_fuzz() -> str:
    """The program, installed when it is missing."""
    own = TOOLS / "bin" / "cargo-fuzz"
    found = shutil.which("cargo-fuzz") or (str(own) if own.exists() else None)
    if not found:
        print(f"installing cargo-fuzz {VERSION} into {TOOLS.relative_to(ROOT)}", flush=True)
        command = ["cargo", "install", "--locked", "--version", VERSION, "--root", str(TOOLS), "cargo-fuzz"]
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            fail("cargo-fuzz could not be installed")
        found = str(own)
    return found


def environment() -> dict[str, str]:
    # The flags that a fuzzer needs are not stable; this lets a stable compiler take them.
    return dict(os.environ, RUSTC_BOOTSTRAP="1", CARGO_TARGET_DIR=str(BUILT))


def sanitizer() -> str:
    target = next(line.removeprefix("host: ") for line in output("rustc", "-vV").splitlines() if line.startswith("host: "))
    libraries = Path(output("rustc", "--print", "sysroot")) / "lib" / "rustlib" / target / "lib"
    return "address" if any(libraries.glob("librustc*_rt.asan.a")) else "none"


def targets() -> list[str]:
    return [path.stem for path in sorted((CRATE / "fuzz_targets").glob("*.rs"))]


def build(program: str, with_sanitizer: str) -> Path:
    """Builds all targets; where they are."""
    if not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        fail("a C++ compiler is missing (Debian: apt-get install g++)")
    print(f"building the targets (sanitizer: {with_sanitizer})", flush=True)
    command = [program, "fuzz", "build", "--fuzz-dir", str(CRATE), "-s", with_sanitizer]
    if subprocess.run(command, cwd=ROOT, env=environment()).returncode != 0:
        fail("the targets could not be built")
    binaries = sorted(BUILT.glob("*/release/handle"), key=lambda path: path.stat().st_mtime)
    if not binaries:
        fail(f"no targets in {BUILT.relative_to(ROOT)}")
    return binaries[-1].parent


def show(text: str, is_last: bool = False) -> None:
    if sys.stdout.isatty():
        print("\r\033[K" + text[: os.get_terminal_size().columns - 1], end="\n" if is_last else "", flush=True)
    elif is_last:
        print(text, flush=True)


def fuzz(name: str, seconds: int, binaries: Path) -> Result:
    found, artifacts = BUILT / "found" / name, BUILT / "artifacts" / name
    for folder in (found, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    known = {path.name for path in artifacts.iterdir()}
    dictionary = CRATE / "dictionaries" / f"{name}.dict"
    command = [str(binaries / name), str(found), str(CORPUS / name), *([str(MORE[name])] if name in MORE else [])]
    command += [f"-max_total_time={seconds}", f"-max_len={LONGEST.get(name, LONGEST_OF_THE_REST)}", f"-timeout={SLOW_S}"]
    command += [f"-artifact_prefix={artifacts}/", "-print_final_stats=1", "-print_funcs=0", "-entropic=0", "-rss_limit_mb=4096"]
    command += [f"-dict={dictionary}"] if dictionary.exists() else []
    result, began, log = Result(name), time.monotonic(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", cwd=ROOT)
    try:
        for line in process.stderr:
            log = [*log[-199:], line]
            if status := STATUS.search(line):
                result.executions, result.coverage = int(status[1]), int(status[3])
                result.found += status[2] in ("NEW", "REDUCE")
                took = time.monotonic() - began
                show(f"{name}: {took:.0f} of {seconds} s, {status[1]} executions, {status[6]} a second, coverage {status[3]}")
            elif (final := FINAL.search(line)) and final[1] == "number_of_executed_units":
                result.executions = int(final[2])
            elif (final := FINAL.search(line)) and final[1] == "new_units_added":
                result.found = int(final[2])
        status = process.wait()
    except BaseException:
        process.kill()
        raise
    result.seconds = time.monotonic() - began
    new = [path for path in artifacts.iterdir() if path.name not in known]
    result.failed, result.artifact = status != 0, new[0] if new else None
    each = result.executions / max(result.seconds, 0.001)
    show(f"{name}: {result.seconds:.0f} s, {result.executions} executions, {each:.0f} a second, coverage {result.coverage}", True)
    if result.failed:
        print("".join(log))
        explain(result)
    return result


def explain(result: Result) -> None:
    """How to see the failure again."""
    if not result.artifact:
        print(f"{result.name} failed without an input that it failed on; the end of its log stands above")
        return
    path, corpus = result.artifact.relative_to(ROOT), (CORPUS / result.name).relative_to(ROOT)
    print(f"{result.name}: the input is {path}. To see it again:")
    print(f"    RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=target/fuzz cargo fuzz run --fuzz-dir tests/fuzz {result.name} {path}")
    print("or, without a fuzzer, and so that it stays mended:")
    print(f"    cp {path} {corpus}/")
    print(f"    cargo test --package ringfence-testing --test corpora {result.name}")


def keep(names: list[str], binaries: Path) -> None:
    """Takes over of what was found what reaches more than the corpora do."""
    for name in names:
        found = BUILT / "found" / name
        if not found.is_dir():
            print(f"{name}: nothing was found")
            continue
        with tempfile.TemporaryDirectory() as folder:
            known = {path.name: path for place in (CORPUS / name, MORE.get(name)) if place for path in place.iterdir()}
            for path in known.values():
                shutil.copy(path, folder)
            longest = f"-max_len={LONGEST.get(name, LONGEST_OF_THE_REST)}"
            command = [str(binaries / name), "-merge=1", longest, folder, str(found)]
            if subprocess.run(command, stderr=subprocess.DEVNULL, cwd=ROOT).returncode != 0:
                fail(f"{name}: what was found could not be merged")
            new = [path for path in sorted(Path(folder).iterdir()) if path.name not in known]
            for path in new:
                shutil.copy(path, CORPUS / name)
        size = sum(path.stat().st_size for path in (CORPUS / name).iterdir())
        print(f"{name}: {len(new)} more inputs, {len(list((CORPUS / name).iterdir()))} in all, {size // 1024} KiB")


def main(arguments: list[str]) -> int:
    numbers = [int(argument) for argument in arguments if argument.isdecimal()]
    names = [argument for argument in arguments if not argument.isdecimal() and argument != "--keep"]
    if unknown := set(names) - set(targets()):
        fail(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    names = names or targets()
    seconds = numbers[0] if numbers else SECONDS
    binaries = build(cargo_fuzz(), sanitizer())
    if "--keep" in arguments:
        keep(names, binaries)
        return 0
    results = [fuzz(name, seconds, binaries) for name in names]
    print(f"\n{'target':10} {'seconds':>8} {'executions':>11} {'a second':>9} {'coverage':>9} {'new':>6}")
    for result in results:
        each = result.executions / max(result.seconds, 0.001)
        print(
            f"{result.name:10} {result.seconds:8.0f} {result.executions:11} {each:9.0f} {result.coverage:9} {result.found:6}"
            f"  {'FAILED' if result.failed else 'passed'}"
        )
    failed = sum(result.failed for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
