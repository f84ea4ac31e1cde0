//! Whether the holder of a contact number agrees: asking, codes, limits.

use ringfence::values::code::Code;
use ringfence::values::effect::{AuditRecord, Challenge as Asked, Challenged, CodeJudged, KeyRotated, UserContent};
use ringfence::values::id::{ChallengeId, ReservationId};
use ringfence::values::input::{ConfirmContact, RequestCode};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Confirmed, Outcome, Reply, ReservationState, WrongCode};
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::reservations::same_person;
use super::{Model, limit, unknown};
use crate::codes;

const HOUR_S: u64 = 3_600;
/// For how long a wrong code counts, in seconds.
const DAY_S: u64 = 86_400;

/// A code that is out.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    pub(super) id: ChallengeId,
    key: Text,
    digits: u32,
    pub(super) until: Timestamp,
    wrong: u32,
}

/// A code as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeView {
    /// The challenge.
    pub challenge: ChallengeId,
    /// Its reservation.
    pub reservation: ReservationId,
    /// The right code.
    pub code: Code,
}

impl Model {
    /// Every code that is out, by reservation; also those whose time is over, as long as the deadline has not fired.
    #[must_use]
    pub fn challenges(&self) -> Vec<ChallengeView> {
        let view = |id: &ReservationId| {
            let challenge = self.reservations[id].challenge.as_ref()?;
            Some(ChallengeView { challenge: challenge.id, reservation: *id, code: self.code_of(*id, challenge) })
        };
        self.reservations.keys().filter_map(view).collect()
    }

    /// What the host is told that asks for a code.
    ///
    /// # Errors
    /// As `Platform::code`.
    pub fn code(&self, challenge: ChallengeId) -> Result<Code, Refusal> {
        let out = self.challenges().into_iter().find(|out| out.challenge == challenge);
        let in_time = |reservation: &ReservationId| {
            self.reservations[reservation].challenge.as_ref().is_some_and(|challenge| challenge.until > self.latest)
        };
        let of_binding = self.code_of_binding(challenge);
        match out.filter(|out| in_time(&out.reservation)).map(|out| out.code).or(of_binding) {
            Some(code) => Ok(code),
            None if (1..=self.challenges_given).contains(&challenge.get()) => {
                Err(Refusal::Gone { object: Object::Challenge, id: challenge.get() })
            }
            None => Err(unknown(Object::Challenge, challenge.get())),
        }
    }

    /// How many challenges were given an id, which is the number of the last one.
    #[must_use]
    pub const fn challenges_given(&self) -> u64 {
        self.challenges_given
    }

    fn code_of(&self, reservation: ReservationId, challenge: &Challenge) -> Code {
        let (_, key) = codes::TEST_KEYS.iter().find(|(id, _)| **id == *challenge.key).expect("only loaded keys are used");
        codes::code(key, challenge.id, reservation, self.reservation_of(reservation).revision, challenge.digits)
    }

    pub(super) fn rotate_key(&mut self, id: &Text) -> Result<Reply, Refusal> {
        if id.is_empty() {
            return Err(Refusal::Invalid { field: Field::Id, allowed: Allowed::NotEmpty });
        }
        self.check_text(id)?;
        if !codes::TEST_KEYS.iter().any(|(known, _)| **known == **id) {
            return Err(Refusal::KeyNotLoaded { id: id.clone() });
        }
        if self.key.as_ref() == Some(id) {
            return Ok(Reply::NoOp);
        }
        self.check_outbox(1)?;
        self.key = Some(id.clone());
        self.audit(AuditRecord::KeyRotated(KeyRotated { id: id.clone() }));
        Ok(Reply::Done)
    }

    /// The limits of codes. `but` is the reservation that the new code would be for, if it has one already.
    pub(super) fn check_codes(&self, number: PhoneNumber, but: Option<ReservationId>) -> Result<(), Refusal> {
        if self.key.is_none() {
            return Ok(());
        }
        self.check_codes_of_number(number)?;
        let others = self.reservations.iter().filter(|(id, kept)| kept.contact == number && Some(**id) != but);
        if others.filter(|(_, kept)| kept.challenge.is_some()).count() >= self.policy.challenges_per_number_max as usize {
            return Err(limit(Bound::ChallengesPerNumber, self.policy.challenges_per_number_max));
        }
        self.check_codes_of_all()
    }

    /// Those for a code that binds a number.
    pub(super) fn check_codes_to(&self, number: PhoneNumber) -> Result<(), Refusal> {
        self.check_codes_of_number(number)?;
        self.check_codes_of_all()
    }

    fn check_codes_of_number(&self, number: PhoneNumber) -> Result<(), Refusal> {
        let wrong = |at: Timestamp| {
            let given = self.wrong_codes.iter().filter(|(to, given)| *to == number && at < given.saturating_add_s(DAY_S));
            given.count()
        };
        let most = self.policy.wrong_codes_per_day_max;
        if wrong(self.latest) >= most as usize {
            let ends = self.wrong_codes.iter().map(|(_, given)| given.saturating_add_s(DAY_S));
            let retry_at = ends.filter(|end| wrong(*end) < most as usize).min().expect("in the end none counts");
            return Err(Refusal::WrongCodeLimit { most, retry_at });
        }
        let to_it = |at: Timestamp| {
            let sent = self.codes_sent.iter().filter(|(to, sent)| *to == number && *sent <= self.latest);
            sent.filter(|(_, sent)| at < sent.saturating_add_s(HOUR_S)).count()
        };
        let most = self.policy.codes_per_hour_max;
        if to_it(self.latest) >= most as usize {
            // The first of the instants at which one stops to count that leaves few enough.
            let ends = self.codes_sent.iter().map(|(_, sent)| sent.saturating_add_s(HOUR_S));
            let retry_at = ends.filter(|end| to_it(*end) < most as usize).min().expect("in the end none counts");
            return Err(Refusal::CodeLimit { most, retry_at });
        }
        Ok(())
    }

    fn check_codes_of_all(&self) -> Result<(), Refusal> {
        let counts = |sent: Timestamp| self.latest < sent.saturating_add_s(HOUR_S);
        if self.codes_sent.iter().filter(|(_, sent)| counts(*sent)).count() >= self.policy.codes_max as usize {
            return Err(limit(Bound::Codes, self.policy.codes_max));
        }
        Ok(())
    }

    /// Asks the holder of the contact number, if there is a key.
    pub(super) fn ask_holder(&mut self, id: ReservationId) {
        let Some(key) = self.key.clone() else { return };
        self.challenges_given += 1;
        let challenge = ChallengeId::new(self.challenges_given);
        let reservation = self.reservation_of(id);
        let until = self.latest.saturating_add_s(self.policy.code_life_s.into()).min(reservation.window.end());
        let (contact, revision, merchant) = (reservation.contact, reservation.revision, reservation.merchant);
        let notice = self.notice(id);
        let digits = self.policy.code_digits;
        self.reservation_mut(id).challenge = Some(Challenge { id: challenge, key: key.clone(), digits, until, wrong: 0 });
        self.codes_sent.push((contact, self.latest));
        self.audit(AuditRecord::Challenged(Challenged { challenge, reservation: id, revision, key }));
        let (merchant_name, offering_name, window, zone) =
            (notice.merchant_name, self.reservation_of(id).offering_name.clone(), notice.window, notice.zone);
        let is_shared = self.reservation_of(id).group_size > 1;
        let asked = Asked { challenge, reservation: id, merchant_name, offering_name, window, zone, until, is_shared };
        if !self.has_blocked(&Address::Sms(contact), merchant) {
            self.tell_user(Address::Sms(contact), UserContent::Challenge(asked));
        }
    }

    /// The reservation, if it is this user's and waits for its contact's holder.
    fn check_waits(&self, user: &Address, id: ReservationId) -> Result<(), Refusal> {
        let reservation = self.named(id)?;
        if !same_person(&reservation.user, user) && user.number() != Some(reservation.contact) {
            return Err(unknown(Object::Reservation, id.get()));
        }
        if reservation.state != ReservationState::Unverified {
            let legal = vec![ReservationState::Unverified];
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        Ok(())
    }

    pub(super) fn request_code(&mut self, input: &RequestCode) -> Result<Reply, Refusal> {
        self.check_waits(&input.user, input.reservation)?;
        if self.key.is_none() {
            return Err(Refusal::NoKey);
        }
        self.check_codes(self.reservation_of(input.reservation).contact, Some(input.reservation))?;
        self.check_outbox(2)?;
        self.ask_holder(input.reservation);
        Ok(Reply::Done)
    }

    pub(super) fn confirm_contact(&mut self, input: &ConfirmContact) -> Result<Reply, Refusal> {
        let id = input.reservation;
        self.check_waits(&input.user, id)?;
        let Some(challenge) = self.reservation_of(id).challenge.clone() else {
            return Err(Refusal::NoCode { reservation: id });
        };
        self.check_outbox(5 + 2 * self.messages_of_a_result())?;
        let is_right = self.code_of(id, &challenge).digits() == input.code.digits();
        if is_right {
            self.check_once_more(&input.user, id)?;
        }
        let revision = self.reservation_of(id).revision;
        self.audit(AuditRecord::CodeJudged(CodeJudged { challenge: challenge.id, reservation: id, revision, is_right }));
        if is_right {
            return Ok(self.agreed(id));
        }
        self.wrong_codes.push((self.reservation_of(id).contact, self.latest));
        let wrong = challenge.wrong + 1;
        let left = self.policy.code_tries_max.saturating_sub(wrong);
        if left == 0 {
            self.close(id, Outcome::Unverified);
            let notice = self.notice(id);
            self.tell_user(self.reservation_of(id).user.clone(), UserContent::ContactNotConfirmed(notice));
        } else if let Some(out) = &mut self.reservation_mut(id).challenge {
            out.wrong = wrong;
        }
        Ok(Reply::WrongCode(WrongCode { left }))
    }

    fn check_once_more(&self, user: &Address, id: ReservationId) -> Result<(), Refusal> {
        let this = self.reservation_of(id);
        if self.merchant_of_line(this.contact).is_some() {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotALine });
        }
        if self.pool.contains(&this.contact) {
            return Err(Refusal::Invalid { field: Field::Contact, allowed: Allowed::NotAVirtualNumber });
        }
        if self.has_blocked(&Address::Sms(this.contact), this.merchant) {
            return Err(Refusal::Blocked);
        }
        if self.is_listed(this.contact) {
            return Err(Refusal::DoNotCall);
        }
        self.check_overlap(Some(id), this.merchant, this.contact, &this.window, user)?;
        self.check_number(Some(id), this.contact, true)
    }

    fn agreed(&mut self, id: ReservationId) -> Reply {
        let latest = self.latest;
        let by_platform = self.mode_by_platform();
        let reservation = self.reservation_mut(id);
        reservation.challenge = None;
        reservation.chosen = reservation.chosen.or(by_platform);
        reservation.accepted_at = reservation.rested.unwrap_or(latest).max(latest);
        reservation.state =
            if reservation.chosen.is_some() { ReservationState::Scheduled } else { ReservationState::AwaitingMode };
        let begins = Some(reservation.span().start()).filter(|_| reservation.spent.is_none());
        self.accept(id);
        if self.reservation_of(id).revision == 1 {
            self.remember(id);
        }
        if begins.is_some_and(|begins| latest >= begins) {
            self.open(id);
            self.end_slot_if_over(id, false);
        }
        Reply::Confirmed(Confirmed { reservation: id, state: self.reservation_of(id).state })
    }
}
