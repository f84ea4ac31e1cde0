"""The holder of a contact number agrees before it is rung."""

from __future__ import annotations

import pickle

import pytest
from conftest import EVENING, USER, at

from ringfence import (
    Address,
    Booked,
    Challenge,
    Confirmed,
    ContactNotConfirmed,
    Done,
    Keyring,
    Malformed,
    Misused,
    NoOp,
    Platform,
    Refused,
    Replayer,
    ReservationState,
    Send,
    Why,
    WrongCode,
)
from ringfence.effects import CodeJudged, KeyRotated
from ringfence.journal import header_line

KEY = b"a key that everybody may know"
HOLDER = "sms:+8613900000009"
NOW = at("2026-11-20T09:05")


@pytest.fixture
def asking(platform: Platform) -> Platform:
    """The platform with a key in use."""
    platform.load_key("k1", KEY)
    assert platform.rotate_key(NOW, id="k1") == Done()
    assert platform.rotate_key(NOW, id="k1") == NoOp()
    assert [effect.record for effect in platform.effects(confirm=True) if hasattr(effect, "record")] == [KeyRotated("k1")]
    return platform


def books(platform: Platform) -> Booked:
    return platform.book(NOW, user=USER, contact="+8613900000009", page=10, offering=1, window=EVENING, name="张三")


def challenges(platform: Platform) -> list[Challenge]:
    return [
        effect.content
        for effect in platform.effects(confirm=True)
        if isinstance(effect, Send) and isinstance(effect.content, Challenge) and effect.to == Address(HOLDER)
    ]


def test_the_right_code_accepts_the_booking(asking: Platform) -> None:
    assert books(asking).state is ReservationState.UNVERIFIED
    (challenge,) = challenges(asking)
    deadline = asking.poll_deadline()
    assert deadline is not None and (deadline.why, deadline.about, deadline.at) == (Why.CODE_EXPIRES, 1, challenge.until)
    code = asking.code(challenge.challenge)
    assert len(code) == 6 and code.isdigit()
    live = asking.challenge(1)
    assert live is not None and (live.reservation, live.key, live.wrong) == (1, "k1", 0)
    reply = asking.confirm_contact(NOW, user=HOLDER, reservation=1, code=f" {code[:3]}-{code[3:]}")
    assert reply == Confirmed(reservation=1, state=ReservationState.AWAITING_MODE)
    records = [effect.record for effect in asking.effects(confirm=True) if hasattr(effect, "record")]
    assert records == [CodeJudged(challenge=1, reservation=1, revision=1, is_right=True)]
    with pytest.raises(Misused, match="challenge 1 is gone"):
        asking.code(1)


def test_wrong_codes_are_answered_and_counted(asking: Platform) -> None:
    books(asking)
    right = asking.code(1)
    wrong = right[::-1] if right != right[::-1] else "0000000"
    replies = [asking.confirm_contact(NOW, user=USER, reservation=1, code=wrong) for _ in range(3)]
    assert replies == [WrongCode(2), WrongCode(1), WrongCode(0)]
    last = [effect.content for effect in asking.effects() if isinstance(effect, Send)][-1]
    assert isinstance(last, ContactNotConfirmed)
    assert last.text().startswith("预约未成立")
    with pytest.raises(Misused) as caught:
        asking.confirm_contact(NOW, user=USER, reservation=1, code=right)
    assert caught.value.state is ReservationState.CLOSED
    with pytest.raises(ValueError, match="character 1 of the code is not a digit"):
        asking.confirm_contact(NOW, user=USER, reservation=1, code="abc")


def test_so_many_codes_go_to_one_number(asking: Platform) -> None:
    books(asking)
    for _ in range(4):
        assert asking.request_code(NOW, user=HOLDER, reservation=1) == Done()
    with pytest.raises(Refused, match="5 codes went to this number within the hour") as caught:
        asking.request_code(NOW, user=HOLDER, reservation=1)
    assert (caught.value.code, caught.value.retry_at) == (225, at("2026-11-20T10:05"))


def test_keys_are_kept_by_the_host(asking: Platform) -> None:
    books(asking)
    code = asking.code(1)
    assert asking.key == "k1" and asking.keyring.ids == ("k1",)
    with pytest.raises(ValueError, match="in use"):
        asking.unload_key("k1")
    with pytest.raises(ValueError, match="another key is loaded"):
        asking.load_key("k1", KEY + b"!")
    asking.load_key("k2", KEY + b"!")
    assert asking.unload_key("k2") and not asking.unload_key("k2")
    snapshot = asking.snapshot()
    assert KEY not in snapshot
    with pytest.raises(ValueError, match="no key is loaded under the id k1"):
        Platform.restore(snapshot)
    restored = Platform.restore(snapshot, Keyring({"k1": KEY}))
    assert restored.code(1) == code
    with pytest.raises(TypeError, match="a keyring is not pickled"):
        pickle.dumps(restored.keyring)
    with pytest.raises(Misused, match="no key is loaded under the id k9") as caught:
        asking.rotate_key(NOW, id="k9")
    assert (caught.value.code, caught.value.details) == (146, {"id": "k9"})


def test_the_message_says_what_its_holder_must_know_and_not_who_booked(asking: Platform) -> None:
    books(asking)
    (challenge,) = challenges(asking)
    code = asking.code(1)
    for language, says in (("zh-CN", "验证码"), ("en", "give the code")):
        text = challenge.text_with(code, language)
        assert says in text and code in text and "商户1" in text and "张三" not in text and "13800000001" not in text
        assert code not in challenge.text(language)
    assert pickle.loads(pickle.dumps(challenge)) == challenge


def test_a_journal_names_its_keys_and_a_replay_brings_them() -> None:
    keyring = Keyring({"k1": KEY})
    platform = Platform(keyring=keyring)
    platform.rotate_key(NOW, id="k1")
    (effect,) = platform.effects()
    lines = [header_line(keyring=keyring), '{"at":"2026-11-20T09:05:00+08:00","input":{"rotate_key":{"id":"k1"}}}']
    assert KEY.hex() not in "".join(lines)
    replayer = Replayer(keyring=keyring)
    assert [out for line in lines for out in replayer.feed(line)][0] == '{"expect":{"reply":"done"}}'
    without = Replayer()
    without.feed(lines[0])
    with pytest.raises(Malformed, match="the journal needs the key k1, which is not loaded"):
        without.feed(lines[1])
    assert effect.sequence == 1
