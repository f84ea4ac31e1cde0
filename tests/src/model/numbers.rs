//! Virtual numbers: the pool, who has which, and whom a number means to a merchant.

use std::collections::BTreeSet;

use ringfence::values::effect::{Asked, AuditRecord, NumberLeased, NumbersLow};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{CallTarget, RequestCall};
use ringfence::values::number::{PhoneNumber, VirtualNumber};
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::{Allowed, Bound, Field, Refusal};
use ringfence::values::reply::{DenyReason, Imported, Reply, ReservationState, Verdict};
use ringfence::values::time::Timestamp;

use super::merchants::is_a_subscribers;
use super::{Model, limit};

/// The one answer to a call that is for nobody whom the line's merchant may know of.
pub(super) const NOBODY_KNOWN: Verdict = Verdict::Deny { reason: DenyReason::NotRecognized, retry_at: None };

/// Who has a number with a merchant, or had it last.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    contact: PhoneNumber,
    /// When another user may have it, once no live reservation holds it.
    rested: Timestamp,
}

impl Model {
    pub(super) fn import_numbers(&mut self, numbers: &[PhoneNumber]) -> Result<Reply, Refusal> {
        if numbers.is_empty() {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::AtLeastOne });
        }
        if !numbers.iter().all(|number| is_a_subscribers(*number)) {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::SubscriberNumber });
        }
        for (number, index) in numbers.iter().zip(0..) {
            let is_contact = |kept: &super::Reservation| {
                let waits = kept.waiting.as_ref().is_some_and(|terms| terms.contact == *number);
                kept.contact == *number || kept.user.number() == Some(*number) || waits
            };
            let rings =
                self.legs.values().any(|leg| leg.party == ringfence::values::effect::Party::User && leg.number == *number);
            if self.merchant_of_line(*number).is_some() || rings || self.reservations.values().any(is_contact) {
                return Err(Refusal::NumberInUse { index });
            }
        }
        let mut pool = self.pool.clone();
        for number in numbers {
            if !pool.contains(number) {
                pool.push(*number);
            }
        }
        if pool.len() > self.policy.numbers_max as usize {
            return Err(limit(Bound::Numbers, self.policy.numbers_max));
        }
        self.check_outbox(1)?;
        let added = u32::try_from(pool.len() - self.pool.len()).unwrap_or(u32::MAX);
        self.pool = pool;
        Ok(Reply::Imported(Imported { added }))
    }

    /// The live reservations that hold a number with a merchant.
    fn holders(&self, merchant: MerchantId, number: PhoneNumber) -> BTreeSet<ReservationId> {
        let holds = |kept: &super::Reservation| {
            kept.merchant == merchant
                && kept.number.map(VirtualNumber::number) == Some(number)
                && kept.state != ReservationState::Closed
        };
        self.reservations.iter().filter(|(_, kept)| holds(kept)).map(|(id, _)| *id).collect()
    }

    /// The places of the pool that a new user of this merchant could have, the best first: those that nobody had, then those that rested longest.
    fn free_places(&self, merchant: MerchantId) -> Vec<usize> {
        let fresh = (0..self.pool.len()).filter(|place| !self.leases.contains_key(&(merchant, *place)));
        let mut rested: Vec<_> = self
            .leases
            .iter()
            .filter(|((of, place), lease)| {
                *of == merchant && lease.rested <= self.latest && self.holders(merchant, self.pool[*place]).is_empty()
            })
            .map(|((_, place), lease)| (lease.rested, *place))
            .collect();
        rested.sort_unstable();
        fresh.chain(rested.into_iter().map(|(_, place)| place)).collect()
    }

    /// A reservation is accepted: it gets a number, its contact's own if he has one; or the platform calls.
    pub(super) fn lease(&mut self, id: ReservationId) {
        let reservation = self.reservation_of(id);
        if self.pool.is_empty() || reservation.number.is_some() || reservation.platform_only {
            return;
        }
        let (merchant, contact) = (reservation.merchant, reservation.contact);
        let before = self.free_places(merchant).len();
        // What has rested is nobody's.
        let is_his = |place: usize, lease: &Lease| {
            lease.contact == contact && (lease.rested > self.latest || !self.holders(merchant, self.pool[place]).is_empty())
        };
        let of_merchant = self.leases.iter().filter(|((of, _), _)| *of == merchant);
        let own = of_merchant.map(|((_, place), lease)| (*place, lease)).find(|(place, lease)| is_his(*place, lease));
        match own.map(|(place, _)| place).or_else(|| self.free_places(merchant).first().copied()) {
            Some(place) => {
                self.leases.insert((merchant, place), Lease { contact, rested: Timestamp::MAX });
                // A number of the pool can be read from outside, not made.
                let number = serde_json::from_value(serde_json::json!(self.pool[place].dialable()));
                self.reservation_mut(id).number = Some(number.expect("it was a number before"));
            }
            None => {
                let reservation = self.reservation_mut(id);
                reservation.platform_only = true;
                reservation.chosen = Some(CallMode::PlatformCalls);
                if reservation.state == ReservationState::AwaitingMode {
                    reservation.state = ReservationState::Scheduled;
                }
            }
        }
        let number = self.reservation_of(id).number;
        self.audit(AuditRecord::NumberLeased(NumberLeased { reservation: id, number }));
        let (left, low) = (self.free_places(merchant).len(), self.policy.numbers_low as usize);
        if before >= low && left < low {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            self.audit(AuditRecord::NumbersLow(NumbersLow { merchant, left }));
        }
    }

    /// Another phone is to ring: the number of the one before is let go.
    pub(super) fn leave_number(&mut self, id: ReservationId) {
        let left = self.reservation_mut(id).number.take();
        self.rest_unless_held(self.reservation_of(id).merchant, left);
    }

    /// A reservation closed: if it was the last one that held the number, that rests.
    pub(super) fn let_rest(&mut self, id: ReservationId) {
        let reservation = self.reservation_of(id);
        self.rest_unless_held(reservation.merchant, reservation.number);
    }

    fn rest_unless_held(&mut self, merchant: MerchantId, number: Option<VirtualNumber>) {
        let rested = self.latest.saturating_add_s(self.policy.number_rest_s.into());
        let Some(number) = number.map(VirtualNumber::number) else { return };
        if self.holders(merchant, number).is_empty() {
            let place = self.pool.iter().position(|one| *one == number);
            if let Some(lease) = place.and_then(|place| self.leases.get_mut(&(merchant, place))) {
                lease.rested = rested;
            }
        }
    }

    /// The reservations that a request may be for: the one that is named, or those that hold the number.
    pub(super) fn may_mean(&self, request: RequestCall) -> BTreeSet<ReservationId> {
        match (request.target, self.merchant_of_line(request.line)) {
            (CallTarget::Reservation(id), _) => [id].into(),
            (CallTarget::Group(group), Some(merchant)) => self.live_in(group, merchant),
            (CallTarget::Number(number), Some(merchant)) => self.holders(merchant, number),
            (CallTarget::Number(_) | CallTarget::Group(_), None) => BTreeSet::new(),
        }
    }

    /// The reservation that a request is for, if there is one: named, or the one whose window covers the latest instant, or the next to begin.
    /// Whether the line may know of it is the gate's to say.
    pub(super) fn meant_by(&self, request: RequestCall) -> Option<ReservationId> {
        let may_mean = self.may_mean(request);
        if let CallTarget::Reservation(id) = request.target {
            return Some(id);
        }
        let window = |id: &ReservationId| self.reservation_of(*id).window;
        let now = may_mean.iter().find(|id| window(id).contains(self.latest));
        let next = may_mean.iter().filter(|id| window(id).start() > self.latest).min_by_key(|id| (window(id).start(), **id));
        now.or(next).copied()
    }

    /// How a record names what was asked for.
    pub(super) fn as_recorded(&self, target: CallTarget) -> Asked {
        match target {
            CallTarget::Reservation(id) => Asked::Reservation(id),
            CallTarget::Number(number) if self.pool.contains(&number) => Asked::Number(number),
            CallTarget::Number(_) => Asked::UnknownNumber,
            CallTarget::Group(id) => Asked::Group(id),
        }
    }

    /// The virtual numbers, in the order in which they came.
    #[must_use]
    pub fn pool(&self) -> &[PhoneNumber] {
        &self.pool
    }

    /// The virtual number of a reservation that is kept.
    #[must_use]
    pub fn number_of(&self, id: ReservationId) -> Option<PhoneNumber> {
        self.reservations.get(&id)?.number.map(VirtualNumber::number)
    }
}
