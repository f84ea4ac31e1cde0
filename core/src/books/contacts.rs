//! Contact numbers: which live reservations name one, and whether it is on a leg.

use alloc::collections::BTreeSet;
use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::values::id::{LegId, ReservationId};
use crate::values::number::PhoneNumber;

/// Room for so many is not worth being given back.
const SMALL: usize = 64;

/// A contact number.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The leg to it that counts as alive: at most one (P8).
    pub leg: Option<LegId>,
    /// The live reservations that name it.
    pub live: BTreeSet<ReservationId>,
}

/// Every number that is on a leg or in a live reservation.
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
        if contact.leg.is_none() && contact.live.is_empty() {
            entry.remove();
            let needed = self.table.len().max(SMALL);
            if self.table.capacity() / 4 >= needed {
                self.table.shrink_to(needed.saturating_mul(2), |(key, _)| hasher.hash_one(key));
            }
        }
    }

    /// The leg to this number that counts as alive.
    #[must_use]
    pub fn leg(&self, number: PhoneNumber) -> Option<LegId> {
        self.get(number).and_then(|contact| contact.leg)
    }
}
