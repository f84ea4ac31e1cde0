//! Whether the holder of a contact number agrees (P2): a code goes to the number itself, and comes back.

use super::Appointments;
use super::clock::Target;
use super::managing::result_effects;
use super::merchants::{check_outbox, legal, limit};
use super::records::{LiveChallenge, Reservation};
use crate::books::commons::Ids;
use crate::books::keyring::Keyring;
use crate::books::recent::{DAY_S, Entry, HOUR_S};
use crate::decisions::codes;
use crate::halves::Context;
use crate::halves::checks::check_code_limits;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::code::Code;
use crate::values::effect::{AuditRecord, Challenge, Challenged, CodeJudged, UserContent};
use crate::values::id::{ChallengeId, ReservationId};
use crate::values::input::{ConfirmContact, RequestCode};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::{CallMode, ModeChooser, Policy};
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{Confirmed, Outcome, Reply, ReservationState, WrongCode};
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// What asking emits: an audit and a message.
const ASKING_EFFECTS: usize = 2;
/// What an agreement emits at most beside its two results: an audit, the lease of a virtual number and the warning that few are left, the reservation
/// and the mode options.
const AGREEING_EFFECTS: usize = 5;

/// Whether somebody else than the sender must agree before this number is rung: the sender's address does not prove that it is his.
pub(super) fn needs_agreement(sender: &Address, contact: PhoneNumber) -> bool {
    sender.number() != Some(contact)
}

/// The mode of a reservation that is accepted and has none: the rules may have changed since the booking, and nobody is asked what is the
/// platform's to choose.
pub(super) const fn chosen_by_platform(policy: &Policy) -> Option<CallMode> {
    match policy.mode_chosen_by {
        ModeChooser::Platform(mode) => Some(mode),
        ModeChooser::Merchant => None,
    }
}

/// The code of a challenge. `None` when its key is not loaded, which the platform does not let happen.
fn code_of(keyring: &Keyring, challenge: &LiveChallenge) -> Option<Code> {
    let nonce = codes::challenge(challenge.id, challenge.reservation, challenge.revision);
    keyring.get(&challenge.key).map(|key| codes::code(key, &nonce, challenge.digits))
}

impl Appointments {
    /// Whether one more code may go to this number now. Without a key there are no codes, and nothing to limit.
    ///
    /// `instead_of` is the reservation whose older code the new one would end.
    ///
    /// # Errors
    /// `wrong_code_limit`, `code_limit`, `limit` (challenges of this number, codes).
    pub(super) fn check_codes(
        &self,
        cx: &Context<'_>,
        number: PhoneNumber,
        instead_of: Option<ReservationId>,
    ) -> Result<(), Refusal> {
        if cx.key.is_none() {
            return Ok(());
        }
        check_code_limits(cx, number)?;
        let live = self.contacts.get(number).into_iter().flat_map(|contact| &contact.live);
        let others = live.filter(|id| Some(**id) != instead_of).filter_map(|id| self.reservations.get(id.get()));
        let alive = others.filter(|reservation| reservation.challenge.is_some()).count();
        limit(Bound::ChallengesPerNumber, alive, cx.policy.challenges_per_number_max)?;
        limit(Bound::Codes, cx.commons.codes.len(), cx.policy.codes_max)
    }

    /// Asks the holder of the contact number. A code that is out for the same reservation ends. Without a key nobody is asked. One who blocked the
    /// merchant is sent nothing; the rest is the same, so that who booked does not learn of it.
    pub(super) fn challenge(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        self.end_challenge(id);
        let Some(key) = cx.key.cloned() else { return };
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let Some(merchant) = self.catalog.merchants.get(&reservation.merchant) else { return };
        let until = cx.now.saturating_add_s(u64::from(cx.policy.code_life_s)).min(reservation.window.end());
        let (contact, revision) = (reservation.contact, reservation.revision);
        let wants_none = self.has_blocked(&Address::Sms(contact), reservation.merchant);
        let challenge = ChallengeId::new(cx.commons.ids.challenge.take());
        let content = Challenge {
            challenge,
            reservation: id,
            merchant_name: merchant.name.clone(),
            offering_name: reservation.offering_name.clone(),
            window: reservation.window,
            zone: reservation.zone,
            until,
            is_shared: reservation.group_size > 1,
        };
        let digits = cx.policy.code_digits;
        self.add_challenge(LiveChallenge { id: challenge, reservation: id, revision, key: key.clone(), digits, until, wrong: 0 });
        cx.commons.codes.put(Entry { number: contact, until: cx.now.saturating_add_s(HOUR_S), mark: challenge });
        cx.audit(AuditRecord::Challenged(Challenged { challenge, reservation: id, revision, key }));
        if !wants_none {
            self.send_user(cx, Address::Sms(contact), UserContent::Challenge(content));
        }
    }

    fn add_challenge(&mut self, challenge: LiveChallenge) {
        let (id, reservation) = (challenge.id, challenge.reservation);
        self.restore_challenge(challenge);
        self.update_reservation(reservation, |reservation| reservation.challenge = Some(id));
    }

    /// Puts a challenge of a snapshot back. Its reservation knows it already.
    pub(super) fn restore_challenge(&mut self, challenge: LiveChallenge) {
        self.agenda.move_to(Target::Challenge(challenge.id), None, Some(challenge.until));
        self.challenges.insert(challenge.id.get(), challenge);
    }

    /// Ends the code that is out for a reservation, if there is one.
    pub(super) fn end_challenge(&mut self, id: ReservationId) {
        let Some(challenge) = self.update_reservation(id, |reservation| reservation.challenge.take()).flatten() else { return };
        if let Some(challenge) = self.challenges.remove(challenge.get()) {
            self.agenda.move_to(Target::Challenge(challenge.id), Some(challenge.until), None);
        }
    }

    /// The time of a code is over. The reservation waits on: a new one may be asked for.
    pub(super) fn code_expires(&mut self, id: ChallengeId) {
        if let Some(reservation) = self.challenges.get(id.get()).map(|challenge| challenge.reservation) {
            self.end_challenge(reservation);
        }
    }

    /// Settles every live reservation of the contact number of this one, and itself.
    fn settle_holder(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        match self.reservations.get(id.get()) {
            Some(reservation) if reservation.state.is_live() => {
                let contact = reservation.contact;
                self.settle_contact(cx, contact);
            }
            Some(_) | None => self.settle_reservation(cx, id),
        }
    }

    /// The reservation that waits for its contact's holder, if this user may speak for it.
    fn unverified(&self, user: &Address, id: ReservationId) -> Result<&Reservation, Refusal> {
        let reservation = self.reservations.get(id.get()).ok_or_else(|| self.missing_reservation(id))?;
        if !reservation.belongs_to(user) {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        match reservation.state.on(ReservationEvent::Confirmed) {
            Step::To(_) => Ok(reservation),
            Step::NoOp | Step::NotAllowed => {
                Err(Refusal::WrongState { reservation: id, state: reservation.state, legal: legal(ReservationEvent::Confirmed) })
            }
        }
    }

    pub(super) fn request_code(&mut self, cx: &mut Context<'_>, input: &RequestCode) -> Result<Reply, Refusal> {
        self.settle_holder(cx, input.reservation);
        cx.commons.forget_codes(cx.now);
        let contact = self.unverified(&input.user, input.reservation)?.contact;
        if cx.key.is_none() {
            return Err(Refusal::NoKey);
        }
        self.check_codes(cx, contact, Some(input.reservation))?;
        check_outbox(cx, ASKING_EFFECTS)?;
        self.challenge(cx, input.reservation);
        Ok(Reply::Done)
    }

    pub(super) fn confirm_contact(&mut self, cx: &mut Context<'_>, input: &ConfirmContact) -> Result<Reply, Refusal> {
        self.settle_holder(cx, input.reservation);
        let id = input.reservation;
        let reservation = self.unverified(&input.user, id)?;
        let challenge = reservation.challenge.and_then(|challenge| self.challenges.get(challenge.get()));
        let challenge = challenge.ok_or(Refusal::NoCode { reservation: id })?.clone();
        check_outbox(cx, AGREEING_EFFECTS.saturating_add(result_effects(cx.policy).saturating_mul(2)))?;
        let code = code_of(cx.keyring, &challenge).ok_or_else(|| Refusal::KeyNotLoaded { id: challenge.key.clone() })?;
        let is_right = code == input.code;
        if is_right {
            self.check_agreed(cx, reservation, &input.user)?;
        }
        cx.audit(AuditRecord::CodeJudged(CodeJudged {
            challenge: challenge.id,
            reservation: id,
            revision: challenge.revision,
            is_right,
        }));
        if is_right { Ok(self.agreed(cx, id)) } else { Ok(self.wrong_code(cx, &challenge)) }
    }

    /// What an accepted booking is checked for, once more: it did not count before, and the world has gone on.
    fn check_agreed(&self, cx: &Context<'_>, reservation: &Reservation, user: &Address) -> Result<(), Refusal> {
        if self.lines.get(reservation.contact).is_some() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotALine });
        }
        self.check_not_virtual(Field::Contact, reservation.contact)?;
        if self.has_blocked(&Address::Sms(reservation.contact), reservation.merchant) {
            return Err(Refusal::Blocked);
        }
        self.check_not_listed(reservation.contact)?;
        self.check_overlap(reservation.merchant, reservation.contact, &reservation.window, user, Some(reservation.id))?;
        self.check_number(cx.policy, reservation.contact, true, Some(reservation.id))
    }

    /// The holder agrees: the booking is accepted, as any other is.
    fn agreed(&mut self, cx: &mut Context<'_>, id: ReservationId) -> Reply {
        self.end_challenge(id);
        let now = cx.now;
        let chosen = chosen_by_platform(cx.policy);
        self.update_reservation(id, |reservation| {
            reservation.mode = reservation.mode.or(chosen);
            reservation.state.apply(ReservationEvent::Confirmed);
            if reservation.mode.is_some() {
                reservation.state.apply(ReservationEvent::ModeChosen);
            }
            reservation.eligible_at = reservation.eligible_from(now);
        });
        self.accept(cx, id);
        // Changes of a reservation change no profile: others than its sender may have made them.
        if self.reservations.get(id.get()).is_some_and(|reservation| reservation.revision == 1) {
            self.remember(cx, id);
        }
        self.settle_reservation(cx, id);
        let state = self.reservations.get(id.get()).map_or(ReservationState::Closed, |reservation| reservation.state);
        Reply::Confirmed(Confirmed { reservation: id, state })
    }

    /// A wrong code counts; the last one closes the reservation.
    fn wrong_code(&mut self, cx: &mut Context<'_>, challenge: &LiveChallenge) -> Reply {
        let wrong = challenge.wrong.saturating_add(1);
        if let Some(number) = self.reservations.get(challenge.reservation.get()).map(|reservation| reservation.contact) {
            cx.commons.wrong_codes.put(Entry { number, until: cx.now.saturating_add_s(DAY_S), mark: (challenge.id, wrong) });
        }
        let left = cx.policy.code_tries_max.saturating_sub(wrong);
        if left > 0 {
            if let Some(kept) = self.challenges.get_mut(challenge.id.get()) {
                kept.wrong = wrong;
            }
        } else {
            self.close(cx, challenge.reservation, ReservationEvent::CodesUsedUp, Outcome::Unverified);
            self.tell_user(cx, challenge.reservation, UserContent::ContactNotConfirmed);
        }
        Reply::WrongCode(WrongCode { left })
    }

    /// The code to put into the message of a challenge.
    pub(crate) fn code(&self, ids: &Ids, keyring: &Keyring, id: ChallengeId, now: Timestamp) -> Result<Code, Refusal> {
        let missing = || {
            let (object, given) = (Object::Challenge, id.get());
            let is_given = ids.challenge.has_given(given);
            if is_given { Refusal::Gone { object, id: given } } else { Refusal::Unknown { object, id: given } }
        };
        let challenge = self.challenges.get(id.get()).filter(|challenge| challenge.until > now).ok_or_else(missing)?;
        code_of(keyring, challenge).ok_or_else(|| Refusal::KeyNotLoaded { id: challenge.key.clone() })
    }

    /// The keys of the codes that are out at this instant.
    pub(crate) fn keys_in_use(&self, now: Timestamp) -> impl Iterator<Item = &Text> {
        self.challenges.in_order().filter(move |challenge| challenge.until > now).map(|challenge| &challenge.key)
    }
}
