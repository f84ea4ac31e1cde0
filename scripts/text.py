"""Checks what no compiler checks: unfinished marks, paths of one machine, the floors of the core, and what the pages say.

Each check is a function that yields the findings, one line each.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
CODE = {".rs", ".py", ".pyi", ".c", ".h", ".sh"}

# What stands in `core/src`, from the ground up. A file uses only what stands below it, or beside it on its own floor.
FLOORS = ["values", "machines", "decisions", "books", "halves", "platform", "edges"]


def files() -> list[Path]:
    """Every file of the project that is not ignored, as git sees it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted({ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line with its place; nothing for a file that is not text."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield f"{path.relative_to(ROOT)}:{number}", line


def unfinished() -> Iterator[str]:
    mark = re.compile(r"\b(todo|unimplemented)!\s*\(|\bFIX" + r"ME\b|\bXX" + r"X\b")
    skipped = re.compile(r"^\s*#\[ignore\]|pytest\.mark\.(skip|xfail)(\(\))?\s*$")
    for path in files():
        if path.suffix in CODE:
            for place, line in lines(path):
                if mark.search(line):
                    yield f"{place}: unfinished: {line.strip()}"
                if skipped.search(line):
                    yield f"{place}: a test that does not run needs its reason in the same line"


def machine_paths() -> Iterator[str]:
    path_of_a_machine = re.compile(r"(^|[^\w.:/$}-])/(home|root|Users|tmp|work|mnt|srv)/")
    for path in files():
        for place, line in lines(path):
            if path_of_a_machine.search(line):
                yield f"{place}: a path of one machine: {line.strip()[:120]}"


def floors() -> Iterator[str]:
    """DESIGN of the core: values, machines, decisions, books, halves, platform, edges; nothing uses what stands above it."""
    for path in files():
        if path.suffix != ".rs" or ROOT / "core" / "src" not in path.parents:
            continue
        own = path.relative_to(ROOT / "core" / "src").parts[0].removesuffix(".rs")
        for place, line in lines(path):
            code = line.split("//")[0]
            if own in FLOORS:
                grouped = re.findall(r"\bcrate::\{(.*)\}", code)
                for used in re.findall(r"\bcrate::(\w+)", code) + re.findall(r"(?:^|,)\s*(\w+)", "".join(grouped)):
                    above = FLOORS.index(used) > FLOORS.index(own) if used in FLOORS else own != FLOORS[-1]
                    if above:
                        yield f"{place}: `{own}` may not use `{used}`: {line.strip()}"
            if own != "books" and "hashbrown" in code:
                yield f"{place}: hash maps stay in `books`, which never walks one: {line.strip()}"
            if re.search(r"\bextern crate std\b", code):
                yield f"{place}: the core is no_std"


def commands() -> Iterator[str]:
    """The two commands stand in the README, and every `make` target that a page names exists."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"\bmake ([a-z]+)\b", " ".join(re.findall(r"`[^`\n]+`|^ *make .*$", (ROOT / page).read_text(), re.M))))
        for target in sorted(named - targets):
            yield f"{page}: there is no `make {target}`"
        if page == "README.md":
            for target in sorted({"demo", "test"} - named):
                yield f"{page}: `make {target}` is not named"
    if "make test" not in (ROOT / ".ci" / "run").read_text():
        yield ".ci/run: does not call `make test`"


def dependencies() -> Iterator[str]:
    """CONTRIBUTING gives a reason for every dependency."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    named: set[str] = set()
    for manifest in [*ROOT.glob("*/Cargo.toml"), *ROOT.glob("tests/*/Cargo.toml")]:
        tables = tomllib.loads(manifest.read_text())
        for table in ("dependencies", "dev-dependencies", "build-dependencies"):
            named |= {name for name in tables.get(table, {}) if not name.startswith("ringfence")}
    project = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text())
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    wanted += sum(project["project"]["optional-dependencies"].values(), [])
    named |= {re.split(r"[^\w.-]", requirement)[0] for requirement in wanted}
    for name in sorted(named):
        if f"`{name}`" not in page:
            yield f"CONTRIBUTING.md: no reason is given for the dependency {name}"


def links() -> Iterator[str]:
    """Relative links, and paths in backticks, lead to something that is there."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
        targets = re.findall(r"\]\(([^)#:]+)\)", text)
        targets += re.findall(r"`((?:core|ffi|python|benches|tests|scripts)/[\w./-]*)`", text)
        for target in sorted(set(targets)):
            if not (ROOT / target).exists():
                yield f"{page}: {target} is not there"


def modules() -> Iterator[str]:
    """Every file of the one test program of the core is a module of it: another would not be run."""
    suite = ROOT / "core" / "tests" / "suite"
    named = set(re.findall(r"^mod (\w+);$", (suite / "main.rs").read_text(), re.MULTILINE)) | {"main"}
    for name in sorted({path.stem for path in suite.glob("*.rs")} - named):
        yield f"core/tests/suite/main.rs: {name}.rs is no module of it"


def main() -> int:
    checks = [unfinished, machine_paths, floors, commands, dependencies, links, modules]
    failed = 0
    for check in checks:
        findings = list(check())
        failed += bool(findings)
        for finding in findings:
            print(finding)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
