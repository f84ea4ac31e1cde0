//! What an input costs depends on what it touches that is due, not on how much else there is, nor on its square.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "this file measures")]

#[path = "suite/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{MERCHANT, at, booking, drain, evening, line, world};
use ringfence::values::input::{Line, PublishPage, RegisterMerchant};
use ringfence::{OfferingId, PageId, Platform, Policy, Reply, ReservationId, Zone};

/// Far above what a linear walk takes in a build without optimization on a busy machine, and far below what a quadratic one takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A platform in merchant mode with so many calls, all begun at 18:00, whose users ring.
fn ringing(calls: u32) -> (Platform, Vec<ReservationId>) {
    let policy = Policy { mode_chosen_by: MERCHANT_CALLS, outbox_max: u32::MAX, channels_max: 100_000, ..Policy::default() };
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

/// The merchant of the small world, under this description.
fn merchant(description: &str) -> RegisterMerchant {
    RegisterMerchant {
        chatbot: Some(ringfence::Address::parse("sip:1065000000@chatbot.example").unwrap()),
        description: Some(description.into()),
        ..RegisterMerchant::new(
            MERCHANT,
            "商户1",
            vec![Line { number: line(), channels: 1 }],
            Zone::parse("Asia/Shanghai").unwrap(),
        )
    }
}

#[test]
fn a_merchant_with_many_pages_is_registered_again_in_linear_time_and_in_none_when_no_text_changed() {
    let mut platform = world(Policy { outbox_max: u32::MAX, pages_per_merchant_max: 100_000, ..Policy::default() }, 1);
    platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务")).unwrap();
    for id in 0..20_000 {
        let page = PublishPage {
            windows: vec![evening()],
            ..PublishPage::new(PageId::new(1_000 + id), MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
        };
        platform.publish_page(at("09:00:00"), page).unwrap();
    }
    let took = takes(|| {
        for _ in 0..1_000 {
            platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务")).unwrap();
        }
    });
    assert!(took < PATIENCE, "{took:?}");
    let took = takes(|| drop(platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务，周末照常"))));
    assert!(took < PATIENCE, "{took:?}");
}
