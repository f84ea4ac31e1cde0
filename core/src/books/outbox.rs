//! Effects on their way to the host: kept until they are confirmed.

use alloc::collections::VecDeque;

use crate::values::effect::{Action, Dial, Effect};
use crate::values::id::LegId;

/// The effects that are not confirmed, in sequence.
///
/// The poll cursor is not state: after a restore, polling begins again at the first unconfirmed effect.
#[derive(Clone, Debug)]
pub struct Outbox {
    kept: VecDeque<Effect>,
    next_sequence: u64,
    /// The first sequence number that was not polled yet.
    cursor: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { kept: VecDeque::new(), next_sequence: 1, cursor: 1 }
    }
}

impl Outbox {
    /// An outbox as a snapshot holds it.
    #[must_use]
    pub const fn from_parts(kept: VecDeque<Effect>, next_sequence: u64) -> Self {
        Self { kept, next_sequence, cursor: 0 }
    }

    /// Adds an effect and gives it the next sequence number.
    pub fn push(&mut self, action: Action) {
        self.kept.push_back(Effect { sequence: self.next_sequence, action });
        self.next_sequence = self.next_sequence.saturating_add(1);
    }

    /// How many effects are not confirmed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether every effect is confirmed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The sequence number of the last effect, 0 before the first.
    #[must_use]
    pub const fn last_sequence(&self) -> u64 {
        self.next_sequence.saturating_sub(1)
    }

    /// The unconfirmed effects, in sequence.
    pub fn kept(&self) -> impl ExactSizeIterator<Item = &Effect> {
        self.kept.iter()
    }

    /// The unconfirmed effect with this sequence number.
    #[must_use]
    pub fn get(&self, sequence: u64) -> Option<&Effect> {
        let index = self.kept.binary_search_by_key(&sequence, |effect| effect.sequence).ok()?;
        self.kept.get(index)
    }

    fn first_unpolled(&self) -> usize {
        self.kept.partition_point(|effect| effect.sequence < self.cursor)
    }

    /// Whether an effect waits to be polled.
    #[must_use]
    pub fn has_unpolled(&self) -> bool {
        self.kept.back().is_some_and(|effect| effect.sequence >= self.cursor)
    }

    /// The next effect that was not polled.
    pub fn poll(&mut self) -> Option<Effect> {
        let effect = self.kept.get(self.first_unpolled())?.clone();
        self.cursor = effect.sequence.saturating_add(1);
        Some(effect)
    }

    /// Lets go of every effect up to this sequence number.
    pub fn confirm(&mut self, up_to: u64) {
        while self.kept.front().is_some_and(|effect| effect.sequence <= up_to) {
            self.kept.pop_front();
        }
        self.cursor = self.cursor.max(up_to.saturating_add(1));
    }

    /// The sequence number that the next effect will get.
    #[must_use]
    pub const fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The unconfirmed `dial` of a leg whose first effect has at least this sequence number.
    #[must_use]
    pub fn waiting_dial(&self, leg: LegId, since: u64) -> Option<&Dial> {
        let begins = self.kept.partition_point(|effect| effect.sequence < since);
        self.kept.range(begins..).find_map(|effect| match &effect.action {
            Action::Dial(dial) if dial.leg == leg => Some(dial),
            Action::Dial(_)
            | Action::Answer(_)
            | Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_) => None,
        })
    }

    /// Takes out the unconfirmed at-most-once effects of a leg whose first effect has at least this sequence number: the leg is ended, so a host
    /// that was not handed them yet, or comes back, must not begin them (P3).
    pub fn void_leg(&mut self, leg: LegId, since: u64) {
        let mut index = self.kept.partition_point(|effect| effect.sequence < since);
        while let Some(effect) = self.kept.get(index) {
            if effect.action.at_most_once_leg() == Some(leg) {
                self.kept.remove(index);
            } else {
                index = index.saturating_add(1);
            }
        }
    }

    /// Takes out every unconfirmed effect that is done at most once, and returns them.
    pub fn void_at_most_once(&mut self) -> VecDeque<Effect> {
        let mut voided = VecDeque::new();
        let mut rest = VecDeque::with_capacity(self.kept.len());
        for effect in self.kept.drain(..) {
            if effect.action.is_at_most_once() { voided.push_back(effect) } else { rest.push_back(effect) }
        }
        self.kept = rest;
        voided
    }
}
