"""The platform through its Python face: effects and confirming, restoring, redaction, threads."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import EVENING, SHANGHAI, USER, at

from ringfence import (
    Address,
    Allow,
    Answer,
    Audit,
    Booked,
    BookingResult,
    CallAllowed,
    CallDenied,
    CallMode,
    Deadline,
    Deny,
    DenyReason,
    Dial,
    Done,
    Evidence,
    HangUp,
    Hours,
    Join,
    Keyring,
    Line,
    ModeOptions,
    NoOp,
    OnWindowClose,
    Party,
    PhoneNumber,
    Platform,
    PlatformChooses,
    Play,
    Policy,
    Prompt,
    Reject,
    ReleaseCause,
    ReservationForMerchant,
    ReservationState,
    Send,
    Weekday,
    WeeklyRule,
    Why,
)
from ringfence.effects import DialWithdrawn, Permitted, UserDialled


def test_a_booking_tells_the_user_and_the_merchant_in_this_order(platform: Platform, book: Callable[..., Booked]) -> None:
    assert book() == Booked(reservation=1, state=ReservationState.AWAITING_MODE)
    contents = []
    for effect in platform.effects():
        match effect:
            case Send(to=Address() as to, content=content):
                contents.append((to.scheme, type(content)))
    assert contents == [("rcs", BookingResult), ("sip", ReservationForMerchant), ("sip", ModeOptions)]


def test_the_verdict_prints_as_people_read_it(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    denied = platform.request_call(at("2026-11-21T17:59:59"), line="95511", reservation=1)
    assert str(denied) == "Deny(before_window, retry_at=2026-11-21 18:00:00+08:00)"
    assert isinstance(denied, CallDenied)
    assert denied == CallDenied(DenyReason.BEFORE_WINDOW, at("2026-11-21T18:00"), leg=1)
    assert str(platform.gate(at("2026-11-21T20:00"), line="95511", reservation=1)) == "Deny(window_over)"
    assert str(platform.gate(at("2026-11-21T18:00"), line="95511", reservation=1)) == "Allow"
    allowed = platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    assert allowed == CallAllowed(leg=2, call=1)
    match allowed:
        case Allow():
            pass
        case Deny():
            pytest.fail("the window is open")


def test_a_call_in_platform_mode_from_the_first_ring_to_the_bridge(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    assert platform.choose_mode(at("2026-11-20T10:00"), merchant=1, reservation=1, mode="platform_calls") == Done()
    assert platform.choose_mode(at("2026-11-20T10:00"), merchant=1, reservation=1, mode=CallMode.PLATFORM_CALLS) == NoOp()
    list(platform.effects(confirm=True))
    assert platform.poll_deadline() == Deadline(EVENING.start, Why.WINDOW_OPENS, 1)
    platform.advance(at("2026-11-21T18:00"))
    (dial,) = platform.effects(confirm=True)
    assert isinstance(dial, Dial)
    assert dial.party is Party.MERCHANT
    assert dial.to == dial.from_ == PhoneNumber("95511")
    assert dial.not_after == EVENING.end
    assert dial.reason.text() == "商户1 车险 预约18点-20点"
    platform.leg_answered(at("2026-11-21T18:00:05"), leg=dial.leg)
    play, audit, user = platform.effects(confirm=True)
    assert isinstance(play, Play)
    assert play.prompt is Prompt.CONNECTING_USER
    assert play.prompt.text() == "正在连接用户，请耐心等待"
    match audit:
        case Audit(record=UserDialled(rule=Permitted(window=window, mode=CallMode.PLATFORM_CALLS))):
            assert window == EVENING
        case _:
            pytest.fail(f"{audit} is not the record of a dialled user")
    assert isinstance(user, Dial)
    assert user.to.dialable() == "+8613800000001"
    platform.leg_answered(at("2026-11-21T18:00:09"), leg=user.leg)
    assert [type(effect) for effect in platform.effects(confirm=True)] == [Join, Join]
    call = platform.call(user.call)
    assert call is not None
    assert (call.state, call.merchant_leg, [member.leg for member in call.members]) == ("talking", dial.leg, [user.leg])
    assert platform.leg(user.leg).number == user.to  # type: ignore[union-attr]
    assert (platform.reservations(), platform.calls(), platform.legs()) == ((1,), (1,), (1, 2))
    platform.leg_ended(at("2026-11-21T18:05"), leg=user.leg, evidence=Evidence(q850_cause=16))
    assert platform.reservation(1).closed.outcome.text("en") == "completed"  # type: ignore[union-attr]
    platform.check_invariants()


def test_effects_are_kept_until_they_are_confirmed(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    polled = list(platform.effects())
    assert len(polled) == platform.unconfirmed == 4
    assert list(platform.effects()) == []
    platform.confirm(polled[0].sequence)
    restored = Platform.restore(platform.snapshot())
    assert restored.latest == platform.latest
    restored.advance(at("2026-11-20T09:05"))
    assert list(restored.effects()) == polled[1:]


def test_confirming_in_the_loop_leaves_the_effect_that_failed(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    with pytest.raises(ConnectionError):
        for number, _ in enumerate(platform.effects(confirm=True)):
            if number == 1:
                raise ConnectionError
    assert platform.unconfirmed == 3


def test_instants_come_back_on_the_clock_of_the_last_now(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    (_, result, *_) = platform.effects()
    assert isinstance(result, Send)
    assert isinstance(result.content, BookingResult)
    assert result.content.window.start.tzinfo is SHANGHAI
    assert result.content.zone == "Asia/Shanghai"


def test_a_host_that_is_too_late_says_so(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    *_, dial = platform.effects()
    assert isinstance(dial, Dial)
    platform.effect_failed(at("2026-11-21T18:00:01"), sequence=dial.sequence)
    withdrawn, hang_up, reject = platform.effects()
    assert isinstance(withdrawn, Audit)
    assert withdrawn.record == DialWithdrawn(leg=dial.leg, call=dial.call)
    assert isinstance(hang_up, HangUp)
    assert hang_up.leg == dial.leg, "for all that the platform knows, it may ring"
    assert isinstance(reject, Reject)
    assert platform.leg_ended(at("2026-11-21T18:00:01"), leg=dial.leg) == Done()
    assert platform.leg(dial.leg) is None


def test_a_leg_that_is_gone_and_is_answered_all_the_same_is_hung_up(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    denied = platform.request_call(at("2026-11-21T17:00"), line="95511", reservation=1)
    list(platform.effects(confirm=True))
    assert platform.leg_answered(at("2026-11-21T17:00:01"), leg=denied.leg) == Done()
    (hang_up,) = platform.effects()
    assert isinstance(hang_up, HangUp)
    assert (hang_up.leg, hang_up.cause) == (denied.leg, ReleaseCause.UNKNOWN)


def test_an_inbound_call_is_answered_before_it_is_joined(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    allowed = platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    *_, dial = platform.effects(confirm=True)
    assert isinstance(dial, Dial)
    platform.leg_progress(at("2026-11-21T18:00:01"), leg=dial.leg)
    platform.leg_answered(at("2026-11-21T18:00:04"), leg=dial.leg)
    (answer,) = platform.effects(confirm=True)
    assert isinstance(answer, Answer)
    assert answer.leg == allowed.leg
    assert answer.not_after == at("2026-11-21T18:00:14")


def test_after_a_crash_of_the_switch_everything_is_told_by_resync(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    list(platform.effects(confirm=True))
    assert platform.resync(at("2026-11-21T18:00:10"), legs=[]) == Done()
    assert platform.legs() == ()


def test_the_policy_and_the_keyring_come_back_from_the_platform() -> None:
    policy = Policy(min_ring_s=10, mode_chosen_by=PlatformChooses(CallMode.PLATFORM_CALLS), on_window_close=OnWindowClose.HANG_UP)
    keyring = Keyring.random()
    platform = Platform(policy, keyring, hash_seed=7, shard=3)
    assert platform.policy == policy
    assert Platform.restore(platform.snapshot(), keyring).policy == policy
    assert platform.keyring is keyring
    assert repr(keyring) == "Keyring(ids=['k1'])"


def test_ids_carry_the_shard() -> None:
    platform = Platform(shard=3)
    now = at("2026-11-20T09:00")
    platform.register_merchant(now, merchant=1, name="商户1", lines=[Line("95511", 1)], zone=SHANGHAI, chatbot="sip:1@chatbot.example")
    rule = WeeklyRule([Weekday.SUN, "sat"], "18:00", "20:00")
    assert rule.days == (Weekday.SAT, Weekday.SUN)
    platform.publish_page(now, page=1, merchant=1, offerings={1: "车险"}, hours=[Hours("non_working", rule)])
    assert platform.book(now, user=USER, page=1, offering=1, window=EVENING).reservation == 3 << 48 | 1


# Redaction.


def test_no_number_is_shown_by_accident(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    shown = [platform.reservation(1), *platform.effects(), *(platform.leg(leg) for leg in platform.legs())]
    for thing in shown:
        for text in (repr(thing), str(thing), f"{thing}", f"{thing!r}"):
            assert "13800000001" not in text
    number = PhoneNumber("+8613800000001")
    assert repr(number) == "PhoneNumber(+8613*********)"
    assert f"{number} {number!s} {[number]}" == "+8613********* +8613********* [PhoneNumber(+8613*********)]"
    assert number.dialable() == "+8613800000001"
    assert repr(Address("mailto:zhang@example.com")) == "Address(mailto:***)"
    assert str(Address("sip:1@chatbot.example")) == "sip:1@chatbot.example"
    assert Address("sms:+8613800000001").number == number


def test_numbers_and_addresses_are_values() -> None:
    number = PhoneNumber("95511")
    assert number == PhoneNumber("95511") != PhoneNumber("95512")
    assert number != "95511"
    assert len({number, PhoneNumber("95511")}) == 1
    with pytest.raises(AttributeError, match="a phone number does not change"):
        number._digits = "1"
    with pytest.raises(ValueError, match="3 to 15 digits"):
        PhoneNumber("1")
    with pytest.raises(TypeError, match="made from a str"):
        PhoneNumber(95511)  # type: ignore[arg-type]


def test_values_and_effects_survive_pickling(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    platform.request_call(at("2026-11-21T17:00"), line="95511", reservation=1)
    platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    things = [*platform.effects(), platform.reservation(1), platform.policy, PhoneNumber("95511"), Address(USER), Line("95511", 2)]
    for thing in things:
        assert pickle.loads(pickle.dumps(thing)) == thing


# Threads.


def test_threads_may_share_a_platform(platform: Platform) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(50):
                user = f"rcs:+86139{number:04}{step:04}"
                booked = platform.book(at("2026-11-20T09:05"), user=user, page=10, offering=1, window=EVENING)
                platform.advance(at("2026-11-20T09:05") + timedelta(seconds=step))
                assert platform.reservation(booked.reservation) is not None
                platform.snapshot()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(platform.reservations()) == 200
    sequences = [effect.sequence for effect in platform.effects()]
    assert sequences == list(range(1, 801))
    platform.check_invariants()
