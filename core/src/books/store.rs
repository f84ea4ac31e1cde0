//! A store of objects by the ids that the platform gave them.
//!
//! Ids and slots are apart: an id is never used again, a slot is. Looking an object up is one hash look-up and one index; walking
//! them is in the order of ids, whatever the hash seed and the history of the slots.

use alloc::vec::Vec;
use core::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// The objects of one kind.
#[derive(Clone, Debug)]
pub struct Store<T> {
    hasher: FixedState,
    index: HashTable<u32>,
    slots: Vec<Option<(u64, T)>>,
    free: Vec<u32>,
}

impl<T> Store<T> {
    /// An empty store. The seed reaches no output.
    #[must_use]
    pub const fn new(hash_seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(hash_seed), index: HashTable::new(), slots: Vec::new(), free: Vec::new() }
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

    fn slot(&self, id: u64) -> Option<usize> {
        let slots = &self.slots;
        let found = self.index.find(self.hasher.hash_one(id), |slot| id_at(slots, *slot) == Some(id))?;
        usize::try_from(*found).ok()
    }

    /// The object with this id.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&T> {
        self.slots.get(self.slot(id)?)?.as_ref().map(|(_, object)| object)
    }

    /// The object with this id, to be changed.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        let slot = self.slot(id)?;
        self.slots.get_mut(slot)?.as_mut().map(|(_, object)| object)
    }

    /// Adds an object under an id that is not in the store; the object that was there is replaced.
    pub fn insert(&mut self, id: u64, object: T) {
        if let Some(there) = self.get_mut(id) {
            *there = object;
            return;
        }
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot)) {
                    *place = Some((id, object));
                }
                slot
            }
            None => {
                // The policy's bounds keep every store below 2^32 objects.
                let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
                self.slots.push(Some((id, object)));
                slot
            }
        };
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hasher.hash_one(id), slot, |slot| hasher.hash_one(id_at(slots, *slot).unwrap_or(0)));
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        let slots = &self.slots;
        let entry = self.index.find_entry(self.hasher.hash_one(id), |slot| id_at(slots, *slot) == Some(id)).ok()?;
        let (slot, _) = entry.remove();
        self.free.push(slot);
        let place = self.slots.get_mut(usize::try_from(slot).ok()?)?;
        place.take().map(|(_, object)| object)
    }

    /// Every id, in order. Costs a sort; for snapshots and checks.
    #[must_use]
    pub fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.slots.iter().flatten().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// Every object, in the order of ids. Costs a sort; for snapshots and checks.
    pub fn in_order(&self) -> impl Iterator<Item = &T> {
        self.ids().into_iter().filter_map(|id| self.get(id))
    }
}

fn id_at<T>(slots: &[Option<(u64, T)>], slot: u32) -> Option<u64> {
    slots.get(usize::try_from(slot).ok()?)?.as_ref().map(|(id, _)| *id)
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
}
