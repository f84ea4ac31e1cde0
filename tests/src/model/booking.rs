//! `book`: from the request to the reservation.

use ringfence::values::effect::{
    AuditRecord, BookedRecord, MerchantContent, ModeOptions, ReservationForMerchant, ReservationNotice, UserContent,
};
use ringfence::values::id::ReservationId;
use ringfence::values::input::Book;
use ringfence::values::media::SharedMedia;
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser};
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Booked, Reply, ReservationState};
use ringfence::values::text::MaskedText;
use ringfence::values::time::Window;

use crate::hours::CallableHours;

use super::amending::Terms;
use super::managing::{check_way, way_of_results};
use super::merchants::is_a_subscribers;
use super::reservations::same_person;
use super::{Model, Page, Reservation, limit, unknown};

impl Model {
    pub(super) fn book(&mut self, input: &Book) -> Result<Reply, Refusal> {
        let (contact, window) = self.check_booking(input)?;
        let page = &self.pages[&input.page];
        let merchant = self.merchant_of(page.merchant);
        let still_his = |line: &PhoneNumber| merchant.lines.iter().any(|registered| registered.number == *line);
        let line = page.line.filter(still_his).unwrap_or(merchant.lines[0].number);
        let chosen = match self.policy.mode_chosen_by {
            ModeChooser::Platform(mode) => Some(mode),
            ModeChooser::Merchant => merchant.preset,
        };
        let group_size = if input.share { page.group_size } else { 1 };
        let state = if input.user.number() != Some(contact) {
            ReservationState::Unverified
        } else if chosen.is_none() {
            ReservationState::AwaitingMode
        } else {
            ReservationState::Scheduled
        };
        let reservation = Reservation {
            revision: 1,
            merchant: page.merchant,
            page: input.page,
            offering: input.offering,
            offering_name: page.offerings[&input.offering].clone(),
            user: input.user.clone(),
            contact,
            name: input.name.clone(),
            evidence: input.evidence.clone(),
            attachments: input.attachments.clone(),
            booked_at: self.latest,
            remembered: self.remembers(input),
            forgotten: None,
            window,
            zone: input.zone.unwrap_or(merchant.zone),
            line,
            accepted_at: self.latest,
            state,
            chosen,
            eligible: window.start(),
            attempts: 0,
            merchant_failures: 0,
            platform_failures: 0,
            conversations: 0,
            held: None,
            given_up: None,
            cancel_pending: false,
            end_fired: false,
            closed: None,
            number: None,
            platform_only: false,
            challenge: None,
            group_size,
            group: None,
            decline_pending: false,
            unacknowledged: false,
            announced: false,
            rested: None,
            waiting: None,
            slot: None,
            spent: None,
            result_by: input.result_by,
            email: input.email.clone(),
            remind_at: None,
            reminded: None,
        };
        self.reservations_given += 1;
        let id = ReservationId::new(self.reservations_given);
        let record = BookedRecord {
            reservation: id,
            revision: 1,
            merchant: reservation.merchant,
            window: reservation.window,
            evidence: reservation.evidence.clone(),
        };
        self.reservations.insert(id, reservation);
        self.audit(AuditRecord::Booked(record));

        if state == ReservationState::Unverified {
            let notice = self.notice(id);
            self.tell_user(input.user.clone(), UserContent::ContactUnconfirmed(notice));
            self.ask_holder(id);
        } else {
            self.accept(id);
            self.remember(id);
            if self.latest >= window.start() {
                self.open(id);
            }
        }
        Ok(Reply::Booked(Booked { reservation: id, state: self.reservation_of(id).state }))
    }

    /// All the checks, in order. The answer is the number that shall ring, and when.
    fn check_booking(&self, input: &Book) -> Result<(PhoneNumber, Window), Refusal> {
        let page = self.published(input.page)?;
        if !page.offerings.contains_key(&input.offering) {
            return Err(unknown(Object::Offering, input.offering.get()));
        }
        if input.share && page.group_size < 2 {
            return Err(Refusal::SharingNotOffered { page: input.page });
        }
        self.check_user(&input.user, Field::User)?;
        if input.user.number().is_some_and(|number| self.pool.contains(&number)) {
            return Err(Refusal::Invalid { field: Field::User, allowed: Allowed::NotAVirtualNumber });
        }
        let Some(contact) = input.contact.or_else(|| input.user.number()) else {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NeededWithoutNumber });
        };
        if self.merchant_of_line(contact).is_some() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotALine });
        }
        if self.pool.contains(&contact) {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotAVirtualNumber });
        }
        if !is_a_subscribers(contact) {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::SubscriberNumber });
        }
        if self.is_listed(contact) {
            return Err(Refusal::DoNotCall);
        }
        if let Some(evidence) = &input.evidence {
            for text in [&evidence.message, &evidence.body_hash, &evidence.agent].into_iter().flatten() {
                self.check_text(text)?;
            }
        }
        if let Some(name) = &input.name {
            self.check_text(name)?;
            if name.trim().is_empty() {
                return Err(Refusal::Invalid { field: Field::Name, allowed: Allowed::NotEmpty });
            }
        }
        self.check_attachments(&input.attachments, None)?;
        check_way(input)?;
        if self.has_blocked(&input.user, page.merchant) {
            return Err(Refusal::Blocked);
        }
        self.check_window(page, &input.window)?;
        let zone = input.zone.unwrap_or(self.merchant_of(page.merchant).zone);
        let hours = CallableHours::of(&self.policy, contact, zone, input.window);
        let Some(window) = hours.trimmed().filter(|window| window.end() > self.latest) else {
            return Err(Refusal::OutsideHours { callable: hours.next(self.latest.max(input.window.start())) });
        };
        // An unverified booking blocks nobody, and is not blocked: the two kinds do not see each other.
        let unverified = input.user.number() != Some(contact);
        if !unverified {
            self.check_overlap(None, page.merchant, contact, &window, &input.user)?;
        }
        if self.reservations.len() >= self.policy.reservations_max as usize {
            return Err(limit(Bound::Reservations, self.policy.reservations_max));
        }
        let of_sender = self.reservations.values().filter(|kept| same_person(&kept.user, &input.user)).count();
        if of_sender >= self.policy.reservations_per_sender_max as usize {
            return Err(limit(Bound::ReservationsPerSender, self.policy.reservations_per_sender_max));
        }
        self.check_number(None, contact, !unverified)?;
        if unverified {
            self.check_codes(contact, None)?;
        }
        self.check_outbox(5 + self.messages_of_a_result())?;
        Ok((contact, window))
    }

    /// A window against the clock and the page.
    pub(super) fn check_window(&self, page: &Page, window: &Window) -> Result<(), Refusal> {
        if window.end() <= self.latest {
            return Err(Refusal::WindowOver { end: window.end(), nearest: self.nearest(page, window) });
        }
        if window.end() > self.latest.saturating_add_s(self.policy.book_ahead_max_s.into()) {
            return Err(limit(Bound::BookAhead, self.policy.book_ahead_max_s));
        }
        if !self.is_offered(page, window) {
            return Err(Refusal::WindowNotOffered { nearest: self.nearest(page, window) });
        }
        Ok(())
    }

    /// The holder of the contact number has agreed: a number, and the messages.
    pub(super) fn accept(&mut self, id: ReservationId) {
        self.lease(id);
        self.find_group(id);
        self.reservation_mut(id).unacknowledged = self.results_await();
        self.fix_reminder(id);
        let terms = self.terms(id);
        self.announce(id, &terms);
    }

    /// The messages of an accepted booking, or of agreed terms.
    pub(super) fn announce(&mut self, id: ReservationId, terms: &Terms) {
        let known = std::mem::replace(&mut self.reservation_mut(id).announced, true);
        let reservation = self.reservation_of(id).clone();
        self.tell_result(id, way_of_results(&reservation), terms);
        if reservation.user.number() != Some(terms.contact) {
            self.tell_result(id, Address::Sms(terms.contact), terms);
        }
        let for_merchant = self.for_merchant(id, terms);
        if known {
            self.tell_merchant(reservation.merchant, MerchantContent::Amended(for_merchant));
            return;
        }
        self.tell_merchant(reservation.merchant, MerchantContent::Reservation(for_merchant));
        if reservation.chosen.is_none() {
            let options = ModeOptions { reservation: id, options: CallMode::ALL, on_silence: self.policy.mode_on_silence };
            self.tell_merchant(reservation.merchant, MerchantContent::ModeOptions(options));
        }
    }

    /// What the merchant sees of these terms, with the number that he may dial now.
    pub(super) fn for_merchant(&self, id: ReservationId, terms: &Terms) -> ReservationForMerchant {
        let reservation = self.reservation_of(id);
        ReservationForMerchant {
            reservation: id,
            revision: terms.revision,
            page: reservation.page,
            offering: terms.offering,
            offering_name: terms.offering_name.clone(),
            number: terms.contact.masked(),
            virtual_number: reservation.number,
            name: terms.name.as_deref().map(MaskedText::new),
            line: reservation.line,
            window: terms.window,
            zone: terms.zone,
            group: reservation.group.filter(|_| self.share_alike(&self.terms(id), terms)),
            media: SharedMedia::among(&terms.attachments),
        }
    }

    pub(super) fn notice(&self, id: ReservationId) -> ReservationNotice {
        let reservation = self.reservation_of(id);
        ReservationNotice {
            reservation: id,
            merchant_name: self.merchant_of(reservation.merchant).name.clone(),
            window: reservation.window,
            zone: reservation.zone,
        }
    }
}
