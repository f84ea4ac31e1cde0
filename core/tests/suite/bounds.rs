//! P15: what waits to be confirmed is bounded, whoever calls and however long the host is down; and what is said to be bounded is refused beyond it.

use std::collections::BTreeMap;

use crate::common::{MERCHANT, PAGE, at, booked, booking, drain, evening, line, number, user, world};
use ringfence::values::input::{BlockTarget, Book, Line, PublishPage, RegisterMerchant, RequestCall};
use ringfence::values::refusal::Bound;
use ringfence::values::reply::ReservationState;
use ringfence::{
    Action, Address, CallMode, Keyring, LegId, OfferingId, PageId, Platform, Policy, Refusal, Reply, ReservationId, Zone,
};

fn full(most: u32) -> Refusal {
    Refusal::Limit { bound: Bound::Outbox, most: u64::from(most) }
}

#[test]
fn a_stranger_who_calls_and_calls_fills_nothing() {
    let mut platform = world(Policy { outbox_max: 10, ..Policy::default() }, 2);
    let stranger = number("100000");
    let replies: Vec<_> = (0..10_000).map(|_| platform.request_call(at("18:00:00"), stranger, ReservationId::new(77))).collect();
    assert!(platform.unconfirmed() <= 10, "{}", platform.unconfirmed());
    assert!(matches!(replies[0], Ok(Reply::Deny(_))));
    assert_eq!(replies.last(), Some(&Err(full(10))), "no verdict, and nothing of it is kept");
}

#[test]
fn a_request_on_a_full_outbox_is_refused_alike_whether_it_would_be_allowed_or_denied() {
    let mut platform = world(Policy { outbox_max: 10, ..Policy::default() }, 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    while platform.request_call(at("18:00:00"), line(), ReservationId::new(77)).is_ok() {}
    assert!(platform.gate(RequestCall::new(line(), reservation), at("18:00:00")).is_allow());
    assert_eq!(platform.request_call(at("18:00:00"), line(), reservation), Err(full(10)), "its opening is settled all the same");
    let before = platform.state_hash();
    assert_eq!(platform.request_call(at("18:00:00"), line(), reservation), Err(full(10)));
    assert_eq!(platform.request_call(at("18:00:00"), number("100000"), reservation), Err(full(10)));
    assert_eq!(platform.state_hash(), before, "no leg was numbered and no audit written");
    drain(&mut platform);
    assert!(matches!(platform.request_call(at("18:00:00"), line(), reservation), Ok(Reply::Allow(_))));
}

/// Books from a mailbox for somebody else's phone.
fn by_mail(platform: &mut Platform, mailbox: &str, last: u32) -> Result<Reply, Refusal> {
    let sender = Address::parse(mailbox).unwrap();
    platform.book(at("09:05:00"), Book { user: sender, contact: Some(number(&format!("+861390000{last:04}"))), ..booking(1) })
}

#[test]
fn a_mailbox_has_one_share_and_one_block_whatever_the_case_of_its_host() {
    let mut platform = world(Policy { reservations_per_sender_max: 1, ..Policy::default() }, 2);
    let Ok(Reply::Booked(booked)) = by_mail(&mut platform, "mailto:zhang@Example.com", 1) else { panic!("it is taken") };
    let limit = Refusal::Limit { bound: Bound::ReservationsPerSender, most: 1 };
    assert_eq!(by_mail(&mut platform, "mailto:zhang@EXAMPLE.com", 2), Err(limit));
    let user = Address::parse("mailto:zhang@example.com").unwrap();
    assert_eq!(platform.block(at("09:06:00"), user, BlockTarget::Merchant(MERCHANT)), Ok(Reply::Done));
    assert_eq!(
        platform.reservation(booked.reservation).map(|kept| kept.state),
        Some(ReservationState::Closed),
        "taken back with the block"
    );
    assert_eq!(by_mail(&mut platform, "mailto:zhang@EXAMPLE.com", 2), Err(Refusal::Blocked));
}

#[test]
fn what_creates_never_goes_past_the_bound() {
    let mut platform = world(Policy { outbox_max: 10, push_max: 100, ..Policy::default() }, 2);
    assert_eq!(platform.push_page(at("09:00:00"), PAGE, (0..11).map(user).collect()), Err(full(10)));
    assert_eq!(platform.push_page(at("09:00:00"), PAGE, (0..7).map(user).collect()), Ok(Reply::Done));
    assert_eq!(platform.book(at("09:00:00"), booking(1)), Err(full(10)), "three places are left, a booking needs six");
    assert_eq!(platform.unconfirmed(), 7);
    assert!(Policy { outbox_max: 6, ..Policy::default() }.check().is_err(), "no agreement would ever have room");
}

#[test]
fn a_resync_hangs_up_as_many_unknown_legs_as_there_is_room_for_and_ends_what_it_must() {
    let mut platform = world(Policy { outbox_max: 10, ..Policy::default() }, 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:00"), line(), reservation).unwrap();
    for _ in 0..100 {
        assert_eq!(platform.resync(at("18:00:00"), (100..1_000).map(LegId::new).collect()), Ok(Reply::Done));
    }
    assert!(platform.legs().is_empty(), "what is alive and not named has ended");
    assert!(platform.unconfirmed() <= 10, "{}", platform.unconfirmed());
    drain(&mut platform);
    platform.resync(at("18:00:00"), vec![LegId::new(999)]).unwrap();
    assert!(matches!(drain(&mut platform).as_slice(), [Action::HangUp(_)]), "with room again the rest is hung up");
}

#[test]
fn rules_that_give_more_room_come_through_a_full_outbox_and_no_others_do() {
    let rules = Policy { outbox_max: 10, ..Policy::default() };
    let mut platform = world(rules.clone(), 2);
    while platform.request_call(at("18:00:00"), line(), ReservationId::new(77)).is_ok() {}
    while platform.push_page(at("18:00:00"), PAGE, vec![user(1)]).is_ok() {}
    assert_eq!(platform.unconfirmed(), 10);
    assert_eq!(platform.set_policy(at("18:00:00"), Policy { attempts_max: 2, ..rules.clone() }), Err(full(10)));
    assert_eq!(platform.set_policy(at("18:00:00"), Policy { outbox_max: 11, ..rules }), Ok(Reply::Done));
}

fn large_page(offering: &str) -> PublishPage {
    let offerings = (0..200).map(|id| (OfferingId::new(id), offering.into())).collect();
    PublishPage { windows: vec![evening(); 200], ..PublishPage::new(PAGE, MERCHANT, offerings) }
}

#[test]
fn a_page_that_goes_to_many_is_kept_once() {
    let mut platform = world(Policy::default(), 2);
    platform.publish_page(at("09:00:00"), large_page(&"名".repeat(200))).unwrap();
    platform.push_page(at("09:00:00"), PAGE, vec![user(0)]).unwrap();
    let one = platform.snapshot().len();
    for _ in 0..5 {
        platform.push_page(at("09:00:00"), PAGE, (0..1_000).map(user).collect()).unwrap();
    }
    let bytes = platform.snapshot();
    assert!(bytes.len() < one + 5_000 * 64, "{} bytes, {one} with one", bytes.len());
    let mut restored = Platform::restore(&bytes, Keyring::new(), 3).unwrap();
    assert_eq!(restored.snapshot(), bytes);
    assert_eq!(drain(&mut restored), drain(&mut platform), "every user is sent the page in full");
}

#[test]
fn so_many_different_pages_wait_and_no_more() {
    let mut platform = world(Policy { pushed_pages_max: 2, ..Policy::default() }, 2);
    for round in 0..3 {
        platform.publish_page(at("09:00:00"), large_page(&format!("车险{round}"))).unwrap();
        let pushed = platform.push_page(at("09:00:00"), PAGE, vec![user(1), user(2)]);
        let limit = Err(Refusal::Limit { bound: Bound::PushedPages, most: 2 });
        assert_eq!(pushed, if round < 2 { Ok(Reply::Done) } else { limit });
    }
    drain(&mut platform);
    assert_eq!(platform.push_page(at("09:00:00"), PAGE, vec![user(1)]), Ok(Reply::Done));
}

#[test]
fn a_merchant_has_at_most_so_many_pages_withdrawn_ones_too() {
    let mut platform = world(Policy { pages_per_merchant_max: 2, ..Policy::default() }, 2);
    let page = |id| PublishPage { page: PageId::new(id), ..large_page("车险") };
    platform.publish_page(at("09:00:00"), page(11)).unwrap();
    let limit = Err(Refusal::Limit { bound: Bound::PagesPerMerchant, most: 2 });
    assert_eq!(platform.publish_page(at("09:00:00"), page(12)), limit);
    platform.withdraw_page(at("09:00:00"), MERCHANT, PageId::new(11), None).unwrap();
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    assert_eq!(platform.publish_page(at("09:00:00"), page(12)), limit);
    assert!(platform.publish_page(at("09:00:00"), page(11)).is_ok(), "it is known");
}

#[test]
fn a_line_has_at_most_so_many_channels() {
    let mut platform = world(Policy { channels_max: 20, ..Policy::default() }, 20);
    let lines = vec![Line { number: line(), channels: 21 }];
    let merchant = RegisterMerchant::new(MERCHANT, "商户1", lines, Zone::UTC);
    let limit = Err(Refusal::Limit { bound: Bound::Channels, most: 20 });
    assert_eq!(platform.register_merchant(at("09:00:00"), merchant), limit);
}

#[test]
fn a_loop_on_more_ends_whatever_the_budget() {
    let mut platform = world(Policy::default(), 2);
    for last in 1..=5 {
        booked(&mut platform, last, CallMode::MerchantCalls);
    }
    let mut rounds = 0;
    while platform.advance(at("21:00:00"), 0).more {
        rounds += 1;
        assert!(rounds < 100, "it spins");
    }
}

#[test]
fn a_page_that_was_withdrawn_still_counts_among_all_pages() {
    let mut platform = world(Policy { pages_max: 2, ..Policy::default() }, 2);
    let mut publish = |id: u64| {
        let offerings = BTreeMap::from([(OfferingId::new(1), "车险".into())]);
        platform
            .publish_page(
                at("09:00:00"),
                PublishPage { windows: vec![evening()], ..PublishPage::new(PageId::new(id), MERCHANT, offerings) },
            )
            .map(|_| platform.withdraw_page(at("09:00:00"), MERCHANT, PageId::new(id), None))
    };
    assert!(publish(20).is_ok());
    assert_eq!(publish(30), Err(Refusal::Limit { bound: Bound::Pages, most: 2 }), "one is there, one was withdrawn");
    assert!(publish(20).is_ok(), "it is known");
}
