//! A reservation is given up when too little of its window is left, and stays so only as long as the rules say that it is too little. And the host is blamed
//! only when it was late.

use std::collections::BTreeMap;

use crate::common::{MERCHANT, at, booked, booking, drain, evening, line, number, world};
use ringfence::values::input::{Book, Line, PublishPage, RegisterMerchant};
use ringfence::values::reply::{Missed, Outcome};
use ringfence::{Action, Address, CallMode, MerchantId, OfferingId, PageId, Platform, Policy, Reply, ReservationId, Zone};

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
fn a_punctual_host_is_not_late_when_the_number_comes_free_at_the_end_itself() {
    for (judged_at, why) in [("20:00:00", Missed::NotReachedInTime), ("20:00:00.000001", Missed::HostLate)] {
        let mut platform = world(Policy::default(), 2);
        let one = booked(&mut platform, 1, CallMode::MerchantCalls);
        // User 1 has a reservation with another merchant, too, and the platform calls for it.
        let other = RegisterMerchant {
            chatbot: Some(Address::parse("sip:1065000001@chatbot.example").unwrap()),
            ..RegisterMerchant::new(MerchantId::new(2), "商户2", vec![Line { number: number("95512"), channels: 1 }], Zone::UTC)
        };
        platform.register_merchant(at("09:00:00"), other).unwrap();
        let page = PageId::new(20);
        let publish = PublishPage {
            windows: vec![evening()],
            ..PublishPage::new(page, MerchantId::new(2), BTreeMap::from([(OfferingId::new(1), "房贷".into())]))
        };
        platform.publish_page(at("09:00:00"), publish).unwrap();
        let Ok(Reply::Booked(two)) = platform.book(at("09:05:00"), Book { page, ..booking(1) }) else {
            panic!("the booking was refused")
        };
        platform.advance(at("18:00:00"), 9);
        // His phone rings for 45 s, and its leg counts as alive for 30 s more: until the end itself.
        platform.request_call(at("19:58:45"), line(), one).unwrap();
        drain(&mut platform);
        platform.choose_mode(at("19:58:50"), MerchantId::new(2), two.reservation, CallMode::PlatformCalls).unwrap();
        platform.advance(at("19:58:50"), 9);
        platform.advance(at("19:59:30"), 9);
        platform.advance(at(judged_at), 9);
        let closed = platform.reservation(two.reservation).unwrap().closed.map(|closed| closed.outcome);
        assert_eq!(closed, Some(Outcome::Missed(why)), "{judged_at}");
    }
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
