//! Calls that reached nobody, the recorder, and voice messages on their way (seed 003, steps 102 to 105).

use crate::common::{self, MERCHANT, at, booked, drain, line, number, user, world};
use ringfence::values::cause::{FailureReason, ReleaseCause};
use ringfence::values::effect::{
    Abandoned, AuditRecord, BindingChallenge, Content, Erase, HangUp, NoOffer, NotOffered, Offered, Prompt, Record, Reject,
    Ruling, Send, SenderTold, Transcribe, Undeliverable, VoiceMessageArchive, VoiceMessageNote, VoiceMessageNotice,
    VoiceMessageOutcome,
};
use ringfence::values::evidence::{Announcement, Evidence};
use ringfence::values::id::MediaId;
use ringfence::values::input::{BlockTarget, Book, CallDiverted, CallFailed, MessageStatus, Recorded};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::policy::Transcription;
use ringfence::values::refusal::{Allowed, Bound, Field, Object};
use ringfence::values::reply::{CallJudged, Forgotten, MessageOpened, NumberBound, OwnLeg};
use ringfence::{
    AccountId, Action, Address, CallMode, Keyring, LegId, MessageId, PhoneNumber, Platform, Policy, Refusal, Reply, Timestamp,
    VoiceMessageId, VoiceMessageState, Why,
};

const KEY: &[u8] = b"a key that everybody may know";
const VOICE: VoiceMessageId = VoiceMessageId::new(1);
const LEG: LegId = LegId::new(1);
const MEDIA: MediaId = MediaId::new(70);

fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

/// The number that is called: it is bound to zhang.
fn callee() -> PhoneNumber {
    number("+8613800000009")
}

fn caller() -> PhoneNumber {
    number("+8613900000001")
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::new();
    keyring.load("k1", KEY).unwrap();
    keyring
}

fn binds(platform: &mut Platform, now: Timestamp, who: &str, phone: PhoneNumber) {
    drain(platform);
    let Ok(Reply::BindingRequested(asked)) = platform.request_binding(now, account(who), phone) else { panic!("refused") };
    let challenge = |action| {
        if let Action::Send(Send { content: Content::BindingChallenge(challenge), .. }) = action { Some(challenge) } else { None }
    };
    let challenges: Vec<BindingChallenge> = drain(platform).into_iter().filter_map(challenge).collect();
    let code = platform.code(challenges[0].challenge).unwrap();
    let bound = platform.confirm_binding(now, account(who), phone, code);
    assert_eq!(bound, Ok(Reply::Bound(NumberBound { binding: asked.binding })));
    drain(platform);
}

/// Two accounts follow, and the callee's number is zhang's.
fn bound(policy: Policy) -> Platform {
    let mut platform = world(policy, 2);
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    for who in ["zhang", "li"] {
        platform.follow(at("09:00:00"), account(who)).unwrap();
    }
    binds(&mut platform, at("09:01:00"), "zhang", callee());
    platform
}

fn powered_off() -> Evidence {
    Evidence { announcements: vec![Announcement::PoweredOff], ..Evidence::default() }
}

fn failed() -> CallFailed {
    CallFailed { caller: Some(caller()), callee: callee(), evidence: powered_off(), is_answered: false }
}

fn offered() -> Reply {
    Reply::FailedCall(CallJudged { leg: LEG, ruling: Ruling::Offered(Offered { voice_message: VOICE }) })
}

fn not_offered(leg: u64, why: NoOffer) -> Reply {
    Reply::FailedCall(CallJudged { leg: LegId::new(leg), ruling: Ruling::NotOffered(NotOffered { why }) })
}

/// What was emitted but for audits.
fn done(platform: &mut Platform) -> Vec<Action> {
    check(platform);
    drain(platform).into_iter().filter(|action| !matches!(action, Action::Audit(_))).collect()
}

/// The audits of voice messages, and nothing else.
fn ended(platform: &mut Platform) -> Vec<VoiceMessageOutcome> {
    let record = |action| {
        let Action::Audit(audit) = action else { return None };
        if let AuditRecord::VoiceMessageEnded(record) = audit.record { Some(record.outcome) } else { None }
    };
    check(platform);
    drain(platform).into_iter().filter_map(record).collect()
}

/// It holds what must always hold, and comes back from its snapshot as it was.
fn check(platform: &Platform) {
    platform.check_invariants().unwrap();
    let bytes = platform.snapshot();
    let again = Platform::restore(&bytes, keyring(), 11).unwrap();
    assert_eq!(again.state_hash(), platform.state_hash());
    again.check_invariants().unwrap();
}

fn state(platform: &Platform) -> VoiceMessageState {
    platform.voice_message(VOICE).unwrap().state
}

fn hang_up(cause: ReleaseCause, prompt: Option<Prompt>) -> Action {
    Action::HangUp(HangUp { leg: LEG, cause, q850_cause: cause.q850(), prompt })
}

fn erase(media: &[MediaId], voice_messages: &[VoiceMessageId]) -> Action {
    Action::Erase(Erase { reservations: vec![], media: media.to_vec(), voice_messages: voice_messages.to_vec() })
}

/// A call at 10:00:00 that is offered the recorder, answered, and recording from 10:00:02.
fn recording(policy: Policy) -> Platform {
    let mut platform = bound(policy);
    assert_eq!(platform.call_failed(at("10:00:00"), failed()), Ok(offered()));
    assert_eq!(platform.leg_answered(at("10:00:02"), LEG), Ok(Reply::Done));
    drain(&mut platform);
    platform
}

fn taken(seconds: u32) -> Recorded {
    Recorded { voice_message: VOICE, media: MEDIA, seconds, is_silent: false }
}

/// A message of 23 seconds that was stored at 10:00:30; its caller's leg is gone.
fn stored(policy: Policy) -> Platform {
    let mut platform = recording(policy);
    assert_eq!(platform.recorded(at("10:00:30"), taken(23)), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::Normal, Some(Prompt::MessageTaken))]);
    platform
}

fn notice() -> VoiceMessageNotice {
    VoiceMessageNotice {
        voice_message: VOICE,
        number: callee(),
        caller: Some(caller()),
        merchant_name: None,
        at: at("10:00:00"),
        seconds: 23,
        text: None,
        is_cut: false,
    }
}

/// The pushes that were emitted, with their effects' numbers; nothing else was sent.
fn pushes(platform: &mut Platform) -> Vec<(u64, MessageId, Address, VoiceMessageNotice)> {
    check(platform);
    let mut out = Vec::new();
    let mut last = 0;
    while let Some(effect) = platform.poll_effect() {
        last = effect.sequence;
        if let Action::Send(Send { message, to, content, .. }) = effect.action {
            let Content::VoiceMessage(said) = content else { panic!("{content:?}") };
            out.push((effect.sequence, message, to, said));
        }
    }
    platform.confirm(last).unwrap();
    out
}

/// Stored at 10:00:30 and pushed at that instant. The number of the effect.
fn pushed(policy: Policy) -> (Platform, u64) {
    let mut platform = stored(policy);
    assert_eq!(platform.poll_deadline(), Some((at("10:00:30"), Why::VoiceMessageDue(VOICE))));
    platform.advance(at("10:00:30"), 10);
    let sent = pushes(&mut platform);
    let [(sequence, _, to, said)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((to, said), (&Address::WeChat(account("zhang")), &notice()));
    (platform, *sequence)
}

fn failure(code: &str) -> MessageStatus {
    MessageStatus::Failed { code: code.into() }
}

fn delivered(policy: Policy) -> Platform {
    let (mut platform, sequence) = pushed(policy);
    assert_eq!(platform.message_reported(at("10:00:31"), sequence, MessageStatus::Delivered), Ok(Reply::Done));
    drain(&mut platform);
    platform
}

fn note() -> VoiceMessageNote {
    VoiceMessageNote { voice_message: VOICE, number: callee().masked(), at: at("10:00:00"), reservation: None }
}

/// The next effects are these words to this address, beside audits.
fn said(platform: &mut Platform) -> Vec<(Address, Content)> {
    let send = |action| {
        let Action::Send(send) = action else { panic!("{action:?}") };
        (send.to, send.content)
    };
    done(platform).into_iter().map(send).collect()
}

// ---- step 102: who is offered the recorder ----

#[test]
fn who_reaches_nobody_leaves_a_message_that_is_pushed_heard_and_kept_for_its_time() {
    let mut platform = bound(Policy::default());
    assert_eq!(platform.call_failed(at("10:00:00"), failed()), Ok(offered()));
    let effects = drain(&mut platform);
    let [Action::Audit(audit), Action::Answer(answer)] = effects.as_slice() else { panic!("{effects:?}") };
    let AuditRecord::FailedCall(record) = &audit.record else { panic!("{audit:?}") };
    assert_eq!((record.leg, record.reason), (LEG, FailureReason::PoweredOff));
    assert_eq!(record.ruling, Ruling::Offered(Offered { voice_message: VOICE }));
    assert_eq!((answer.leg, answer.not_after), (LEG, at("10:00:10")));
    assert_eq!(platform.leg_answered(at("10:00:02"), LEG), Ok(Reply::Done));
    let record = Record {
        leg: LEG,
        voice_message: VOICE,
        reason: FailureReason::PoweredOff,
        seconds_max: 60,
        silence_s: 5,
        not_after: at("10:00:12"),
    };
    assert_eq!(done(&mut platform), [Action::Record(record)]);
    assert_eq!(platform.leg_answered(at("10:00:02"), LEG), Ok(Reply::NoOp));
    assert_eq!(platform.poll_deadline(), Some((at("10:01:42"), Why::VoiceMessageEnds(VOICE))));
    assert_eq!(platform.recorded(at("10:00:30"), taken(23)), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::Normal, Some(Prompt::MessageTaken))]);
    platform.advance(at("10:00:30"), 10);
    let sent = pushes(&mut platform);
    let [(sequence, ..)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(platform.message_reported(at("10:00:31"), *sequence, MessageStatus::Delivered), Ok(Reply::Done));
    assert_eq!(platform.message_reported(at("10:00:31"), *sequence, MessageStatus::Delivered), Ok(Reply::NoOp));
    let opened = Ok(Reply::Opened(MessageOpened { media: MEDIA }));
    assert_eq!(platform.open_message(at("10:05:00"), account("zhang"), VOICE), opened);
    drain(&mut platform);
    assert_eq!(platform.open_message(at("10:06:00"), account("zhang"), VOICE), opened);
    assert_eq!(drain(&mut platform), [], "again it is the same reply and nothing else");
    assert_eq!(state(&platform), VoiceMessageState::Heard);
    // Thirty days of retention, which is longer than the seven of its life.
    let leaves = Timestamp::parse("2026-12-21T10:00:31+08:00").unwrap();
    assert_eq!(platform.poll_deadline(), Some((leaves, Why::VoiceMessageEnds(VOICE))));
    platform.advance(leaves, 10);
    let archive = VoiceMessageArchive {
        reservation: None,
        voice_message: VOICE,
        binding: ringfence::BindingId::new(1),
        outcome: VoiceMessageOutcome::Heard,
        told: SenderTold::NotNeeded,
        at: at("10:00:00"),
        stored_at: Some(at("10:00:30")),
        ended_at: at("10:00:31"),
        seconds: 23,
        attempts: 1,
    };
    assert_eq!(done(&mut platform), [Action::ArchiveVoiceMessage(archive), erase(&[MEDIA], &[VOICE])]);
    let gone = Refusal::Gone { object: Object::VoiceMessage, id: 1 };
    assert_eq!(platform.open_message(leaves, account("zhang"), VOICE), Err(gone));
    assert_eq!(platform.recorded(leaves, taken(23)), Ok(Reply::NoOp));
    assert_eq!(platform.poll_deadline(), None);
}

#[test]
fn the_four_reasons_of_the_seed_are_offered_the_recorder_and_the_caller_hears_of_the_others_why() {
    let offers = [Announcement::Busy, Announcement::PoweredOff, Announcement::OutOfServiceArea, Announcement::Suspended];
    for announcement in offers {
        let mut platform = bound(Policy::default());
        let evidence = Evidence { announcements: vec![announcement], ..Evidence::default() };
        assert_eq!(platform.call_failed(at("10:00:00"), CallFailed { evidence, ..failed() }), Ok(offered()), "{announcement:?}");
    }
    let rejects = [
        (Announcement::NoAnswer, ReleaseCause::NoAnswer, 480, 19),
        (Announcement::Rejected, ReleaseCause::UserUnreachable, 403, 21),
        (Announcement::InvalidNumber, ReleaseCause::UserUnreachable, 404, 1),
        (Announcement::NetworkBusy, ReleaseCause::UserUnreachable, 503, 41),
    ];
    for (announcement, cause, sip_status, q850_cause) in rejects {
        let mut platform = bound(Policy::default());
        let evidence = Evidence { announcements: vec![announcement], ..Evidence::default() };
        let reply = platform.call_failed(at("10:00:00"), CallFailed { evidence, ..failed() });
        assert_eq!(reply, Ok(not_offered(1, NoOffer::Reason)));
        assert_eq!(done(&mut platform), [Action::Reject(Reject { leg: LEG, cause, sip_status, q850_cause })]);
        assert_eq!(platform.leg_ended(at("10:00:01"), LEG, Evidence::default()), Ok(Reply::NoOp), "the leg is gone");
    }
}

#[test]
fn evidence_that_leaves_it_open_offers_nothing_unless_every_candidate_is_diverted_on() {
    let open = Evidence { announcements: vec![Announcement::PoweredOff, Announcement::NoAnswer], ..Evidence::default() };
    let call = CallFailed { evidence: open, ..failed() };
    let mut platform = bound(Policy::default());
    assert_eq!(platform.call_failed(at("10:00:00"), call.clone()), Ok(not_offered(1, NoOffer::Reason)));
    let divert_on = Policy::default().divert_on.and(ringfence::values::cause::FailureReasons::of(&[FailureReason::NoAnswer]));
    let mut platform = bound(Policy { divert_on, ..Policy::default() });
    assert_eq!(platform.call_failed(at("10:00:00"), call), Ok(offered()));
}

#[test]
fn a_fault_of_the_network_may_be_diverted_on() {
    let evidence = Evidence { announcements: vec![Announcement::NetworkBusy], ..Evidence::default() };
    let divert_on = Policy::default().divert_on.and(ringfence::values::cause::FailureReasons::of(&[FailureReason::NetworkFault]));
    let mut platform = bound(Policy { divert_on, ..Policy::default() });
    assert_eq!(platform.call_failed(at("10:00:00"), CallFailed { evidence, ..failed() }), Ok(offered()));
    assert_eq!(platform.leg_answered(at("10:00:01"), LEG), Ok(Reply::Done));
}

#[test]
fn a_caller_whose_leg_is_answered_is_recorded_at_once_or_hears_why_and_is_hung_up() {
    let mut platform = bound(Policy::default());
    let call = CallFailed { is_answered: true, ..failed() };
    assert_eq!(platform.call_failed(at("10:00:00"), call.clone()), Ok(offered()));
    let effects = done(&mut platform);
    assert!(matches!(effects.as_slice(), [Action::Record(record)] if record.not_after == at("10:00:10")), "{effects:?}");
    assert_eq!(platform.unbind(at("10:00:05"), account("zhang"), callee()), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::UserUnreachable, Some(Prompt::RecordFailed))]);
    assert_eq!(platform.call_failed(at("10:00:06"), call), Ok(not_offered(2, NoOffer::Unbound)));
    let cause = ReleaseCause::UserUnreachable;
    let prompt = Some(Prompt::UserPoweredOff);
    let hung_up = Action::HangUp(HangUp { leg: LegId::new(2), cause, q850_cause: 20, prompt });
    assert_eq!(done(&mut platform), [hung_up]);
}

#[test]
fn nobody_is_offered_a_recorder_whose_message_nobody_would_get() {
    let mut platform = bound(Policy::default());
    let other = CallFailed { callee: number("+8613800000008"), ..failed() };
    assert_eq!(platform.call_failed(at("10:00:00"), other), Ok(not_offered(1, NoOffer::Unbound)));
    platform.unfollow(at("10:00:01"), account("zhang")).unwrap();
    assert_eq!(platform.call_failed(at("10:00:02"), failed()), Ok(not_offered(2, NoOffer::Unbound)), "suspended");
    platform.follow(at("10:00:03"), account("zhang")).unwrap();
    assert!(matches!(platform.call_failed(at("10:00:04"), failed()), Ok(Reply::FailedCall(_))));
    assert_eq!(state(&platform), VoiceMessageState::Offered);
}

#[test]
fn whom_the_callee_blocked_by_number_or_as_a_merchant_leaves_no_message() {
    let holder = Address::Sms(callee());
    let mut platform = bound(Policy::default());
    platform.block(at("09:30:00"), holder.clone(), BlockTarget::Number(caller())).unwrap();
    assert_eq!(platform.call_failed(at("10:00:00"), failed()), Ok(not_offered(1, NoOffer::Blocked)));
    let withheld = CallFailed { caller: None, ..failed() };
    let reply = platform.call_failed(at("10:00:01"), withheld);
    let ruling = Ruling::Offered(Offered { voice_message: VOICE });
    assert_eq!(reply, Ok(Reply::FailedCall(CallJudged { leg: LegId::new(2), ruling })), "who is withheld is nobody's");
    let mut platform = bound(Policy::default());
    platform.block(at("09:30:00"), holder, BlockTarget::Merchant(MERCHANT)).unwrap();
    let by_line = CallFailed { caller: Some(line()), ..failed() };
    assert_eq!(platform.call_failed(at("10:00:00"), by_line), Ok(not_offered(1, NoOffer::Blocked)));
}

#[test]
fn a_callee_has_so_many_messages_and_callers_so_many_legs() {
    let mut platform = bound(Policy { voice_messages_per_callee_max: 1, failed_calls_max: 2, ..Policy::default() });
    assert_eq!(platform.call_failed(at("10:00:00"), failed()), Ok(offered()));
    assert_eq!(platform.call_failed(at("10:00:01"), failed()), Ok(not_offered(2, NoOffer::Full)));
    binds(&mut platform, at("10:00:02"), "zhang", number("+8613800000008"));
    let other = CallFailed { callee: number("+8613800000008"), ..failed() };
    assert!(matches!(platform.call_failed(at("10:00:03"), other.clone()), Ok(Reply::FailedCall(_))));
    let limit = Refusal::Limit { bound: Bound::FailedCalls, most: 2 };
    assert_eq!(platform.call_failed(at("10:00:04"), other.clone()), Err(limit));
    // The first one's time is over, so it counts no more.
    assert!(matches!(platform.call_failed(at("10:00:10"), other), Ok(Reply::FailedCall(_))));
    assert_eq!(state(&platform), VoiceMessageState::Abandoned);
}

#[test]
fn evidence_out_of_its_range_and_a_full_outbox_are_refused_in_this_order() {
    let mut platform = bound(Policy { outbox_max: 7, ..Policy::default() });
    for _ in 0..3 {
        let reply = platform.call_failed(at("10:00:00"), CallFailed { evidence: Evidence::default(), ..failed() });
        assert!(matches!(reply, Ok(Reply::FailedCall(_))));
    }
    let invalid = Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses };
    let wrong = CallFailed { evidence: Evidence { sip_status: Some(99), ..Evidence::default() }, ..failed() };
    assert_eq!(platform.call_failed(at("10:00:00"), wrong), Err(invalid));
    assert_eq!(platform.call_failed(at("10:00:00"), failed()), Err(Refusal::Limit { bound: Bound::Outbox, most: 7 }));
}

#[test]
fn a_forwarded_call_of_our_own_is_that_legs_release_and_is_never_joined() {
    let mut platform = bound(Policy::default());
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    assert!(matches!(platform.request_call(at("18:00:00"), line(), reservation), Ok(Reply::Allow(_))));
    drain(&mut platform);
    let diverted =
        CallDiverted { caller: Some(line()), callee: user(1).number().unwrap(), evidence: powered_off(), is_answered: false };
    let reply = platform.call_diverted(at("18:00:05"), diverted.clone());
    assert_eq!(reply, Ok(Reply::OwnLeg(OwnLeg { leg: LegId::new(3), own: LegId::new(2) })));
    let effects = done(&mut platform);
    assert!(matches!(effects.first(), Some(Action::Reject(reject)) if reject.leg == LegId::new(3)), "{effects:?}");
    assert!(effects.iter().all(|action| !matches!(action, Action::Join(_) | Action::Answer(_))));
    assert!(platform.leg(LegId::new(2)).is_none(), "our leg is gone");
    assert_eq!(platform.reservation(reservation).unwrap().attempts, 1);
    // Again there is no leg of ours, so it is a failed call like any other.
    assert_eq!(platform.call_diverted(at("18:00:06"), diverted), Ok(not_offered(4, NoOffer::Unbound)));
}

#[test]
fn a_leg_that_was_hung_up_before_anybody_answered_is_known_when_it_is_forwarded_back() {
    for is_answered in [false, true] {
        let mut platform = bound(Policy::default());
        let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
        assert!(matches!(platform.request_call(at("18:00:00"), line(), reservation), Ok(Reply::Allow(_))));
        platform.cancel(at("18:00:04"), user(1), reservation).unwrap();
        drain(&mut platform);
        let callee = user(1).number().unwrap();
        let diverted = CallDiverted { caller: Some(line()), callee, evidence: powered_off(), is_answered };
        let own = OwnLeg { leg: LegId::new(3), own: LegId::new(2) };
        assert_eq!(platform.call_diverted(at("18:00:05"), diverted), Ok(Reply::OwnLeg(own)));
        let effects = done(&mut platform);
        let ends_it = |action: &Action| match is_answered {
            true => matches!(action, Action::HangUp(up) if up.leg == LegId::new(3)),
            false => matches!(action, Action::Reject(reject) if reject.leg == LegId::new(3)),
        };
        assert!(matches!(effects.as_slice(), [only] if ends_it(only)), "{effects:?}");
        assert!(platform.leg(LegId::new(2)).is_none() && platform.voice_messages().is_empty());
    }
}

// ---- step 103: the recorder ----

#[test]
fn who_hangs_up_before_the_recorder_began_left_nothing_and_a_recording_that_is_cut_off_is_a_message() {
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), failed()).unwrap();
    drain(&mut platform);
    assert_eq!(platform.leg_ended(at("10:00:01"), LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!(ended(&mut platform), [VoiceMessageOutcome::Abandoned(Abandoned::CallerGone)]);
    let mut platform = recording(Policy::default());
    assert_eq!(platform.leg_ended(at("10:00:20"), LEG, Evidence::default()), Ok(Reply::Done));
    assert_eq!(platform.leg_ended(at("10:00:20"), LEG, Evidence::default()), Ok(Reply::NoOp));
    assert_eq!(platform.poll_deadline(), Some((at("10:00:50"), Why::VoiceMessageEnds(VOICE))));
    assert_eq!(platform.recorded(at("10:00:25"), taken(18)), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [], "nobody is left to be told");
    assert_eq!(state(&platform), VoiceMessageState::Stored);
}

#[test]
fn too_short_and_silent_recordings_are_erased_and_the_caller_is_told() {
    for (seconds, is_silent, why) in [(1, false, Abandoned::TooShort), (9, true, Abandoned::Silent), (0, true, Abandoned::Silent)]
    {
        let mut platform = recording(Policy::default());
        let input = Recorded { voice_message: VOICE, media: MEDIA, seconds, is_silent };
        assert_eq!(platform.recorded(at("10:00:10"), input), Ok(Reply::Done));
        let effects = drain(&mut platform);
        let [hung_up, Action::Audit(_), erased] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(hung_up, &hang_up(ReleaseCause::Normal, Some(Prompt::NothingRecorded)));
        assert_eq!(erased, &erase(&[MEDIA], &[]));
        assert_eq!(platform.voice_message(VOICE).unwrap().outcome, Some(VoiceMessageOutcome::Abandoned(why)));
        assert_eq!(platform.recorded(at("10:00:11"), input), Ok(Reply::NoOp), "the same again");
        assert_eq!(drain(&mut platform), []);
        check(&platform);
    }
}

#[test]
fn the_recorder_that_fails_ends_with_the_caller_told() {
    let mut platform = recording(Policy::default());
    assert_eq!(platform.record_failed(at("10:00:05"), VOICE), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::UserUnreachable, Some(Prompt::RecordFailed))]);
    assert_eq!(platform.record_failed(at("10:00:05"), VOICE), Ok(Reply::NoOp));
    let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: 2 };
    assert_eq!(platform.record_failed(at("10:00:05"), VoiceMessageId::new(2)), Err(unknown));
    // The host could not answer, or did not begin to record.
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), failed()).unwrap();
    let answer = std::iter::from_fn(|| platform.poll_effect()).last().unwrap().sequence;
    assert_eq!(platform.effect_failed(at("10:00:01"), answer), Ok(Reply::Done));
    let rejected = Reject { leg: LEG, cause: ReleaseCause::UserUnreachable, sip_status: 480, q850_cause: 20 };
    assert_eq!(done(&mut platform), [Action::Reject(rejected)]);
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), CallFailed { is_answered: true, ..failed() }).unwrap();
    let record = std::iter::from_fn(|| platform.poll_effect()).last().unwrap().sequence;
    assert_eq!(platform.effect_failed(at("10:00:01"), record), Ok(Reply::Done));
    assert_eq!(ended(&mut platform), [VoiceMessageOutcome::Abandoned(Abandoned::RecordFailed)]);
    assert_eq!(platform.effect_failed(at("10:00:01"), record), Ok(Reply::NoOp));
}

#[test]
fn what_is_not_reported_in_time_ends() {
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), failed()).unwrap();
    drain(&mut platform);
    platform.advance(at("10:00:10"), 10);
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::UserUnreachable, None)]);
    assert_eq!(platform.leg_answered(at("10:00:11"), LEG), Ok(Reply::Done), "a late answer is hung up once more");
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::Unknown, None)]);
    let mut platform = recording(Policy::default());
    platform.advance(at("10:01:41"), 10);
    assert_eq!(state(&platform), VoiceMessageState::Recording);
    platform.advance(at("10:01:42"), 10);
    assert_eq!(done(&mut platform), [hang_up(ReleaseCause::UserUnreachable, Some(Prompt::RecordFailed))]);
    // It comes after all: the host is told to forget it, as long as that may be.
    assert_eq!(platform.recorded(at("10:02:00"), taken(23)), Ok(Reply::Done));
    assert_eq!(done(&mut platform), [erase(&[MEDIA], &[])]);
    platform.advance(at("10:02:12"), 10);
    let effects = done(&mut platform);
    assert!(matches!(effects.as_slice(), [Action::ArchiveVoiceMessage(_), Action::Erase(_)]), "{effects:?}");
    assert_eq!(platform.recorded(at("10:02:12"), taken(23)), Ok(Reply::NoOp));
}

#[test]
fn a_message_has_one_recording_and_a_recording_one_message() {
    let mut platform = stored(Policy::default());
    assert_eq!(platform.recorded(at("10:00:31"), taken(23)), Ok(Reply::NoOp), "a repeat");
    let other = Recorded { media: MediaId::new(71), ..taken(23) };
    assert_eq!(platform.recorded(at("10:00:31"), other), Ok(Reply::Done));
    assert_eq!(platform.recorded(at("10:00:31"), other), Ok(Reply::NoOp), "it is being erased");
    assert_eq!(done(&mut platform), [erase(&[MediaId::new(71)], &[])]);
    // Another message cannot have it, nor can a booking.
    platform.call_failed(at("10:01:00"), failed()).unwrap();
    let second = Recorded { voice_message: VoiceMessageId::new(2), ..taken(23) };
    assert_eq!(platform.recorded(at("10:01:05"), second), Err(Refusal::MediaInUse { media: MEDIA }));
    let attachments = vec![Attachment { media: MEDIA, kind: MediaKind::Voice, share: true }];
    let book = Book { attachments, ..common::booking(1) };
    assert_eq!(platform.book(at("10:02:00"), book), Err(Refusal::MediaInUse { media: MEDIA }));
    let attachments = vec![Attachment { media: MediaId::new(72), kind: MediaKind::Voice, share: true }];
    platform.book(at("10:02:00"), Book { attachments, ..common::booking(1) }).unwrap();
    let attached = Recorded { media: MediaId::new(72), ..second };
    assert_eq!(platform.recorded(at("10:01:05"), attached), Err(Refusal::MediaInUse { media: MediaId::new(72) }));
    check(&platform);
}

#[test]
fn a_switch_that_comes_back_ends_what_is_not_there_and_what_it_did_not_begin() {
    let mut platform = recording(Policy::default());
    platform.call_failed(at("10:00:20"), failed()).unwrap();
    let effects = drain(&mut platform);
    assert!(matches!(effects.last(), Some(Action::Answer(_))), "{effects:?}");
    platform.call_failed(at("10:00:20"), failed()).unwrap();
    // The third one's answer was not confirmed. The first leg is gone, and 9 is nobody's.
    assert_eq!(platform.resync(at("10:00:21"), vec![LegId::new(2), LegId::new(3), LegId::new(9)]), Ok(Reply::Done));
    let hung_up =
        |leg, cause: ReleaseCause| Action::HangUp(HangUp { leg: LegId::new(leg), cause, q850_cause: cause.q850(), prompt: None });
    assert_eq!(done(&mut platform), [hung_up(3, ReleaseCause::UserUnreachable), hung_up(9, ReleaseCause::Unknown)]);
    assert_eq!(platform.poll_deadline().map(|(due, _)| due), Some(at("10:00:30")), "the second is still offered");
    assert_eq!(platform.recorded(at("10:00:22"), taken(18)), Ok(Reply::Done), "the recording that the crash cut off");
    assert_eq!(state(&platform), VoiceMessageState::Stored);
}

// ---- step 104: delivery ----

#[test]
fn a_push_that_fails_is_pushed_again_under_the_same_id_later_and_later_and_then_by_sms() {
    let (mut platform, mut sequence) = pushed(Policy { push_attempts_max: 3, ..Policy::default() });
    let id = platform.voice_message(VOICE).unwrap().message;
    for (failed_at, again_at) in [("10:00:31", "10:01:01"), ("10:01:02", "10:02:02")] {
        assert_eq!(platform.message_reported(at(failed_at), sequence, failure("-1")), Ok(Reply::Done));
        assert_eq!(platform.message_reported(at(failed_at), sequence, failure("-1")), Ok(Reply::NoOp), "a repeat");
        assert_eq!(platform.poll_deadline(), Some((at(again_at), Why::VoiceMessageDue(VOICE))));
        platform.advance(at(again_at), 10);
        let sent = pushes(&mut platform);
        let [(next, message, to, _)] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((Some(*message), to), (id, &Address::WeChat(account("zhang"))));
        sequence = *next;
    }
    assert_eq!(platform.message_reported(at("10:02:03"), sequence, failure("40001")), Ok(Reply::Done));
    platform.advance(at("10:02:03"), 10);
    let sent = pushes(&mut platform);
    let [(last, message, to, said)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((Some(*message), to, said), (id, &Address::Sms(callee()), &notice()));
    // A report on an earlier one is good for all of them.
    assert_eq!(platform.message_reported(at("10:02:05"), sequence, MessageStatus::Read), Ok(Reply::Done));
    assert_eq!(state(&platform), VoiceMessageState::Delivered);
    assert_eq!(platform.message_reported(at("10:02:05"), *last, failure("x")), Ok(Reply::NoOp));
}

#[test]
fn no_report_of_the_account_counts_as_a_failure_and_when_no_road_is_left_its_sender_is_told_once() {
    let (mut platform, _) = pushed(Policy { push_attempts_max: 1, ..Policy::default() });
    platform.advance(at("10:01:29"), 10);
    assert_eq!(state(&platform), VoiceMessageState::Pushing);
    platform.advance(at("10:01:30"), 10);
    let sent = pushes(&mut platform);
    let [(sequence, _, Address::Sms(to), _)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(*to, callee());
    // Nothing keeps a short message from coming twice: that nobody reports on it is no failure.
    platform.advance(at("13:00:00"), 10);
    assert_eq!((pushes(&mut platform).len(), state(&platform)), (0, VoiceMessageState::Pushing));
    assert_eq!(platform.message_reported(at("13:00:01"), *sequence, failure("unreachable")), Ok(Reply::Done));
    assert_eq!(said(&mut platform), [(Address::Sms(caller()), Content::VoiceMessageUndelivered(note()))]);
    let message = platform.voice_message(VOICE).unwrap();
    assert_eq!(message.outcome, Some(VoiceMessageOutcome::Undeliverable(Undeliverable::NoRoad)));
    assert_eq!(message.told, SenderTold::Told);
    let gone = Refusal::Gone { object: Object::VoiceMessage, id: 1 };
    assert_eq!(platform.open_message(at("13:03:00"), account("zhang"), VOICE), Err(gone));
}

#[test]
fn nothing_of_a_message_that_ended_is_handed_out_any_more() {
    let (mut platform, _) = pushed(Policy { push_attempts_max: 1, ..Policy::default() });
    // By the other road; the host is down, and was not handed it.
    platform.advance(at("10:01:30"), 10);
    platform.unbind(at("10:01:31"), account("zhang"), callee()).unwrap();
    let left = said(&mut platform);
    assert_eq!(left, [(Address::Sms(caller()), Content::VoiceMessageUndelivered(note()))], "nobody has the number by now");
}

#[test]
fn a_push_under_way_goes_again_when_its_account_follows_again() {
    let (mut platform, first) = pushed(Policy::default());
    platform.unfollow(at("10:00:40"), account("zhang")).unwrap();
    platform.follow(at("10:00:50"), account("zhang")).unwrap();
    platform.advance(at("10:00:50"), 10);
    let again = pushes(&mut platform);
    assert!(matches!(again.as_slice(), [(_, _, Address::WeChat(_), _)]), "{again:?}");
    // That the first failed for want of a follower is old news.
    assert_eq!(platform.message_reported(at("10:00:51"), first, failure("43004")), Ok(Reply::NoOp));
    assert!(platform.follows(&account("zhang")));
}

#[test]
fn what_was_delivered_within_a_day_counts_for_its_callee() {
    let (mut platform, sequence) = pushed(Policy { voice_messages_per_callee_max: 1, ..Policy::default() });
    platform.message_reported(at("10:00:31"), sequence, MessageStatus::Delivered).unwrap();
    let ruling = |platform: &mut Platform, now: Timestamp| {
        let call = CallFailed {
            caller: Some(caller()),
            callee: callee(),
            evidence: Evidence { announcements: vec![Announcement::PoweredOff], ..Evidence::default() },
            is_answered: false,
        };
        match platform.call_failed(now, call) {
            Ok(Reply::FailedCall(judged)) => judged.ruling,
            other => panic!("{other:?}"),
        }
    };
    let full = Ruling::NotOffered(NotOffered { why: NoOffer::Full });
    assert_eq!(ruling(&mut platform, at("10:00:31").saturating_add_s(86_399)), full);
    assert!(matches!(ruling(&mut platform, at("10:00:31").saturating_add_s(86_400)), Ruling::Offered(_)));
}

#[test]
fn each_answer_of_the_network_has_its_consequence() {
    let after = |code: &str, policy: Policy| {
        let (mut platform, sequence) = pushed(policy);
        let reply = platform.message_reported(at("10:00:31"), sequence, failure(code));
        (platform, reply)
    };
    // It was sent already: only a report says that it failed from now on.
    let (mut platform, reply) = after("45065", Policy::default());
    assert_eq!((reply, state(&platform)), (Ok(Reply::Done), VoiceMessageState::Pushing));
    platform.advance(at("23:00:00"), 10);
    assert_eq!((pushes(&mut platform).len(), state(&platform)), (0, VoiceMessageState::Pushing));
    // The quota of the day.
    let (platform, reply) = after("45009", Policy::default());
    assert_eq!(reply, Ok(Reply::Done));
    let morning = Timestamp::parse("2026-11-22T00:05:00+08:00").unwrap();
    assert_eq!(platform.poll_deadline(), Some((morning, Why::VoiceMessageDue(VOICE))));
    // Not a follower any more: it counts as that.
    let (mut platform, reply) = after("43004", Policy::default());
    assert_eq!(reply, Ok(Reply::Done));
    assert!(!platform.follows(&account("zhang")));
    assert!(matches!(platform.poll_deadline(), Some((_, Why::VoiceMessageEnds(VOICE)))), "it waits for its expiry");
    platform.advance(at("11:00:00"), 10);
    assert_eq!(drain(&mut platform), []);
    platform.follow(at("12:00:00"), account("zhang")).unwrap();
    platform.advance(at("12:00:00"), 10);
    assert_eq!(pushes(&mut platform).len(), 1);
    // By another road at once.
    for code in ["43101", "failed:user block"] {
        let (mut platform, _) = after(code, Policy::default());
        platform.advance(at("10:00:31"), 10);
        let sent = pushes(&mut platform);
        assert!(matches!(sent.as_slice(), [(_, _, Address::Sms(_), _)]), "{sent:?}");
    }
    let (mut platform, _) = after("43101", Policy { voice_by_sms: false, ..Policy::default() });
    assert_eq!(ended(&mut platform), [VoiceMessageOutcome::Undeliverable(Undeliverable::NoRoad)]);
    // Something is to be mended, and an audit says so.
    let (mut platform, _) = after("40037", Policy::default());
    let effects = drain(&mut platform);
    let [Action::Audit(audit)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(matches!(&audit.record, AuditRecord::PushMisconfigured(record) if record.code.as_str() == "40037"));
}

#[test]
fn a_push_that_the_host_did_not_carry_out_is_retried() {
    let mut platform = stored(Policy::default());
    platform.advance(at("10:00:30"), 10);
    let effect = platform.poll_effect().unwrap();
    assert_eq!(platform.effect_failed(at("10:00:31"), effect.sequence), Ok(Reply::Done));
    assert_eq!(platform.effect_failed(at("10:00:31"), effect.sequence), Ok(Reply::NoOp));
    assert_eq!(platform.poll_deadline(), Some((at("10:01:01"), Why::VoiceMessageDue(VOICE))));
}

#[test]
fn a_message_waits_for_an_account_that_left_and_expires_with_its_sender_told() {
    let mut platform = stored(Policy::default());
    platform.unfollow(at("10:00:30"), account("zhang")).unwrap();
    platform.advance(at("10:00:30"), 10);
    assert_eq!(state(&platform), VoiceMessageState::Waiting);
    let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: 1 };
    assert_eq!(platform.open_message(at("10:00:40"), account("zhang"), VOICE), Err(unknown), "it was never pushed");
    let expires = Timestamp::parse("2026-11-28T10:00:30+08:00").unwrap();
    assert_eq!(platform.poll_deadline(), Some((expires, Why::VoiceMessageEnds(VOICE))));
    platform.advance(expires, 10);
    assert_eq!(said(&mut platform), [(Address::Sms(caller()), Content::VoiceMessageUndelivered(note()))]);
    assert_eq!(state(&platform), VoiceMessageState::Expired);
    platform.follow(expires, account("zhang")).unwrap();
    platform.advance(expires, 10);
    assert_eq!(drain(&mut platform), []);
}

#[test]
fn a_message_never_reaches_the_account_that_took_the_number_over() {
    let (mut platform, sequence) = pushed(Policy::default());
    binds(&mut platform, at("10:00:40"), "li", callee());
    let message = platform.voice_message(VOICE).unwrap();
    assert_eq!(message.outcome, Some(VoiceMessageOutcome::Undeliverable(Undeliverable::HolderChanged)));
    assert_eq!(message.told, SenderTold::Told);
    assert_eq!(platform.message_reported(at("10:00:41"), sequence, MessageStatus::Delivered), Ok(Reply::NoOp), "too late");
    let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: 1 };
    assert_eq!(platform.open_message(at("10:00:42"), account("li"), VOICE), Err(unknown));
    platform.advance(at("11:00:00"), 10);
    assert_eq!(drain(&mut platform), []);
    // What was delivered before stays its account's.
    let mut platform = delivered(Policy::default());
    binds(&mut platform, at("10:00:40"), "li", callee());
    let opened = Ok(Reply::Opened(MessageOpened { media: MEDIA }));
    assert_eq!(platform.open_message(at("10:00:42"), account("zhang"), VOICE), opened);
    assert_eq!(
        platform.open_message(at("10:00:42"), account("li"), VOICE),
        Err(Refusal::Unknown { object: Object::VoiceMessage, id: 1 })
    );
    // A caller who is speaking meanwhile is told that no message can be taken.
    let mut platform = recording(Policy::default());
    binds(&mut platform, at("10:00:20"), "li", callee());
    let outcome = platform.voice_message(VOICE).unwrap().outcome;
    assert_eq!(outcome, Some(VoiceMessageOutcome::Abandoned(Abandoned::HolderChanged)));
}

#[test]
fn who_cannot_be_told_is_untellable_and_a_merchant_is_told_by_his_chatbot() {
    let ends = |caller: Option<PhoneNumber>| {
        let mut platform = bound(Policy::default());
        platform.call_failed(at("10:00:00"), CallFailed { caller, is_answered: true, ..failed() }).unwrap();
        platform.recorded(at("10:00:30"), taken(23)).unwrap();
        drain(&mut platform);
        platform.unbind(at("10:00:40"), account("zhang"), callee()).unwrap();
        platform
    };
    let mut platform = ends(None);
    assert_eq!(said(&mut platform), []);
    assert_eq!(platform.voice_message(VOICE).unwrap().told, SenderTold::Untellable);
    let mut platform = ends(Some(line()));
    let chatbot = Address::parse("sip:1065000000@chatbot.example").unwrap();
    assert_eq!(said(&mut platform), [(chatbot, Content::VoiceMessageUndeliveredForMerchant(note()))]);
    let mut platform = ends(Some(number("10086")));
    assert_eq!(said(&mut platform), [], "a short code that is nobody's line");
}

#[test]
fn the_account_sees_which_merchant_called() {
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), CallFailed { caller: Some(line()), is_answered: true, ..failed() }).unwrap();
    platform.recorded(at("10:00:30"), taken(23)).unwrap();
    platform.advance(at("10:00:30"), 10);
    let sent = pushes(&mut platform);
    let [(_, _, _, said)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((said.caller, said.merchant_name.as_deref()), (Some(line()), Some("商户1")));
}

#[test]
fn a_message_goes_as_text_where_the_policy_asks_for_it_and_as_voice_where_that_fails() {
    let policy = || Policy { transcription: Transcription::Always, transcript_chars_max: 4, ..Policy::default() };
    let transcribing = || {
        let mut platform = stored(policy());
        platform.advance(at("10:00:30"), 10);
        assert_eq!(done(&mut platform), [Action::Transcribe(Transcribe { voice_message: VOICE, media: MEDIA })]);
        platform
    };
    let pushed_after = |mut platform: Platform, now: Timestamp| {
        platform.advance(now, 10);
        let sent = pushes(&mut platform);
        let [(_, _, _, said)] = sent.as_slice() else { panic!("{sent:?}") };
        (said.text.clone(), said.is_cut)
    };
    for (given, text, is_cut) in [
        (Some("请回电"), Some("请回电"), false),
        (Some("请尽快回电"), Some("请尽快回"), true),
        (Some(" "), None, false),
        (None, None, false),
    ] {
        let mut platform = transcribing();
        assert_eq!(platform.transcribed(at("10:00:35"), VOICE, given.map(Into::into)), Ok(Reply::Done));
        assert_eq!(platform.transcribed(at("10:00:35"), VOICE, given.map(Into::into)), Ok(Reply::NoOp));
        assert_eq!(pushed_after(platform, at("10:00:35")), (text.map(Into::into), is_cut));
    }
    let mut platform = transcribing();
    platform.advance(at("10:01:29"), 10);
    assert_eq!(state(&platform), VoiceMessageState::Transcribing);
    assert_eq!(pushed_after(platform, at("10:01:30")), (None, false), "its time was over");
    let mut platform = stored(policy());
    platform.advance(at("10:00:30"), 10);
    let effect = platform.poll_effect().unwrap();
    assert_eq!(platform.effect_failed(at("10:00:31"), effect.sequence), Ok(Reply::Done));
    assert_eq!(pushed_after(platform, at("10:00:31")), (None, false));
}

#[test]
fn a_full_outbox_holds_a_message_back_and_not_its_end() {
    let mut platform = stored(Policy { outbox_max: 7, ..Policy::default() });
    for _ in 0..3 {
        platform.call_failed(at("10:00:30"), CallFailed { evidence: Evidence::default(), ..failed() }).unwrap();
    }
    platform.push_page(at("10:00:30"), common::PAGE, vec![user(1)]).unwrap();
    platform.advance(at("10:00:40"), 10);
    assert_eq!(state(&platform), VoiceMessageState::Stored);
    let expires = Timestamp::parse("2026-11-28T10:00:30+08:00").unwrap();
    while platform.poll_effect().is_some() {}
    assert_eq!(platform.poll_deadline(), Some((expires, Why::VoiceMessageEnds(VOICE))));
    platform.advance(expires, 10);
    assert_eq!(state(&platform), VoiceMessageState::Expired);
}

// ---- step 105: listening ----

#[test]
fn whoever_opens_a_message_has_it_and_nobody_else_opens_it() {
    let (mut platform, sequence) = pushed(Policy::default());
    let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: 1 };
    assert_eq!(platform.open_message(at("10:00:32"), account("li"), VOICE), Err(unknown));
    assert!(platform.open_message(at("10:00:32"), account("zhang"), VOICE).is_ok());
    let effects = drain(&mut platform);
    assert!(
        matches!(effects.as_slice(), [Action::Audit(audit)] if matches!(audit.record, AuditRecord::VoiceMessageDelivered(_)))
    );
    assert_eq!(platform.message_reported(at("10:00:33"), sequence, MessageStatus::Delivered), Ok(Reply::NoOp));
    assert_eq!(platform.message_reported(at("10:00:33"), sequence, failure("-1")), Ok(Reply::NoOp));
    platform.advance(at("11:00:00"), 10);
    assert_eq!(drain(&mut platform), [], "it is pushed no more");
}

#[test]
fn whoever_listened_asks_once_to_be_called_back() {
    let (mut platform, _) = pushed(Policy::default());
    let zhang = account("zhang");
    let early = platform.request_call_back(at("10:00:31"), zhang.clone(), VOICE);
    assert_eq!(early, Err(Refusal::NotDelivered { voice_message: VOICE }));
    platform.open_message(at("10:00:32"), zhang.clone(), VOICE).unwrap();
    drain(&mut platform);
    assert_eq!(platform.request_call_back(at("10:00:33"), zhang.clone(), VOICE), Ok(Reply::Done));
    assert_eq!(said(&mut platform), [(Address::Sms(caller()), Content::CallBackRequested(note()))]);
    assert_eq!(platform.request_call_back(at("10:00:34"), zhang.clone(), VOICE), Ok(Reply::NoOp));
    assert_eq!(drain(&mut platform), []);
    let mut platform = bound(Policy::default());
    platform.call_failed(at("10:00:00"), CallFailed { caller: None, is_answered: true, ..failed() }).unwrap();
    platform.recorded(at("10:00:30"), taken(23)).unwrap();
    platform.advance(at("10:00:30"), 10);
    platform.open_message(at("10:00:32"), zhang.clone(), VOICE).unwrap();
    let nobody = platform.request_call_back(at("10:00:33"), zhang, VOICE);
    assert_eq!(nobody, Err(Refusal::NoCaller { voice_message: VOICE }));
}

// ---- forgetting ----

#[test]
fn who_is_forgotten_has_no_message_and_left_none_under_his_number() {
    let mut platform = delivered(Policy::default());
    let reply = platform.forget_me(at("10:10:00"), Address::Sms(callee()));
    assert_eq!(reply, Ok(Reply::Forgotten(Forgotten { bindings: 1, voice_messages: 1, ..Forgotten::default() })));
    let effects = done(&mut platform);
    let [Action::Send(_), Action::ArchiveVoiceMessage(archive), erased] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((archive.outcome, erased), (VoiceMessageOutcome::Delivered, &erase(&[MEDIA], &[VOICE])));
    assert!(platform.voice_messages().is_empty());
    // As the one who left it.
    let mut platform = stored(Policy::default());
    let reply = platform.forget_me(at("10:00:30"), Address::Sms(caller()));
    assert_eq!(reply, Ok(Reply::Forgotten(Forgotten { voice_messages: 1, ..Forgotten::default() })));
    assert_eq!(platform.forget_me(at("10:00:30"), Address::Sms(caller())), Ok(Reply::NoOp));
    platform.advance(at("10:00:30"), 10);
    let sent = pushes(&mut platform);
    let [(_, _, _, said)] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(said.caller, None);
    platform.unbind(at("10:00:31"), account("zhang"), callee()).unwrap();
    assert_eq!(said_nothing(&mut platform), SenderTold::Untellable);
}

fn said_nothing(platform: &mut Platform) -> SenderTold {
    assert_eq!(said(platform), []);
    platform.voice_message(VOICE).unwrap().told
}
