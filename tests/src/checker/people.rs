//! Who is remembered, and who is forgotten: whose phone a booking without a contact rings (P2), what ends when somebody is forgotten (P3), and what is erased
//! then (P9).

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::effect::{Action, AuditRecord, Content, Erase, ErasedRecord, Send};
use ringfence::values::id::{CallId, ReservationId};
use ringfence::values::input::{Book, Input, ProfileField, SetProfile};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::person::Person;
use ringfence::values::policy::Policy;
use ringfence::values::reply::Reply;
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::books::{Books, LegState, Reservation};
use super::{Judged, Overdue, Promise};
use crate::trace::{Doing, Step};

/// What is remembered of somebody, as far as it decides anything: whether there is a name, which phone, whether there is a mailbox, and until when.
#[derive(Clone, Debug)]
struct Profile {
    name: Option<Text>,
    contact: Option<PhoneNumber>,
    email: Option<Address>,
    until: Timestamp,
}

/// The profiles, by person.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiles {
    of: BTreeMap<Person, Profile>,
}

impl Profiles {
    fn known(&self, person: &Person, policy: &Policy, now: Timestamp) -> Profile {
        let until = now.saturating_add_s(u64::from(policy.profile_life_s));
        let nothing = Profile { name: None, contact: None, email: None, until };
        self.of.get(person).filter(|kept| now < kept.until).cloned().unwrap_or(nothing)
    }

    fn set(&mut self, person: Person, profile: Profile, policy: &Policy, now: Timestamp) {
        self.of.retain(|of, kept| now < kept.until && *of != person);
        if profile.name.is_none() && profile.email.is_none() && profile.contact.is_none() {
            return;
        }
        while self.of.len() >= policy.profiles_max as usize {
            let first = self.of.iter().min_by_key(|(of, kept)| (kept.until, (*of).clone())).map(|(of, _)| of.clone());
            let Some(first) = first else { break };
            self.of.remove(&first);
        }
        self.of.insert(person, profile);
    }

    /// A booking with what its sender's profile adds.
    pub(super) fn recalled(&self, input: &Book, policy: &Policy, now: Timestamp) -> Book {
        let mut input = input.clone();
        let person = Person::of(&input.user).filter(|_| input.remember.unwrap_or(policy.profiles_remembered));
        if let Some(profile) = person.map(|person| self.known(&person, policy, now)) {
            input.name = input.name.or(profile.name);
            input.contact = input.contact.or(profile.contact);
            input.email = input.email.or(profile.email);
        }
        input
    }

    /// A reservation is accepted.
    pub(super) fn remember(&mut self, reservation: &Reservation, policy: &Policy, now: Timestamp) {
        let Some(person) = Person::of(&reservation.sender).filter(|_| reservation.remembered) else { return };
        let known = self.known(&person, policy, now);
        let until = now.saturating_add_s(u64::from(policy.profile_life_s));
        let contact = (reservation.sender.number() != Some(reservation.number)).then_some(reservation.number);
        let (name, email) = (reservation.name.clone().or(known.name), reservation.email.clone().or(known.email));
        let profile = Profile { name, contact, email, until };
        self.set(person, profile, policy, now);
    }

    pub(super) fn change(&mut self, input: &SetProfile, policy: &Policy, now: Timestamp) {
        let Some(person) = Person::of(&input.user) else { return };
        let known = self.known(&person, policy, now);
        let stays = |field| !input.erase.contains(&field);
        let profile = Profile {
            name: input.name.clone().or(known.name).filter(|_| stays(ProfileField::Name)),
            contact: known.contact.filter(|_| stays(ProfileField::Contact)),
            email: input.email.clone().or(known.email).filter(|_| stays(ProfileField::Email)),
            until: now.saturating_add_s(u64::from(policy.profile_life_s)),
        };
        self.set(person, profile, policy, now);
    }

    pub(super) fn forget(&mut self, user: &Address) {
        let Some(person) = Person::of(user) else { return };
        self.of.remove(&person);
        for kept in self.of.values_mut().filter(|kept| kept.contact.map(Person::Number).as_ref() == Some(&person)) {
            kept.contact = None;
        }
        self.of.retain(|_, kept| kept.name.is_some() || kept.email.is_some() || kept.contact.is_some());
    }

    /// For the view.
    pub(super) fn view(&self, now: Timestamp) -> String {
        let kept = self.of.iter().filter(|(_, kept)| now < kept.until);
        let relative = kept.map(|(person, kept)| (person, &kept.name, kept.contact, &kept.email, kept.until.micros_since(now)));
        format!("{:?}", relative.collect::<Vec<_>>())
    }
}

/// The reservations of whom this step forgets, live or not: those that he sent, and those whose phone is his.
pub(super) fn forgotten(books: &Books, step: &Step) -> Vec<ReservationId> {
    let (Doing::Input(Input::ForgetMe(input)), Some(Ok(Reply::Forgotten(_)))) = (&step.doing, &step.reply) else {
        return Vec::new();
    };
    let person = Person::of(&input.user);
    let is_his = |known: &Reservation| Person::of(&known.sender) == person || person == Some(Person::Number(known.number));
    // Whether terms that waited for an overdue call make it his, or another's, settling decides before: then the `erase` says it.
    let is_named = |id: ReservationId| {
        step.effects.iter().any(|effect| matches!(&effect.action, Action::Erase(erase) if erase.reservations.contains(&id)))
    };
    let concerns = |(id, known): &(&ReservationId, &Reservation)| match known.waiting {
        Some(_) => is_named(**id),
        None => is_his(known),
    };
    let of_it = books.reservations.iter().filter(|(_, known)| !known.forgotten).filter(concerns);
    of_it.map(|(id, _)| *id).collect()
}

/// Those of them that this step takes back: the live ones that nobody took back before. Of one with an overdue call the notice says whether settling left it
/// live.
pub(super) fn live(books: &Books, step: &Step, forgotten: &[ReservationId], overdue: &[Overdue]) -> Vec<ReservationId> {
    let is_told = |id: ReservationId| {
        step.effects.iter().any(|effect| {
            matches!(&effect.action, Action::Send(Send { content: Content::Cancelled(notice), .. }) if notice.reservation == id)
        })
    };
    let call = |id: ReservationId| books.calls.iter().find(|(_, call)| call.has(id)).map(|(id, _)| *id);
    let is_live = |id: &ReservationId| {
        let Some(known) = books.reservations.get(id) else { return false };
        let is_withdrawn = known.cancelled_at.is_some() || known.declined_at.is_some();
        let stands = match call(*id) {
            Some(call) if overdue.iter().any(|overdue| overdue.call == call) => is_told(*id),
            Some(_) => true,
            None => !books.is_used_up(*id, known, None) && books.now < known.window.end(),
        };
        !is_withdrawn && stands
    };
    forgotten.iter().copied().filter(is_live).collect()
}

/// The calls that must end with them: those in which nobody but the merchant has answered.
pub(super) fn duties(books: &Books, forgotten: &[ReservationId], overdue: &[Overdue]) -> Vec<Overdue> {
    let answered = |leg| books.legs.get(&leg).is_some_and(|leg| matches!(leg.state, LegState::Answered | LegState::Joined));
    let parts = |id: ReservationId| {
        let of_it = books.calls.iter().filter(move |(_, call)| call.has(id));
        of_it
            .filter(move |(_, call)| !call.part(id).and_then(|part| part.leg).is_some_and(answered))
            .map(move |(call, _)| (*call, id))
    };
    let duty = |(call, id): (CallId, ReservationId)| {
        let is_his = |overdue: &&Overdue| overdue.call == call && overdue.part.is_none_or(|part| part == id);
        let late = overdue.iter().find(is_his).copied();
        late.unwrap_or(Overdue { call, part: Some(id), promise: Promise::P3, why: "the user wanted to be forgotten" })
    };
    forgotten.iter().flat_map(|id| parts(*id)).map(duty).collect()
}

/// The record says what the reply says, and of what the host is told to forget (P17).
fn recorded(step: &Step, told: &BTreeSet<ReservationId>) -> Judged {
    let records = step.effects.iter().filter_map(|effect| {
        let Action::Audit(audit) = &effect.action else { return None };
        if let AuditRecord::Erased(record) = &audit.record { Some(record) } else { None }
    });
    let records: Vec<&ErasedRecord> = records.collect();
    let said = match (&step.doing, &step.reply) {
        (Doing::Input(Input::ForgetMe(_)), Some(Ok(Reply::Forgotten(said)))) => {
            Some(said).filter(|said| said.erased > 0 || said.profile || said.messages > 0)
        }
        _ => None,
    };
    let agrees = match (said, records.as_slice()) {
        (None, []) => true,
        (Some(said), [record]) => {
            let of_it: BTreeSet<ReservationId> = record.reservations.iter().copied().collect();
            let counts = usize::try_from(said.erased).is_ok_and(|erased| erased == record.reservations.len());
            of_it == *told && counts && (record.profile, record.messages) == (said.profile, said.messages)
        }
        (None, _) | (Some(_), [] | [_, _, ..]) => false,
    };
    if agrees {
        Ok(())
    } else {
        Err((Promise::P17, "a user is forgotten, and the record says another thing, or nothing".to_owned()))
    }
}

/// At the end of the step: each of them has left, or the host was told to forget it; and nothing else of anybody.
pub(super) fn erased(books: &Books, forgotten: &[ReservationId], step: &Step) -> Judged {
    let named = |erase: &Erase| erase.reservations.clone();
    let erased: BTreeSet<ReservationId> = step
        .effects
        .iter()
        .filter_map(|effect| if let Action::Erase(erase) = &effect.action { Some(named(erase)) } else { None })
        .flatten()
        .collect();
    let is_again = matches!(step.doing, Doing::Restart);
    if let Some(id) = erased.iter().find(|id| !is_again && !forgotten.contains(id)) {
        return Err((Promise::P9, format!("reservation {id} is erased, and nobody asked for it")));
    }
    let left = |id: &ReservationId| !books.reservations.contains_key(id);
    match forgotten.iter().find(|id| !erased.contains(id) && !left(id)) {
        None if is_again => Ok(()),
        None => recorded(step, &erased),
        Some(id) => Err((Promise::P9, format!("the user of reservation {id} is forgotten, and the host is not told"))),
    }
}
