//! What a host is in doubt about. A `dial` that it reports failed may ring all the same, and a leg that is gone here may live at the switch: neither is
//! left to ring, or to talk, under nobody's rules (P3, P8, P9).

use std::collections::BTreeMap;

use crate::common::{at, booked, booking, drain, evening, line, number, user, world};
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{AuditRecord, HangUp};
use ringfence::values::input::{Line, PublishPage, RegisterMerchant};
use ringfence::values::refusal::{Bound, Refusal};
use ringfence::values::reply::{Deny, DenyReason};
use ringfence::{
    Action, Address, CallMode, Effect, Evidence, Keyring, LegId, MerchantId, OfferingId, PageId, Platform, Policy, Reply,
    ReservationId, Zone,
};

const SECOND: MerchantId = MerchantId::new(2);

fn polled(platform: &mut Platform) -> Vec<Effect> {
    std::iter::from_fn(|| platform.poll_effect()).collect()
}

/// Another merchant's line, on which user 1 has a reservation for the same hours.
fn second_line() -> ringfence::PhoneNumber {
    number("95512")
}

fn booked_with_second(platform: &mut Platform) -> ReservationId {
    let merchant = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065000001@chatbot.example").unwrap()),
        ..RegisterMerchant::new(SECOND, "商户2", vec![Line { number: second_line(), channels: 1 }], Zone::UTC)
    };
    platform.register_merchant(at("09:00:00"), merchant).unwrap();
    let page = PageId::new(20);
    let publish = PublishPage {
        windows: vec![evening()],
        ..PublishPage::new(page, SECOND, BTreeMap::from([(OfferingId::new(1), "房贷".into())]))
    };
    platform.publish_page(at("09:00:00"), publish).unwrap();
    let book = ringfence::values::input::Book { page, ..booking(1) };
    let Ok(Reply::Booked(reply)) = platform.book(at("09:05:00"), book) else { panic!("the booking was refused") };
    platform.choose_mode(at("09:06:00"), SECOND, reply.reservation, CallMode::MerchantCalls).unwrap();
    drain(platform);
    reply.reservation
}

/// Both merchants may call user 1. The first does; the host began the dial of leg 2 and stopped, came back, and is in doubt.
fn in_doubt() -> (Platform, [ReservationId; 2]) {
    let mut platform = world(Policy::default(), 2);
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    let second = booked_with_second(&mut platform);
    platform.request_call(at("18:00:00"), line(), first).unwrap();
    let dial = polled(&mut platform).into_iter().find(|effect| effect.action.is_dial()).unwrap().sequence;
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    assert_eq!(platform.effect_failed(at("18:00:05"), dial), Ok(Reply::Done));
    (platform, [first, second])
}

fn hang_ups(actions: &[Action]) -> Vec<(LegId, ReleaseCause)> {
    let hang_up = |action: &Action| {
        if let Action::HangUp(HangUp { leg, cause, .. }) = action { Some((*leg, *cause)) } else { None }
    };
    actions.iter().filter_map(hang_up).collect()
}

const USER_LEG: LegId = LegId::new(2);

#[test]
fn a_dial_in_doubt_is_hung_up_and_is_no_attempt() {
    let (mut platform, [first, _]) = in_doubt();
    let actions = drain(&mut platform);
    assert_eq!(hang_ups(&actions), [(USER_LEG, ReleaseCause::Unknown)]);
    assert!(!actions.iter().any(Action::is_dial), "a voided dial is not handed out");
    let tally = platform.reservation(first).unwrap().tally();
    assert_eq!((tally.attempts, tally.platform_failures), (0, 1));
    platform.check_invariants().unwrap();
}

#[test]
fn its_number_is_taken_until_the_grace_is_over() {
    let (mut platform, [_, second]) = in_doubt();
    let busy = |reply| matches!(reply, Ok(Reply::Deny(Deny { reason: DenyReason::NumberBusy, .. })));
    assert!(busy(platform.request_call(at("18:00:07"), second_line(), second)));
    assert!(busy(platform.request_call(at("18:00:34.999999"), second_line(), second)));
    drain(&mut platform);
    assert!(matches!(platform.request_call(at("18:00:35"), second_line(), second), Ok(Reply::Allow(_))));
    let dials = drain(&mut platform).into_iter().filter(Action::is_dial).count();
    assert_eq!(dials, 1);
}

#[test]
fn a_host_that_knows_that_the_leg_is_not_there_frees_it_at_once() {
    let (mut platform, [first, second]) = in_doubt();
    assert_eq!(platform.leg_ended(at("18:00:05"), USER_LEG, Evidence::default()), Ok(Reply::Done));
    assert!(platform.legs().is_empty() && platform.calls().is_empty());
    let tally = platform.reservation(first).unwrap().tally();
    assert_eq!((tally.attempts, tally.platform_failures), (0, 1), "it is counted once");
    assert!(matches!(platform.request_call(at("18:00:05"), second_line(), second), Ok(Reply::Allow(_))));
}

#[test]
fn a_late_answer_of_it_is_hung_up_and_never_joined() {
    let (mut platform, [first, _]) = in_doubt();
    drain(&mut platform);
    assert_eq!(platform.cancel(at("18:00:08"), user(1), first), Ok(Reply::Done));
    drain(&mut platform);
    assert_eq!(platform.leg_progress(at("18:00:08"), USER_LEG), Ok(Reply::NoOp), "it is being hung up");
    assert_eq!(platform.leg_answered(at("18:00:09"), USER_LEG), Ok(Reply::Done));
    assert_eq!(hang_ups(&drain(&mut platform)), [(USER_LEG, ReleaseCause::Unknown)]);
    platform.advance(at("18:00:35"), 100);
    drain(&mut platform);
    assert!(platform.legs().is_empty());
}

#[test]
fn the_merchants_dial_in_doubt_takes_the_channel_until_the_grace_is_over() {
    let mut platform = world(Policy { retry_spacing_s: 0, ..Policy::default() }, 1);
    booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 100);
    let dial = polled(&mut platform).into_iter().find(|effect| effect.action.is_dial()).unwrap().sequence;
    assert_eq!(platform.effect_failed(at("18:00:01"), dial), Ok(Reply::Done));
    assert_eq!(hang_ups(&drain(&mut platform)), [(LegId::new(1), ReleaseCause::Unknown)]);
    platform.advance(at("18:00:30.999999"), 100);
    assert!(!drain(&mut platform).iter().any(Action::is_dial));
    platform.advance(at("18:00:31"), 100);
    assert!(drain(&mut platform).iter().any(Action::is_dial));
}

#[test]
fn a_leg_that_is_gone_here_and_lives_at_the_switch_is_hung_up() {
    let (mut platform, _) = in_doubt();
    platform.advance(at("18:00:35"), 100);
    drain(&mut platform);
    assert!(platform.legs().is_empty(), "its grace is over");
    platform.advance(at("18:00:36"), 100);
    let before = platform.model_view();
    for reported in [Platform::leg_progress, Platform::leg_answered] {
        assert_eq!(reported(&mut platform, at("18:00:36"), USER_LEG), Ok(Reply::Done));
        assert_eq!(hang_ups(&drain(&mut platform)), [(USER_LEG, ReleaseCause::Unknown)]);
    }
    assert_eq!(platform.leg_ended(at("18:00:36"), USER_LEG, Evidence::default()), Ok(Reply::NoOp));
    assert_eq!(platform.play_finished(at("18:00:36"), USER_LEG), Ok(Reply::NoOp));
    assert!(matches!(platform.leg_answered(at("18:00:36"), LegId::new(99)), Err(Refusal::Unknown { .. })));
    let foreign = LegId::new((7 << 48) | 2);
    assert!(matches!(platform.leg_answered(at("18:00:36"), foreign), Err(Refusal::Unknown { .. })), "another shard's");
    assert!(drain(&mut platform).is_empty());
    assert_eq!(platform.model_view(), before, "nothing else has changed");
}

#[test]
fn the_hang_up_of_a_leg_that_is_gone_needs_room_in_the_outbox() {
    let mut platform = world(Policy { outbox_max: 7, ..Policy::default() }, 1);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("17:00:00"), line(), reservation).unwrap();
    drain(&mut platform);
    let gone = LegId::new(1);
    for _ in 0..7 {
        assert_eq!(platform.leg_answered(at("17:00:01"), gone), Ok(Reply::Done));
    }
    let full = Refusal::Limit { bound: Bound::Outbox, most: 7 };
    assert_eq!(platform.leg_answered(at("17:00:01"), gone), Err(full.clone()));
    assert_eq!(platform.leg_progress(at("17:00:01"), gone), Err(full));
    assert_eq!(platform.unconfirmed(), 7);
    drain(&mut platform);
    assert_eq!(platform.leg_answered(at("17:00:02"), gone), Ok(Reply::Done), "reported again");
}

/// The legs whose `dial` a record says was taken back, and all that were hung up, in order.
fn taken_back(actions: &[Action]) -> Vec<LegId> {
    let record = |action: &Action| {
        let Action::Audit(audit) = action else { return None };
        let AuditRecord::DialWithdrawn(withdrawn) = &audit.record else { return None };
        Some(withdrawn.leg)
    };
    actions.iter().filter_map(record).collect()
}

#[test]
fn a_dial_that_is_taken_back_leaves_a_record_that_says_so() {
    let dialled = || {
        let mut platform = world(Policy::default(), 1);
        let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
        platform.request_call(at("18:00:00"), line(), reservation).unwrap();
        (platform, reservation)
    };
    // Never polled, and cancelled.
    let (mut platform, reservation) = dialled();
    platform.cancel(at("18:00:01"), user(1), reservation).unwrap();
    assert_eq!(taken_back(&drain(&mut platform)), [USER_LEG]);
    // Voided by a switch that lost the leg.
    let (mut platform, _) = dialled();
    platform.resync(at("18:00:01"), vec![LegId::new(1)]).unwrap();
    assert_eq!(taken_back(&drain(&mut platform)), [USER_LEG]);
    let (mut platform, _) = dialled();
    platform.resync(at("18:00:01"), vec![]).unwrap();
    assert_eq!(taken_back(&drain(&mut platform)), [USER_LEG], "also when the caller's loss took it along");
    // Something showed that it was carried out: a confirm, a report, a switch that has the leg.
    type Show = fn(&mut Platform);
    let shows: [Show; 5] = [
        |platform| drop(drain(platform)),
        |platform| drop(platform.leg_progress(at("18:00:01"), USER_LEG)),
        |platform| drop(platform.leg_answered(at("18:00:01"), USER_LEG)),
        |platform| drop(platform.leg_ended(at("18:00:01"), USER_LEG, Evidence::default())),
        |platform| drop(platform.resync(at("18:00:01"), vec![LegId::new(1), USER_LEG])),
    ];
    for show in shows {
        let (mut platform, reservation) = dialled();
        show(&mut platform);
        platform.cancel(at("18:00:02"), user(1), reservation).unwrap();
        assert_eq!(taken_back(&drain(&mut platform)), [] as [LegId; 0]);
    }
}

#[test]
fn the_record_of_a_dial_in_doubt_stands_before_its_hang_up() {
    let (mut platform, _) = in_doubt();
    let actions = drain(&mut platform);
    let record = actions.iter().position(|action| taken_back(std::slice::from_ref(action)) == [USER_LEG]).unwrap();
    assert!(matches!(actions[record + 1], Action::HangUp(_)));
}

/// What a host that comes back is handed of what is done at most once.
fn handed_out_again(platform: &Platform) -> Vec<LegId> {
    let mut restored = Platform::restore(&platform.snapshot(), Keyring::new(), 9).unwrap();
    polled(&mut restored).iter().filter_map(|effect| effect.action.at_most_once_leg()).collect()
}

#[test]
fn what_was_reported_done_is_not_handed_out_again() {
    let (caller, callee) = (LegId::new(1), USER_LEG);
    let mut platform = world(Policy::default(), 2);
    let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:00"), line(), reservation).unwrap();
    polled(&mut platform);
    assert_eq!(handed_out_again(&platform), [callee]);

    let mut rings = platform.clone();
    rings.leg_progress(at("18:00:01"), callee).unwrap();
    assert_eq!(handed_out_again(&rings), [] as [LegId; 0], "it rings");

    platform.leg_answered(at("18:00:05"), callee).unwrap();
    polled(&mut platform);
    assert_eq!(handed_out_again(&platform), [caller], "the dial was answered; the answer waits");
    platform.leg_answered(at("18:00:06"), caller).unwrap();
    polled(&mut platform);
    assert_eq!(handed_out_again(&platform), [] as [LegId; 0]);
    platform.cancel(at("18:00:10"), user(1), reservation).unwrap();
    assert_eq!(handed_out_again(&platform), [] as [LegId; 0]);
    platform.check_invariants().unwrap();
}

#[test]
fn a_report_on_one_leg_voids_nothing_of_another() {
    let mut platform = world(Policy::default(), 1);
    booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 100);
    polled(&mut platform);
    let merchant = LegId::new(1);
    platform.leg_answered(at("18:00:05"), merchant).unwrap();
    assert_eq!(handed_out_again(&platform), [merchant, LegId::new(2)], "the prompt to the merchant, the dial of the user");
    assert_eq!(platform.leg_answered(at("18:00:05"), merchant), Ok(Reply::NoOp));
    assert_eq!(handed_out_again(&platform).len(), 2, "a repeat does nothing");
    platform.leg_progress(at("18:00:06"), LegId::new(2)).unwrap();
    assert_eq!(handed_out_again(&platform), [merchant]);
}
