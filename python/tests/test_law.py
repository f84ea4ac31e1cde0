"""What the operator keeps from ringing: freezes, and the do-not-call list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import USER, at

from ringfence import (
    Audit,
    Booked,
    CallAllowed,
    CallDenied,
    DenyReason,
    Done,
    Everything,
    MissedNotice,
    MissedReason,
    Misused,
    NoOp,
    OneMerchant,
    PhoneNumber,
    Platform,
    Refused,
    Send,
    OneNumber,
)
from ringfence.effects import DoNotCallChanged, Frozen, Thawed, OneMaskedNumber
from ringfence.inputs import Freeze, input_from_json

NOW = at("2026-11-20T10:00")
NUMBER = "+8613800000001"


def records(platform: Platform) -> list[object]:
    return [effect.record for effect in platform.effects(confirm=True) if isinstance(effect, Audit)]


def test_a_freeze_stops_new_calls_until_it_is_thawed(platform: Platform, book: Callable[..., Booked]) -> None:
    platform.preset_mode(NOW, merchant=1, mode="merchant_calls")
    reservation = book().reservation
    records(platform)
    assert platform.freeze(NOW, scope=OneMerchant(1), by="值班员", why="投诉") == Done()
    assert platform.freeze(NOW, scope=OneMerchant(1), by="值班员", why="投诉") == NoOp()
    assert records(platform) == [Frozen(OneMerchant(1), "值班员", "投诉")]
    denied = platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=reservation)
    assert isinstance(denied, CallDenied)
    assert (denied.reason, denied.retry_at) == (DenyReason.FROZEN, None)
    assert denied.reason.text("en") == "the operator has stopped new calls"
    records(platform)
    assert platform.thaw(at("2026-11-21T18:01"), scope=OneMerchant(1), by="值班员", why="已处理") == Done()
    assert records(platform) == [Thawed(OneMerchant(1), "值班员", "已处理")]
    assert isinstance(platform.request_call(at("2026-11-21T18:02"), line="95511", reservation=reservation), CallAllowed)


def test_a_freeze_names_who_and_why_without_a_number(platform: Platform) -> None:
    platform.freeze(NOW, scope=OneNumber(PhoneNumber(NUMBER)), by="agent 7", why="called 13800000009")
    assert records(platform) == [Frozen(OneMaskedNumber("+8613*********"), "agent 7", "called ***********")]
    assert platform.thaw(NOW, scope=Everything(), by="agent 7", why="nothing to thaw") == NoOp()
    with pytest.raises(Misused) as misused:
        platform.freeze(NOW, scope=Everything(), by="", why="x")
    assert misused.value.details["field"] == "by"
    with pytest.raises(TypeError, match="scope: expected"):
        platform.freeze(NOW, scope="platform", by="agent 7", why="x")  # type: ignore[arg-type]


def test_a_scope_reads_back_from_a_journal() -> None:
    for scope in (Everything(), OneMerchant(1), OneNumber(PhoneNumber(NUMBER))):
        freeze = Freeze(scope=scope, by="agent 7", why="x")
        assert input_from_json(freeze.to_json()) == freeze


def test_a_listed_number_is_not_rung_and_takes_no_booking(platform: Platform, book: Callable[..., Booked]) -> None:
    reservation = book().reservation
    records(platform)
    changed = platform.import_do_not_call(NOW, add=[NUMBER, NUMBER], remove=["+8613800000002"])
    assert (changed.added, changed.removed) == (1, 0)
    assert records(platform) == [DoNotCallChanged(added=1, removed=0, listed=1)]
    with pytest.raises(Refused) as refused:
        book(USER)
    assert (refused.value.code, refused.value.reason) == (290, "do_not_call")
    denied = platform.request_call(at("2026-11-21T18:00"), line="95511", reservation=reservation)
    assert isinstance(denied, CallDenied) and denied.reason is DenyReason.DO_NOT_CALL
    list(platform.effects(confirm=True))
    platform.advance(at("2026-11-21T20:00"))
    sent = [effect.content for effect in platform.effects() if isinstance(effect, Send)]
    assert [content.why for content in sent if isinstance(content, MissedNotice)] == [MissedReason.DO_NOT_CALL]
    assert platform.import_do_not_call(at("2026-11-21T21:00"), remove=[NUMBER]).removed == 1
