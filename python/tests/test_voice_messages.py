"""Calls that reached nobody, the recorder, and voice messages on their way (seed 003, steps 102 to 105)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ringfence import (
    AccountId,
    Address,
    Answer,
    Audit,
    BindingChallenge,
    CallBackRequested,
    CallBackRequestedForMerchant,
    CallJudged,
    CallMode,
    Done,
    Effect,
    Evidence,
    HangUp,
    Keyring,
    Line,
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
    Window,
    inputs,
    records,
    simulated,
)
from ringfence.effects import FailedCall, NoOffer, NotOffered, Offered, VoiceMessageEnded, VoiceUndeliverable
from ringfence.evidence import Announcement, FailureReason
from ringfence.inputs import Delivered, Failed
from ringfence.records import CallState
from ringfence.replies import Forgotten, Why

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALLEE = "+8613800000009"
CALLER = "+8613900000001"
ZHANG = "oIBUkuN1zZh_3FvGB-wAXMzRzxE4"
LI = "oIBUkuN2zZh_li"
OFF = Evidence(announcements=(Announcement.POWERED_OFF,))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=SHANGHAI)


EVENING = Window(at("18:00"), at("20:00"))


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


# Calls under a reservation.


def reserved(mode: CallMode, policy: Policy | None = None) -> Platform:
    """The callee has booked the evening, and the merchant calls in this mode."""
    platform = bound(policy)
    platform.register_merchant(at("09:00"), merchant=1, name="商户1", lines=[Line("95511", 1)], zone="Asia/Shanghai", chatbot="sip:1@chatbot.example")
    platform.preset_mode(at("09:00"), merchant=1, mode=mode)
    platform.publish_page(at("09:00"), page=10, merchant=1, offerings={1: "车险"}, windows=[EVENING])
    platform.book(at("09:05"), user=f"rcs:{CALLEE}", page=10, offering=1, window=EVENING)
    taken(platform)
    return platform


def test_a_merchant_whose_user_is_unreachable_leaves_a_message_and_is_called_back() -> None:
    platform = reserved(CallMode.MERCHANT_CALLS)
    assert platform.request_call(at("18:00"), line="95511", reservation=1).is_allow
    taken(platform)
    assert platform.leg_ended(at("18:00:05"), leg=2, evidence=OFF) == Done()
    audit, answer = taken(platform)
    assert isinstance(audit, Audit) and isinstance(audit.record, FailedCall)
    assert (audit.record.leg, audit.record.call, audit.record.ruling) == (1, 1, Offered(1))
    assert isinstance(answer, Answer)
    call = platform.call(1)
    assert call is not None and call.state is CallState.RECORDING
    platform.leg_answered(at("18:00:06"), leg=1)
    platform.recorded(at("18:00:30"), voice_message=1, media=70, seconds=20)
    taken(platform)
    call = platform.call(1)
    assert call is not None and call.state is CallState.ENDED
    send = pushed(platform, at("18:00:30"))
    platform.message_reported(at("18:00:31"), message=send.sequence, status=Delivered())
    taken(platform)
    platform.request_call_back(at("18:10"), account=ZHANG, voice_message=1)
    (asked,) = taken(platform)
    assert isinstance(asked, Send)
    assert asked.content == CallBackRequestedForMerchant(1, "+8613*********", at("18:00:05"), 1)


def test_the_simulated_switch_records_whoever_is_asked_to_speak() -> None:
    platform = reserved(CallMode.PLATFORM_CALLS)
    switch = simulated.Switch(platform, at("17:59"))
    switch.phones["95511"] = [simulated.Answers(), simulated.Answers()]
    switch.phones[CALLEE] = [simulated.Busy(), simulated.Answers(talks=timedelta(minutes=1))]
    switch.run_until(at("18:04"))
    reservation = platform.reservation(1)
    assert reservation is not None and (reservation.attempts, reservation.conversations) == (1, 0)
    assert platform.calls() == () and switch.legs == {}
    opened = platform.open_message(at("18:04"), account=ZHANG, voice_message=1)
    assert isinstance(opened, MessageOpened)
    switch.run_until(at("18:10"))
    reservation = platform.reservation(1)
    assert reservation is not None and reservation.conversations == 1


def test_how_a_message_stands_can_be_asked_for() -> None:
    platform = stored()
    kept = platform.voice_message(1)
    assert isinstance(kept, records.VoiceMessage) and platform.voice_messages() == (1,)
    assert (kept.state, kept.media, kept.seconds, kept.under) == (records.VoiceMessageState.STORED, 70, 23, None)
    assert (kept.callee, kept.caller.number) == (PhoneNumber(CALLEE), PhoneNumber(CALLER))
    assert (kept.road, kept.leg) == (records.Road.WE_CHAT, None)
    assert platform.voice_message(2) is None
    assert CALLER not in repr(kept) and CALLEE not in repr(kept)


def test_the_simulated_switch_has_phones_that_are_off_and_callers_without_a_reservation() -> None:
    platform = reserved(CallMode.MERCHANT_CALLS)
    switch = simulated.Switch(platform, at("18:00"))
    switch.ask(inputs.Follow(account=AccountId(LI)))
    switch.ask(inputs.RequestBinding(account=AccountId(LI), number=PhoneNumber(CALLER)))
    switch.ask(inputs.ConfirmBinding(account=AccountId(LI), number=PhoneNumber(CALLER), code=switch.codes[CALLER]))
    switch.phones[CALLEE] = [simulated.Off()]
    switch.call_in("95511", 1)
    reply = switch.call_fails(None, CALLER)
    assert isinstance(reply, CallJudged) and reply.ruling == Offered(1)
    switch.run_until(at("18:01"))
    assert switch.legs == {}
    for account, message in ((LI, 1), (ZHANG, 2)):
        assert isinstance(platform.open_message(at("18:01"), account=account, voice_message=message), MessageOpened)
    # The pushes were reported delivered: opening them did not make them so.
    assert not any(isinstance(effect, Audit) for effect in taken(platform))
