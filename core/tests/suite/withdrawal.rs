//! P3 speaks of the effects handed out: what was emitted and not yet handed out falls with the permission.

use crate::common::{self, at, booked, drain, line, world};
use ringfence::{Action, CallMode, Evidence, Keyring, Platform, Policy, Reply};

fn dials(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Dial(_))).count()
}

/// A platform that has emitted the user's dial, and nobody has polled it.
fn dial_waits() -> (Platform, ringfence::ReservationId) {
    let mut platform = world(Policy::default(), 1);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    let reply = platform.request_call(at("18:00:00"), line(), reservation);
    assert!(matches!(reply, Ok(Reply::Allow(_))));
    (platform, reservation)
}

#[test]
fn a_dial_that_waits_is_handed_out() {
    let (mut platform, _) = dial_waits();
    assert_eq!(dials(&drain(&mut platform)), 1);
}

#[test]
fn a_dial_that_was_not_polled_falls_with_a_cancel() {
    let (mut platform, reservation) = dial_waits();
    platform.cancel(at("18:00:01"), common::user(1), reservation).unwrap();
    let actions = drain(&mut platform);
    assert_eq!(dials(&actions), 0, "{actions:?}");
    assert!(actions.iter().any(|action| matches!(action, Action::HangUp(_))), "the hang-up leaves all the same");
}

#[test]
fn a_dial_that_was_polled_and_not_confirmed_is_not_handed_out_again_after_a_cancel_and_a_restart() {
    let (mut platform, reservation) = dial_waits();
    assert!(std::iter::from_fn(|| platform.poll_effect()).any(|effect| matches!(effect.action, Action::Dial(_))));
    platform.cancel(at("18:00:01"), common::user(1), reservation).unwrap();
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 5).unwrap();
    assert_eq!(dials(&drain(&mut platform)), 0);
}

#[test]
fn a_dial_falls_with_the_caller_and_with_its_ring_time_too() {
    let (mut platform, _) = dial_waits();
    let caller = platform.legs()[0];
    platform.leg_ended(at("18:00:01"), caller, Evidence::default()).unwrap();
    assert_eq!(dials(&drain(&mut platform)), 0);

    let (mut platform, _) = dial_waits();
    platform.advance(at("18:00:45"), 100);
    assert_eq!(dials(&drain(&mut platform)), 0);
}
