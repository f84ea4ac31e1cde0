//! The gate reads time, never whether a deadline fired: it is asked here for instants at which nobody called `advance`.

use std::collections::BTreeMap;

use crate::common::{MERCHANT, PAGE, at, booked, booking, drain, evening, line, number, user, world};
use ringfence::values::id::GroupId;
use ringfence::values::input::{Amend, Book, Line, PublishPage, RegisterMerchant, Slot};
use ringfence::values::policy::{ModeChooser, OnWindowClose};
use ringfence::values::reply::DenyReason as D;
use ringfence::{
    Address, CallMode, CallTarget, LegId, MerchantId, OfferingId, PageId, Platform, Policy, Reply, RequestCall, ReservationId,
    Timestamp, Verdict, Window, Zone,
};

const OTHER: MerchantId = MerchantId::new(2);

fn asked(platform: &Platform, line: &str, target: impl Into<CallTarget>, now: &str) -> (Option<D>, Option<Timestamp>) {
    match platform.gate(RequestCall::new(number(line), target), at(now)) {
        Verdict::Allow => (None, None),
        Verdict::Deny { reason, retry_at } => (Some(reason), retry_at),
    }
}

fn reason(platform: &Platform, target: impl Into<CallTarget>, now: &str) -> Option<D> {
    asked(platform, "95511", target, now).0
}

/// User 1 books with another merchant, too.
fn at_another_merchant(platform: &mut Platform, mode: CallMode) -> ReservationId {
    let other = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065000001@chatbot.example").unwrap()),
        ..RegisterMerchant::new(OTHER, "商户2", vec![Line { number: number("95512"), channels: 1 }], Zone::UTC)
    };
    platform.register_merchant(at("09:00:00"), other).unwrap();
    let page = PageId::new(20);
    let offerings = BTreeMap::from([(OfferingId::new(1), "房贷".into())]);
    platform
        .publish_page(at("09:00:00"), PublishPage { windows: vec![evening()], ..PublishPage::new(page, OTHER, offerings) })
        .unwrap();
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), Book { page, ..booking(1) }) else { panic!("refused") };
    platform.choose_mode(at("09:06:00"), OTHER, booked.reservation, mode).unwrap();
    drain(platform);
    booked.reservation
}

#[test]
fn what_is_closed_is_unknown_once_its_retention_is_over() {
    let mut platform = world(Policy { retention_s: 3_600, ..Policy::default() }, 1);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.cancel(at("17:30:00"), user(1), reservation).unwrap();
    assert_eq!(reason(&platform, reservation, "18:29:59.999999"), Some(D::Closed));
    assert_eq!(reason(&platform, reservation, "18:30:00"), Some(D::NotRecognized));
}

#[test]
fn at_the_end_of_time_the_gate_answers_what_a_request_answers() {
    let mut platform = world(Policy::default(), 1);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    let request = RequestCall::new(line(), reservation);
    let Verdict::Deny { reason, .. } = platform.gate(request, Timestamp::MAX) else { panic!("allowed") };
    let Ok(Reply::Deny(denied)) = platform.request_call(Timestamp::MAX, line(), reservation) else { panic!("allowed") };
    assert_eq!((reason, reason), (D::NotRecognized, denied.reason));
}

#[test]
fn a_number_is_busy_while_a_merchant_is_rung_for_it_and_no_longer() {
    let mut platform = world(Policy::default(), 1);
    let one = booked(&mut platform, 1, CallMode::MerchantCalls);
    at_another_merchant(&mut platform, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 9);
    assert_eq!(reason(&platform, one, "18:00:00"), Some(D::NumberBusy));
    assert_eq!(reason(&platform, one, "18:00:44.999999"), Some(D::NumberBusy));
    assert_eq!(reason(&platform, one, "18:00:45"), None, "the merchant did not answer");
}

#[test]
fn a_merchant_who_is_rung_until_the_window_ends_makes_nobody_busy_after_it() {
    let mut platform = world(Policy { ring_timeout_s: 120, ..Policy::default() }, 1);
    let mut later = booking(1);
    later.window = Window::new(at("19:00:00"), at("20:00:00")).unwrap();
    let Ok(Reply::Booked(one)) = platform.book(at("09:05:00"), later) else { panic!("refused") };
    platform.choose_mode(at("09:06:00"), MERCHANT, one.reservation, CallMode::MerchantCalls).unwrap();
    let two = at_another_merchant(&mut platform, CallMode::PlatformCalls);
    let slot = Slot::Window(Window::new(at("18:00:00"), at("19:30:00")).unwrap());
    platform.choose_slot(at("09:07:00"), OTHER, two, slot).unwrap();
    platform.advance(at("19:29:00"), 9);
    assert_eq!(reason(&platform, one.reservation, "19:29:59.999999"), Some(D::NumberBusy));
    assert_eq!(
        reason(&platform, one.reservation, "19:30:00"),
        None,
        "his slot is over, though his phone may ring for a minute more"
    );
}

#[test]
fn a_call_counts_as_ended_when_its_ring_time_is_over() {
    let mut platform = world(Policy { attempts_max: 1, ..Policy::default() }, 1);
    let once = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:00"), line(), once).unwrap();
    assert_eq!(reason(&platform, once, "18:00:44.999999"), Some(D::InCall));
    assert_eq!(reason(&platform, once, "18:00:45"), Some(D::Closed), "its only attempt is used");
}

/// The platform rings the merchant from this instant on, for a reservation with a slot until 18:30.
fn rung_in_slot(policy: Policy, begun: &str) -> (Platform, ReservationId) {
    let mut platform = world(policy, 1);
    let reservation = booked(&mut platform, 1, CallMode::PlatformCalls);
    let slot = Slot::Window(Window::new(at("18:00:00"), at("18:30:00")).unwrap());
    platform.choose_slot(at("09:07:00"), MERCHANT, reservation, slot).unwrap();
    platform.advance(at(begun), 9);
    assert_eq!(platform.legs().len(), 1);
    (platform, reservation)
}

#[test]
fn the_end_of_a_slot_ends_a_call_in_which_nobody_has_answered() {
    let (platform, reservation) = rung_in_slot(Policy::default(), "18:29:50");
    assert_eq!(reason(&platform, reservation, "18:29:59.999999"), Some(D::PlatformIsCalling));
    assert_eq!(reason(&platform, reservation, "18:30:00"), Some(D::WrongMode), "the phone would ring until 18:30:35");
}

#[test]
fn the_end_of_a_slot_is_nobodys_failure_and_an_earlier_end_of_the_ring_time_is() {
    let policy = || Policy { merchant_attempts_max: 1, ..Policy::default() };
    let (platform, reservation) = rung_in_slot(policy(), "18:29:50");
    assert_eq!(reason(&platform, reservation, "18:30:00"), Some(D::WrongMode), "he may be called again");
    let (platform, reservation) = rung_in_slot(policy(), "18:29:15");
    assert_eq!(reason(&platform, reservation, "18:30:00"), Some(D::Closed), "he did not answer: legs come before reservations");
}

#[test]
fn a_conversation_outlasts_its_slot() {
    let (mut platform, reservation) = rung_in_slot(Policy::default(), "18:29:00");
    platform.leg_answered(at("18:29:10"), LegId::new(1)).unwrap();
    platform.leg_answered(at("18:29:20"), LegId::new(2)).unwrap();
    assert_eq!(reason(&platform, reservation, "18:30:00"), Some(D::PlatformIsCalling));
}

/// A conversation of user 1 in merchant mode, since 18:10, with others allowed after it, during which he asks for the next day.
fn amended_in_conversation(policy: Policy) -> (Platform, ReservationId) {
    let mut platform = world(Policy { conversations_max: 2, ..policy }, 2);
    let page = PublishPage {
        windows: vec![evening(), tomorrow()],
        ..PublishPage::new(PAGE, MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
    };
    platform.publish_page(at("09:00:00"), page).unwrap();
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:10:00"), line(), reservation).unwrap();
    platform.leg_answered(at("18:10:05"), LegId::new(2)).unwrap();
    platform.leg_answered(at("18:10:06"), LegId::new(1)).unwrap();
    let amend = Amend { window: Some(tomorrow()), ..Amend::new(user(1), reservation) };
    platform.amend(at("18:20:00"), amend).unwrap();
    (platform, reservation)
}

fn tomorrow() -> Window {
    Window::new(evening().start().saturating_add_s(86_400), evening().end().saturating_add_s(86_400)).unwrap()
}

#[test]
fn terms_that_wait_hold_from_the_end_of_the_window_on_when_that_ends_the_call() {
    let policy = Policy { on_window_close: OnWindowClose::HangUp, ..Policy::default() };
    let (platform, reservation) = amended_in_conversation(policy);
    assert_eq!(reason(&platform, reservation, "19:59:59.999999"), Some(D::InCall));
    let after = asked(&platform, "95511", reservation, "20:00:00");
    assert_eq!(after, (Some(D::BeforeWindow), Some(tomorrow().start())));
    let (platform, reservation) = amended_in_conversation(Policy::default());
    assert_eq!(
        reason(&platform, reservation, "20:00:00"),
        Some(D::WindowOver),
        "the conversation runs on, and the old terms hold"
    );
}

#[test]
fn terms_that_wait_hold_from_the_end_of_the_longest_conversation_on() {
    let policy = Policy { conversation_max_s: 600, ..Policy::default() };
    let (platform, reservation) = amended_in_conversation(policy);
    assert_eq!(reason(&platform, reservation, "18:20:05"), Some(D::InCall), "it began at 18:10:06");
    assert_eq!(reason(&platform, reservation, "18:20:06"), Some(D::BeforeWindow));
}

// ---- groups ----

const GROUP: GroupId = GroupId::new(1);

/// Users who share their calls, in merchant mode.
fn sharing(policy: Policy, users: u32) -> (Platform, Vec<ReservationId>) {
    let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::MerchantCalls), ..policy };
    let mut platform = world(policy, 2);
    let page = PublishPage {
        windows: vec![evening(), tomorrow()],
        group_size_max: Some(2),
        ..PublishPage::new(PAGE, MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
    };
    platform.publish_page(at("09:00:00"), page).unwrap();
    let reservations = (1..=users).map(|last| {
        let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), Book { share: true, ..booking(last) }) else {
            panic!("refused")
        };
        booked.reservation
    });
    let reservations = reservations.collect();
    drain(&mut platform);
    (platform, reservations)
}

#[test]
fn a_group_is_known_until_its_window_is_over() {
    let (platform, _) = sharing(Policy::default(), 2);
    let before = asked(&platform, "95511", GROUP, "17:00:00");
    assert_eq!(before, (Some(D::BeforeWindow), Some(evening().start())));
    assert_eq!(reason(&platform, GROUP, "18:00:00"), None);
    assert_eq!(reason(&platform, GROUP, "19:59:59.999999"), Some(D::WindowClosing).filter(|_| Policy::default().min_ring_s > 0));
    assert_eq!(reason(&platform, GROUP, "20:00:00"), Some(D::NotRecognized), "nobody is left");
}

#[test]
fn whom_his_own_call_has_closed_is_in_no_group() {
    let (mut platform, reservations) = sharing(Policy { attempts_max: 1, ..Policy::default() }, 1);
    platform.request_call(at("18:00:00"), line(), reservations[0]).unwrap();
    assert_eq!(reason(&platform, GROUP, "18:00:44.999999"), Some(D::InCall));
    assert_eq!(reason(&platform, GROUP, "18:00:45"), Some(D::NotRecognized));
}

#[test]
fn whom_waiting_terms_take_out_leaves_the_group_when_his_call_ends_and_whom_they_leave_in_stays() {
    let policy = || Policy { conversation_max_s: 600, conversations_max: 2, ..Policy::default() };
    for (window, name, after) in [(Some(tomorrow()), None, Some(D::NotRecognized)), (None, Some("李四"), None)] {
        let (mut platform, reservations) = sharing(policy(), 1);
        platform.request_call(at("18:10:00"), line(), reservations[0]).unwrap();
        platform.leg_answered(at("18:10:05"), LegId::new(2)).unwrap();
        platform.leg_answered(at("18:10:06"), LegId::new(1)).unwrap();
        let amend = Amend { window, name: name.map(Into::into), ..Amend::new(user(1), reservations[0]) };
        platform.amend(at("18:15:00"), amend).unwrap();
        assert_eq!(reason(&platform, GROUP, "18:20:05"), Some(D::InCall));
        let found = reason(&platform, GROUP, "18:20:06");
        if after.is_some() {
            assert_eq!(found, after, "he is in another group, or in none");
        } else {
            assert_ne!(found, Some(D::NotRecognized), "his name is all that changed");
        }
    }
}
