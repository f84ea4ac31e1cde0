"""When inside a window the platform calls: slots, and merchants who are ready."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import at

from ringfence import Booked, Dial, Done, NoOp, Platform, Refused, ReservationState, Send, SlotChosen, SlotOver, Window
from ringfence.inputs import ChooseSlot, input_from_json

DAY = Window(at("2026-11-21T18:00"), at("2026-11-21T20:00"))
SLOT = Window(at("2026-11-21T18:30"), at("2026-11-21T18:40"))


@pytest.fixture
def reservation(platform: Platform, book: Callable[..., Booked]) -> int:
    platform.preset_mode(at("2026-11-20T09:30"), merchant=1, mode="platform_calls")
    return book().reservation


def dials(platform: Platform) -> list[Dial]:
    return [effect for effect in platform.effects(confirm=True) if isinstance(effect, Dial)]


def test_the_platform_calls_inside_the_slot(platform: Platform, reservation: int) -> None:
    chosen = platform.choose_slot(at("2026-11-20T11:00"), merchant=1, reservation=reservation, slot=at("2026-11-21T19:00"))
    assert chosen == SlotChosen(Window(at("2026-11-21T19:00"), DAY.end), ReservationState.SCHEDULED)
    same = Window(at("2026-11-21T19:00"), DAY.end)
    assert platform.choose_slot(at("2026-11-20T11:00"), merchant=1, reservation=reservation, slot=same) == NoOp()
    platform.advance(at("2026-11-21T18:00"), budget=100)
    assert dials(platform) == []
    platform.advance(at("2026-11-21T19:00"), budget=100)
    assert [dial.not_after for dial in dials(platform)] == [DAY.end]


def test_a_slot_that_is_over_waits_for_another_one(platform: Platform, reservation: int) -> None:
    platform.choose_slot(at("2026-11-20T11:00"), merchant=1, reservation=reservation, slot=SLOT)
    platform.advance(at("2026-11-21T19:00"), budget=100)
    told = [effect.content for effect in platform.effects(confirm=True) if isinstance(effect, Send)]
    over = told[-1]
    assert isinstance(over, SlotOver)
    assert (over.slot, over.why, over.window) == (SLOT, "host_late", DAY)
    kept = platform.reservation(reservation)
    assert kept is not None and kept.slot is None and kept.state is ReservationState.SCHEDULED
    assert kept.spent_slot is not None
    ready = platform.merchant_ready(at("2026-11-21T19:10"), merchant=1, reservation=reservation)
    assert ready == SlotChosen(Window(at("2026-11-21T19:10"), DAY.end), ReservationState.OPEN)
    assert platform.merchant_ready(at("2026-11-21T19:10"), merchant=1, reservation=reservation) == NoOp()
    platform.advance(at("2026-11-21T19:10"), budget=100)
    assert len(dials(platform)) == 1


def test_a_slot_is_the_platforms_and_lies_in_the_window(platform: Platform, reservation: int) -> None:
    with pytest.raises(Refused) as outside:
        platform.merchant_ready(at("2026-11-21T17:00"), merchant=1, reservation=reservation)
    assert (outside.value.code, outside.value.reason) == (208, "slot_outside")
    with pytest.raises(Refused) as over:
        platform.choose_slot(at("2026-11-21T18:40"), merchant=1, reservation=reservation, slot=SLOT)
    assert (over.value.code, over.value.reason) == (209, "slot_over")
    changed = platform.choose_mode(at("2026-11-21T18:41"), merchant=1, reservation=reservation, mode="merchant_calls")
    assert changed == Done()
    with pytest.raises(Refused) as other:
        platform.choose_slot(at("2026-11-21T18:42"), merchant=1, reservation=reservation, slot=DAY)
    assert (other.value.code, other.value.reason) == (207, "not_platform_mode")


def test_a_slot_is_read_from_a_journal() -> None:
    text = '{"choose_slot":{"merchant":1,"reservation":2,"slot":{"from":"2026-11-21T19:00:00+08:00"}}}'
    found = input_from_json(text)
    assert isinstance(found, ChooseSlot)
    assert input_from_json(found.to_json()) == found
