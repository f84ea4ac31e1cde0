//! P7: whatever a user writes, no merchant reads a phone number of his.

use crate::common::{self, at, booking, drain, line, number, user, world};
use proptest::prelude::*;
use ringfence::values::effect::Party;
use ringfence::{Action, CallMode, Policy, Reply};

/// The bytes of everything that a merchant, or a phone of his, is told.
fn told_to_the_merchant(actions: &[Action]) -> Vec<u8> {
    let is_theirs = |action: &&Action| match action {
        Action::Send(send) => send.to.number().is_none(),
        Action::Dial(dial) => dial.party == Party::Merchant,
        Action::Answer(_) | Action::Reject(_) | Action::Play(_) | Action::Join(_) | Action::HangUp(_) => true,
        Action::Audit(_)
        | Action::Archive(_)
        | Action::Erase(_)
        | Action::Record(_)
        | Action::Transcribe(_)
        | Action::ArchiveVoiceMessage(_) => false,
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

/// A number as people write it.
fn written(digits: &str, form: u8) -> String {
    let groups = |separator: &str| format!("{}{separator}{}{separator}{}", &digits[..3], &digits[3..7], &digits[7..]);
    match form % 6 {
        0 => digits.to_owned(),
        1 => groups(" "),
        2 => groups("-"),
        3 => format!("+86{digits}"),
        4 => digits.chars().map(|c| char::from_u32(u32::from(c) - u32::from('0') + u32::from('０')).unwrap()).collect(),
        _ => groups("·"),
    }
}

/// Every character that is a digit in any width, in order: what a reader makes of a text whatever stands between.
fn digits_of(text: &str) -> String {
    text.chars()
        .filter_map(|c| c.to_digit(10).or_else(|| u32::from(c).checked_sub(0xff10).filter(|d| *d < 10)))
        .map(|d| d.to_string())
        .collect()
}

proptest! {
    /// P7 on the bytes: JSON and postcard of everything that goes to a merchant, with a pool of virtual numbers, an empty one, and none.
    #[test]
    fn no_bytes_to_a_merchant_hold_a_users_number(
        last in 0_u32..10_000,
        before in "[a-z张李 ]{0,6}",
        after in "[a-z号 ]{0,6}",
        form in any::<u8>(),
        pool in 0_usize..3,
        platform_calls in any::<bool>(),
    ) {
        let real = format!("1380000{last:04}");
        let sender = ringfence::Address::Rcs(number(&format!("+86{real}")));
        let mut platform = world(Policy::default(), 2);
        if pool > 0 {
            platform.import_numbers(at("09:00:00"), vec![number("+8617000000001")]).unwrap();
        }
        if pool == 2 {
            // The only number is another user's.
            platform.book(at("09:04:00"), booking(10_001)).unwrap();
        }
        let name = format!("{before}{}{after}", written(&real, form));
        let book = ringfence::values::input::Book { user: sender, name: Some(name.as_str().into()), ..booking(1) };
        let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), book) else { panic!("the booking was refused") };
        let mode = if platform_calls { CallMode::PlatformCalls } else { CallMode::MerchantCalls };
        let _ = platform.choose_mode(at("09:06:00"), common::MERCHANT, booked.reservation, mode);
        let mut actions = drain(&mut platform);
        platform.request_call(at("17:00:00"), line(), number("+8617000000001")).unwrap();
        platform.request_call(at("18:00:00"), line(), number("+8617000000001")).unwrap();
        platform.request_call(at("18:00:00"), line(), booked.reservation).unwrap();
        platform.advance(at("18:00:01"), 100);
        platform.advance(at("20:00:00"), 100);
        actions.extend(drain(&mut platform));
        let is_theirs = |action: &&Action| match action {
            Action::Send(send) => send.to.number().is_none(),
            Action::Dial(dial) => dial.party == Party::Merchant,
            Action::Answer(_) | Action::Reject(_) | Action::Play(_) | Action::Join(_) | Action::HangUp(_) => true,
            Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::Record(_)
            | Action::Transcribe(_)
            | Action::ArchiveVoiceMessage(_) => false,
        };
        let in_wire = postcard::to_allocvec(&number(&format!("+86{real}"))).unwrap();
        for action in actions.iter().filter(is_theirs) {
            let json = serde_json::to_string(action).unwrap();
            let wire = postcard::to_allocvec(action).unwrap();
            let holds = |bytes: &[u8], secret: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
            prop_assert!(!digits_of(&json).contains(&real), "{json}");
            prop_assert!(!holds(&wire, real.as_bytes()) && !holds(&wire, &in_wire), "{action:?}");
        }
    }
}
