//! Inputs of users: book and cancel; and the closing of reservations.

use super::Appointments;
use super::challenges::needs_agreement;
use super::managing::{check_result_way, result_effects};
use super::merchants::{check_outbox, check_text, check_user, legal, limit};
use super::records::{Closed, Reservation, Terms};
use crate::books::catalog::{Clockwork, Merchant, Page};
use crate::decisions::gate::last_call;
use crate::decisions::law::Hours;
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{
    Action, AuditRecord, BookedRecord, MerchantContent, MissedNotice, MissedNoticeForMerchant, ModeOptions, NoticeForMerchant,
    ReservationForMerchant, ReservationNotice, Send, UserContent,
};
use crate::values::id::{MerchantId, MessageId, ReservationId};
use crate::values::input::{Book, Cancel};
use crate::values::media::SharedMedia;
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::{CallMode, Confirmation, ModeChooser, Policy};
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{Booked, DenyReason, Missed, Outcome, Reply, ReservationState};
use crate::values::text::MaskedText;
use crate::values::time::{Timestamp, Window};

/// What a booking emits at most beside its result: its audit, the lease of a virtual number and the warning that few are left, the reservation and
/// the mode options; or its audit, the notice, and the audit and the message of a challenge.
const BOOKING_EFFECTS: usize = 5;

impl Appointments {
    pub(super) fn book(&mut self, cx: &mut Context<'_>, mut input: Book) -> Result<Reply, Refusal> {
        let is_remembered = Self::uses_profile(cx.policy, &input);
        if is_remembered {
            self.recall(cx.now, &mut input);
        }
        self.settle_booking(cx, input.contact.or_else(|| input.user.number()));
        cx.commons.forget_codes(cx.now);
        let unknown = |object, id| Refusal::Unknown { object, id };
        let page = self.published(input.page)?;
        let merchant = self.catalog.merchants.get(&page.merchant).ok_or_else(|| unknown(Object::Page, input.page.get()))?;
        let offering = page.offerings.get(&input.offering).ok_or_else(|| unknown(Object::Offering, input.offering.get()))?;
        if input.share && page.group_size_max.is_none() {
            return Err(Refusal::SharingNotOffered { page: page.id });
        }
        let contact = self.check_sender(cx, &input)?;
        if self.has_blocked(&input.user, merchant.id) {
            return Err(Refusal::Blocked);
        }
        check_window(cx.now, cx.policy, &input.window, page, self.catalog.clockwork(page, merchant))?;
        let zone = input.zone.unwrap_or(merchant.zone);
        let window = check_hours(cx.now, &Self::hours(cx.policy, input.window, zone, contact))?;
        let is_own = !needs_agreement(&input.user, contact);
        if is_own {
            self.check_overlap(merchant.id, contact, &window, &input.user, None)?;
        }
        limit(Bound::Reservations, self.reservations.len(), cx.policy.reservations_max)?;
        limit(Bound::ReservationsPerSender, self.senders.kept(&input.user), cx.policy.reservations_per_sender_max)?;
        self.check_number(cx.policy, contact, is_own, None)?;
        if !is_own {
            self.check_codes(cx, contact, None)?;
        }
        check_outbox(cx, BOOKING_EFFECTS.saturating_add(result_effects(cx.policy)))?;

        // A merchant has at least one line.
        let line = page_line(page, merchant).ok_or_else(|| unknown(Object::Merchant, merchant.id.get()))?;
        let mode = match cx.policy.mode_chosen_by {
            ModeChooser::Platform(mode) => Some(mode),
            ModeChooser::Merchant => merchant.preset,
        };
        let state = match mode {
            _ if !is_own => ReservationState::Unverified,
            Some(_) => ReservationState::Scheduled,
            None => ReservationState::AwaitingMode,
        };
        let (merchant, offering_name) = (merchant.id, offering.clone());
        let group_size = page.group_size_max.filter(|_| input.share).unwrap_or(1);
        let id = ReservationId::new(self.counters.reservation.take());
        self.add_reservation(Reservation {
            id,
            merchant,
            page: input.page,
            offering: input.offering,
            offering_name,
            sender: input.user,
            contact,
            name: input.name,
            evidence: input.evidence.clone(),
            line,
            window,
            zone,
            revision: 1,
            state,
            mode,
            eligible_at: window.start().max(cx.now),
            attempts: 0,
            merchant_failures: 0,
            platform_failures: 0,
            conversations: 0,
            calls: alloc::vec::Vec::new(),
            is_cancelled: false,
            held_until: None,
            given_up: None,
            is_window_judged: false,
            closed: None,
            virtual_number: None,
            is_platform_only: false,
            challenge: None,
            group_size,
            group: None,
            is_announced: false,
            awaits_acknowledgement: false,
            is_declined: false,
            rest_until: None,
            pending: None,
            slot: None,
            spent_slot: None,
            attachments: input.attachments,
            booked_at: cx.now,
            is_remembered,
            is_forgotten: false,
            is_changed_by_another: false,
            result_by: input.result_by,
            email: input.email,
            remind_at: None,
            is_reminded: false,
        });
        cx.audit(AuditRecord::Booked(BookedRecord { reservation: id, revision: 1, merchant, window, evidence: input.evidence }));
        if is_own {
            self.accept(cx, id);
            self.remember(cx, id);
            self.settle_reservation(cx, id);
        } else {
            self.tell_user(cx, id, UserContent::ContactUnconfirmed);
            self.challenge(cx, id);
        }
        let state = self.reservations.get(id.get()).map_or(state, |reservation| reservation.state);
        Ok(Reply::Booked(Booked { reservation: id, state }))
    }

    /// The sender, the contact and the name. Returns the contact number.
    fn check_sender(&self, cx: &Context<'_>, input: &Book) -> Result<PhoneNumber, Refusal> {
        let invalid = |field, allowed| Refusal::Invalid { field, allowed };
        check_user(&input.user, Field::User)?;
        if let Some(number) = input.user.number() {
            self.check_not_virtual(Field::User, number)?;
        }
        let contact =
            input.contact.or_else(|| input.user.number()).ok_or_else(|| invalid(Field::Contact, Allowed::NeededWithoutNumber))?;
        if self.lines.get(contact).is_some() {
            return Err(invalid(Field::Contact, Allowed::NotALine));
        }
        self.check_not_virtual(Field::Contact, contact)?;
        if !contact.is_subscriber() {
            return Err(invalid(Field::Contact, Allowed::SubscriberNumber));
        }
        self.check_not_listed(contact)?;
        let evidence = input.evidence.as_ref();
        let evidence = evidence.map(|given| [&given.message, &given.body_hash, &given.agent]).into_iter().flatten();
        for text in evidence.chain([&input.name]).flatten() {
            check_text(text, cx.policy)?;
        }
        if input.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(invalid(Field::Name, Allowed::NotEmpty));
        }
        self.check_attachments(cx, &input.attachments, None)?;
        check_result_way(input)?;
        Ok(contact)
    }

    /// One user has at most one live reservation with one merchant covering any instant. `own` is the one that is amended.
    pub(super) fn check_overlap(
        &self,
        merchant: MerchantId,
        contact: PhoneNumber,
        window: &Window,
        sender: &Address,
        own: Option<ReservationId>,
    ) -> Result<(), Refusal> {
        let live = self.contacts.get(contact).into_iter().flat_map(|contact| &contact.live);
        let overlapping = live.filter_map(|id| self.reservations.get(id.get())).find(|other| {
            let is_other = other.merchant == merchant && Some(other.id) != own;
            is_other && other.claims(contact).any(|(is_agreed, claimed)| is_agreed && claimed.overlaps(window))
        });
        match overlapping {
            Some(other) => Err(Refusal::Overlap { reservation: Some(other.id).filter(|_| other.sender.is_same_holder(sender)) }),
            None => Ok(()),
        }
    }

    /// How many live ones a number has: those that its holder agreed to and the others are counted apart.
    pub(super) fn check_number(
        &self,
        policy: &Policy,
        contact: PhoneNumber,
        is_agreed: bool,
        own: Option<ReservationId>,
    ) -> Result<(), Refusal> {
        let live = self.contacts.get(contact).into_iter().flat_map(|contact| &contact.live);
        let alike = live
            .filter_map(|id| self.reservations.get(id.get()))
            .filter(|other| Some(other.id) != own && other.claims(contact).any(|(agreed, _)| agreed == is_agreed))
            .count();
        limit(Bound::ReservationsPerNumber, alike, policy.reservations_per_number_max)
    }

    /// A reservation whose holder agrees is announced as it stands.
    pub(super) fn accept(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        self.lease_number(cx, id);
        self.find_group(cx.policy, id);
        let awaits = must_acknowledge(cx.policy);
        self.update_reservation(id, |reservation| reservation.awaits_acknowledgement = awaits);
        self.set_reminder(cx, id);
        if let Some(terms) = self.reservations.get(id.get()).map(Reservation::terms) {
            self.announce(cx, id, &terms);
        }
    }

    /// Result to the user, reservation to the merchant, options to the merchant unless somebody has chosen (S304 to S306). A merchant who knows
    /// the reservation hears that it was amended, and is not asked again.
    pub(super) fn announce(&mut self, cx: &mut Context<'_>, id: ReservationId, terms: &Terms) {
        let was_announced = self.update_reservation(id, |reservation| core::mem::replace(&mut reservation.is_announced, true));
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let for_merchant = for_merchant(reservation, terms);
        let options = ModeOptions { reservation: id, options: CallMode::ALL, on_silence: cx.policy.mode_on_silence };
        let (merchant, mode) = (reservation.merchant, reservation.mode);
        self.send_results(cx, id, terms);
        if was_announced == Some(true) {
            self.send_merchant(cx, merchant, MerchantContent::Amended(for_merchant));
            return;
        }
        self.send_merchant(cx, merchant, MerchantContent::Reservation(for_merchant));
        if mode.is_none() {
            self.send_merchant(cx, merchant, MerchantContent::ModeOptions(options));
        }
    }

    pub(super) fn cancel(&mut self, cx: &mut Context<'_>, input: &Cancel) -> Result<Reply, Refusal> {
        self.settle_reservation(cx, input.reservation);
        let id = input.reservation;
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if !reservation.belongs_to(&input.user) {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        // One that was cancelled during a conversation may have closed as forgotten.
        let is_cancelled = reservation.closed.map_or(reservation.is_cancelled, |closed| closed.outcome == Outcome::Cancelled);
        if is_cancelled {
            return Ok(Reply::NoOp);
        }
        if reservation.is_declined && reservation.closed.is_none() {
            return Err(Refusal::Ending { reservation: id });
        }
        let was_announced = reservation.is_announced;
        match reservation.state.on(ReservationEvent::Cancelled) {
            Step::NotAllowed => {
                return Err(Refusal::WrongState {
                    reservation: id,
                    state: reservation.state,
                    legal: legal(ReservationEvent::Cancelled),
                });
            }
            Step::To(_) => self.close(cx, id, ReservationEvent::Cancelled, Outcome::Cancelled),
            Step::NoOp => {
                let call = reservation.call();
                self.update_reservation(id, |reservation| reservation.is_cancelled = true);
                if let Some(call) = call.filter(|call| !self.is_user_answered(*call, id)) {
                    self.stop_for(cx, call, id, ReleaseCause::Withdrawn);
                }
            }
        }
        self.tell_user(cx, id, UserContent::Cancelled);
        if was_announced {
            self.tell_merchant(cx, id, MerchantContent::Cancelled);
        }
        Ok(Reply::Done)
    }

    /// Closes a reservation. A missed one tells the user, then the merchant.
    pub(super) fn close(&mut self, cx: &mut Context<'_>, id: ReservationId, event: ReservationEvent, outcome: Outcome) {
        self.end_challenge(id);
        let is_forgotten =
            outcome == Outcome::Forgotten || self.reservations.get(id.get()).is_some_and(|reservation| reservation.is_forgotten);
        // Who is forgotten closes as such, and what is kept of him has no retention.
        let outcome = if is_forgotten && outcome == Outcome::Cancelled { Outcome::Forgotten } else { outcome };
        let retention_s = if is_forgotten { 0 } else { cx.policy.retention_s };
        let closed = Closed { outcome, at: cx.now, archive_at: cx.now.saturating_add_s(u64::from(retention_s)) };
        self.update_reservation(id, |reservation| {
            reservation.state.apply(event);
            reservation.closed = Some(closed);
        });
        self.release_number(cx, id);
        if let Outcome::Missed(why) = outcome {
            self.tell_user(cx, id, |notice| UserContent::Missed(missed(notice, why)));
            self.tell_merchant(cx, id, |notice| MerchantContent::Missed(missed_for_merchant(&notice, why)));
        }
    }

    /// What a reservation comes to that had its chance, in its window or its slot: completed if there was any conversation, else missed for the first reason that holds. `is_cut_off`:
    /// a call of it was just stopped before the user was dialled.
    pub(super) fn outcome_at_end(&self, reservation: &Reservation, policy: &Policy, now: Timestamp, is_cut_off: bool) -> Outcome {
        if reservation.conversations > 0 {
            return Outcome::Completed;
        }
        let end = reservation.span().end();
        Outcome::Missed(if reservation.attempts > 0 {
            Missed::NotReached
        } else if reservation.merchant_failures > 0 {
            Missed::MerchantNotReached
        } else if reservation.platform_failures > 0 {
            Missed::NotCarriedOut
        } else if reservation.awaits_acknowledgement {
            Missed::NotAcknowledged
        } else if self.law.is_listed(reservation.contact) {
            Missed::DoNotCall
        } else if self.bars(reservation.merchant, reservation.contact).is_frozen {
            Missed::Frozen
        } else if reservation.mode.unwrap_or(policy.mode_unless_chosen()) == CallMode::MerchantCalls {
            Missed::NotCalled
        } else if let Some(Outcome::Missed(why)) = reservation.spent_slot {
            why
        } else if reservation.given_up == Some(DenyReason::OutsideHours) {
            Missed::OutsideHours
        } else if reservation.given_up == Some(DenyReason::DailyLimit) {
            Missed::DailyLimit
        } else if reservation.eligible_at >= last_call(end, policy.min_ring_s) {
            Missed::WindowTooShort
        } else if is_cut_off || reservation.given_up.is_some_and(|reason| reason != DenyReason::WindowOver) {
            Missed::NotReachedInTime
        } else if !self.contacts.is_free(reservation.contact) {
            Missed::NumberBusy
        } else if self.lines.get(reservation.line).is_none_or(|line| !line.has_free_channel()) {
            Missed::NoChannel
        } else if now <= end {
            // The host is in time for the end: what the reservation waited for may have come free at this very instant.
            Missed::NotReachedInTime
        } else {
            Missed::HostLate
        })
    }

    fn notice(&self, id: ReservationId) -> Option<ReservationNotice> {
        let reservation = self.reservations.get(id.get())?;
        let merchant = self.catalog.merchants.get(&reservation.merchant)?;
        Some(ReservationNotice {
            reservation: id,
            merchant_name: merchant.name.clone(),
            window: reservation.window,
            zone: reservation.zone,
        })
    }

    pub(super) fn tell_user(
        &mut self,
        cx: &mut Context<'_>,
        id: ReservationId,
        content: impl FnOnce(ReservationNotice) -> UserContent,
    ) {
        let sender = self.reservations.get(id.get()).map(|reservation| reservation.sender.clone());
        if let (Some(notice), Some(sender)) = (self.notice(id), sender) {
            self.send_user(cx, sender, content(notice));
        }
    }

    pub(super) fn tell_merchant(
        &mut self,
        cx: &mut Context<'_>,
        id: ReservationId,
        content: impl FnOnce(NoticeForMerchant) -> MerchantContent,
    ) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let notice = NoticeForMerchant { reservation: id, window: reservation.window, zone: reservation.zone };
        self.send_merchant(cx, reservation.merchant, content(notice));
    }

    /// Sends to a merchant's chatbot, if he has one.
    pub(super) fn send_merchant(&mut self, cx: &mut Context<'_>, merchant: MerchantId, content: MerchantContent) {
        let chatbot = self.catalog.merchants.get(&merchant).and_then(|merchant| merchant.chatbot.clone());
        if let Some(chatbot) = chatbot {
            let message = MessageId::new(cx.commons.ids.message.take());
            let reservation = content.reservation();
            cx.emit(Action::Send(Send::to_merchant(message, chatbot, content)));
            self.keep_sent(cx, message, reservation, None);
        }
    }
}

fn missed(notice: ReservationNotice, why: Missed) -> MissedNotice {
    MissedNotice {
        reservation: notice.reservation,
        merchant_name: notice.merchant_name,
        why,
        window: notice.window,
        zone: notice.zone,
    }
}

/// A reservation as its merchant sees it under these terms, with the virtual number that is in force.
pub(super) fn for_merchant(reservation: &Reservation, terms: &Terms) -> ReservationForMerchant {
    ReservationForMerchant {
        reservation: reservation.id,
        revision: terms.revision,
        page: reservation.page,
        offering: terms.offering,
        offering_name: terms.offering_name.clone(),
        number: terms.contact.masked(),
        virtual_number: reservation.virtual_number,
        name: terms.name.as_deref().map(MaskedText::new),
        line: reservation.line,
        window: terms.window,
        zone: terms.zone,
        group: reservation.group_under(terms),
        media: SharedMedia::among(&terms.attachments),
    }
}

fn missed_for_merchant(notice: &NoticeForMerchant, why: Missed) -> MissedNoticeForMerchant {
    MissedNoticeForMerchant { reservation: notice.reservation, why: why.into(), window: notice.window, zone: notice.zone }
}

/// The line that calls for a page come from: the one it names, as long as the merchant has it; else his first.
fn page_line(page: &Page, merchant: &Merchant) -> Option<PhoneNumber> {
    let named = merchant.lines.iter().find(|line| Some(line.number) == page.line);
    named.or_else(|| merchant.lines.first()).map(|line| line.number)
}

/// Whether a result has to be confirmed before anything rings.
pub(super) fn must_acknowledge(policy: &Policy) -> bool {
    match policy.confirmation {
        Confirmation::Silence => false,
        Confirmation::Acknowledgement => true,
    }
}

/// The window against the hours in which phones may ring: what is left of it between the first and the last of them.
pub(super) fn check_hours(now: Timestamp, hours: &Hours<'_>) -> Result<Window, Refusal> {
    hours
        .trimmed()
        .filter(|window| window.end() > now)
        .ok_or_else(|| Refusal::OutsideHours { callable: hours.next(hours.window.start().max(now)) })
}

/// The window against the clock and the page.
pub(super) fn check_window(
    now: Timestamp,
    policy: &Policy,
    window: &Window,
    page: &Page,
    by: Clockwork<'_>,
) -> Result<(), Refusal> {
    let most = u64::from(policy.book_ahead_max_s);
    let until = now.saturating_add_s(most);
    if window.end() <= now {
        return Err(Refusal::WindowOver { end: window.end(), nearest: page.nearest(window, now, until, by) });
    }
    if window.end() > until {
        return Err(Refusal::Limit { bound: Bound::BookAhead, most });
    }
    if !page.offers(window, by) {
        return Err(Refusal::WindowNotOffered { nearest: page.nearest(window, now, until, by) });
    }
    Ok(())
}
