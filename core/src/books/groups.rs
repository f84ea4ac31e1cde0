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
    /// Several only when they are full, or were.
    by_key: BTreeMap<GroupKey, BTreeSet<GroupId>>,
    waiting: BTreeSet<(GroupId, Timestamp, ReservationId)>,
}

impl Groups {
    /// The group with this id.
    #[must_use]
    pub fn get(&self, id: GroupId) -> Option<&Group> {
        self.by_id.get(&id)
    }

    /// The first group with this key that has fewer live reservations than this.
    #[must_use]
    pub fn on(&self, key: &GroupKey, members_max: u32) -> Option<GroupId> {
        let most = usize::try_from(members_max).unwrap_or(usize::MAX);
        let has_room = |id: &GroupId| self.by_id.get(id).is_some_and(|group| group.live.len() < most);
        self.by_key.get(key).into_iter().flatten().copied().find(has_room)
    }

    /// Adds a live reservation.
    pub fn add(&mut self, id: GroupId, key: GroupKey, reservation: ReservationId) {
        self.by_key.entry(key).or_default().insert(id);
        self.by_id.entry(id).or_insert_with(|| Group { key, live: BTreeSet::new() }).live.insert(reservation);
    }

    /// Takes out a reservation that is live no more.
    pub fn remove(&mut self, id: GroupId, reservation: ReservationId) {
        let Some(group) = self.by_id.get_mut(&id) else { return };
        group.live.remove(&reservation);
        if group.live.is_empty() {
            let key = group.key;
            self.by_id.remove(&id);
            if let Some(alike) = self.by_key.get_mut(&key) {
                alike.remove(&id);
                if alike.is_empty() {
                    self.by_key.remove(&key);
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::id::{MerchantId, OfferingId, PageId};
    use crate::values::number::PhoneNumber;
    use crate::values::time::Window;

    #[test]
    fn a_full_group_is_followed_by_another_and_the_first_with_room_is_found() {
        let at = |hour: i64| Timestamp::from_micros(hour * 3_600_000_000).unwrap();
        let key = GroupKey {
            merchant: MerchantId::new(1),
            page: PageId::new(1),
            offering: OfferingId::new(1),
            window: Window::new(at(0), at(1)).unwrap(),
            line: PhoneNumber::parse("95511").unwrap(),
            size: 2,
        };
        let (one, two) = (GroupId::new(1), GroupId::new(2));
        let id = ReservationId::new;
        let mut groups = Groups::default();
        assert_eq!(groups.on(&key, 2), None);
        groups.add(one, key, id(1));
        assert_eq!(groups.on(&key, 2), Some(one));
        groups.add(one, key, id(2));
        assert_eq!(groups.on(&key, 2), None, "it is full");
        groups.add(two, key, id(3));
        assert_eq!(groups.on(&key, 2), Some(two));
        groups.remove(one, id(1));
        assert_eq!(groups.on(&key, 2), Some(one), "somebody left");
        groups.remove(one, id(2));
        groups.remove(two, id(3));
        assert_eq!(groups, Groups::default(), "nothing is left behind");
    }
}
