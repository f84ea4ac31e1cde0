//! Repeats, the chain of audits, the clock and the rules: what the platform keeps for itself.

use crate::common::{MERCHANT, at, booked, booking, drain, line, world};
use ringfence::values::input::ConfirmClock;
use ringfence::values::policy::ModeChooser;
use ringfence::values::reply::ReservationState;
use ringfence::{Action, CallMode, Chain, Dedup, Input, Keyring, Platform, Policy, Refusal, Reply, RequestCall, Timestamp};

fn key(key: &str) -> Dedup {
    Dedup { source: "maap".into(), key: key.into() }
}

#[test]
fn a_repeat_gets_the_same_reply_and_changes_nothing() {
    let mut platform = world(Policy::default(), 2);
    let first = platform.handle_once(at("09:05:00"), key("E1"), Input::Book(booking(1))).unwrap();
    assert!(matches!(first, Reply::Booked(_)));
    assert_eq!(drain(&mut platform).len(), 4, "an audit and three messages");
    let before = platform.snapshot();
    let again = platform.handle_once(at("09:05:00"), key("E1"), Input::Book(booking(1)));
    assert_eq!(again, Ok(first));
    assert_eq!(drain(&mut platform), []);
    assert_eq!(platform.snapshot(), before);
}

#[test]
fn a_repeat_is_known_after_a_restart_and_until_its_time_is_over() {
    let mut platform = world(Policy { dedup_retention_s: 60, ..Policy::default() }, 2);
    let first = platform.handle_once(at("09:05:00"), key("E1"), Input::Book(booking(1))).unwrap();
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 99).unwrap();
    assert_eq!(platform.handle_once(at("09:05:59.999999"), key("E1"), Input::Book(booking(1))), Ok(first));
    let overlap = platform.handle_once(at("09:06:00"), key("E1"), Input::Book(booking(1)));
    assert!(matches!(overlap, Err(Refusal::Overlap { .. })), "forgotten, and so judged again: {overlap:?}");
    assert_eq!(platform.remembered(), 0);
}

#[test]
fn the_same_key_with_another_content_is_misuse_and_a_refused_input_may_come_again() {
    let mut platform = world(Policy::default(), 2);
    let mut wrong = booking(1);
    wrong.offering = ringfence::OfferingId::new(9);
    assert!(platform.handle_once(at("09:05:00"), key("E1"), Input::Book(wrong.clone())).is_err());
    assert!(platform.handle_once(at("09:05:00"), key("E1"), Input::Book(booking(1))).is_ok());
    assert_eq!(platform.handle_once(at("09:05:00"), key("E1"), Input::Book(wrong)), Err(Refusal::RepeatDiffers));
    let other = Dedup { source: "rbm".into(), key: "E1".into() };
    assert!(platform.handle_once(at("09:05:00"), other, Input::Book(booking(2))).is_ok(), "another source's key is another key");
    assert_eq!(platform.handle_once(at("09:05:00"), key(""), Input::Book(booking(3))), Err(Refusal::EmptyKey));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut platform = world(Policy { dedup_max: 2, dedup_retention_s: 60, ..Policy::default() }, 2);
    for (index, name) in (1..).zip(["a", "b"]) {
        platform.handle_once(at("09:05:00"), key(name), Input::Book(booking(index))).unwrap();
    }
    let full = platform.handle_once(at("09:05:00"), key("c"), Input::Book(booking(3)));
    assert!(matches!(full, Err(Refusal::Limit { .. })), "{full:?}");
    assert!(
        platform.handle_once(at("09:06:00"), key("c"), Input::Book(booking(3))).is_ok(),
        "the old ones are forgotten in time"
    );
}

#[test]
fn every_audit_stands_in_one_chain_across_restarts() {
    let mut platform = world(Policy::default(), 1);
    let mut audits = Vec::new();
    let keep = |platform: &mut Platform, audits: &mut Vec<_>| {
        audits.extend(
            drain(platform).into_iter().filter_map(|action| if let Action::Audit(audit) = action { Some(audit) } else { None }),
        );
    };
    platform.book(at("09:05:00"), booking(1)).unwrap();
    keep(&mut platform, &mut audits);
    let reservation = platform.reservations()[0];
    platform.request_call(at("17:00:00"), line(), reservation).unwrap();
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 1).unwrap();
    platform.request_call(at("18:00:00"), line(), reservation).unwrap();
    platform.set_policy(at("18:00:01"), Policy { min_ring_s: 5, ..Policy::default() }).unwrap();
    platform.advance(at("23:00:00"), 100);
    keep(&mut platform, &mut audits);
    platform.advance(at("23:30:00"), 100);
    keep(&mut platform, &mut audits);
    assert!(audits.len() >= 6, "booked, denied, allowed, dialled, policy, lost: {audits:?}");
    let mut chain = Chain::new(0);
    assert_eq!(audits.iter().try_for_each(|audit| chain.verify(audit)), Ok(()));
    audits.remove(2);
    let mut chain = Chain::new(0);
    assert!(audits.iter().try_for_each(|audit| chain.verify(audit)).is_err());
}

#[test]
fn a_new_policy_holds_at_once_and_a_wrong_one_changes_nothing() {
    let mut platform = world(Policy::default(), 1);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    assert!(platform.gate(RequestCall::new(line(), reservation), at("19:59:55")).is_allow());
    let before = platform.state_hash();
    let wrong = platform.set_policy(at("10:00:00"), Policy { attempts_max: 0, ..Policy::default() });
    assert_eq!(wrong, Err(Refusal::InvalidPolicy { field: "attempts_max".into(), given: 0, least: 1, most: 100 }));
    let refused_only_moved_the_clock = platform.latest() == at("10:00:00");
    assert!(refused_only_moved_the_clock && platform.state_hash() != before);
    platform.set_policy(at("10:00:00"), Policy { min_ring_s: 10, ..Policy::default() }).unwrap();
    assert!(!platform.gate(RequestCall::new(line(), reservation), at("19:59:55")).is_allow());
    assert_eq!(platform.set_policy(at("10:00:00"), platform.policy().clone()), Ok(Reply::NoOp));
}

#[test]
fn a_choice_that_waits_when_the_platform_begins_to_choose_is_the_platforms() {
    let platform_chooses = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() };
    let mut platform = world(Policy::default(), 2);
    let waits = common_booking(&mut platform);
    let chosen = booked(&mut platform, 2, CallMode::MerchantCalls);
    let state = |platform: &Platform, id| platform.reservation(id).map(|kept| (kept.state, kept.mode));
    platform.set_policy(at("09:07:00"), platform_chooses.clone()).unwrap();
    assert_eq!(platform.choose_mode(at("09:08:00"), MERCHANT, waits, CallMode::MerchantCalls), Err(Refusal::ModeByPlatform));
    assert_eq!(state(&platform, waits), Some((ReservationState::AwaitingMode, None)), "the merchant may be asked again yet");
    let gate = |platform: &Platform, id| platform.gate(RequestCall::new(line(), id), at("18:00:00")).is_allow();
    assert!(!gate(&platform, waits), "the merchant has nothing to dial");
    assert!(gate(&platform, chosen), "what was chosen stays");
    // And back: it waits again.
    let mut again = platform.clone();
    again.set_policy(at("09:09:00"), Policy::default()).unwrap();
    assert_eq!(again.choose_mode(at("09:10:00"), MERCHANT, waits, CallMode::MerchantCalls), Ok(Reply::Done));
    platform.advance(at("18:00:00"), 2);
    assert_eq!(state(&platform, waits), Some((ReservationState::Open, Some(CallMode::PlatformCalls))));
    assert_eq!(state(&platform, chosen), Some((ReservationState::Open, Some(CallMode::MerchantCalls))));
}

#[test]
fn a_clock_leap_is_refused_until_it_is_confirmed() {
    let mut platform = world(Policy { clock_leap_max_s: 3_600, ..Policy::default() }, 1);
    let reservation = common_booking(&mut platform);
    let before = platform.snapshot();
    let leap = platform.request_call(at("18:00:00"), line(), reservation);
    assert_eq!(leap, Err(Refusal::ClockLeap { latest: at("09:05:00"), most_s: 3_600 }));
    let progress = platform.advance(at("23:00:00"), 100);
    assert!(progress.is_clock_refused && progress.fired == 0);
    assert_eq!(platform.snapshot(), before, "a leap closes nothing");
    platform.confirm_clock(at("18:00:00")).unwrap();
    assert!(matches!(platform.request_call(at("18:00:00"), line(), reservation), Ok(Reply::Allow(_))));
}

fn common_booking(platform: &mut Platform) -> ringfence::ReservationId {
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking(1)) else { panic!("refused") };
    drain(platform);
    booked.reservation
}

#[test]
fn only_a_confirmation_that_is_taken_moves_a_clock_that_leapt() {
    let confirm = || Input::ConfirmClock(ConfirmClock {});
    let far = Timestamp::parse("9999-01-01T00:00:00Z").unwrap();
    let policy = Policy { clock_leap_max_s: 3_600, dedup_max: 2, ..Policy::default() };
    let mut platform = world(policy, 1);
    assert_eq!(platform.handle_once(at("09:10:00"), key("1"), confirm()), Ok(Reply::Done));
    let leap = Err(Refusal::ClockLeap { latest: at("09:10:00"), most_s: 3_600 });
    let long = "k".repeat(2_000);
    for (key, expected) in [
        (Dedup { source: "".into(), key: "1".into() }, Err(Refusal::EmptyKey)),
        (Dedup { source: "maap".into(), key: "".into() }, Err(Refusal::EmptyKey)),
        (key("1"), leap.clone()),
    ] {
        assert_eq!(platform.handle_once(far, key, confirm()), expected);
        assert_eq!(platform.latest(), at("09:10:00"));
    }
    assert!(matches!(platform.handle_once(far, key(&long), confirm()), Err(Refusal::Limit { .. })));
    // The key of another input that was taken.
    assert!(platform.handle_once(at("09:10:00"), key("2"), Input::Book(booking(3))).is_ok());
    assert_eq!(platform.handle_once(far, key("2"), confirm()), leap);
    // No more are remembered.
    assert!(matches!(platform.handle_once(far, key("3"), confirm()), Err(Refusal::Limit { .. })));
    assert_eq!(platform.latest(), at("09:10:00"));
    // A repeat within what is trusted is answered alike, and moves the clock as any input does.
    assert_eq!(platform.handle_once(at("10:10:00"), key("1"), confirm()), Ok(Reply::Done));
    assert_eq!(platform.latest(), at("10:10:00"));
    platform.advance(at("11:10:00"), 100);
    platform.set_policy(at("11:10:00"), Policy { clock_leap_max_s: 3_600, ..Policy::default() }).unwrap();
    assert_eq!(platform.handle_once(at("23:00:00"), key("4"), confirm()), Ok(Reply::Done), "this one is taken");
    assert_eq!(platform.latest(), at("23:00:00"));
}
