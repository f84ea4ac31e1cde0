//! An input is judged as if `advance` had been called: it settles what it touches first.

use crate::common::{self, MERCHANT, at, booked, booking, line, number, world};
use ringfence::values::input::{Line, RegisterMerchant};
use ringfence::values::number::Address;
use ringfence::{CallMode, Policy, Reply, Timestamp, Zone};

fn merchant_with(number_of_line: &str, channels: u32) -> RegisterMerchant {
    RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065000000@chatbot.example").unwrap()),
        ..RegisterMerchant::new(MERCHANT, "商户1", vec![Line { number: number(number_of_line), channels }], Zone::UTC)
    }
}

fn a_year_later() -> Timestamp {
    at("00:00:00").saturating_add_s(366 * 86_400)
}

#[test]
fn a_line_whose_reservations_are_over_may_be_left_out_though_nobody_called_advance() {
    let mut platform = world(Policy::default(), 2);
    booked(&mut platform, 1, CallMode::MerchantCalls);
    assert!(platform.register_merchant(at("18:00:00"), merchant_with("95512", 1)).is_err(), "it still waits");
    assert_eq!(platform.register_merchant(a_year_later(), merchant_with("95512", 1)), Ok(Reply::Done));
    platform.check_invariants().unwrap();
}

#[test]
fn channels_of_calls_that_are_over_may_be_given_up_though_nobody_called_advance() {
    let mut platform = world(Policy::default(), 2);
    for last in [1, 2] {
        let reservation = booked(&mut platform, last, CallMode::MerchantCalls);
        platform.request_call(at("18:00:00"), line(), reservation).unwrap();
    }
    assert!(platform.register_merchant(at("18:00:44"), merchant_with("95511", 1)).is_err(), "both ring");
    platform.advance(at("18:00:45"), 100);
    assert!(platform.register_merchant(at("18:01:14.999999"), merchant_with("95511", 1)).is_err(), "both are releasing");
    assert_eq!(platform.register_merchant(at("18:01:15"), merchant_with("95511", 1)), Ok(Reply::Done));
    platform.check_invariants().unwrap();
}

#[test]
fn a_reservation_whose_retention_is_over_takes_nobodys_room_though_nobody_called_advance() {
    let mut platform = world(Policy { reservations_max: 1, retention_s: 60, ..Policy::default() }, 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.cancel(at("10:00:00"), common::user(1), reservation).unwrap();
    assert!(platform.book(at("10:00:59.999999"), booking(2)).is_err());
    assert!(matches!(platform.book(at("10:01:00"), booking(2)), Ok(Reply::Booked(_))));
    assert!(platform.reservation(reservation).is_none(), "it was archived");
    platform.check_invariants().unwrap();
}
