//! When codes went to which numbers within the last hour, and when wrong ones were given for them within the last day: booking is no way to flood a
//! phone, nor to guess.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::ChallengeId;
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// For how long a code counts, in seconds.
pub const HOUR_S: u64 = 3_600;

/// For how long a wrong code counts, in seconds.
pub const DAY_S: u64 = 86_400;

/// A code that went to a number, or a wrong one that was given for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sent {
    /// The number.
    pub number: PhoneNumber,
    /// From when on it does not count any more.
    pub until: Timestamp,
    /// Which challenge.
    pub challenge: ChallengeId,
    /// How many wrong ones were given for this challenge, this one included; 0 of the code that was sent.
    pub wrong: u32,
}

/// The codes that count.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    by_number: BTreeSet<Sent>,
    by_end: BTreeSet<(Timestamp, PhoneNumber, ChallengeId, u32)>,
}

impl Codes {
    /// How many count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether none counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    /// Notes a code.
    pub fn put(&mut self, sent: Sent) {
        self.by_number.insert(sent);
        self.by_end.insert((sent.until, sent.number, sent.challenge, sent.wrong));
    }

    /// Forgets those that do not count any more.
    pub fn forget_old(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, ..)| *until <= now) {
            if let Some((until, number, challenge, wrong)) = self.by_end.pop_first() {
                self.by_number.remove(&Sent { number, until, challenge, wrong });
            }
        }
    }

    /// Until when the codes to this number count, in order.
    #[must_use]
    pub fn of(&self, number: PhoneNumber) -> Vec<Timestamp> {
        let edge = |until, challenge, wrong| Sent { number, until, challenge: ChallengeId::new(challenge), wrong };
        let range = edge(Timestamp::MIN, 0, 0)..=edge(Timestamp::MAX, u64::MAX, u32::MAX);
        self.by_number.range(range).map(|sent| sent.until).collect()
    }

    /// Every code that counts, by number.
    pub fn in_order(&self) -> impl Iterator<Item = &Sent> {
        self.by_number.iter()
    }
}
