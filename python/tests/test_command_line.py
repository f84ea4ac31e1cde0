"""The command line as a person or a script uses it: in a process of its own."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import SCENARIOS

from ringfence.cli import main

# -P: the installed package, not the folder of its sources.
COMMAND = [sys.executable, "-P", "-W", "error", "-c", "from ringfence.cli import main; main(prog_name='ringfence')"]


def run(*arguments: str, stdin: bytes = b"", columns: int | None = None) -> subprocess.CompletedProcess[bytes]:
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM")}
    width = {} if columns is None else {"COLUMNS": str(columns)}
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, env=plain | width, timeout=60, check=False)


def out(*arguments: str, columns: int | None = None) -> str:
    done = run(*arguments, columns=columns)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode()


# replay


def test_a_scenario_that_is_met_exits_with_0_and_prints_lines_that_are_met_again() -> None:
    scenario = SCENARIOS / "figure_2.jsonl"
    done = run("replay", str(scenario))
    assert (done.returncode, done.stderr) == (0, b"")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(list(line) == ["expect"] for line in lines)
    assert "信息" not in done.stdout.decode(), "a journal holds data, not texts"


def test_what_it_prints_behind_each_line_makes_a_scenario_that_passes() -> None:
    journal = [line for line in (SCENARIOS / "figure_2.jsonl").read_bytes().splitlines() if not line.startswith(b'{"expect"')]
    whole: list[bytes] = []
    before: list[bytes] = []
    for end in range(1, len(journal) + 1):
        printed = run("replay", "-", stdin=b"\n".join(journal[:end])).stdout.splitlines()
        whole += [journal[end - 1], *printed[len(before) :]]
        before = printed
    assert run("replay", "-", stdin=b"\n".join(whole)).returncode == 0
    assert len(whole) > len(journal)


@pytest.mark.parametrize("twin", sorted(SCENARIOS.glob("*.twin.jsonl")), ids=lambda file: file.name.split(".")[0])
def test_a_twin_exits_with_1_and_names_the_line(twin: Path) -> None:
    original = twin.with_name(twin.name.replace(".twin", ""))
    done = CliRunner().invoke(main, ["replay", "--quiet", str(twin)])
    assert (done.exit_code, done.stdout) == (1, "")
    found = re.fullmatch(rf"{re.escape(str(twin))}: line (\d+): (\S+): expected (.+), got (.+)\n", done.stderr)
    assert found
    lines = zip(original.read_text(encoding="utf-8").splitlines(), twin.read_text(encoding="utf-8").splitlines(), strict=False)
    altered = [number for number, (one, other) in enumerate(lines, start=1) if one != other]
    assert altered
    assert int(found[1]) >= altered[0]


def test_a_cut_line_exits_with_2_and_names_line_and_column(tmp_path: Path) -> None:
    lines = (SCENARIOS / "figure_2.jsonl").read_text(encoding="utf-8").splitlines()
    cut = tmp_path / "cut.jsonl"
    number = next(number for number, line in enumerate(lines) if '"book"' in line)
    cut.write_text("\n".join([*lines[:number], lines[number][:60]]), encoding="utf-8")
    done = run("replay", str(cut))
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"{cut}: line {number + 1}, column 61: the line ends inside")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "<stdin>: line 1, column 1: there is no line; allowed: the header"),
        (b'{"confirm":1}\n', "<stdin>: line 1, column 1: a line before the header"),
        (b'{"header":{"format":2}}\n', "format 2"),
        (b'{"header":{"format":1}}\n{"at":"2026-11-21T18:00:00","advance":{"budget":1}}\n', "<stdin>: line 2, column "),
        ('{"header":{"format":1}}\n{"商户":'.encode() + b"\xff}\n", "<stdin>: line 2, column 7: these bytes are not UTF-8"),
        (b'{"header":{"format":1}}\n\n', "<stdin>: line 2, column 1: the line is empty"),
    ],
)
def test_what_cannot_be_read_exits_with_2(content: bytes, says: str) -> None:
    done = run("replay", "-", stdin=content)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_file_that_is_not_there_exits_with_2(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.jsonl", tmp_path):
        done = run("replay", str(path))
        assert done.returncode == 2
        assert done.stderr.decode().startswith(f"{path}: ")


def test_a_byte_order_mark_is_called_by_its_name() -> None:
    done = run("replay", "-", stdin=b'\xef\xbb\xbf{"header":{"format":1}}\n')
    assert done.returncode == 2
    assert done.stderr == b"<stdin>: line 1, column 1: a byte order mark (BOM) before the header; allowed: UTF-8 without one\n"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no device without an end")
def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    done = run("replay", "/dev/zero")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"/dev/zero: line 1, column 1: the line is too long; allowed: 64 MiB\n"


def test_no_hash_seed_changes_an_output() -> None:
    scenario = str(SCENARIOS / "figure_3_platform_calls.jsonl")
    assert out("replay", scenario) == out("replay", "--hash-seed", "18446744073709551615", scenario)


# demo

MANDATORY = [
    "信息已受理，请注意18点-20点间接听95511来电",
    "Your booking is accepted. Please expect a call from 95511",
    "工作时间段：周一至周五 9点-18点",
    "非工作时间段：每天 18点-20点",
    "1. 由商户发起通话请求",
    "正在连接用户，请耐心等待",
    "We are connecting you to the user. Please hold the line.",
    "refused, before_window: the booked window has not begun; retry at 18:00:00",
    "refused, wrong_mode",
    "refused, window_over",
    "张三's phone is busy",
    "95511 and 张三 are connected",
    "platform ends 李四's leg: the window ended",
    "张三 → platform: takes reservation 1 back",
    "platform → 周八: there was no conversation",
    "商户线路一直繁忙",
    "refused, before_window: the booked window has not begun; retry at Saturday 26 December, 19:00:00",
    "refused, too_soon: it is too soon after the last attempt; retry at 19:05:02",
    "refused, not_recognized",
    "张三's phone is switched off: the network announces it",
    "audit: switched off, so 95511 is offered the recorder",
    "来电人：商户1 95511",
    "内容：语音留言 00:12",
    "WeChat reports: voice message 1 is delivered",
    "plays what 95511 said",
    "platform → 商户1's chatbot: please call back",
    "platform → 李四: please call back",
]


def test_the_demo_tells_what_it_must_and_without_colour_codes_when_piped() -> None:
    printed = out("demo")
    unwrapped = re.sub(r"\s+", " ", printed)
    for line in MANDATORY:
        assert line in unwrapped
    assert "\x1b" not in printed
    assert not any(line != line.rstrip() for line in printed.splitlines())
    assert "13800000001" not in printed, "the demo shows no user's number"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    from rich.cells import cell_len

    printed = out("demo", columns=width)
    assert max(cell_len(line) for line in printed.splitlines()) <= width


def test_a_call_at_17_59_59_is_refused_and_one_at_18_is_not() -> None:
    for story in ("figure-2", "figure-3-merchant"):
        lines = out("demo", "--story", story).splitlines()
        refused = next(number for number, line in enumerate(lines) if line.startswith("17:59:59"))
        assert "95511 → platform: calls for reservation 1, 张三" in lines[refused]
        assert "refused, before_window" in lines[refused + 1]
        allowed = next(number for number, line in enumerate(lines) if line.startswith("18:00:00"))
        assert "allowed" in lines[allowed + 1]


def test_the_phones_that_rang_are_summed_up() -> None:
    printed = out("demo", "--story", "figure-3-platform")
    assert "18:05:13-18:05:19  张三   answered" in printed
    assert "18:00:05-18:00:08  张三   busy, did not ring" in printed


def test_the_queue_is_served_in_order_and_never_by_more_than_the_channels() -> None:
    printed = out("demo", "--story", "queue")
    title = "In which order the bookings were served, and how long each waited"
    *served, last = printed.splitlines()[printed.splitlines().index(title) + 1 :]
    assert [line.split()[1] for line in served] == ["张三", "李四", "王五", "赵六", "孙七"]
    assert [line.split()[0] for line in served] == sorted(line.split()[0] for line in served)
    assert last.split(maxsplit=1) == ["周八", "no channel came free before the window ended"]
    live = most = 0
    for line in printed.splitlines():
        live += ("platform dials 95511" in line) - ("platform ends 95511's leg" in line)
        most = max(most, live)
    assert (live, most) == (0, 2)
    assert "for reservation 4, 赵六" in re.sub(r"\s+", " ", printed)


def test_a_refused_call_is_allowed_at_the_instant_that_the_refusal_named() -> None:
    lines = out("demo", "--story", "outside-the-window", columns=120).splitlines()
    rows = [line.strip() for line in lines[lines.index("Why each call was allowed or refused") + 1 :]]
    assert rows == [
        "18:30:00  95511 → 张三  refused before_window, again from Saturday 26 December, 19:00:00",
        "18:59:59  95511 → 张三  refused before_window, again from 19:00:00",
        "18:59:59  95588 → 李四  refused not_recognized",
        "19:00:00  95511 → 张三  allowed inside 19:00-20:00, the merchant calls",
        "19:00:00  95511 → 李四  refused window_over",
        "19:01:00  95511 → 张三  refused too_soon, again from 19:05:02",
        "19:05:02  95511 → 张三  allowed inside 19:00-20:00, the merchant calls",
        "19:30:00  95511 → 张三  refused closed",
    ]


def test_a_missed_call_ends_in_a_message_that_is_heard_and_a_call_that_is_answered() -> None:
    printed = out("demo", "--story", "missed-call", columns=120)
    told = [
        "张三's phone is switched off",
        "95511 hears",
        "95511 has spoken for 12 s: voice message 1",
        "platform → 张三's WeChat: a voice message, as a template message",
        "张三's WeChat → platform: taps on voice message 1",
        "plays what 95511 said",
        "asks to be called back for voice message 1",
        "platform → 商户1's chatbot: please call back",
        "95511 and 张三 are connected",
        "李四 calls 张三 without a reservation",
        "李四 has spoken for 12 s: voice message 2",
        "plays what 李四 said",
        "platform → 李四: please call back",
    ]
    places = [printed.find(line) for line in told]
    assert -1 not in places, told[places.index(-1)]
    assert places == sorted(places)
    steps = [line[9:14].strip() for line in printed.splitlines() if line[:9].strip(" 0123456789:") == ""]
    assert [step for step in steps if step in ("101", "102", "103", "104", "105")] == ["101", "101", *["102", "103", "104", "105"] * 2]


def test_one_language_is_one_language() -> None:
    assert not re.search(r"refused|allowed|platform", out("demo", "--language", "zh-CN"))
    english = out("demo", "--language", "en")
    assert "信息已受理" not in english
    assert "Your booking is accepted" in english


def test_the_journal_of_the_demo_is_a_scenario_that_passes() -> None:
    for story in ("all", "figure-2", "missed-call"):
        journal = out("demo", "--json", "--story", story)
        assert journal.startswith('{"header":{"format":1,')
        done = run("replay", "--quiet", "-", stdin=journal.encode())
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_gets_colours_and_one_that_declines_them_does_not() -> None:
    assert "\x1b[" in _in_a_terminal("demo", "--story", "figure-2")
    assert not re.search(r"\x1b\[[0-9;]*3\dm", _in_a_terminal("demo", "--story", "figure-2", NO_COLOR="1"))


def _in_a_terminal(*arguments: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR", "NO_COLOR")}
    process = subprocess.Popen([*COMMAND, *arguments], stdout=theirs, env=plain | {"TERM": "xterm-256color"} | environment)
    os.close(theirs)
    printed = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        printed += chunk
    os.close(ours)
    assert process.wait(30) == 0
    return printed.decode()


FIGURE_2 = str(SCENARIOS / "figure_2.jsonl")


@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--json"], ["replay", FIGURE_2]])
def test_a_reader_that_leaves_ends_it_quietly(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_takes_one_line_is_no_error() -> None:
    line = '"$@" | head -n 1'
    done = subprocess.run(["/bin/sh", "-c", line, "sh", *COMMAND, "demo"], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--json"], ["replay", FIGURE_2]])
def test_output_that_cannot_be_written_is_not_named_after_the_input(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, b"<stdout>: No space left on device\n")


# help


def test_help_and_version_say_what_there_is() -> None:
    assert re.fullmatch(r"ringfence \d+\.\d+\.\d+ \(tz database \d{4}\w\)\n", out("--version"))
    top, replay, demo = out("--help"), out("replay", "--help"), out("demo", "--help")
    for text in (top, replay, demo):
        assert "Exit codes" in text
        assert max(map(len, text.splitlines())) <= 100
    assert "line and column" in re.sub(r"\s+", " ", replay)
    assert not any(line.endswith("...") for line in out("--help", columns=80).splitlines()[1:]), "no summary is cut"
    assert "figure-3-platform" in demo


@pytest.mark.parametrize("arguments", [["play"], ["demo", "--story", "figure-9"], ["replay"], ["demo", "--language", "fr"]])
def test_a_wrong_option_exits_with_2_and_says_what_there_is(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Usage: ringfence")
