"""What goes wrong says what to do."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import EVENING, SHANGHAI, USER, at

from ringfence import (
    Booked,
    InternalError,
    Keyring,
    LimitReached,
    Line,
    Malformed,
    Mismatch,
    Misused,
    Platform,
    Policy,
    Refused,
    Replayer,
    ReservationState,
    RingfenceError,
    Window,
)

NOW = at("2026-11-20T09:05")
Call = Callable[[Any], object]


def anything(value: object) -> Any:
    """What no type checker looks at."""
    return value


# Time.


def test_a_naive_now_is_refused_and_told_how_to_get_a_zone(platform: Platform) -> None:
    with pytest.raises(ValueError, match=r"now: 2026-11-20 09:00:00 is a naive datetime.*now\.replace\(tzinfo=ZoneInfo"):
        platform.cancel(datetime(2026, 11, 20, 9), user=USER, reservation=1)


def test_naive_windows_are_refused_too() -> None:
    with pytest.raises(ValueError, match=r"start: .* is a naive datetime"):
        Window(datetime(2026, 11, 21, 18), at("2026-11-21T20:00"))
    with pytest.raises(ValueError, match="a window ends after it starts"):
        Window(at("2026-11-21T20:00"), at("2026-11-21T20:00"))


@pytest.mark.parametrize("now", [1_795_255_200, 1.5, "2026-11-21T18:00:00+08:00", date(2026, 11, 21), None])
def test_a_now_of_another_type_is_refused_with_an_example(platform: Platform, now: Any) -> None:
    with pytest.raises(TypeError, match=r"now: expected an aware datetime, got .*; for example datetime\.fromisoformat"):
        platform.cancel(now, user=USER, reservation=1)


def test_the_same_instant_on_any_clock_is_the_same_to_the_platform(platform: Platform, book: Callable[..., Booked]) -> None:
    reservation = book().reservation
    for zone in (timezone.utc, ZoneInfo("America/New_York"), timezone(timedelta(hours=-11, minutes=-30))):
        verdict = platform.gate(at("2026-11-21T17:59:59.999999").astimezone(zone), line="95511", reservation=reservation)
        assert not verdict.is_allow
        assert verdict.retry_at == at("2026-11-21T18:00")
        assert verdict.retry_at.tzinfo is zone
    assert platform.gate(at("2026-11-21T18:00").astimezone(timezone.utc), line="95511", reservation=reservation).is_allow


def test_the_two_readings_of_a_clock_that_goes_back_are_two_instants() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)
    window = Window(first, second)
    assert first in window
    assert second not in window
    assert window.to_json() == '{"start":"2026-10-25T00:30:00Z","end":"2026-10-25T01:30:00Z"}'


# Arguments.


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda p: p.book(NOW, user=USER, page=10, offering=1, window=(1, 2)), TypeError, "window: expected a Window, got a tuple"),
        (lambda p: p.book(NOW, user=USER, page="10", offering=1, window=EVENING), TypeError, "page: expected an int, got a str"),
        (lambda p: p.book(NOW, user=USER, page=True, offering=1, window=EVENING), TypeError, "page: expected an int, got a bool"),
        (lambda p: p.book(NOW, user=USER, page=-1, offering=1, window=EVENING), ValueError, r"page: expected an int from 0 to 2\*\*64"),
        (lambda p: p.book(NOW, user=USER, page=2**64, offering=1, window=EVENING), ValueError, "page: expected an int from 0"),
        (lambda p: p.book(NOW, user="13800000001", page=10, offering=1, window=EVENING), ValueError, "user: an address begins with rcs:"),
        (lambda p: p.book(NOW, user=None, page=10, offering=1, window=EVENING), TypeError, "user: expected an Address or a str, got None"),
        (lambda p: p.book(NOW, user=USER, page=10, offering=1, window=EVENING, name=b"x"), TypeError, "name: expected a str, got a bytes"),
        (lambda p: p.book(NOW, user=USER, page=10, offering=1, window=EVENING, name="\ud800"), ValueError, "name: .*surrogate"),
        (lambda p: p.book(NOW, user=USER, page=10, offering=1, window=EVENING, zone="Mars/Base"), ValueError, "zone: .*Mars/Base"),
        (lambda p: p.book(NOW, user=USER, page=10, offering=1, window=EVENING, contact=95511), TypeError, "contact: .*PhoneNumber or a str"),
        (lambda p: p.push_page(NOW, page=10, to=USER), TypeError, "to: expected a list, got a str"),
        (lambda p: p.push_page(NOW, page=10, to=[USER, "x"]), ValueError, r"to\[1\]: an address begins with"),
        (lambda p: p.preset_mode(NOW, merchant=1, mode="both"), ValueError, "mode: 'both' is none of 'merchant_calls', 'platform_calls'"),
        (lambda p: p.request_call(NOW, line="12", reservation=1), ValueError, "line: a phone number has 3 to 15 digits"),
        (lambda p: p.publish_page(NOW, page=1, merchant=1, offerings=["x"]), TypeError, "offerings: expected a dict, got a list"),
        (lambda p: p.publish_page(NOW, page=1, merchant=1, offerings={"1": "x"}), TypeError, "a key of offerings: expected an int"),
        (lambda p: p.leg_ended(NOW, leg=1, evidence={"sip": 486}), TypeError, "evidence: expected an Evidence, got a dict"),
        (lambda p: p.resync(NOW, legs=3), TypeError, "legs: expected a list, got an int"),
        (lambda p: p.handle(NOW, {"book": {}}), TypeError, "input: expected one of the classes in ringfence.inputs, got dict"),
        (lambda p: p.handle_json(NOW, '{"book":{}}'), ValueError, "input: column 10: missing field"),
        (lambda p: p.advance(NOW, budget=2**32), ValueError, r"budget: expected an int from 0 to 2\*\*32 - 1"),
        (lambda p: p.confirm("1"), TypeError, "up_to: expected an int, got a str"),
        (lambda p: Line("95511", channels=2**32), ValueError, r"channels: expected an int from 0 to 2\*\*32 - 1"),
        (lambda p: Line(anything(95511), channels=1), TypeError, "number: expected a PhoneNumber or a str, got an int"),
        (lambda p: Platform(anything({"ring_timeout_s": 5})), TypeError, r"policy: expected a Policy, got dict; for example Policy\(\)"),
        (lambda p: Platform(Policy(), anything(b"key")), TypeError, r"keyring: expected a Keyring, got bytes; for example Keyring.random\(\)"),
        (lambda p: Platform(hash_seed=-1), ValueError, "hash_seed: expected an int from 0"),
        (lambda p: Policy(ring_timeout_s=0), ValueError, "policy field ring_timeout_s is 0; allowed is 1 to 600"),
        (lambda p: Keyring({"k1": b"short"}), ValueError, "key k1: a key has 5 bytes; at least 16 are needed"),
        (lambda p: Platform.restore(b"RFNC"), ValueError, "not a ringfence snapshot"),
    ],
)
def test_a_wrong_argument_says_which_one_and_what_to_give(platform: Platform, call: Call, error: type[Exception], says: str) -> None:
    before = platform.state_hash()
    with pytest.raises(error, match=says) as caught:
        call(platform)
    assert not isinstance(caught.value, RingfenceError)
    assert "13800000001" not in str(caught.value)
    assert platform.state_hash() == before, "a wrong argument never reaches the platform"


# The three families.


def test_unknown_ids_are_misuse(platform: Platform) -> None:
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: platform.cancel(NOW, user=USER, reservation=7), "reservation 7"),
        (lambda: platform.leg_answered(NOW, leg=7), "leg 7"),
        (lambda: platform.push_page(NOW, page=7, to=[USER]), "page 7"),
    ]
    for call, what in calls:
        with pytest.raises(Misused, match=f"there is no {what}") as caught:
            call()
        assert (caught.value.code, caught.value.reason, caught.value.details["id"]) == (100, "unknown", 7)


def test_an_effect_that_was_never_emitted_is_told_apart_from_an_unknown_id(platform: Platform) -> None:
    for call in (lambda: platform.effect_failed(NOW, sequence=7), lambda: platform.confirm(7)):
        with pytest.raises(Misused, match="effect 7 has not been emitted; the last one is 0") as caught:
            call()
        assert (caught.value.code, caught.value.reason) == (107, "not_emitted")


def test_a_command_in_the_wrong_state_names_the_state_and_what_was_legal(platform: Platform, book: Callable[..., Booked]) -> None:
    reservation = book().reservation
    platform.cancel(NOW, user=USER, reservation=reservation)
    with pytest.raises(Misused) as caught:
        platform.choose_mode(NOW, merchant=1, reservation=reservation, mode="platform_calls")
    assert caught.value.state is ReservationState.CLOSED
    assert ReservationState.OPEN in caught.value.legal
    assert caught.value.code == 102


def test_a_rule_that_says_no_gives_what_would_be_allowed_on_the_callers_clock(platform: Platform) -> None:
    with pytest.raises(Refused, match="the page does not offer this window") as caught:
        platform.book(NOW, user=USER, page=10, offering=1, window=Window(at("2026-11-21T17:00"), at("2026-11-21T19:00")))
    assert caught.value.nearest[0] == EVENING
    assert caught.value.nearest[0].start.tzinfo is SHANGHAI
    assert (caught.value.code, caught.value.reason, caught.value.retry_at) == (202, "window_not_offered", None)


def test_a_bound_names_the_field_of_the_policy(platform: Platform) -> None:
    with pytest.raises(LimitReached, match="text_chars_max of the policy is reached: 200 at most") as caught:
        platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, name="三" * 201)
    assert caught.value.details == {"bound": "text_chars", "most": 200}


def test_a_refusal_changes_nothing_and_emits_nothing(platform: Platform) -> None:
    before = platform.state_hash()
    with pytest.raises(Misused):
        platform.book(at("2026-11-20T09:00"), user=USER, page=11, offering=1, window=EVENING)
    assert platform.state_hash() == before
    assert list(platform.effects()) == []


def test_errors_survive_pickling(platform: Platform) -> None:
    with pytest.raises(Refused) as caught:
        platform.book(NOW, user=USER, page=10, offering=1, window=Window(at("2026-11-21T17:00"), at("2026-11-21T19:00")))
    for error in (caught.value, Mismatch(3, "effects[0]", "1", "2"), Malformed(1, 2, "wrong", "right")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)


# After the end.


def test_a_closed_platform_says_how_to_get_another(platform: Platform) -> None:
    with platform as same:
        assert same is platform
    assert platform.is_closed
    assert repr(platform) == "<Platform, closed>"
    platform.close()
    calls: list[Callable[[], object]] = [
        lambda: platform.cancel(NOW, user=USER, reservation=1),
        lambda: platform.advance(NOW),
        lambda: next(platform.effects()),
        lambda: platform.confirm(1),
        platform.poll_deadline,
        platform.snapshot,
        lambda: platform.gate(NOW, line="95511", reservation=1),
        platform.__enter__,
    ]
    for call in calls:
        with pytest.raises(Misused, match=r"the platform is closed; make a new one, or Platform\.restore\(\) one") as caught:
            call()
        assert caught.value.reason == "closed"


def test_a_defect_of_the_core_becomes_an_exception_and_the_platform_answers_no_more(
    platform: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    snapshot = platform.snapshot()
    with pytest.raises(InternalError, match=r"defect of its own \(planted\).*restore a platform from its last snapshot") as caught:
        platform._open()._panic("planted")
    assert caught.value.code == 6
    with pytest.raises(InternalError, match="met a defect of ringfence before") as again:
        platform.advance(NOW)
    assert again.value.code == 7
    assert Platform.restore(snapshot).latest == at("2026-11-20T09:00")


def test_a_replayer_takes_no_line_after_an_error() -> None:
    replayer = Replayer()
    with pytest.raises(Malformed) as caught:
        replayer.feed("{")
    assert (caught.value.line, caught.value.column) == (1, 2)
    with pytest.raises(Misused, match="this replay ended at line 1; make a new Replayer"):
        replayer.feed('{"header":{"format":1}}')
    with pytest.raises(Malformed, match="there is no line"):
        Replayer().finish()


def test_a_platform_is_not_pickled(platform: Platform) -> None:
    with pytest.raises(TypeError, match=r"use platform\.snapshot\(\) and Platform\.restore\(\)"):
        pickle.dumps(platform)
