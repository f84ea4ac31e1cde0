//! What is remembered of people, and how they are forgotten.

use crate::common::{at, booking, drain, user, world};
use ringfence::values::effect::{AuditRecord, Content};
use ringfence::values::input::{Book, MessageStatus};
use ringfence::values::reply::Forgotten;
use ringfence::{Action, Keyring, Platform, Policy, Refusal, Reply, ReservationId};

fn failed() -> MessageStatus {
    MessageStatus::Failed { code: "404".into() }
}

#[test]
fn a_profile_is_remembered_up_to_the_last_microsecond_of_its_life_also_after_a_restart() {
    let mut platform = world(Policy { profile_life_s: 60, reservations_per_number_max: 9, ..Policy::default() }, 1);
    platform.book(at("09:05:00"), booking(1)).unwrap();
    platform.cancel(at("09:05:00"), user(1), ReservationId::new(1)).unwrap();
    let platform = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    for (time, name) in [("09:05:59.999999", Some("张三".into())), ("09:06:00", None)] {
        let mut platform = platform.clone();
        platform.book(at(time), Book { name: None, ..booking(1) }).unwrap();
        assert_eq!(platform.reservation(ReservationId::new(2)).unwrap().name, name, "{time}");
    }
}

#[test]
fn forgetting_comes_through_while_the_outbox_is_full() {
    let mut platform = world(Policy { outbox_max: 8, ..Policy::default() }, 1);
    platform.book(at("09:05:00"), booking(1)).unwrap();
    assert!(matches!(platform.book(at("09:05:00"), booking(2)), Err(Refusal::Limit { .. })), "the outbox is full");
    let forgotten = Forgotten { cancelled: 1, ending: 0, erased: 1, profile: true, messages: 2, bindings: 0, voice_messages: 0 };
    assert_eq!(platform.forget_me(at("09:05:01"), user(1)), Ok(Reply::Forgotten(forgotten)));
    assert_eq!(platform.reservations(), []);
    platform.check_invariants().unwrap();
}

#[test]
fn nothing_is_sent_again_to_whoever_was_forgotten_before_a_restart() {
    let mut platform = world(Policy::default(), 1);
    platform.book(at("09:05:00"), booking(1)).unwrap();
    platform.forget_me(at("09:05:01"), user(1)).unwrap();
    let is_cancelled = |action: &Action| matches!(action, Action::Send(send) if matches!(send.content, Content::Cancelled(_)));
    let sequence = std::iter::from_fn(|| platform.poll_effect()).find(|effect| is_cancelled(&effect.action)).unwrap().sequence;
    let mut back = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    drain(&mut back);
    for message in [2, sequence] {
        assert_eq!(back.message_reported(at("09:06:00"), message, failed()), Ok(Reply::Done));
        let written = drain(&mut back);
        let [Action::Audit(audit)] = &written[..] else { panic!("{written:?}") };
        assert!(matches!(audit.record, AuditRecord::Undelivered(_)), "{:?}", audit.record);
    }
    assert_eq!(back.forget_me(at("09:06:01"), user(1)), Ok(Reply::NoOp));
}
