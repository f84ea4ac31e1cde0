"""Measures what the tests reach of the core, and holds `tests/COVERAGE.md` to it.

The tests that judge the core are built with rustc's own instrumentation and run; LLVM's tools read what they leave. The table of the page is
written anew. Below it stands, by hand, every piece of the core that no test reaches, with the reason why it stays. It fails when a piece is
missing there, and when one that stands there is reached by now, or gone.

    python scripts/coverage.py           build, run, report, check
    python scripts/coverage.py report    report and check what the last run left

What counts is the code of `core/src`: not its own tests (`#[cfg(test)]`), and not what `derive` writes, which rustc does not instrument. A
piece is known by its file, its function and its text, not by its line, so code may move. Left out are the tests on the interleavings of
small worlds (`--test stateright`), which take long and walk the same code as the comparison with the model, and those that judge how much
work something is (`--test work`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "core" / "src"
PAGE = ROOT / "tests" / "COVERAGE.md"
WRAPPER = ROOT / "scripts" / "instrumented.sh"
# The first of LLVM's releases that Debian has and that reads what today's rustc writes.
LLVM_LEAST = 19
PACKAGES = ["ringfence", "ringfence-testing"]
LEFT_OUT = {"stateright", "work"}
BEGIN, END = "<!-- table: written by `make coverage` -->", "<!-- end of the table -->"
# How much of a piece's text stands on the page.
TEXT_MAX = 110

Position = tuple[int, int]
Span = tuple[Position, Position]
Key = tuple[str, str, str]
# Line, column, how often, whether that is known, whether a region begins here, whether it is the space between two.
Segment = tuple[int, int, int, bool, bool, bool]


def fail(text: str) -> None:
    sys.exit(f"coverage: {text}")


def tool(name: str) -> str:
    """One of LLVM's tools: named by the environment, beside rustc, or of Debian."""
    named = os.environ.get(name.upper().replace("-", "_"))
    if named:
        return named
    sysroot = Path(subprocess.check_output(["rustc", "--print", "sysroot"], text=True).strip())
    for found in sysroot.glob(f"lib/rustlib/*/bin/{name}"):
        return str(found)
    for release in range(40, LLVM_LEAST - 1, -1):
        found = shutil.which(f"{name}-{release}")
        if found:
            return found
    fail(f"{name} is missing: please install the Debian package llvm-{LLVM_LEAST}, or name it with {name.upper().replace('-', '_')}=...")
    raise AssertionError


def cargo(*arguments: str, env: dict[str, str], capture: bool = False) -> str:
    done = subprocess.run(["cargo", *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE if capture else None, text=True)
    if done.returncode != 0:
        fail(f"cargo {' '.join(arguments)}: exit status {done.returncode}")
    return done.stdout or ""


def tests() -> list[str]:
    """The flags that choose the tests: all of the core and of the testing crate but `LEFT_OUT`."""
    metadata = json.loads(cargo("metadata", "--locked", "--no-deps", "--format-version", "1", env=dict(os.environ), capture=True))
    flags = ["--lib"]
    for package in PACKAGES:
        targets = next(one["targets"] for one in metadata["packages"] if one["name"] == package)
        for target in targets:
            if target["kind"] == ["test"] and target["name"] not in LEFT_OUT:
                flags += ["--test", target["name"]]
    return flags


def measure(folder: Path) -> None:
    """Builds and runs the tests; leaves `core.json` in the folder."""
    profdata, cov = tool("llvm-profdata"), tool("llvm-cov")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = dict(
        os.environ,
        RUSTC_WORKSPACE_WRAPPER=str(WRAPPER),
        LLVM_PROFILE_FILE=str(folder / "%m-%p.profraw"),
        INSTA_UPDATE="no",
        # What is drawn anew in each run is the same here.
        PROPTEST_RNG_SEED="1",
        # Fewer scripts and worlds than in `make test`, whose reach is judged there.
        RINGFENCE_CASES=os.environ.get("RINGFENCE_CASES", "100"),
        RINGFENCE_REACH="0",
    )
    command = ["test", "--locked", *(flag for package in PACKAGES for flag in ("--package", package)), *tests()]
    messages = cargo(*command, "--no-run", "--message-format=json-render-diagnostics", env=env, capture=True)
    binaries = [built["executable"] for built in map(json.loads, messages.splitlines()) if built.get("executable")]
    # What build scripts and macros left is not the tests'.
    for path in folder.glob("*.profraw"):
        path.unlink()
    cargo(*command, env=env)
    merged = folder / "core.profdata"
    raw = list(folder.glob("*.profraw"))
    subprocess.run([profdata, "merge", "-sparse", "-o", merged, *raw], check=True)
    objects = [binaries[0], *(argument for path in binaries[1:] for argument in ("--object", path))]
    with (folder / "core.json").open("w") as out:
        command = [cov, "export", *objects, f"--instr-profile={merged}", "--sources", str(SOURCES)]
        subprocess.run(command, check=True, stdout=out)
    for path in raw:
        path.unlink()


def files_of_tests() -> set[Path]:
    """The files that are compiled for tests only: `#[cfg(test)]`, perhaps `#[path = "…"]`, and `mod …;`."""
    found = set()
    for path in SOURCES.rglob("*.rs"):
        for at, name in re.findall(r'#\[cfg\(test\)\]\n\s*(?:#\[path = "([^"]+)"\]\n\s*)?mod (\w+);', path.read_text()):
            found.add(path.parent / (at or f"{name}.rs"))
    return found


class Source:
    """A file of the core: its lines, which of them are tests, and the function around each."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.lines = path.read_text().splitlines()
        self.tests = self._tests()

    def _tests(self) -> list[tuple[int, int]]:
        """The lines of modules that are compiled for tests only."""
        found = []
        for number, line in enumerate(self.lines, 1):
            if line.strip() != "#[cfg(test)]":
                continue
            margin = line[: len(line) - len(line.lstrip())]
            rest = self.lines[number:]
            last = next((at for at, one in enumerate(rest, number + 1) if one in (margin + "}", margin + "});")), number + 1)
            is_block = any(one.endswith("{") for one in rest[:3])
            found.append((number, last if is_block else number + 1))
        return found

    def is_test(self, line: int) -> bool:
        return any(first <= line <= last for first, last in self.tests)

    def function(self, line: int) -> str:
        """The function around a line, with its type, as rustfmt's margins show them."""

        def margin(text: str) -> int:
            return len(text) - len(text.lstrip())

        least, name = None, "?"
        for text in reversed(self.lines[:line]):
            if not text.strip():
                continue
            if least is None:
                least = margin(text) + 1
            if margin(text) >= least:
                continue
            function = re.match(r"\s*(?:pub(?:\([^)]*\))? )?(?:(?:const|async|unsafe) )*fn (\w+)", text)
            if name == "?" and function:
                name, least = function[1], margin(text)
                continue
            block = re.match(r"\s*(?:unsafe )?(impl\b.*?|(?:pub(?:\([^)]*\))? )?trait \w+.*?)\s*(?:where.*)?\{?$", text)
            if block and name != "?":
                head = re.sub(r"^impl\s*(?:<[^>]*>)?\s*|^(?:pub(?:\([^)]*\))? )?trait ", "", block[1]).strip()
                trait, _, of = head.partition(" for ")
                return f"{(of or trait).strip()}::{name}" + (f" ({trait.strip()})" if of else "")
            if margin(text) == 0 and name != "?":
                break
        return name

    def text(self, span: Span) -> str:
        (first, begin), (last, end) = span
        if first == last:
            return self.lines[first - 1][begin - 1 : end - 1]
        middle = self.lines[first : last - 1]
        parts = [self.lines[first - 1][begin - 1 :], *middle, self.lines[last - 1][: end - 1]]
        return " ".join(part.strip() for part in parts if part.strip())

    def head(self, line: int) -> str:
        """The line that opens the block that ends on this one."""
        end = self.lines[line - 1]
        margin = end[: len(end) - len(end.lstrip())]
        opens = (one for one in reversed(self.lines[: line - 1]) if re.match(rf"{margin}\S", one))
        return next(opens, end).strip()

    def shown(self, span: Span) -> str:
        """A piece as it stands on the page: in its line if it is short, else from its beginning."""
        (first, begin), (last, end) = span
        text = re.sub(r"\s+", " ", self.text(span)).strip()
        line = self.lines[first - 1]
        if text == "}" and line.strip().startswith("}"):
            # The way past a block: what an `else` would do.
            return f"{self.head(first)} … «}}»"
        marked = f"{line[: begin - 1]}«{line[begin - 1 : end - 1]}»{line[end - 1 :]}".strip()
        if first == last and len(marked) <= TEXT_MAX:
            return marked
        if len(text) <= TEXT_MAX:
            return f"«{text}»"
        return f"«{text[:TEXT_MAX].rstrip()} …» ({last - first + 1} lines)"


@dataclass
class Counts:
    """So many, and how many of them no test reaches."""

    all: int = 0
    missed: int = 0

    def add(self, is_missed: bool) -> None:
        self.all += 1
        self.missed += is_missed

    def __iadd__(self, other: "Counts") -> "Counts":
        return Counts(self.all + other.all, self.missed + other.missed)

    def share(self) -> str:
        # Rounded down: 100 % means all.
        return f"{(self.all - self.missed) * 10_000 // max(self.all, 1) / 100:.2f} %"


@dataclass
class Measured:
    """What was measured of one file."""

    regions: Counts = field(default_factory=Counts)
    lines: Counts = field(default_factory=Counts)
    functions: Counts = field(default_factory=Counts)
    pieces: list[tuple[int, Key]] = field(default_factory=list)


def lines_of(segments: list[Segment], source: Source) -> Counts:
    """Lines with code, and those of them that nothing reaches: as `llvm-cov report` counts them."""
    counts = Counts()
    by_line = defaultdict(list)
    for segment in segments:
        by_line[segment[0]].append(segment)
    wrapped = None
    for number in range(segments[0][0], segments[-1][0] + 1):
        here = by_line[number]
        entries = [one for one in here if one[3] and one[4] and not one[5]]
        is_skipped = bool(here) and not here[0][3] and here[0][4]
        is_mapped = not is_skipped and bool(wrapped and wrapped[3] or entries) or any(one[3] and one[4] for one in here)
        if is_mapped and not source.is_test(number):
            reached = [one[2] for one in entries] + ([wrapped[2]] if wrapped else [])
            counts.add(not any(reached))
        if here:
            wrapped = here[-1]
    return counts


def pieces_of(segments: list[Segment], source: Source) -> list[tuple[int, Key]]:
    """Stretches of code that no test reaches, with nothing between that one does."""
    spans: list[Span] = []
    is_open = False
    for one, following in zip(segments, segments[1:], strict=False):
        if not one[3] or source.is_test(one[0]):
            continue
        if one[2] > 0:
            is_open = False
            continue
        span = ((one[0], one[1]), (following[0], following[1]))
        if is_open and source.function(spans[-1][0][0]) == source.function(one[0]):
            spans[-1] = (spans[-1][0], span[1])
        else:
            spans.append(span)
        is_open = True
    return [(span[0][0], (source.name, source.function(span[0][0]), source.shown(span))) for span in spans]


def read(folder: Path) -> dict[str, Measured]:
    """What the last run left, by file."""
    path = folder / "core.json"
    if not path.is_file():
        fail(f"{path} is missing: run `make coverage` first")
    data = json.loads(path.read_text())["data"][0]
    for_tests = files_of_tests()
    sources: dict[str, Source] = {}
    measured: dict[str, Measured] = {}
    for one in data["files"]:
        file = Path(one["filename"])
        if not file.is_relative_to(SOURCES) or file in for_tests or not one["segments"]:
            continue
        source = sources[one["filename"]] = Source(file)
        of = measured[one["filename"]] = Measured()
        of.lines = lines_of(one["segments"], source)
        of.pieces = pieces_of(one["segments"], source)
    # One function may have several entries: an instance for each type, and one for each test that brings its own.
    regions: dict[tuple[str, Span], int] = defaultdict(int)
    functions: dict[tuple[str, Position], int] = defaultdict(int)
    for function in data["functions"]:
        name = function["filenames"][0]
        for index, (first, begin, last, end, count, _, _, kind) in enumerate(function["regions"]):
            if name not in measured or kind != 0 or sources[name].is_test(first):
                continue
            regions[name, ((first, begin), (last, end))] += count
            if index == 0:
                functions[name, (first, begin)] += function["count"]
    for (name, _), count in regions.items():
        measured[name].regions.add(count == 0)
    for (name, _), count in functions.items():
        measured[name].functions.add(count == 0)
    return {sources[name].name: of for name, of in sorted(measured.items())}


def table(measured: dict[str, Measured]) -> list[str]:
    """The generated part of the page: folders and files, and how much of each is reached."""
    rows = ["| file | regions | missed | reached | lines | missed | reached | functions | missed | reached |"]
    rows.append("|---|" + "---:|" * 9)

    def row(name: str, of: Measured) -> str:
        cells = [f"{counts.all} | {counts.missed} | {counts.share()}" for counts in (of.regions, of.lines, of.functions)]
        return f"| {name} | {' | '.join(cells)} |"

    total = Measured()
    for name, of in measured.items():
        rows.append(row(f"`{name.removeprefix('core/src/')}`", of))
        total.regions += of.regions
        total.lines += of.lines
        total.functions += of.functions
    rows.append(row("**all**", total))
    return rows


def named() -> Counter[Key]:
    """The pieces that the page names."""
    found: Counter[Key] = Counter()
    for number, line in enumerate(PAGE.read_text().split(END)[-1].splitlines(), 1):
        if not line.startswith("- `core/"):
            continue
        # `file`: `function`: ``text`` (twice)
        match = re.match(r"- `([^`]+)`: `([^`]+)`: ``(.+?)``(?: \((\d+) times\))?(?:: .*)?$", line)
        if not match:
            fail(f"{PAGE.name}, line {number} of the list: expected - `file`: `function`: ``text``")
            continue
        file, function, text, times = match.groups()
        found[file, function, text] += int(times or 1)
    return found


def entry(key: Key, times: int) -> str:
    file, function, text = key
    return f"- `{file}`: `{function}`: ``{text}``" + (f" ({times} times)" if times > 1 else "")


def report(measured: dict[str, Measured]) -> int:
    """Writes the table, and tells where the list of the page is not what was measured."""
    rows = table(measured)
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(rows) + f"\n\n{END}{after}")
    for one in rows:
        cells = [cell.strip(" *`") for cell in one.strip("|").split("|")]
        if not cells[0].startswith("---"):
            print(f"{cells[0]:44}" + "".join(f"{cell:>10}" for cell in cells[1:]))

    found = Counter(key for of in measured.values() for _, key in of.pieces)
    places = {key: line for of in measured.values() for line, key in of.pieces}
    known = named()
    new, gone = found - known, known - found
    if new:
        print(f"\nNo test reaches these, and {PAGE.name} does not name them. Reach them, remove them, or say there why they stay:")
        for key, times in new.items():
            print(f"{entry(key, times)}  (line {places[key]})")
    if gone:
        print(f"\n{PAGE.name} names these, and a test reaches them by now, or they are gone:")
        for key, times in gone.items():
            print(entry(key, times))
    print(f"\n{sum(found.values())} pieces are reached by no test; {sum((found & known).values())} of them are argued in {PAGE.name}")
    return 1 if new or gone else 0


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["report"]):
        print(__doc__)
        return 2
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    folder = Path(target).resolve() / "coverage"
    if not arguments:
        measure(folder)
    return report(read(folder))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
