//! P7: whatever a user writes, no merchant reads a phone number of his.

mod common;

use common::{at, booking, drain, line, user, world};
use ringfence::values::effect::Party;
use ringfence::{Action, CallMode, Policy, Reply};

/// The bytes of everything that a merchant, or a phone of his, is told.
fn told_to_the_merchant(actions: &[Action]) -> Vec<u8> {
    let is_theirs = |action: &&Action| match action {
        Action::Send(send) => send.to.number().is_none(),
        Action::Dial(dial) => dial.party == Party::Merchant,
        Action::Answer(_) | Action::Reject(_) | Action::Play(_) | Action::Join(_) | Action::HangUp(_) => true,
        Action::Audit(_) | Action::Archive(_) => false,
    };
    actions.iter().filter(is_theirs).flat_map(|action| serde_json::to_vec(action).unwrap()).collect()
}

#[test]
fn a_number_typed_into_the_name_reaches_no_merchant() {
    for name in ["13800000001", "张三 138 0000 0001", "张三 一三八零零零零零零零一", "138-0000-0001 / +86 138 0000 0001"]
    {
        for mode in [CallMode::MerchantCalls, CallMode::PlatformCalls] {
            let mut platform = world(Policy::default(), 1);
            let Ok(Reply::Booked(booked)) =
                platform.book(at("09:05:00"), ringfence::values::input::Book { name: Some(name.into()), ..booking(1) })
            else {
                panic!("the booking was refused")
            };
            platform.choose_mode(at("09:06:00"), common::MERCHANT, booked.reservation, mode).unwrap();
            let mut actions = drain(&mut platform);
            platform.request_call(at("18:00:00"), line(), booked.reservation).unwrap();
            platform.advance(at("18:00:00"), 100);
            platform.cancel(at("18:00:10"), user(1), booked.reservation).unwrap();
            actions.extend(drain(&mut platform));
            let told = String::from_utf8(told_to_the_merchant(&actions)).unwrap();
            assert!(told.contains("reservation"), "the merchant is told something: {told}");
            for secret in ["13800000001", "138 0000", "138-0000", "一三八"] {
                assert!(!told.contains(secret), "{secret} in {told}");
            }
        }
    }
}

#[test]
fn what_is_printed_for_debugging_shows_no_name_no_number_and_no_address() {
    let mut platform = world(Policy::default(), 1);
    let booking = ringfence::values::input::Book { name: Some("张三 13800000001".into()), ..booking(1) };
    let printed = format!("{:?}", ringfence::Input::Book(booking.clone()));
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking) else { panic!("the booking was refused") };
    let kept = format!("{:?}", platform.reservation(booked.reservation));
    let sent = format!("{:?}", drain(&mut platform));
    for text in [printed, kept, sent, format!("{platform:?}")] {
        for secret in ["张三", "13800000001", "1065000000", "李四"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_line_is_told_without_the_values_in_it() {
    use ringfence::edges::journal::input_from_json;
    for line in [
        r#"{"cancel":{"user":"rcs:+8613800000001","reservation":"张三 \"13800000001\""}}"#,
        r#"{"book":13800000001}"#,
        r#"{"choose_mode":{"merchant":1,"reservation":1,"mode":"+8613800000001"}}"#,
        r#"{"cancel":{"user":"rcs:+8613800000001","13800000001":1}}"#,
    ] {
        let error = input_from_json(line).expect_err("the line is wrong").to_string();
        assert!(!error.contains("13800000001") && !error.contains("张三"), "{error}");
    }
}
