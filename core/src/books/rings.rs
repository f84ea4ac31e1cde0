//! When which numbers were rung within the last day, for the limit of a day.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::values::id::LegId;
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// For how long a ring counts, in seconds.
pub const DAY_S: u64 = 86_400;

/// A number was rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ring {
    /// Which.
    pub number: PhoneNumber,
    /// From when on it does not count any more.
    pub until: Timestamp,
    /// The leg.
    pub leg: LegId,
}

/// The rings that count.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    by_number: BTreeSet<Ring>,
    by_end: BTreeSet<(Timestamp, PhoneNumber, LegId)>,
}

impl Rings {
    /// Notes a ring.
    pub fn put(&mut self, ring: Ring) {
        self.by_number.insert(ring);
        self.by_end.insert((ring.until, ring.number, ring.leg));
    }

    /// Forgets those that do not count any more.
    pub fn forget_old(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, ..)| *until <= now) {
            if let Some((until, number, leg)) = self.by_end.pop_first() {
                self.by_number.remove(&Ring { number, until, leg });
            }
        }
    }

    /// The instant from which fewer than `most` rings of this number count: `at`, or later.
    #[must_use]
    pub fn free_from(&self, number: PhoneNumber, most: usize, at: Timestamp) -> Timestamp {
        let edge = |until, leg| Ring { number, until, leg: LegId::new(leg) };
        // Those that end after `at`, the last to end first.
        let mut counting = self.by_number.range(edge(at, u64::MAX)..=edge(Timestamp::MAX, u64::MAX)).rev();
        let reached = most.checked_sub(1).and_then(|others| counting.nth(others));
        reached.map_or(at, |ring| ring.until.max(at))
    }

    /// Every ring that counts, by number.
    pub fn in_order(&self) -> impl Iterator<Item = &Ring> {
        self.by_number.iter()
    }
}
