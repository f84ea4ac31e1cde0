//! A small world for the tests: one merchant with one line, one page for 18:00 to 20:00.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use ringfence::values::input::{Book, Line, PublishPage, RegisterMerchant};
use ringfence::{
    Action, Address, CallMode, Effect, Keyring, MerchantId, OfferingId, PageId, PhoneNumber, Platform, Policy, Reply,
    ReservationId, Timestamp, Window, Zone,
};

pub(crate) const MERCHANT: MerchantId = MerchantId::new(1);
pub(crate) const PAGE: PageId = PageId::new(10);

/// An instant on 2026-11-21 in Shanghai.
pub(crate) fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-21T{time}+08:00")).unwrap()
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

pub(crate) fn line() -> PhoneNumber {
    number("95511")
}

pub(crate) fn user(last: u32) -> Address {
    Address::Rcs(number(&format!("+861380000{last:04}")))
}

pub(crate) fn evening() -> Window {
    Window::new(at("18:00:00"), at("20:00:00")).unwrap()
}

/// A platform with the merchant and the page.
pub(crate) fn world(policy: Policy, channels: u32) -> Platform {
    let mut platform = Platform::new(policy, Keyring::new(), 7).unwrap();
    let merchant = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065000000@chatbot.example").unwrap()),
        contact: Some("李四".into()),
        ..RegisterMerchant::new(MERCHANT, "商户1", vec![Line { number: line(), channels }], Zone::parse("Asia/Shanghai").unwrap())
    };
    platform.register_merchant(at("09:00:00"), merchant).unwrap();
    let page = PublishPage {
        windows: vec![evening()],
        ..PublishPage::new(PAGE, MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
    };
    platform.publish_page(at("09:00:00"), page).unwrap();
    platform
}

pub(crate) fn booking(last: u32) -> Book {
    Book { name: Some("张三".into()), ..Book::new(user(last), PAGE, OfferingId::new(1), evening()) }
}

/// Books for user `last` at 09:05 and lets the merchant choose the mode.
pub(crate) fn booked(platform: &mut Platform, last: u32, mode: CallMode) -> ReservationId {
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking(last)) else { panic!("the booking was refused") };
    platform.choose_mode(at("09:06:00"), MERCHANT, booked.reservation, mode).unwrap();
    drain(platform);
    booked.reservation
}

/// Polls and confirms everything.
pub(crate) fn drain(platform: &mut Platform) -> Vec<Action> {
    let effects: Vec<Effect> = std::iter::from_fn(|| platform.poll_effect()).collect();
    if let Some(last) = effects.last() {
        platform.confirm(last.sequence).unwrap();
    }
    effects.into_iter().map(|effect| effect.action).collect()
}
