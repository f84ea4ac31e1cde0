//! What both halves draw on: the ids that either gives, the codes that count, whoever asked for them, and the recordings, which are nobody's attachments.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::recent::{DAY_S, Entry, HOUR_S, Recent};
use crate::values::id::{ChallengeId, Counter, MediaId};
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// The counters of the ids that either half gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// Legs.
    pub leg: Counter,
    /// Messages.
    pub message: Counter,
    /// Challenges.
    pub challenge: Counter,
}

/// What both halves draw on.
#[derive(Clone, Debug)]
pub struct Commons {
    /// The counters.
    pub ids: Ids,
    /// The codes that were sent.
    pub codes: Recent<ChallengeId>,
    /// The wrong ones that were given: for which challenge, and how many with it.
    pub wrong_codes: Recent<(ChallengeId, u32)>,
    /// The recordings of voice messages. Made anew from the messages.
    pub recordings: BTreeSet<MediaId>,
}

/// The same as a snapshot holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommonsState {
    /// The counters.
    pub ids: Ids,
    pub(crate) codes: Vec<Entry<ChallengeId>>,
    pub(crate) wrong_codes: Vec<Entry<(ChallengeId, u32)>>,
}

/// What counts for which numbers, and for how long yet.
pub fn counting<M: Copy + Ord>(recent: &Recent<M>, now: Timestamp) -> Vec<(PhoneNumber, i64)> {
    let all = recent.in_order().filter(|entry| entry.until > now);
    all.map(|entry| (entry.number, entry.until.micros_since(now))).collect()
}

impl Commons {
    /// Nothing yet; ids carry this shard.
    #[must_use]
    pub fn new(shard: u16) -> Self {
        let ids = Ids { leg: Counter::new(shard), message: Counter::new(shard), challenge: Counter::new(shard) };
        Self { ids, codes: Recent::default(), wrong_codes: Recent::default(), recordings: BTreeSet::new() }
    }

    /// What a snapshot holds.
    #[must_use]
    pub fn state(&self) -> CommonsState {
        CommonsState { ids: self.ids, codes: self.codes.in_order().collect(), wrong_codes: self.wrong_codes.in_order().collect() }
    }

    /// What a snapshot held.
    #[must_use]
    pub fn from_state(state: CommonsState) -> Self {
        let (mut codes, mut wrong_codes) = (Recent::default(), Recent::default());
        state.codes.into_iter().for_each(|code| codes.put(code));
        state.wrong_codes.into_iter().for_each(|code| wrong_codes.put(code));
        Self { ids: state.ids, codes, wrong_codes, recordings: BTreeSet::new() }
    }

    /// What a model checker compares: which codes count for which numbers, and for how long yet.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> [Vec<(PhoneNumber, i64)>; 2] {
        [counting(&self.codes, now), counting(&self.wrong_codes, now)]
    }

    /// Forgets the codes that do not count any more.
    pub fn forget_codes(&mut self, now: Timestamp) {
        self.codes.forget_old(now);
        self.wrong_codes.forget_old(now);
    }

    /// What must hold at the latest instant seen, as of this shard.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self, now: Timestamp, shard: u16) -> Result<(), String> {
        let Ids { leg, message, challenge } = self.ids;
        if ![leg, message, challenge].iter().all(|counter| counter.is_sound(shard)) {
            return Err("a counter of ids is beyond its shard".into());
        }
        let counts = |until: Timestamp, span_s: u64| until <= now.saturating_add_s(span_s);
        if !self.codes.in_order().all(|sent| challenge.has_given(sent.mark.get()) && counts(sent.until, HOUR_S)) {
            return Err("a code counts longer than an hour, or was never sent".into());
        }
        let is_sound = |given: Entry<(ChallengeId, u32)>| {
            let (of, wrong) = given.mark;
            challenge.has_given(of.get()) && counts(given.until, DAY_S) && wrong > 0
        };
        if !self.wrong_codes.in_order().all(is_sound) {
            return Err("a wrong code counts longer than a day, or was never given".into());
        }
        Ok(())
    }
}
