//! What an input costs depends on what it touches that is due, not on how much else there is, nor on its square.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "this file measures")]

mod common;

use std::time::{Duration, Instant};

use common::{at, booking, drain, line, world};
use ringfence::{Platform, Policy, Reply, ReservationId};

/// Far above what a linear walk takes in a build without optimization on a busy machine, and far below what a quadratic one takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A platform in merchant mode with so many calls, all begun at 18:00, whose users ring.
fn ringing(calls: u32) -> (Platform, Vec<ReservationId>) {
    let policy = Policy { mode_chosen_by: MERCHANT_CALLS, outbox_max: u32::MAX, ..Policy::default() };
    let mut platform = world(policy, calls);
    let mut reservations = Vec::new();
    for last in 1..=calls {
        let mut booking = booking(last);
        booking.user = user_of_many(last);
        let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking) else { panic!("the booking was refused") };
        reservations.push(booked.reservation);
    }
    for reservation in &reservations {
        platform.request_call(at("18:00:00"), line(), *reservation).unwrap();
    }
    drain(&mut platform);
    assert_eq!(platform.calls().len(), usize::try_from(calls).unwrap());
    (platform, reservations)
}

const MERCHANT_CALLS: ringfence::values::policy::ModeChooser =
    ringfence::values::policy::ModeChooser::Platform(ringfence::CallMode::MerchantCalls);

fn user_of_many(last: u32) -> ringfence::Address {
    ringfence::Address::Rcs(common::number(&format!("+86138{last:08}")))
}

fn takes(what: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    what();
    begun.elapsed()
}

#[test]
fn a_resync_with_thousands_of_overdue_calls_is_linear() {
    let (mut platform, _) = ringing(8_000);
    let took = takes(|| assert_eq!(platform.resync(at("18:01:00"), vec![]), Ok(Reply::Done)));
    assert!(took < PATIENCE, "{took:?}");
    assert!(platform.legs().is_empty());
    platform.check_invariants().unwrap();
}

#[test]
fn a_request_with_thousands_of_overdue_releases_on_its_line_is_linear() {
    let (mut platform, reservations) = ringing(16_000);
    platform.advance(at("18:00:45"), u32::MAX);
    let took = takes(|| drop(platform.request_call(at("18:09:00"), line(), reservations[0])));
    assert!(took < PATIENCE, "{took:?}");
    platform.check_invariants().unwrap();
}

#[test]
fn requests_on_a_line_with_thousands_of_live_calls_look_at_none_of_them() {
    let (mut platform, reservations) = ringing(8_000);
    let took = takes(|| {
        for _ in 0..5 {
            for reservation in &reservations {
                platform.request_call(at("18:00:01"), line(), *reservation).unwrap();
            }
            drain(&mut platform);
        }
    });
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn an_object_with_many_fields_is_read_at_once() {
    let fields: Vec<String> = (0..200_000).map(|field| format!("\"{field}\":1")).collect();
    let text = format!("{{{}}}", fields.join(","));
    let took = takes(|| drop(serde_json::from_str::<ringfence::edges::json::Json>(&text).unwrap()));
    assert!(took < PATIENCE, "{took:?}");
}
