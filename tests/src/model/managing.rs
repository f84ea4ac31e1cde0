//! Results: how they go out, what may be done with a reservation, and the page to manage it.

use ringfence::values::effect::{BookingResult, ManagePage, ReservationAction, ShownTerms, UserContent};
use ringfence::values::id::{CallId, ReservationId};
use ringfence::values::input::{Book, ResultBy};
use ringfence::values::number::Address;
use ringfence::values::policy::ActionsIn;
use ringfence::values::refusal::{Allowed, Field, Object, Refusal};
use ringfence::values::reply::{Reply, ReservationState};

use super::amending::Terms;
use super::reservations::same_person;
use super::{Model, Reservation, unknown};

/// Whether the result can come as it is asked for.
pub(super) fn check_way(input: &Book) -> Result<(), Refusal> {
    if let Some(email) = &input.email
        && !matches!(email, Address::Email(_))
    {
        return Err(Refusal::Invalid { field: Field::Email, allowed: Allowed::Mailbox });
    }
    let has_mailbox = input.email.is_some() || matches!(input.user, Address::Email(_));
    match input.result_by {
        Some(ResultBy::Email) if !has_mailbox => Err(Refusal::Invalid { field: Field::Email, allowed: Allowed::Mailbox }),
        Some(ResultBy::Page | ResultBy::Sms) if matches!(input.user, Address::Email(_)) => {
            Err(Refusal::Invalid { field: Field::ResultBy, allowed: Allowed::NumberOfTheSender })
        }
        Some(ResultBy::Page | ResultBy::Sms | ResultBy::Email) | None => Ok(()),
    }
}

/// Where the results of a reservation go.
pub(super) fn way_of_results(kept: &Reservation) -> Address {
    match (kept.result_by, kept.user.number(), &kept.email) {
        (Some(ResultBy::Page), Some(number), _) => Address::Rcs(number),
        (Some(ResultBy::Sms), Some(number), _) => Address::Sms(number),
        (Some(ResultBy::Email), _, Some(email)) => email.clone(),
        _ => kept.user.clone(),
    }
}

impl Model {
    /// How many messages one result is.
    pub(super) fn messages_of_a_result(&self) -> usize {
        if self.policy.actions_in == ActionsIn::ManagePage { 2 } else { 1 }
    }

    pub(super) fn tell_result(&mut self, id: ReservationId, to: Address, terms: &Terms) {
        let kept = self.reservation_of(id);
        let merchant = self.merchant_of(kept.merchant).clone();
        let on_a_page = self.policy.actions_in == ActionsIn::ManagePage;
        let result = BookingResult {
            reservation: id,
            revision: terms.revision,
            merchant_name: merchant.name,
            line: kept.line,
            contact: merchant.contact,
            address: merchant.address,
            offering_name: terms.offering_name.clone(),
            window: terms.window,
            zone: terms.zone,
            is_shared: terms.group_size > 1,
            actions: if on_a_page { Vec::new() } else { self.may_be_done(id) },
        };
        self.tell_user(to.clone(), UserContent::Result(result));
        if on_a_page {
            let page = self.manage_page(id);
            self.tell_user(to, UserContent::ManagePage(page));
        }
    }

    /// The buttons.
    fn may_be_done(&self, id: ReservationId) -> Vec<ReservationAction> {
        let kept = self.reservation_of(id);
        if kept.state == ReservationState::Closed || kept.cancel_pending || kept.decline_pending {
            return Vec::new();
        }
        let terms = kept.waiting.clone().unwrap_or_else(|| self.terms(id));
        let talks = |call: &CallId| self.call_of(*call).parts.iter().any(|part| part.reservation == id && part.talked);
        let talks = self.live_calls_of(id).iter().any(talks);
        let in_the_last = talks && kept.conversations + 1 >= self.policy.conversations_max;
        let mut actions = Vec::new();
        if terms.unacknowledged && kept.state != ReservationState::Unverified {
            actions.push(ReservationAction::Acknowledge);
        }
        if !in_the_last && terms.revision < self.policy.revisions_max {
            actions.push(ReservationAction::Amend);
        }
        actions.push(ReservationAction::Cancel);
        actions
    }

    fn manage_page(&self, id: ReservationId) -> ManagePage {
        let kept = self.reservation_of(id);
        let merchant = self.merchant_of(kept.merchant);
        let shown = |terms: &Terms| ShownTerms {
            revision: terms.revision,
            offering_name: terms.offering_name.clone(),
            window: terms.window,
            zone: terms.zone,
        };
        ManagePage {
            reservation: id,
            merchant_name: merchant.name.clone(),
            line: kept.line,
            contact: merchant.contact.clone(),
            address: merchant.address.clone(),
            state: kept.state,
            outcome: kept.closed.map(|(outcome, _)| outcome),
            terms: shown(&self.terms(id)),
            waiting: kept.waiting.as_ref().map(shown),
            actions: self.may_be_done(id),
        }
    }

    pub(super) fn send_manage_page(&mut self, user: &Address, id: ReservationId) -> Result<Reply, Refusal> {
        let kept = self.named(id)?;
        if !same_person(&kept.user, user) && user.number() != Some(kept.contact) {
            return Err(unknown(Object::Reservation, id.get()));
        }
        self.check_outbox(1)?;
        let page = self.manage_page(id);
        self.tell_user(user.clone(), UserContent::ManagePage(page));
        Ok(Reply::Done)
    }
}
