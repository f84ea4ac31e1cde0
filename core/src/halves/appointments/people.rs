//! What is remembered of a user for his next booking, and how he is forgotten.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Appointments;
use super::media::erase;
use super::merchants::{check_text, check_user, invalid};
use super::records::Reservation;
use crate::books::profiles::Profile;
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{AuditRecord, ErasedRecord, MerchantContent, UserContent};
use crate::values::id::{MediaId, ReservationId};
use crate::values::input::{Book, ForgetMe, ProfileField, SetProfile};
use crate::values::number::Address;
use crate::values::person::Person;
use crate::values::policy::Policy;
use crate::values::refusal::{Allowed, Field, Refusal};
use crate::values::reply::{Forgotten, Outcome, Reply, ReservationState};
use crate::values::time::Timestamp;

impl Appointments {
    /// Whether a booking has to do with its sender's profile.
    pub(super) fn uses_profile(policy: &Policy, input: &Book) -> bool {
        input.remember.unwrap_or(policy.profiles_remembered)
    }

    /// What a booking leaves out is taken from the profile, as if it had been given.
    pub(super) fn recall(&self, now: Timestamp, input: &mut Book) {
        let Some(profile) = Person::of(&input.user).and_then(|person| self.profiles.of(&person, now)) else { return };
        input.name = input.name.take().or_else(|| profile.name.clone());
        input.contact = input.contact.or(profile.contact);
        input.email = input.email.take().or_else(|| profile.email.clone());
    }

    /// A booking is accepted: its name and its contact are remembered, if its sender lets them be. The contact's holder has agreed by now.
    pub(super) fn remember(&mut self, cx: &Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()).filter(|one| one.is_remembered) else { return };
        let Some(person) = Person::of(&reservation.sender) else { return };
        let until = profile_end(cx);
        let known = self.profiles.of(&person, cx.now).cloned().unwrap_or(Profile::empty(until));
        let name = reservation.name.clone().or(known.name);
        let email = reservation.email.clone().or(known.email);
        let contact = Some(reservation.contact).filter(|contact| person != Person::Number(*contact));
        self.profiles.set(person, Profile { name, contact, email, until }, cx.policy.profiles_max);
    }

    /// A user changes what is remembered of him.
    pub(super) fn set_profile(&mut self, cx: &Context<'_>, input: &SetProfile) -> Result<Reply, Refusal> {
        let person = self.check_person(&input.user)?;
        if let Some(name) = &input.name {
            check_text(name, cx.policy)?;
            if name.trim().is_empty() {
                return Err(invalid(Field::Name, Allowed::NotEmpty));
            }
        }
        match &input.email {
            Some(Address::Email(mailbox)) => check_text(mailbox, cx.policy)?,
            Some(_) => return Err(invalid(Field::Email, Allowed::Mailbox)),
            None => {}
        }
        let is_erased = |field| input.erase.contains(&field);
        if input.name.is_some() && is_erased(ProfileField::Name) {
            return Err(invalid(Field::Name, Allowed::SetOrErased));
        }
        if input.email.is_some() && is_erased(ProfileField::Email) {
            return Err(invalid(Field::Email, Allowed::SetOrErased));
        }
        let until = profile_end(cx);
        let known = self.profiles.of(&person, cx.now).cloned().unwrap_or(Profile::empty(until));
        let profile = Profile {
            name: input.name.clone().or_else(|| known.name.clone()).filter(|_| !is_erased(ProfileField::Name)),
            contact: known.contact.filter(|_| !is_erased(ProfileField::Contact)),
            email: input.email.clone().or_else(|| known.email.clone()).filter(|_| !is_erased(ProfileField::Email)),
            until: known.until,
        };
        if profile == known {
            return Ok(Reply::NoOp);
        }
        self.profiles.set(person, Profile { until, ..profile }, cx.policy.profiles_max);
        Ok(Reply::Done)
    }

    /// Forgets the profiles whose time is over.
    pub(crate) fn forget_profiles(&mut self, now: Timestamp) {
        self.profiles.forget_old(now);
    }

    /// What is remembered of whoever is behind an address.
    pub(crate) fn profile(&self, user: &Address, now: Timestamp) -> Option<&Profile> {
        self.profiles.of(&Person::of(user)?, now)
    }

    fn check_person(&self, user: &Address) -> Result<Person, Refusal> {
        check_user(user, Field::User)?;
        if let Some(number) = user.number() {
            self.check_not_virtual(Field::User, number)?;
        }
        Person::of(user).ok_or(invalid(Field::User, Allowed::UserAddress))
    }

    /// A user wants to be forgotten: what is live is taken back, and what is kept of him leaves as soon as no call needs it.
    pub(super) fn forget_me(&mut self, cx: &mut Context<'_>, input: &ForgetMe) -> Result<Reply, Refusal> {
        let person = self.check_person(&input.user)?;
        let touched = self.kept_of(&person, true);
        self.settle_reservations(cx, &touched);
        let his = self.kept_of(&person, false);
        let mut forgotten = Forgotten::default();
        for id in &his {
            if let Some(is_ending) = self.take_back(cx, *id) {
                let count = if is_ending { &mut forgotten.ending } else { &mut forgotten.cancelled };
                *count = count.saturating_add(1);
            }
        }
        let mut media: Vec<MediaId> = Vec::new();
        for id in &his {
            let of_it: Vec<MediaId> = self.reservations.get(id.get()).into_iter().flat_map(Reservation::media).collect();
            self.media.detach(of_it.iter().copied());
            media.extend(of_it.into_iter().collect::<BTreeSet<_>>());
            self.update_reservation(*id, |reservation| reservation.forget(cx.now));
        }
        for id in &his {
            let may_leave = |one: &Reservation| one.state == ReservationState::Closed && one.calls.is_empty();
            if self.reservations.get(id.get()).is_some_and(may_leave) {
                self.archive(cx, *id);
            }
        }
        // What is over already is not there to be forgotten.
        self.profiles.forget_old(cx.now);
        forgotten.profile = self.profiles.remove(&person);
        let is_in_others = match person {
            Person::Number(number) => self.profiles.forget_contact(number),
            Person::Mailbox(_) => false,
        };
        self.messages.forget_old(cx.now, cx.policy.fallback_wait_s);
        forgotten.messages = self.messages.forget_person(&person);
        forgotten.erased = u32::try_from(his.len()).unwrap_or(u32::MAX);
        let Forgotten { profile, messages, .. } = forgotten;
        let is_any = !his.is_empty() || profile || messages > 0;
        if is_any {
            media.sort_unstable();
            cx.audit(AuditRecord::Erased(ErasedRecord { reservations: his.clone(), media: media.clone(), profile, messages }));
            erase(cx, his, media);
        } else if !is_in_others {
            return Ok(Reply::NoOp);
        }
        Ok(Reply::Forgotten(forgotten))
    }

    /// The reservations that are kept and that this person sent, or whose phone is his (by terms that wait too, for `is_waiting`), in order; without those
    /// of which he was forgotten before. A walk over all of them: people seldom ask for it.
    pub(super) fn kept_of(&self, person: &Person, is_waiting: bool) -> Vec<ReservationId> {
        let is_number = |number| Person::Number(number) == *person;
        let is_his = |one: &&Reservation| {
            let waits = is_waiting && one.pending.as_ref().is_some_and(|terms| is_number(terms.contact));
            is_number(one.contact) || waits || Person::of(&one.sender).as_ref() == Some(person)
        };
        let kept = self.reservations.unordered().filter(is_his).filter(|one| is_waiting || !one.is_forgotten);
        kept.map(|one| one.id).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Takes a reservation back as a cancel does: a conversation is left alone, and it closes when that ends. `None` when it was closed before.
    fn take_back(&mut self, cx: &mut Context<'_>, id: ReservationId) -> Option<bool> {
        let reservation = self.reservations.get(id.get())?;
        let (state, call, was_announced) = (reservation.state, reservation.call(), reservation.is_announced);
        let was_told = reservation.withdrawal().is_some();
        match state {
            ReservationState::Closed => return None,
            ReservationState::InCall => {
                self.update_reservation(id, |reservation| {
                    reservation.is_forgotten = true;
                    reservation.is_cancelled |= !reservation.is_declined;
                });
                if let Some(call) = call.filter(|call| !self.is_user_answered(*call, id)) {
                    self.stop_for(cx, call, id, ReleaseCause::Withdrawn);
                }
            }
            ReservationState::Unverified
            | ReservationState::AwaitingMode
            | ReservationState::Scheduled
            | ReservationState::Open => {
                self.close(cx, id, ReservationEvent::Cancelled, Outcome::Forgotten);
            }
        }
        if !was_told {
            self.tell_user(cx, id, UserContent::Cancelled);
            if was_announced {
                self.tell_merchant(cx, id, MerchantContent::Cancelled);
            }
        }
        Some(self.reservations.get(id.get()).is_some_and(|one| one.state == ReservationState::InCall))
    }
}

fn profile_end(cx: &Context<'_>) -> Timestamp {
    cx.now.saturating_add_s(u64::from(cx.policy.profile_life_s))
}
