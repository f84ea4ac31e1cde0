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
