//! A checker that reads a trace as it grows, and keeps one step of it.

use std::collections::BTreeSet;

use ringfence::values::effect::Effect;

use super::{Checker, Summary, Violation};
use crate::trace::{Doing, Header, Step};

/// Judges a trace step by step, one step behind: what a host that stopped was handed only after its restart belongs to the step before that.
/// [`check`](super::check) reads a whole trace so; a simulation, or a host that is judged while it runs, need not keep one.
#[derive(Clone, Debug)]
pub struct Following {
    checker: Checker,
    last: Option<Step>,
}

impl Following {
    /// A judge of a trace with this header.
    #[must_use]
    pub fn of(header: &Header) -> Self {
        let mut checker = Checker::of_shard(header.policy.clone(), header.shard);
        checker.knows_keys(header.test_keys.iter().map(|(id, key)| (id, &key.0)));
        Self { checker, last: None }
    }

    /// The next step. The one before it is judged.
    ///
    /// # Errors
    /// The first promise that the step before breaks. The judge is of no use after that.
    pub fn step(&mut self, step: Step) -> Result<(), Violation> {
        let Some(mut last) = self.last.replace(step) else { return Ok(()) };
        if let Some(restart) = self.last.as_ref().filter(|next| next.doing == Doing::Restart) {
            let known: BTreeSet<u64> = last.effects.iter().map(|effect| effect.sequence).collect();
            let is_new =
                |effect: &&Effect| !self.checker.books.was_handed_out(effect.sequence) && !known.contains(&effect.sequence);
            let kept_back: Vec<Effect> = restart.effects.iter().filter(is_new).cloned().collect();
            last.effects.extend(kept_back);
        }
        self.checker.step(&last)
    }

    /// The trace is over: its last step is judged. The checker says what was seen, and whether all is closed.
    ///
    /// # Errors
    /// The first promise that the last step breaks.
    pub fn finish(&mut self) -> Result<&Checker, Violation> {
        if let Some(last) = self.last.take() {
            self.checker.step(&last)?;
        }
        Ok(&self.checker)
    }

    /// What was seen so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        self.checker.summary()
    }
}
