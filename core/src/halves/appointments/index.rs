//! Changing records. Every index (agenda, queues, contacts, lines) is a function of the records and is kept true here and nowhere else.

use alloc::vec::Vec;

use super::Appointments;
use super::clock::Target;
use super::records::{Call, Leg, Member, Reservation};
use crate::books::contacts::Contact;
use crate::machines::call::CallState;
use crate::values::effect::Party;
use crate::values::id::{CallId, GroupId, LegId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::person::Person;
use crate::values::time::Timestamp;

/// What the indexes hold of a reservation.
struct Indexed {
    deadline: Option<Timestamp>,
    reminder: Option<Timestamp>,
    turn: Option<Timestamp>,
    is_live: bool,
    /// Its group, while it is live.
    group: Option<GroupId>,
    contact: Option<PhoneNumber>,
    /// The number that it will ring by terms that wait.
    waiting: Option<PhoneNumber>,
    /// Its sender, while it is live and the phone that it would ring is not his.
    foreign: Option<Person>,
}

impl Indexed {
    fn of(reservation: &Reservation) -> Self {
        let is_live = reservation.state.is_live();
        let group = reservation.group.filter(|_| is_live);
        Self {
            deadline: reservation.deadline(),
            reminder: reservation.reminder(),
            turn: reservation.turn(),
            is_live,
            group,
            contact: Some(reservation.contact),
            waiting: reservation.pending.as_ref().map(|terms| terms.contact),
            foreign: reservation.foreign_sender().filter(|_| is_live),
        }
    }

    /// The numbers that list it.
    fn numbers(&self) -> [Option<PhoneNumber>; 2] {
        if !self.is_live {
            return [None, None];
        }
        [self.contact, self.waiting.filter(|number| Some(*number) != self.contact)]
    }

    /// Of a reservation that is not there.
    const NONE: Self = Self {
        deadline: None,
        reminder: None,
        turn: None,
        is_live: false,
        group: None,
        contact: None,
        waiting: None,
        foreign: None,
    };
}

/// A turn in the queue, and the group of whose it is.
type Waiting = (Option<Timestamp>, Option<GroupId>);

/// Of whoever does not wait.
const NOT: Waiting = (None, None);

impl Appointments {
    /// Adds a reservation.
    pub(super) fn add_reservation(&mut self, reservation: Reservation) {
        let (id, line) = (reservation.id, reservation.line);
        let after = Indexed::of(&reservation);
        self.senders.add(&reservation.sender);
        self.media.attach(id, reservation.media());
        self.reservations.insert(id.get(), reservation);
        self.reindex_reservation(id, line, &Indexed::NONE, &after);
    }

    /// Changes a reservation.
    pub(super) fn update_reservation<R>(&mut self, id: ReservationId, change: impl FnOnce(&mut Reservation) -> R) -> Option<R> {
        let reservation = self.reservations.get_mut(id.get())?;
        let before = Indexed::of(reservation);
        let out = change(reservation);
        let after = Indexed::of(reservation);
        let line = reservation.line;
        self.reindex_reservation(id, line, &before, &after);
        Some(out)
    }

    /// Takes a reservation out.
    pub(super) fn remove_reservation(&mut self, id: ReservationId) -> Option<Reservation> {
        let reservation = self.reservations.remove(id.get())?;
        let before = Indexed::of(&reservation);
        self.senders.remove(&reservation.sender);
        self.media.detach(reservation.media());
        self.reindex_reservation(id, reservation.line, &before, &Indexed::NONE);
        Some(reservation)
    }

    fn reindex_reservation(&mut self, id: ReservationId, line: PhoneNumber, before: &Indexed, after: &Indexed) {
        self.agenda.move_to(Target::Reservation(id), before.deadline, after.deadline);
        self.agenda.move_to(Target::Reminder(id), before.reminder, after.reminder);
        if before.foreign != after.foreign {
            if let Some(person) = &before.foreign {
                self.for_others.set(person.clone(), id, false);
            }
            if let Some(person) = &after.foreign {
                self.for_others.set(person.clone(), id, true);
            }
        }
        if before.numbers() != after.numbers() {
            for number in before.numbers().into_iter().flatten() {
                self.contacts.update(number, |contact| {
                    contact.live.remove(&id);
                });
            }
            for number in after.numbers().into_iter().flatten() {
                self.contacts.update(number, |contact| {
                    contact.live.insert(id);
                });
            }
        }
        if before.is_live != after.is_live
            && let Some(line) = self.lines.get_mut(line)
        {
            line.reservations =
                if after.is_live { line.reservations.saturating_add(1) } else { line.reservations.saturating_sub(1) };
        }
        if before.group != after.group {
            self.regroup(id, before.group, after.group);
        }
        let stands = |indexed: &Indexed| {
            let turn = indexed.turn.filter(|_| indexed.contact.is_some_and(|number| self.may_wait(number)));
            (turn, indexed.group.filter(|_| turn.is_some()))
        };
        let (before, after) = (stands(before), stands(after));
        if before != after {
            self.requeue(line, id, before, after);
        }
    }

    fn regroup(&mut self, id: ReservationId, before: Option<GroupId>, after: Option<GroupId>) {
        if let Some(group) = before {
            self.groups.remove(group, id);
        }
        if let (Some(group), Some(reservation)) = (after, self.reservations.get(id.get())) {
            self.groups.add(group, reservation.group_key(), id);
        }
    }

    /// Moves a reservation in the queue of its line, and among those of its group who wait there.
    fn requeue(&mut self, line: PhoneNumber, id: ReservationId, before: Waiting, after: Waiting) {
        for ((turn, group), waits) in [(before, false), (after, true)] {
            if let (Some(turn), Some(group)) = (turn, group) {
                self.groups.set_waiting(group, turn, id, waits);
            }
        }
        let ((before, _), (after, _)) = (before, after);
        if let Some(line) = self.lines.get_mut(line) {
            if let Some(turn) = before {
                line.queue.remove(&(turn, id));
            }
            if let Some(turn) = after {
                line.queue.insert((turn, id));
            }
        }
        self.refresh_line(line);
    }

    /// Sets a line's deadline anew.
    pub(super) fn refresh_line(&mut self, number: PhoneNumber) {
        if let Some(line) = self.lines.get_mut(number) {
            let (before, after) = (line.due, line.deadline());
            line.due = after;
            self.agenda.move_to(Target::Line(number), before, after);
        }
    }

    /// Notes what takes a user's number. While it is taken, its reservations stand aside and keep their places (P8, P16).
    fn set_contact(&mut self, number: PhoneNumber, change: impl FnOnce(&mut Contact)) {
        let mut waiting = Vec::new();
        let mut is_free = false;
        self.contacts.update(number, |contact| {
            let was_free = contact.is_free();
            change(contact);
            is_free = contact.is_free();
            if is_free != was_free {
                waiting.extend(contact.live.iter().copied());
            }
        });
        // One that is barred stands aside whether it is taken or not.
        if !self.law.is_barred(number) {
            self.move_aside(&waiting, is_free);
        }
    }

    /// Puts reservations of one number back into their queues, or lets them stand aside.
    pub(super) fn move_aside(&mut self, reservations: &[ReservationId], is_back: bool) {
        for id in reservations.iter().copied() {
            let Some(reservation) = self.reservations.get(id.get()) else { continue };
            if let Some(turn) = reservation.turn() {
                let (line, waits) = (reservation.line, (Some(turn), reservation.group));
                if is_back { self.requeue(line, id, NOT, waits) } else { self.requeue(line, id, waits, NOT) }
            }
        }
    }

    /// Notes that the platform rings a merchant for the numbers of this call's users, or does so no more.
    fn set_rung_for(&mut self, call: CallId, is_rung: bool) {
        let mut index = 0_usize;
        while let Some(member) = self.member(call, index) {
            let reservation = self.reservations.get(member.reservation.get()).filter(|_| !member.is_out);
            if let Some(number) = reservation.map(|reservation| reservation.contact) {
                self.set_contact(number, |contact| contact.rung_for = Some(call).filter(|_| is_rung));
            }
            index = index.saturating_add(1);
        }
    }

    /// Notes that a user's part in a call is over. A merchant who is still rung is rung for the others.
    pub(super) fn set_out(&mut self, call: CallId, reservation: ReservationId) {
        let Some(known) = self.calls.get(call.get()) else { return };
        let is_rung = known.state == CallState::RingingMerchant && known.member(reservation).is_some_and(|member| !member.is_out);
        let number = self.reservations.get(reservation.get()).map(|reservation| reservation.contact);
        if let Some(number) = number.filter(|_| is_rung) {
            self.set_contact(number, |contact| contact.rung_for = None);
        }
        self.update_call(call, |call| {
            if let Some(member) = call.member_mut(reservation) {
                member.is_out = true;
            }
        });
    }

    /// A member of a call, by his place.
    pub(super) fn member(&self, call: CallId, index: usize) -> Option<Member> {
        self.calls.get(call.get()).and_then(|call| call.members.get(index)).copied()
    }

    /// Adds a call, to its line and to its reservation.
    pub(super) fn add_call(&mut self, call: Call) {
        let (id, line) = (call.id, call.line);
        let is_rung = call.state == CallState::RingingMerchant;
        self.agenda.move_to(Target::Call(id), None, call.deadline());
        self.calls.insert(id.get(), call);
        let mut index = 0_usize;
        while let Some(member) = self.member(id, index) {
            self.update_reservation(member.reservation, |reservation| reservation.calls.push(id));
            index = index.saturating_add(1);
        }
        if is_rung {
            self.set_rung_for(id, true);
        }
        if let Some(line) = self.lines.get_mut(line) {
            line.calls.insert(id);
        }
        self.refresh_line(line);
    }

    /// Changes a call.
    pub(super) fn update_call<R>(&mut self, id: CallId, change: impl FnOnce(&mut Call) -> R) -> Option<R> {
        let call = self.calls.get_mut(id.get())?;
        let (before, was_rung) = (call.deadline(), call.state == CallState::RingingMerchant);
        let out = change(call);
        let (after, is_rung) = (call.deadline(), call.state == CallState::RingingMerchant);
        self.agenda.move_to(Target::Call(id), before, after);
        if was_rung != is_rung {
            self.set_rung_for(id, is_rung);
        }
        Some(out)
    }

    /// Takes a call out: its last leg is gone, and its channel is free.
    fn remove_call(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(id.get()) else { return };
        self.agenda.move_to(Target::Call(id), call.deadline(), None);
        for reservation in call.reservations() {
            self.update_reservation(reservation, |reservation| reservation.calls.retain(|other| *other != id));
        }
        if let Some(line) = self.lines.get_mut(call.line) {
            line.calls.remove(&id);
        }
        self.refresh_line(call.line);
    }

    /// Adds a leg to its call.
    pub(super) fn add_leg(&mut self, leg: Leg) {
        self.agenda.move_to(Target::Leg(leg.id), None, leg.deadline());
        self.legs.insert(leg.id.get(), leg);
        self.update_call(leg.call, |call| match leg.reservation {
            None => call.merchant_leg = Some(leg.id),
            Some(reservation) => {
                if let Some(member) = call.member_mut(reservation) {
                    member.leg = Some(leg.id);
                    member.is_dialled = true;
                }
            }
        });
        if leg.party == Party::User {
            self.set_contact(leg.number, |contact| contact.leg = Some(leg.id));
        }
    }

    /// Puts a leg of a snapshot back. Its call comes next, then the reservations.
    pub(super) fn restore_leg(&mut self, leg: Leg) {
        self.agenda.move_to(Target::Leg(leg.id), None, leg.deadline());
        self.legs.insert(leg.id.get(), leg);
        if leg.party == Party::User {
            self.set_contact(leg.number, |contact| contact.leg = Some(leg.id));
        }
    }

    /// Puts a call of a snapshot back.
    pub(super) fn restore_call(&mut self, call: Call) {
        let (id, line) = (call.id, call.line);
        self.agenda.move_to(Target::Call(id), None, call.deadline());
        if let Some(line) = self.lines.get_mut(line) {
            line.calls.insert(id);
            line.releasing.extend(call.legs().filter_map(|leg| Some((self.legs.get(leg.get())?.grace()?, leg))));
        }
        self.calls.insert(id.get(), call);
        self.refresh_line(line);
    }

    /// Puts back what the calls of a snapshot say of the numbers that they are about; the reservations are there now.
    pub(super) fn restore_rung_for(&mut self) {
        let ringing: Vec<CallId> =
            self.calls.in_order().filter(|call| call.state == CallState::RingingMerchant).map(|call| call.id).collect();
        for id in ringing {
            self.set_rung_for(id, true);
        }
    }

    /// Changes a leg.
    pub(super) fn update_leg<R>(&mut self, id: LegId, change: impl FnOnce(&mut Leg) -> R) -> Option<R> {
        let leg = self.legs.get_mut(id.get())?;
        let before = (leg.deadline(), leg.grace());
        let out = change(leg);
        let (after, call) = ((leg.deadline(), leg.grace()), leg.call);
        self.agenda.move_to(Target::Leg(id), before.0, after.0);
        self.move_grace(id, call, before.1, after.1);
        Some(out)
    }

    /// Moves a leg among the releasing ones of the line that its call counts on.
    fn move_grace(&mut self, id: LegId, call: CallId, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before == after {
            return;
        }
        let line = self.calls.get(call.get()).and_then(|call| self.lines.get_mut(call.line));
        if let Some(line) = line {
            if let Some(until) = before {
                line.releasing.remove(&(until, id));
            }
            line.releasing.extend(after.map(|until| (until, id)));
        }
    }

    /// Takes a leg out: it is gone. Its number is free; so is the channel once a call that has ended has no leg left, see `drop_if_over`.
    pub(super) fn remove_leg(&mut self, id: LegId) -> Option<Leg> {
        let leg = self.legs.remove(id.get())?;
        self.agenda.move_to(Target::Leg(id), leg.deadline(), None);
        self.move_grace(id, leg.call, leg.grace(), None);
        self.update_call(leg.call, |call| match leg.reservation {
            None => call.merchant_leg = None,
            Some(reservation) => {
                if let Some(member) = call.member_mut(reservation) {
                    member.leg = None;
                }
            }
        });
        if leg.party == Party::User {
            self.set_contact(leg.number, |contact| contact.leg = None);
        }
        Some(leg)
    }

    /// Takes a call out if it has ended and its last leg is gone.
    pub(super) fn drop_if_over(&mut self, id: CallId) {
        let is_over = self.calls.get(id.get()).is_some_and(Call::is_over);
        if is_over {
            self.remove_call(id);
        }
    }
}
