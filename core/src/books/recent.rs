//! What happened to which numbers lately, as far as a limit counts it: codes that were sent, wrong ones that were given, rings.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// For how long a code that was sent counts, in seconds.
pub const HOUR_S: u64 = 3_600;

/// For how long a wrong code and a ring count, in seconds.
pub const DAY_S: u64 = 86_400;

/// Something that happened to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<M> {
    /// The number.
    pub number: PhoneNumber,
    /// From when on it does not count any more.
    pub until: Timestamp,
    /// Which one it was.
    pub mark: M,
}

/// What counts.
#[derive(Clone, Debug)]
pub struct Recent<M> {
    by_number: BTreeMap<PhoneNumber, BTreeSet<(Timestamp, M)>>,
    by_end: BTreeSet<(Timestamp, PhoneNumber, M)>,
}

impl<M> Default for Recent<M> {
    fn default() -> Self {
        Self { by_number: BTreeMap::new(), by_end: BTreeSet::new() }
    }
}

impl<M: Copy + Ord> Recent<M> {
    /// How many count, of all numbers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_end.len()
    }

    /// Whether none counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_end.is_empty()
    }

    /// Notes one.
    pub fn put(&mut self, entry: Entry<M>) {
        self.by_number.entry(entry.number).or_default().insert((entry.until, entry.mark));
        self.by_end.insert((entry.until, entry.number, entry.mark));
    }

    /// Forgets those that do not count any more.
    pub fn forget_old(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, ..)| *until <= now) {
            let Some((until, number, mark)) = self.by_end.pop_first() else { return };
            let Some(of_it) = self.by_number.get_mut(&number) else { continue };
            of_it.remove(&(until, mark));
            if of_it.is_empty() {
                self.by_number.remove(&number);
            }
        }
    }

    /// The instant from which fewer than `most` of this number count: `at`, or later.
    #[must_use]
    pub fn free_from(&self, number: PhoneNumber, most: u32, at: Timestamp) -> Timestamp {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // The last to end first.
        let last_in_the_way =
            self.by_number.get(&number).zip(most.checked_sub(1)).and_then(|(all, more)| all.iter().nth_back(more));
        last_in_the_way.map_or(at, |(until, _)| at.max(*until))
    }

    /// Every one that counts, by number and end.
    pub fn in_order(&self) -> impl Iterator<Item = Entry<M>> {
        let of = |(number, all)| {
            let number: &PhoneNumber = number;
            let all: &BTreeSet<(Timestamp, M)> = all;
            all.iter().map(move |(until, mark)| Entry { number: *number, until: *until, mark: *mark })
        };
        self.by_number.iter().flat_map(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_free_when_fewer_than_the_limit_count() {
        let (number, other) = (PhoneNumber::parse("+8613800000001").unwrap(), PhoneNumber::parse("+8613800000002").unwrap());
        let at = |second: u64| Timestamp::MIN.saturating_add_s(second);
        let mut recent = Recent::default();
        for (mark, until) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
            recent.put(Entry { number, until: at(until), mark });
        }
        recent.put(Entry { number: other, until: at(15), mark: 5 });
        assert_eq!(recent.free_from(number, 5, at(0)), at(0));
        assert_eq!(recent.free_from(number, 4, at(0)), at(10));
        assert_eq!(recent.free_from(number, 3, at(0)), at(20));
        assert_eq!(recent.free_from(number, 1, at(0)), at(30));
        assert_eq!(recent.free_from(number, 4, at(10)), at(10), "at its end one counts no more");
        assert_eq!(recent.free_from(number, 0, at(0)), at(0), "no limit");
        recent.forget_old(at(20));
        let left: alloc::vec::Vec<_> = recent.in_order().map(|entry| entry.mark).collect();
        assert_eq!((left, recent.len()), (alloc::vec![4], 1));
        recent.forget_old(at(30));
        assert!(recent.is_empty() && recent.by_number.is_empty());
    }
}
