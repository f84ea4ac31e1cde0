//! The input `amend`, and what new terms lead to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Appointments;
use super::booking::{check_hours, check_window, for_merchant, must_acknowledge};
use super::challenges::{chosen_by_platform, needs_agreement};
use super::managing::result_effects;
use super::merchants::{check_outbox, check_text, legal};
use super::records::{Origin, Reservation, Terms};
use crate::decisions::gate::last_call;
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{
    AmendedRecord, AuditRecord, MerchantContent, Party, Rebased, ReservationNotice, ReservationOnHold, Rule, UserContent,
};
use crate::values::id::{CallId, GroupId, ReservationId};
use crate::values::input::{Amend, BookingEvidence};
use crate::values::number::VirtualNumber;
use crate::values::person::Person;
use crate::values::policy::CallMode;
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{Amended, Reply, ReservationState};
use crate::values::time::Timestamp;

/// What an `amend` emits at most beside what it ends, and beside its two results: its audit, the lease of a virtual number and the warning that few
/// are left, the reservation and the mode options.
const AMENDING_EFFECTS: usize = 5;

/// What matters of terms once they are set.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetTerms {
    /// Whether the holder of the contact number has agreed to them.
    is_agreed: bool,
    /// Whether it is his first agreement to this reservation on this phone.
    is_accepted: bool,
    /// The virtual number that was leased until then.
    number: Option<VirtualNumber>,
    /// The group that the merchant was told with them.
    group: Option<GroupId>,
}

impl SetTerms {
    pub(super) const fn is_agreed(&self) -> bool {
        self.is_agreed
    }

    fn of(reservation: &Reservation, terms: &Terms) -> Self {
        let is_first = reservation.state == ReservationState::Unverified || reservation.contact != terms.contact;
        Self {
            is_agreed: terms.is_agreed,
            is_accepted: terms.is_agreed && is_first,
            number: reservation.virtual_number,
            group: reservation.group_under(terms),
        }
    }
}

impl Appointments {
    /// A user changes a reservation (修改预约信息). What rings goes over to the new terms or is ended in this step; while the user talks the
    /// new terms wait for the end of the call.
    pub(super) fn amend(&mut self, cx: &mut Context<'_>, input: Amend) -> Result<Reply, Refusal> {
        self.settle_amending(cx, &input);
        let id = input.reservation;
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if !reservation.belongs_to(&input.user) {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        if reservation.state.on(ReservationEvent::Amended) == Step::NotAllowed {
            let legal = legal(ReservationEvent::Amended);
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        if reservation.withdrawal().is_some() {
            return Err(Refusal::Ending { reservation: id });
        }
        let before = reservation.terms();
        let Some(terms) = self.amended(cx, reservation, &before, &input)? else { return Ok(Reply::NoOp) };
        let (revision, call) = (terms.revision, reservation.call());
        let is_another = Person::of(&input.user) != Person::of(&reservation.sender);
        let set = SetTerms::of(reservation, &terms);
        match call {
            None => self.set_terms(cx, id, terms.clone()),
            Some(call) if self.is_user_answered(call, id) => {
                let waiting = Some(Box::new(terms.clone()));
                self.change_media(cx, id, |reservation| reservation.pending = waiting);
            }
            Some(call) if self.carries(cx, call, reservation, &before, &terms) => {
                self.apply_terms(cx, id, terms.clone());
            }
            Some(call) => {
                let waiting = Some(Box::new(terms.clone()));
                self.change_media(cx, id, |reservation| reservation.pending = waiting);
                self.stop_for(cx, call, id, ReleaseCause::Amended);
            }
        }
        if is_another {
            self.update_reservation(id, |reservation| reservation.is_changed_by_another = true);
        }
        self.tell_amended(cx, id, call, &set, &terms, input.evidence);
        let state = self.reservations.get(id.get()).map_or(ReservationState::Closed, |reservation| reservation.state);
        Ok(Reply::Amended(Amended { revision, state }))
    }

    /// The reservation, and every live reservation of the number that it would ring.
    fn settle_amending(&mut self, cx: &mut Context<'_>, input: &Amend) {
        let named = input.reservation;
        let of_it = self.reservations.get(named.get()).map(|reservation| reservation.terms().contact);
        let mut touched = Vec::new();
        self.touch_reservation(&mut touched, named);
        let contact = of_it.and_then(|of_it| self.contacts.get(input.contact.unwrap_or(of_it)));
        for other in contact.into_iter().flat_map(|contact| &contact.live).filter(|other| **other != named) {
            self.touch_reservation(&mut touched, *other);
        }
        self.settle(cx, &mut touched);
        cx.commons.forget_codes(cx.now);
    }

    /// The terms that the input asks for, checked in the order of `book`; `None` when they are those that hold.
    fn amended(
        &self,
        cx: &Context<'_>,
        reservation: &Reservation,
        before: &Terms,
        input: &Amend,
    ) -> Result<Option<Terms>, Refusal> {
        let mut terms = before.clone();
        terms.zone = input.zone.unwrap_or(before.zone);
        terms.contact = input.contact.unwrap_or(before.contact);
        // What is asked for is cut to the hours before it is compared, so that the same change again is none.
        let hours = Self::hours(cx.policy, input.window.unwrap_or(before.window), terms.zone, terms.contact);
        let clock = |terms: &Terms| cx.policy.zone_of(terms.contact, terms.zone);
        let is_new_clock = clock(&terms) != clock(before);
        let is_cut_anew = input.window.is_some() || is_new_clock;
        terms.window = Some(hours).filter(|_| is_cut_anew).and_then(|hours| hours.trimmed()).unwrap_or(hours.window);
        terms.offering = input.offering.unwrap_or(before.offering);
        terms.name = input.name.clone().or_else(|| before.name.clone());
        terms.attachments = input.attachments.clone().unwrap_or_else(|| before.attachments.clone());
        terms.group_size = self.shared_by(reservation, before, input.share);
        // Who agrees anew where nothing is offered is told so.
        let is_share_refused = input.share == Some(true) && terms.group_size < 2;
        if terms == *before && !is_share_refused {
            return Ok(None);
        }
        let id = reservation.id;
        if self.is_last_conversation(cx.policy, reservation) {
            return Err(Refusal::LastConversation { reservation: id });
        }
        let (is_new_window, is_new_contact) = (terms.window != before.window, terms.contact != before.contact);
        let unknown = |object, id| Refusal::Unknown { object, id };
        let page = self.published(reservation.page);
        if terms.offering != before.offering {
            let named = page.clone()?.offerings.get(&terms.offering);
            terms.offering_name = named.ok_or_else(|| unknown(Object::Offering, terms.offering.get()))?.clone();
        }
        if is_share_refused {
            return Err(Refusal::SharingNotOffered { page: page?.id });
        }
        if is_new_contact && self.lines.get(terms.contact).is_some() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotALine });
        }
        if is_new_contact {
            self.check_not_virtual(Field::Contact, terms.contact)?;
        }
        if is_new_contact && !terms.contact.is_subscriber() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::SubscriberNumber });
        }
        if is_new_contact {
            self.check_not_listed(terms.contact)?;
        }
        let evidence = input.evidence.as_ref().map(|given| [&given.message, &given.body_hash, &given.agent]);
        for text in evidence.into_iter().flatten().chain([&input.name]).flatten() {
            check_text(text, cx.policy)?;
        }
        if input.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Refusal::Invalid { field: Field::Name, allowed: Allowed::NotEmpty });
        }
        if terms.attachments != before.attachments && Person::of(&input.user) != Person::of(&reservation.sender) {
            return Err(Refusal::Invalid { field: Field::Attachments, allowed: Allowed::OfTheSender });
        }
        if terms.attachments != before.attachments {
            self.check_attachments(cx, &terms.attachments, Some(id))?;
        }
        if self.has_blocked(&input.user, reservation.merchant) {
            return Err(Refusal::Blocked);
        }
        if is_new_window {
            let merchant = self.catalog.merchants.get(&reservation.merchant);
            let merchant = merchant.ok_or_else(|| unknown(Object::Page, reservation.page.get()))?;
            let page = page?;
            check_window(cx.now, cx.policy, &hours.window, page, self.catalog.clockwork(page, merchant))?;
        }
        if is_new_window || is_new_clock {
            terms.window = check_hours(cx.now, &hours)?;
        }
        let is_holder = !needs_agreement(&input.user, terms.contact);
        // Another zone moves the hours in which the phone may ring.
        let is_more = !before.window.covers(&terms.window) || terms.group_size > before.group_size || terms.zone != before.zone;
        terms.is_agreed = is_holder || (before.is_agreed && !is_new_contact && !is_more);
        terms.awaits_acknowledgement = terms.is_agreed && must_acknowledge(cx.policy);
        if terms.is_agreed && (is_new_contact || is_new_window || !before.is_agreed) {
            self.check_overlap(reservation.merchant, terms.contact, &terms.window, &input.user, Some(id))?;
        }
        terms.revision = before.revision.saturating_add(1);
        if before.revision >= cx.policy.revisions_max {
            return Err(Refusal::Limit { bound: Bound::Revisions, most: u64::from(cx.policy.revisions_max) });
        }
        if is_new_contact || terms.is_agreed != before.is_agreed {
            self.check_number(cx.policy, terms.contact, terms.is_agreed, Some(id))?;
        }
        if !terms.is_agreed {
            self.check_codes(cx, terms.contact, Some(id))?;
        }
        check_outbox(cx, AMENDING_EFFECTS.saturating_add(result_effects(cx.policy).saturating_mul(2)))?;
        Ok(Some(terms))
    }

    /// How many may be on one call with him by these terms and this wish. Who agrees, agrees to what the page offers now; where it offers nothing (any more), it stays
    /// as it was.
    fn shared_by(&self, reservation: &Reservation, before: &Terms, wish: Option<bool>) -> u32 {
        match wish {
            None => before.group_size,
            Some(false) => 1,
            Some(true) => {
                let offered = self.published(reservation.page).ok().and_then(|page| page.group_size_max);
                offered.unwrap_or(before.group_size)
            }
        }
    }

    /// Whether what rings may ring on under the new terms: they permit all that the host was told of it.
    fn carries(&self, cx: &Context<'_>, call: CallId, reservation: &Reservation, before: &Terms, after: &Terms) -> bool {
        let of_call = |terms: &Terms| (terms.contact, terms.offering, terms.zone, terms.group_size);
        let is_same_call = of_call(after) == of_call(before);
        // A call in a slot goes on in that slot, or not at all.
        let keeps_slot = reservation.slot.is_none_or(|slot| after.window.covers(&slot));
        let span = reservation.slot.unwrap_or(after.window);
        let hours_end = Self::hours(cx.policy, span, after.zone, after.contact).end_from(cx.now);
        let last = last_call(span.end(), cx.policy.min_ring_s);
        let covers = span.start() <= cx.now && cx.now < last;
        if !keeps_slot || !is_same_call || !after.is_agreed || after.awaits_acknowledgement || !covers {
            return false;
        }
        let Some(call) = self.calls.get(call.get()) else { return false };
        let his = call.member(reservation.id).and_then(|member| member.leg);
        let legs = his.into_iter().chain(call.merchant_leg);
        let mut ringing = legs
            .filter_map(|leg| self.legs.get(leg.get()))
            .filter(|leg| leg.state.is_unanswered() && leg.origin == Origin::Dialled);
        ringing.all(|leg| {
            let rings_until = leg.until.min(reservation.span().end());
            let dial_until = cx.outbox.waiting_dial(leg.id).map(|dial| dial.not_after);
            let is_in_hours = leg.party == Party::Merchant || leg.until.min(span.end()) <= hours_end;
            is_in_hours && rings_until <= span.end() && dial_until.is_none_or(|not_after| not_after <= last)
        })
    }

    /// New terms of a reservation that no call of is alive.
    fn set_terms(&mut self, cx: &mut Context<'_>, id: ReservationId, terms: Terms) {
        let is_agreed = terms.is_agreed;
        let stood = self.reservations.get(id.get()).and_then(|reservation| {
            let is_in_time = cx.now < last_call(reservation.span().end(), cx.policy.min_ring_s);
            Some(reservation.eligible_at).filter(|_| reservation.state == ReservationState::Open && is_in_time)
        });
        self.apply_terms(cx, id, terms);
        self.place_amended(cx, id, is_agreed, stood);
    }

    /// Puts new terms into force. A code that is out was for older ones, and so was the number that was leased for another phone.
    fn apply_terms(&mut self, cx: &mut Context<'_>, id: ReservationId, terms: Terms) {
        self.end_challenge(id);
        if self.reservations.get(id.get()).is_some_and(|reservation| reservation.contact != terms.contact) {
            self.leave_number(cx, id);
        }
        let group = self.group_by(cx.policy, id, &terms);
        let now = cx.now;
        self.change_media(cx, id, |reservation| {
            reservation.set_terms(terms, now);
            reservation.group = group;
        });
    }

    /// A call is over: the terms that waited for it are put into force. Where they lead is for the end of the call to say.
    pub(super) fn set_waiting(&mut self, cx: &mut Context<'_>, id: ReservationId) -> Option<SetTerms> {
        // What waited holds now, so what it names is let go of in one change.
        let terms = self.reservations.get(id.get())?.pending.clone()?;
        let set = SetTerms::of(self.reservations.get(id.get())?, &terms);
        self.apply_terms(cx, id, *terms);
        Some(set)
    }

    /// What follows when the terms are set that waited for a conversation: the messages went out before. The holder is asked, as far as the limits
    /// of codes let him be; and the merchant hears the virtual number of the phone that rings from now on, and the group.
    pub(super) fn follow_up(&mut self, cx: &mut Context<'_>, id: ReservationId, set: &SetTerms) {
        if !set.is_agreed {
            cx.commons.forget_codes(cx.now);
            let contact = self.reservations.get(id.get()).map(|reservation| reservation.contact);
            if contact.is_some_and(|contact| self.check_codes(cx, contact, Some(id)).is_ok()) {
                self.challenge(cx, id);
            }
            return;
        }
        if set.is_accepted {
            self.lease_number(cx, id);
        }
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        if (reservation.virtual_number, reservation.group) != (set.number, set.group) {
            let (merchant, content) = (reservation.merchant, for_merchant(reservation, &reservation.terms()));
            self.send_merchant(cx, merchant, MerchantContent::Amended(content));
        }
    }

    /// Where new terms lead: back to `unverified`, or to the opening, at once when the window has begun. An open reservation that stays open
    /// keeps its place in the queue (`stood`).
    pub(super) fn place_amended(&mut self, cx: &Context<'_>, id: ReservationId, is_agreed: bool, stood: Option<Timestamp>) {
        let (now, chosen) = (cx.now, chosen_by_platform(cx.policy));
        self.update_reservation(id, |reservation| {
            let begins = reservation.span().start();
            let keeps = stood.filter(|_| is_agreed && begins <= now);
            reservation.eligible_at = keeps.unwrap_or_else(|| reservation.eligible_from(now));
            if !is_agreed {
                reservation.state.apply(ReservationEvent::Doubted);
            } else if reservation.state == ReservationState::Unverified {
                reservation.mode = reservation.mode.or(chosen);
                reservation.state.apply(ReservationEvent::Confirmed);
                if reservation.mode.is_some() {
                    reservation.state.apply(ReservationEvent::ModeChosen);
                }
            } else {
                reservation.state.apply(ReservationEvent::Amended);
            }
        });
        let opens = self.reservations.get(id.get()).is_some_and(|reservation| {
            let waits = matches!(reservation.state, ReservationState::AwaitingMode | ReservationState::Scheduled);
            waits && reservation.spent_slot.is_none() && reservation.span().start() <= now
        });
        if opens {
            self.open(cx, id);
        }
        self.set_reminder(cx, id);
    }

    /// The records and the messages of new terms. When ending the call closed the reservation there is nothing to expect any more.
    fn tell_amended(
        &mut self,
        cx: &mut Context<'_>,
        id: ReservationId,
        call: Option<CallId>,
        set: &SetTerms,
        terms: &Terms,
        evidence: Option<BookingEvidence>,
    ) {
        let Terms { revision, window, is_agreed, .. } = *terms;
        cx.audit(AuditRecord::Amended(AmendedRecord { reservation: id, revision, window, is_agreed, evidence }));
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let is_rebased = reservation.call().is_some() && reservation.pending.is_none();
        if let Some(call) = call.filter(|_| is_rebased) {
            let mode = self.calls.get(call.get()).map_or(CallMode::MerchantCalls, |call| call.mode);
            let rule = Rule::Permitted { window, mode };
            cx.audit(AuditRecord::Rebased(Rebased { call, reservation: id, revision, rule }));
        }
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let (merchant, was_announced) = (reservation.merchant, reservation.is_announced);
        if reservation.state == ReservationState::Closed {
            return;
        }
        let waits = reservation.pending.is_some();
        if is_agreed {
            if set.is_accepted && !waits {
                self.lease_number(cx, id);
            }
            self.announce(cx, id, terms);
            return;
        }
        self.tell_user(cx, id, |notice| UserContent::ContactUnconfirmed(notice_of(notice, terms)));
        if was_announced {
            let on_hold = ReservationOnHold { reservation: id, revision, window, zone: terms.zone };
            self.send_merchant(cx, merchant, MerchantContent::OnHold(on_hold));
        }
        if !waits {
            self.challenge(cx, id);
        }
    }
}

/// The notice, with the window of these terms.
fn notice_of(mut notice: ReservationNotice, terms: &Terms) -> ReservationNotice {
    notice.window = terms.window;
    notice.zone = terms.zone;
    notice
}
