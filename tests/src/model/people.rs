//! What is remembered of users, and how they are forgotten, by the rules.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, AuditRecord, Erase, ErasedRecord, MerchantContent, NoticeForMerchant, UserContent};
use ringfence::values::id::{MediaId, ReservationId};
use ringfence::values::input::{Book, ForgetMe, ProfileField, SetProfile};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::refusal::{Allowed, Field, Refusal};
use ringfence::values::reply::{Forgotten, Outcome, Reply, ReservationState};
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::Model;
use super::calls::Why;
use super::reservations::Who;

/// What is remembered of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// His name.
    pub name: Option<Text>,
    /// The phone that shall ring, when it is not his own.
    pub contact: Option<PhoneNumber>,
    /// His mailbox.
    pub email: Option<Address>,
    /// Until when it is remembered.
    pub until: Timestamp,
}

impl Profile {
    const fn is_empty(&self) -> bool {
        self.name.is_none() && self.contact.is_none() && self.email.is_none()
    }
}

impl Model {
    /// What is remembered of whoever is behind an address.
    #[must_use]
    pub fn profile(&self, user: &Address) -> Option<&Profile> {
        let who = Who::of(user)?;
        self.profiles.get(&who).filter(|kept| self.latest < kept.until)
    }

    /// A booking with what its sender's profile adds.
    pub(super) fn recalled(&self, input: &Book) -> Book {
        let mut input = input.clone();
        if let Some(profile) = self.profile(&input.user).filter(|_| self.remembers(&input)) {
            input.name = input.name.or_else(|| profile.name.clone());
            input.contact = input.contact.or(profile.contact);
            input.email = input.email.or_else(|| profile.email.clone());
        }
        input
    }

    pub(super) fn remembers(&self, input: &Book) -> bool {
        input.remember.unwrap_or(self.policy.profiles_remembered)
    }

    fn or_nothing(&self, user: &Address) -> Profile {
        let nothing = Profile { name: None, contact: None, email: None, until: self.profile_until() };
        self.profile(user).cloned().unwrap_or(nothing)
    }

    fn profile_until(&self) -> Timestamp {
        self.latest.saturating_add_s(self.policy.profile_life_s.into())
    }

    fn set(&mut self, user: &Address, profile: Profile) {
        let Some(who) = Who::of(user) else { return };
        let latest = self.latest;
        self.profiles.retain(|of, kept| latest < kept.until && *of != who);
        if profile.is_empty() {
            return;
        }
        while self.profiles.len() >= self.policy.profiles_max as usize {
            let first = self.profiles.iter().min_by_key(|(of, kept)| (kept.until, (*of).clone())).map(|(of, _)| of.clone());
            self.profiles.remove(&first.expect("a full book has a first"));
        }
        self.profiles.insert(who, profile);
    }

    /// An accepted reservation is remembered.
    pub(super) fn remember(&mut self, id: ReservationId) {
        let kept = self.reservation_of(id).clone();
        if !kept.remembered {
            return;
        }
        let before = self.or_nothing(&kept.user);
        let contact = (kept.user.number() != Some(kept.contact)).then_some(kept.contact);
        let profile =
            Profile { name: kept.name.or(before.name), contact, email: kept.email.or(before.email), until: self.profile_until() };
        self.set(&kept.user, profile);
    }

    pub(super) fn set_profile(&mut self, input: &SetProfile) -> Result<Reply, Refusal> {
        self.check_somebody(&input.user)?;
        if let Some(name) = &input.name {
            self.check_text(name)?;
            if name.trim().is_empty() {
                return Err(Refusal::Invalid { field: Field::Name, allowed: Allowed::NotEmpty });
            }
        }
        match &input.email {
            None => {}
            Some(Address::Email(mailbox)) => self.check_text(mailbox)?,
            Some(_) => return Err(Refusal::Invalid { field: Field::Email, allowed: Allowed::Mailbox }),
        }
        let erases = |field| input.erase.contains(&field);
        for (field, of, is_set) in
            [(Field::Name, ProfileField::Name, input.name.is_some()), (Field::Email, ProfileField::Email, input.email.is_some())]
        {
            if is_set && erases(of) {
                return Err(Refusal::Invalid { field, allowed: Allowed::SetOrErased });
            }
        }
        let before = self.or_nothing(&input.user);
        let mut after = before.clone();
        after.name = input.name.clone().or(after.name);
        after.email = input.email.clone().or(after.email);
        for field in &input.erase {
            match field {
                ProfileField::Name => after.name = None,
                ProfileField::Contact => after.contact = None,
                ProfileField::Email => after.email = None,
            }
        }
        if after == before {
            return Ok(Reply::NoOp);
        }
        after.until = self.profile_until();
        self.set(&input.user, after);
        Ok(Reply::Done)
    }

    fn check_somebody(&self, user: &Address) -> Result<(), Refusal> {
        self.check_user(user, Field::User)?;
        match user.number() {
            Some(number) if self.pool.contains(&number) => {
                Err(Refusal::Invalid { field: Field::User, allowed: Allowed::NotAVirtualNumber })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Every reservation of somebody that is kept; by terms that wait too, for what is settled first.
    pub(super) fn all_of(&self, user: &Address, waiting: bool) -> BTreeSet<ReservationId> {
        let Some(who) = Who::of(user) else { return BTreeSet::new() };
        let rings = |number| who == Who::Phone(number);
        let his = self.reservations.iter().filter(|(_, kept)| {
            let waits = waiting && kept.waiting.as_ref().is_some_and(|terms| rings(terms.contact));
            Who::of(&kept.user).as_ref() == Some(&who) || rings(kept.contact) || waits
        });
        his.map(|(id, _)| *id).collect()
    }

    /// What is settled before somebody is forgotten.
    pub(super) fn touched_by_forgetting(&self, user: &Address) -> BTreeSet<ReservationId> {
        if self.check_somebody(user).is_err() { BTreeSet::new() } else { self.all_of(user, true) }
    }

    pub(super) fn forget_me(&mut self, input: &ForgetMe) -> Result<Reply, Refusal> {
        self.check_somebody(&input.user)?;
        let his: Vec<_> =
            self.all_of(&input.user, false).into_iter().filter(|id| self.reservation_of(*id).forgotten.is_none()).collect();
        let (mut cancelled, mut ending) = (0, 0);
        for id in &his {
            if self.reservation_of(*id).state == ReservationState::Closed {
                continue;
            }
            self.cancel_for_good(*id);
            if self.reservation_of(*id).state == ReservationState::Closed { cancelled += 1 } else { ending += 1 }
        }
        let media: BTreeSet<MediaId> = his.iter().flat_map(|id| self.media_of(*id)).collect();
        let latest = self.latest;
        for id in &his {
            let kept = self.reservation_mut(*id);
            kept.forgotten = Some(latest);
            (kept.name, kept.evidence, kept.waiting) = (None, None, None);
            (kept.result_by, kept.email) = (None, None);
            kept.attachments.clear();
        }
        for id in &his {
            let calls = self.calls.values().any(|call| call.parts.iter().any(|part| part.reservation == *id));
            if self.reservation_of(*id).state == ReservationState::Closed && !calls {
                self.archive(*id);
            }
        }
        let who = Who::of(&input.user).expect("a user is somebody");
        self.profiles.retain(|_, kept| latest < kept.until);
        let profile = self.profiles.remove(&who).is_some();
        let mut others = 0;
        for (_, kept) in self.profiles.iter_mut().filter(|(_, kept)| kept.contact.map(Who::Phone).as_ref() == Some(&who)) {
            kept.contact = None;
            others += 1;
        }
        let messages = self.send_nothing_again(&who);
        self.profiles.retain(|_, kept| !kept.is_empty());
        let (reservations, media): (Vec<_>, Vec<_>) = (his, media.into_iter().collect());
        let erased = u32::try_from(reservations.len()).expect("few");
        if erased > 0 || profile || messages > 0 {
            let record = ErasedRecord { reservations: reservations.clone(), media: media.clone(), profile, messages };
            self.audit(AuditRecord::Erased(record));
        }
        if erased > 0 {
            self.emit(Action::Erase(Erase { reservations, media, voice_messages: Vec::new() }));
        }
        self.ask_for_the_recorder();
        let bindings = self.forget_bindings(&input.user);
        let voice_messages = self.forget_voice_messages(&input.user);
        if erased == 0 && !profile && others == 0 && messages == 0 && bindings == 0 && voice_messages == 0 {
            return Ok(Reply::NoOp);
        }
        Ok(Reply::Forgotten(Forgotten { cancelled, ending, erased, profile, messages, bindings, voice_messages }))
    }

    /// As a cancel, but it closes as forgotten.
    fn cancel_for_good(&mut self, id: ReservationId) {
        let before = self.reservation_of(id).clone();
        let latest = self.latest;
        self.reservation_mut(id).forgotten = Some(latest);
        if before.state == ReservationState::InCall {
            self.reservation_mut(id).cancel_pending = !before.decline_pending;
            for call in self.live_calls_of(id) {
                if !self.user_has_answered(call, id) {
                    self.end_part(call, id, ReleaseCause::Withdrawn, Why::Other);
                }
            }
        } else {
            self.close(id, Outcome::Forgotten);
        }
        if before.cancel_pending || before.decline_pending {
            return;
        }
        let notice = self.notice(id);
        let for_merchant = NoticeForMerchant { reservation: id, window: notice.window, zone: notice.zone };
        self.tell_user(before.user, UserContent::Cancelled(notice));
        if before.announced {
            self.tell_merchant(before.merchant, MerchantContent::Cancelled(for_merchant));
        }
    }
}
