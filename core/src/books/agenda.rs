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
    /// The word that goes to a reservation's user before its window. An object of its own: it ends nothing, so no input settles it.
    Reminder(ReservationId),
    /// A line that can serve its queue. The only kind that starts a call.
    Line(PhoneNumber),
}

/// What may be fired beside what ends something: that depends on the room in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// Users may be reminded.
    pub remind: bool,
    /// Lines may serve their queues.
    pub start: bool,
}

/// Every deadline, in order. What starts something is kept apart, since it is held back while the outbox is full.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    closing: BTreeSet<(Timestamp, Target)>,
    reminding: BTreeSet<(Timestamp, Target)>,
    starting: BTreeSet<(Timestamp, Target)>,
}

impl Agenda {
    /// Moves a target's deadline from `before` to `after`.
    pub fn move_to(&mut self, target: Target, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        let side = match target {
            Target::Leg(_) | Target::Call(_) | Target::Challenge(_) | Target::Reservation(_) => &mut self.closing,
            Target::Reminder(_) => &mut self.reminding,
            Target::Line(_) => &mut self.starting,
        };
        if let Some(due) = before {
            side.remove(&(due, target));
        }
        if let Some(due) = after {
            side.insert((due, target));
        }
    }

    /// The first deadline, without those that may not be fired now.
    #[must_use]
    pub fn first(&self, may: May) -> Option<(Timestamp, Target)> {
        let closing = self.closing.first();
        let reminding = self.reminding.first().filter(|_| may.remind);
        let starting = self.starting.first().filter(|_| may.start);
        [closing, reminding, starting].into_iter().flatten().min().copied()
    }

    /// Whose deadlines are due at this instant, of those that end something.
    pub fn closing_by(&self, now: Timestamp) -> impl Iterator<Item = Target> {
        self.closing.iter().take_while(move |(due, _)| *due <= now).map(|(_, target)| *target)
    }

    /// Every deadline, for checks.
    pub fn all(&self) -> impl Iterator<Item = &(Timestamp, Target)> {
        self.closing.iter().chain(&self.reminding).chain(&self.starting)
    }
}
