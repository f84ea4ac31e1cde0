//! Virtual numbers: the operator's pool, the lease of a reservation, and whom a number means (seed 000, S102).

use alloc::collections::BTreeSet;

use super::Appointments;
use super::merchants::{at_most, check_outbox};
use super::records::{Reservation, Terms};
use crate::decisions::gate::Standing;
use crate::halves::{Context, NumberUse};
use crate::machines::Machine as _;
use crate::machines::reservation::ReservationEvent;
use crate::values::effect::{Asked, AuditRecord, NumberLeased, NumbersLow};
use crate::values::id::{MerchantId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::{PhoneNumber, VirtualNumber};
use crate::values::policy::{CallMode, Policy};
use crate::values::refusal::{Allowed, Bound, Field, Refusal};
use crate::values::reply::{Imported, Reply};
use crate::values::time::Timestamp;

impl Appointments {
    /// The operator puts numbers into the pool.
    pub(super) fn import_numbers(&mut self, cx: &mut Context<'_>, numbers: &[PhoneNumber]) -> Result<Reply, Refusal> {
        let wanted: BTreeSet<_> = numbers.iter().copied().collect();
        self.settle_numbers(cx, &wanted);
        if numbers.is_empty() {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::AtLeastOne });
        }
        // A national form might be a user's own number in another writing.
        if !numbers.iter().all(|number| number.is_subscriber()) {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::SubscriberNumber });
        }
        let known: BTreeSet<_> = self.kept_with(&wanted).flat_map(numbers_of).collect();
        for (index, number) in (0_u32..).zip(numbers) {
            if self.lines.get(*number).is_some() || self.contacts.get(*number).is_some() || known.contains(number) {
                return Err(Refusal::NumberInUse { index });
            }
        }
        let new = wanted.iter().filter(|number| !self.numbers.has(**number)).count();
        at_most(Bound::Numbers, self.numbers.len().saturating_add(new), cx.policy.numbers_max)?;
        check_outbox(cx, 1)?;
        let added = self.numbers.import(numbers.iter().copied());
        Ok(Reply::Imported(Imported { added: u32::try_from(added).unwrap_or(u32::MAX) }))
    }

    /// The reservations that are kept and whose contact or sender has one of these numbers, in order. A walk over all of them: an operator imports
    /// now and then.
    pub(super) fn kept_with(&self, numbers: &BTreeSet<PhoneNumber>) -> impl Iterator<Item = &Reservation> {
        self.reservations.in_order().filter(|one| numbers_of(one).any(|number| numbers.contains(&number)))
    }

    /// What a number is used for here.
    #[must_use]
    pub(crate) fn use_of(&self, number: PhoneNumber) -> NumberUse {
        match (self.lines.get(number), self.numbers.has(number)) {
            (Some(_), _) => NumberUse::Line,
            (None, true) => NumberUse::Virtual,
            (None, false) => NumberUse::None,
        }
    }

    /// A number of the pool is nobody's own phone.
    pub(super) fn check_not_virtual(&self, field: Field, number: PhoneNumber) -> Result<(), Refusal> {
        match self.numbers.has(number) {
            true => Err(Refusal::Invalid { field, allowed: Allowed::NotAVirtualNumber }),
            false => Ok(()),
        }
    }

    /// Leases a number for a reservation that is being accepted. If there is a pool and none is left, the platform calls. One that
    /// was accepted before keeps what it has.
    pub(super) fn lease_number(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        if self.numbers.is_empty() || reservation.virtual_number.is_some() || reservation.is_platform_only {
            return;
        }
        let (merchant, contact) = (reservation.merchant, reservation.contact);
        self.numbers.forget_rested(cx.now);
        let low = usize::try_from(cx.policy.numbers_low).unwrap_or(usize::MAX);
        let before = self.numbers.left(merchant, low);
        let number = self.numbers.lease(merchant, contact, id);
        self.update_reservation(id, |reservation| match number {
            Some(number) => reservation.virtual_number = Some(number),
            None => {
                reservation.is_platform_only = true;
                reservation.mode = Some(CallMode::PlatformCalls);
                reservation.state.apply(ReservationEvent::ModeChosen);
            }
        });
        cx.audit(AuditRecord::NumberLeased(NumberLeased { reservation: id, number }));
        let after = self.numbers.left(merchant, low);
        if before >= low && after < low {
            let left = u32::try_from(after).unwrap_or(u32::MAX);
            cx.audit(AuditRecord::NumbersLow(NumbersLow { merchant, left }));
        }
    }

    /// Another phone is to ring: the number that was leased for the one before is let go.
    pub(super) fn leave_number(&mut self, cx: &Context<'_>, id: ReservationId) {
        self.release_number(cx, id);
        self.update_reservation(id, |reservation| reservation.virtual_number = None);
    }

    /// A reservation closed: its number rests, unless another one of the same contact holds it too.
    pub(super) fn release_number(&mut self, cx: &Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()).filter(|one| one.virtual_number.is_some()) else { return };
        let rests_until = cx.now.saturating_add_s(u64::from(cx.policy.number_rest_s));
        self.numbers.release(reservation.merchant, reservation.contact, id, rests_until);
    }

    /// Forgets who had the numbers that have rested.
    pub(crate) fn forget_rested(&mut self, now: Timestamp) {
        self.numbers.forget_rested(now);
    }

    /// The reservations that a request may be for: the one that it names, or those that hold the number with the line's merchant.
    pub(super) fn asked_for(&self, request: RequestCall) -> &[ReservationId] {
        match (request.target, self.lines.get(request.line)) {
            (CallTarget::Number(number), Some(line)) => self.numbers.holders(line.merchant, number),
            (CallTarget::Number(_), None) | (CallTarget::Reservation(_) | CallTarget::Group(_), _) => &[],
        }
    }

    /// Whom a number means to a merchant at an instant: of the reservations that hold it and are not over by then, the one whose window
    /// covers the instant, else the next to begin; of several, the lowest id.
    pub(super) fn meant_by(
        &self,
        policy: &Policy,
        merchant: MerchantId,
        number: PhoneNumber,
        at: Timestamp,
    ) -> Option<&Reservation> {
        let holders = self.numbers.holders(merchant, number).iter().filter_map(|id| self.reservations.get(id.get()));
        let standing = holders.filter_map(|one| {
            let facts = self.facts(policy, one, one.line, at);
            let moves = self.terms_set_at(policy, one, at).is_some_and(|terms| terms.contact != one.contact);
            let stands = at < facts.window.end() && facts.standing != Standing::Closed && !moves;
            stands.then_some((facts.window.start().max(at), one))
        });
        standing.min_by_key(|(begins, one)| (*begins, one.id)).map(|(_, one)| one)
    }

    /// Whether the pool has no number for the phone that these terms bring, once they are set at this instant.
    pub(super) fn will_lack_number(&self, policy: &Policy, reservation: &Reservation, terms: &Terms, at: Timestamp) -> bool {
        let is_new = terms.is_agreed && terms.contact != reservation.contact && !self.numbers.is_empty();
        let merchant = reservation.merchant;
        // What the reservation itself lets go rests first, unless the rules ask for no rest.
        let holds_alone = |number: VirtualNumber| self.numbers.holders(merchant, number.number()) == [reservation.id];
        let leaves_one = policy.number_rest_s == 0 && reservation.virtual_number.is_some_and(holds_alone);
        is_new && !leaves_one && !self.numbers.has_for(merchant, terms.contact, at)
    }

    /// What was asked for, as a record names it.
    pub(super) fn as_recorded(&self, target: CallTarget) -> Asked {
        match target {
            CallTarget::Reservation(id) => Asked::Reservation(id),
            CallTarget::Number(number) if self.numbers.has(number) => Asked::Number(number),
            CallTarget::Number(_) => Asked::UnknownNumber,
            CallTarget::Group(id) => Asked::Group(id),
        }
    }
}

/// The phones that a reservation names.
fn numbers_of(one: &Reservation) -> impl Iterator<Item = PhoneNumber> {
    [Some(one.contact), one.sender.number(), one.pending.as_ref().map(|terms| terms.contact)].into_iter().flatten()
}
