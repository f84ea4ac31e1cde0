"""Lets SPIN explore small worlds around the real C library: counts their states, and proves formulas about what must happen at last.

What is explored stands in tests/spin/; its README.md explains it. A count must be the one that stands in scopes.json, plus one: SPIN's initial state.
A formula whose name begins with `refuted_` must be refuted, every other must hold. When something is wrong that should not be, the life that leads
there is told, act by act, with what went into the platform and what came out.

    python scripts/spin.py            everything
    python scripts/spin.py small      what `make test` has time for
    python scripts/spin.py NAME...    these scopes and formulas
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from c_library import FFI, LIBRARY, ROOT, SYSTEM, output

HERE = ROOT / "tests" / "spin"
PROFILE = "model"
# Megabytes, and steps in one life. Where either is not enough, the search says so, and fails.
MEMORY, DEPTH = 4000, 1_000_000
# What SPIN says when a search is not complete, whatever else it says.
INCOMPLETE = ("max search depth too small", "out of memory", "Search not completed", "VECTORSZ is too small", "aborting", "GIVEN UP")


@dataclass
class Run:
    """One search: a scope to count, or a formula about one."""

    scope: str
    formula: str | None = None


@dataclass
class Found:
    run: Run
    verdict: str
    is_as_it_should_be: bool
    states: int = 0
    steps: int = 0
    megabytes: float = 0
    seconds: float = 0


def needed() -> None:
    for tool, package in {"spin": "spin", "cc": "gcc"}.items():
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: please install the Debian package {package} (as root: apt-get install {package})")


def library() -> Path:
    output("cargo", "build", "--locked", "--profile", PROFILE, "--package", "ringfence-ffi")
    metadata = json.loads(output("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"))
    return Path(metadata["target_directory"]) / PROFILE / f"lib{LIBRARY}.a"


def defines(name: str, scope: dict, has_formulas: bool) -> list[str]:
    given = [f"-DUSERS={scope['users']}", f"-DPHONES={scope['phones']}"]
    given += [f"-DREQUESTS={scope['requests']}", f"-DCANCELS={scope['cancels']}"]
    given += ["-DRECORDER"] if scope["recorder"] else []
    given += ["-DFORMULAS", "-DWEEKS"] if has_formulas else []
    return given


def build(folder: Path, given: list[str], archive: Path, has_formulas: bool) -> Path:
    """The verifier of a scope."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["spin", "-a", "-o3", *given, HERE / "world.pml"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode != 0 or "rror" in made.stdout:
        sys.exit(f"spin does not take the model:\n{made.stdout}")
    # Every interleaving counts, and nothing of a state is left out or only hashed.
    of_search = ["-DNOREDUCE", "-DVECTORSZ=8192", f"-DMEMLIM={MEMORY}", *([] if has_formulas else ["-DSAFETY", "-DNOCLAIM"])]
    verifier = folder / "pan"
    sources = ["pan.c", HERE / "host.c"]
    command = ["cc", "-std=gnu11", "-O2", "-w", f"-I{HERE}", f"-I{FFI / 'include'}", *given, *of_search, "-o", verifier, *sources, archive, *SYSTEM]
    made = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode != 0:
        sys.exit(f"the verifier does not compile:\n{made.stdout}")
    return verifier


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    return float(found.group(1)) if found else 0


def search(run: Run, verifier: Path, expected: int) -> Found:
    """Runs a search. Its exit status says nothing: what it prints does."""
    claim = ["-a", "-N", run.formula] if run.formula else []
    began = time.monotonic()
    done = subprocess.run([verifier, f"-m{DEPTH}", *claim], cwd=verifier.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.monotonic() - began
    text = done.stdout
    (verifier.parent / f"{run.formula or 'count'}.log").write_text(text)
    errors = re.search(r"errors: (\d+)$", text, re.MULTILINE)
    found = Found(run, "", False, seconds=seconds)
    found.states = int(number(r"^ *([\d.e+]+) states, stored", text))
    found.steps = int(number(r"^ *([\d.e+]+) transitions", text))
    found.megabytes = number(r"^ *([\d.]+)\s+total actual memory usage", text)
    must_fall = bool(run.formula and run.formula.startswith("refuted_"))
    is_incomplete = [word for word in INCOMPLETE if word in text]
    if errors is None:
        found.verdict = "broke off"
        print(text)
    elif int(errors.group(1)) > 0:
        is_cycle = "acceptance cycle" in text
        found.verdict = "refuted" if is_cycle else "an error"
        found.is_as_it_should_be = must_fall and is_cycle and "GIVEN UP" not in text
        if not found.is_as_it_should_be:
            print(text)
            tell(run, verifier)
    elif is_incomplete:
        found.verdict = f"incomplete: {is_incomplete[0]}"
        print(text)
    elif must_fall:
        found.verdict = "HOLDS, and says too much"
    elif run.formula:
        found.verdict, found.is_as_it_should_be = "holds", True
    elif found.states != expected + 1:
        found.verdict = f"{expected} states are expected, and one"
    elif unreached(text):
        found.verdict = f"never reached: {unreached(text)}"
    else:
        found.verdict, found.is_as_it_should_be = "as many as stateright finds", True
    return found


def unreached(text: str) -> str:
    """The statements of the world that no life came to, but for its end, which there is none of."""
    part = text.partition("unreached in proctype world")[2].partition("states)")[0]
    lines = [line.strip() for line in part.splitlines() if "state" in line and '"-end-"' not in line]
    return "; ".join(lines)


def tell(run: Run, verifier: Path) -> None:
    """Tells the life of the trail: each act, with what went in and what came out."""
    claim = ["-N", run.formula] if run.formula else []
    env = dict(os.environ, RINGFENCE_TELL="1")
    done = subprocess.run([verifier, "-r", *claim], cwd=verifier.parent, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(f"---- {run.scope}, {run.formula or 'count'}: what happened ----\n{done.stdout}----")


def formulas(scope: dict) -> list[str]:
    """The formulas that the model has for a scope."""
    given = defines("", scope, True)
    shown = subprocess.run(["cpp", "-P", *given, HERE / "world.pml"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return re.findall(r"^ltl (\w+)", shown, re.MULTILINE)


def table(rows: list[Found]) -> str:
    head = ("scope", "formula", "states", "steps", "MB", "s", "verdict")
    cells = [head]
    for one in rows:
        numbers = (f"{one.states:,}", f"{one.steps:,}", f"{one.megabytes:.0f}", f"{one.seconds:.1f}")
        cells.append((one.run.scope, one.run.formula or "(count)", *numbers, one.verdict))
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        lines.append("  ".join(cell.rjust(widths[i]) if 2 <= i <= 5 else cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip())
    return "\n".join(lines)


def main(names: list[str]) -> int:
    needed()
    scopes = json.loads((HERE / "scopes.json").read_text())
    archive = library()
    rows = []
    for name, scope in scopes.items():
        runs = [Run(name), *(Run(name, formula) for formula in formulas(scope))]
        for has_formulas in (False, True):
            chosen = [run for run in runs if bool(run.formula) == has_formulas and (not names or {run.scope, run.formula} & set(names))]
            if not chosen:
                continue
            folder = ROOT / "target" / "spin" / (f"{name}-formulas" if has_formulas else name)
            verifier = build(folder, defines(name, scope, has_formulas), archive, has_formulas)
            for run in chosen:
                print(f"{run.scope}: {run.formula or 'counting'}", flush=True)
                rows.append(search(run, verifier, scope["states"]))
    print(table(rows))
    failed = sum(not one.is_as_it_should_be for one in rows)
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
