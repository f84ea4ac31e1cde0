//! Groups: the live reservations that may share a call, and who of them waits for the platform.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::decisions::grouping::GroupKey;
use crate::values::id::{GroupId, ReservationId};
use crate::values::time::Timestamp;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What all have in common.
    pub key: GroupKey,
    /// The live reservations.
    pub live: BTreeSet<ReservationId>,
}

/// Every group with a live reservation. One that is left with none is forgotten; who books on its terms later is in a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    by_id: BTreeMap<GroupId, Group>,
    by_key: BTreeMap<GroupKey, GroupId>,
    waiting: BTreeSet<(GroupId, Timestamp, ReservationId)>,
}

impl Groups {
    /// The group with this id.
    #[must_use]
    pub fn get(&self, id: GroupId) -> Option<&Group> {
        self.by_id.get(&id)
    }

    /// The group with this key.
    #[must_use]
    pub fn on(&self, key: &GroupKey) -> Option<GroupId> {
        self.by_key.get(key).copied()
    }

    /// Adds a live reservation.
    pub fn add(&mut self, id: GroupId, key: GroupKey, reservation: ReservationId) {
        self.by_key.insert(key, id);
        self.by_id.entry(id).or_insert_with(|| Group { key, live: BTreeSet::new() }).live.insert(reservation);
    }

    /// Takes out a reservation that is live no more.
    pub fn remove(&mut self, id: GroupId, reservation: ReservationId) {
        let Some(group) = self.by_id.get_mut(&id) else { return };
        group.live.remove(&reservation);
        if group.live.is_empty() {
            let key = group.key;
            self.by_id.remove(&id);
            self.by_key.remove(&key);
        }
    }

    /// Notes that a reservation waits in the queue of its line, with its turn there, or does so no more.
    pub fn set_waiting(&mut self, id: GroupId, turn: Timestamp, reservation: ReservationId, waits: bool) {
        let place = (id, turn, reservation);
        if waits {
            self.waiting.insert(place)
        } else {
            self.waiting.remove(&place)
        };
    }

    /// Who of a group waits and whose turn has come, in the order of the queue.
    pub fn waiting(&self, id: GroupId, now: Timestamp) -> impl Iterator<Item = ReservationId> {
        let from = (id, Timestamp::MIN, ReservationId::new(0));
        let of_it = self.waiting.range(from..).take_while(move |(other, turn, _)| *other == id && *turn <= now);
        of_it.map(|(_, _, reservation)| *reservation)
    }
}
