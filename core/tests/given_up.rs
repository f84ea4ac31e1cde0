//! A reservation is given up when too little of its window is left, and stays so only as long as the rules say that it is too little.

mod common;

use common::{MERCHANT, at, booked, booking, drain, world};
use ringfence::values::reply::{Missed, Outcome};
use ringfence::{Action, CallMode, Platform, Policy, Reply, ReservationId};

fn strict() -> Policy {
    Policy { min_ring_s: 600, ..Policy::default() }
}

fn dials(platform: &mut Platform) -> usize {
    drain(platform).iter().filter(|action| action.is_dial()).count()
}

/// Given up ten minutes before the end: the host came by too late.
fn given_up() -> (Platform, ReservationId) {
    let mut platform = world(strict(), 1);
    let reservation = booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.advance(at("19:50:00"), 9);
    assert!(platform.reservation(reservation).unwrap().given_up.is_some());
    drain(&mut platform);
    (platform, reservation)
}

#[test]
fn rules_that_ask_for_less_bring_back_what_was_given_up() {
    let (mut platform, reservation) = given_up();
    platform.set_policy(at("19:51:00"), Policy::default()).unwrap();
    assert_eq!(platform.reservation(reservation).unwrap().given_up, None);
    platform.check_invariants().unwrap();
    assert_eq!(dials(&mut platform), 0, "only `advance` starts something");
    platform.advance(at("19:51:00"), 9);
    assert_eq!(dials(&mut platform), 1);
}

#[test]
fn rules_that_ask_for_too_much_still_bring_nothing_back() {
    let (mut platform, reservation) = given_up();
    platform.set_policy(at("19:51:00"), Policy { min_ring_s: 540, ..Policy::default() }).unwrap();
    assert!(platform.reservation(reservation).unwrap().given_up.is_some(), "19:51:00 is the last call under these");
    platform.set_policy(at("19:51:00"), Policy { retry_spacing_s: 1, ..strict() }).unwrap();
    platform.advance(at("19:51:00"), 9);
    assert_eq!(dials(&mut platform), 0);
    platform.advance(at("20:00:00"), 9);
    let outcome = platform.reservation(reservation).unwrap().closed.map(|closed| closed.outcome);
    assert_eq!(outcome, Some(Outcome::Missed(Missed::NotReachedInTime)));
    platform.set_policy(at("20:00:01"), Policy::default()).unwrap();
    assert!(platform.reservation(reservation).unwrap().given_up.is_some(), "what is closed stays as it was");
}

#[test]
fn it_keeps_its_place_before_those_who_came_later() {
    let (mut platform, first) = given_up();
    let Ok(Reply::Booked(second)) = platform.book(at("19:50:30"), booking(2)) else { panic!("the booking was refused") };
    platform.choose_mode(at("19:50:30"), MERCHANT, second.reservation, CallMode::PlatformCalls).unwrap();
    platform.set_policy(at("19:51:00"), Policy::default()).unwrap();
    drain(&mut platform);
    platform.advance(at("19:51:00"), 9);
    let served = drain(&mut platform)
        .into_iter()
        .find_map(|action| if let Action::Dial(dial) = action { Some(dial.reason.reservation) } else { None });
    assert_eq!(served, Some(first));
}
