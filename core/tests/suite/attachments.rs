//! What users attach, and when the host must forget it.

use crate::common::{at, booking, drain, user, world};
use ringfence::values::id::MediaId;
use ringfence::values::input::Book;
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::{Action, Keyring, Platform, Policy, Refusal, Reply, ReservationId};

fn with(last: u32, media: u64) -> Book {
    let media = MediaId::new(media);
    Book { attachments: vec![Attachment { media, kind: MediaKind::Picture, share: false }], ..booking(last) }
}

/// When the book of reservations is full, a booking lets those leave whose retention is over. What they had attached is erased in the same step, so it must
/// not be the new one's: the host would forget what was just attached.
#[test]
fn what_is_about_to_be_erased_is_attached_to_nothing() {
    let policy = Policy { reservations_max: 1, retention_s: 60, ..Policy::default() };
    let mut platform = world(policy, 1);
    platform.book(at("09:05:00"), with(1, 21)).unwrap();
    platform.cancel(at("09:06:00"), user(1), ReservationId::new(1)).unwrap();
    drain(&mut platform);

    let refused = Err(Refusal::MediaInUse { media: MediaId::new(21) });
    assert_eq!(platform.book(at("09:08:00"), with(2, 21)), refused, "the erase that left with the first is not confirmed");
    let mut platform = Platform::restore(&platform.snapshot(), Keyring::new(), 3).unwrap();
    assert_eq!(platform.book(at("09:08:00"), with(2, 21)), refused, "also after a restart");
    assert!(matches!(platform.clone().book(at("09:08:00"), with(2, 22)), Ok(Reply::Booked(_))), "another id is free");
    let erases = |action| matches!(action, Action::Erase(erase) if erase.media == [MediaId::new(21)]);
    let erased = drain(&mut platform).into_iter().any(erases);
    assert!(erased, "the host is told to forget it");
    assert!(matches!(platform.book(at("09:09:00"), with(2, 21)), Ok(Reply::Booked(_))), "the host has forgotten the old one");
    platform.check_invariants().unwrap();
}
