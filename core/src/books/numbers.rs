//! Virtual numbers (虚拟电话号码; seed 000, S102): what a merchant sees and dials in place of a user's number.
//!
//! A number is leased for one user of one merchant. Many merchants share the pool, and one number serves them all at once: whose user it
//! means is known from the line that dials it. To one merchant a number never means two users: when a lease is over the number rests
//! before another user of that merchant gets it, and a user who comes back meanwhile gets the same one again.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::MerchantId;
use crate::values::number::{Address, PhoneNumber};
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
    /// Numbers that rest, by the instant at which they have rested.
    resting: BTreeSet<(Timestamp, u32)>,
    /// Places of the pool before this one were leased at some time.
    fresh: u32,
}

/// One number for one user of one merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    user: Address,
    /// How many live reservations hold it.
    holders: u32,
    /// When it has rested, once nobody holds it.
    rests_until: Option<Timestamp>,
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

    /// Whether the pool has no number at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pool.is_empty()
    }

    /// How many numbers a new user of this merchant could get now.
    #[must_use]
    pub fn left(&self, merchant: MerchantId, now: Timestamp) -> usize {
        let Some(leases) = self.leases.get(&merchant) else { return self.pool.len() };
        let rested = leases.resting.iter().take_while(|(until, _)| *until <= now).count();
        let fresh = self.pool.len().saturating_sub(usize::try_from(leases.fresh).unwrap_or(usize::MAX));
        fresh.saturating_add(rested)
    }

    /// Leases a number for one more live reservation of this user with this merchant: his own again, else one that was never used, else the one
    /// that has rested longest. `None` when there is none.
    pub fn lease(&mut self, merchant: MerchantId, user: &Address, now: Timestamp) -> Option<PhoneNumber> {
        let size = u32::try_from(self.pool.len()).unwrap_or(u32::MAX);
        let leases = self.leases.entry(merchant).or_default();
        let place = match leases.by_user.get(user).copied() {
            Some(place) => place,
            None => leases.take_free(size, now)?,
        };
        let lease = leases.by_place.entry(place).or_insert_with(|| Lease { user: user.clone(), holders: 0, rests_until: None });
        lease.holders = lease.holders.saturating_add(1);
        if let Some(until) = lease.rests_until.take() {
            leases.resting.remove(&(until, place));
        }
        leases.by_user.insert(user.clone(), place);
        self.number(place)
    }

    /// One live reservation of this user with this merchant is over. When it was the last, the number rests until `rests_until`.
    pub fn release(&mut self, merchant: MerchantId, user: &Address, rests_until: Timestamp) {
        let Some(leases) = self.leases.get_mut(&merchant) else { return };
        let Some(place) = leases.by_user.get(user).copied() else { return };
        let Some(lease) = leases.by_place.get_mut(&place) else { return };
        lease.holders = lease.holders.saturating_sub(1);
        if lease.holders == 0 && lease.rests_until.is_none() {
            lease.rests_until = Some(rests_until);
            leases.resting.insert((rests_until, place));
        }
    }

    /// The user that this number means to this merchant, as long as a live reservation holds it.
    #[must_use]
    pub fn user(&self, merchant: MerchantId, number: PhoneNumber) -> Option<&Address> {
        let place = self.places.get(&number)?;
        let lease = self.leases.get(&merchant)?.by_place.get(place)?;
        Some(&lease.user).filter(|_| lease.holders > 0)
    }

    /// The number that this user has with this merchant, held or resting.
    #[must_use]
    pub fn of(&self, merchant: MerchantId, user: &Address) -> Option<PhoneNumber> {
        self.number(*self.leases.get(&merchant)?.by_user.get(user)?)
    }

    /// Forgets which user a resting number meant; it goes on resting. For a user who wants to be forgotten.
    pub fn forget(&mut self, user: &Address, nobody: &Address) {
        for leases in self.leases.values_mut() {
            let Some(place) = leases.by_user.remove(user) else { continue };
            if let Some(lease) = leases.by_place.get_mut(&place) {
                lease.user = nobody.clone();
            }
        }
    }

    fn number(&self, place: u32) -> Option<PhoneNumber> {
        self.pool.get(usize::try_from(place).ok()?).copied()
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

    fn pool(size: u32) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.import((0..size).map(number)), usize::try_from(size).unwrap());
        numbers
    }

    const A: MerchantId = MerchantId::new(1);
    const B: MerchantId = MerchantId::new(2);

    #[test]
    fn one_number_serves_many_merchants_but_never_two_users_of_one() {
        let mut numbers = pool(2);
        assert_eq!(numbers.lease(A, &user(1), t(0)), Some(number(0)));
        assert_eq!(numbers.lease(B, &user(2), t(0)), Some(number(0)));
        assert_eq!(numbers.lease(A, &user(2), t(0)), Some(number(1)));
        assert_eq!(numbers.lease(A, &user(3), t(0)), None, "the pool is empty for this merchant");
        assert_eq!(numbers.user(A, number(0)), Some(&user(1)));
        assert_eq!(numbers.user(B, number(0)), Some(&user(2)));
        assert_eq!((numbers.left(A, t(0)), numbers.left(B, t(0))), (0, 1));
    }

    #[test]
    fn a_number_rests_before_another_user_gets_it_and_waits_for_its_own() {
        let mut numbers = pool(1);
        numbers.lease(A, &user(1), t(0));
        numbers.lease(A, &user(1), t(0));
        numbers.release(A, &user(1), t(100));
        assert_eq!(numbers.user(A, number(0)), Some(&user(1)), "another reservation holds it");
        numbers.release(A, &user(1), t(100));
        assert_eq!(numbers.user(A, number(0)), None, "nobody holds it");
        assert_eq!(numbers.lease(A, &user(2), t(99)), None, "it rests");
        assert_eq!(numbers.lease(A, &user(1), t(99)), Some(number(0)), "the same for the user who comes back");
        numbers.release(A, &user(1), t(200));
        assert_eq!(numbers.lease(A, &user(2), t(199)), None);
        assert_eq!(numbers.lease(A, &user(2), t(200)), Some(number(0)), "rested");
        assert_eq!(numbers.of(A, &user(1)), None);
    }

    #[test]
    fn a_forgotten_user_leaves_his_number_resting() {
        let mut numbers = pool(1);
        numbers.lease(A, &user(1), t(0));
        numbers.release(A, &user(1), t(100));
        numbers.forget(&user(1), &user(0));
        assert_eq!(numbers.of(A, &user(1)), None);
        assert_eq!(numbers.lease(A, &user(1), t(99)), None, "it rests for him too: nobody knows that it was his");
        assert!(numbers.lease(A, &user(2), t(100)).is_some());
    }

    #[test]
    fn numbers_that_are_in_the_pool_are_passed_over() {
        let mut numbers = pool(2);
        assert_eq!(numbers.import([number(1), number(2)]), 1);
        assert_eq!(numbers.len(), 3);
    }
}
