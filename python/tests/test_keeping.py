"""What the platform keeps for itself: repeats, the chain of audits, the rules, the clock, the evidence of a booking."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from conftest import EVENING, SHANGHAI, USER, at

from ringfence import (
    Address,
    Archive,
    Audit,
    Booked,
    BookingEvidence,
    BrokenChain,
    Chain,
    Channel,
    DenyReason,
    Done,
    Evidence,
    LimitReached,
    Line,
    Misused,
    NoOp,
    Platform,
    Policy,
    ReservationForMerchant,
    Send,
    inputs,
    simulated,
)
from ringfence.effects import BookedRecord, LegLost, PolicySet

NOW = at("2026-11-20T09:05")


# Repeats.


def test_a_repeat_gets_the_same_reply_and_changes_nothing(platform: Platform) -> None:
    def book(user: str = USER) -> Booked:
        return platform.book(NOW, user=user, page=10, offering=1, window=EVENING, dedup=("maap", "E1"))

    booked = book()
    assert len(list(platform.effects(confirm=True))) == 4
    before = platform.snapshot()
    assert book() == booked
    assert list(platform.effects()) == []
    assert platform.snapshot() == before
    with pytest.raises(Misused, match="this key came before from the same source with another content") as caught:
        book("rcs:+8613800000002")
    assert (caught.value.code, caught.value.reason) == (108, "repeat_differs")
    restored = Platform.restore(before)
    again = restored.book(NOW, user=USER, page=10, offering=1, window=EVENING, dedup=("maap", "E1"))
    assert again == booked
    assert platform.book(NOW, user="rcs:+8613800000002", page=10, offering=1, window=EVENING, dedup=("rbm", "E1")) != booked


def test_a_refused_input_may_come_again(platform: Platform) -> None:
    with pytest.raises(Misused, match="there is no offering 9"):
        platform.book(NOW, user=USER, page=10, offering=9, window=EVENING, dedup=("maap", "E1"))
    assert platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, dedup=("maap", "E1")).reservation == 1


def test_what_is_remembered_has_an_end_and_a_bound() -> None:
    platform = Platform(Policy(dedup_retention_s=60, dedup_max=1))

    def sign_up(after: float, key: str = "E1", name: str = "商户1") -> Done:
        now = NOW + timedelta(seconds=after)
        return platform.register_merchant(now, merchant=1, name=name, lines=[Line("95511", 1)], zone="Asia/Shanghai", dedup=("maap", key))

    sign_up(0)
    with pytest.raises(LimitReached, match="dedup_max of the policy is reached: 1 at most"):
        sign_up(59.999999, key="E2")
    with pytest.raises(Misused, match="another content"):
        sign_up(59.999999, name="商户2")
    assert sign_up(60, name="商户2") == Done()


@pytest.mark.parametrize(
    ("call", "first", "second"),
    [
        (lambda p, **key: p.cancel(NOW, user=USER, reservation=1, **key), Done(), NoOp()),
        (lambda p, **key: p.handle(NOW, inputs.Cancel(user=Address(USER), reservation=1), **key), Done(), NoOp()),
        (lambda p, **key: p.handle_json(NOW, f'{{"cancel":{{"user":"{USER}","reservation":1}}}}', **key), Done(), NoOp()),
        (lambda p, **key: p.choose_mode(NOW, merchant=1, reservation=1, mode="platform_calls", **key), Done(), NoOp()),
        (lambda p, **key: p.preset_mode(NOW, merchant=1, mode="platform_calls", **key), Done(), NoOp()),
        (lambda p, **key: p.set_policy(NOW, Policy(min_ring_s=5), **key), Done(), NoOp()),
    ],
)
def test_every_input_takes_a_key(
    platform: Platform, book: Callable[..., Booked], call: Callable[..., object], first: object, second: object
) -> None:
    book()
    assert call(platform, dedup=("maap", "E1")) == first
    assert call(platform, dedup=("maap", "E1")) == first
    assert call(platform) == second


@pytest.mark.parametrize(
    ("dedup", "error", "says"),
    [
        ("E1", TypeError, r'dedup: expected a pair of a source and its key, such as \("maap", "E1"\)'),
        (("maap",), TypeError, "dedup: expected a pair"),
        (("maap", 1), TypeError, r"dedup\[1\]: expected a str, got an int"),
        (("", "E1"), Misused, "may not be empty"),
        (("maap", ""), Misused, "may not be empty"),
        (("maap", "E" * 201), LimitReached, "text_chars_max"),
    ],
)
def test_a_wrong_key_is_told(platform: Platform, dedup: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        platform.preset_mode(NOW, merchant=1, mode=None, dedup=dedup)


# The chain of audits.


def audits_of(platform: Platform) -> list[Audit]:
    return [effect for effect in platform.effects(confirm=True) if isinstance(effect, Audit)]


@pytest.fixture
def audits(platform: Platform, book: Callable[..., Booked]) -> list[Audit]:
    """A booking, a denied call, an allowed one, new rules, two lost legs; with a restart in between."""
    book()
    platform.request_call(at("2026-11-21T17:59"), line="95511", reservation=1)
    found = audits_of(platform)
    platform = Platform.restore(platform.snapshot())
    platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=1)
    platform.set_policy(at("2026-11-21T18:00:01"), Policy(min_ring_s=5))
    found += audits_of(platform)
    platform.resync(at("2026-11-21T18:00:02"), legs=[])
    return found + audits_of(platform)


def test_a_chain_that_is_whole_is_verified(audits: list[Audit]) -> None:
    assert [audit.number for audit in audits] == [1, 2, 3, 4, 5, 6, 7]
    assert isinstance(audits[0].record, BookedRecord)
    assert isinstance(audits[4].record, PolicySet)
    assert isinstance(audits[6].record, LegLost)
    assert all(len(audit.digest) == 64 for audit in audits)
    chain = Chain()
    for audit in audits:
        chain.verify(audit)
    assert (chain.last, repr(chain)) == (7, "<Chain, 7 verified>")


def test_a_removed_record_shows(audits: list[Audit]) -> None:
    for index in range(6):
        chain = Chain()
        kept = audits[:index] + audits[index + 1 :]
        with pytest.raises(BrokenChain, match=rf"record {index + 1} is missing: record {index + 2} follows") as caught:
            for audit in kept:
                chain.verify(audit)
        assert (caught.value.number, caught.value.reason) == (index + 1, "missing")
        assert chain.last == index
        chain.verify(audits[index])


def test_a_changed_record_shows(audits: list[Audit]) -> None:
    changed = [
        replace(audits[1], at=audits[1].at + timedelta(microseconds=1)),
        replace(audits[1], record=LegLost(leg=1, call=1)),
        replace(audits[1], digest="0" * 64),
    ]
    for audit in changed:
        chain = Chain()
        chain.verify(audits[0])
        with pytest.raises(BrokenChain, match="record 2 does not fit the chain") as caught:
            chain.verify(audit)
        assert (caught.value.number, caught.value.reason) == (2, "broken")
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (str(copy), copy.number, copy.reason) == (str(caught.value), 2, "broken")
    with pytest.raises(BrokenChain):
        Chain(shard=1).verify(audits[0])


def test_a_chain_takes_audits_only(audits: list[Audit]) -> None:
    nothing: Any = "audit"
    with pytest.raises(TypeError, match="audit: expected an Audit, got str"):
        Chain().verify(nothing)
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Chain().verify(replace(audits[0], digest="x"))


# The rules.


def test_new_rules_hold_at_once(platform: Platform, book: Callable[..., Booked]) -> None:
    reservation = book().reservation
    rules = Policy(min_ring_s=10)
    late = at("2026-11-21T19:59:50")
    assert platform.gate(late, line="95511", reservation=reservation).is_allow
    assert platform.set_policy(NOW, rules) == Done()
    assert platform.set_policy(NOW, rules) == NoOp()
    assert platform.policy == rules == Platform.restore(platform.snapshot()).policy
    verdict = platform.gate(late, line="95511", reservation=reservation)
    assert not verdict.is_allow
    assert verdict.reason is DenyReason.WINDOW_CLOSING


def test_wrong_rules_name_the_field_and_its_range(platform: Platform) -> None:
    with pytest.raises(ValueError, match="policy field attempts_max is 0; allowed is 1 to 100"):
        platform.set_policy(NOW, Policy(attempts_max=0))
    with pytest.raises(Misused, match="policy field attempts_max is 0; allowed is 1 to 100") as caught:
        platform.handle_json(NOW, '{"set_policy":{"policy":{"attempts_max":0}}}')
    assert (caught.value.code, caught.value.reason) == (110, "invalid_policy")
    assert caught.value.details == {"field": "attempts_max", "given": 0, "least": 1, "most": 100}
    read = inputs.input_from_json('{"set_policy":{"policy":{"attempts_max":0}}}')
    assert isinstance(read, inputs.SetPolicy), "a journal has what was refused, too"
    assert read.policy.attempts_max == 0
    nothing: Any = {"attempts_max": 1}
    with pytest.raises(TypeError, match=r"policy: expected a Policy, got dict; for example Policy\(\)"):
        platform.set_policy(NOW, nothing)
    assert platform.policy == Policy()


# The clock.


def test_a_clock_that_leaps_is_refused_until_it_is_confirmed() -> None:
    platform = Platform(Policy(clock_leap_max_s=3_600))
    now = at("2026-11-20T09:00")
    platform.register_merchant(now, merchant=1, name="商户1", lines=[Line("95511", 1)], zone="Asia/Shanghai", chatbot="sip:1@chatbot.example")
    platform.publish_page(now, page=10, merchant=1, offerings={1: "车险"}, windows=[EVENING])
    reservation = platform.book(NOW, user=USER, page=10, offering=1, window=EVENING).reservation
    before = platform.snapshot()
    with pytest.raises(Misused, match="send confirm_clock if it is right") as caught:
        platform.request_call(EVENING.start, line="95511", reservation=reservation)
    assert (caught.value.code, caught.value.reason) == (111, "clock_leap")
    assert caught.value.details == {"latest": NOW, "most_s": 3_600}
    assert caught.value.details["latest"].tzinfo is SHANGHAI
    progress = platform.advance(at("2026-12-31T00:00"))
    assert progress.is_clock_refused
    assert progress.fired == 0
    assert platform.snapshot() == before, "a clock that ran away closes no window"
    assert not platform.advance(NOW + timedelta(hours=1)).is_clock_refused
    assert platform.confirm_clock(EVENING.start) == Done()
    assert platform.request_call(EVENING.start, line="95511", reservation=reservation).is_allow


def test_the_simulated_switch_says_that_its_clock_is_right() -> None:
    platform = Platform(Policy(clock_leap_max_s=3_600))
    now = at("2026-11-20T09:00")
    platform.register_merchant(now, merchant=1, name="商户1", lines=[Line("95511", 1)], zone="Asia/Shanghai", chatbot="sip:1@chatbot.example")
    platform.publish_page(now, page=10, merchant=1, offerings={1: "车险"}, windows=[EVENING])
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING)
    simulated.Switch(platform, NOW).run_until(at("2026-11-21T20:01"))
    assert platform.reservation(1).state == "closed"  # type: ignore[union-attr]


# The evidence.


def test_the_evidence_of_a_booking_is_kept_to_the_end(platform: Platform) -> None:
    evidence = BookingEvidence(channel="hotline", message="REC-0042", body_hash="sha256:00", agent="工号1024")
    assert evidence.channel is Channel.HOTLINE
    booked = platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, evidence=evidence)
    audit, _, reservation, _ = platform.effects(confirm=True)
    assert isinstance(audit, Audit)
    assert audit.record == BookedRecord(reservation=1, revision=1, merchant=1, window=EVENING, evidence=evidence)
    assert isinstance(reservation, Send)
    assert isinstance(reservation.content, ReservationForMerchant)
    assert reservation.content.offering_name == "车险"
    assert "REC-0042" not in reservation.to_json(), "the merchant is not told"
    assert platform.reservation(booked.reservation).evidence == evidence  # type: ignore[union-attr]
    platform.advance(EVENING.end)
    platform.advance(EVENING.end + timedelta(days=30))
    *_, archive = platform.effects()
    assert isinstance(archive, Archive)
    assert archive.evidence == evidence


def test_wrong_evidence_is_told(platform: Platform) -> None:
    with pytest.raises(ValueError, match="channel: 'fax' is none of 'rcs', 'sms', 'mms', 'email', 'hotline'"):
        BookingEvidence(channel="fax")
    with pytest.raises(LimitReached, match="text_chars_max"):
        platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, evidence=BookingEvidence(channel="sms", agent="x" * 201))
    for evidence in (Evidence(sip_status=99), Evidence(sip_status=700), Evidence(q850_cause=128)):
        with pytest.raises(Misused) as caught:
            platform.leg_ended(NOW, leg=1, evidence=evidence)
        assert caught.value.details == {"field": "evidence", "allowed": "known_causes"}
