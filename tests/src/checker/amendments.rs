//! Changes of terms, declines and confirmations: what they make of the books, and what P3 and P17 ask of them.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{AuditRecord, Rebased};
use ringfence::values::id::{CallId, OfferingId, ReservationId};
use ringfence::values::input::{Amend, Input};
use ringfence::values::number::PhoneNumber;
use ringfence::values::person::Person;
use ringfence::values::policy::Confirmation;
use ringfence::values::reply::{Amended, Reply};
use ringfence::values::time::{Timestamp, Window, Zone};

use super::books::{Books, Call, LegState, Reservation, View};
use super::{Judged, Notes, Overdue, Promise, Summary, blocking, permitted};
use crate::hours::CallableHours;
use crate::trace::{Doing, Step};

/// What a revision says, as far as calls rest on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    revision: u32,
    window: Window,
    zone: Zone,
    pub(super) number: PhoneNumber,
    offering: OfferingId,
    verified: bool,
    unacknowledged: bool,
    pub(super) group_size: u32,
}

impl Reservation {
    /// The user took it back, or the merchant would not call.
    pub(super) const fn is_taken_back(&self) -> bool {
        self.cancelled_at.is_some() || self.declined_at.is_some()
    }

    pub(super) fn terms(&self) -> Terms {
        self.waiting.clone().unwrap_or(Terms {
            revision: self.revision,
            window: self.window,
            zone: self.zone,
            number: self.number,
            offering: self.offering,
            verified: self.verified,
            unacknowledged: self.unacknowledged,
            group_size: self.group_size,
        })
    }

    fn set(&mut self, terms: Terms, now: Timestamp) {
        if self.window != terms.window {
            let kept = self.slot.filter(|slot| terms.window.covers(slot) && now < slot.end());
            if kept != self.slot {
                self.replace_slot(kept, now);
            }
        }
        let in_common = (terms.offering, terms.window, terms.group_size);
        if (self.offering, self.window, self.group_size) != in_common && self.told_of != Some(in_common) {
            // His merchant has to be told the new one.
            self.group = None;
        }
        self.group_size = terms.group_size;
        self.revision = terms.revision;
        self.window = terms.window;
        self.zone = terms.zone;
        self.number = terms.number;
        self.offering = terms.offering;
        self.verified = terms.verified;
        self.unacknowledged = terms.unacknowledged;
    }

    /// Whether terms that wait would ring this number.
    pub(super) fn waits_for(&self, number: PhoneNumber) -> bool {
        self.waiting.as_ref().is_some_and(|terms| terms.number == number)
    }

    /// From when it may be called under new terms. `stood`: the place of one that was open.
    fn place(&mut self, now: Timestamp, stood: Option<Timestamp>) {
        let begins = self.span().start();
        let fresh = self.waits_from(now);
        self.eligible_at = match stood {
            Some(eligible) if self.verified && begins <= now => eligible,
            Some(_) | None => fresh,
        };
    }

    /// The part of the view that this file writes.
    pub(super) fn view_changes(&self, view: &mut View) {
        view.number(u64::from(self.declined_at.is_some()) | u64::from(self.told_declined) << 1);
        view.number(u64::from(self.unacknowledged) | u64::from(self.verified) << 1 | u64::from(self.revision) << 2);
        view.number(self.offering.get());
        view.number(u64::from(self.last_revision));
        view.instant(self.rested);
        view.instant(self.slot.map(|slot| slot.start()));
        view.instant(self.slot.map(|slot| slot.end()));
        view.number(self.slot_over.map_or(0, |why| 1 + why as u64));
        view.number(u64::from(self.waiting.is_some()));
        if let Some(terms) = &self.waiting {
            view.number(u64::from(terms.unacknowledged) | u64::from(terms.verified) << 1 | u64::from(terms.revision) << 2);
            view.number(terms.offering.get());
            view.number(u64::from(terms.group_size));
            view.instant(Some(terms.window.start()));
            view.instant(Some(terms.window.end()));
        }
    }
}

impl Books {
    /// The call is over: terms that waited hold.
    pub(super) fn set_waiting(&mut self, id: ReservationId) {
        if let Some(terms) = self.reservations.get_mut(&id).and_then(|known| known.waiting.take()) {
            self.set_terms(id, terms, None);
        }
    }

    /// New terms hold. A code that is out was for older ones, and so was the virtual number of another phone.
    fn set_terms(&mut self, id: ReservationId, terms: Terms, stood: Option<Timestamp>) {
        let now = self.now;
        self.holders.forget(id);
        if self.reservations.get(&id).is_some_and(|known| known.number != terms.number) {
            self.leave_number(id);
        }
        if let Some(known) = self.reservations.get_mut(&id) {
            known.set(terms, now);
            known.place(now, stood);
        }
    }

    pub(super) fn results_await(&self) -> bool {
        self.policy.confirmation == Confirmation::Acknowledgement
    }

    /// The terms that an amendment leads to.
    fn amended(&self, input: &Amend, known: &Reservation) -> Terms {
        let old = known.terms();
        let zone = input.zone.unwrap_or(old.zone);
        let number = input.contact.unwrap_or(old.number);
        let asked = CallableHours::of(&self.policy, number, zone, input.window.unwrap_or(old.window));
        // The window is stored between the first and the last of the hours in which phones may ring.
        let is_new_clock = asked.zone != CallableHours::of(&self.policy, old.number, old.zone, old.window).zone;
        let is_cut_anew = input.window.is_some() || is_new_clock;
        let window = asked.trimmed().filter(|_| is_cut_anew).unwrap_or(asked.window);
        let own = input.user.number() == Some(number);
        // Who agrees to share agrees to what the page offers now.
        let offered = self.offered_size(known.page);
        let group_size = match input.share {
            None => old.group_size,
            Some(false) => 1,
            Some(true) => offered.unwrap_or(old.group_size),
        };
        let is_no_more = old.window.covers(&window) && group_size <= old.group_size && zone == old.zone;
        let verified = own || (old.verified && number == old.number && is_no_more);
        Terms {
            revision: old.revision + 1,
            window,
            zone,
            number,
            offering: input.offering.unwrap_or(old.offering),
            verified,
            unacknowledged: verified && self.results_await(),
            group_size,
        }
    }

    /// The call of this reservation that lives and in which no user has answered, unless it was over when the step began.
    fn ringing_call(&self, id: ReservationId, overdue: &[Overdue]) -> Option<CallId> {
        let is_his = |overdue: &&Overdue| overdue.part.is_none_or(|part| part == id);
        let lives = |call: &CallId| !overdue.iter().filter(is_his).any(|overdue| overdue.call == *call);
        let answered = |leg: ringfence::values::id::LegId| {
            self.legs.get(&leg).is_some_and(|leg| matches!(leg.state, LegState::Answered | LegState::Joined))
        };
        let found = self.calls.iter().find(|(_, call)| call.has(id));
        let rings = |kept: &Call| kept.part(id).is_some_and(|part| !part.leg.is_some_and(answered));
        found.filter(|(call, kept)| lives(call) && rings(kept)).map(|(call, _)| *call)
    }

    pub(super) fn take_amend(&mut self, input: &Amend, amended: Amended, notes: &Notes, summary: &mut Summary) -> Judged {
        let id = input.reservation;
        let now = self.now;
        // A call that settling ended before the change came ends with the effects of this step.
        let lives = self.live_call(id, None).is_some();
        let Some(known) = self.reservations.get(&id) else { return Ok(()) };
        blocking::change(self, &input.user, known.merchant)?;
        if self.media.would_change(id, input.attachments.as_deref()) && Person::of(&input.user) != Person::of(&known.sender) {
            return Err((Promise::P7, format!("what the sender of reservation {id} attached is changed by another")));
        }
        let (terms, last) = (self.amended(input, known), self.last_ring_before(known));
        if terms.number != known.terms().number && self.law.is_listed(terms.number) {
            return Err((Promise::P14, format!("reservation {id} is changed to a number on the do-not-call list")));
        }
        if terms.revision != amended.revision {
            let what = format!("revision {} of reservation {id} is answered as {}", terms.revision, amended.revision);
            return Err((Promise::P17, what));
        }
        self.numbers.entry(terms.number).or_default().insert(input.user.clone());
        if let Some(name) = &input.name {
            self.names.entry(name.clone()).or_default().insert(input.user.clone());
        }
        self.media.take(id, terms.revision, input.attachments.as_deref())?;
        let Some(known) = self.reservations.get_mut(&id) else { return Ok(()) };
        known.last_revision = terms.revision;
        known.name = input.name.clone().or(known.name.take());
        if lives {
            known.waiting = Some(terms);
        } else {
            let was_open = known.verified && known.span().start() <= now && now < last;
            let stood = Some(known.eligible_at).filter(|_| was_open);
            self.set_terms(id, terms, stood);
        }
        let seen = summary.withdrawn_while_ringing;
        let is_ringing = self.ringing_call(id, &notes.overdue).is_some();
        if is_ringing && self.withdraw_part(id, ReleaseCause::Amended, notes, summary) {
            summary.amended_while_ringing += 1;
        }
        summary.withdrawn_while_ringing = seen;
        Ok(())
    }

    /// A merchant is rung for several, and one of them has terms that do not carry the call: no effect shows that his part is over, but that no record
    /// says that it goes on.
    pub(super) fn take_unseen_change(&mut self, step: &Step) {
        let (Doing::Input(Input::Amend(input)), Some(Ok(Reply::Amended(_)))) = (&step.doing, &step.reply) else { return };
        let id = input.reservation;
        let waits = self.reservations.get(&id).is_some_and(|known| known.waiting.is_some());
        if let Some(call) = self.ringing_call(id, &[]).filter(|_| waits) {
            self.end_unseen(call, id, ReleaseCause::Amended);
        }
    }

    pub(super) fn take_decline(&mut self, id: ReservationId, notes: &Notes, summary: &mut Summary) {
        let now = self.now;
        if let Some(known) = self.reservations.get_mut(&id) {
            known.declined_at.get_or_insert(now);
        }
        self.withdraw_part(id, ReleaseCause::Withdrawn, notes, summary);
    }

    pub(super) fn take_acknowledge(&mut self, id: ReservationId) {
        let now = self.now;
        let Some(known) = self.reservations.get_mut(&id) else { return };
        match &mut known.waiting {
            Some(terms) => terms.unacknowledged = false,
            None => {
                known.unacknowledged = false;
                known.eligible_at = known.eligible_at.max(now);
            }
        }
    }

    /// A call went over to new terms: `rebased`.
    pub(super) fn take_rebased(&mut self, rebased: &Rebased) -> Judged {
        let broken = |promise: Promise, what: &str| {
            Err((promise, format!("call {} goes over to revision {}: {what}", rebased.call, rebased.revision)))
        };
        let Some(call) = self.calls.get(&rebased.call).filter(|call| !call.ended) else {
            return broken(Promise::P17, "it is over, or never was");
        };
        let Some(part) = call.part(rebased.reservation) else {
            return broken(Promise::P17, "this user is not in it");
        };
        let (mode, withdrawn) = (call.mode, part.withdrawn);
        let now = self.now;
        let Some(known) = self.reservations.get_mut(&rebased.reservation) else {
            return broken(Promise::P17, "its reservation is not known");
        };
        let Some(terms) = known.waiting.take() else {
            return broken(Promise::P17, "no new terms wait");
        };
        if withdrawn {
            return broken(Promise::P3, "the new terms do not carry it");
        }
        if rebased.revision != terms.revision || rebased.rule != permitted(terms.window, mode) {
            return broken(Promise::P17, "its audit record names another revision or rule");
        }
        if !terms.window.contains(now) {
            return broken(Promise::P1, "the new window does not cover now");
        }
        known.set(terms, now);
        Ok(())
    }
}

/// The call that an amendment has to end: nobody has answered, and the new terms are other than it rests on, or do not cover now.
pub(super) fn must_end(books: &Books, input: &Amend, overdue: &[Overdue]) -> Option<CallId> {
    let call = books.ringing_call(input.reservation, overdue)?;
    let known = books.reservations.get(&input.reservation)?;
    let (old, new) = (known.terms(), books.amended(input, known));
    let carried = new.verified
        && !new.unacknowledged
        && new.number == old.number
        && new.offering == old.offering
        && new.zone == old.zone
        && new.group_size == old.group_size
        && known.slot.is_none_or(|slot| new.window.covers(&slot))
        && new.window.contains(books.now);
    if carried { None } else { Some(call) }
}

/// At the end of a step: the change is accounted for, and what it did not end goes on under it.
pub(super) fn performed(books: &Books, step: &Step, notes: &Notes) -> Judged {
    let (Doing::Input(Input::Amend(input)), Some(Ok(Reply::Amended(amended)))) = (&step.doing, &step.reply) else {
        return Ok(());
    };
    let id = input.reservation;
    let fits = |record: &AuditRecord| matches!(record, AuditRecord::Amended(record) if record.reservation == id && record.revision == amended.revision && record.evidence == input.evidence);
    if !notes.changes.iter().any(fits) {
        return Err((Promise::P17, format!("no audit record says that reservation {id} was changed")));
    }
    let rings = books.ringing_call(id, &[]);
    if rings.is_some() && books.reservations.get(&id).is_some_and(|known| known.waiting.is_some()) {
        return Err((Promise::P3, format!("a phone rings on for reservation {id} under terms that were changed")));
    }
    Ok(())
}
