//! Changing, declining and confirming a reservation.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    AcknowledgedRecord, Action, AmendedRecord, AuditRecord, DeclinedNotice, DeclinedRecord, MerchantContent, Rebased,
    ReservationOnHold, Rule, UserContent,
};
use ringfence::values::id::{CallId, GroupId, MerchantId, OfferingId, ReservationId};
use ringfence::values::input::{Acknowledge, Amend, Decline};
use ringfence::values::media::Attachment;
use ringfence::values::number::{Address, PhoneNumber, VirtualNumber};
use ringfence::values::policy::Confirmation;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Amended, Outcome, Reply, ReservationState};
use ringfence::values::text::{MaskedText, Text};
use ringfence::values::time::{Timestamp, Window, Zone};

use crate::hours::CallableHours;

use super::calls::Why;
use super::merchants::is_a_subscribers;
use super::reservations::same_person;
use super::{LegState, Model, Reservation, limit, unknown};

/// What a revision says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) revision: u32,
    pub(super) window: Window,
    pub(super) zone: Zone,
    pub(super) contact: PhoneNumber,
    pub(super) offering: OfferingId,
    pub(super) offering_name: Text,
    pub(super) name: Option<Text>,
    pub(super) agreed: bool,
    pub(super) unacknowledged: bool,
    /// With how many he agrees to be on a call.
    pub(super) group_size: u32,
    pub(super) attachments: Vec<Attachment>,
}

/// Terms that had waited and are set now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    pub(super) agreed: bool,
    /// Another phone is to ring.
    another_phone: bool,
    /// The virtual number until then.
    number: Option<VirtualNumber>,
    /// The group that the merchant was told with them.
    group: Option<GroupId>,
}

impl Model {
    /// The terms that hold.
    pub(super) fn terms(&self, id: ReservationId) -> Terms {
        let kept = self.reservation_of(id);
        Terms {
            revision: kept.revision,
            window: kept.window,
            zone: kept.zone,
            contact: kept.contact,
            offering: kept.offering,
            offering_name: kept.offering_name.clone(),
            name: kept.name.clone(),
            agreed: kept.state != ReservationState::Unverified,
            unacknowledged: kept.unacknowledged,
            group_size: kept.group_size,
            attachments: kept.attachments.clone(),
        }
    }

    /// Whether one reservation has the same group by both.
    pub(super) fn share_alike(&self, one: &Terms, other: &Terms) -> bool {
        let of_group = |terms: &Terms| (terms.agreed, terms.offering, terms.window, terms.group_size);
        of_group(one) == of_group(other)
    }

    /// Whether a result has to be confirmed.
    pub(super) fn results_await(&self) -> bool {
        self.policy.confirmation == Confirmation::Acknowledgement
    }

    /// The live reservations that would ring this number, now or by terms that wait.
    pub(super) fn live_of(&self, contact: PhoneNumber) -> BTreeSet<ReservationId> {
        let live = self.reservations.iter().filter(|(_, kept)| kept.state != ReservationState::Closed);
        live.filter(|(_, kept)| claims(kept, contact).next().is_some()).map(|(id, _)| *id).collect()
    }

    /// The reservation, and those of the number that it would ring.
    pub(super) fn touched_by_amending(&self, input: &Amend) -> BTreeSet<ReservationId> {
        let kept = self.reservations.get(&input.reservation);
        let contact = kept.map(|kept| {
            let stands = kept.waiting.as_ref().map_or(kept.contact, |terms| terms.contact);
            input.contact.unwrap_or(stands)
        });
        let mut reservations = contact.map_or_else(BTreeSet::new, |contact| self.live_of(contact));
        reservations.insert(input.reservation);
        reservations
    }

    /// No other agreed one of this number with this merchant overlaps.
    pub(super) fn check_overlap(
        &self,
        own: Option<ReservationId>,
        merchant: MerchantId,
        contact: PhoneNumber,
        window: &Window,
        sender: &Address,
    ) -> Result<(), Refusal> {
        let others = self.live_of(contact).into_iter().filter(|id| Some(*id) != own);
        let mut with_him = others.filter(|id| self.reservation_of(*id).merchant == merchant);
        let overlaps = |id: &ReservationId| {
            claims(self.reservation_of(*id), contact).any(|(agreed, claimed)| agreed && claimed.overlaps(window))
        };
        match with_him.find(overlaps) {
            Some(id) => Err(Refusal::Overlap { reservation: same_person(&self.reservation_of(id).user, sender).then_some(id) }),
            None => Ok(()),
        }
    }

    /// The live ones of a number, agreed and others counted apart.
    pub(super) fn check_number(&self, own: Option<ReservationId>, contact: PhoneNumber, agreed: bool) -> Result<(), Refusal> {
        let alike = |id: &ReservationId| claims(self.reservation_of(*id), contact).any(|(of_it, _)| of_it == agreed);
        let count = self.live_of(contact).into_iter().filter(|id| Some(*id) != own).filter(alike).count();
        let most = self.policy.reservations_per_number_max;
        if count >= most as usize { Err(limit(Bound::ReservationsPerNumber, most)) } else { Ok(()) }
    }

    pub(super) fn amend(&mut self, input: &Amend) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let kept = self.named(id)?;
        if !same_person(&kept.user, &input.user) && input.user.number() != Some(kept.contact) {
            return Err(unknown(Object::Reservation, id.get()));
        }
        if kept.state == ReservationState::Closed {
            return Err(Refusal::WrongState { reservation: id, state: kept.state, legal: live_states() });
        }
        if kept.cancel_pending || kept.decline_pending {
            return Err(Refusal::Ending { reservation: id });
        }
        let old = kept.waiting.clone().unwrap_or_else(|| self.terms(id));
        let mut new = old.clone();
        new.zone = input.zone.unwrap_or(old.zone);
        new.contact = input.contact.unwrap_or(old.contact);
        new.window = input.window.unwrap_or(old.window);
        let clock = |contact, zone| CallableHours::of(&self.policy, contact, zone, old.window).zone;
        let new_clock = clock(new.contact, new.zone) != clock(old.contact, old.zone);
        if input.window.is_some() || new_clock {
            let hours = CallableHours::of(&self.policy, new.contact, new.zone, new.window);
            new.window = hours.trimmed().unwrap_or(new.window);
        }
        new.offering = input.offering.unwrap_or(old.offering);
        new.name = input.name.clone().or(old.name.clone());
        new.attachments = input.attachments.clone().unwrap_or(old.attachments.clone());
        match input.share {
            Some(true) => new.group_size = self.offered_size(kept.page).unwrap_or(old.group_size),
            Some(false) => new.group_size = 1,
            None => {}
        }
        let in_vain = input.share == Some(true) && new.group_size == 1;
        if new == old && !in_vain {
            return Ok(Reply::NoOp);
        }
        self.check_new_terms(input, &old, &mut new)?;
        let kept = self.reservation_of(id);
        let accepted = new.agreed && (kept.state == ReservationState::Unverified || kept.contact != new.contact);

        let call = self.live_calls_of(id).into_iter().next();
        let answered = call.is_some_and(|call| self.user_has_answered(call, id));
        let carried = call.is_some_and(|call| self.carries(call, id, &old, &new));
        if answered {
            let before = self.media_of(id);
            self.reservation_mut(id).waiting = Some(new.clone());
            self.erase_dropped(id, &before);
        } else if let Some(call) = call.filter(|_| !carried) {
            self.reservation_mut(id).waiting = Some(new.clone());
            self.end_part(call, id, ReleaseCause::Amended, Why::Amended);
        } else if call.is_some() {
            self.set_terms(id, new.clone());
        } else {
            let kept = self.reservation_of(id);
            let closing = now_and(self.latest, self.policy.min_ring_s) >= kept.span().end();
            let stood = (kept.state == ReservationState::Open && !closing).then_some(kept.eligible);
            self.set_terms(id, new.clone());
            self.place(id, new.agreed, stood);
        }
        self.tell_of_new_terms(input, &new, accepted && !answered, call.filter(|_| carried && !answered));
        Ok(Reply::Amended(Amended { revision: new.revision, state: self.reservation_of(id).state }))
    }

    /// Checks from the third on, and what they find out about the terms.
    fn check_new_terms(&self, input: &Amend, old: &Terms, new: &mut Terms) -> Result<(), Refusal> {
        let id = input.reservation;
        let kept = self.reservation_of(id);
        let talks = |call: &CallId| self.call_of(*call).parts.iter().any(|part| part.reservation == id && part.talked);
        let talks = self.live_calls_of(id).iter().any(talks);
        if talks && kept.conversations + 1 >= self.policy.conversations_max {
            return Err(Refusal::LastConversation { reservation: id });
        }
        if new.offering != old.offering {
            let Some(name) = self.published(kept.page)?.offerings.get(&new.offering) else {
                return Err(unknown(Object::Offering, new.offering.get()));
            };
            new.offering_name = name.clone();
        }
        if input.share == Some(true) && new.group_size == 1 {
            self.published(kept.page)?;
            return Err(Refusal::SharingNotOffered { page: kept.page });
        }
        if new.contact != old.contact && self.merchant_of_line(new.contact).is_some() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotALine });
        }
        if new.contact != old.contact && self.pool.contains(&new.contact) {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotAVirtualNumber });
        }
        if new.contact != old.contact && !is_a_subscribers(new.contact) {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::SubscriberNumber });
        }
        if new.contact != old.contact && self.is_listed(new.contact) {
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
        if new.attachments != old.attachments && !same_person(&input.user, &kept.user) {
            return Err(Refusal::Invalid { field: Field::Attachments, allowed: Allowed::OfTheSender });
        }
        if new.attachments != old.attachments {
            self.check_attachments(&new.attachments, Some(id))?;
        }
        if self.has_blocked(&input.user, kept.merchant) {
            return Err(Refusal::Blocked);
        }
        if new.window != old.window {
            self.check_window(self.published(kept.page)?, &input.window.unwrap_or(old.window))?;
        }
        let clock = |contact, zone| CallableHours::of(&self.policy, contact, zone, old.window).zone;
        let new_clock = clock(new.contact, new.zone) != clock(old.contact, old.zone);
        if new.window != old.window || new_clock {
            let window = input.window.unwrap_or(old.window);
            let hours = CallableHours::of(&self.policy, new.contact, new.zone, window);
            if hours.trimmed().is_none_or(|window| window.end() <= self.latest) {
                return Err(Refusal::OutsideHours { callable: hours.next(self.latest.max(window.start())) });
            }
        }
        let inside = old.window.start() <= new.window.start() && new.window.end() <= old.window.end();
        let shares_more = new.group_size > old.group_size;
        let from_the_phone = input.user.number() == Some(new.contact);
        let same_zone = new.zone == old.zone;
        new.agreed = from_the_phone || (old.agreed && new.contact == old.contact && inside && !shares_more && same_zone);
        new.unacknowledged = new.agreed && self.results_await();
        let other_claim = new.window != old.window || new.contact != old.contact || new.agreed != old.agreed;
        if new.agreed && other_claim {
            self.check_overlap(Some(id), kept.merchant, new.contact, &new.window, &input.user)?;
        }
        new.revision += 1;
        if new.revision > self.policy.revisions_max {
            return Err(limit(Bound::Revisions, self.policy.revisions_max));
        }
        if new.contact != old.contact || new.agreed != old.agreed {
            self.check_number(Some(id), new.contact, new.agreed)?;
        }
        if !new.agreed {
            self.check_codes(new.contact, Some(id))?;
        }
        self.check_outbox(5 + 2 * self.messages_of_a_result())
    }

    /// Whether a call in which nobody but the merchant has answered goes on under the new terms.
    fn carries(&self, call: CallId, user: ReservationId, old: &Terms, new: &Terms) -> bool {
        let now = self.latest;
        // A slot must be kept for what rings in it to ring on.
        let slot = self.reservation_of(user).slot;
        let span = slot.unwrap_or(new.window);
        let last = span.end().saturating_sub_s(self.policy.min_ring_s.into());
        let unanswered = self.legs.values().filter(|leg| {
            let rings = matches!(leg.state, LegState::Dialled | LegState::Ringing);
            let concerns = leg.reservation.is_none_or(|other| other == user);
            leg.call == call && !leg.inbound && rings && concerns
        });
        let hours_end = CallableHours::of(&self.policy, new.contact, new.zone, span).end_from(now);
        let told = |leg: &super::Leg| {
            let rung_out = leg.dialled_at.saturating_add_s(self.policy.ring_timeout_s.into());
            let rung_out = leg.hours_end.map_or(rung_out, |end| end.min(rung_out));
            let rings_until = rung_out.min(slot.unwrap_or(old.window).end());
            let of_user = leg.party == ringfence::values::effect::Party::User;
            if of_user && rung_out.min(span.end()) > hours_end {
                return false;
            }
            let not_after = self.kept.iter().filter(|kept| !kept.voided).find_map(|kept| match &kept.effect.action {
                Action::Dial(dial) if Some(kept.effect.sequence) == leg.dial => Some(dial.not_after),
                Action::Dial(_)
                | Action::Answer(_)
                | Action::Reject(_)
                | Action::Play(_)
                | Action::Join(_)
                | Action::HangUp(_)
                | Action::Send(_)
                | Action::Audit(_)
                | Action::Archive(_)
                | Action::Erase(_)
                | Action::Record(_)
                | Action::Transcribe(_)
                | Action::ArchiveVoiceMessage(_) => None,
            });
            rings_until <= span.end() && not_after.is_none_or(|not_after| not_after <= last)
        };
        new.agreed
            && !new.unacknowledged
            && new.contact == old.contact
            && new.offering == old.offering
            && new.zone == old.zone
            && new.group_size == old.group_size
            && slot.is_none_or(|slot| new.window.covers(&slot))
            && span.start() <= now
            && now < last
            && unanswered.into_iter().all(told)
    }

    fn set_terms(&mut self, id: ReservationId, terms: Terms) {
        let now = self.latest;
        if self.reservation_of(id).contact != terms.contact {
            self.leave_number(id);
        }
        let same_group = self.share_alike(&self.terms(id), &terms);
        let before = self.media_of(id);
        let kept = self.reservation_mut(id);
        kept.challenge = None;
        kept.waiting = None;
        if kept.window != terms.window || kept.zone != terms.zone || kept.contact != terms.contact {
            kept.given_up = None;
            kept.held = None;
        }
        if kept.window != terms.window {
            kept.slot.take_if(|slot| !terms.window.covers(slot) || slot.end() <= now);
            kept.spent = None;
        }
        if kept.window != terms.window {
            kept.reminded = None;
        }
        kept.revision = terms.revision;
        kept.window = terms.window;
        kept.zone = terms.zone;
        kept.contact = terms.contact;
        kept.offering = terms.offering;
        kept.offering_name = terms.offering_name;
        kept.name = terms.name;
        kept.unacknowledged = terms.unacknowledged;
        kept.group_size = terms.group_size;
        kept.end_fired = false;
        kept.attachments = terms.attachments;
        if !same_group {
            kept.group = None;
            if terms.agreed {
                self.find_group(id);
            }
        }
        self.erase_dropped(id, &before);
    }

    /// The call is over: the terms that waited are set. Says whether some were, and what follows from them.
    pub(super) fn set_waiting_terms(&mut self, id: ReservationId) -> Option<Set> {
        let terms = self.reservation_of(id).waiting.clone()?;
        let kept = self.reservation_of(id);
        let group = self.for_merchant(id, &terms).group;
        let set = Set { agreed: terms.agreed, another_phone: terms.contact != kept.contact, number: kept.number, group };
        self.set_terms(id, terms);
        Some(set)
    }

    /// What the end of a call leads to when terms had waited for it, beside where it places the reservation.
    pub(super) fn follow_up(&mut self, id: ReservationId, set: &Set) {
        let contact = self.reservation_of(id).contact;
        if !set.agreed {
            if self.check_codes(contact, Some(id)).is_ok() {
                self.ask_holder(id);
            }
            return;
        }
        if set.another_phone {
            self.lease(id);
        }
        let kept = self.reservation_of(id);
        if kept.number != set.number || kept.group != set.group {
            let content = self.for_merchant(id, &self.terms(id));
            self.tell_merchant(kept.merchant, MerchantContent::Amended(content));
        }
    }

    /// The state that new terms lead to. `stood`: the place in the queue of a reservation that was open, if it had one to keep.
    pub(super) fn place(&mut self, id: ReservationId, agreed: bool, stood: Option<Timestamp>) {
        let now = self.latest;
        let silence = self.mode_of_silence();
        let by_platform = self.mode_by_platform();
        let kept = self.reservation_mut(id);
        let begun = kept.spent.is_none() && kept.span().start() <= now;
        let fresh = kept.span().start().max(now).max(kept.rested.unwrap_or(now));
        kept.eligible = match stood {
            Some(eligible) if agreed && begun => eligible,
            Some(_) | None => fresh,
        };
        kept.accepted_at = kept.eligible;
        if agreed && kept.state == ReservationState::Unverified {
            kept.chosen = kept.chosen.or(by_platform);
        }
        kept.state = if !agreed {
            ReservationState::Unverified
        } else if begun {
            kept.chosen.get_or_insert(silence);
            ReservationState::Open
        } else if kept.chosen.is_some() {
            ReservationState::Scheduled
        } else {
            ReservationState::AwaitingMode
        };
        self.fix_reminder(id);
    }

    fn tell_of_new_terms(&mut self, input: &Amend, new: &Terms, accepted: bool, carried: Option<CallId>) {
        let id = input.reservation;
        let (revision, window, is_agreed) = (new.revision, new.window, new.agreed);
        let evidence = input.evidence.clone();
        self.audit(AuditRecord::Amended(AmendedRecord { reservation: id, revision, window, is_agreed, evidence }));
        if let Some(call) = carried {
            let rule = Rule::Permitted { window, mode: self.call_of(call).mode };
            self.audit(AuditRecord::Rebased(Rebased { call, reservation: id, revision, rule }));
        }
        let kept = self.reservation_of(id).clone();
        if kept.state == ReservationState::Closed {
        } else if new.agreed {
            if accepted {
                self.lease(id);
            }
            self.announce(id, new);
        } else {
            let notice = ringfence::values::effect::ReservationNotice { window, zone: new.zone, ..self.notice(id) };
            self.tell_user(kept.user, UserContent::ContactUnconfirmed(notice));
            if kept.announced {
                let on_hold = ReservationOnHold { reservation: id, revision, window, zone: new.zone };
                self.tell_merchant(kept.merchant, MerchantContent::OnHold(on_hold));
            }
            if kept.waiting.is_none() {
                self.ask_holder(id);
            }
        }
    }

    pub(super) fn decline(&mut self, input: &Decline) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let kept = self.named(id)?;
        if kept.merchant != input.merchant {
            return Err(unknown(Object::Reservation, id.get()));
        }
        if let Some(reason) = &input.reason {
            self.check_text(reason)?;
        }
        let kept = self.reservation_of(id).clone();
        if kept.decline_pending || matches!(kept.closed, Some((Outcome::Declined, _))) {
            return Ok(Reply::NoOp);
        }
        if kept.state == ReservationState::Closed {
            return Err(Refusal::WrongState { reservation: id, state: kept.state, legal: live_states() });
        }
        if kept.cancel_pending {
            return Err(Refusal::Ending { reservation: id });
        }
        if kept.state == ReservationState::InCall {
            self.reservation_mut(id).decline_pending = true;
            for call in self.live_calls_of(id) {
                if !self.user_has_answered(call, id) {
                    self.end_part(call, id, ReleaseCause::Withdrawn, Why::Other);
                }
            }
        } else {
            self.close(id, Outcome::Declined);
        }
        self.audit(AuditRecord::Declined(DeclinedRecord { reservation: id, revision: kept.revision }));
        let notice = self.notice(id);
        let declined = DeclinedNotice {
            reservation: id,
            merchant_name: notice.merchant_name,
            reason: input.reason.as_deref().map(MaskedText::new),
            window: notice.window,
            zone: notice.zone,
        };
        self.tell_user(kept.user, UserContent::Declined(declined));
        Ok(Reply::Done)
    }

    pub(super) fn acknowledge(&mut self, input: &Acknowledge) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let kept = self.named(id)?;
        if !same_person(&kept.user, &input.user) && input.user.number() != Some(kept.contact) {
            return Err(unknown(Object::Reservation, id.get()));
        }
        if matches!(kept.state, ReservationState::Unverified | ReservationState::Closed) {
            let legal = live_states().into_iter().filter(|state| *state != ReservationState::Unverified).collect();
            return Err(Refusal::WrongState { reservation: id, state: kept.state, legal });
        }
        let (latest, room) = (self.latest, self.check_outbox(1));
        let kept = self.reservation_mut(id);
        let (awaits, revision) = match &mut kept.waiting {
            Some(terms) => (&mut terms.unacknowledged, terms.revision),
            None => (&mut kept.unacknowledged, kept.revision),
        };
        if !*awaits {
            return Ok(Reply::NoOp);
        }
        room?;
        *awaits = false;
        if kept.state == ReservationState::Open {
            kept.eligible = kept.eligible.max(latest);
        }
        self.audit(AuditRecord::Acknowledged(AcknowledgedRecord { reservation: id, revision }));
        Ok(Reply::Done)
    }
}

/// What a reservation claims of a number, now and by terms that wait: agreed or not, and the window.
fn claims(kept: &Reservation, contact: PhoneNumber) -> impl Iterator<Item = (bool, Window)> + use<> {
    let now = (kept.contact == contact).then(|| (kept.state != ReservationState::Unverified, kept.window));
    let waiting = kept.waiting.as_ref().filter(|terms| terms.contact == contact).map(|terms| (terms.agreed, terms.window));
    now.into_iter().chain(waiting)
}

fn now_and(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_add_s(seconds.into())
}

fn live_states() -> Vec<ReservationState> {
    vec![
        ReservationState::Unverified,
        ReservationState::AwaitingMode,
        ReservationState::Scheduled,
        ReservationState::Open,
        ReservationState::InCall,
    ]
}
