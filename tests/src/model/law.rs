//! What keeps phones from ringing: freezes, the do-not-call list, callable hours, and the limit of a day.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{AuditRecord, DoNotCallChanged, FreezeRecord, RecordedScope};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Freeze, ImportDoNotCall, Scope, Thaw};
use ringfence::values::number::PhoneNumber;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{DenyReason, DoNotCallSet, Reply, Verdict};
use ringfence::values::text::{MaskedText, Text};
use ringfence::values::time::Timestamp;

use crate::hours::CallableHours;

use super::calls::Why;
use super::merchants::is_a_subscribers;
use super::{Leg, LegState, Model, limit, unknown};

const DAY_S: u64 = 86_400;
const NOT_A_SUBSCRIBERS: Refusal = Refusal::Invalid { field: Field::Numbers, allowed: Allowed::SubscriberNumber };

impl Model {
    pub(super) fn freeze(&mut self, input: &Freeze) -> Result<Reply, Refusal> {
        self.check_freeze(input.scope, &input.by, &input.why)?;
        if self.frozen.contains(&input.scope) {
            return Ok(Reply::NoOp);
        }
        let others = self.frozen.iter().filter(|scope| **scope != Scope::Platform).count();
        if input.scope != Scope::Platform && others >= self.policy.freezes_max as usize {
            return Err(limit(Bound::Freezes, self.policy.freezes_max));
        }
        self.frozen.insert(input.scope);
        self.audit(AuditRecord::Frozen(record(input.scope, &input.by, &input.why)));
        self.take_back_dials();
        Ok(Reply::Done)
    }

    pub(super) fn thaw(&mut self, input: &Thaw) -> Result<Reply, Refusal> {
        self.check_freeze(input.scope, &input.by, &input.why)?;
        if !self.frozen.contains(&input.scope) {
            return Ok(Reply::NoOp);
        }
        self.check_outbox(1)?;
        self.frozen.remove(&input.scope);
        self.audit(AuditRecord::Thawed(record(input.scope, &input.by, &input.why)));
        Ok(Reply::Done)
    }

    fn check_freeze(&self, scope: Scope, by: &Text, why: &Text) -> Result<(), Refusal> {
        self.check_text(by)?;
        self.check_text(why)?;
        if by.trim().is_empty() {
            return Err(Refusal::Invalid { field: Field::By, allowed: Allowed::NotEmpty });
        }
        if why.trim().is_empty() {
            return Err(Refusal::Invalid { field: Field::Why, allowed: Allowed::NotEmpty });
        }
        match scope {
            Scope::Merchant(merchant) if !self.merchants.contains_key(&merchant) => {
                Err(unknown(Object::Merchant, merchant.get()))
            }
            Scope::Number(number) if !is_a_subscribers(number) => Err(NOT_A_SUBSCRIBERS),
            Scope::Merchant(_) | Scope::Platform | Scope::Number(_) => Ok(()),
        }
    }

    pub(super) fn import_do_not_call(&mut self, input: &ImportDoNotCall) -> Result<Reply, Refusal> {
        if input.add.is_empty() && input.remove.is_empty() {
            return Err(Refusal::Invalid { field: Field::Numbers, allowed: Allowed::AtLeastOne });
        }
        if input.add.len() + input.remove.len() > self.policy.do_not_call_import_max as usize {
            return Err(limit(Bound::DoNotCallImport, self.policy.do_not_call_import_max));
        }
        if input.add.iter().chain(&input.remove).any(|number| !is_a_subscribers(*number)) {
            return Err(NOT_A_SUBSCRIBERS);
        }
        let mut after: BTreeSet<PhoneNumber> = self.listed.clone();
        for number in &input.remove {
            after.remove(number);
        }
        after.extend(&input.add);
        let added = after.difference(&self.listed).count();
        let removed = self.listed.difference(&after).count();
        if added > 0 && after.len() > self.policy.do_not_call_max as usize {
            return Err(limit(Bound::DoNotCall, self.policy.do_not_call_max));
        }
        self.check_outbox(1)?;
        self.listed = after;
        let (added, removed) = (u32::try_from(added).unwrap_or(u32::MAX), u32::try_from(removed).unwrap_or(u32::MAX));
        if added + removed > 0 {
            self.audit(AuditRecord::DoNotCallChanged(DoNotCallChanged { added, removed, listed: self.listed.len() as u64 }));
            self.take_back_dials();
        }
        Ok(Reply::DoNotCallSet(DoNotCallSet { added, removed }))
    }

    /// Who is kept from ringing now, and whose `dial` is not confirmed and not reported on, is not dialled: neither he nor the merchant for his sake.
    fn take_back_dials(&mut self) {
        let waiting = |leg: &Leg| {
            let dial = leg.dial.filter(|_| leg.state == LegState::Dialled);
            dial.is_some_and(|dial| self.kept.iter().any(|kept| kept.effect.sequence == dial && !kept.voided))
        };
        let legs: Vec<_> = self.legs.iter().filter(|(_, leg)| waiting(leg)).map(|(id, leg)| (*id, leg.call)).collect();
        for (leg, call) in legs {
            // One that was to follow may have ended with one before it. The merchant's own is for everybody.
            let Some(whose) = self.legs.get(&leg).filter(|leg| leg.state == LegState::Dialled).map(|leg| leg.reservation) else {
                continue;
            };
            for id in whose.map_or_else(|| self.users_of(call), |user| vec![user]) {
                let is_there = self.is_in(call, id);
                if !is_there || (!self.is_reservation_frozen(id) && !self.is_listed(self.reservation_of(id).contact)) {
                    continue;
                }
                let place = self.reservation_of(id).eligible;
                self.part_mut(call, id).dialled = false;
                self.end_part(call, id, ReleaseCause::UserUnreachable, Why::Other);
                self.reservation_mut(id).eligible = place;
            }
        }
    }

    /// The operator's hours for a reservation, in its slot if it has one.
    pub(super) fn hours(&self, id: ReservationId) -> CallableHours<'_> {
        let reservation = self.reservation_of(id);
        CallableHours::of(&self.policy, reservation.contact, reservation.zone, reservation.span())
    }

    /// The first instant from now on at which fewer rings of this number count than may.
    fn rings_free_at(&self, number: PhoneNumber) -> Timestamp {
        let most = self.policy.rings_per_day_max as usize;
        let until = |at: &Timestamp| at.saturating_add_s(DAY_S);
        let mut counting: Vec<_> =
            self.rings.iter().filter(|(rung, at)| *rung == number && until(at) > self.latest).map(|(_, at)| until(at)).collect();
        counting.sort();
        if most == 0 || counting.len() < most { self.latest } else { counting[counting.len() - most] }
    }

    /// What hours, the limit of a day and the spacing say now: the strictest of those that say no, and when none does.
    pub(super) fn pause(&self, id: ReservationId) -> Option<Verdict> {
        let reservation = self.reservation_of(id);
        let hours = self.hours(id);
        let daily = self.rings_free_at(reservation.contact);
        let spaced = reservation.eligible.max(self.latest);
        // Never is later than any instant.
        let callable = hours.callable_from(self.latest).unwrap_or(Timestamp::MAX);
        let all = [(DenyReason::OutsideHours, callable), (DenyReason::DailyLimit, daily), (DenyReason::TooSoon, spaced)];
        let latest = all.iter().map(|(_, at)| *at).max()?;
        if latest == self.latest {
            return None;
        }
        let (reason, _) = all.into_iter().find(|(_, at)| *at == latest)?;
        let retry_at = hours.callable_from(daily.max(spaced)).filter(|at| *at < reservation.span().end());
        Some(Verdict::Deny { reason, retry_at })
    }

    /// A user's phone is dialled: that counts, if there is a limit.
    pub(super) fn count_ring(&mut self, number: PhoneNumber) {
        if self.policy.rings_per_day_max > 0 {
            self.rings.push((number, self.latest));
        }
    }

    /// The gate has denied what the platform was about to do for a reservation.
    pub(super) fn put_off(&mut self, id: ReservationId, reason: DenyReason, retry_at: Option<Timestamp>) {
        let reservation = self.reservation_mut(id);
        let is_barred = [DenyReason::DoNotCall, DenyReason::Frozen].contains(&reason);
        let by_law = [DenyReason::OutsideHours, DenyReason::DailyLimit].contains(&reason);
        if by_law && retry_at.is_some() {
            reservation.held = retry_at;
        } else if !is_barred {
            // Who is kept from ringing waits until he is let on again.
            reservation.given_up = Some(reason);
        }
    }

    /// Whether anything frozen covers calls of this merchant to this number.
    fn is_frozen(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        let covers = |scope: &Scope| match scope {
            Scope::Platform => true,
            Scope::Merchant(frozen) => *frozen == merchant,
            Scope::Number(frozen) => *frozen == number,
        };
        self.frozen.iter().any(covers)
    }

    pub(super) fn is_reservation_frozen(&self, id: ReservationId) -> bool {
        let reservation = self.reservation_of(id);
        self.is_frozen(reservation.merchant, reservation.contact)
    }

    pub(super) fn is_listed(&self, number: PhoneNumber) -> bool {
        self.listed.contains(&number)
    }

    /// What nothing new rings in.
    #[must_use]
    pub const fn frozen(&self) -> &BTreeSet<Scope> {
        &self.frozen
    }

    /// The numbers that are never rung.
    #[must_use]
    pub const fn listed(&self) -> &BTreeSet<PhoneNumber> {
        &self.listed
    }
}

fn record(scope: Scope, by: &Text, why: &Text) -> FreezeRecord {
    let scope = match scope {
        Scope::Platform => RecordedScope::Platform,
        Scope::Merchant(merchant) => RecordedScope::Merchant(merchant),
        Scope::Number(number) => RecordedScope::Number(number.masked()),
    };
    FreezeRecord { scope, by: MaskedText::new(by), why: MaskedText::new(why) }
}
