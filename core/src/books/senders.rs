//! Senders: how many reservations of each are kept, so that one user cannot fill the platform.

use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::values::number::Address;
use crate::values::person::Person;

/// Every sender of a reservation that is kept.
#[derive(Clone, Debug)]
pub struct Senders {
    hasher: FixedState,
    table: HashTable<(Person, u32)>,
}

impl Senders {
    /// No senders. The seed reaches no output.
    #[must_use]
    pub const fn new(hash_seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(hash_seed), table: HashTable::new() }
    }

    /// How many senders there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How many reservations of this sender are kept. A chatbot is nobody, and sends none.
    #[must_use]
    pub fn kept(&self, address: &Address) -> usize {
        let Some(sender) = Person::of(address) else { return 0 };
        let found = self.table.find(self.hasher.hash_one(&sender), |(key, _)| *key == sender);
        found.map_or(0, |(_, kept)| usize::try_from(*kept).unwrap_or(usize::MAX))
    }

    /// One reservation of this sender more.
    pub fn add(&mut self, address: &Address) {
        let Some(sender) = Person::of(address) else { return };
        let hasher = &self.hasher;
        let mut entry = self
            .table
            .entry(hasher.hash_one(&sender), |(key, _)| *key == sender, |(key, _)| hasher.hash_one(key))
            .or_insert_with(|| (sender.clone(), 0));
        let (_, kept) = entry.get_mut();
        *kept = kept.saturating_add(1);
    }

    /// One reservation of this sender less; one who has none left is forgotten.
    pub fn remove(&mut self, address: &Address) {
        let Some(sender) = Person::of(address) else { return };
        let Ok(mut entry) = self.table.find_entry(self.hasher.hash_one(&sender), |(key, _)| *key == sender) else { return };
        let (_, kept) = entry.get_mut();
        *kept = kept.saturating_sub(1);
        if *kept == 0 {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_or_mailbox_is_one_sender_however_it_writes() {
        let address = |text| Address::parse(text).unwrap();
        let mut senders = Senders::new(1);
        senders.add(&address("rcs:+8613800000001"));
        senders.add(&address("sms:+8613800000001"));
        senders.add(&address("mailto:zhang@example.com"));
        senders.add(&address("mailto:zhang@Example.COM"));
        assert_eq!(senders.kept(&address("mms:+8613800000001")), 2);
        assert_eq!(senders.kept(&address("mailto:zhang@EXAMPLE.com")), 2);
        assert_eq!(senders.kept(&address("rcs:+8613800000002")), 0);
        senders.remove(&address("mms:+8613800000001"));
        senders.remove(&address("mms:+8613800000001"));
        senders.remove(&address("mailto:zhang@example.com"));
        senders.remove(&address("mailto:zhang@example.com"));
        assert!(senders.is_empty());
    }
}
