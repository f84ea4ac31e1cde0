"""Counts how the work of `core/tests/work.rs` grows: the instructions of each of its tests, at a size and at four times that size.

Instructions are the same from run to run, on an idle machine and on a busy one; seconds are not. Needs valgrind.

The ratio of the two counts says how the work grows:

- What looks at everything once takes 4 times as much, and a little more where a tree is searched for each thing (a tree of four times as many
  has two more levels, of ten to fifteen). Measured, the worst is {linear_seen}. A walk over everything for each thing takes 16 times as much. It is a
  part of the whole only, and the smaller the cheaper each of its steps is: with as little as three instructions a step it makes
  {quadratic_seen} of the count here. The limit {LINEAR} lies between.
- What must not look at the rest takes as much as before, but for the levels of trees. Measured, the worst is {none_seen}; looking at everything once
  would be 4. The limit is {NONE}.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINEAR = 4.6
NONE = 1.5
GROWTH = 4

# Each test: the smaller size, and the most that its count may grow by.
CASES = {
    "a_resync_with_overdue_calls_is_linear": (500, LINEAR),
    "a_request_with_overdue_releases_on_its_line_is_linear": (500, LINEAR),
    "requests_on_a_line_with_live_calls_look_at_none_of_them": (300, NONE),
    "an_object_with_many_fields_is_read_at_once": (2000, LINEAR),
    "a_merchant_who_registers_again_with_the_same_texts_looks_at_none_of_his_pages": (300, NONE),
    "a_merchant_with_many_pages_who_registers_again_with_another_text_is_linear": (500, LINEAR),
}


def program() -> str:
    """The tests, built as `make test` builds them."""
    command = ["cargo", "test", "--locked", "--workspace", "--no-run", "--test", "work", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        sys.exit("work: the tests could not be built")
    artifacts = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    found = [artifact["executable"] for artifact in artifacts if artifact.get("target", {}).get("name") == "work"]
    return next(path for path in found if path)


def instructions(path: str, test: str, size: int) -> int:
    """How many are executed inside `measured`."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*work*measured*"]
    command += [path, "--exact", test, "--test-threads=1"]
    env = dict(os.environ, RINGFENCE_WORK=str(size))
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    counted = re.search(r"Collected : (\d+)", done.stdout)
    if done.returncode != 0 or not counted or int(counted[1]) == 0:
        sys.exit(f"work: {test} could not be counted at {size}:\n{done.stdout}")
    return int(counted[1])


def main() -> int:
    if not shutil.which("valgrind"):
        sys.exit("work: valgrind is missing (Debian: apt-get install valgrind)")
    path = program()
    listed = subprocess.run([path, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    there = set(re.findall(r"^(\w+): test$", listed, re.MULTILINE))
    if there != set(CASES):
        sys.exit(f"work: not counted, or not there: {', '.join(sorted(there ^ set(CASES)))}")
    failed = 0
    for test, (size, most) in CASES.items():
        small, large = (instructions(path, test, at) for at in (size, GROWTH * size))
        ratio = large / small
        failed += ratio > most
        verdict = "grows too fast" if ratio > most else "ok"
        print(f"{test}: {small} instructions at {size}, {ratio:.2f} times as many at {GROWTH * size} (at most {most}): {verdict}")
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
