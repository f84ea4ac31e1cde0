//! Deadlines: when the clock matters to whom.
//!
//! Every object has at most one deadline, which is a function of the object; the agenda is only an index of them. So a snapshot holds no
//! agenda, and none can be forgotten: restoring makes it anew.

use alloc::collections::BTreeSet;

use crate::values::time::Timestamp;

/// Whose deadline it is. The order breaks ties between deadlines of the same instant.
pub trait Due: Copy + Ord {
    /// What firing it does.
    fn side(&self) -> Side;
}

/// What firing a deadline does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It ends something, or lets it go on as it may.
    Closing,
    /// It reminds somebody.
    Reminding,
    /// It starts something.
    Starting,
}

/// What may be fired beside what ends something: that depends on the room in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// Users may be reminded.
    pub remind: bool,
    /// What starts something may be fired.
    pub start: bool,
}

/// Every deadline, in order. What starts something is kept apart, since it is held back while the outbox is full.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    closing: BTreeSet<(Timestamp, T)>,
    reminding: BTreeSet<(Timestamp, T)>,
    starting: BTreeSet<(Timestamp, T)>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { closing: BTreeSet::new(), reminding: BTreeSet::new(), starting: BTreeSet::new() }
    }
}

impl<T: Due> Agenda<T> {
    /// Moves a target's deadline from `before` to `after`.
    pub fn move_to(&mut self, target: T, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        let side = match target.side() {
            Side::Closing => &mut self.closing,
            Side::Reminding => &mut self.reminding,
            Side::Starting => &mut self.starting,
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
    pub fn first(&self, may: May) -> Option<(Timestamp, T)> {
        let closing = self.closing.first();
        let reminding = self.reminding.first().filter(|_| may.remind);
        let starting = self.starting.first().filter(|_| may.start);
        [closing, reminding, starting].into_iter().flatten().min().copied()
    }

    /// Whose deadlines are due at this instant, of those that end something.
    pub fn closing_by(&self, now: Timestamp) -> impl Iterator<Item = T> {
        self.closing.iter().take_while(move |(due, _)| *due <= now).map(|(_, target)| *target)
    }

    /// The deadlines that are due at this instant, of those that end something.
    pub fn due_by(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, T)> {
        self.closing.iter().take_while(move |(due, _)| *due <= now).copied()
    }

    /// Every deadline, for checks.
    pub fn all(&self) -> impl Iterator<Item = &(Timestamp, T)> {
        self.closing.iter().chain(&self.reminding).chain(&self.starting)
    }
}
