//! Virtual numbers (虚拟电话号码; seed 000, S102): what a merchant sees and dials in place of a user's number.
//!
//! A number is leased for one user of one merchant. Many merchants share the pool, and one number serves them all at once: whose user it
//! means is known from the line that dials it. To one merchant a number never means two users: when a lease is over the number rests
//! before another user of that merchant gets it, and a user who comes back meanwhile gets the same one again.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::{MerchantId, ReservationId};
use crate::values::number::{Address, PhoneNumber, VirtualNumber};
use crate::values::time::Timestamp;

/// The pool and its leases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Every number, in the order in which they came. Numbers are added, never taken away: one may be leased, or rest.
    pool: Vec<PhoneNumber>,
    /// The place of each number in the pool.
    places: BTreeMap<PhoneNumber, u32>,
    leases: BTreeMap<MerchantId, MerchantLeases>,
}

/// The leases of one merchant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct MerchantLeases {
    by_place: BTreeMap<u32, Lease>,
    by_user: BTreeMap<Address, u32>,
    /// Numbers that nobody holds, by the instant at which they have rested.
    resting: BTreeSet<(Timestamp, u32)>,
    /// Places of the pool before this one were leased at some time.
    fresh: u32,
}

/// One number for one user of one merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    user: Address,
    /// The live reservations that hold it, in order.
    holders: Vec<ReservationId>,
    /// When it has rested, once nobody holds it.
    rests_until: Option<Timestamp>,
}

/// A number as a model checker sees it: what is left of its rest.
#[derive(Clone, Debug, Serialize)]
pub struct LeaseView {
    merchant: MerchantId,
    place: u32,
    user: Address,
    is_held: bool,
    rests_for: Option<i64>,
    /// Its place among those that rest.
    rank: Option<usize>,
}

impl Numbers {
    /// Adds numbers to the pool; those that are in it already are passed over. Returns how many came.
    pub fn import(&mut self, numbers: impl IntoIterator<Item = PhoneNumber>) -> usize {
        let before = self.pool.len();
        for number in numbers {
            let place = u32::try_from(self.pool.len()).unwrap_or(u32::MAX);
            if place < u32::MAX && !self.places.contains_key(&number) {
                self.places.insert(number, place);
                self.pool.push(number);
            }
        }
        self.pool.len().saturating_sub(before)
    }

    /// How many numbers are in the pool.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pool.len()
    }

    /// Whether the pool has no number at all: the operator does without them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// Whether this number is in the pool.
    #[must_use]
    pub fn has(&self, number: PhoneNumber) -> bool {
        self.places.contains_key(&number)
    }

    /// How many numbers a new user of this merchant could get now; counted up to `most` only.
    #[must_use]
    pub fn left(&self, merchant: MerchantId, now: Timestamp, most: usize) -> usize {
        let Some(leases) = self.leases.get(&merchant) else { return self.pool.len().min(most) };
        let fresh = self.pool.len().saturating_sub(usize::try_from(leases.fresh).unwrap_or(usize::MAX));
        let rested = leases.resting.iter().take_while(|(until, _)| *until <= now);
        fresh.saturating_add(rested.take(most.saturating_sub(fresh)).count()).min(most)
    }

    /// Leases a number for one more live reservation of this user with this merchant: his own again, else one that was never used, else the one
    /// that has rested longest. `None` when there is none.
    pub fn lease(
        &mut self,
        merchant: MerchantId,
        user: &Address,
        reservation: ReservationId,
        now: Timestamp,
    ) -> Option<VirtualNumber> {
        let size = u32::try_from(self.pool.len()).unwrap_or(u32::MAX);
        let leases = self.leases.entry(merchant).or_default();
        let place = match leases.by_user.get(user).copied() {
            Some(place) => place,
            None => leases.take_free(size, now)?,
        };
        let lease =
            leases.by_place.entry(place).or_insert_with(|| Lease { user: user.clone(), holders: Vec::new(), rests_until: None });
        if let Err(at) = lease.holders.binary_search(&reservation) {
            lease.holders.insert(at, reservation);
        }
        if let Some(until) = lease.rests_until.take() {
            leases.resting.remove(&(until, place));
        }
        leases.by_user.insert(user.clone(), place);
        self.number(place)
    }

    /// This reservation is over. When it was the last one that held the user's number, that rests until `rests_until`.
    pub fn release(&mut self, merchant: MerchantId, user: &Address, reservation: ReservationId, rests_until: Timestamp) {
        let Some(leases) = self.leases.get_mut(&merchant) else { return };
        let Some(place) = leases.by_user.get(user).copied() else { return };
        let Some(lease) = leases.by_place.get_mut(&place) else { return };
        lease.holders.retain(|holder| *holder != reservation);
        if lease.holders.is_empty() && lease.rests_until.is_none() {
            lease.rests_until = Some(rests_until);
            leases.resting.insert((rests_until, place));
        }
    }

    /// The live reservations of the one user whom this number means to this merchant, in order; none while it rests.
    #[must_use]
    pub fn holders(&self, merchant: MerchantId, number: PhoneNumber) -> &[ReservationId] {
        let lease = self.places.get(&number).and_then(|place| self.leases.get(&merchant)?.by_place.get(place));
        lease.map_or(&[], |lease| &lease.holders)
    }

    /// The number that this user has with this merchant, held or resting.
    #[must_use]
    pub fn of(&self, merchant: MerchantId, user: &Address) -> Option<VirtualNumber> {
        self.number(*self.leases.get(&merchant)?.by_user.get(user)?)
    }

    /// How many reservations hold a number.
    #[must_use]
    pub fn held(&self) -> usize {
        self.leases.values().flat_map(|leases| leases.by_place.values()).map(|lease| lease.holders.len()).sum()
    }

    /// Whether the parts agree with each other, as they do unless a snapshot was forged.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let size = self.pool.len();
        let is_place = |(number, place): (&PhoneNumber, &u32)| {
            usize::try_from(*place).ok().and_then(|place| self.pool.get(place)) == Some(number)
        };
        self.places.len() == size
            && self.places.iter().all(is_place)
            && self.leases.values().all(|leases| leases.is_consistent(size))
    }

    /// The pool and the leases, with instants relative to `now`. Which reservations hold a number is seen from them.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> (Vec<PhoneNumber>, Vec<(MerchantId, u32)>, Vec<LeaseView>) {
        let fresh = self.leases.iter().map(|(merchant, leases)| (*merchant, leases.fresh)).collect();
        let views = self.leases.iter().flat_map(|(merchant, leases)| {
            leases.by_place.iter().map(|(place, lease)| LeaseView {
                merchant: *merchant,
                place: *place,
                user: lease.user.clone(),
                is_held: !lease.holders.is_empty(),
                rests_for: lease.rests_until.map(|until| until.micros_since(now).max(0)),
                rank: lease.rests_until.and_then(|until| leases.resting.iter().position(|rests| *rests == (until, *place))),
            })
        });
        (self.pool.clone(), fresh, views.collect())
    }

    fn number(&self, place: u32) -> Option<VirtualNumber> {
        self.pool.get(usize::try_from(place).ok()?).copied().map(VirtualNumber::of_the_pool)
    }
}

impl MerchantLeases {
    /// A place that no user has: a fresh one, or the one that has rested longest.
    fn take_free(&mut self, size: u32, now: Timestamp) -> Option<u32> {
        if self.fresh < size {
            let place = self.fresh;
            self.fresh = self.fresh.saturating_add(1);
            return Some(place);
        }
        let (until, place) = self.resting.first().copied().filter(|(until, _)| *until <= now)?;
        self.resting.remove(&(until, place));
        if let Some(old) = self.by_place.remove(&place) {
            self.by_user.remove(&old.user);
        }
        Some(place)
    }

    fn is_consistent(&self, size: usize) -> bool {
        let fresh = usize::try_from(self.fresh).unwrap_or(usize::MAX);
        let is_true = |(place, lease): (&u32, &Lease)| {
            let rests = lease.rests_until.map(|until| (until, *place));
            *place < self.fresh
                && self.by_user.get(&lease.user) == Some(place)
                && lease.holders.is_empty() == rests.is_some()
                && rests.is_none_or(|rests| self.resting.contains(&rests))
                && lease.holders.iter().zip(lease.holders.iter().skip(1)).all(|(one, next)| one < next)
        };
        let resting = self.by_place.values().filter(|lease| lease.rests_until.is_some()).count();
        fresh <= size
            && self.by_place.len() == fresh
            && self.by_user.len() == fresh
            && self.resting.len() == resting
            && self.by_place.iter().all(is_true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn user(last: u32) -> Address {
        Address::parse(&alloc::format!("rcs:+861380000{last:04}")).unwrap()
    }

    fn number(last: u32) -> PhoneNumber {
        PhoneNumber::parse(&alloc::format!("1700000{last:04}")).unwrap()
    }

    fn virt(last: u32) -> Option<VirtualNumber> {
        Some(VirtualNumber::of_the_pool(number(last)))
    }

    fn pool(size: u32) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.import((0..size).map(number)), usize::try_from(size).unwrap());
        numbers
    }

    const A: MerchantId = MerchantId::new(1);
    const B: MerchantId = MerchantId::new(2);
    const R: [ReservationId; 4] = [ReservationId::new(1), ReservationId::new(2), ReservationId::new(3), ReservationId::new(4)];

    #[test]
    fn one_number_serves_many_merchants_but_never_two_users_of_one() {
        let mut numbers = pool(2);
        assert_eq!(numbers.lease(A, &user(1), R[0], t(0)), virt(0));
        assert_eq!(numbers.lease(B, &user(2), R[1], t(0)), virt(0));
        assert_eq!(numbers.lease(A, &user(2), R[2], t(0)), virt(1));
        assert_eq!(numbers.lease(A, &user(3), R[3], t(0)), None, "the pool is empty for this merchant");
        assert_eq!(numbers.holders(A, number(0)), [R[0]]);
        assert_eq!(numbers.holders(B, number(0)), [R[1]]);
        assert_eq!((numbers.left(A, t(0), 9), numbers.left(B, t(0), 9)), (0, 1));
        assert!(numbers.is_consistent());
    }

    #[test]
    fn a_number_rests_before_another_user_gets_it_and_waits_for_its_own() {
        let mut numbers = pool(1);
        numbers.lease(A, &user(1), R[0], t(0));
        numbers.lease(A, &user(1), R[1], t(0));
        numbers.release(A, &user(1), R[0], t(100));
        assert_eq!(numbers.holders(A, number(0)), [R[1]], "another reservation holds it");
        numbers.release(A, &user(1), R[1], t(100));
        assert!(numbers.holders(A, number(0)).is_empty(), "nobody holds it");
        assert_eq!(numbers.lease(A, &user(2), R[2], t(99)), None, "it rests");
        assert_eq!(numbers.left(A, t(99), 9), 0);
        assert_eq!(numbers.lease(A, &user(1), R[2], t(99)), virt(0), "the same for the user who comes back");
        numbers.release(A, &user(1), R[2], t(200));
        assert_eq!(numbers.lease(A, &user(2), R[3], t(199)), None);
        assert_eq!(numbers.left(A, t(200), 9), 1);
        assert_eq!(numbers.lease(A, &user(2), R[3], t(200)), virt(0), "rested");
        assert_eq!(numbers.of(A, &user(1)), None);
        assert!(numbers.is_consistent());
    }

    #[test]
    fn numbers_that_are_in_the_pool_are_passed_over() {
        let mut numbers = pool(2);
        assert_eq!(numbers.import([number(1), number(2)]), 1);
        assert_eq!(numbers.len(), 3);
        assert!(numbers.has(number(2)) && !numbers.has(number(3)));
    }

    #[test]
    fn the_one_that_has_rested_longest_goes_first() {
        let mut numbers = pool(2);
        numbers.lease(A, &user(1), R[0], t(0));
        numbers.lease(A, &user(2), R[1], t(0));
        numbers.release(A, &user(2), R[1], t(50));
        numbers.release(A, &user(1), R[0], t(60));
        assert_eq!(numbers.lease(A, &user(3), R[2], t(100)), virt(1));
        assert_eq!(numbers.lease(A, &user(4), R[3], t(100)), virt(0));
        assert!(numbers.is_consistent());
    }
}
