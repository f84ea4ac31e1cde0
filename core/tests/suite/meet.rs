//! Both halves meet: the user of a call of two is unreachable, and its merchant leaves a message (the manual, *Calls under a reservation*).

use std::collections::BTreeMap;

use crate::common::{MERCHANT, PAGE, at, booked, booking, drain, evening, line, number, user, world};
use ringfence::machines::call::CallState;
use ringfence::values::cause::{FailureReason, FailureReasons};
use ringfence::values::effect::{AuditRecord, Content, Ruling, Send};
use ringfence::values::evidence::{Announcement, Evidence};
use ringfence::values::id::MediaId;
use ringfence::values::input::{
    BlockTarget, Book, CallDiverted, CallFailed, CallTarget, MessageStatus, PublishPage, Recorded, RequestCall, Scope,
};
use ringfence::values::policy::ModeChooser;
use ringfence::values::reply::{Allow, CallJudged, NumberBound, OwnLeg, ReservationState};
use ringfence::{
    AccountId, Action, Address, CallId, CallMode, DenyReason, Keyring, LegId, OfferingId, PhoneNumber, Platform, Policy, Refusal,
    Reply, ReservationId, Timestamp, Verdict, VoiceMessageId, VoiceMessageState, Why,
};

const KEY: &[u8] = b"a key that everybody may know";
const CALL: CallId = CallId::new(1);
/// The merchant's leg, in either mode.
const MERCHANT_LEG: LegId = LegId::new(1);
const USER_LEG: LegId = LegId::new(2);
const VOICE: VoiceMessageId = VoiceMessageId::new(1);
const MEDIA: MediaId = MediaId::new(70);
const BOTH: [CallMode; 2] = [CallMode::MerchantCalls, CallMode::PlatformCalls];

fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::new();
    keyring.load("k1", KEY).unwrap();
    keyring
}

/// The phone of user 1: it is zhang's.
fn phone() -> PhoneNumber {
    user(1).number().unwrap()
}

fn binds(platform: &mut Platform, now: Timestamp, who: &str, phone: PhoneNumber) {
    drain(platform);
    let Ok(Reply::BindingRequested(asked)) = platform.request_binding(now, account(who), phone) else { panic!("refused") };
    let challenge = drain(platform).into_iter().find_map(|action| {
        if let Action::Send(Send { content: Content::BindingChallenge(challenge), .. }) = action { Some(challenge) } else { None }
    });
    let code = platform.code(challenge.unwrap().challenge).unwrap();
    let bound = platform.confirm_binding(now, account(who), phone, code);
    assert_eq!(bound, Ok(Reply::Bound(NumberBound { binding: asked.binding })));
    drain(platform);
}

/// A line with two channels; two accounts follow, and user 1's phone is zhang's.
fn bound(policy: Policy, channels: u32) -> Platform {
    let mut platform = world(policy, channels);
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    for who in ["zhang", "li"] {
        platform.follow(at("09:00:00"), account(who)).unwrap();
    }
    binds(&mut platform, at("09:01:00"), "zhang", phone());
    platform
}

/// User 1's phone rings from 18:00:10 on, in this mode; the merchant is on his leg, which is answered but in merchant mode.
fn rung_on(policy: Policy, channels: u32, mode: CallMode) -> (Platform, ReservationId) {
    let mut platform = bound(policy, channels);
    let reservation = booked(&mut platform, 1, mode);
    match mode {
        CallMode::MerchantCalls => {
            let reply = platform.request_call(at("18:00:10"), line(), reservation);
            assert_eq!(reply, Ok(Reply::Allow(Allow { leg: MERCHANT_LEG, call: CALL })));
        }
        CallMode::PlatformCalls => {
            platform.advance(at("18:00:00"), 10);
            assert_eq!(platform.leg_answered(at("18:00:10"), MERCHANT_LEG), Ok(Reply::Done));
        }
    }
    check(&platform);
    drain(&mut platform);
    (platform, reservation)
}

fn rung(mode: CallMode) -> (Platform, ReservationId) {
    rung_on(Policy::default(), 2, mode)
}

fn said(announcement: Announcement) -> Evidence {
    Evidence { announcements: vec![announcement], ..Evidence::default() }
}

fn powered_off() -> Evidence {
    said(Announcement::PoweredOff)
}

/// His phone is off, at 18:00:12: the merchant is asked to leave a message.
fn asked_on(policy: Policy, channels: u32, mode: CallMode) -> (Platform, ReservationId) {
    let (mut platform, reservation) = rung_on(policy, channels, mode);
    assert_eq!(platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()), Ok(Reply::Done));
    check(&platform);
    drain(&mut platform);
    assert_eq!(call_state(&platform), Some(CallState::Recording));
    (platform, reservation)
}

/// The merchant speaks, since 18:00:13 at the latest.
fn recording_on(policy: Policy, channels: u32, mode: CallMode) -> (Platform, ReservationId) {
    let (mut platform, reservation) = asked_on(policy, channels, mode);
    if mode == CallMode::MerchantCalls {
        assert_eq!(platform.leg_answered(at("18:00:13"), MERCHANT_LEG), Ok(Reply::Done));
        check(&platform);
        drain(&mut platform);
    }
    assert_eq!(voice_state(&platform), Some(VoiceMessageState::Recording));
    (platform, reservation)
}

fn recording(mode: CallMode) -> (Platform, ReservationId) {
    recording_on(Policy::default(), 2, mode)
}

fn with_no_answer() -> Policy {
    diverting(FailureReason::NoAnswer)
}

fn diverting(reason: FailureReason) -> Policy {
    Policy { divert_on: Policy::default().divert_on.and(FailureReasons::of(&[reason])), ..Policy::default() }
}

fn call_state(platform: &Platform) -> Option<CallState> {
    platform.call(CALL).map(|call| call.state)
}

fn voice_state(platform: &Platform) -> Option<VoiceMessageState> {
    platform.voice_message(VOICE).map(|message| message.state)
}

fn attempts(platform: &Platform, id: ReservationId) -> u32 {
    platform.reservation(id).unwrap().attempts
}

fn taken(seconds: u32) -> Recorded {
    Recorded { voice_message: VOICE, media: MEDIA, seconds, is_silent: false }
}

/// It holds what must always hold, and comes back from its snapshot as it was.
fn check(platform: &Platform) {
    platform.check_invariants().unwrap();
    let bytes = platform.snapshot();
    let again = Platform::restore(&bytes, keyring(), 11).unwrap();
    assert_eq!(again.state_hash(), platform.state_hash());
    again.check_invariants().unwrap();
}

/// What is done with legs and messages, and the records of this matter, in a few words each.
fn steps(platform: &mut Platform) -> Vec<String> {
    check(platform);
    drain(platform).iter().filter_map(brief).collect()
}

fn brief(action: &Action) -> Option<String> {
    let prompted = |prompt: Option<_>| prompt.map_or(String::new(), |prompt| format!(" {prompt:?}"));
    Some(match action {
        Action::Audit(audit) => {
            if let AuditRecord::FailedCall(record) = &audit.record {
                let ruling = match record.ruling {
                    Ruling::Offered(offered) => format!("offered {}", offered.voice_message),
                    Ruling::NotOffered(not) => format!("not offered: {:?}", not.why),
                };
                let call = record.call.map_or("no call".into(), |call| format!("call {call}"));
                format!("failed_call {} {call} {:?} {ruling}", record.leg, record.reason)
            } else if let AuditRecord::VoiceMessageEnded(record) = &audit.record {
                format!("ended {:?}", record.outcome)
            } else if let AuditRecord::LegLost(record) = &audit.record {
                format!("lost {}", record.leg)
            } else {
                return None;
            }
        }
        Action::Dial(dial) => format!("dial {} {}", dial.leg, if dial.to == line() { "line" } else { "user" }),
        Action::Answer(answer) => format!("answer {}", answer.leg),
        Action::Reject(reject) => format!("reject {} {:?}", reject.leg, reject.cause),
        Action::Play(play) => format!("play {} {:?}", play.leg, play.prompt),
        Action::Join(join) => format!("join {}", join.leg),
        Action::HangUp(hang_up) => format!("hang_up {} {:?}{}", hang_up.leg, hang_up.cause, prompted(hang_up.prompt)),
        Action::Record(record) => format!("record {} {} {:?}", record.leg, record.voice_message, record.reason),
        Action::Erase(erase) => format!("erase {:?} {:?}", erase.media, erase.voice_messages),
        Action::Send(send) => {
            let content = format!("{:?}", send.content);
            format!("send {}", content.split('(').next().unwrap())
        }
        Action::Transcribe(_) | Action::Archive(_) | Action::ArchiveVoiceMessage(_) => return None,
    })
}

// ---- from the failure to what is heard ----

#[test]
fn the_platform_called_a_busy_user_and_its_merchant_leaves_a_message_and_is_called_for_him_again() {
    let (mut platform, reservation) = rung(CallMode::PlatformCalls);
    assert_eq!(platform.leg_ended(at("18:00:12"), USER_LEG, said(Announcement::Busy)), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["failed_call 1 call 1 Busy offered 1", "record 1 1 Busy"]);
    assert_eq!(call_state(&platform), Some(CallState::Recording));
    let known = platform.reservation(reservation).unwrap();
    assert_eq!((known.state, known.attempts), (ReservationState::Open, 1), "an attempt, and it may be called again");
    // Sixty seconds to speak, thirty for the report, ten to begin.
    assert_eq!(platform.poll_deadline(), Some((at("18:01:52"), Why::VoiceMessageEnds(VOICE))));

    assert_eq!(platform.recorded(at("18:00:40"), taken(20)), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 Normal MessageTaken"]);
    assert_eq!(call_state(&platform), Some(CallState::Ended));
    assert_eq!(platform.leg_ended(at("18:00:41"), MERCHANT_LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!((call_state(&platform), platform.leg(MERCHANT_LEG)), (None, None));
    assert_eq!(attempts(&platform, reservation), 1, "nothing is counted twice");

    platform.advance(at("18:00:41"), 10);
    assert_eq!(steps(&mut platform), ["send VoiceMessage"]);
    platform.advance(at("18:05:12"), 10);
    assert_eq!(steps(&mut platform), ["dial 3 line"], "five minutes after the attempt");
}

#[test]
fn a_merchant_who_called_is_answered_for_the_recorder_and_told_which_reservation_calls_back() {
    let (mut platform, reservation) = rung(CallMode::MerchantCalls);
    assert_eq!(platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["failed_call 1 call 1 PoweredOff offered 1", "answer 1"]);
    assert_eq!(platform.poll_deadline(), Some((at("18:00:22"), Why::VoiceMessageEnds(VOICE))), "ten seconds to answer");
    assert_eq!(platform.leg_answered(at("18:00:13"), MERCHANT_LEG), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["record 1 1 PoweredOff"]);
    assert_eq!(platform.leg_answered(at("18:00:13"), MERCHANT_LEG), Ok(Reply::NoOp));
    assert_eq!(platform.leg_progress(at("18:00:14"), MERCHANT_LEG), Ok(Reply::NoOp));
    assert_eq!(platform.play_finished(at("18:00:15"), MERCHANT_LEG), Ok(Reply::NoOp));
    assert_eq!(platform.recorded(at("18:00:40"), taken(20)), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 Normal MessageTaken"]);
    let message = platform.voice_message(VOICE).unwrap();
    assert_eq!((message.callee, message.caller.number), (phone(), Some(line())));
    assert_eq!(message.caller.merchant_name.as_deref(), Some("商户1"));
    let under = message.under.unwrap();
    assert_eq!((under.call, under.reservation), (CALL, reservation));

    platform.advance(at("18:00:40"), 10);
    let sequence = std::iter::from_fn(|| platform.poll_effect()).last().unwrap().sequence;
    assert_eq!(platform.message_reported(at("18:00:41"), sequence, MessageStatus::Delivered), Ok(Reply::Done));
    assert!(platform.open_message(at("18:10:00"), account("zhang"), VOICE).is_ok());
    assert_eq!(platform.request_call_back(at("18:10:05"), account("zhang"), VOICE), Ok(Reply::Done));
    let told = drain(&mut platform).into_iter().find_map(|action| {
        if let Action::Send(Send { to, content: Content::CallBackRequestedForMerchant(note), .. }) = action {
            Some((to, note))
        } else {
            None
        }
    });
    let (to, note) = told.unwrap();
    assert!(matches!(to, Address::Chatbot(_)), "{to:?}");
    assert_eq!((note.reservation, note.number), (Some(reservation), phone().masked()));
}

#[test]
fn a_merchant_whose_leg_was_answered_before_speaks_at_once() {
    let (mut platform, _) = rung(CallMode::MerchantCalls);
    assert_eq!(platform.leg_answered(at("18:00:11"), MERCHANT_LEG), Ok(Reply::Done));
    assert_eq!(platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["failed_call 1 call 1 PoweredOff offered 1", "record 1 1 PoweredOff"]);
    assert_eq!(voice_state(&platform), Some(VoiceMessageState::Recording));
}

#[test]
fn the_four_reasons_ask_in_both_modes_and_no_other_does() {
    let asks = [Announcement::Busy, Announcement::PoweredOff, Announcement::OutOfServiceArea, Announcement::Suspended];
    let ends = [Announcement::NoAnswer, Announcement::Rejected, Announcement::InvalidNumber, Announcement::NetworkBusy];
    for mode in BOTH {
        for announcement in asks {
            let (mut platform, _) = rung(mode);
            platform.leg_ended(at("18:00:12"), USER_LEG, said(announcement)).unwrap();
            check(&platform);
            assert_eq!(call_state(&platform), Some(CallState::Recording), "{mode:?} {announcement:?}");
        }
        for announcement in ends {
            let (mut platform, reservation) = rung(mode);
            platform.leg_ended(at("18:00:12"), USER_LEG, said(announcement)).unwrap();
            assert!(matches!(call_state(&platform), None | Some(CallState::Ended)), "{mode:?} {announcement:?}");
            let steps = steps(&mut platform);
            assert!(!steps.iter().any(|step| step.starts_with("failed_call")), "nobody is asked: {steps:?}");
            assert_eq!(attempts(&platform, reservation), 1);
        }
    }
}

#[test]
fn a_user_who_answered_or_was_not_dialled_asks_for_nothing() {
    for mode in BOTH {
        let (mut platform, _) = rung(mode);
        platform.leg_answered(at("18:00:12"), USER_LEG).unwrap();
        drain(&mut platform);
        platform.leg_ended(at("18:00:13"), USER_LEG, said(Announcement::Busy)).unwrap();
        let steps = steps(&mut platform);
        assert!(!steps.iter().any(|step| step.starts_with("failed_call")), "{steps:?}");
    }
    // Whatever a dial that was not carried out could mean.
    let mut platform = bound(diverting(FailureReason::Unknown), 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:10"), line(), reservation).unwrap();
    let dial = std::iter::from_fn(|| platform.poll_effect()).find(|effect| effect.action.is_dial()).unwrap();
    assert_eq!(platform.effect_failed(at("18:00:11"), dial.sequence), Ok(Reply::Done));
    assert_eq!(steps(&mut platform).last().map(String::as_str), Some("reject 1 UserUnreachable"));
    assert_eq!(platform.voice_messages(), []);
}

#[test]
fn a_leg_that_is_lost_means_what_no_evidence_means() {
    for (policy, is_asked) in [(Policy::default(), false), (diverting(FailureReason::Unknown), true)] {
        let (mut platform, _) = rung_on(policy, 2, CallMode::PlatformCalls);
        platform.leg_progress(at("18:00:11"), USER_LEG).unwrap();
        platform.resync(at("18:00:12"), vec![MERCHANT_LEG]).unwrap();
        let expected: &[&str] = match is_asked {
            true => &["lost 2", "failed_call 1 call 1 Unknown offered 1", "record 1 1 Unknown"],
            false => &["lost 2", "hang_up 1 UserUnreachable UserUnreachable"],
        };
        assert_eq!(steps(&mut platform), expected);
    }
}

#[test]
fn a_dial_that_the_switch_never_began_asks_for_nothing_when_its_leg_is_lost() {
    let mut platform = bound(diverting(FailureReason::Unknown), 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:10"), line(), reservation).unwrap();
    // Nothing is confirmed: the `dial` is voided, and its leg is not there.
    platform.resync(at("18:00:12"), vec![MERCHANT_LEG]).unwrap();
    assert_eq!(steps(&mut platform), ["lost 2", "reject 1 UserUnreachable"]);
    let known = platform.reservation(reservation).unwrap();
    assert_eq!((known.attempts, known.platform_failures), (0, 1));
}

#[test]
fn evidence_that_leaves_it_open_asks_only_when_every_candidate_is_diverted_on() {
    let open = Evidence { announcements: vec![Announcement::PoweredOff, Announcement::NoAnswer], ..Evidence::default() };
    for (policy, is_asked) in [(Policy::default(), false), (with_no_answer(), true)] {
        let (mut platform, _) = rung_on(policy, 2, CallMode::PlatformCalls);
        platform.leg_ended(at("18:00:12"), USER_LEG, open.clone()).unwrap();
        check(&platform);
        assert_eq!(call_state(&platform) == Some(CallState::Recording), is_asked);
    }
}

#[test]
fn a_full_outbox_keeps_nobody_from_being_asked() {
    let (mut platform, reservation) = rung_on(Policy { outbox_max: 100, ..Policy::default() }, 2, CallMode::PlatformCalls);
    while platform.request_call(at("18:00:11"), line(), reservation).is_ok() {}
    assert!(platform.unconfirmed() > 97);
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    let steps = steps(&mut platform);
    assert_eq!(steps[steps.len() - 2..], ["failed_call 1 call 1 PoweredOff offered 1", "record 1 1 PoweredOff"]);
}

// ---- who is not offered ----

#[test]
fn a_merchant_who_is_not_offered_ends_as_he_would_have_at_first_after_the_record() {
    for (mode, end) in
        [(CallMode::MerchantCalls, "reject 1 UserBusy"), (CallMode::PlatformCalls, "hang_up 1 UserBusy UserUnreachable")]
    {
        let (mut platform, reservation) = rung(mode);
        platform.unbind(at("18:00:11"), account("zhang"), phone()).unwrap();
        drain(&mut platform);
        platform.leg_ended(at("18:00:12"), USER_LEG, said(Announcement::Busy)).unwrap();
        assert_eq!(steps(&mut platform), ["failed_call 1 call 1 Busy not offered: Unbound", end]);
        assert_eq!(attempts(&platform, reservation), 1);
        assert!(matches!(call_state(&platform), None | Some(CallState::Ended)));
        let known = platform.reservation(reservation).unwrap();
        assert_eq!(known.state, ReservationState::Open);
        assert_eq!(known.eligible_at, at("18:05:12"));
    }
}

#[test]
fn a_binding_that_waits_for_its_account_offers_nothing() {
    let (mut platform, _) = rung(CallMode::MerchantCalls);
    platform.unfollow(at("18:00:11"), account("zhang")).unwrap();
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    assert_eq!(steps(&mut platform), ["failed_call 1 call 1 PoweredOff not offered: Unbound", "reject 1 UserUnreachable"]);
}

#[test]
fn whoever_blocks_the_merchant_while_the_ring_time_is_over_unnoticed_is_left_no_message() {
    let (mut platform, _) = rung_on(with_no_answer(), 2, CallMode::MerchantCalls);
    // The block settles the ring time first, and is heeded when the merchant would be asked.
    platform.block(at("18:01:00"), user(1), BlockTarget::Merchant(MERCHANT)).unwrap();
    let steps = steps(&mut platform);
    assert_eq!(steps.first().map(String::as_str), Some("hang_up 2 NoAnswer"));
    assert_eq!(steps[steps.len() - 2..], ["failed_call 1 call 1 NoAnswer not offered: Blocked", "reject 1 NoAnswer"]);
}

#[test]
fn there_is_no_room_while_as_many_are_kept_or_connected_as_may_be() {
    let full = [
        Policy { failed_calls_max: 1, ..Policy::default() },
        Policy { voice_messages_max: 1, ..Policy::default() },
        Policy { voice_messages_per_callee_max: 1, ..Policy::default() },
    ];
    for policy in full {
        let mut platform = bound(policy, 2);
        let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
        platform.request_call(at("18:00:10"), line(), reservation).unwrap();
        let other =
            CallFailed { caller: Some(number("+8613900000001")), callee: phone(), evidence: powered_off(), is_answered: false };
        let reply = platform.call_failed(at("18:00:11"), other.clone());
        assert!(matches!(reply, Ok(Reply::FailedCall(CallJudged { ruling: Ruling::Offered(_), .. }))), "{reply:?}");
        drain(&mut platform);
        platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
        assert_eq!(steps(&mut platform), ["failed_call 1 call 1 PoweredOff not offered: Full", "reject 1 UserUnreachable"]);
    }
    // And a merchant who is there counts for others.
    let (mut platform, _) = asked_on(Policy { failed_calls_max: 1, ..Policy::default() }, 2, CallMode::PlatformCalls);
    let other = CallFailed { caller: None, callee: user(2).number().unwrap(), evidence: powered_off(), is_answered: false };
    assert!(matches!(platform.call_failed(at("18:00:13"), other), Err(Refusal::Limit { .. })));
}

#[test]
fn what_is_over_and_unnoticed_stands_in_nobodys_way() {
    let mut platform = bound(Policy { failed_calls_max: 1, ..Policy::default() }, 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    let other = CallFailed { caller: None, callee: phone(), evidence: powered_off(), is_answered: false };
    platform.call_failed(at("17:59:00"), other).unwrap();
    platform.request_call(at("18:00:10"), line(), reservation).unwrap();
    drain(&mut platform);
    platform.leg_ended(at("18:00:12"), LegId::new(3), powered_off()).unwrap();
    assert_eq!(
        steps(&mut platform),
        ["hang_up 1 UserUnreachable", "ended Abandoned(NotAnswered)", "failed_call 2 call 1 PoweredOff offered 2", "answer 2"]
    );
}

#[test]
fn rules_that_divert_on_nothing_are_heeded_from_their_input_on() {
    let (mut platform, _) = rung(CallMode::MerchantCalls);
    platform.set_policy(at("18:00:11"), Policy { divert_on: FailureReasons::NONE, ..Policy::default() }).unwrap();
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    assert_eq!(steps(&mut platform), ["reject 1 UserUnreachable"]);
    // Whoever was offered the recorder before keeps it.
    let (mut platform, _) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    platform.set_policy(at("18:00:12"), Policy { divert_on: FailureReasons::NONE, ..Policy::default() }).unwrap();
    platform.leg_answered(at("18:00:13"), MERCHANT_LEG).unwrap();
    assert_eq!(steps(&mut platform), ["record 1 1 PoweredOff"]);
}

#[test]
fn a_merchant_who_is_gone_by_then_is_not_asked() {
    // The ring time is over before his own end is reported: it comes first, and he is gone when it would come to him.
    let (mut platform, reservation) = rung_on(with_no_answer(), 2, CallMode::PlatformCalls);
    platform.leg_ended(at("18:01:00"), MERCHANT_LEG, Evidence::default()).unwrap();
    assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer"]);
    assert_eq!((attempts(&platform, reservation), call_state(&platform)), (1, Some(CallState::Ended)));
    // Both are lost.
    let (mut platform, reservation) = rung_on(diverting(FailureReason::Unknown), 2, CallMode::MerchantCalls);
    platform.resync(at("18:00:12"), vec![]).unwrap();
    let steps = steps(&mut platform);
    assert!(!steps.iter().any(|step| step.starts_with("failed_call")), "{steps:?}");
    assert_eq!((attempts(&platform, reservation), call_state(&platform)), (1, None));
}

// ---- the ring time ----

#[test]
fn the_end_of_the_ring_time_asks_where_no_answer_is_diverted_on() {
    for (mode, asked) in [(CallMode::MerchantCalls, "answer 1"), (CallMode::PlatformCalls, "record 1 1 NoAnswer")] {
        let (mut platform, reservation) = rung_on(with_no_answer(), 2, mode);
        platform.leg_progress(at("18:00:11"), USER_LEG).unwrap();
        assert_eq!(platform.poll_deadline(), Some((at("18:00:55"), Why::RingTimeout(USER_LEG))));
        assert_eq!(platform.advance(at("18:00:55"), 1).fired, 1);
        assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer", "failed_call 1 call 1 NoAnswer offered 1", asked]);
        assert_eq!(attempts(&platform, reservation), 1);
        // His answer crosses the hang-up, and is never joined.
        assert_eq!(platform.leg_answered(at("18:00:56"), USER_LEG), Ok(Reply::Done));
        assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer"]);
        assert_eq!(platform.leg_ended(at("18:00:57"), USER_LEG, said(Announcement::Busy)), Ok(Reply::Done));
        assert_eq!(steps(&mut platform), [""; 0]);
        assert_eq!((call_state(&platform), attempts(&platform, reservation)), (Some(CallState::Recording), 1));
        assert_eq!(platform.voice_messages(), [VOICE]);
    }
    let (mut platform, _) = rung(CallMode::MerchantCalls);
    platform.advance(at("18:00:55"), 1);
    assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer", "reject 1 NoAnswer"]);
}

#[test]
fn an_input_that_is_refused_asks_all_the_same_when_it_settles_a_ring_time() {
    let (mut platform, reservation) = rung_on(with_no_answer(), 2, CallMode::MerchantCalls);
    let refused = platform.merchant_ready(at("18:01:00"), MERCHANT, reservation);
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer", "failed_call 1 call 1 NoAnswer offered 1", "answer 1"]);
}

#[test]
fn an_inbound_leg_that_is_reported_answered_in_the_same_input_speaks_at_once() {
    let (mut platform, _) = rung_on(with_no_answer(), 2, CallMode::MerchantCalls);
    assert_eq!(platform.leg_answered(at("18:01:00"), MERCHANT_LEG), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 2 NoAnswer", "failed_call 1 call 1 NoAnswer offered 1", "record 1 1 NoAnswer"]);
}

#[test]
fn the_grace_of_the_users_leg_and_the_end_of_its_recording_take_turns() {
    let (mut platform, reservation) = rung_on(with_no_answer(), 2, CallMode::PlatformCalls);
    platform.advance(at("18:00:55"), 1);
    drain(&mut platform);
    assert_eq!(platform.poll_deadline(), Some((at("18:01:25"), Why::ReleaseGrace(USER_LEG))));
    platform.advance(at("18:01:25"), 1);
    assert_eq!(steps(&mut platform), ["lost 2"]);
    assert_eq!((call_state(&platform), attempts(&platform, reservation)), (Some(CallState::Recording), 1));
    assert_eq!(platform.poll_deadline(), Some((at("18:02:35"), Why::VoiceMessageEnds(VOICE))));
    platform.advance(at("18:02:35"), 1);
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable RecordFailed", "ended Abandoned(NoReport)"]);
    assert_eq!(platform.poll_deadline().map(|(_, why)| why), Some(Why::ReleaseGrace(MERCHANT_LEG)));
    platform.advance(at("18:03:05"), 1);
    assert_eq!(steps(&mut platform), ["lost 1"]);
    assert_eq!((call_state(&platform), attempts(&platform, reservation)), (None, 1));
}

// ---- the merchant hangs up, and what fails ----

#[test]
fn a_merchant_who_hangs_up_before_he_speaks_leaves_nothing() {
    let (mut platform, reservation) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    assert_eq!(platform.leg_ended(at("18:00:13"), MERCHANT_LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["ended Abandoned(CallerGone)"]);
    assert_eq!((call_state(&platform), attempts(&platform, reservation)), (None, 1));
    assert_eq!(platform.leg_ended(at("18:00:13"), MERCHANT_LEG, Evidence::default()), Ok(Reply::NoOp));
}

#[test]
fn a_merchant_who_hangs_up_while_he_speaks_leaves_what_he_said() {
    for mode in BOTH {
        let (mut platform, reservation) = recording(mode);
        assert_eq!(platform.leg_ended(at("18:00:30"), MERCHANT_LEG, Evidence::default()), Ok(Reply::Done));
        assert_eq!(steps(&mut platform), [""; 0]);
        assert_eq!((call_state(&platform), voice_state(&platform)), (None, Some(VoiceMessageState::Recording)));
        assert_eq!(platform.poll_deadline(), Some((at("18:01:00"), Why::VoiceMessageEnds(VOICE))));
        assert_eq!(platform.recorded(at("18:00:31"), taken(15)), Ok(Reply::Done));
        assert_eq!(voice_state(&platform), Some(VoiceMessageState::Stored));
        assert_eq!(steps(&mut platform), [""; 0], "nobody is there to be hung up");
        assert_eq!(attempts(&platform, reservation), 1);
    }
}

#[test]
fn silence_and_too_little_are_no_message() {
    for (recorded, outcome) in
        [(taken(1), "ended Abandoned(TooShort)"), (Recorded { is_silent: true, ..taken(20) }, "ended Abandoned(Silent)")]
    {
        let (mut platform, _) = recording(CallMode::PlatformCalls);
        assert_eq!(platform.recorded(at("18:00:20"), recorded), Ok(Reply::Done));
        let erased = format!("erase [{MEDIA:?}] []");
        assert_eq!(steps(&mut platform), ["hang_up 1 Normal NothingRecorded", outcome, &erased]);
        assert_eq!(call_state(&platform), Some(CallState::Ended));
    }
}

#[test]
fn a_recorder_that_fails_hangs_up_and_the_call_is_over() {
    let (mut platform, _) = recording(CallMode::MerchantCalls);
    assert_eq!(platform.record_failed(at("18:00:20"), VOICE), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable RecordFailed", "ended Abandoned(RecordFailed)"]);
    assert_eq!(call_state(&platform), Some(CallState::Ended));
    let (mut platform, _) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    assert_eq!(platform.record_failed(at("18:00:13"), VOICE), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable", "ended Abandoned(RecordFailed)"]);
    // His leg was unanswered; its answer crosses the hang-up.
    assert_eq!(platform.leg_answered(at("18:00:14"), MERCHANT_LEG), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable"]);
    assert_eq!(platform.leg_ended(at("18:00:15"), MERCHANT_LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!(call_state(&platform), None);
}

/// The last effect that was emitted, unconfirmed.
fn last_effect(platform: &mut Platform) -> u64 {
    std::iter::from_fn(|| platform.poll_effect()).last().unwrap().sequence
}

#[test]
fn an_answer_that_was_not_carried_out_is_hung_up_since_it_was_asked_for() {
    let (mut platform, _) = rung(CallMode::MerchantCalls);
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    let answer = last_effect(&mut platform);
    assert_eq!(platform.effect_failed(at("18:00:13"), answer), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable", "ended Abandoned(RecordFailed)"]);
    assert_eq!(call_state(&platform), Some(CallState::Ended));
    assert_eq!(platform.effect_failed(at("18:00:13"), answer), Ok(Reply::NoOp));
}

#[test]
fn a_record_that_was_not_carried_out_ends_as_a_recorder_that_failed() {
    let (mut platform, _) = rung(CallMode::PlatformCalls);
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    let record = last_effect(&mut platform);
    assert_eq!(platform.effect_failed(at("18:00:13"), record), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable RecordFailed", "ended Abandoned(RecordFailed)"]);
    assert_eq!(call_state(&platform), Some(CallState::Ended));
}

#[test]
fn an_answer_that_nobody_reports_ends_the_offer_and_the_call() {
    let (mut platform, _) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    // The report comes when the time is over: it is settled first, and the leg is hung up once more.
    assert_eq!(platform.leg_answered(at("18:00:22"), MERCHANT_LEG), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable", "ended Abandoned(NotAnswered)", "hang_up 1 UserUnreachable"]);
    assert_eq!(call_state(&platform), Some(CallState::Ended));
}

#[test]
fn a_hang_up_that_crosses_the_merchants_own_leaves_nothing_behind() {
    let (mut platform, _) = recording(CallMode::PlatformCalls);
    platform.recorded(at("18:00:40"), taken(20)).unwrap();
    drain(&mut platform);
    assert_eq!(platform.leg_ended(at("18:00:40"), MERCHANT_LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), [""; 0]);
    assert_eq!((call_state(&platform), platform.legs()), (None, vec![]));
}

#[test]
fn a_recording_that_comes_after_its_end_is_erased() {
    let (mut platform, _) = recording(CallMode::PlatformCalls);
    platform.record_failed(at("18:00:20"), VOICE).unwrap();
    drain(&mut platform);
    assert_eq!(platform.recorded(at("18:00:25"), taken(10)), Ok(Reply::Done));
    assert_eq!(steps(&mut platform), [format!("erase [{MEDIA:?}] []")]);
}

#[test]
fn evidence_out_of_range_is_refused_before_anything_is_settled() {
    let (mut platform, _) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    let wrong = Evidence { sip_status: Some(99), ..Evidence::default() };
    assert!(matches!(platform.leg_ended(at("18:10:00"), MERCHANT_LEG, wrong), Err(Refusal::Invalid { .. })));
    assert_eq!(voice_state(&platform), Some(VoiceMessageState::Offered));
}

// ---- a switch that comes back ----

#[test]
fn a_switch_that_comes_back_without_the_leg_keeps_what_was_said() {
    for mode in BOTH {
        let (mut platform, _) = recording(mode);
        platform.resync(at("18:00:20"), vec![]).unwrap();
        assert_eq!(steps(&mut platform), ["lost 1"]);
        assert_eq!((call_state(&platform), voice_state(&platform)), (None, Some(VoiceMessageState::Recording)));
        assert_eq!(platform.poll_deadline(), Some((at("18:00:50"), Why::VoiceMessageEnds(VOICE))));
    }
    let (mut platform, _) = asked_on(Policy::default(), 2, CallMode::MerchantCalls);
    platform.resync(at("18:00:20"), vec![]).unwrap();
    assert_eq!(steps(&mut platform), ["lost 1", "ended Abandoned(CallerGone)"]);
}

#[test]
fn a_switch_that_comes_back_with_the_leg_goes_on_unless_it_was_not_told() {
    for mode in BOTH {
        let (mut platform, _) = recording(mode);
        platform.resync(at("18:00:20"), vec![MERCHANT_LEG]).unwrap();
        assert_eq!(steps(&mut platform), [""; 0]);
        assert_eq!(call_state(&platform), Some(CallState::Recording));
    }
    // Its `record`, or its `answer`, was not confirmed: nobody knows whether it was done.
    for (mode, end) in [
        (CallMode::MerchantCalls, "hang_up 1 UserUnreachable"),
        (CallMode::PlatformCalls, "hang_up 1 UserUnreachable RecordFailed"),
    ] {
        let (mut platform, _) = rung(mode);
        platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
        platform.resync(at("18:00:20"), vec![MERCHANT_LEG]).unwrap();
        let steps = steps(&mut platform);
        assert_eq!(steps, ["failed_call 1 call 1 PoweredOff offered 1", end, "ended Abandoned(RecordFailed)"]);
        assert_eq!(call_state(&platform), Some(CallState::Ended));
    }
}

#[test]
fn a_play_that_was_voided_is_none_of_the_recorders() {
    let mut platform = bound(with_no_answer(), 2);
    booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 10);
    platform.leg_answered(at("18:00:10"), MERCHANT_LEG).unwrap();
    // Nothing of it is confirmed when the switch comes back: the `play` to the merchant is voided, and his user's ring time is over.
    platform.resync(at("18:01:00"), vec![MERCHANT_LEG, USER_LEG]).unwrap();
    assert_eq!(
        steps(&mut platform),
        // The user's leg was releasing by then, and the switch has it still.
        ["hang_up 2 NoAnswer", "failed_call 1 call 1 NoAnswer offered 1", "record 1 1 NoAnswer", "hang_up 2 Unknown"]
    );
    assert_eq!(call_state(&platform), Some(CallState::Recording));
}

#[test]
fn a_recording_whose_time_was_over_before_the_switch_came_back_is_hung_up_again() {
    let (mut platform, _) = recording(CallMode::PlatformCalls);
    platform.resync(at("18:02:00"), vec![MERCHANT_LEG]).unwrap();
    assert_eq!(
        steps(&mut platform),
        ["hang_up 1 UserUnreachable RecordFailed", "ended Abandoned(NoReport)", "hang_up 1 Unknown"]
    );
}

// ---- what does not touch it, and what does ----

#[test]
fn a_call_that_began_as_a_shared_one_never_asks_whoever_is_left() {
    let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() };
    let mut platform = bound(policy, 2);
    let page = PublishPage {
        windows: vec![evening()],
        group_size_max: Some(3),
        ..PublishPage::new(PAGE, MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
    };
    platform.publish_page(at("09:02:00"), page).unwrap();
    for last in [1, 2] {
        let book = Book { share: true, ..booking(last) };
        assert!(matches!(platform.book(at("09:05:00"), book), Ok(Reply::Booked(_))));
    }
    platform.advance(at("18:00:00"), 10);
    platform.leg_answered(at("18:00:05"), MERCHANT_LEG).unwrap();
    drain(&mut platform);
    assert_eq!(platform.call(CALL).unwrap().members.len(), 2);
    platform.leg_ended(at("18:00:10"), LegId::new(3), said(Announcement::NoAnswer)).unwrap();
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    assert_eq!(steps(&mut platform), ["hang_up 1 UserUnreachable UserUnreachable"]);
    assert_eq!(platform.voice_messages(), []);
}

#[test]
fn a_reservation_that_closes_by_its_last_attempt_leaves_its_merchant_speaking() {
    let (mut platform, reservation) = rung_on(Policy { attempts_max: 1, ..Policy::default() }, 2, CallMode::PlatformCalls);
    platform.leg_ended(at("18:00:12"), USER_LEG, powered_off()).unwrap();
    assert_eq!(
        steps(&mut platform),
        ["send Missed", "send MissedForMerchant", "failed_call 1 call 1 PoweredOff offered 1", "record 1 1 PoweredOff"]
    );
    assert_eq!(platform.reservation(reservation).unwrap().state, ReservationState::Closed);
    platform.recorded(at("18:00:40"), taken(20)).unwrap();
    platform.leg_ended(at("18:00:41"), MERCHANT_LEG, Evidence::default()).unwrap();
    check(&platform);
    assert_eq!((call_state(&platform), attempts(&platform, reservation)), (None, 1));
    assert_eq!(voice_state(&platform), Some(VoiceMessageState::Stored));
}

#[test]
fn a_reservation_whose_retention_is_over_waits_for_its_call() {
    let policy = Policy { attempts_max: 1, retention_s: 1, ..Policy::default() };
    let (mut platform, reservation) = recording_on(policy, 2, CallMode::PlatformCalls);
    platform.advance(at("18:00:30"), 10);
    assert!(platform.reservation(reservation).is_some(), "its call is not gone");
    platform.leg_ended(at("18:00:31"), MERCHANT_LEG, Evidence::default()).unwrap();
    platform.advance(at("18:00:32"), 10);
    check(&platform);
    assert!(platform.reservation(reservation).is_none());
    // What he said keeps its id.
    assert_eq!(platform.voice_message(VOICE).unwrap().under.unwrap().reservation, reservation);
}

#[test]
fn its_user_may_be_called_anew_on_another_channel_while_its_merchant_speaks() {
    let policy = Policy { retry_spacing_s: 10, ..Policy::default() };
    let (mut platform, reservation) = recording_on(policy.clone(), 2, CallMode::PlatformCalls);
    platform.advance(at("18:00:22"), 10);
    assert_eq!(steps(&mut platform), ["dial 3 line"]);
    assert_eq!(platform.calls().len(), 2);
    platform.leg_answered(at("18:00:25"), LegId::new(3)).unwrap();
    drain(&mut platform);
    platform.leg_answered(at("18:00:28"), LegId::new(4)).unwrap();
    assert_eq!(steps(&mut platform), ["join 3", "join 4"]);
    assert_eq!(call_state(&platform), Some(CallState::Recording), "both go on");
    platform.recorded(at("18:00:40"), taken(20)).unwrap();
    assert_eq!(steps(&mut platform), ["hang_up 1 Normal MessageTaken"]);
    assert_eq!(platform.reservation(reservation).unwrap().state, ReservationState::InCall);

    // A line with one channel serves nobody until it is free.
    let (mut platform, _) = recording_on(policy, 1, CallMode::PlatformCalls);
    platform.advance(at("18:00:22"), 10);
    assert_eq!(steps(&mut platform), [""; 0]);
    platform.recorded(at("18:00:40"), taken(20)).unwrap();
    platform.advance(at("18:00:40"), 10);
    let pushed = steps(&mut platform);
    assert_eq!(pushed, ["hang_up 1 Normal MessageTaken", "send VoiceMessage"], "his leg is not gone yet");
    platform.leg_ended(at("18:00:41"), MERCHANT_LEG, Evidence::default()).unwrap();
    platform.advance(at("18:00:41"), 10);
    assert_eq!(steps(&mut platform), ["dial 3 line"]);
}

#[test]
fn a_second_failure_under_the_same_reservation_is_a_second_message() {
    let policy = Policy { retry_spacing_s: 10, ..Policy::default() };
    let (mut platform, reservation) = recording_on(policy, 2, CallMode::PlatformCalls);
    platform.advance(at("18:00:22"), 10);
    platform.leg_answered(at("18:00:25"), LegId::new(3)).unwrap();
    drain(&mut platform);
    platform.leg_ended(at("18:00:28"), LegId::new(4), said(Announcement::Busy)).unwrap();
    assert_eq!(steps(&mut platform), ["failed_call 3 call 2 Busy offered 2", "record 3 2 Busy"]);
    assert_eq!(attempts(&platform, reservation), 2);
    let states: Vec<_> = platform.calls().into_iter().map(|call| platform.call(call).unwrap().state).collect();
    assert_eq!(states, [CallState::Recording; 2]);
}

#[test]
fn neither_a_cancel_nor_a_freeze_nor_the_end_of_the_window_cuts_a_recording() {
    type Change = fn(&mut Platform, ReservationId);
    let changes: [Change; 5] = [
        |platform, reservation| {
            platform.cancel(at("18:00:14"), user(1), reservation).unwrap();
        },
        |platform, reservation| {
            platform.decline(at("18:00:14"), MERCHANT, reservation, None).unwrap();
        },
        |platform, _| {
            platform.freeze(at("18:00:14"), Scope::Platform, "张三", "演练").unwrap();
        },
        |platform, _| {
            platform.block(at("18:00:14"), user(1), BlockTarget::Merchant(MERCHANT)).unwrap();
        },
        |platform, _| {
            platform.import_do_not_call(at("18:00:14"), vec![phone()], vec![]).unwrap();
        },
    ];
    for change in changes {
        for mode in BOTH {
            let (mut platform, reservation) = recording(mode);
            change(&mut platform, reservation);
            let steps = steps(&mut platform);
            assert!(!steps.iter().any(|step| step.contains("hang_up") || step.contains("reject")), "{steps:?}");
            assert_eq!(call_state(&platform), Some(CallState::Recording));
            platform.recorded(at("18:00:40"), taken(20)).unwrap();
            check(&platform);
            assert_eq!(
                (call_state(&platform), voice_state(&platform)),
                (Some(CallState::Ended), Some(VoiceMessageState::Stored))
            );
        }
    }
    // The window's end.
    let mut platform = bound(Policy::default(), 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("19:59:40"), line(), reservation).unwrap();
    platform.leg_ended(at("19:59:45"), USER_LEG, powered_off()).unwrap();
    platform.leg_answered(at("19:59:46"), MERCHANT_LEG).unwrap();
    drain(&mut platform);
    platform.advance(at("20:00:00"), 10);
    assert_eq!(steps(&mut platform), ["send Missed", "send MissedForMerchant"]);
    assert_eq!(call_state(&platform), Some(CallState::Recording));
    platform.recorded(at("20:00:10"), taken(20)).unwrap();
    assert_eq!(steps(&mut platform), ["hang_up 1 Normal MessageTaken"]);
}

#[test]
fn the_end_of_the_binding_cuts_it_whyever_it_ends() {
    type End = fn(&mut Platform);
    let ends: [(End, &str); 3] = [
        (
            |platform| {
                platform.unbind(at("18:00:14"), account("zhang"), phone()).unwrap();
            },
            "Unbound",
        ),
        (
            |platform| {
                platform.forget_me(at("18:00:14"), user(1)).unwrap();
            },
            "Forgotten",
        ),
        (
            |platform| {
                let Ok(Reply::BindingRequested(_)) = platform.request_binding(at("18:00:14"), account("li"), phone()) else {
                    panic!("refused")
                };
                let challenge = drain(platform).into_iter().find_map(|action| {
                    if let Action::Send(Send { content: Content::BindingChallenge(challenge), .. }) = action {
                        Some(challenge.challenge)
                    } else {
                        None
                    }
                });
                let code = platform.code(challenge.unwrap()).unwrap();
                platform.confirm_binding(at("18:00:14"), account("li"), phone(), code).unwrap();
            },
            "HolderChanged",
        ),
    ];
    for (end, why) in ends {
        for mode in BOTH {
            let (mut platform, _) = recording(mode);
            end(&mut platform);
            let steps = steps(&mut platform);
            let hung_up = "hang_up 1 UserUnreachable RecordFailed";
            assert!(steps.iter().any(|step| step == hung_up), "{mode:?} {why}: {steps:?}");
            assert!(steps.contains(&format!("ended Abandoned({why})")), "{mode:?} {why}: {steps:?}");
            assert_eq!(call_state(&platform), Some(CallState::Ended));
            platform.leg_ended(at("18:00:15"), MERCHANT_LEG, Evidence::default()).unwrap();
            check(&platform);
            assert_eq!(call_state(&platform), None);
        }
    }
}

#[test]
fn whoever_is_forgotten_while_his_ring_time_is_over_is_offered_first_and_cut_then() {
    let (mut platform, _) = rung_on(with_no_answer(), 2, CallMode::PlatformCalls);
    platform.forget_me(at("18:01:00"), user(1)).unwrap();
    let steps = steps(&mut platform);
    let place = |what: &str| steps.iter().position(|step| step.starts_with(what)).unwrap_or_else(|| panic!("{what}: {steps:?}"));
    assert!(place("hang_up 2 NoAnswer") < place("failed_call 1 call 1 NoAnswer offered 1"));
    assert!(place("failed_call") < place("hang_up 1 UserUnreachable RecordFailed"));
    assert!(place("hang_up 1") < place("ended Abandoned(Forgotten)"));
    assert!(!steps.iter().any(|step| step.starts_with("record ")), "it was taken back before it was handed out: {steps:?}");
    assert_eq!(call_state(&platform), Some(CallState::Ended));
    platform.leg_ended(at("18:01:01"), MERCHANT_LEG, Evidence::default()).unwrap();
    platform.leg_ended(at("18:01:01"), USER_LEG, Evidence::default()).unwrap();
    platform.advance(at("18:01:02"), 10);
    check(&platform);
    assert_eq!((platform.calls(), platform.reservations(), platform.voice_messages()), (vec![], vec![], vec![]));
}

#[test]
fn a_call_of_ours_that_is_forwarded_back_leads_to_the_recorder() {
    for (mode, asked) in [(CallMode::MerchantCalls, "answer 1"), (CallMode::PlatformCalls, "record 1 1 PoweredOff")] {
        let (mut platform, _) = rung(mode);
        let diverted = CallDiverted { caller: Some(line()), callee: phone(), evidence: powered_off(), is_answered: false };
        let own = Reply::OwnLeg(OwnLeg { leg: LegId::new(3), own: USER_LEG });
        assert_eq!(platform.call_diverted(at("18:00:12"), diverted), Ok(own));
        assert_eq!(steps(&mut platform), ["reject 3 UserUnreachable", "failed_call 1 call 1 PoweredOff offered 1", asked]);
        assert_eq!(call_state(&platform), Some(CallState::Recording));
    }
}

#[test]
fn a_message_that_does_not_arrive_is_told_to_its_merchant_with_the_reservation() {
    let (mut platform, reservation) = recording(CallMode::PlatformCalls);
    platform.recorded(at("18:00:40"), taken(20)).unwrap();
    drain(&mut platform);
    platform.unbind(at("18:00:41"), account("zhang"), phone()).unwrap();
    let told = drain(&mut platform).into_iter().find_map(|action| {
        if let Action::Send(Send { content: Content::VoiceMessageUndeliveredForMerchant(note), .. }) = action {
            Some(note.reservation)
        } else {
            None
        }
    });
    assert_eq!(told, Some(Some(reservation)));
    let leaves = Timestamp::parse("2026-12-21T18:00:41+08:00").unwrap();
    platform.advance(leaves, 100);
    let archived = drain(&mut platform)
        .into_iter()
        .find_map(|action| if let Action::ArchiveVoiceMessage(archive) = action { Some(archive.reservation) } else { None });
    assert_eq!(archived, Some(Some(reservation)));
}

// ---- the gate ----

/// The gate at an instant says what `request_call` then would, whatever was fired.
#[track_caller]
fn gate_agrees(platform: &Platform, reservation: ReservationId, instants: &[&str]) -> Vec<Option<DenyReason>> {
    let mut said = Vec::new();
    for instant in instants {
        let request = RequestCall { line: line(), target: CallTarget::Reservation(reservation) };
        let verdict = platform.gate(request, at(instant));
        let reply = platform.clone().request_call(at(instant), line(), reservation).unwrap();
        let replied = if let Reply::Deny(deny) = reply {
            Verdict::Deny { reason: deny.reason, retry_at: deny.retry_at }
        } else {
            assert!(matches!(reply, Reply::Allow(_)), "{reply:?}");
            Verdict::Allow
        };
        assert_eq!(verdict, replied, "at {instant}");
        said.push(if let Verdict::Deny { reason, .. } = verdict { Some(reason) } else { None });
    }
    said
}

#[test]
fn the_gate_and_a_request_agree_around_a_recording() {
    let instants = [
        "18:00:54", "18:00:55", "18:01:00", "18:01:24", "18:01:25", "18:01:34", "18:02:35", "18:02:36", "18:03:05", "18:06:00",
        "18:07:00", "20:00:00",
    ];
    for channels in [1, 2] {
        let (platform, reservation) = rung_on(with_no_answer(), channels, CallMode::MerchantCalls);
        gate_agrees(&platform, reservation, &instants);
        let mut late = platform.clone();
        late.advance(at("18:00:55"), 1);
        gate_agrees(&late, reservation, &instants);

        let policy = Policy { retry_spacing_s: 0, ..Policy::default() };
        let (platform, reservation) = recording_on(policy, channels, CallMode::MerchantCalls);
        let said = gate_agrees(&platform, reservation, &instants);
        let expected = (channels == 1).then_some(DenyReason::NoChannel);
        assert_eq!(said[0], expected, "the merchant is at the recorder, and his user's phone is free");
        let mut ended = platform.clone();
        ended.recorded(at("18:00:40"), taken(20)).unwrap();
        let said = gate_agrees(&ended, reservation, &["18:01:09", "18:01:10"]);
        assert_eq!(said, [expected, None], "the grace of his leg is over at 18:01:10");
    }
}
