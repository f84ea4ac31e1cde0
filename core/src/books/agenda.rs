//! Deadlines: when the clock matters to whom.
//!
//! Every object has at most one deadline, which is a function of the object; the agenda is only an index of them. So a snapshot holds no
//! agenda, and none can be forgotten: restoring makes it anew.

use alloc::collections::BTreeSet;

use crate::values::id::{CallId, ChallengeId, LegId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// Whose deadline it is. The order breaks ties between deadlines of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A leg's ring time or release grace.
    Leg(LegId),
    /// A call's wait for an answer or longest conversation.
    Call(CallId),
    /// A code that may not be used any more.
    Challenge(ChallengeId),
    /// A reservation's opening, end or retention.
    Reservation(ReservationId),
    /// A line that can serve its queue. The only kind that starts something.
    Line(PhoneNumber),
}

impl Target {
    const fn starts_something(self) -> bool {
        matches!(self, Self::Line(_))
    }
}

/// Every deadline, in order. What starts something is kept apart, since it is held back while the outbox is full.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    closing: BTreeSet<(Timestamp, Target)>,
    starting: BTreeSet<(Timestamp, Target)>,
}

impl Agenda {
    /// Moves a target's deadline from `before` to `after`.
    pub fn move_to(&mut self, target: Target, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        let side = if target.starts_something() { &mut self.starting } else { &mut self.closing };
        if let Some(due) = before {
            side.remove(&(due, target));
        }
        if let Some(due) = after {
            side.insert((due, target));
        }
    }

    /// The first deadline; without those that start something when `may_start` is false.
    #[must_use]
    pub fn first(&self, may_start: bool) -> Option<(Timestamp, Target)> {
        let closing = self.closing.first().copied();
        let starting = self.starting.first().copied().filter(|_| may_start);
        match (closing, starting) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// Whose deadlines are due at this instant, without those that start something.
    pub fn closing_by(&self, now: Timestamp) -> impl Iterator<Item = Target> {
        self.closing.iter().take_while(move |(due, _)| *due <= now).map(|(_, target)| *target)
    }

    /// Every deadline, for checks.
    pub fn all(&self) -> impl Iterator<Item = &(Timestamp, Target)> {
        self.closing.iter().chain(&self.starting)
    }
}
