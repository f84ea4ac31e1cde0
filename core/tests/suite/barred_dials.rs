//! P14: a dial that waits when the operator bars its phone is not begun afterwards.

use crate::common::{MERCHANT, at, booked, drain, line, number, world};
use ringfence::values::effect::AuditRecord;
use ringfence::values::input::{Freeze, ImportDoNotCall, Input, Scope, Thaw};
use ringfence::{Action, CallMode, DenyReason, Keyring, Platform, Policy, Reply, ReservationId};

fn freeze(scope: Scope) -> Input {
    Input::Freeze(Freeze { scope, by: "op".into(), why: "complaints".into() })
}

fn thaw(scope: Scope) -> Input {
    Input::Thaw(Thaw { scope, by: "op".into(), why: "settled".into() })
}

/// Everything that bars the phone of user 1.
fn bars() -> [Input; 4] {
    let phone = number("+8613800000001");
    let list = ImportDoNotCall { add: vec![phone], remove: vec![] };
    [freeze(Scope::Platform), freeze(Scope::Merchant(MERCHANT)), freeze(Scope::Number(phone)), Input::ImportDoNotCall(list)]
}

/// The dial of user 1's phone, or of the merchant's for him, is emitted, and nobody has polled it.
fn dial_waits(mode: CallMode, policy: Policy) -> (Platform, ReservationId) {
    let mut platform = world(policy, 2);
    let reservation = booked(&mut platform, 1, mode);
    platform.advance(at("18:00:00"), 100);
    if mode == CallMode::MerchantCalls {
        let reply = platform.request_call(at("18:00:00"), line(), reservation);
        assert!(matches!(reply, Ok(Reply::Allow(_))));
    }
    (platform, reservation)
}

fn is_dial(action: &Action) -> bool {
    matches!(action, Action::Dial(_))
}

fn is_withdrawal(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::DialWithdrawn(_)))
}

#[test]
fn a_dial_that_was_not_polled_is_not_handed_out_once_its_phone_is_barred() {
    for mode in [CallMode::MerchantCalls, CallMode::PlatformCalls] {
        for bar in bars() {
            let (mut platform, _) = dial_waits(mode, Policy::default());
            platform.handle(at("18:00:10"), bar.clone()).unwrap();
            let actions = drain(&mut platform);
            assert!(!actions.iter().any(is_dial), "{mode:?}, {bar:?}: {actions:?}");
            assert_eq!(actions.iter().any(is_withdrawal), mode == CallMode::MerchantCalls, "{actions:?}");
            assert!(actions.iter().any(|action| matches!(action, Action::HangUp(_))), "{actions:?}");
        }
    }
}

#[test]
fn a_dial_that_was_polled_and_not_confirmed_is_not_handed_out_again_after_a_restart() {
    for mode in [CallMode::MerchantCalls, CallMode::PlatformCalls] {
        for bar in bars() {
            let (mut platform, _) = dial_waits(mode, Policy::default());
            assert!(std::iter::from_fn(|| platform.poll_effect()).any(|effect| is_dial(&effect.action)));
            platform.handle(at("18:00:10"), bar.clone()).unwrap();
            let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 5).unwrap();
            let actions = drain(&mut platform);
            assert!(!actions.iter().any(is_dial), "{mode:?}, {bar:?}: {actions:?}");
        }
    }
}

#[test]
fn a_dial_that_was_confirmed_or_reported_rings_on() {
    for bar in bars() {
        let (mut platform, _) = dial_waits(CallMode::MerchantCalls, Policy::default());
        drain(&mut platform);
        platform.handle(at("18:00:10"), bar.clone()).unwrap();
        assert!(!drain(&mut platform).iter().any(|action| matches!(action, Action::HangUp(_))), "{bar:?}: the host began it");

        let (mut platform, _) = dial_waits(CallMode::MerchantCalls, Policy::default());
        let user = platform.legs()[1];
        platform.leg_progress(at("18:00:01"), user).unwrap();
        platform.handle(at("18:00:10"), bar.clone()).unwrap();
        assert!(!drain(&mut platform).iter().any(|action| matches!(action, Action::HangUp(_))), "{bar:?}: it rings");
    }
}

#[test]
fn nothing_is_counted_and_the_call_may_be_made_again_after_the_thaw() {
    let (mut platform, reservation) = dial_waits(CallMode::MerchantCalls, Policy { attempts_max: 1, ..Policy::default() });
    let user = platform.legs()[1];
    platform.handle(at("18:00:10"), freeze(Scope::Platform)).unwrap();
    platform.leg_ended(at("18:00:11"), user, ringfence::Evidence::default()).unwrap();
    let reply = platform.request_call(at("18:00:12"), line(), reservation);
    assert!(matches!(reply, Ok(Reply::Deny(deny)) if deny.reason == DenyReason::Frozen), "{reply:?}");
    platform.handle(at("18:00:13"), thaw(Scope::Platform)).unwrap();
    let reply = platform.request_call(at("18:00:13"), line(), reservation);
    assert!(matches!(reply, Ok(Reply::Allow(_))), "{reply:?}");
}

#[test]
fn dials_of_other_numbers_stay() {
    let (mut platform, _) = dial_waits(CallMode::MerchantCalls, Policy::default());
    platform.handle(at("18:00:10"), freeze(Scope::Number(number("+8613800000002")))).unwrap();
    assert_eq!(drain(&mut platform).iter().filter(|action| is_dial(action)).count(), 1);
}

#[test]
fn a_freeze_takes_a_dial_back_while_the_outbox_is_full() {
    let (mut platform, reservation) = dial_waits(CallMode::MerchantCalls, Policy { outbox_max: 16, ..Policy::default() });
    // Denied calls are judged and rejected until there is no room.
    while platform.request_call(at("18:00:01"), line(), reservation).is_ok() {}
    platform.handle(at("18:00:10"), freeze(Scope::Platform)).unwrap();
    assert!(!drain(&mut platform).iter().any(is_dial));
}

#[test]
fn he_has_his_old_place_in_the_queue() {
    let mut platform = world(Policy::default(), 1);
    let first = booked(&mut platform, 1, CallMode::PlatformCalls);
    let second = booked(&mut platform, 2, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 100);
    let merchant = platform.legs()[0];
    let scope = Scope::Number(number("+8613800000001"));
    platform.handle(at("18:00:10"), freeze(scope)).unwrap();
    platform.handle(at("18:00:11"), thaw(scope)).unwrap();
    platform.leg_ended(at("18:00:12"), merchant, ringfence::Evidence::default()).unwrap();
    drain(&mut platform);
    platform.advance(at("18:00:12"), 100);
    let dialled = drain(&mut platform);
    let whose = |action: &Action| if let Action::Dial(dial) = action { Some(dial.reason.reservation) } else { None };
    assert_eq!(dialled.iter().filter_map(whose).collect::<Vec<_>>(), [first]);
    assert_ne!(first, second);
}
