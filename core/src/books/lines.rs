//! Lines: whose they are, how many calls they carry, and who waits for a channel.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::values::id::{CallId, LegId, MerchantId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBook {
    /// Whose it is.
    pub merchant: MerchantId,
    /// How many calls it carries at once.
    pub channels: u32,
    /// The calls that count on it.
    pub calls: BTreeSet<CallId>,
    /// The legs of its calls that were hung up and not reported gone, by the end of their grace.
    pub releasing: BTreeSet<(Timestamp, LegId)>,
    /// The reservations that wait to be called from it, in the order of their turn.
    pub queue: BTreeSet<(Timestamp, ReservationId)>,
    /// How many live reservations name it.
    pub reservations: u64,
    /// Whether its merchant is frozen: then it serves nobody.
    pub is_frozen: bool,
    /// Its deadline in the agenda.
    pub due: Option<Timestamp>,
}

impl LineBook {
    /// A line without calls.
    #[must_use]
    pub const fn new(merchant: MerchantId, channels: u32) -> Self {
        Self {
            merchant,
            channels,
            calls: BTreeSet::new(),
            releasing: BTreeSet::new(),
            queue: BTreeSet::new(),
            reservations: 0,
            is_frozen: false,
            due: None,
        }
    }

    /// How many calls count on it.
    #[must_use]
    pub fn live(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX)
    }

    /// Whether a channel is free.
    #[must_use]
    pub fn has_free_channel(&self) -> bool {
        self.live() < self.channels
    }

    /// The legs whose grace is over by this instant.
    pub fn released_by(&self, at: Timestamp) -> impl Iterator<Item = LegId> {
        self.releasing.iter().take_while(move |(until, _)| *until <= at).map(|(_, leg)| *leg)
    }

    /// When it can next serve its queue.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        if self.has_free_channel() && !self.is_frozen { self.queue.first().map(|(eligible_at, _)| *eligible_at) } else { None }
    }
}

/// Every registered line.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    by_number: BTreeMap<PhoneNumber, LineBook>,
}

impl Lines {
    /// The line with this number.
    #[must_use]
    pub fn get(&self, number: PhoneNumber) -> Option<&LineBook> {
        self.by_number.get(&number)
    }

    /// The line with this number, to be changed.
    pub fn get_mut(&mut self, number: PhoneNumber) -> Option<&mut LineBook> {
        self.by_number.get_mut(&number)
    }

    /// Adds a line.
    pub fn insert(&mut self, number: PhoneNumber, line: LineBook) {
        self.by_number.insert(number, line);
    }

    /// Takes a line out.
    pub fn remove(&mut self, number: PhoneNumber) -> Option<LineBook> {
        self.by_number.remove(&number)
    }

    /// Every line, in the order of numbers.
    pub fn in_order(&self) -> impl Iterator<Item = (&PhoneNumber, &LineBook)> {
        self.by_number.iter()
    }
}
