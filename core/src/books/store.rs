//! A store of objects by the ids that the platform gave them.
//!
//! Ids and places are apart: an id is never used again, a place is. Looking an object up is one hash look-up and one index; walking
//! them is in the order of ids, whatever the hash seed and the history of the places. Removing one puts the last into its place, so there are
//! no holes; and room for four times what is there is given back, at a cost that the removals before it share.

use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Room for so many is not worth being given back.
const SMALL: usize = 64;

/// The objects of one kind.
#[derive(Clone, Debug)]
pub struct Store<T> {
    hasher: FixedState,
    index: HashTable<u32>,
    places: Vec<(u64, T)>,
}

impl<T> Store<T> {
    /// An empty store. The seed reaches no output.
    #[must_use]
    pub const fn new(hash_seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(hash_seed), index: HashTable::new(), places: Vec::new() }
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    fn place(&self, id: u64) -> Option<usize> {
        let found = self.index.find(self.hasher.hash_one(id), |place| id_at(&self.places, *place) == Some(id))?;
        usize::try_from(*found).ok()
    }

    /// The object with this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&T> {
        self.places.get(self.place(id)?).map(|(_, object)| object)
    }

    /// The object with this id, to be changed.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let place = self.place(id)?;
        self.places.get_mut(place).map(|(_, object)| object)
    }

    /// Adds an object under an id that is not in the store; the object that was there is replaced.
    pub fn insert(&mut self, id: u64, object: T) {
        if let Some(there) = self.get_mut(id) {
            *there = object;
            return;
        }
        // The policy's bounds keep every store below 2^32 objects.
        let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push((id, object));
        let (places, hasher) = (&self.places, &self.hasher);
        self.index.insert_unique(hasher.hash_one(id), place, |place| hasher.hash_one(id_at(places, *place).unwrap_or(0)));
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        let (places, hasher) = (&mut self.places, &self.hasher);
        let entry = self.index.find_entry(hasher.hash_one(id), |place| id_at(places, *place) == Some(id)).ok()?;
        let (freed, _) = entry.remove();
        if let Some((last, _)) = places.last().filter(|(last, _)| *last != id) {
            let moved = self.index.find_mut(hasher.hash_one(last), |place| id_at(places, *place) == Some(*last));
            if let Some(place) = moved {
                *place = freed;
            }
        }
        let freed = usize::try_from(freed).ok().filter(|freed| *freed < places.len())?;
        let (_, object) = places.swap_remove(freed);
        self.give_back();
        Some(object)
    }

    /// Gives back room once there is four times what is needed: half of it stays, so that the next time is as many removals away.
    fn give_back(&mut self) {
        let needed = self.places.len().max(SMALL);
        if self.places.capacity() / 4 >= needed {
            let kept = needed.saturating_mul(2);
            self.places.shrink_to(kept);
            let (places, hasher) = (&self.places, &self.hasher);
            self.index.shrink_to(kept, |place| hasher.hash_one(id_at(places, *place).unwrap_or(0)));
        }
    }

    /// Every object, in no order: for what asks the same of each.
    pub fn unordered(&self) -> impl Iterator<Item = &T> {
        self.places.iter().map(|(_, object)| object)
    }

    /// Every id, in order. Costs a sort; for snapshots and checks.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.places.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// Every object, in the order of ids. Costs a sort; for snapshots and checks.
    pub fn in_order(&self) -> impl Iterator<Item = &T> {
        self.ids().into_iter().filter_map(|id| self.get(id))
    }
}

fn id_at<T>(places: &[(u64, T)], place: u32) -> Option<u64> {
    places.get(usize::try_from(place).ok()?).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_id_and_walked_in_order_whatever_the_seed() {
        for seed in 0..8 {
            let mut store = Store::new(seed);
            for id in (1..200_u64).rev() {
                store.insert(id, id * 10);
            }
            for id in (1..200).step_by(3) {
                assert_eq!(store.remove(id), Some(id * 10));
                assert_eq!(store.remove(id), None);
            }
            store.insert(500, 5000);
            let expected: Vec<u64> = (1..200).filter(|id| id % 3 != 1).chain([500]).map(|id| id * 10).collect();
            assert_eq!(store.in_order().copied().collect::<Vec<_>>(), expected);
            assert_eq!(store.len(), expected.len());
            assert_eq!(store.get(1), None);
            assert_eq!(store.get(2), Some(&20));
        }
    }

    #[test]
    fn room_is_not_given_back_at_each_step() {
        let mut store = Store::new(3);
        for id in 0..1_000_u64 {
            store.insert(id, id);
        }
        let room = store.places.capacity();
        for id in 0..600 {
            store.remove(id);
        }
        assert_eq!(store.places.capacity(), room, "not before it is four times what is needed");
    }

    #[test]
    fn a_store_that_was_large_once_gives_its_room_back() {
        let mut store = Store::new(3);
        for round in 0..3_u64 {
            for id in 0..100_000_u64 {
                store.insert(round * 100_000 + id, id);
            }
            for id in 0..99_990_u64 {
                assert_eq!(store.remove(round * 100_000 + id), Some(id));
            }
            assert!(store.places.capacity() < 1_000, "{} objects, room for {}", store.len(), store.places.capacity());
            assert!(store.index.capacity() < 1_000, "{} objects, an index for {}", store.len(), store.index.capacity());
        }
        assert_eq!(store.in_order().count(), 30);
    }
}
