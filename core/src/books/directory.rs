//! People: whom they blocked, and what they booked for other phones than their own.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::values::id::ReservationId;
use crate::values::input::BlockTarget;
use crate::values::person::Person;

/// The blocks, by person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    of: BTreeMap<Person, BTreeSet<BlockTarget>>,
    count: u64,
}

impl Blocks {
    /// What this person blocked.
    pub fn of(&self, person: &Person) -> impl Iterator<Item = &BlockTarget> {
        self.of.get(person).into_iter().flatten()
    }

    /// How many this person has.
    #[must_use]
    pub fn len_of(&self, person: &Person) -> usize {
        self.of.get(person).map_or(0, BTreeSet::len)
    }

    /// How many there are of everybody.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether this person blocked this.
    #[must_use]
    pub fn has(&self, person: &Person, what: &BlockTarget) -> bool {
        self.of.get(person).is_some_and(|blocks| blocks.contains(what))
    }

    /// Adds a block. False when it is there already.
    pub fn add(&mut self, person: Person, what: BlockTarget) -> bool {
        let is_new = self.of.entry(person).or_default().insert(what);
        self.count = self.count.saturating_add(u64::from(is_new));
        is_new
    }

    /// Takes a block out. False when there was none.
    pub fn remove(&mut self, person: &Person, what: &BlockTarget) -> bool {
        let Some(blocks) = self.of.get_mut(person) else { return false };
        let was_there = blocks.remove(what);
        if blocks.is_empty() {
            self.of.remove(person);
        }
        self.count = self.count.saturating_sub(u64::from(was_there));
        was_there
    }

    /// Whether the count is that of the blocks, and nobody is kept without one.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let counted =
            self.of.values().fold(0_u64, |sum, blocks| sum.saturating_add(u64::try_from(blocks.len()).unwrap_or(u64::MAX)));
        counted == self.count && self.of.values().all(|blocks| !blocks.is_empty())
    }
}

/// The live reservations of each sender that are for another phone than his own. Those for his own are found by the contact number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForOthers {
    live: BTreeMap<Person, BTreeSet<ReservationId>>,
}

impl ForOthers {
    /// His live reservations for other phones, in order.
    pub fn of(&self, person: &Person) -> impl Iterator<Item = ReservationId> {
        self.live.get(person).into_iter().flatten().copied()
    }

    /// Notes a live reservation, or that it is closed.
    pub fn set(&mut self, person: Person, reservation: ReservationId, is_live: bool) {
        if is_live {
            self.live.entry(person).or_default().insert(reservation);
        } else if let Some(live) = self.live.get_mut(&person) {
            live.remove(&reservation);
            if live.is_empty() {
                self.live.remove(&person);
            }
        }
    }

    /// How many reservations are noted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.live.values().map(BTreeSet::len).fold(0, usize::saturating_add)
    }

    /// Whether this one is noted for him.
    #[must_use]
    pub fn has(&self, person: &Person, reservation: ReservationId) -> bool {
        self.live.get(person).is_some_and(|live| live.contains(&reservation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::id::MerchantId;
    use crate::values::number::PhoneNumber;

    #[test]
    fn blocks_that_are_miscounted_or_nobodys_are_noticed() {
        let holder = |number: &str| Person::Number(PhoneNumber::parse(number).unwrap());
        let mut blocks = Blocks::default();
        blocks.add(holder("+8613800000001"), BlockTarget::Merchant(MerchantId::new(1)));
        assert!(blocks.is_consistent());
        assert!(!Blocks { count: 2, ..blocks.clone() }.is_consistent());
        blocks.of.insert(holder("+8613800000002"), BTreeSet::new());
        assert!(!blocks.is_consistent(), "nobody is kept without one");
    }
}
