"""Mutants: what cargo-mutants lists, and a copy of the sources in which one program holds all of them.

To build the core and its tests for each mutant takes most of a minute, and to run the tests a second. So every function that has mutants gets a
switch: its body stands there once as it is and once for each mutant, and the variable `RINGFENCE_MUTANT` of the process says which is run. What cannot be
switched (a function that constants are made by) is built alone.
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "target" / "mutants" / "tree"

# So many mutants are few: the copy is built without optimization for them.
FEW = 500

SWITCH = '''//! Which mutant runs in this process, and which functions it came to.

extern crate std;

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

const FUNCTIONS: usize = @;

fn given(name: &str) -> Option<std::string::String> {
    std::env::var(name).ok()
}

pub(crate) fn on(function: usize) -> u32 {
    static MUTANT: OnceLock<u32> = OnceLock::new();
    static REACHED: OnceLock<Option<std::string::String>> = OnceLock::new();
    static SEEN: [AtomicBool; FUNCTIONS] = [const { AtomicBool::new(false) }; FUNCTIONS];
    if let Some(path) = REACHED.get_or_init(|| given("RINGFENCE_REACHED")) {
        if !SEEN[function].swap(true, Ordering::Relaxed) {
            use std::io::Write as _;
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.unwrap().write_all(std::format!("{function}\\n").as_bytes()).unwrap();
        }
    }
    *MUTANT.get_or_init(|| given("RINGFENCE_MUTANT").map_or(0, |text| text.parse().unwrap()))
}
'''


class Trouble(Exception):
    """What a person has to mend before this can go on."""


@dataclass
class Mutant:
    file: str
    function: str
    what: str
    digest: str
    place: str
    returns: str
    body: tuple[int, int]
    start: int
    edit: tuple[int, int, str]
    name: str = ""
    number: int = 0

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """The same as long as the function's text is."""
        return (self.file, self.function, self.digest, self.place, self.what)


@dataclass
class Arm:
    """Lines of a switched file, and what stands in them: a mutant, or a function as it is (None)."""

    first: int
    last: int
    mutant: Mutant | None
    function: int


@dataclass
class Switched:
    mutants: list[Mutant]
    functions: dict[tuple[str, int], int] = field(default_factory=dict)
    arms: dict[str, list[Arm]] = field(default_factory=dict)

    def function_of(self, mutant: Mutant) -> int:
        return self.functions[(mutant.file, mutant.start)]


def offset(lines: list[int], place: dict) -> int:
    return lines[place["line"] - 1] + place["column"] - 1


def line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(?P<fence>\#*)".*?"(?P=fence)|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\])'|.""", re.DOTALL
)


def body_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the braces of a function's body stand."""
    depth = 0
    for token in TOKEN.finditer(text, start, end):
        one = token.group()
        depth += one in ("(", "[")
        depth -= one in (")", "]")
        if one == "{" and depth == 0:
            return token.start(), end - 1
    raise Trouble(f"no body is found in: {text[start:end][:80]}")


def listed(files: Iterable[str] = ()) -> list[Mutant]:
    """The mutants of these files, or of all, in the order in which they are tried; each named by its file, its function and what is changed."""
    wanted = [argument for file in files for argument in ("--file", file)]
    command = ["cargo", "mutants", "--list", "--json", "--package", "ringfence", "--dir", str(ROOT), *wanted]
    listing = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    texts: dict[str, str] = {}
    mutants = []
    for one in json.loads(listing):
        text = texts.setdefault(one["file"], (ROOT / one["file"]).read_text())
        lines = line_starts(text)
        start, end = (offset(lines, one["function"]["span"][side]) for side in ("start", "end"))
        first, last = (offset(lines, one["span"][side]) for side in ("start", "end"))
        function = one["function"]["function_name"]
        what = re.sub(r"^[^:]*:\d+:\d+: ", "", one["name"])
        if one["genre"] != "FnValue":
            what = what.removesuffix(f" in {function}")
        digest = hashlib.sha256(text[start:end].encode()).hexdigest()[:12]
        edit = (first, last, one["replacement"])
        mutants.append(
            Mutant(one["file"], function, what, digest, str(first - start), one["function"]["return_type"], body_of(text, start, end), start, edit)
        )
    counted: dict[tuple[str, str, str], int] = {}
    for mutant in mutants:
        same = (mutant.file, mutant.function, mutant.what)
        counted[same] = counted.get(same, 0) + 1
        again = f" #{counted[same]}" if counted[same] > 1 else ""
        in_function = "" if mutant.function in mutant.what else f" in {mutant.function}"
        mutant.name = f"{mutant.file.removeprefix('core/src/')}: {mutant.what}{in_function}{again}"
    order = scope()
    return sorted(mutants, key=lambda mutant: (place_in(order, mutant.file), mutant.file, mutant.start, mutant.edit[:2], mutant.what))


def scope() -> list[str]:
    config = (ROOT / ".cargo" / "mutants.toml").read_text()
    return re.findall(r'^ *"(core/src/.*)",$', config, re.MULTILINE)


def place_in(order: list[str], file: str) -> int:
    for place, pattern in enumerate(order):
        if Path(file).full_match(pattern) if hasattr(Path, "full_match") else file in expand(pattern):
            return place
    return len(order)


def expand(pattern: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}


def files_in_scope() -> list[str]:
    return sorted(set().union(*(expand(pattern) for pattern in scope())))


def digest_of(file: str) -> str:
    """Of what mutants are made of: the tests at the end of a file aside."""
    code, _, _ = (ROOT / file).read_text().partition("\n#[cfg(test)]\nmod ")
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def write(path: Path, content: bytes) -> None:
    """Only when it is another content: cargo builds anew what is newer."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def copy_sources(changed: dict[str, str]) -> None:
    """All files of the project, these among them in another wording."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    kept = {name for name in names if name and (ROOT / name).is_file()} | set(changed)
    for path in [path for path in TREE.rglob("*") if path.is_file()]:
        if str(path.relative_to(TREE)) not in kept:
            path.unlink()
    for name in kept:
        write(TREE / name, changed[name].encode() if name in changed else (ROOT / name).read_bytes())


def edited(text: str, mutant: Mutant, start: int, end: int) -> str:
    first, last, replacement = mutant.edit
    return text[start:first] + replacement + text[last:end]


def manifest(is_quick: bool) -> str:
    """To build without optimization takes a third of the time, and the tests then take three times as long: it pays for few mutants."""
    text = (ROOT / "Cargo.toml").read_text()
    without = "".join(f"\n[profile.test.package.{name}]\nopt-level = 0\n" for name in ("ringfence", "ringfence-testing"))
    return text + without if is_quick else text


def switched(mutants: list[Mutant]) -> Switched:
    """Writes the copy in which these are switched."""
    made = Switched(mutants)
    by_file: dict[str, dict[int, list[Mutant]]] = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, {}).setdefault(mutant.start, []).append(mutant)
    changed = {}
    for file, functions in by_file.items():
        text = (ROOT / file).read_text()
        out, at, line = [], 0, 1

        def put(piece: str) -> None:
            nonlocal line
            out.append(piece)
            line += piece.count("\n")

        for start, group in sorted(functions.items()):
            number = made.functions.setdefault((file, start), len(made.functions))
            opening, closing = group[0].body
            put(text[at:start] + re.sub(r"\bconst (unsafe )?fn\b", r"\1fn", text[start:opening], count=1))
            boxed = re.fullmatch(r"-> impl ((?:DoubleEnded|ExactSize)?Iterator<.*>)", group[0].returns)
            put(f"{{ match crate::mutation_switch::on({number}) {{\n")
            for mutant in [*group, None]:
                first = line
                body = edited(text, mutant, opening, closing + 1) if mutant else text[opening : closing + 1]
                if boxed:
                    body = f"{{ alloc::boxed::Box::new({body}) as alloc::boxed::Box<dyn {boxed[1]} + '_> }}"
                put(f"{mutant.number if mutant else '_'} => {body}\n")
                made.arms.setdefault(file, []).append(Arm(first, line - 1, mutant, number))
            put("} }")
            at = closing + 1
        put(text[at:])
        changed[file] = "".join(out)
    root = "core/src/lib.rs"
    text = changed.get(root, (ROOT / root).read_text())
    changed[root] = text.replace(
        "extern crate alloc;", "extern crate alloc;\n#[macro_use]\nextern crate std;\n#[allow(missing_docs)]\nmod mutation_switch;", 1
    )
    changed["Cargo.toml"] = manifest(len(mutants) <= FEW)
    changed["core/src/mutation_switch.rs"] = SWITCH.replace("@", str(max(1, len(made.functions))))
    copy_sources(changed)
    return made


def alone(mutant: Mutant) -> None:
    """Writes the copy in which nothing is changed but by this mutant."""
    text = (ROOT / mutant.file).read_text()
    root = "core/src/lib.rs"
    library = (ROOT / root).read_text().replace("extern crate alloc;", "extern crate alloc;\n#[macro_use]\nextern crate std;", 1)
    copy_sources({"Cargo.toml": manifest(True), root: library, mutant.file: edited(text, mutant, 0, len(text))})


def blamed(made: Switched, messages: Iterable[dict]) -> tuple[set[int], set[int], list[str]]:
    """Of a build that failed: the mutants that do not compile, the functions that cannot be switched, and what is neither."""
    unviable: set[int] = set()
    unswitched: set[int] = set()
    other: list[str] = []
    for message in messages:
        if message["level"] != "error" or not message["spans"]:
            continue
        called = re.search(r"cannot call non-const .*`([^`]+)`", message["message"])
        if called:
            name = re.sub(r"<.*?>", "", called[1]).split("::")[-1]
            same = {made.function_of(mutant) for mutant in made.mutants if mutant.function.split("::")[-1] == name}
            unswitched |= same
            if same:
                continue
        found = False
        for span in message["spans"]:
            while span.get("expansion"):
                span = span["expansion"]["span"]
            if not span.get("is_primary", True) and found:
                continue
            for arm in made.arms.get(span["file_name"], []):
                if arm.first <= span["line_start"] <= arm.last:
                    found = True
                    if arm.mutant:
                        unviable.add(arm.mutant.number)
                    else:
                        unswitched.add(arm.function)
                    break
        if not found:
            other.append(message["rendered"])
    return unviable, unswitched, other
