//! Hand-written cases, each from a sentence of the rules: they hold the model to the page, since the comparison cannot.

use std::collections::BTreeMap;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, AuditRecord, Content, Effect, Prompt};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{
    Book, Cancel, ChooseMode, EffectFailed, Hours, HoursLabel, Input, LegAnswered, LegEnded, Line, PublishPage, PushPage,
    RegisterMerchant, RequestCall, Resync,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser, OnWindowClose, Policy};
use ringfence::values::refusal::{Bound, Object, Refusal};
use ringfence::values::reply::{Allow, Booked, Deny, DenyReason, Missed, Outcome, Reply, ReservationState, Verdict};
use ringfence::values::text::Text;
use ringfence::values::time::{TimeOfDay, Timestamp, Weekday, Weekdays, WeeklyRule, Window, Zone};

use super::{CallState, LegState, Model};

const LINE: &str = "95511";
const USER: &str = "+8613800000001";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-21T{text}+08:00")).expect("a time")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}

fn rcs(text: &str) -> Address {
    Address::Rcs(number(text))
}

fn window(start: &str, end: &str) -> Window {
    Window::new(at(start), at(end)).expect("a window")
}

fn answered(leg: u64) -> Input {
    Input::LegAnswered(LegAnswered { leg: LegId::new(leg) })
}

fn ended(leg: u64, q850_cause: u8) -> Input {
    let evidence = Evidence { sip_status: None, q850_cause: Some(q850_cause), ..Evidence::default() };
    Input::LegEnded(LegEnded { leg: LegId::new(leg), evidence })
}

fn request(reservation: u64) -> Input {
    Input::RequestCall(RequestCall::new(number(LINE), ReservationId::new(reservation)))
}

fn book(user: &str, window: Window) -> Input {
    Input::Book(Book::new(rcs(user), PageId::new(10), OfferingId::new(1), window))
}

fn cancel(reservation: u64) -> Input {
    Input::Cancel(Cancel { user: rcs(USER), reservation: ReservationId::new(reservation) })
}

fn choose(reservation: u64, mode: CallMode) -> Input {
    Input::ChooseMode(ChooseMode { merchant: MerchantId::new(1), reservation: ReservationId::new(reservation), mode })
}

fn platform_mode() -> Policy {
    Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() }
}

/// A merchant with one line of two channels, and a page with the windows 18:00 to 20:00 and 21:00 to 22:00.
fn world(policy: Policy) -> Model {
    let mut model = Model::new(policy);
    let zone = Zone::parse("Asia/Shanghai").expect("a zone");
    let merchant = RegisterMerchant {
        merchant: MerchantId::new(1),
        name: Text::from("商户1"),
        lines: vec![Line { number: number(LINE), channels: 2 }],
        zone,
        chatbot: Some(Address::parse("sip:1065000000@chatbot.example").expect("an address")),
        contact: None,
        address: None,
        description: None,
    };
    let page = PublishPage {
        page: PageId::new(10),
        merchant: MerchantId::new(1),
        chatbot: None,
        offerings: BTreeMap::from([(OfferingId::new(1), Text::from("车险"))]),
        windows: vec![window("18:00:00", "20:00:00"), window("21:00:00", "22:00:00")],
        hours: Vec::new(),
        line: None,
        descriptions: BTreeMap::new(),
        calendar: None,
        group_size_max: None,
    };
    assert_eq!(model.handle(at("09:00:00"), &Input::RegisterMerchant(merchant)), Ok(Reply::Done));
    assert!(model.handle(at("09:00:00"), &Input::PublishPage(page)).is_ok());
    model
}

/// The same, with reservation 1 from 18:00 to 20:00, all messages taken.
fn booked(policy: Policy) -> Model {
    let mut model = world(policy);
    assert!(model.handle(at("09:30:00"), &book(USER, window("18:00:00", "20:00:00"))).is_ok());
    model.take_effects();
    model
}

/// What the effects since the last look were, in a few words each.
fn words(model: &mut Model) -> Vec<String> {
    model.take_effects().iter().map(word).collect()
}

fn word(effect: &Effect) -> String {
    match &effect.action {
        Action::Dial(dial) => format!("dial {} {:?}", dial.leg, dial.party),
        Action::Answer(answer) => format!("answer {}", answer.leg),
        Action::Reject(reject) => format!("reject {} {:?}", reject.leg, reject.cause),
        Action::Play(play) => format!("play {} {:?}", play.leg, play.prompt),
        Action::Join(join) => format!("join {} to {}", join.leg, join.bridge),
        Action::HangUp(hang_up) => {
            let prompt = hang_up.prompt.map_or_else(String::new, |prompt| format!(" {prompt:?}"));
            format!("hang up {} {:?}{prompt}", hang_up.leg, hang_up.cause)
        }
        Action::Send(send) => {
            let to = if matches!(send.to, Address::Chatbot(_)) { "merchant" } else { "user" };
            let what = match &send.content {
                Content::BookingPage(_) => "page",
                Content::Result(_) => "result",
                Content::ContactUnconfirmed(_) => "unconfirmed",
                Content::Reservation(_) => "reservation",
                Content::ModeOptions(_) => "options",
                Content::Cancelled(_) => "cancelled",
                Content::CancelledForMerchant(_) => "cancelled",
                Content::MissedForMerchant(notice) => return format!("{to}: missed {:?}", notice.why),
                Content::Challenge(_) => "challenge",
                Content::ContactNotConfirmed(_) => "contact not confirmed",
                Content::Amended(_) => "amended",
                Content::OnHold(_) => "on hold",
                Content::SlotOver(_) => "slot over",
                Content::Declined(_) => "declined",
                Content::ManagePage(_) => "manage_page",
                Content::Reminder(_) => "reminder",
                Content::Missed(notice) => return format!("{to}: missed {:?}", notice.why),
                Content::SearchEntry(_) => "search entry",
                Content::SearchResults(_) => "search results",
                Content::BindingChallenge(_) => "binding challenge",
                Content::VoiceMessage(_) => "voice message",
                Content::VoiceMessageUndelivered(_) | Content::VoiceMessageUndeliveredForMerchant(_) => {
                    "voice message undelivered"
                }
                Content::CallBackRequested(_) | Content::CallBackRequestedForMerchant(_) => "call back",
                Content::BindingChanged(changed) => return format!("{to}: binding {:?}", changed.change),
            };
            format!("{to}: {what}")
        }
        Action::Audit(audit) => match &audit.record {
            AuditRecord::Erased(record) => format!("audit erased {}", record.reservations.len()),
            AuditRecord::Judged(judged) => format!("judged {}", judged.leg),
            AuditRecord::UserDialled(dialled) => format!("user dialled {}", dialled.leg),
            AuditRecord::DialWithdrawn(withdrawn) => format!("withdrawn {}", withdrawn.leg),
            AuditRecord::LegLost(lost) => format!("lost {}", lost.leg),
            AuditRecord::Booked(booked) => format!("booked {}", booked.reservation),
            AuditRecord::PolicySet(_) => "policy set".to_owned(),
            AuditRecord::NumberLeased(leased) => format!("number leased {}", leased.reservation),
            AuditRecord::Frozen(record) => format!("frozen {:?}", record.scope),
            AuditRecord::Thawed(record) => format!("thawed {:?}", record.scope),
            AuditRecord::DoNotCallChanged(changed) => format!("listed {}", changed.listed),
            AuditRecord::NumbersLow(low) => format!("numbers low {}", low.left),
            AuditRecord::Challenged(record) => format!("challenged {}", record.challenge),
            AuditRecord::CodeJudged(record) => format!("code judged {}", record.is_right),
            AuditRecord::KeyRotated(record) => format!("key {}", record.id),
            AuditRecord::Grouped(record) => format!("group of {}", record.reservations.len()),
            AuditRecord::Amended(amended) => format!("amended {}", amended.reservation),
            AuditRecord::Rebased(rebased) => format!("rebased {}", rebased.call),
            AuditRecord::Acknowledged(record) => format!("acknowledged {}", record.reservation),
            AuditRecord::Declined(record) => format!("declined {}", record.reservation),
            AuditRecord::BindingAsked(record) => format!("binding asked {}", record.binding),
            AuditRecord::BindingJudged(record) => format!("binding judged {}", record.is_right),
            AuditRecord::BindingEnded(record) => format!("binding ended {:?}", record.why),
            AuditRecord::Undelivered(record) => format!("undelivered {}", record.message),
            AuditRecord::FailedCall(record) => format!("failed call {:?}", record.ruling),
            AuditRecord::VoiceMessageDelivered(record) => format!("delivered {}", record.voice_message),
            AuditRecord::VoiceMessageEnded(record) => format!("ended {:?}", record.outcome),
            AuditRecord::PushMisconfigured(record) => format!("misconfigured {}", record.code.as_str()),
        },
        Action::Erase(erase) => format!("erase {} {}", erase.reservations.len(), erase.media.len()),
        Action::Record(record) => format!("record {}", record.voice_message),
        Action::Transcribe(transcribe) => format!("transcribe {}", transcribe.voice_message),
        Action::ArchiveVoiceMessage(archive) => format!("archive {:?}", archive.outcome),
        Action::Archive(archive) => format!("archive {} {:?}", archive.reservation, archive.outcome),
    }
}

fn reason(reply: &Result<Reply, Refusal>) -> Option<DenyReason> {
    match reply {
        Ok(Reply::Deny(Deny { reason, .. })) => Some(*reason),
        Ok(Reply::Allow(_)) => None,
        other => panic!("neither allowed nor denied: {other:?}"),
    }
}

fn outcome(model: &Model) -> Option<Outcome> {
    model.reservations().first().and_then(|reservation| reservation.outcome)
}

#[test]
fn a_booking_tells_the_user_then_the_merchant_then_asks_for_the_mode() {
    let mut model = world(Policy::default());
    model.take_effects();
    let reply = model.handle(at("09:30:00"), &book(USER, window("18:00:00", "20:00:00")));
    let reservation = ReservationId::new(1);
    assert_eq!(reply, Ok(Reply::Booked(Booked { reservation, state: ReservationState::AwaitingMode })));
    assert_eq!(words(&mut model), ["booked 1", "user: result", "merchant: reservation", "merchant: options"]);
}

#[test]
fn a_booking_inside_its_window_is_open_at_once() {
    let mut model = world(Policy::default());
    let reply = model.handle(at("18:30:00"), &book(USER, window("18:00:00", "20:00:00")));
    assert_eq!(reply, Ok(Reply::Booked(Booked { reservation: ReservationId::new(1), state: ReservationState::Open })));
    assert_eq!(reason(&model.handle(at("18:30:00"), &request(1))), None);
}

#[test]
fn the_window_is_half_open_to_the_microsecond() {
    for (policy, when, verdict) in [
        (Policy::default(), "17:59:59.999999", Some((DenyReason::BeforeWindow, Some(at("18:00:00"))))),
        (Policy::default(), "18:00:00", None),
        (Policy::default(), "19:59:59.999999", None),
        (Policy { min_ring_s: 10, ..Policy::default() }, "19:59:49.999999", None),
        (Policy { min_ring_s: 10, ..Policy::default() }, "19:59:50", Some((DenyReason::WindowClosing, None))),
        (Policy { min_ring_s: 10, ..Policy::default() }, "19:59:59.999999", Some((DenyReason::WindowClosing, None))),
        (Policy::default(), "20:00:00", Some((DenyReason::WindowOver, None))),
    ] {
        let mut model = booked(policy);
        let expected = verdict.map_or(Verdict::Allow, |(reason, retry_at)| Verdict::Deny { reason, retry_at });
        assert_eq!(model.gate(RequestCall::new(number(LINE), ReservationId::new(1)), at(when)), expected, "{when}");
        let reply = model.handle(at(when), &request(1));
        assert_eq!(reason(&reply), verdict.map(|(reason, _)| reason), "{when}");
    }
}

#[test]
fn a_dial_in_the_last_microsecond_may_ring_for_a_millisecond_and_never_without_end() {
    let mut model = booked(Policy::default());
    model.handle(at("19:59:59.999999"), &request(1)).expect("allowed");
    let dials: Vec<_> = model
        .take_effects()
        .into_iter()
        .filter_map(|effect| if let Action::Dial(dial) = effect.action { Some(dial) } else { None })
        .collect();
    assert_eq!(dials[0].ring_timeout_ms, 1);
    assert_eq!(dials[0].not_after, at("20:00:00"));
}

#[test]
fn merchant_mode_answers_the_caller_when_the_user_picks_up_and_joins_the_merchant_first() {
    let mut model = booked(Policy::default());
    let reply = model.handle(at("18:00:00"), &request(1));
    assert_eq!(reply, Ok(Reply::Allow(Allow { leg: LegId::new(1), call: ringfence::values::id::CallId::new(1) })));
    assert_eq!(words(&mut model), ["judged 1", "user dialled 2", "dial 2 User"]);
    assert_eq!(model.handle(at("18:00:10"), &answered(2)), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["answer 1"]);
    assert_eq!(model.handle(at("18:00:11"), &answered(1)), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["join 1 to 1", "join 2 to 1"]);
    assert_eq!(model.handle(at("18:05:00"), &ended(2, 16)), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["hang up 1 Normal"]);
    assert_eq!(outcome(&model), Some(Outcome::Completed));
    assert_eq!(model.handle(at("18:05:01"), &ended(1, 16)), Ok(Reply::Done));
    assert_eq!(model.handle(at("18:05:01"), &ended(1, 16)), Ok(Reply::NoOp));
    assert!(model.calls().is_empty());
}

#[test]
fn platform_mode_rings_the_merchant_then_the_user() {
    let mut model = booked(platform_mode());
    assert_eq!(model.advance(at("17:59:59.999999"), 9).fired, 0);
    assert_eq!(model.advance(at("18:00:00"), 9).fired, 2, "the opening and the line");
    assert_eq!(words(&mut model), ["dial 1 Merchant"]);
    assert_eq!(reason(&model.handle(at("18:00:01"), &request(1))), Some(DenyReason::PlatformIsCalling));
    assert_eq!(words(&mut model), ["judged 2", "reject 2 NotPermitted"]);
    model.handle(at("18:00:05"), &answered(1)).expect("answered");
    assert_eq!(words(&mut model), ["play 1 ConnectingUser", "user dialled 3", "dial 3 User"]);
    model.handle(at("18:00:09"), &answered(3)).expect("answered");
    assert_eq!(words(&mut model), ["join 1 to 1", "join 3 to 1"]);
    assert_eq!(model.calls()[0].1, CallState::Talking);
}

#[test]
fn a_busy_user_is_called_again_after_the_spacing_until_the_attempts_are_used_up() {
    let mut model = booked(Policy { attempts_max: 2, ..platform_mode() });
    model.advance(at("18:00:00"), 9);
    model.handle(at("18:00:05"), &answered(1)).expect("answered");
    model.take_effects();
    model.handle(at("18:00:06"), &ended(2, 17)).expect("ended");
    // His merchant is asked for a message, which nobody would get.
    let not_offered = "failed call NotOffered(NotOffered { why: Unbound })";
    assert_eq!(words(&mut model), [not_offered, "hang up 1 UserBusy UserUnreachable"]);
    model.handle(at("18:00:07"), &ended(1, 16)).expect("ended");
    assert_eq!(
        model.gate(RequestCall::new(number(LINE), ReservationId::new(1)), at("18:00:08")),
        Verdict::Deny { reason: DenyReason::WrongMode, retry_at: None }
    );
    assert_eq!(model.next_deadline().map(|(due, _)| due), Some(at("18:05:06")));
    model.advance(at("18:05:06"), 9);
    model.handle(at("18:05:10"), &answered(3)).expect("answered");
    model.take_effects();
    assert_eq!(model.advance(at("18:05:55"), 9).fired, 1, "the ring time");
    assert_eq!(
        words(&mut model),
        [
            "withdrawn 4",
            "hang up 4 NoAnswer",
            "hang up 3 NoAnswer UserUnreachable",
            "user: missed NotReached",
            "merchant: missed NotReached"
        ]
    );
}

#[test]
fn a_cancel_while_the_phone_rings_hangs_up_in_the_same_step_and_a_late_answer_is_hung_up_once() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    model.take_effects();
    assert_eq!(model.handle(at("18:00:01"), &cancel(1)), Ok(Reply::Done));
    assert_eq!(
        words(&mut model),
        ["withdrawn 2", "hang up 2 Withdrawn", "reject 1 Withdrawn", "user: cancelled", "merchant: cancelled"]
    );
    assert_eq!(model.handle(at("18:00:01"), &cancel(1)), Ok(Reply::NoOp));
    assert_eq!(model.handle(at("18:00:02"), &answered(2)), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["hang up 2 Withdrawn"]);
    assert_eq!(model.handle(at("18:00:02"), &answered(2)), Ok(Reply::NoOp));
    assert_eq!(words(&mut model), [""; 0]);
    assert_eq!(model.advance(at("18:00:31"), 9).fired, 1, "the grace runs from the first hang-up");
    assert_eq!(words(&mut model), ["lost 2"]);
}

#[test]
fn a_cancel_leaves_a_conversation_alone_and_closes_when_it_ends() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    model.handle(at("18:00:01"), &answered(2)).expect("answered");
    model.take_effects();
    assert_eq!(model.handle(at("18:00:02"), &cancel(1)), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["user: cancelled", "merchant: cancelled"]);
    assert_eq!(model.handle(at("18:00:03"), &cancel(1)), Ok(Reply::NoOp));
    model.handle(at("18:00:04"), &answered(1)).expect("answered");
    model.handle(at("18:01:00"), &ended(1, 16)).expect("ended");
    assert_eq!(words(&mut model), ["join 1 to 1", "join 2 to 1", "hang up 2 Normal"]);
    assert_eq!(outcome(&model), Some(Outcome::Cancelled));
}

#[test]
fn a_window_that_ends_while_the_phone_rings_stops_the_ringing() {
    let mut model = booked(Policy::default());
    model.handle(at("19:59:50"), &request(1)).expect("allowed");
    let dialled = model.take_effects().last().map_or(0, |effect| effect.sequence);
    model.confirm(dialled).expect("it was emitted");
    assert_eq!(model.advance(at("20:00:00"), 9).fired, 1);
    assert_eq!(
        words(&mut model),
        ["hang up 2 WindowEnded", "reject 1 WindowEnded", "user: missed NotReached", "merchant: missed NotReached"]
    );
    assert_eq!(model.legs().iter().map(|leg| leg.state).collect::<Vec<_>>(), [LegState::Releasing]);
}

#[test]
fn a_conversation_runs_on_past_the_window_unless_the_policy_hangs_up() {
    for (on_window_close, effects) in
        [(OnWindowClose::Continue, vec![]), (OnWindowClose::HangUp, vec!["hang up 2 WindowEnded", "hang up 1 WindowEnded"])]
    {
        let mut model = booked(Policy { on_window_close, ..Policy::default() });
        model.handle(at("19:59:50"), &request(1)).expect("allowed");
        model.handle(at("19:59:55"), &answered(2)).expect("answered");
        model.handle(at("19:59:56"), &answered(1)).expect("answered");
        model.take_effects();
        assert_eq!(model.advance(at("20:00:00"), 9).fired, 1);
        assert_eq!(words(&mut model), effects);
        model.handle(at("20:01:00"), &ended(1, 16)).expect("ended");
        assert_eq!(outcome(&model), Some(Outcome::Completed));
    }
}

#[test]
fn a_late_host_loses_calls_and_rings_nobody() {
    let mut model = booked(platform_mode());
    let progress = model.advance(at("20:00:01"), 99);
    assert_eq!(progress.fired, 3, "the opening, the line that may not ring any more, and the end");
    assert_eq!(words(&mut model), ["user: missed HostLate", "merchant: missed HostLate"]);
    assert_eq!(outcome(&model), Some(Outcome::Missed(Missed::HostLate)));
}

#[test]
fn a_late_advance_serves_what_is_still_inside_its_window() {
    let mut model = booked(platform_mode());
    model.advance(at("19:59:00"), 99);
    assert_eq!(words(&mut model), ["dial 1 Merchant"]);
}

#[test]
fn a_silent_merchant_is_asked_by_nobody_and_misses_as_not_called() {
    let mut model = booked(Policy::default());
    model.advance(at("20:00:00"), 99);
    assert_eq!(words(&mut model), ["user: missed NotCalled", "merchant: missed NotCalled"]);
    assert_eq!(model.advance(at("20:00:00").saturating_add_s(30 * 86_400), 9).fired, 1);
    assert_eq!(words(&mut model), ["archive 1 Missed(NotCalled)"]);
    assert_eq!(model.handle(at("20:00:00"), &cancel(1)), Err(Refusal::Gone { object: Object::Reservation, id: 1 }));
    assert_eq!(model.handle(at("20:00:00"), &cancel(2)), Err(Refusal::Unknown { object: Object::Reservation, id: 2 }));
}

#[test]
fn choosing_the_mode_in_force_is_a_no_op_and_the_other_one_requeues_at_now() {
    let mut model = booked(Policy::default());
    assert_eq!(model.handle(at("12:00:00"), &choose(1, CallMode::MerchantCalls)), Ok(Reply::Done), "nothing was in force");
    assert_eq!(model.handle(at("12:00:00"), &choose(1, CallMode::MerchantCalls)), Ok(Reply::NoOp));
    assert_eq!(model.handle(at("18:10:00"), &choose(1, CallMode::PlatformCalls)), Ok(Reply::Done));
    assert_eq!(model.next_deadline().map(|(due, _)| due), Some(at("18:10:00")));
}

#[test]
fn an_inbound_leg_that_does_not_report_its_answer_in_time_is_hung_up_and_the_user_hears_why() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    model.handle(at("18:00:05"), &answered(2)).expect("answered");
    model.take_effects();
    assert_eq!(model.advance(at("18:00:15"), 9).fired, 1);
    assert_eq!(words(&mut model), ["hang up 2 OtherSideGone MerchantGone", "hang up 1 OtherSideGone"]);
}

#[test]
fn a_failed_dial_ends_its_call_and_is_hung_up_while_nobody_heard_of_it() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    let dial = model.take_effects().last().map_or(0, |effect| effect.sequence);
    let failed = Input::EffectFailed(EffectFailed { sequence: dial });
    assert_eq!(model.handle(at("18:00:01"), &failed), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["withdrawn 2", "hang up 2 Unknown", "reject 1 UserUnreachable"]);
    assert_eq!(model.handle(at("18:00:01"), &failed), Ok(Reply::NoOp));
    assert_eq!(model.confirm(dial + 9), Err(Refusal::NotEmitted { sequence: dial + 9, last: dial + 3 }));
    let never = Input::EffectFailed(EffectFailed { sequence: dial + 9 });
    assert_eq!(model.handle(at("18:00:01"), &never), Err(Refusal::NotEmitted { sequence: dial + 9, last: dial + 3 }));
}

#[test]
fn resync_loses_what_it_does_not_name_and_hangs_up_what_is_not_ours() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    model.take_effects();
    let legs = vec![LegId::new(77), LegId::new(1)];
    assert_eq!(model.handle(at("18:00:10"), &Input::Resync(Resync { legs })), Ok(Reply::Done));
    assert_eq!(words(&mut model), ["withdrawn 2", "lost 2", "reject 1 UserUnreachable", "hang up 77 Unknown"]);
    assert!(model.unconfirmed().iter().all(|effect| !effect.action.is_at_most_once()));
}

#[test]
fn a_full_outbox_refuses_what_creates_and_starts_nothing() {
    let mut model = booked(Policy { outbox_max: 7, ..Policy::default() });
    let full = Refusal::Limit { bound: Bound::Outbox, most: 7 };
    let push = Input::PushPage(PushPage {
        page: PageId::new(10),
        to: ["+8613800000007", "+8613800000008", "+8613800000009"].map(rcs).to_vec(),
    });
    assert_eq!(model.handle(at("09:30:30"), &push), Ok(Reply::Done));
    assert_eq!(model.handle(at("09:31:00"), &book("+8613800000002", window("18:00:00", "20:00:00"))), Err(full.clone()));
    assert_eq!(model.handle(at("18:00:00"), &request(1)), Err(full.clone()));
    assert_eq!(model.handle(at("18:00:00"), &request(2)), Err(full), "what would be denied as well: there is no verdict");
    assert_eq!(model.handle(at("18:00:00"), &choose(1, CallMode::PlatformCalls)), Ok(Reply::Done));
    assert_eq!(model.advance(at("18:00:00"), 9).fired, 0, "the line is not served");
    let last = model.effects_given();
    model.confirm(last).expect("emitted");
    assert_eq!(model.advance(at("18:00:00"), 9).fired, 1);
}

#[test]
fn one_number_one_leg_and_one_line_its_channels() {
    let mut model = booked(Policy::default());
    for user in ["+8613800000002", "+8613800000003"] {
        model.handle(at("09:30:00"), &book(user, window("18:00:00", "20:00:00"))).expect("booked");
    }
    assert_eq!(reason(&model.handle(at("18:00:00"), &request(1))), None);
    assert_eq!(reason(&model.handle(at("18:00:00"), &request(1))), Some(DenyReason::InCall));
    assert_eq!(reason(&model.handle(at("18:00:00"), &request(2))), None);
    assert_eq!(reason(&model.handle(at("18:00:00"), &request(3))), Some(DenyReason::NoChannel));
}

#[test]
fn the_line_serves_who_waits_longest_and_passes_over_a_busy_number() {
    let mut model = world(platform_mode());
    for (user, window) in [
        (USER, window("18:00:00", "18:30:00")),
        (USER, window("18:30:00", "20:00:00")),
        ("+8613800000002", window("18:40:00", "20:00:00")),
        ("+8613800000003", window("18:35:00", "20:00:00")),
    ] {
        model.handle(at("09:30:00"), &book(user, window)).expect("booked");
    }
    let rung = |model: &Model| model.legs().iter().map(|leg| leg.reservation.get()).collect::<Vec<_>>();
    model.advance(at("18:29:50"), 99);
    model.handle(at("18:29:55"), &answered(1)).expect("the merchant");
    model.handle(at("18:29:56"), &answered(2)).expect("the user");
    model.advance(at("18:30:00"), 99);
    assert_eq!(rung(&model), [1, 1], "he talks on, and his second reservation stands aside");
    model.advance(at("18:40:00"), 99);
    assert_eq!(rung(&model), [1, 1, 4], "the other channel goes to the one who waits since 18:35");
    for leg in [2, 1] {
        model.handle(at("18:40:01"), &ended(leg, 16)).expect("ended");
    }
    model.advance(at("18:40:01"), 99);
    assert_eq!(rung(&model), [4, 2], "his number is free, and he kept his place since 18:30");
}

#[test]
fn the_nearest_windows_are_named_when_another_is_asked_for() {
    let mut model = world(Policy::default());
    let (early, late) = (window("18:00:00", "20:00:00"), window("21:00:00", "22:00:00"));
    for (asked, nearest) in [
        (window("12:00:00", "13:00:00"), [early, late]),
        (window("20:00:00", "20:30:00"), [early, late]),
        (window("23:00:00", "23:30:00"), [late, early]),
    ] {
        let reply = model.handle(at("10:00:00"), &book(USER, asked));
        assert_eq!(reply, Err(Refusal::WindowNotOffered { nearest: nearest.to_vec() }));
    }
    let over = model.handle(at("20:30:00"), &book(USER, early));
    assert_eq!(over, Err(Refusal::WindowOver { end: early.end(), nearest: vec![late] }));
}

#[test]
fn weekly_hours_are_meant_in_the_zone_of_the_merchant() {
    let mut model = world(Policy::default());
    let evening =
        |day| WeeklyRule::new(day, TimeOfDay::parse("19:00").expect("a time"), TimeOfDay::parse("01:00").expect("a time"));
    let rule = evening(Weekdays::new(&[Weekday::Sat]).expect("a day")).expect("a rule");
    let page = PublishPage {
        page: PageId::new(10),
        merchant: MerchantId::new(1),
        chatbot: None,
        offerings: BTreeMap::from([(OfferingId::new(1), Text::from("车险"))]),
        windows: Vec::new(),
        hours: vec![Hours { label: HoursLabel::NonWorking, rule }],
        line: None,
        descriptions: BTreeMap::new(),
        calendar: None,
        group_size_max: None,
    };
    model.handle(at("10:00:00"), &Input::PublishPage(page)).expect("published");
    // 2026-11-21 is a Saturday in Shanghai.
    let whole = Window::new(at("19:00:00"), at("23:00:00").saturating_add_s(7_200)).expect("a window");
    assert!(model.handle(at("10:00:00"), &book(USER, whole)).is_ok());
    let weeks = |count: u64| {
        let later = |at: Timestamp| at.saturating_add_s(count * 7 * 86_400);
        Window::new(later(whole.start()), later(whole.end())).expect("a window")
    };
    let reply = model.handle(at("10:00:00"), &book("+8613800000002", window("18:59:00", "19:30:00")));
    assert_eq!(reply, Err(Refusal::WindowNotOffered { nearest: vec![whole, weeks(1), weeks(2)] }));
}

#[test]
fn an_unverified_booking_is_told_to_its_sender_only_and_never_rings() {
    let mut model = world(Policy::default());
    model.take_effects();
    let mut foreign = book(USER, window("18:00:00", "20:00:00"));
    if let Input::Book(book) = &mut foreign {
        book.contact = Some(number("+8613800000002"));
    }
    assert_eq!(
        model.handle(at("09:30:00"), &foreign),
        Ok(Reply::Booked(Booked { reservation: ReservationId::new(1), state: ReservationState::Unverified }))
    );
    assert_eq!(words(&mut model), ["booked 1", "user: unconfirmed"]);
    assert_eq!(reason(&model.handle(at("18:00:00"), &request(1))), Some(DenyReason::Unverified));
    model.take_effects();
    model.advance(at("20:00:00"), 9);
    assert_eq!(words(&mut model), [""; 0]);
    assert_eq!(outcome(&model), Some(Outcome::Unverified));
}

#[test]
fn a_merchant_who_never_answers_uses_no_attempt_of_the_user() {
    let mut model = booked(Policy { merchant_attempts_max: 1, ..platform_mode() });
    model.advance(at("18:00:00"), 9);
    model.take_effects();
    model.advance(at("18:00:45"), 9);
    assert_eq!(
        words(&mut model),
        ["hang up 1 NoAnswer", "user: missed MerchantNotReached", "merchant: missed MerchantNotReached"]
    );
}

#[test]
fn a_prompt_is_never_played_to_a_leg_that_was_not_answered() {
    let mut model = booked(Policy::default());
    model.handle(at("18:00:00"), &request(1)).expect("allowed");
    model.take_effects();
    model.handle(at("18:00:01"), &ended(1, 16)).expect("ended");
    let hang_ups: Vec<Option<Prompt>> = model
        .take_effects()
        .into_iter()
        .filter_map(|effect| if let Action::HangUp(hang_up) = effect.action { Some(hang_up.prompt) } else { None })
        .collect();
    assert_eq!(hang_ups, [None]);
    assert_eq!(ReleaseCause::OtherSideGone.q850(), 16);
}
