//! How the result of a booking goes out, what a user may do with his reservation, and the page to manage it.

use alloc::vec::Vec;

use super::Appointments;
use super::challenges::needs_agreement;
use super::merchants::{check_outbox, invalid};
use super::records::{Reservation, Terms};
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::effect::{BookingResult, ManagePage, ReservationAction, ShownTerms, UserContent};
use crate::values::id::ReservationId;
use crate::values::input::{Book, ResultBy};
use crate::values::number::Address;
use crate::values::policy::{ActionsIn, Policy};
use crate::values::refusal::{Allowed, Field, Object, Refusal};
use crate::values::reply::Reply;

/// How many messages one result is: itself, and the manage page that follows it where the buttons are on a page of their own.
pub(super) const fn result_effects(policy: &Policy) -> usize {
    if policy.has_manage_pages() { 2 } else { 1 }
}

/// What a reminder emits at most: a message to the sender, and one to the holder of another's phone.
pub(super) const REMINDING_EFFECTS: usize = 2;

/// Whether the result can come as it is asked for.
pub(super) fn check_result_way(input: &Book) -> Result<(), Refusal> {
    if !input.email.as_ref().is_none_or(Address::is_mailbox) {
        return Err(invalid(Field::Email, Allowed::Mailbox));
    }
    match input.result_by {
        Some(ResultBy::Page | ResultBy::Sms) if input.user.number().is_none() => {
            Err(invalid(Field::ResultBy, Allowed::NumberOfTheSender))
        }
        Some(ResultBy::Email) if input.email.is_none() && !input.user.is_mailbox() => {
            Err(invalid(Field::Email, Allowed::Mailbox))
        }
        Some(ResultBy::Page | ResultBy::Sms | ResultBy::Email) | None => Ok(()),
    }
}

impl Appointments {
    /// The result of a booking, or of a change: to the sender as he asked for it, and by short message to the contact number when that is another's.
    pub(super) fn send_results(&mut self, cx: &mut Context<'_>, id: ReservationId, terms: &Terms) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let Some(mut result) = self.result_of(cx.policy, reservation, terms) else { return };
        let holder = Some(Address::Sms(terms.contact)).filter(|_| needs_agreement(&reservation.sender, terms.contact));
        let page = match cx.policy.actions_in {
            ActionsIn::Result => None,
            ActionsIn::ManagePage => {
                result.actions.clear();
                self.manage_page(cx.policy, reservation)
            }
        };
        for to in [Some(reservation.result_to()), holder].into_iter().flatten() {
            self.send_user(cx, to.clone(), UserContent::Result(result.clone()));
            if let Some(page) = page.clone() {
                self.send_user(cx, to, UserContent::ManagePage(page));
            }
        }
    }

    /// Fixes when the user of an agreed reservation is reminded of its window, unless he was, or that instant has come.
    pub(super) fn set_reminder(&mut self, cx: &Context<'_>, id: ReservationId) {
        let (now, before_s) = (cx.now, cx.policy.reminder_before_s);
        self.update_reservation(id, |reservation| {
            let remind_at = reservation.window.start().saturating_sub_s(u64::from(before_s));
            reservation.remind_at = Some(remind_at).filter(|at| before_s > 0 && now < *at && !reservation.is_reminded);
        });
    }

    /// The window begins soon. A host that is so late that it has begun reminds nobody.
    pub(super) fn remind(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let is_in_time = cx.now < reservation.window.start();
        let (to, contact) = (reservation.result_to(), reservation.contact);
        let holder = Some(Address::Sms(contact)).filter(|_| needs_agreement(&reservation.sender, contact));
        let reminder = self.result_of(cx.policy, reservation, &reservation.terms());
        self.update_reservation(id, |reservation| {
            reservation.remind_at = None;
            reservation.is_reminded = is_in_time;
        });
        if let Some(reminder) = reminder.filter(|_| is_in_time) {
            for to in [Some(to), holder].into_iter().flatten() {
                self.send_user(cx, to, UserContent::Reminder(reminder.clone()));
            }
        }
    }

    /// What a user is told of these terms.
    fn result_of(&self, policy: &Policy, reservation: &Reservation, terms: &Terms) -> Option<BookingResult> {
        let merchant = self.catalog.merchants.get(&reservation.merchant)?;
        Some(BookingResult {
            reservation: reservation.id,
            revision: terms.revision,
            merchant_name: merchant.name.clone(),
            line: reservation.line,
            contact: merchant.contact.clone(),
            address: merchant.address.clone(),
            offering_name: terms.offering_name.clone(),
            window: terms.window,
            zone: terms.zone,
            is_shared: terms.group_size > 1,
            actions: self.actions(policy, reservation),
        })
    }

    /// What a user may do with his reservation now, as far as its state and the bounds decide.
    fn actions(&self, policy: &Policy, reservation: &Reservation) -> Vec<ReservationAction> {
        let takes = |event| reservation.state.on(event) != Step::NotAllowed && reservation.withdrawal().is_none();
        let terms = reservation.terms();
        let may_acknowledge = takes(ReservationEvent::Acknowledged) && terms.awaits_acknowledgement;
        let may_amend = takes(ReservationEvent::Amended)
            && !self.is_last_conversation(policy, reservation)
            && terms.revision < policy.revisions_max;
        let may_cancel = takes(ReservationEvent::Cancelled);
        [
            (ReservationAction::Acknowledge, may_acknowledge),
            (ReservationAction::Amend, may_amend),
            (ReservationAction::Cancel, may_cancel),
        ]
        .into_iter()
        .filter_map(|(action, may)| may.then_some(action))
        .collect()
    }

    /// Whether its user is on the bridge in the last conversation that it is good for.
    pub(super) fn is_last_conversation(&self, policy: &Policy, reservation: &Reservation) -> bool {
        let call = reservation.call().and_then(|call| self.calls.get(call.get()));
        let talks = call.and_then(|call| call.member(reservation.id)).is_some_and(|member| member.is_talked);
        talks && reservation.conversations.saturating_add(1) >= policy.conversations_max
    }

    /// How a reservation stands.
    fn manage_page(&self, policy: &Policy, reservation: &Reservation) -> Option<ManagePage> {
        let merchant = self.catalog.merchants.get(&reservation.merchant)?;
        Some(ManagePage {
            reservation: reservation.id,
            merchant_name: merchant.name.clone(),
            line: reservation.line,
            contact: merchant.contact.clone(),
            address: merchant.address.clone(),
            state: reservation.state,
            outcome: reservation.closed.map(|closed| closed.outcome),
            terms: ShownTerms {
                revision: reservation.revision,
                offering_name: reservation.offering_name.clone(),
                window: reservation.window,
                zone: reservation.zone,
            },
            waiting: reservation.pending.as_deref().map(|terms| ShownTerms {
                revision: terms.revision,
                offering_name: terms.offering_name.clone(),
                window: terms.window,
                zone: terms.zone,
            }),
            actions: self.actions(policy, reservation),
        })
    }

    /// A user asks how his reservation stands, and is sent the page to manage it where he asks from.
    pub(super) fn request_manage_page(
        &mut self,
        cx: &mut Context<'_>,
        user: &Address,
        id: ReservationId,
    ) -> Result<Reply, Refusal> {
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if !reservation.belongs_to(user) {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        check_outbox(cx, 1)?;
        if let Some(page) = self.manage_page(cx.policy, reservation) {
            self.send_user(cx, user.clone(), UserContent::ManagePage(page));
        }
        Ok(Reply::Done)
    }
}
