//! What an input costs depends on what it touches that is due, not on how much else there is, nor on its square.
//!
//! Work is counted in instructions and not in seconds, so that a busy machine changes nothing: `scripts/work.py` (the stage `work`) runs each test here
//! under callgrind at a size and at four times that size, counts what is done inside [`measured`], and compares the two. An ordinary run does
//! each once, small, for what comes out.

#![allow(clippy::disallowed_methods, reason = "the script says the size")]

#[path = "suite/common/mod.rs"]
mod common;

use std::collections::BTreeMap;

use common::{MERCHANT, at, booking, drain, evening, line, world};
use ringfence::values::input::{Line, PublishPage, RegisterMerchant};
use ringfence::{OfferingId, PageId, Platform, Policy, Reply, ReservationId, Zone};

/// How many calls, pages or fields there are. The script says it; an ordinary run has few.
fn size() -> u32 {
    std::env::var("RINGFENCE_WORK").map_or(100, |size| size.parse().expect("RINGFENCE_WORK is a number"))
}

/// What is counted. The script knows it by its name.
#[inline(never)]
fn measured<T>(what: impl FnOnce() -> T) -> T {
    what()
}

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

#[test]
fn a_resync_with_overdue_calls_is_linear() {
    let (mut platform, _) = ringing(size());
    assert_eq!(measured(|| platform.resync(at("18:01:00"), vec![])), Ok(Reply::Done));
    assert!(platform.legs().is_empty());
    platform.check_invariants().unwrap();
}

#[test]
fn a_request_with_overdue_releases_on_its_line_is_linear() {
    let (mut platform, reservations) = ringing(size());
    platform.advance(at("18:00:45"), u32::MAX);
    assert!(measured(|| platform.request_call(at("18:09:00"), line(), reservations[0])).is_ok());
    platform.check_invariants().unwrap();
}

#[test]
fn requests_on_a_line_with_live_calls_look_at_none_of_them() {
    let (mut platform, reservations) = ringing(size());
    measured(|| {
        for reservation in &reservations[..REQUESTS] {
            platform.request_call(at("18:00:01"), line(), *reservation).unwrap();
        }
    });
    assert_eq!(platform.calls().len(), reservations.len());
}

/// How often somebody asks whose answer must not depend on how much there is.
const REQUESTS: usize = 50;

#[test]
fn an_object_with_many_fields_is_read_at_once() {
    let fields: Vec<String> = (0..size()).map(|field| format!("\"{field}\":1")).collect();
    let text = format!("{{{}}}", fields.join(","));
    let read = measured(|| serde_json::from_str::<ringfence::edges::json::Json>(&text));
    assert!(read.is_ok_and(|read| read.field("99").is_some()));
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

/// A platform with so many pages of one merchant.
fn publishing(pages: u32) -> Platform {
    let mut platform = world(Policy { outbox_max: u32::MAX, pages_per_merchant_max: 100_000, ..Policy::default() }, 1);
    platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务")).unwrap();
    for id in 0..u64::from(pages) {
        let page = PublishPage {
            windows: vec![evening()],
            ..PublishPage::new(PageId::new(1_000 + id), MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
        };
        platform.publish_page(at("09:00:00"), page).unwrap();
    }
    platform
}

#[test]
fn a_merchant_who_registers_again_with_the_same_texts_looks_at_none_of_his_pages() {
    let mut platform = publishing(size());
    measured(|| {
        for _ in 0..REQUESTS {
            platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务")).unwrap();
        }
    });
}

#[test]
fn a_merchant_with_many_pages_who_registers_again_with_another_text_is_linear() {
    let mut platform = publishing(size());
    measured(|| platform.register_merchant(at("09:00:00"), merchant("养老与车险，全国上门服务，周末照常"))).unwrap();
}
