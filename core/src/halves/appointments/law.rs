//! What keeps phones from ringing: the operator's freezes and do-not-call list, callable hours, and the limit of a day.

use alloc::vec::Vec;

use super::Appointments;
use super::merchants::{at_most, check_outbox, check_text, limit};
use super::records::Reservation;
use crate::books::recent::{DAY_S, Entry};
use crate::decisions::law::{Bars, Hours, Times};
use crate::halves::Context;
use crate::machines::leg::LegState;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{AuditRecord, DoNotCallChanged, FreezeRecord, RecordedScope};
use crate::values::id::{LegId, MerchantId, ReservationId};
use crate::values::input::{Freeze, ImportDoNotCall, Scope, Thaw};
use crate::values::number::PhoneNumber;
use crate::values::policy::Policy;
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{DenyReason, DoNotCallSet, Reply};
use crate::values::text::{MaskedText, Text};
use crate::values::time::{Timestamp, Window, Zone};

impl Appointments {
    /// Stops new ringing, also by a `dial` that nothing shows to have begun. It asks for no room in the outbox: it must come through while a host is in trouble. Every freeze but the first of a scope
    /// needs a thaw before it, and that asks.
    pub(super) fn freeze(&mut self, cx: &mut Context<'_>, input: &Freeze) -> Result<Reply, Refusal> {
        self.check_freeze(cx, input.scope, &input.by, &input.why)?;
        if self.law.has(input.scope) {
            return Ok(Reply::NoOp);
        }
        match input.scope {
            Scope::Platform => {}
            Scope::Merchant(_) | Scope::Number(_) => limit(Bound::Freezes, self.law.freezes(), cx.policy.freezes_max)?,
        }
        self.set_frozen(input.scope, true);
        cx.audit(AuditRecord::Frozen(record(input.scope, &input.by, &input.why)));
        self.take_back_barred(cx);
        Ok(Reply::Done)
    }

    /// Something bars calls from now on. Of each call that it bars and of which nothing shows that the host began to ring, the `dial` is taken back and the call's part
    /// ends, so that nothing begins to ring later. Nothing is counted, and the reservation has its old place. In the order of legs; each is looked up once.
    fn take_back_barred(&mut self, cx: &mut Context<'_>) {
        for id in cx.outbox.legs_to_dial() {
            let Some(leg) = self.legs.get(id.get()).filter(|leg| leg.state == LegState::Dialled) else { continue };
            let (call, whose) = (leg.call, leg.reservation);
            let mut index = 0_usize;
            while let Some(member) = self.member(call, index) {
                index = index.saturating_add(1);
                let is_meant = !member.is_out && whose.is_none_or(|whose| whose == member.reservation);
                let barred = self
                    .reservations
                    .get(member.reservation.get())
                    .filter(|known| is_meant && self.bars(known.merchant, known.contact).reason().is_some());
                let Some(eligible_at) = barred.map(|known| known.eligible_at) else { continue };
                self.not_dialled(call, member.reservation);
                self.stop_for(cx, call, member.reservation, ReleaseCause::UserUnreachable);
                self.update_reservation(member.reservation, |reservation| reservation.eligible_at = eligible_at);
            }
        }
    }

    /// Lets ring again.
    pub(super) fn thaw(&mut self, cx: &mut Context<'_>, input: &Thaw) -> Result<Reply, Refusal> {
        self.check_freeze(cx, input.scope, &input.by, &input.why)?;
        if !self.law.has(input.scope) {
            return Ok(Reply::NoOp);
        }
        check_outbox(cx, 1)?;
        self.set_frozen(input.scope, false);
        cx.audit(AuditRecord::Thawed(record(input.scope, &input.by, &input.why)));
        Ok(Reply::Done)
    }

    fn check_freeze(&self, cx: &Context<'_>, scope: Scope, by: &Text, why: &Text) -> Result<(), Refusal> {
        check_text(by, cx.policy)?;
        check_text(why, cx.policy)?;
        for (field, text) in [(Field::By, by), (Field::Why, why)] {
            if text.trim().is_empty() {
                return Err(Refusal::Invalid { field, allowed: Allowed::NotEmpty });
            }
        }
        match scope {
            Scope::Merchant(merchant) if !self.catalog.merchants.contains_key(&merchant) => {
                Err(Refusal::Unknown { object: Object::Merchant, id: merchant.get() })
            }
            Scope::Number(number) => check_subscribers(&[number]),
            Scope::Platform | Scope::Merchant(_) => Ok(()),
        }
    }

    fn set_frozen(&mut self, scope: Scope, is_frozen: bool) {
        match scope {
            // The agenda is asked without what starts something, as while the outbox is full.
            Scope::Platform => self.law.set(scope, is_frozen),
            Scope::Merchant(merchant) => {
                self.law.set(scope, is_frozen);
                self.refresh_lines_of(merchant);
            }
            Scope::Number(number) => self.change_bars(number, |half| half.law.set(scope, is_frozen)),
        }
    }

    /// Tells the lines of a merchant whether they are frozen.
    pub(super) fn refresh_lines_of(&mut self, merchant: MerchantId) {
        let is_frozen = self.law.is_merchant_frozen(merchant);
        let lines = self.catalog.merchants.get(&merchant).map(|known| known.lines.clone()).unwrap_or_default();
        for line in lines {
            if let Some(book) = self.lines.get_mut(line.number) {
                book.is_frozen = is_frozen;
            }
            self.refresh_line(line.number);
        }
    }

    /// The do-not-call list changes. What rings or talks goes on, a `dial` that nothing shows to have begun is taken back; a reservation of a listed number stays, and is not called.
    pub(super) fn import_do_not_call(&mut self, cx: &mut Context<'_>, input: &ImportDoNotCall) -> Result<Reply, Refusal> {
        let named = input.add.len().saturating_add(input.remove.len());
        if named == 0 {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::AtLeastOne });
        }
        at_most(Bound::DoNotCallImport, named, cx.policy.do_not_call_import_max)?;
        check_subscribers(&input.remove)?;
        check_subscribers(&input.add)?;
        let sorted = |numbers: &[PhoneNumber]| {
            let mut numbers = numbers.to_vec();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        };
        let add = sorted(&input.add);
        // The strictest wins: a number that is named for both is on the list afterwards.
        let mut remove = sorted(&input.remove);
        remove.retain(|number| add.binary_search(number).is_err());
        let leave = remove.iter().filter(|number| self.law.is_listed(**number)).count();
        let come = add.iter().filter(|number| !self.law.is_listed(**number)).count();
        if come > 0 {
            let listed = self.law.listed().saturating_sub(leave).saturating_add(come);
            at_most(Bound::DoNotCall, listed, cx.policy.do_not_call_max)?;
        }
        check_outbox(cx, 1)?;

        let (mut added, mut removed) = (0_u32, 0_u32);
        for number in remove {
            removed = removed.saturating_add(u32::from(self.set_listed(number, false)));
        }
        for number in add {
            added = added.saturating_add(u32::from(self.set_listed(number, true)));
        }
        if added > 0 || removed > 0 {
            let listed = u64::try_from(self.law.listed()).unwrap_or(u64::MAX);
            cx.audit(AuditRecord::DoNotCallChanged(DoNotCallChanged { added, removed, listed }));
        }
        if added > 0 {
            self.take_back_barred(cx);
        }
        Ok(Reply::DoNotCallSet(DoNotCallSet { added, removed }))
    }

    fn set_listed(&mut self, number: PhoneNumber, is_listed: bool) -> bool {
        let mut is_changed = false;
        self.change_bars(number, |half| is_changed = half.law.list(number, is_listed));
        is_changed
    }

    /// Changes what bars a number. While something does, its reservations stand aside in their queues, as while it is busy.
    fn change_bars(&mut self, number: PhoneNumber, change: impl FnOnce(&mut Self)) {
        let before = self.may_wait(number);
        change(self);
        let after = self.may_wait(number);
        if before != after {
            let live: Vec<_> = self.contacts.get(number).into_iter().flat_map(|contact| contact.live.iter().copied()).collect();
            self.move_aside(&live, after);
        }
    }

    /// Whether the reservations of this number stand in their queues: it is free, and nothing bars it.
    pub(super) fn may_wait(&self, number: PhoneNumber) -> bool {
        self.contacts.is_free(number) && !self.law.is_barred(number)
    }

    /// A contact number is not listed.
    pub(super) fn check_not_listed(&self, number: PhoneNumber) -> Result<(), Refusal> {
        if self.law.is_listed(number) { Err(Refusal::DoNotCall) } else { Ok(()) }
    }

    /// The hours in which a reservation's phone may ring: on the clock of its number, if the operator knows it, else of the zone that it was booked in.
    pub(super) fn hours<'a>(policy: &'a Policy, window: Window, zone: Zone, contact: PhoneNumber) -> Hours<'a> {
        let rules = policy.callable_hours.as_slice();
        let zone = if rules.is_empty() { zone } else { policy.zone_of(contact, zone) };
        Hours { rules, zone, window, min_ring_s: policy.min_ring_s }
    }

    /// When a phone may be called by these terms, at this instant.
    pub(super) fn times<'a>(
        &self,
        policy: &'a Policy,
        (window, zone): (Window, Zone),
        contact: PhoneNumber,
        eligible_at: Timestamp,
        at: Timestamp,
    ) -> Times<'a> {
        let rings_free_at = self.rings.free_from(contact, policy.rings_per_day_max, at);
        Times { hours: Self::hours(policy, window, zone, contact), rings_free_at, eligible_at }
    }

    /// A user's phone is dialled. That counts for the day, whether the host carries it out or not: when it does not, nobody knows that it did not ring.
    pub(super) fn count_ring(&mut self, cx: &Context<'_>, number: PhoneNumber, leg: LegId) {
        if cx.policy.rings_per_day_max > 0 {
            self.rings.forget_old(cx.now);
            self.rings.put(Entry { number, until: cx.now.saturating_add_s(DAY_S), mark: leg });
        }
    }

    /// New rules of time hold: whom the hours or the limit of a day put off waits again at the place that he had. They are asked again when his turn comes. Looks at
    /// every reservation: rules are seldom set.
    pub(crate) fn take_up_put_off(&mut self) {
        let is_put_off = |kept: &&Reservation| {
            let is_given_up = matches!(kept.given_up, Some(DenyReason::OutsideHours | DenyReason::DailyLimit));
            kept.state.is_live() && (is_given_up || kept.held_until.is_some())
        };
        let ids: Vec<ReservationId> = self.reservations.in_order().filter(is_put_off).map(|kept| kept.id).collect();
        for id in ids {
            self.update_reservation(id, |reservation| {
                reservation.held_until = None;
                if reservation.given_up != Some(DenyReason::WindowClosing) {
                    reservation.given_up = None;
                }
            });
        }
    }

    /// Forgets the rings that count no more.
    pub(crate) fn forget_rings(&mut self, now: Timestamp) {
        self.rings.forget_old(now);
    }

    /// What stands against any call of this merchant to this number.
    pub(super) fn bars(&self, merchant: MerchantId, number: PhoneNumber) -> Bars {
        Bars { is_listed: self.law.is_listed(number), is_frozen: self.law.is_frozen(merchant, number) }
    }
}

/// Users' numbers are in one form only: another would never match one.
fn check_subscribers(numbers: &[PhoneNumber]) -> Result<(), Refusal> {
    match numbers.iter().all(|number| number.is_subscriber()) {
        true => Ok(()),
        false => Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::SubscriberNumber }),
    }
}

fn record(scope: Scope, by: &Text, why: &Text) -> FreezeRecord {
    FreezeRecord {
        scope: match scope {
            Scope::Platform => RecordedScope::Platform,
            Scope::Merchant(merchant) => RecordedScope::Merchant(merchant),
            Scope::Number(number) => RecordedScope::Number(number.masked()),
        },
        by: MaskedText::new(by),
        why: MaskedText::new(why),
    }
}
