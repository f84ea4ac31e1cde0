//! What is held of one person.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Appointments;
use super::records::{Reservation, Terms};
use crate::books::commons::Commons;
use crate::books::outbox::Outbox;
use crate::books::recent::Recent;
use crate::values::effect::Action;
use crate::values::export::{
    LegExport, MessageExport, PersonExport, ProfileExport, ReservationExport, SenderExport, TermsExport, VirtualNumberExport,
};
use crate::values::input::Scope;
use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;
use crate::values::time::Timestamp;

impl Appointments {
    /// Everything that this half holds of a person, also what is over and was not forgotten yet. A walk over all that is kept: people seldom ask for it.
    pub(crate) fn export_person(
        &self,
        commons: &Commons,
        outbox: &Outbox,
        user: &Address,
        at: Timestamp,
    ) -> Option<PersonExport> {
        let person = Person::of(user)?;
        let number = match &person {
            Person::Number(number) => Some(*number),
            Person::Mailbox(_) => None,
        };
        let is_his = |other: PhoneNumber| Some(other) == number;
        let profile = self.profiles.in_order().find(|(of, _)| **of == person).map(|(_, kept)| kept.clone());
        let profiles = self.profiles.in_order();
        let legs = self.legs.in_order().filter(|leg| is_his(leg.number));
        Some(PersonExport {
            user: user.clone(),
            at,
            profile: profile.map(|kept| {
                let (name, contact, email, until) = (kept.name, kept.contact, kept.email, kept.until);
                ProfileExport { name, contact, email, until }
            }),
            in_profiles: count(profiles.filter(|(_, kept)| kept.contact.is_some_and(is_his))),
            reservations: self.reservations.in_order().filter_map(|one| export_reservation(one, &person)).collect(),
            legs: legs.map(|leg| LegExport { leg: leg.id, call: leg.call, reservation: leg.reservation }).collect(),
            virtual_numbers: number.into_iter().flat_map(|number| self.virtual_numbers_of(number)).collect(),
            messages: self.messages_of(outbox, &person),
            codes: counting(&commons.codes, number),
            wrong_codes: counting(&commons.wrong_codes, number),
            rings: counting(&self.rings, number),
            blocks: self.blocks.of(&person).copied().collect(),
            is_listed: number.is_some_and(|number| self.law.is_listed(number)),
            is_frozen: number.is_some_and(|number| self.law.has(Scope::Number(number))),
            line_of: number.and_then(|number| self.lines.get(number)).map(|line| line.merchant),
            bindings: Vec::new(),
            voice_messages: Vec::new(),
        })
    }

    fn virtual_numbers_of(&self, user: PhoneNumber) -> impl Iterator<Item = VirtualNumberExport> {
        let leases = self.numbers.leases_of(user);
        leases.map(|(merchant, number, rests_until)| VirtualNumberExport { merchant, number, rests_until })
    }

    /// The messages to him: those that may be sent again, and those that the host has not confirmed.
    fn messages_of(&self, outbox: &Outbox, person: &Person) -> Vec<MessageExport> {
        let mut messages: BTreeMap<u64, MessageExport> = BTreeMap::new();
        for sent in self.messages.in_order() {
            let Some(again) = sent.again.as_deref().filter(|again| again.is_of(person)) else { continue };
            let ways = again.phone.map(Address::Sms).into_iter().chain(again.mailbox.clone()).collect();
            let (message, sequence, reservation) = (sent.message, sent.sequence, sent.reservation);
            messages.insert(sequence, MessageExport { message, sequence, reservation, to: None, ways });
        }
        for effect in outbox.kept() {
            let Action::Send(send) = &effect.action else { continue };
            let is_to_him = Person::of(&send.to).as_ref() == Some(person);
            let sequence = effect.sequence;
            if let Some(known) = messages.get_mut(&sequence) {
                known.to = Some(send.to.clone());
            } else if is_to_him {
                let reservation = send.content.reservation();
                let (message, to) = (send.message, Some(send.to.clone()));
                messages.insert(sequence, MessageExport { message, sequence, reservation, to, ways: Vec::new() });
            }
        }
        messages.into_values().collect()
    }
}

/// A reservation as far as it is his; nothing when it is not.
fn export_reservation(one: &Reservation, person: &Person) -> Option<ReservationExport> {
    let is_sender = Person::of(&one.sender).as_ref() == Some(person);
    let is_his = |number: PhoneNumber| *person == Person::Number(number);
    let is_contact = is_his(one.contact);
    let waits = one.pending.as_deref().is_some_and(|terms| is_his(terms.contact));
    // What somebody else may have set is not shown: only a sender whose own phone rings, or whose booking nobody changed, surely set all of it.
    let is_his_word = |terms: &Terms| is_sender && (terms.revision == 1 || !one.is_changed_by_another);
    let terms = |terms: &Terms| TermsExport {
        revision: terms.revision,
        offering: terms.offering,
        offering_name: terms.offering_name.clone(),
        window: terms.window,
        zone: terms.zone,
        contact: Some(terms.contact).filter(|number| is_his_word(terms) || is_his(*number)),
        name: terms.name.clone().filter(|_| is_his_word(terms)),
        group_size: terms.group_size,
        attachments: if is_sender { terms.attachments.clone() } else { Vec::new() },
    };
    (is_sender || is_contact || waits).then(|| ReservationExport {
        reservation: one.id,
        is_sender,
        is_contact,
        merchant: one.merchant,
        page: one.page,
        line: one.line,
        booked_at: one.booked_at,
        state: one.state,
        mode: one.mode,
        slot: one.slot,
        outcome: one.closed.map(|closed| closed.outcome),
        terms: terms(&one.terms_now()),
        waiting: one.pending.as_deref().map(terms),
        sender: is_sender.then(|| SenderExport {
            address: one.sender.clone(),
            result_by: one.result_by,
            email: one.email.clone(),
            evidence: one.evidence.clone(),
        }),
        virtual_number: one.virtual_number.filter(|_| is_contact),
    })
}

fn counting<M: Copy + Ord>(recent: &Recent<M>, number: Option<PhoneNumber>) -> Vec<Timestamp> {
    recent.in_order().filter(|entry| Some(entry.number) == number).map(|entry| entry.until).collect()
}

fn count(of: impl Iterator) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}
