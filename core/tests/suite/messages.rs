//! Messages that may be reported on are bounded, by number and by time, and survive a restart.

use crate::common::{at, booking, drain, world};
use ringfence::values::effect::{AuditRecord, Content};
use ringfence::values::input::MessageStatus;
use ringfence::{Action, Keyring, Platform, Policy, Reply};

fn failed() -> MessageStatus {
    MessageStatus::Failed { code: "404".into() }
}

/// Books for this user at 09:05. The result is the second effect of each booking's four.
fn book(platform: &mut Platform, last: u32) {
    platform.book(at("09:05:00"), booking(last)).unwrap();
    drain(platform);
}

#[test]
fn the_oldest_give_way_when_more_are_sent_than_are_kept() {
    let mut platform = world(Policy { messages_max: 3, ..Policy::default() }, 1);
    book(&mut platform, 1);
    book(&mut platform, 2);
    assert_eq!(platform.message_reported(at("09:06:00"), 2, failed()), Ok(Reply::NoOp), "the result of the first booking");
    assert_eq!(platform.message_reported(at("09:06:00"), 6, failed()), Ok(Reply::Done), "the result of the second");
    let sent = drain(&mut platform);
    assert!(matches!(&sent[..], [Action::Send(send)] if matches!(send.content, Content::Result(_))), "{sent:?}");
    // The one that went again is the newest now.
    assert_eq!(platform.message_reported(at("09:06:00"), 7, failed()), Ok(Reply::Done), "the reservation to the chatbot");
    let written = drain(&mut platform);
    assert!(matches!(&written[..], [Action::Audit(audit)] if matches!(audit.record, AuditRecord::Undelivered(_))), "{written:?}");
    let mut none = world(Policy { messages_max: 0, ..Policy::default() }, 1);
    book(&mut none, 1);
    assert_eq!(none.message_reported(at("09:06:00"), 2, failed()), Ok(Reply::NoOp));
}

#[test]
fn a_report_counts_up_to_the_last_microsecond_of_its_time_also_under_newer_rules() {
    let policy = Policy { fallback_wait_s: 60, ..Policy::default() };
    let mut platform = world(policy.clone(), 1);
    book(&mut platform, 1);
    let mut late = platform.clone();
    assert_eq!(late.message_reported(at("09:06:00"), 2, failed()), Ok(Reply::NoOp), "from that instant on it is too late");
    late.set_policy(at("09:06:00"), Policy { fallback_wait_s: 3_600, ..policy }).unwrap();
    assert_eq!(late.message_reported(at("09:06:00"), 2, failed()), Ok(Reply::NoOp), "and newer rules do not bring it back");
    let mut back = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    assert_eq!(back.message_reported(at("09:05:59.999999"), 2, failed()), Ok(Reply::Done));
}
