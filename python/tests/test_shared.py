"""Shared calls: several users on one call of a merchant."""

from __future__ import annotations

import pytest
from conftest import EVENING, USER, at

from ringfence import Allow, Audit, CallAllowed, Deny, Dial, ForGroup, Join, Platform, Refused, ReservationForMerchant, Send, inputs
from ringfence.effects import Grouped

NOW = at("2026-11-20T09:06")
LI = "rcs:+8613800000002"


def shared(platform: Platform, *users: str) -> None:
    """The page offers calls of three, these users have booked and agreed, and the merchant calls."""
    platform.publish_page(NOW, page=10, merchant=1, offerings={1: "车险"}, windows=[EVENING], group_size_max=3)
    platform.preset_mode(NOW, merchant=1, mode="merchant_calls")
    for user in users:
        platform.book(NOW, user=user, page=10, offering=1, window=EVENING, share=True)


def sharing(platform: Platform) -> tuple[int | None, int]:
    """The group of reservation 1, and with how many it shares."""
    kept = platform.reservation(1)
    assert kept is not None
    return kept.group, kept.group_size


def test_a_merchant_calls_his_group_and_all_are_joined_with_him(platform: Platform) -> None:
    shared(platform, USER, LI)
    told = [effect.content for effect in platform.effects(confirm=True) if isinstance(effect, Send)]
    assert [content.group for content in told if isinstance(content, ReservationForMerchant)] == [1, 1]
    assert isinstance(platform.gate(EVENING.start, line="95511", group=1), Allow)
    assert isinstance(platform.gate(EVENING.start, line="95511", group=2), Deny)
    allowed = platform.request_call(EVENING.start, line="95511", group=1)
    assert isinstance(allowed, CallAllowed)
    effects = list(platform.effects(confirm=True))
    records = [effect.record for effect in effects if isinstance(effect, Audit)]
    assert [record.reservations for record in records if isinstance(record, Grouped)] == [(1, 2)]
    legs = [effect.leg for effect in effects if isinstance(effect, Dial)]
    for leg in (*legs, allowed.leg):
        platform.leg_answered(EVENING.start, leg=leg)
    assert [effect.leg for effect in platform.effects() if isinstance(effect, Join)] == [allowed.leg, *legs]


def test_who_agrees_or_takes_it_back_is_in_a_group_or_in_none(platform: Platform) -> None:
    shared(platform, USER)
    assert sharing(platform) == (1, 3)
    platform.amend(NOW, user=USER, reservation=1, share=False)
    assert sharing(platform) == (None, 1)
    platform.amend(NOW, user=USER, reservation=1, share=True)
    assert sharing(platform) == (2, 3), "nobody was left in the first group"


def test_a_page_that_offers_none_is_not_shared(platform: Platform) -> None:
    with pytest.raises(Refused, match="offers no shared calls") as caught:
        platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, share=True)
    assert (caught.value.code, caught.value.reason) == (280, "sharing_not_offered")


def test_one_thing_is_called_for(platform: Platform) -> None:
    with pytest.raises(TypeError, match="give either reservation, number or group"):
        platform.request_call(NOW, line="95511", reservation=1, group=1)
    text = '{"request_call":{"line":"95511","target":{"group":1}}}'
    request = inputs.input_from_json(text)
    assert isinstance(request, inputs.RequestCall)
    assert request.target == ForGroup(1)
    assert request.to_json() == text
