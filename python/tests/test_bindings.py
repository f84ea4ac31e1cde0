"""Accounts that follow, and the numbers that are bound to them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ringfence import (
    AccountId,
    Address,
    BindingChallenge,
    BindingChange,
    BindingChanged,
    BindingRequested,
    Done,
    Keyring,
    Misused,
    NoOp,
    NumberBound,
    PhoneNumber,
    Platform,
    Refused,
    Send,
    WrongCode,
)
from ringfence.records import BindingState
from ringfence.replies import Why

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = "+8613900000009"
ACCOUNT = "oIBUkuN1zZh_3FvGB-wAXMzRzxE4"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=SHANGHAI)


def asking() -> Platform:
    platform = Platform(keyring=Keyring({"k1": b"a first key that everybody may know"}))
    platform.rotate_key(at("09:00"), id="k1")
    return platform


def sent(platform: Platform) -> list[Send]:
    found = list(platform.effects())
    platform.confirm(found[-1].sequence)
    return [effect for effect in found if isinstance(effect, Send)]


def test_a_number_is_bound_by_the_code_that_went_to_it() -> None:
    platform = asking()
    with pytest.raises(Refused) as refused:
        platform.request_binding(at("09:05"), account=ACCOUNT, number=PHONE)
    assert refused.value.reason == "not_following"
    assert platform.follow(at("09:05"), account=ACCOUNT) == Done()
    assert platform.follow(at("09:05"), account=AccountId(ACCOUNT)) == NoOp()
    assert platform.follows(ACCOUNT)
    asked = platform.request_binding(at("09:05"), account=ACCOUNT, number=PHONE)
    assert asked == BindingRequested(binding=1, until=at("09:15"))
    deadline = platform.poll_deadline()
    assert deadline is not None and deadline.why is Why.EFFECTS_WAITING
    [message] = sent(platform)
    assert message.to == Address(f"sms:{PHONE}")
    assert isinstance(message.content, BindingChallenge)
    code = platform.code(message.content.challenge)
    assert f"验证码：{code}" in message.content.text_with(code)
    wrong = "000000" if code != "000000" else "000001"
    assert platform.confirm_binding(at("09:06"), account=ACCOUNT, number=PHONE, code=wrong) == WrongCode(2)
    assert platform.confirm_binding(at("09:06"), account=ACCOUNT, number=PHONE, code=code) == NumberBound(1)
    [message] = sent(platform)
    assert message.to == Address(f"wechat:{ACCOUNT}")
    assert message.content == BindingChanged(number=PhoneNumber(PHONE), change=BindingChange.BOUND)
    assert message.content.text().startswith("号码已绑定")
    [binding] = platform.bindings(ACCOUNT)
    assert (binding.number, binding.state, binding.code) == (PhoneNumber(PHONE), BindingState.BOUND, None)


def test_an_unfollowed_number_waits_and_then_goes() -> None:
    platform = asking()
    platform.follow(at("09:05"), account=ACCOUNT)
    platform.request_binding(at("09:05"), account=ACCOUNT, number=PHONE)
    platform.confirm_binding(at("09:06"), account=ACCOUNT, number=PHONE, code=platform.code(1))
    sent(platform)
    assert platform.unfollow(at("09:07"), account=ACCOUNT) == Done()
    [binding] = platform.bindings(ACCOUNT)
    deadline = platform.poll_deadline()
    assert deadline is not None
    assert (deadline.at, deadline.why, deadline.about) == (binding.suspended_until, Why.BINDING_ENDS, 1)
    assert platform.unbind(at("09:08"), account=ACCOUNT, number=PHONE) == Done()
    assert platform.bindings(ACCOUNT) == ()


def test_an_account_id_hides_itself_and_says_what_is_wrong() -> None:
    account = AccountId(ACCOUNT)
    assert (repr(account), str(account), account.in_full()) == ("AccountId(***)", "***", ACCOUNT)
    assert account == AccountId(ACCOUNT) and hash(account) == hash(AccountId(ACCOUNT))
    for wrong in ("", "o 1", "张", "o" * 65):
        with pytest.raises(ValueError, match="account id"):
            AccountId(wrong)
    with pytest.raises(TypeError, match="str"):
        AccountId(7)  # type: ignore[arg-type]
    assert repr(Address(f"wechat:{ACCOUNT}")) == "Address(wechat:***)"


def test_a_code_for_nothing_is_misuse() -> None:
    platform = asking()
    platform.follow(at("09:05"), account=ACCOUNT)
    with pytest.raises(Misused) as misused:
        platform.confirm_binding(at("09:05"), account=ACCOUNT, number=PHONE, code="123456")
    assert (misused.value.reason, misused.value.code) == ("not_requested", 148)
