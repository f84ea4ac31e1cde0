//! Inputs that were taken already, so that a repeat of a webhook changes nothing (P11).

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::values::input::Dedup;
use crate::values::reply::Reply;
use crate::values::time::Timestamp;

/// What is remembered of an input that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// A hash of its content.
    pub body: u128,
    /// How it was answered.
    pub reply: Reply,
    /// From when on it is forgotten.
    pub until: Timestamp,
}

/// The inputs that were taken with a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    taken: BTreeMap<Dedup, Taken>,
    by_end: BTreeSet<(Timestamp, Dedup)>,
}

impl Repeats {
    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// What was taken under this key, unless its time is over.
    #[must_use]
    pub fn get(&self, key: &Dedup, now: Timestamp) -> Option<&Taken> {
        self.taken.get(key).filter(|taken| taken.until > now)
    }

    /// Remembers an input.
    pub fn put(&mut self, key: Dedup, taken: Taken) {
        self.by_end.insert((taken.until, key.clone()));
        if let Some(old) = self.taken.insert(key.clone(), taken).filter(|old| old.until != taken.until) {
            self.by_end.remove(&(old.until, key));
        }
    }

    /// Forgets those whose time is over.
    pub fn forget_old(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, key)) = self.by_end.pop_first() {
                self.taken.remove(&key);
            }
        }
    }

    /// Whether the two indexes agree.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let all_known = self.by_end.iter().all(|(until, key)| self.taken.get(key).is_some_and(|taken| taken.until == *until));
        self.taken.len() == self.by_end.len() && all_known
    }

    /// Whether none is remembered beyond this instant.
    #[must_use]
    pub fn ends_by(&self, instant: Timestamp) -> bool {
        self.by_end.last().is_none_or(|(until, _)| *until <= instant)
    }

    /// What is remembered, for a model checker: keys, content, reply and what is left of the time.
    pub fn in_order(&self) -> impl Iterator<Item = (&Dedup, &Taken)> {
        self.taken.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_that_do_not_agree_are_noticed() {
        let key = |key: &str| Dedup { source: "maap".into(), key: key.into() };
        let mut book = Repeats::default();
        book.put(key("1"), Taken { body: 1, reply: Reply::Done, until: Timestamp::MIN });
        assert!(book.is_consistent());
        let with = |end: (Timestamp, Dedup)| Repeats { by_end: BTreeSet::from([end]), ..book.clone() }.is_consistent();
        assert!(with((Timestamp::MIN, key("1"))));
        assert!(!with((Timestamp::MIN.saturating_add_s(1), key("1"))), "another end");
        assert!(!with((Timestamp::MIN, key("2"))), "the end of nothing");
        book.by_end.clear();
        assert!(!book.is_consistent(), "without an end");
    }
}
