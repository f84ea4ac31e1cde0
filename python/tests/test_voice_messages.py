"""Calls that reached nobody, the recorder, and voice messages on their way (seed 003, steps 102 to 105)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ringfence import (
    AccountId,
    Address,
    BindingChallenge,
    CallBackRequested,
    CallJudged,
    Done,
    Effect,
    Evidence,
    HangUp,
    Keyring,
    MessageOpened,
    Misused,
    NoOp,
    PhoneNumber,
    Platform,
    Policy,
    Prompt,
    RecordVoice,
    Refused,
    Reject,
    Send,
    Transcribe,
    Transcription,
    VoiceMessage,
    VoiceMessageUndelivered,
)
from ringfence.effects import NoOffer, NotOffered, Offered, VoiceMessageEnded, VoiceUndeliverable
from ringfence.evidence import Announcement, FailureReason
from ringfence.inputs import Delivered, Failed
from ringfence.replies import Forgotten, Why

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALLEE = "+8613800000009"
CALLER = "+8613900000001"
ZHANG = "oIBUkuN1zZh_3FvGB-wAXMzRzxE4"
OFF = Evidence(announcements=(Announcement.POWERED_OFF,))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=SHANGHAI)


def taken(platform: Platform) -> list[Effect]:
    return list(platform.effects(confirm=True))


def bound(policy: Policy | None = None) -> Platform:
    """The callee's number is zhang's."""
    platform = Platform(policy=policy or Policy(), keyring=Keyring({"k1": b"a first key that everybody may know"}))
    platform.rotate_key(at("09:00"), id="k1")
    platform.follow(at("09:00"), account=ZHANG)
    platform.request_binding(at("09:00"), account=ZHANG, number=CALLEE)
    (challenge,) = (one.content for one in taken(platform) if isinstance(one, Send))
    assert isinstance(challenge, BindingChallenge)
    platform.confirm_binding(at("09:00"), account=ZHANG, number=CALLEE, code=platform.code(challenge.challenge))
    taken(platform)
    return platform


def stored(policy: Policy | None = None) -> Platform:
    platform = bound(policy)
    assert platform.call_failed(at("10:00"), caller=CALLER, callee=CALLEE, evidence=OFF) == CallJudged(1, Offered(1))
    assert platform.leg_answered(at("10:00"), leg=1) == Done()
    taken(platform)
    assert platform.recorded(at("10:01"), voice_message=1, media=70, seconds=23) == Done()
    return platform


def pushed(platform: Platform, now: datetime) -> Send:
    platform.advance(now)
    (send,) = (one for one in taken(platform) if isinstance(one, Send))
    assert isinstance(send.content, VoiceMessage)
    return send


def test_a_caller_is_recorded_and_the_account_hears_it() -> None:
    platform = bound()
    assert platform.call_failed(at("10:00"), caller=CALLER, callee=CALLEE, evidence=OFF) == CallJudged(1, Offered(1))
    taken(platform)
    platform.leg_answered(at("10:00"), leg=1)
    (record,) = taken(platform)
    assert isinstance(record, RecordVoice) and record.at_most_once
    assert (record.reason, record.seconds_max, record.silence_s) == (FailureReason.POWERED_OFF, 60, 5)
    platform.recorded(at("10:01"), voice_message=1, media=70, seconds=23)
    assert platform.recorded(at("10:01"), voice_message=1, media=70, seconds=23) == NoOp()
    (hung_up,) = taken(platform)
    assert isinstance(hung_up, HangUp) and hung_up.prompt is Prompt.MESSAGE_TAKEN
    deadline = platform.poll_deadline()
    assert deadline is not None and (deadline.why, deadline.about) == (Why.VOICE_MESSAGE_DUE, 1)
    send = pushed(platform, at("10:01"))
    assert isinstance(send.content, VoiceMessage)
    assert (send.to, send.content.caller) == (Address(f"wechat:{ZHANG}"), PhoneNumber(CALLER))
    assert send.content.text("en").splitlines()[0] == f"You have a voice message from {CALLER} (23 s)"
    assert platform.message_reported(at("10:01:30"), message=send.sequence, status=Delivered()) == Done()
    assert platform.open_message(at("10:03"), account=AccountId(ZHANG), voice_message=1) == MessageOpened(70)
    assert platform.request_call_back(at("10:04"), account=ZHANG, voice_message=1) == Done()
    (asked,) = (one for one in taken(platform) if isinstance(one, Send))
    assert asked.content == CallBackRequested(1, "+8613*********", at("10:00"), None)
    assert platform.request_call_back(at("10:04"), account=ZHANG, voice_message=1) == NoOp()


def test_who_is_not_offered_the_recorder_is_told_why_nobody_was_reached() -> None:
    platform = bound()
    declined = Evidence(announcements=(Announcement.REJECTED,))
    reply = platform.call_failed(at("10:00"), caller=None, callee=CALLEE, evidence=declined)
    assert reply == CallJudged(1, NotOffered(NoOffer.REASON))
    (reject,) = (one for one in taken(platform) if isinstance(one, Reject))
    assert (reject.sip_status, reject.q850_cause) == (403, 21)
    reply = platform.call_failed(at("10:00"), caller=None, callee=CALLER, evidence=OFF, is_answered=True)
    assert reply == CallJudged(2, NotOffered(NoOffer.UNBOUND))
    (hung_up,) = (one for one in taken(platform) if isinstance(one, HangUp))
    assert hung_up.prompt is Prompt.USER_POWERED_OFF
    assert hung_up.prompt.text("en") == "The phone you are calling is switched off."


def test_the_policy_says_for_which_reasons() -> None:
    unanswered = Evidence(announcements=(Announcement.NO_ANSWER,))
    platform = bound(Policy(divert_on=(FailureReason.NO_ANSWER,)))
    reply = platform.call_diverted(at("10:00"), caller=CALLER, callee=CALLEE, evidence=unanswered)
    assert reply == CallJudged(1, Offered(1))
    assert platform.call_failed(at("10:00"), caller=CALLER, callee=CALLEE, evidence=OFF) == CallJudged(2, NotOffered(NoOffer.REASON))


def test_a_message_goes_as_text_where_the_policy_asks_for_it() -> None:
    platform = stored(Policy(transcription=Transcription.ALWAYS, transcript_chars_max=3))
    platform.advance(at("10:01"))
    (transcribe,) = (one for one in taken(platform) if isinstance(one, Transcribe))
    assert (transcribe.voice_message, transcribe.media) == (1, 70)
    assert platform.transcribed(at("10:01"), voice_message=1, text="请尽快回电") == Done()
    said = pushed(platform, at("10:01")).content
    assert isinstance(said, VoiceMessage)
    assert (said.text_, said.is_cut) == ("请尽快", True)


def test_a_message_that_no_road_is_left_for_ends_with_its_sender_told() -> None:
    platform = stored(Policy(voice_by_sms=False))
    taken(platform)
    send = pushed(platform, at("10:01"))
    assert platform.message_reported(at("10:01:30"), message=send.sequence, status=Failed("43101")) == Done()
    told = taken(platform)
    ended = next(one.record for one in told if hasattr(one, "record"))
    assert isinstance(ended, VoiceMessageEnded) and isinstance(ended.outcome, VoiceUndeliverable)
    (word,) = (one for one in told if isinstance(one, Send))
    assert word.to == Address(f"sms:{CALLER}")
    assert isinstance(word.content, VoiceMessageUndelivered)
    with pytest.raises(Misused) as gone:
        platform.open_message(at("10:03"), account=ZHANG, voice_message=1)
    assert gone.value.reason == "gone"


def test_what_fails_is_named() -> None:
    platform = stored()
    taken(platform)
    pushed(platform, at("10:01"))
    with pytest.raises(Misused) as early:
        platform.request_call_back(at("10:02"), account=ZHANG, voice_message=1)
    assert (early.value.reason, early.value.code) == ("not_delivered", 150)
    platform = bound()
    platform.call_failed(at("10:00"), caller=None, callee=CALLEE, evidence=OFF, is_answered=True)
    platform.recorded(at("10:01"), voice_message=1, media=70, seconds=23)
    taken(platform)
    pushed(platform, at("10:01"))
    platform.open_message(at("10:02"), account=ZHANG, voice_message=1)
    with pytest.raises(Refused) as nobody:
        platform.request_call_back(at("10:02"), account=ZHANG, voice_message=1)
    assert (nobody.value.reason, nobody.value.code) == ("no_caller", 241)
    assert platform.record_failed(at("10:02"), voice_message=1) == NoOp()


def test_who_is_forgotten_leaves_no_message() -> None:
    platform = stored()
    taken(platform)
    reply = platform.forget_me(at("10:02"), user=f"sms:{CALLEE}")
    assert isinstance(reply, Forgotten) and (reply.bindings, reply.voice_messages) == (1, 1)
    erase = taken(platform)[-1]
    assert getattr(erase, "voice_messages", None) == (1,)
