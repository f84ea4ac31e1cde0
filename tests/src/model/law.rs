//! What the operator keeps from ringing: freezes, and the do-not-call list.

use std::collections::BTreeSet;

use ringfence::values::effect::{AuditRecord, DoNotCallChanged, FreezeRecord, RecordedScope};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Freeze, ImportDoNotCall, Scope, Thaw};
use ringfence::values::number::PhoneNumber;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{DoNotCallSet, Reply};
use ringfence::values::text::{MaskedText, Text};

use super::merchants::is_a_subscribers;
use super::{Model, limit, unknown};

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
        }
        Ok(Reply::DoNotCallSet(DoNotCallSet { added, removed }))
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
