//! Virtual numbers (虚拟电话号码; seed 000, S102): what a merchant sees and dials in place of a user's number.
//!
//! A number is leased for one user of one merchant, and a user is the phone that rings. Many merchants share the pool, and one number serves
//! them all at once: whose user it means is known from the line that dials it. To one merchant a number never means two users: when a lease
//! is over the number rests before another user of that merchant gets it, and a user who comes back meanwhile gets the same one again. Once
//! it has rested, whose it was is forgotten.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::{MerchantId, ReservationId};
use crate::values::number::{PhoneNumber, VirtualNumber};
use crate::values::status::{MerchantPool, PoolStatus};
use crate::values::time::Timestamp;

/// The pool and its leases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Every number, in the order in which they came. Numbers are added, never taken away: one may be leased, or rest.
    pool: Vec<PhoneNumber>,
    /// The place of each number in the pool.
    places: BTreeMap<PhoneNumber, u32>,
    leases: BTreeMap<MerchantId, MerchantLeases>,
    /// Numbers that nobody holds, by the instant at which they have rested.
    resting: BTreeSet<(Timestamp, MerchantId, u32)>,
}

/// The leases of one merchant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct MerchantLeases {
    by_place: BTreeMap<u32, Lease>,
    /// By the phone that rings.
    by_user: BTreeMap<PhoneNumber, u32>,
    /// Numbers that were somebody's and have rested, by the instant at which they had. Whose they were is not known any more.
    rested: BTreeSet<(Timestamp, u32)>,
    /// Places of the pool before this one were leased at some time.
    fresh: u32,
}

/// One number for one user of one merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    user: PhoneNumber,
    /// The live reservations that hold it, in order.
    holders: Vec<ReservationId>,
    /// When it has rested, once nobody holds it.
    rests_until: Option<Timestamp>,
}

/// The numbers of a merchant as a model checker sees them: how many were used, whose they are, and the order in which the others come.
#[derive(Clone, Debug, Serialize)]
pub struct MerchantNumbersView {
    merchant: MerchantId,
    fresh: u32,
    leases: Vec<LeaseView>,
    rested: Vec<u32>,
}

/// Somebody's number: what is left of its rest.
#[derive(Clone, Debug, Serialize)]
struct LeaseView {
    place: u32,
    user: PhoneNumber,
    /// Nothing while it is held.
    rests_for: Option<i64>,
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

    /// Forgets whose the numbers were that have rested by now: another user of the merchant may get them.
    pub fn forget_rested(&mut self, now: Timestamp) {
        while self.resting.first().is_some_and(|(until, ..)| *until <= now) {
            let Some((until, merchant, place)) = self.resting.pop_first() else { return };
            let Some(leases) = self.leases.get_mut(&merchant) else { continue };
            if let Some(lease) = leases.by_place.remove(&place) {
                leases.by_user.remove(&lease.user);
            }
            leases.rested.insert((until, place));
        }
    }

    /// How many numbers a new user of this merchant could get, of those that are known to have rested; counted up to `most` only.
    #[must_use]
    pub fn left(&self, merchant: MerchantId, most: usize) -> usize {
        let Some(leases) = self.leases.get(&merchant) else { return self.pool.len().min(most) };
        let fresh = self.pool.len().saturating_sub(usize::try_from(leases.fresh).unwrap_or(usize::MAX));
        fresh.saturating_add(leases.rested.len()).min(most)
    }

    /// Whether there is a number for this user of this merchant at an instant, whatever is known to have rested by then: one that he has, one
    /// that was never used, or one that has rested.
    #[must_use]
    pub fn has_for(&self, merchant: MerchantId, user: PhoneNumber, at: Timestamp) -> bool {
        let has_rested = || self.resting.iter().take_while(|(until, ..)| *until <= at).any(|(_, of, _)| *of == merchant);
        let has_one = self.leases.get(&merchant).is_some_and(|leases| leases.by_user.contains_key(&user));
        has_one || self.left(merchant, 1) > 0 || has_rested()
    }

    /// Leases a number for one more live reservation of this user with this merchant: his own again, else one that was never used, else the one
    /// that has rested longest. `None` when there is none. What has rested by now must be forgotten before.
    pub fn lease(&mut self, merchant: MerchantId, user: PhoneNumber, reservation: ReservationId) -> Option<VirtualNumber> {
        let size = u32::try_from(self.pool.len()).unwrap_or(u32::MAX);
        let leases = self.leases.entry(merchant).or_default();
        let place = match leases.by_user.get(&user).copied() {
            Some(place) => place,
            None => leases.take_free(size)?,
        };
        let lease = leases.by_place.entry(place).or_insert_with(|| Lease { user, holders: Vec::new(), rests_until: None });
        if let Err(at) = lease.holders.binary_search(&reservation) {
            lease.holders.insert(at, reservation);
        }
        if let Some(until) = lease.rests_until.take() {
            self.resting.remove(&(until, merchant, place));
        }
        leases.by_user.insert(user, place);
        self.number(place)
    }

    /// This reservation is over. When it was the last one that held the user's number, that rests until `rests_until`.
    pub fn release(&mut self, merchant: MerchantId, user: PhoneNumber, reservation: ReservationId, rests_until: Timestamp) {
        let Some(leases) = self.leases.get_mut(&merchant) else { return };
        let Some(place) = leases.by_user.get(&user).copied() else { return };
        let Some(lease) = leases.by_place.get_mut(&place) else { return };
        lease.holders.retain(|holder| *holder != reservation);
        if lease.holders.is_empty() && lease.rests_until.is_none() {
            lease.rests_until = Some(rests_until);
            self.resting.insert((rests_until, merchant, place));
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
    pub fn of(&self, merchant: MerchantId, user: PhoneNumber) -> Option<VirtualNumber> {
        self.number(*self.leases.get(&merchant)?.by_user.get(&user)?)
    }

    /// The numbers that mean this user, in the order of merchants, and when each has rested if nobody holds it.
    pub fn leases_of(&self, user: PhoneNumber) -> impl Iterator<Item = (MerchantId, VirtualNumber, Option<Timestamp>)> {
        self.leases.iter().filter_map(move |(merchant, leases)| {
            let place = leases.by_user.get(&user)?;
            let rests_until = leases.by_place.get(place)?.rests_until;
            Some((*merchant, self.number(*place)?, rests_until))
        })
    }

    /// How many there are, and what each merchant has of them at an instant.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> PoolStatus {
        let count = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        let merchants = self.leases.iter().map(|(merchant, leases)| {
            let has_rested = |lease: &&Lease| lease.rests_until.is_some_and(|until| until <= now);
            let rests = |lease: &&Lease| lease.rests_until.is_some_and(|until| until > now);
            let rested = leases.by_place.values().filter(has_rested).count();
            MerchantPool {
                merchant: *merchant,
                leased: count(leases.by_place.values().filter(|lease| lease.rests_until.is_none()).count()),
                resting: count(leases.by_place.values().filter(rests).count()),
                left: count(self.left(*merchant, usize::MAX).saturating_add(rested)),
            }
        });
        PoolStatus { numbers: count(self.pool.len()), merchants: merchants.collect() }
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
        let rests = |(until, merchant, place): &(Timestamp, MerchantId, u32)| {
            let lease = self.leases.get(merchant).and_then(|leases| leases.by_place.get(place));
            lease.is_some_and(|lease| lease.rests_until == Some(*until))
        };
        let all = self.leases.values().flat_map(|leases| leases.by_place.values());
        self.places.len() == size
            && self.places.iter().all(is_place)
            && self.pool.iter().all(|number| number.is_subscriber())
            && self.resting.iter().all(rests)
            && self.resting.len() == all.filter(|lease| lease.rests_until.is_some()).count()
            && self.leases.values().all(|leases| leases.is_consistent(size))
    }

    /// Whether no number rests longer than until this instant.
    #[must_use]
    pub fn rest_by(&self, instant: Timestamp) -> bool {
        let rested = self.leases.values().filter_map(|leases| leases.rested.last().map(|(until, _)| *until));
        self.resting.last().map(|(until, ..)| *until).into_iter().chain(rested).all(|until| until <= instant)
    }

    /// The pool and the leases, with instants relative to `now`. Which reservations hold a number is seen from them.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> (Vec<PhoneNumber>, Vec<MerchantNumbersView>) {
        // What has rested by now is as good as forgotten.
        let mut known = self.clone();
        known.forget_rested(now);
        let views = known.leases.iter().map(|(merchant, leases)| MerchantNumbersView {
            merchant: *merchant,
            fresh: leases.fresh,
            leases: leases.by_place.iter().map(|(place, lease)| lease.view(*place, now)).collect(),
            rested: leases.rested.iter().map(|(_, place)| *place).collect(),
        });
        let views = views.collect();
        (known.pool, views)
    }

    fn number(&self, place: u32) -> Option<VirtualNumber> {
        self.pool.get(usize::try_from(place).ok()?).copied().map(VirtualNumber::of_the_pool)
    }
}

impl Lease {
    fn view(&self, place: u32, now: Timestamp) -> LeaseView {
        let rests_for = self.rests_until.map(|until| until.micros_since(now));
        LeaseView { place, user: self.user, rests_for }
    }
}

impl MerchantLeases {
    /// A place that no user has: a fresh one, or the one that has rested longest.
    fn take_free(&mut self, size: u32) -> Option<u32> {
        if self.fresh < size {
            let place = self.fresh;
            self.fresh = self.fresh.saturating_add(1);
            return Some(place);
        }
        self.rested.pop_first().map(|(_, place)| place)
    }

    fn is_consistent(&self, size: usize) -> bool {
        let fresh = usize::try_from(self.fresh).unwrap_or(usize::MAX);
        let is_true = |(place, lease): (&u32, &Lease)| {
            *place < self.fresh
                && self.by_user.get(&lease.user) == Some(place)
                && lease.holders.is_empty() == lease.rests_until.is_some()
                && lease.holders.iter().zip(lease.holders.iter().skip(1)).all(|(one, next)| one < next)
        };
        let rested: BTreeSet<u32> = self.rested.iter().map(|(_, place)| *place).collect();
        fresh <= size
            && rested.len() == self.rested.len()
            && rested.iter().all(|place| *place < self.fresh && !self.by_place.contains_key(place))
            && self.by_place.len().saturating_add(rested.len()) == fresh
            && self.by_user.len() == self.by_place.len()
            && self.by_place.iter().all(is_true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn user(last: u32) -> PhoneNumber {
        PhoneNumber::parse(&alloc::format!("+861380000{last:04}")).unwrap()
    }

    fn number(last: u32) -> PhoneNumber {
        PhoneNumber::parse(&alloc::format!("+861700000{last:04}")).unwrap()
    }

    fn virt(last: u32) -> Option<VirtualNumber> {
        Some(VirtualNumber::of_the_pool(number(last)))
    }

    fn pool(size: u32) -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.import((0..size).map(number)), usize::try_from(size).unwrap());
        numbers
    }

    fn lease(
        numbers: &mut Numbers,
        merchant: MerchantId,
        user: PhoneNumber,
        id: ReservationId,
        at: Timestamp,
    ) -> Option<VirtualNumber> {
        numbers.forget_rested(at);
        numbers.lease(merchant, user, id)
    }

    fn left(numbers: &mut Numbers, merchant: MerchantId, at: Timestamp) -> usize {
        numbers.forget_rested(at);
        numbers.left(merchant, 9)
    }

    const A: MerchantId = MerchantId::new(1);
    const B: MerchantId = MerchantId::new(2);
    const R: [ReservationId; 4] = [ReservationId::new(1), ReservationId::new(2), ReservationId::new(3), ReservationId::new(4)];

    #[test]
    fn one_number_serves_many_merchants_but_never_two_users_of_one() {
        let mut numbers = pool(2);
        assert_eq!(lease(&mut numbers, A, user(1), R[0], t(0)), virt(0));
        assert_eq!(lease(&mut numbers, B, user(2), R[1], t(0)), virt(0));
        assert_eq!(lease(&mut numbers, A, user(2), R[2], t(0)), virt(1));
        assert_eq!(lease(&mut numbers, A, user(3), R[3], t(0)), None, "the pool is empty for this merchant");
        assert_eq!(numbers.holders(A, number(0)), [R[0]]);
        assert_eq!(numbers.holders(B, number(0)), [R[1]]);
        assert_eq!((left(&mut numbers, A, t(0)), left(&mut numbers, B, t(0))), (0, 1));
        assert!(numbers.is_consistent());
    }

    #[test]
    fn a_number_rests_before_another_user_gets_it_and_waits_for_its_own() {
        let mut numbers = pool(1);
        lease(&mut numbers, A, user(1), R[0], t(0));
        lease(&mut numbers, A, user(1), R[1], t(0));
        numbers.release(A, user(1), R[0], t(100));
        assert_eq!(numbers.holders(A, number(0)), [R[1]], "another reservation holds it");
        numbers.release(A, user(1), R[1], t(100));
        assert!(numbers.holders(A, number(0)).is_empty(), "nobody holds it");
        assert_eq!(lease(&mut numbers, A, user(2), R[2], t(99)), None, "it rests");
        assert_eq!(left(&mut numbers, A, t(99)), 0);
        assert_eq!(lease(&mut numbers, A, user(1), R[2], t(99)), virt(0), "the same for the user who comes back");
        numbers.release(A, user(1), R[2], t(200));
        assert_eq!(lease(&mut numbers, A, user(2), R[3], t(199)), None);
        assert_eq!(left(&mut numbers, A, t(200)), 1);
        assert_eq!(lease(&mut numbers, A, user(2), R[3], t(200)), virt(0), "rested");
        assert_eq!(numbers.of(A, user(1)), None);
        assert!(numbers.is_consistent());
    }

    #[test]
    fn whose_a_number_was_is_forgotten_once_it_has_rested() {
        let mut numbers = pool(2);
        lease(&mut numbers, A, user(1), R[0], t(0));
        lease(&mut numbers, B, user(1), R[1], t(0));
        numbers.release(A, user(1), R[0], t(50));
        numbers.release(B, user(1), R[1], t(60));
        numbers.forget_rested(t(49));
        assert_eq!((numbers.of(A, user(1)), numbers.of(B, user(1))), (virt(0), virt(0)));
        let knows = |numbers: &Numbers| crate::values::wire::bytes(numbers).unwrap();
        numbers.forget_rested(t(50));
        assert_eq!((numbers.of(A, user(1)), numbers.of(B, user(1))), (None, virt(0)));
        numbers.forget_rested(t(60));
        let mut other = pool(2);
        lease(&mut other, A, user(2), R[0], t(0));
        lease(&mut other, B, user(2), R[1], t(0));
        other.release(A, user(2), R[0], t(50));
        other.release(B, user(2), R[1], t(60));
        other.forget_rested(t(60));
        assert_eq!(knows(&numbers), knows(&other), "nothing of the user is left");
        assert_eq!(lease(&mut numbers, A, user(1), R[2], t(60)), virt(1), "he is a new user now");
        assert_eq!(lease(&mut numbers, A, user(2), R[3], t(60)), virt(0));
        assert!(numbers.is_consistent() && numbers.rest_by(t(60)) && !numbers.rest_by(t(59)));
    }

    /// Of four numbers A's first user has one for two reservations, the second one rests until 50, the third has rested at 10, and the last is fresh.
    fn used() -> Numbers {
        let mut numbers = pool(4);
        for (last, reservation) in [(1, R[0]), (1, R[1]), (2, R[2]), (3, R[3])] {
            lease(&mut numbers, A, user(last), reservation, t(0));
        }
        numbers.release(A, user(3), R[3], t(10));
        numbers.forget_rested(t(10));
        numbers.release(A, user(2), R[2], t(50));
        assert!(numbers.is_consistent());
        numbers
    }

    #[test]
    fn the_operator_sees_the_pool_as_it_is_at_the_instant() {
        let numbers = used();
        let of_a = |leased, resting, left| MerchantPool { merchant: A, leased, resting, left };
        assert_eq!(numbers.status(t(49)), PoolStatus { numbers: 4, merchants: alloc::vec![of_a(1, 1, 2)] });
        assert_eq!(numbers.status(t(50)).merchants, [of_a(1, 0, 3)], "rested, whether or not that is known");
        assert_eq!(numbers.held(), 2, "two reservations");
        let of = |last| numbers.leases_of(user(last)).map(|(of, number, until)| (of, Some(number), until)).collect::<Vec<_>>();
        assert_eq!(of(1), [(A, virt(0), None)]);
        assert_eq!(of(2), [(A, virt(1), Some(t(50)))]);
        assert_eq!(of(3), [], "whose it was is forgotten");
        assert!(numbers.rest_by(t(50)) && !numbers.rest_by(t(49)));
        assert_eq!((numbers.left(A, 1), numbers.left(A, 9), numbers.left(B, 3), numbers.left(B, 9)), (1, 2, 3, 4));
    }

    #[test]
    fn whoever_has_a_number_or_finds_one_fresh_or_rested_gets_one() {
        let mut numbers = pool(1);
        assert!(numbers.has_for(A, user(1), t(0)), "a fresh one");
        lease(&mut numbers, A, user(1), R[0], t(0));
        lease(&mut numbers, B, user(2), R[1], t(0));
        assert!(numbers.has_for(A, user(1), t(0)) && !numbers.has_for(A, user(2), t(0)));
        numbers.release(A, user(1), R[0], t(50));
        assert!(
            !numbers.has_for(A, user(2), t(49)) && numbers.has_for(A, user(2), t(50)),
            "rested, whether or not that is known"
        );
        assert!(!numbers.has_for(B, user(1), t(99)), "what rests for another merchant is no use");
    }

    #[test]
    fn equal_pools_look_equal_whenever_they_are_seen() {
        let seen = |numbers: &Numbers, now| crate::values::wire::bytes(&numbers.view(t(now))).unwrap();
        let mut later = used();
        later.release(A, user(1), R[0], t(80));
        assert_eq!(seen(&used(), 20), seen(&later, 20), "another reservation holds it");
        later.release(A, user(1), R[1], t(80));
        assert_ne!(seen(&used(), 20), seen(&later, 20), "it rests");
        assert_ne!(seen(&used(), 20), seen(&used(), 21), "less of the rest is left");
        let mut known = used();
        known.forget_rested(t(50));
        assert_eq!(seen(&used(), 50), seen(&known, 50), "what has rested is as good as forgotten");
        assert_ne!(seen(&pool(1), 0), seen(&pool(2), 0));
    }

    #[test]
    fn a_book_whose_parts_do_not_agree_is_noticed() {
        let forged = |what: &str, forge: fn(&mut Numbers, &mut MerchantLeases)| {
            let mut numbers = used();
            let mut leases = numbers.leases.remove(&A).unwrap();
            forge(&mut numbers, &mut leases);
            numbers.leases.insert(A, leases);
            assert!(!numbers.is_consistent(), "{what}");
        };
        forged("a place without a number", |all, _| all.pool.truncate(3));
        forged("a number without a place", |all, _| all.pool.push(number(9)));
        forged("two numbers at each other's places", |all, _| all.places.extend([(number(0), 1), (number(1), 0)]));
        forged("no subscriber's number", |all, _| {
            let line = PhoneNumber::parse("95511").unwrap();
            all.places.remove(&all.pool[3]);
            all.places.insert(line, 3);
            all.pool[3] = line;
        });
        forged("a rest that ends at another time", |all, _| all.resting = BTreeSet::from([(t(51), A, 1)]));
        forged("a rest of nobody's number", |all, _| all.resting = BTreeSet::from([(t(50), B, 1)]));
        forged("a rest that nobody waits for", |all, _| all.resting.clear());
        forged("more leased than there are", |_, of| {
            of.fresh = 5;
            of.rested.extend([(t(10), 3), (t(10), 4)]);
        });
        forged("rested twice", |_, of| of.rested.extend([(t(11), 2)]));
        forged("rested before it was leased", |_, of| of.rested = BTreeSet::from([(t(10), 3)]));
        forged("rested while it is somebody's", |_, of| of.rested = BTreeSet::from([(t(10), 1)]));
        forged("leased at some time and nowhere now", |_, of| of.fresh = 4);
        forged("a user without a lease", |_, of| of.by_user.extend([(user(9), 0)]));
        forged("leased before its turn", |_, of| {
            let lease = of.by_place.remove(&0).unwrap();
            of.by_place.insert(3, lease);
            of.by_user.insert(user(1), 3);
        });
        forged("two users at each other's places", |_, of| of.by_user.extend([(user(1), 1), (user(2), 0)]));
        forged("held and at rest", |all, of| {
            of.by_place.get_mut(&0).unwrap().rests_until = Some(t(60));
            all.resting.insert((t(60), A, 0));
        });
        forged("neither held nor at rest", |_, of| of.by_place.get_mut(&0).unwrap().holders.clear());
        forged("holders out of order", |_, of| of.by_place.get_mut(&0).unwrap().holders.reverse());
        forged("a holder twice", |_, of| of.by_place.get_mut(&0).unwrap().holders[1] = R[0]);
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
        lease(&mut numbers, A, user(1), R[0], t(0));
        lease(&mut numbers, A, user(2), R[1], t(0));
        numbers.release(A, user(2), R[1], t(50));
        numbers.release(A, user(1), R[0], t(60));
        assert_eq!(lease(&mut numbers, A, user(3), R[2], t(100)), virt(1));
        assert_eq!(lease(&mut numbers, A, user(4), R[3], t(100)), virt(0));
        assert!(numbers.is_consistent());
    }
}
