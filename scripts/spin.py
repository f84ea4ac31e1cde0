"""Lets SPIN explore small worlds around the real C library: counts their states, and shows what must happen at last.

What is explored stands in tests/spin/; its README.md explains it. A count must be the one that stands in scopes.json, and one more: SPIN's initial state.
A formula whose name begins with `refuted_` must be refuted, every other must hold. When something is otherwise, the life that leads there is told, act by
act, with what went into the platform and what came out.

    python scripts/spin.py            everything
    python scripts/spin.py small      the small scopes, for which `make test` has time
    python scripts/spin.py NAME...    these scopes, or these formulas
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from c_library import FFI, LIBRARY, ROOT, SYSTEM, output

HERE = ROOT / "tests" / "spin"
BUILT = ROOT / "target" / "spin"
# Megabytes, and steps of one life. Where either is not enough the search says so, and fails.
MEMORY, DEPTH = 4000, 1_000_000
# SPIN says one of these when it has not seen everything, whatever else it says.
INCOMPLETE = ("max search depth too small", "out of memory", "Search not completed", "VECTORSZ", "resource limit")
# What the host in C says when it cannot go on.
GIVEN_UP = "GIVEN UP"


@dataclass
class Search:
    """What to explore: a scope, and the formula to judge it by; its states are counted where there is none."""

    scope: dict
    formula: str | None
    verifier: Path

    def name(self) -> str:
        return f"{self.scope['name']}: {self.formula or 'how many states'}"

    def claim(self) -> list[str]:
        return ["-N", self.formula] if self.formula else []

    def folder(self) -> Path:
        """Where it leaves what it says, and its trail."""
        return self.verifier.parent / (self.formula or "count")


@dataclass
class Found:
    search: Search
    verdict: str = ""
    passed: bool = False
    states: int = 0
    steps: int = 0
    megabytes: float = 0
    seconds: float = 0


def run(command: list, folder: Path, **more) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    return done.returncode, done.stdout


def library() -> Path:
    """The static library, as it is handed to others."""
    output("cargo", "build", "--locked", "--release", "--package", "ringfence-ffi")
    metadata = json.loads(output("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"))
    return Path(metadata["target_directory"]) / "release" / f"lib{LIBRARY}.a"


def defines(scope: dict, has_formulas: bool) -> list[str]:
    given = [f"-D{key.upper()}={scope[key]}" for key in ("users", "phones", "requests", "cancels")]
    given += ["-DRECORDER"] if scope["recorder"] else []
    return given + (["-DFORMULAS", "-DWEEKS"] if has_formulas else [])


def formulas(scope: dict) -> list[str]:
    """The names of the formulas that the model has for a scope."""
    _, text = run(["cc", "-E", "-P", "-x", "c", *defines(scope, True), HERE / "world.pml"], ROOT)
    return re.findall(r"^ltl (\w+)", text, re.MULTILINE)


def build(scope: dict, has_formulas: bool, archive: Path) -> Path:
    """The verifier of a scope: what SPIN makes of the model, with the host and the library."""
    folder = BUILT / ("for_ever" if has_formulas else "counted") / scope["name"].replace(" ", "_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    given = defines(scope, has_formulas)
    status, text = run(["spin", "-Pcc -E -x c", "-a", "-o3", *given, HERE / "world.pml"], folder)
    if status != 0 or "Error" in text:
        sys.exit(f"SPIN does not take the model:\n{text}")
    # Every order of events counts, and states are kept whole: no hash stands for one.
    options = ["-DNOREDUCE", "-DVECTORSZ=4096", f"-DMEMLIM={MEMORY}", *([] if has_formulas else ["-DSAFETY", "-DNOCLAIM"])]
    include = [f"-I{HERE}", f"-I{FFI / 'include'}"]
    for source, warnings in {HERE / "host.c": ["-Wall", "-Wextra", "-Werror"], folder / "pan.c": ["-w"]}.items():
        made = folder / f"{source.stem}.o"
        status, text = run(["cc", "-std=gnu11", "-O2", *warnings, *include, *given, *options, "-c", "-o", made, source], folder)
        if status != 0:
            sys.exit(f"{source.name} does not compile:\n{text}")
    status, text = run(["cc", "-o", "pan", "pan.o", "host.o", archive, *SYSTEM], folder)
    if status != 0:
        sys.exit(f"the verifier cannot be linked:\n{text}")
    return folder / "pan"


def explore(search: Search) -> Found:
    """Runs a search to its end. Its exit status says nothing of the verdict; what it prints does."""
    found = Found(search)
    began = time.monotonic()
    modes = ["-a", *search.claim()] if search.formula else []
    search.folder().mkdir()
    status, text = run([search.verifier, f"-m{DEPTH}", *modes], search.folder())
    found.seconds = time.monotonic() - began
    (search.folder() / "pan.log").write_text(text)

    def number(pattern: str) -> float:
        seen = re.search(pattern, text, re.MULTILINE)
        return float(seen.group(1)) if seen else 0

    found.states = int(number(r"^\s*([\d.e+]+) states, stored"))
    found.steps = int(number(r"^\s*([\d.e+]+) transitions"))
    found.megabytes = number(r"^\s*([\d.]+)\s+total actual memory usage")
    errors = re.search(r"errors: (\d+)\s*$", text, re.MULTILINE)
    incomplete = next((word for word in INCOMPLETE if word in text), None)
    is_refuted = errors is not None and errors.group(1) != "0" and "acceptance cycle" in text
    must_fall = search.formula is not None and search.formula.startswith("refuted_")
    if GIVEN_UP in text or errors is None:
        found.verdict = f"BROKE OFF, exit status {status}"
    elif must_fall:
        found.verdict, found.passed = ("refuted, as it must be", True) if is_refuted else ("NOT REFUTED", False)
    elif errors.group(1) != "0":
        found.verdict = "REFUTED" if is_refuted else "FALLEN"
    elif incomplete is not None:
        found.verdict = f"INCOMPLETE: {incomplete}"
    elif search.formula is not None:
        found.verdict, found.passed = "holds", True
    elif unreached(text):
        found.verdict = f"NEVER REACHED: {unreached(text)}"
    elif found.states != search.scope["states"] + 1:
        found.verdict = f"NOT THE {search.scope['states']:,} STATES OF STATERIGHT AND ONE"
    else:
        found.verdict, found.passed = "as many as stateright has, and one", True
    print(f"{search.name()}: {found.verdict}", flush=True)
    if not found.passed:
        print(text + tell(search), flush=True)
    return found


def unreached(text: str) -> str:
    """What no life came to, but the end of the world: there is none."""
    part = text.partition("unreached in proctype world")[2].partition(" states)")[0]
    return "; ".join(line.strip() for line in part.splitlines() if ", state " in line and '"-end-"' not in line)


def tell(search: Search) -> str:
    """What happens in the life that SPIN wrote down: it is played once more, and the host says it. What SPIN says of it is left out."""
    trail = next(search.folder().glob("*.trail"), None)
    if trail is None:
        return ""
    command = [search.verifier, "-r", trail.name, *search.claim()]
    _, text = run(command, search.folder(), env=dict(os.environ, RINGFENCE_TELL="1"))
    of_host = r"policy |[+-]\d+\.\d+ s from |    (input|reply|refused|effect) |FALLEN|GIVEN UP|<<<<<START OF CYCLE"
    life = "\n".join(line for line in text.splitlines() if re.match(of_host, line))
    closing = "and so on, for ever" if "START OF CYCLE" in text else "the end"
    return f"---- {search.name()}: this leads there ----\n{life}\n---- {closing} ----"


def table(rows: list[Found]) -> str:
    cells = [("scope", "formula", "states", "steps", "MB", "s", "verdict")]
    for one in rows:
        numbers = (f"{one.states:,}", f"{one.steps:,}", f"{one.megabytes:.0f}", f"{one.seconds:.1f}")
        cells.append((one.search.scope["name"], one.search.formula or "", *numbers, one.verdict))
    widths = [max(map(len, column)) for column in zip(*cells)]
    adjusted = [[cell.rjust(width) if 2 <= i <= 5 else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))] for row in cells]
    return "\n".join("  ".join(row).rstrip() for row in adjusted)


def main(names: list[str]) -> int:
    for tool, package in {"spin": "spin", "cc": "gcc"}.items():
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: please install the Debian package {package} (as root: apt-get install {package})")
    scopes = json.loads((HERE / "scopes.json").read_text())
    archive = library()
    searches = []
    for kind in ("counted", "for_ever"):
        for scope in scopes[kind]:
            every = formulas(scope) if kind == "for_ever" else [None]
            is_meant = not names or scope["name"] in names or ("small" in names and scope["small"])
            chosen = [formula for formula in every if is_meant or formula in names]
            if not chosen:
                continue
            verifier = build(scope, kind == "for_ever", archive)
            searches += [Search(scope, formula, verifier) for formula in chosen]
    if not searches:
        sys.exit(f"there is no scope and no formula called {' or '.join(names)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(explore, searches))
    print(table(rows))
    failed = sum(not one.passed for one in rows)
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
