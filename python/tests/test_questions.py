"""What an operator asks: merchants, pages, lines, the pool, what is kept from ringing, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import EVENING, USER, at

from ringfence import Booked, CalledZone, Everything, Line, OneMerchant, OneNumber, PhoneNumber, Platform, Policy, WeeklyRule
from ringfence.records import LawStatus, LineStatus, Merchant, MerchantPool, NumberStatus, Page, PoolStatus

NOW = at("2026-11-20T10:00")


def test_merchants_and_pages_are_as_they_stand(platform: Platform) -> None:
    assert (platform.merchants(), platform.pages()) == ((1,), (10,))
    merchant = platform.merchant(1)
    assert isinstance(merchant, Merchant)
    assert (merchant.name, merchant.lines, merchant.preset) == ("商户1", (Line("95511", channels=2),), None)
    page = platform.page(10)
    assert isinstance(page, Page)
    assert (page.merchant, page.version, dict(page.offerings), page.windows) == (1, 1, {1: "车险"}, (EVENING,))
    assert platform.merchant(2) is None
    platform.withdraw_page(NOW, page=10, merchant=1)
    assert (platform.page(10), platform.pages()) == (None, ())


def test_a_line_says_who_waits_for_the_platform(platform: Platform, book: Callable[..., Booked]) -> None:
    platform.preset_mode(NOW, merchant=1, mode="platform_calls")
    reservation = book().reservation
    assert platform.line_status("95511") == LineStatus(merchant=1, channels=2, live_calls=0, waiting=())
    platform.freeze(NOW, scope=Everything(), by="值班员", why="投诉")
    platform.advance(at("2026-11-21T18:00"))
    assert platform.line_status("95511") == LineStatus(merchant=1, channels=2, live_calls=0, waiting=(reservation,))
    assert platform.line_status("95522") is None


def test_what_is_kept_from_ringing_can_be_asked_for(platform: Platform) -> None:
    listed, other = "+8613800000002", "+8613800000003"
    platform.freeze(NOW, scope=OneNumber(PhoneNumber(other)), by="值班员", why="投诉")
    platform.freeze(NOW, scope=OneMerchant(1), by="值班员", why="投诉")
    platform.import_do_not_call(NOW, add=[listed])
    assert platform.law_status() == LawStatus(frozen=(OneMerchant(1), OneNumber(PhoneNumber(other))), listed=1)
    assert platform.number_status(listed) == NumberStatus(PhoneNumber(listed), is_listed=True, is_frozen=False)
    assert platform.number_status(other) == NumberStatus(PhoneNumber(other), is_listed=False, is_frozen=True)


def test_the_pool_says_what_is_leased_and_left(platform: Platform, book: Callable[..., Booked]) -> None:
    platform.import_numbers(NOW, numbers=["+8617000000001", "+8617000000002"])
    assert platform.pool_status() == PoolStatus(numbers=2, merchants=())
    reservation = book().reservation
    assert platform.pool_status() == PoolStatus(2, (MerchantPool(merchant=1, leased=1, resting=0, left=1),))
    platform.cancel(NOW, user=USER, reservation=reservation)
    assert platform.pool_status() == PoolStatus(2, (MerchantPool(merchant=1, leased=0, resting=1, left=1),))


def test_what_is_remembered_of_a_user_can_be_asked_for(platform: Platform) -> None:
    assert platform.profile(USER) is None
    platform.set_profile(NOW, user=USER, name="张三")
    profile = platform.profile(USER)
    assert profile is not None and profile.name == "张三" and profile.contact is None
    assert platform.binding("o6_account", "+8613800000001") is None


def test_the_hours_are_on_the_clock_of_the_called_number() -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    policy = Policy(callable_hours=(WeeklyRule(days, "09:00", "21:00"),), called_zones=(CalledZone("+1808", "Pacific/Honolulu"),))
    assert Policy.from_json(policy.to_json()) == policy
    with pytest.raises(ValueError, match="'86' is no beginning of numbers; give '\\+' and 1 to 15 digits"):
        CalledZone("86", "Asia/Shanghai")
