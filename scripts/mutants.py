"""Tries the mutants of the parts of the core that `.cargo/mutants.toml` names: does a test fail when the code is wrong?

    python scripts/mutants.py                  all of them; interrupted, it goes on where it stopped
    python scripts/mutants.py --diff COMMIT    those of functions that are not in COMMIT as they are now
    python scripts/mutants.py --missed         once more those that no test saw the last time
    python scripts/mutants.py --changed        those that the committed result does not know, for `make test`: bounded, and nothing is written
    python scripts/mutants.py --check          only whether the committed result and tests/MUTANTS.md agree

`--only PART` takes those in whose name PART stands, `--seconds N` begins none after so long (building aside), `--jobs N` tries so many at once (as many as there are cores).

Phase one runs the tests of the core; whatever they miss goes to phase two: scenarios, checker, and the comparison with the model, with fewer scripts. A test is run
for a mutant only if it comes to its function. The result is tests/mutants.jsonl, a line a mutant; whatever no test sees is argued in tests/MUTANTS.md, or this fails.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import mutation
from mutation import ROOT, TREE, Mutant, Switched, Trouble

VERSION = "27.1.0"
RESULT = ROOT / "tests" / "mutants.jsonl"
ARGUED = ROOT / "tests" / "MUTANTS.md"
WORK = ROOT / "target" / "mutants"
STATE = WORK / "state.jsonl"
LONELY = WORK / "alone.json"
TOOLS = ROOT / "target" / "tools"

PHASES = {
    1: ["--package", "ringfence", "--lib", "--test", "suite"],
    2: ["--package", "ringfence-testing", "--test", "scenarios", "--test", "checker", "--test", "model_comparison", "--test", "export"],
}
# In phase two; tests that count what all their scripts reach do not pass with fewer, and are left out.
CASES = "400"
MEMORY = 6 << 30
# A test is quick when it takes less CPU time than this; all quick ones run in one process.
QUICK_S = 0.2
# And special when it comes to no more functions than these.
SPECIAL = 40


@dataclass
class Test:
    program: str
    name: str
    took: float
    functions: set[int]


def environment(**more: str) -> dict[str, str]:
    return dict(
        os.environ,
        PATH=f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
        INSTA_UPDATE="no",
        INSTA_WORKSPACE_ROOT=str(TREE),
        RINGFENCE_SHRINKS="0",
        CARGO_TARGET_DIR=str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target")),
        **more,
    )


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def need_tool() -> None:
    os.environ["PATH"] = environment()["PATH"]
    if shutil.which("cargo-mutants"):
        return
    say(f"installing cargo-mutants {VERSION} into {TOOLS.relative_to(ROOT)}")
    # Without optimization: it only lists, and is there sooner.
    command = ["cargo", "install", "--locked", "--debug", "--quiet", "--version", VERSION, "--root", str(TOOLS), "cargo-mutants"]
    if subprocess.run(command, cwd=ROOT).returncode:
        raise Trouble(f"cargo-mutants {VERSION} is missing and could not be installed")


def cargo(*arguments: str) -> tuple[bool, list[dict]]:
    """Runs cargo in the copy; whether it succeeded, and what it said."""
    command = ["cargo", *arguments, "--locked", "--message-format=json"]
    done = subprocess.run(command, cwd=TREE, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode and not any(one["reason"] == "compiler-message" for one in said):
        raise Trouble(done.stderr)
    return done.returncode == 0, said


def errors(said: list[dict]) -> list[dict]:
    return [one["message"] for one in said if one["reason"] == "compiler-message" and one["message"]["level"] == "error"]


def programs(phase: int) -> list[str]:
    """Builds the test programs of a phase."""
    built, said = cargo("test", "--no-run", *PHASES[phase])
    if not built:
        raise Trouble("the tests of the copy do not compile:\n" + "\n".join(error["rendered"] for error in errors(said)))
    return [one["executable"] for one in said if one["reason"] == "compiler-artifact" and one.get("executable")]


def switch(mutants: list[Mutant]) -> tuple[Switched, list[Mutant], list[Mutant]]:
    """The copy with all of them that can be switched; those that do not compile; those that must be built alone."""
    # Known ones are left out from the beginning: then the copy is written once, and what is built of it serves the next run.
    known = {tuple(key) for key in json.loads(LONELY.read_text())} if LONELY.exists() else set()
    unviable, lonely = [], [mutant for mutant in mutants if mutant.key in known]
    left = [mutant for mutant in mutants if mutant.key not in known]
    for _ in range(20):
        made = mutation.switched(left)
        built, said = cargo("check", "--package", "ringfence", "--lib")
        if built:
            LONELY.write_text(json.dumps(sorted(known | {mutant.key for mutant in lonely})))
            return made, unviable, lonely
        numbers, functions, other = mutation.blamed(made, errors(said))
        if not numbers and not functions:
            raise Trouble("\n".join(other) or "the copy does not compile")
        lonely += [mutant for mutant in left if made.function_of(mutant) in functions]
        gone = {mutant.number for mutant in lonely}
        unviable += [mutant for mutant in left if mutant.number in numbers - gone]
        gone |= {mutant.number for mutant in unviable}
        left = [mutant for mutant in left if mutant.number not in gone]
        say(f"{len(unviable)} do not compile, {len(lonely)} are built alone, {len(left)} are left")
    raise Trouble("the copy does not compile")


def limits(cpu: float):
    def set_limits() -> None:
        seconds = int(cpu) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return set_limits


def where(program: str, phase: int) -> str:
    return str(TREE / ("core" if phase == 1 else "tests"))


def cpu_of(process: subprocess.Popen) -> float:
    """What it took so far; nothing where the system does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


def run(program: str, phase: int, names: list[str], cpu: float, one_test: float, **env: str) -> tuple[str, str, float]:
    """Runs these tests of a program until one fails: `passed`, `failed` or `timeout`, the test that failed, and the CPU time. Time is CPU time, whatever else
    runs here: so much for all of them, and so much for each."""
    command = [program, "--test-threads=1", *(["--exact", *names] if names else [])]
    if phase == 2:
        env["RINGFENCE_CASES"] = CASES
    process = subprocess.Popen(
        command,
        cwd=where(program, phase),
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        preexec_fn=limits(cpu),
    )
    ended, begun = threading.Event(), time.monotonic()
    last, failed, late, mark = "", "", False, 0.0

    def watch() -> None:
        nonlocal late
        while not ended.wait(0.25):
            if cpu_of(process) - mark > one_test or time.monotonic() - begun > cpu * 20 + 60:
                late = True
                os.kill(process.pid, signal.SIGKILL)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    for line in process.stdout:
        found = re.search(r"^test (\S+)", line)
        last, mark = (found[1], cpu_of(process)) if found else (last, mark)
        if re.search(r"(^test .*|^)FAILED$", line.rstrip()):
            failed = last
            break
    ended.set()
    watcher.join()
    if failed:
        os.kill(process.pid, signal.SIGKILL)
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = usage.ru_utime + usage.ru_stime
    if failed:
        return "failed", failed, took
    if process.returncode == 0:
        return "passed", "", took
    return ("timeout" if late or took >= cpu else "failed"), last, took


def tests_of(built: list[str], phase: int, jobs: int) -> list[Test]:
    """Every test that passes without a mutant, with its time and the functions that it comes to."""
    named = []
    for program in built:
        listing = subprocess.run([program, "--list", "--format", "terse"], stdout=subprocess.PIPE, text=True, check=True).stdout
        named += [(program, line.removesuffix(": test")) for line in listing.splitlines() if line.endswith(": test")]

    def one(place: int) -> tuple[str, Test]:
        program, name = named[place]
        reached = WORK / f"reached-{place}"
        reached.unlink(missing_ok=True)
        outcome, _, took = run(program, phase, [name], 600, 600, RINGFENCE_REACHED=str(reached))
        functions = {int(line) for line in reached.read_text().split()} if reached.exists() else set()
        reached.unlink(missing_ok=True)
        return outcome, Test(program, name, took, functions)

    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(one, range(len(named))))
    failing = [test.name for outcome, test in found if outcome != "passed"]
    if failing and phase == 1:
        raise Trouble(f"these tests fail without any mutant: {', '.join(failing)}")
    if failing:
        say(f"left out, for they do not pass with {CASES} scripts: {', '.join(failing)}")
    return [test for outcome, test in found if outcome == "passed"]


def judge(mutant: Mutant, function: int, phase: int, tests: list[Test], **env: str) -> tuple[str, str]:
    """`caught` or `timeout` with the test that showed it, or `missed`."""
    reaching = sorted((test for test in tests if function in test.functions), key=lambda test: test.took)
    # What comes to few functions is about them: it is asked first.
    special = [test for test in reaching if test.took < QUICK_S and len(test.functions) <= SPECIAL]
    common = [test for test in reaching if test.took < QUICK_S and len(test.functions) > SPECIAL]
    programs = dict.fromkeys(test.program for test in reaching)
    groups = [[test for test in kind if test.program == program] for kind in (special, common) for program in programs]
    groups += [[test] for test in reaching if test.took >= QUICK_S]
    for group in filter(None, groups):
        spent, longest = sum(test.took for test in group), group[-1].took
        outcome, test, _ = run(group[0].program, phase, [test.name for test in group], spent * 4 + 3, longest * 4 + 2, **env)
        if outcome != "passed":
            return ("caught" if outcome == "failed" else "timeout"), test
    return "missed", ""


class Records:
    """What is known of the mutants, by their keys."""

    def __init__(self) -> None:
        self.known: dict[tuple, dict] = {}
        self.lock = threading.Lock()
        self.file = None

    def read(self, path) -> None:
        if path.exists():
            for line in path.read_text().splitlines():
                one = json.loads(line)
                if "what" in one:
                    self.known[(one["file"], one["function"], one["digest"], one["place"], one["what"])] = one

    def put(self, mutant: Mutant, outcome: str, phase: int, by: str = "") -> None:
        record = {
            "file": mutant.file,
            "function": mutant.function,
            "what": mutant.what,
            "name": mutant.name,
            "digest": mutant.digest,
            "place": mutant.place,
            "outcome": outcome,
            "phase": phase,
            "by": by,
        }
        with self.lock:
            self.known[mutant.key] = record
            if self.file:
                self.file.write(json.dumps(record, ensure_ascii=False) + "\n")
                self.file.flush()

    def outcome(self, mutant: Mutant) -> str | None:
        found = self.known.get(mutant.key)
        return found["outcome"] if found else None

    def is_open(self, mutant: Mutant, phase: int) -> bool:
        found = self.known.get(mutant.key)
        return found is None or (found["outcome"] == "missed" and found["phase"] < phase)

    def settled(self, mutant: Mutant) -> str:
        """Its outcome, once every phase that it needs is done."""
        return "not tried" if self.is_open(mutant, max(PHASES)) else self.known[mutant.key]["outcome"]

    def save(self, listed: list[Mutant]) -> None:
        """Of all that are listed, those that were tried; a file's digest stands there when all of its mutants were, in the first phase at least."""
        lines = []
        for file in dict.fromkeys(mutation.files_in_scope()):
            own = [mutant for mutant in listed if mutant.file == file]
            if all(mutant.key in self.known for mutant in own):
                lines.append({"file": file, "digest": mutation.digest_of(file)})
        lines += [self.known[mutant.key] | {"name": mutant.name} for mutant in listed if mutant.key in self.known]
        RESULT.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def try_all(todo: list[Mutant], records: Records, jobs: int, seconds: float) -> None:
    """Judges these in both phases, as far as the time goes; that of building does not count."""
    lonely: list[Mutant] = []
    for phase in PHASES:
        if seconds <= 0:
            return
        left = [mutant for mutant in todo if records.is_open(mutant, phase) and (phase == 1 or records.outcome(mutant))]
        left = [mutant for mutant in left if mutant not in lonely]
        if left:
            say(f"phase {phase}: {len(left)} mutants")
            made, unviable, more = switch(left)
            lonely += more
            for mutant in unviable:
                records.put(mutant, "unviable", phase)
            seconds -= try_switched(phase, made, records, jobs, seconds)
    for mutant in lonely:
        try_alone(mutant, records)


def try_switched(phase: int, made: Switched, records: Records, jobs: int, seconds: float) -> float:
    """Judges these in one phase, and says how long it took."""
    built = programs(phase)
    begun = time.monotonic()
    tests = tests_of(built, phase, jobs)
    say(f"{len(tests)} tests, {sum(test.took for test in tests):.0f} s of CPU time")
    out: Counter = Counter()

    def one(mutant: Mutant) -> None:
        if time.monotonic() - begun > seconds:
            return
        outcome, by = judge(mutant, made.function_of(mutant), phase, tests, RINGFENCE_MUTANT=str(mutant.number))
        records.put(mutant, outcome, phase, by)
        out[outcome] += 1
        if outcome == "missed":
            say(f"missed: {mutant.name}")
        if out.total() % 50 == 0:
            say(f"{out.total()} of {len(made.mutants)}: " + ", ".join(f"{count} {what}" for what, count in out.items()))

    pool = ThreadPoolExecutor(jobs)
    try:
        for done in as_completed([pool.submit(one, mutant) for mutant in made.mutants]):
            done.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return time.monotonic() - begun


def try_alone(mutant: Mutant, records: Records) -> None:
    """Builds everything for this one."""
    if not records.is_open(mutant, max(PHASES)):
        return
    mutation.alone(mutant)
    if not cargo("check", "--package", "ringfence", "--lib")[0]:
        return records.put(mutant, "unviable", 1)
    say(f"alone: {mutant.name}")
    for phase in PHASES:
        # Nothing is known of what the tests come to, and a test that fails is the answer.
        for program in programs(phase):
            outcome, by, _ = run(program, phase, [], 1200, 600)
            if outcome != "passed":
                return records.put(mutant, "caught" if outcome == "failed" else "timeout", phase, by)
    records.put(mutant, "missed", max(PHASES))
    say(f"missed: {mutant.name}")


def argued() -> set[str]:
    """The survivors that tests/MUTANTS.md argues: the items of its list."""
    return set(re.findall(r"^- `([^`]+)`: ", ARGUED.read_text(), re.MULTILINE))


def close(listed: list[Mutant], records: Records) -> int:
    """The closing table; 1 when a survivor is not argued, or an argued one is no survivor."""
    outcomes = ["caught", "timeout", "missed", "unviable", "not tried"]
    table: dict[str, Counter] = {}
    for mutant in listed:
        part = mutant.file.removeprefix("core/src/").split("/")
        table.setdefault("/".join(part[:2]), Counter())[records.settled(mutant)] += 1
    print(f"\n{'':28}" + "".join(f"{outcome:>10}" for outcome in outcomes))
    for part, counts in table.items():
        print(f"{part:28}" + "".join(f"{counts[outcome]:10}" for outcome in outcomes))
    total = sum(table.values(), Counter())
    print(f"{'all':28}" + "".join(f"{total[outcome]:10}" for outcome in outcomes))
    known = argued()
    survivors = {mutant.name for mutant in listed if records.settled(mutant) == "missed"}
    gone = known & {mutant.name for mutant in listed if records.settled(mutant) not in ("missed", "not tried")}
    for name in sorted(survivors - known):
        print(f"no test sees it, and tests/MUTANTS.md does not argue it: {name}")
    for name in sorted(gone):
        print(f"tests/MUTANTS.md argues what is no survivor: {name}")
    print(f"{len(survivors & known)} survivors of both phases are argued, {len(survivors - known)} are not")
    return 1 if survivors - known or gone else 0


def check() -> int:
    """Without trying anything: the committed result and tests/MUTANTS.md."""
    lines = [json.loads(line) for line in RESULT.read_text().splitlines()]
    missed = [line for line in lines if line.get("outcome") == "missed"]
    survivors = {line["name"] for line in missed if line["phase"] == max(PHASES)}
    wrong = [f"no test sees it, and tests/MUTANTS.md does not argue it: {name}" for name in sorted(survivors - argued())]
    wrong += [f"tests/MUTANTS.md argues what is no survivor: {name}" for name in sorted(argued() - {line["name"] for line in missed})]
    print("\n".join(wrong) or f"{len(survivors)} survivors, all argued")
    if len(missed) > len(survivors):
        print(f"{len(missed) - len(survivors)} more were tried in the first phase only: they are left to the full run (`make mutants`)")
    return 1 if wrong else 0


def is_new_since(commit: str):
    texts: dict[str, str] = {}

    def is_new(mutant: Mutant) -> bool:
        if mutant.file not in texts:
            shown = subprocess.run(["git", "show", f"{commit}:{mutant.file}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            texts[mutant.file] = shown.stdout.decode()
        return (ROOT / mutant.file).read_text()[mutant.start : mutant.body[1] + 1] not in texts[mutant.file]

    return is_new


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--diff", metavar="COMMIT")
    for name in ("missed", "changed", "check"):
        kind.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--only", metavar="PART", default="")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    if asked.check:
        return check()
    WORK.mkdir(parents=True, exist_ok=True)
    committed = Records()
    committed.read(RESULT)
    files = mutation.files_in_scope()
    if asked.changed:
        lines = [json.loads(line) for line in RESULT.read_text().splitlines()] if RESULT.exists() else []
        digests = {line["file"]: line["digest"] for line in lines if "what" not in line}
        files = [file for file in files if digests.get(file) != mutation.digest_of(file)]
        if not files:
            print("nothing changed since the committed result")
            return check()
    need_tool()
    listed = mutation.listed(files if asked.changed else ())
    for number, mutant in enumerate(listed, 1):
        mutant.number = number
    records, todo = committed, [mutant for mutant in listed if asked.only in mutant.name]
    if asked.changed:
        todo = [mutant for mutant in todo if not committed.outcome(mutant)]
    elif asked.diff:
        todo = list(filter(is_new_since(asked.diff), todo))
        records = without(committed, todo)
    elif asked.missed:
        todo = [mutant for mutant in todo if committed.outcome(mutant) == "missed"]
        records = without(committed, todo)
    else:
        records = Records()
        records.read(STATE)
        records.file = STATE.open("a")
    say(f"{len(listed)} mutants, {sum(records.is_open(mutant, max(PHASES)) for mutant in todo)} to try")
    try:
        try_all(todo, records, asked.jobs, asked.seconds)
    finally:
        if not asked.changed:
            merged = without(committed, [mutant for mutant in listed if mutant.key in records.known])
            merged.known |= records.known
            merged.save(listed)
            records = merged
    status = close(listed, records)
    left = sum(records.is_open(mutant, max(PHASES)) for mutant in todo)
    if left:
        print(f"{left} are left to the full run (`make mutants`)")
    elif records.file is None and not asked.only and not (asked.changed or asked.diff or asked.missed):
        # The run is complete: the next begins anew.
        STATE.unlink(missing_ok=True)
    return status


def without(records: Records, mutants: list[Mutant]) -> Records:
    rest = Records()
    rest.known = dict(records.known)
    for mutant in mutants:
        rest.known.pop(mutant.key, None)
    return rest


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f"mutants: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)
