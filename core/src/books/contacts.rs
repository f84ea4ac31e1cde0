//! Contact numbers: which live reservations name one, and whether it is taken: on a leg, or about to be.

use alloc::collections::BTreeSet;
use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::number::PhoneNumber;

/// Room for so many is not worth being given back.
const SMALL: usize = 64;

/// A contact number.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The leg to it that counts as alive: at most one (P8).
    pub leg: Option<LegId>,
    /// The call in which the platform rings a merchant for it: at most one. The number is kept free for the moment at which he answers.
    pub rung_for: Option<CallId>,
    /// The live reservations that name it.
    pub live: BTreeSet<ReservationId>,
}

impl Contact {
    /// Whether it is on no leg, and none is about to be dialled.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.leg.is_none() && self.rung_for.is_none()
    }
}

/// Every number that is taken or in a live reservation.
#[derive(Clone, Debug)]
pub struct Contacts {
    hasher: FixedState,
    table: HashTable<(PhoneNumber, Contact)>,
}

impl Contacts {
    /// No numbers. The seed reaches no output.
    #[must_use]
    pub const fn new(hash_seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(hash_seed), table: HashTable::new() }
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// What is known of this number.
    #[must_use]
    pub fn get(&self, number: PhoneNumber) -> Option<&Contact> {
        self.table.find(self.hasher.hash_one(number), |(key, _)| *key == number).map(|(_, contact)| contact)
    }

    /// Changes what is known of this number; one that is left with nothing is forgotten.
    pub fn update(&mut self, number: PhoneNumber, change: impl FnOnce(&mut Contact)) {
        let hasher = &self.hasher;
        let mut entry = self
            .table
            .entry(hasher.hash_one(number), |(key, _)| *key == number, |(key, _)| hasher.hash_one(key))
            .or_insert_with(|| (number, Contact::default()));
        let (_, contact) = entry.get_mut();
        change(contact);
        if contact.is_free() && contact.live.is_empty() {
            entry.remove();
            let needed = self.table.len().max(SMALL);
            if self.table.capacity() / 4 >= needed {
                self.table.shrink_to(needed.saturating_mul(2), |(key, _)| hasher.hash_one(key));
            }
        }
    }

    /// Whether this number is on no leg, and none is about to be dialled.
    #[must_use]
    pub fn is_free(&self, number: PhoneNumber) -> bool {
        self.get(number).is_none_or(Contact::is_free)
    }

    /// The leg to this number that counts as alive.
    #[must_use]
    pub fn leg(&self, number: PhoneNumber) -> Option<LegId> {
        self.get(number).and_then(|contact| contact.leg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_that_were_many_once_give_their_room_back() {
        let number = |last: u64| PhoneNumber::parse(&alloc::format!("+86138{last:08}")).unwrap();
        let mut contacts = Contacts::new(1);
        for last in 0..20_000 {
            contacts.update(number(last), |contact| contact.leg = Some(LegId::new(last)));
        }
        for last in 0..19_990 {
            contacts.update(number(last), |contact| contact.leg = None);
        }
        assert_eq!(contacts.len(), 10);
        assert!(contacts.table.capacity() < 1_000, "{}", contacts.table.capacity());
        assert_eq!(contacts.leg(number(19_999)), Some(LegId::new(19_999)));
    }
}
