"""What users say about whom they want to hear from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import EVENING, USER, at

from ringfence import Booked, Cancelled, CancelledForMerchant, Done, HangUp, LimitReached, Misused, NoOp, PhoneNumber, Platform, Policy, Refused, Send, inputs
from ringfence.inputs import BlockMerchant, BlockNumber

NOW = at("2026-11-20T09:06")


def test_a_block_cancels_and_keeps_bookings_and_pages_away(platform: Platform, book: Callable[..., Booked]) -> None:
    book()
    list(platform.effects(confirm=True))
    assert isinstance(platform.block(NOW, user=USER, what=BlockMerchant(1)), Done)
    told = [effect for effect in platform.effects(confirm=True) if isinstance(effect, Send)]
    assert [type(send.content) for send in told] == [Cancelled, CancelledForMerchant]
    assert isinstance(platform.block(NOW, user="sms:+8613800000001", what=BlockMerchant(1)), NoOp)
    platform.push_page(NOW, page=10, to=[USER])
    assert list(platform.effects()) == []
    with pytest.raises(Refused, match="the sender has blocked this merchant; unblock him first") as caught:
        book()
    assert (caught.value.code, caught.value.reason) == (220, "blocked")
    assert isinstance(platform.unblock(NOW, user=USER, what=BlockMerchant(1)), Done)
    assert isinstance(platform.unblock(NOW, user=USER, what=BlockMerchant(1)), NoOp)
    book()


def test_a_block_of_the_line_ends_the_conversation(platform: Platform, book: Callable[..., Booked]) -> None:
    reservation = book().reservation
    platform.choose_mode(NOW, merchant=1, reservation=reservation, mode="merchant_calls")
    platform.request_call(EVENING.start, line="95511", reservation=reservation)
    platform.leg_answered(EVENING.start, leg=2)
    platform.leg_answered(EVENING.start, leg=1)
    list(platform.effects(confirm=True))
    platform.block(EVENING.start, user=USER, what=BlockNumber(PhoneNumber("95511")))
    assert [effect.leg for effect in platform.effects() if isinstance(effect, HangUp)] == [2, 1]


def test_a_block_of_nobody_is_told(platform: Platform) -> None:
    with pytest.raises(Misused, match="there is no merchant 9"):
        platform.block(NOW, user=USER, what=BlockMerchant(9))
    with pytest.raises(Misused, match="field user"):
        platform.unblock(NOW, user="sip:1@chatbot.example", what=BlockMerchant(1))


def test_blocks_have_a_bound() -> None:
    platform = Platform(Policy(blocks_per_user_max=1))
    platform.block(NOW, user=USER, what=BlockNumber(PhoneNumber("95511")))
    with pytest.raises(LimitReached, match="blocks_per_user_max"):
        platform.block(NOW, user=USER, what=BlockNumber(PhoneNumber("95522")))
    text = '{"block":{"user":"rcs:+8613800000001","what":{"merchant":1}}}'
    assert inputs.input_from_json(text).to_json() == text
