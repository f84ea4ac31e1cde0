//! Results: how they go out, what may be done with a reservation, and the page to manage it.

use ringfence::values::effect::{BookingResult, ManagePage, ReservationAction, ShownTerms, UserContent};
use ringfence::values::id::{CallId, ReservationId};
use ringfence::values::input::{Book, ResultBy};
use ringfence::values::number::Address;
use ringfence::values::policy::ActionsIn;
use ringfence::values::refusal::{Allowed, Field, Object, Refusal};
use ringfence::values::reply::{Reply, ReservationState};
use ringfence::values::time::Timestamp;

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
        let on_a_page = self.policy.actions_in == ActionsIn::ManagePage;
        let actions = if on_a_page { Vec::new() } else { self.may_be_done(id) };
        self.tell_user(to.clone(), UserContent::Result(BookingResult { actions, ..self.result(id, terms) }));
        if on_a_page {
            let page = self.manage_page(id);
            self.tell_user(to, UserContent::ManagePage(page));
        }
    }

    /// What is said of these terms, without buttons.
    fn result(&self, id: ReservationId, terms: &Terms) -> BookingResult {
        let kept = self.reservation_of(id);
        let merchant = self.merchant_of(kept.merchant).clone();
        BookingResult {
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
            actions: Vec::new(),
        }
    }

    /// When the user is reminded, by the rules of now.
    pub(super) fn fix_reminder(&mut self, id: ReservationId) {
        let (now, before) = (self.latest, self.policy.reminder_before_s);
        let kept = self.reservation_mut(id);
        let at = kept.window.start().saturating_sub_s(before.into());
        kept.remind_at = (before > 0 && at > now && kept.reminded.is_none()).then_some(at);
    }

    /// When the user is due to be reminded: once he has agreed, and before the window opens.
    pub(super) fn reminder_due(&self, id: ReservationId) -> Option<Timestamp> {
        let kept = self.reservation_of(id);
        kept.remind_at.filter(|_| matches!(kept.state, ReservationState::AwaitingMode | ReservationState::Scheduled))
    }

    pub(super) fn remind(&mut self, id: ReservationId) {
        let latest = self.latest;
        let kept = self.reservation_mut(id);
        kept.remind_at = None;
        if kept.window.start() <= latest {
            return;
        }
        kept.reminded = Some(kept.window);
        let kept = kept.clone();
        let result = BookingResult { actions: self.may_be_done(id), ..self.result(id, &self.terms(id)) };
        self.tell_user(way_of_results(&kept), UserContent::Reminder(result.clone()));
        if kept.user.number() != Some(kept.contact) {
            self.tell_user(Address::Sms(kept.contact), UserContent::Reminder(result));
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
