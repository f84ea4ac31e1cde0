"""Claims 9 and 10 of seed 000 as they are worded: a device whose processor executes what its memory stores, and a medium that stores it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SCENARIOS
from host_process import KILLED_WHEN

from ringfence import Platform, RingfenceError

HOST = Path(__file__).with_name("host_process.py")
# -P: the installed package, not the folder of its sources.
PYTHON = [sys.executable, "-P", "-W", "error"]
REPLAY = [*PYTHON, "-c", "from ringfence.cli import main; main(prog_name='ringfence')", "replay"]


def story() -> list[str]:
    """The events of claim 7, from the gateway's message to the joined legs, each with the key by which a repeat of it is known."""
    lines = (SCENARIOS / "claim-07-gateway-to-chatbot.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    events: dict[str, str] = {}
    for number, line in enumerate(lines):
        event = json.loads(line)
        if "input" in event:
            event.setdefault("dedup", {"source": "host", "key": f"N{number}"})
            events.setdefault(json.dumps(event["dedup"]), json.dumps(event, ensure_ascii=False))
        elif "advance" in event:
            events[f"advance {number}"] = line
    return list(events.values())


def run(folder: Path, events: list[str], killed_when: str | None = None) -> None:
    """A process that takes these events, or dies at that point of the first of them."""
    folder.mkdir(exist_ok=True)
    point = [] if killed_when is None else [killed_when]
    done = subprocess.run(
        [*PYTHON, str(HOST), str(folder), *point], input="".join(f"{line}\n" for line in events).encode(), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0 if killed_when is None else -signal.SIGKILL, b"")


def carried_out(folder: Path) -> dict[int, list[str]]:
    """What the switch did, by the number of the effect."""
    found: dict[int, list[str]] = {}
    for line in (folder / "switch.jsonl").read_text(encoding="utf-8").splitlines():
        found.setdefault(json.loads(line)["sequence"], []).append(line)
    return found


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The memory of a device that executed the whole story without a fault."""
    folder = tmp_path_factory.mktemp("device")
    run(folder, story())
    return folder


# Claim 9: a processor, and a memory whose instructions make it receive, send and establish.


def test_claim_9_the_device_receives_sends_and_establishes(device: Path) -> None:
    did = [next(iter(json.loads(lines[0]).keys() - {"sequence"})) for lines in carried_out(device).values()]
    assert did == ["send", "audit", "send", "send", "send", "dial", "play", "audit", "dial", "join", "join"]
    assert list(carried_out(device)) == list(range(1, 12))


@pytest.mark.parametrize("killed_when", KILLED_WHEN)
def test_claim_9_a_device_that_dies_at_every_event_does_the_same_and_rings_nobody_twice(device: Path, tmp_path: Path, killed_when: str) -> None:
    """Its processor stops at each event, at the same point; its memory stays, and the gateway sends the event again."""
    folder = tmp_path / "memory"
    events = story()
    for number, event in enumerate(events):
        # Where nothing is to be carried out, it cannot die half-way through that.
        dies = killed_when != "half_carried_out" or _emits(device, events, number)
        run(folder, [event], killed_when if dies else None)
    run(folder, events[-1:])
    once = carried_out(device)
    again = carried_out(folder)
    assert {sequence: lines[0] for sequence, lines in again.items()} == {sequence: lines[0] for sequence, lines in once.items()}
    for sequence, lines in again.items():
        assert set(lines) == {once[sequence][0]}
        if not {"dial", "play", "answer"}.isdisjoint(json.loads(lines[0])):
            assert len(lines) == 1, "what rings or plays is begun once"
    assert (folder / "snapshot").read_bytes() == (device / "snapshot").read_bytes()


def _emits(device: Path, events: list[str], number: int) -> bool:
    """Whether anything is carried out after that event: in the journal a confirm follows it."""
    journal = (device / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    after = journal[journal.index(events[number]) + 1 :]
    return bool(after) and "confirm" in json.loads(after[0])


# Claim 10: a medium that stores the program; whoever reads it back executes the same.


def replayed(journal: Path, *options: str) -> str:
    done = subprocess.run([*REPLAY, *options, str(journal)], capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def test_claim_10_what_is_stored_executes_to_the_same_bytes(device: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another medium.jsonl"
    copy.write_bytes((device / "journal.jsonl").read_bytes())
    printed = replayed(copy)
    assert printed == replayed(copy, "--hash-seed", "24301")
    answers = [line for line in printed.splitlines() if line.startswith('{"expect":{"effects":')]
    effects = [lines[0] for lines in carried_out(device).values()]
    assert "".join(answers).replace(']}}{"expect":{"effects":[', ",") == '{"expect":{"effects":[' + ",".join(effects) + "]}}"


def test_claim_10_a_stored_state_goes_on_in_another_process(device: Path, tmp_path: Path) -> None:
    stored = (device / "snapshot").read_bytes()
    program = (
        "import sys\n"
        "from datetime import datetime\n"
        "from ringfence import Platform\n"
        "platform = Platform.restore(open(sys.argv[1], 'rb').read(), hash_seed=int(sys.argv[2]))\n"
        "assert platform.snapshot() == open(sys.argv[1], 'rb').read()\n"
        "platform.leg_ended(datetime.fromisoformat('2026-11-21T18:20:00+08:00'), leg=2)\n"
        "sys.stdout.write('\\n'.join(effect.to_json() for effect in platform.effects(confirm=True)))\n"
        "open(sys.argv[3], 'wb').write(platform.snapshot())\n"
    )
    said, left = [], []
    for seed in ("0", "24301"):
        after = tmp_path / seed
        done = subprocess.run([*PYTHON, "-c", program, str(device / "snapshot"), seed, str(after)], capture_output=True, timeout=60, check=True)
        said.append(json.loads(done.stdout))
        left.append(after.read_bytes())
    assert said[0] == said[1]
    assert said[0]["hang_up"] == {"leg": 1, "cause": "normal", "q850_cause": 16}
    assert left[0] == left[1] != stored


def test_claim_10_a_medium_that_lost_something_is_not_executed(device: Path, tmp_path: Path) -> None:
    stored = (device / "snapshot").read_bytes()
    for place in range(0, len(stored), 97):
        damaged = bytearray(stored)
        damaged[place] ^= 1
        with pytest.raises((RingfenceError, ValueError)):
            Platform.restore(bytes(damaged))
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes((device / "journal.jsonl").read_bytes()[:-9])
    done = subprocess.run([*REPLAY, str(cut)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    lines = len((device / "journal.jsonl").read_bytes().splitlines())
    assert f"line {lines}, column ".encode() in done.stderr
