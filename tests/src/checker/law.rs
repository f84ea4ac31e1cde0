//! What keeps phones from ringing: P14, read from the operator's own inputs and rules; P17, that each leaves its record.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    Action, AuditRecord, Dial, DoNotCallChanged, Effect, FreezeRecord, MissedNotice, Party, RecordedScope,
};
use ringfence::values::id::{CallId, MerchantId, ReservationId};
use ringfence::values::input::{ImportDoNotCall, Input, Scope};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::Policy;
use ringfence::values::reply::{DenyReason, DoNotCallSet, Missed, Reply};
use ringfence::values::text::MaskedText;
use ringfence::values::time::Timestamp;

use super::books::{Books, Call, Part, Reservation};
use super::{Judged, Notes, Overdue, Promise};
use crate::hours::CallableHours;
use crate::trace::{Doing, Step};

const DAY_S: u64 = 86_400;

/// What is frozen and listed, as the inputs that were taken say; and how often whom was rung.
#[derive(Clone, Debug, Default)]
pub(super) struct Law {
    frozen: BTreeSet<Scope>,
    listed: BTreeSet<PhoneNumber>,
    /// Every dial of a user while a limit of the day was set: whom, and when.
    rings: Vec<(PhoneNumber, Timestamp)>,
    /// There are rules of time, or were: whom they put off has another place in his queue than his own, which a trace does not show.
    has_put_off: bool,
}

impl Law {
    pub(super) fn freeze(&mut self, scope: Scope) {
        self.frozen.insert(scope);
    }

    pub(super) fn thaw(&mut self, scope: Scope) {
        self.frozen.remove(&scope);
    }

    pub(super) fn list(&mut self, input: &ImportDoNotCall, reply: &DoNotCallSet) -> Judged {
        let before = self.listed.clone();
        self.listed.retain(|number| !input.remove.contains(number));
        self.listed.extend(&input.add);
        let changed = (self.listed.difference(&before).count(), before.difference(&self.listed).count());
        if changed == (reply.added as usize, reply.removed as usize) {
            return Ok(());
        }
        Err((
            Promise::P14,
            format!("{} numbers came on the do-not-call list and {} left it, and the reply differs", changed.0, changed.1),
        ))
    }

    pub(super) fn is_listed(&self, number: PhoneNumber) -> bool {
        self.listed.contains(&number)
    }

    pub(super) fn is_frozen(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        [Scope::Platform, Scope::Merchant(merchant), Scope::Number(number)].iter().any(|scope| self.frozen.contains(scope))
    }

    pub(super) fn is_kept_from_ringing(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        self.is_listed(number) || self.is_frozen(merchant, number)
    }

    /// A user's phone is dialled.
    pub(super) fn ring(&mut self, policy: &Policy, number: PhoneNumber, now: Timestamp) {
        self.rings.retain(|(_, at)| now < at.saturating_add_s(DAY_S));
        if policy.rings_per_day_max > 0 {
            self.rings.push((number, now));
        }
    }

    /// From when on this number counts fewer rings than may be.
    fn free_at(&self, policy: &Policy, number: PhoneNumber, now: Timestamp) -> Timestamp {
        let until = |(_, at): &(PhoneNumber, Timestamp)| at.saturating_add_s(DAY_S);
        let mut counting: Vec<_> =
            self.rings.iter().filter(|(rung, _)| *rung == number).map(until).filter(|until| *until > now).collect();
        counting.sort();
        let too_many = (counting.len() + 1).saturating_sub(policy.rings_per_day_max as usize);
        if policy.rings_per_day_max == 0 || too_many == 0 { now } else { counting[too_many - 1] }
    }

    pub(super) fn of(policy: &Policy) -> Self {
        let mut law = Self::default();
        law.notes_rules(policy);
        law
    }

    /// Rules of time hold.
    pub(super) fn notes_rules(&mut self, policy: &Policy) {
        self.has_put_off |= !policy.callable_hours.is_empty() || policy.rings_per_day_max > 0;
    }

    /// Whether somebody may have been put off.
    pub(super) const fn has_put_off(&self) -> bool {
        self.has_put_off
    }

    /// For [`Books::view`]: what is kept from ringing, by places and not by numbers.
    pub(super) fn view(&self) -> impl Iterator<Item = u64> {
        let scope = |scope: &Scope| match scope {
            Scope::Platform => 1,
            Scope::Merchant(merchant) => 2 + merchant.get(),
            Scope::Number(number) => {
                number.dialable().bytes().fold(3, |sum: u64, digit| sum.wrapping_mul(31).wrapping_add(u64::from(digit)))
            }
        };
        self.frozen.iter().map(scope).chain(self.listed.iter().map(move |number| scope(&Scope::Number(*number)).rotate_left(1)))
    }
}

/// The hours of a reservation's phone.
pub(super) fn hours<'a>(books: &'a Books, reservation: &Reservation) -> CallableHours<'a> {
    CallableHours::of(&books.policy, reservation.number, reservation.zone, reservation.span())
}

/// What hours, the limit of a day and the spacing say now: the strictest of those that say no, and from when on none does.
pub(super) fn pause(books: &Books, reservation: &Reservation) -> Option<(DenyReason, Option<Timestamp>)> {
    let now = books.now;
    let hours = hours(books, reservation);
    let free = books.law.free_at(&books.policy, reservation.number, now);
    let spaced = reservation.eligible_at.max(now);
    let callable = hours.callable_from(now);
    let strictest = callable.map(|callable| callable.max(free).max(spaced));
    let reason = if callable.is_none() || (strictest == callable && callable > Some(now)) {
        DenyReason::OutsideHours
    } else if free > now && strictest == Some(free) {
        DenyReason::DailyLimit
    } else if spaced > now {
        DenyReason::TooSoon
    } else {
        return None;
    };
    Some((reason, hours.callable_from(free.max(spaced)).filter(|at| *at < reservation.span().end())))
}

/// P14: a dial is made in hours in which the user's phone may ring and within the limit of the day; and his phone stops with the hours.
pub(super) fn in_time(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    let broken = |what: String| Err((Promise::P14, format!("leg {} is dialled at {}: {what}", dial.leg, books.now)));
    match pause(books, reservation) {
        Some((DenyReason::OutsideHours, _)) => return broken("that is no hour in which phones may ring".to_owned()),
        Some((DenyReason::DailyLimit, _)) => return broken("the number was rung as often within a day as it may be".to_owned()),
        Some(_) | None => {}
    }
    if dial.party == Party::Merchant {
        return Ok(());
    }
    let end = hours(books, reservation).end_from(books.now);
    if end == reservation.span().end() {
        // The end of window and slot is judged by them.
        return Ok(());
    }
    let last = end.saturating_sub_s(u64::from(books.policy.min_ring_s));
    let rings_until = books.now.saturating_add_micros(i64::from(dial.ring_timeout_ms) * 1_000);
    if dial.ring_until > end || dial.not_after > last || (rings_until > end && dial.ring_timeout_ms > 1) {
        return broken(format!("it may ring past {end}, when the hours end"));
    }
    Ok(())
}

/// P14: nothing begins to ring that the operator keeps from ringing, neither a user's phone nor a merchant's for his sake.
pub(super) fn permits(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    let broken = |what: &str| Err((Promise::P14, format!("leg {} is dialled at {}: {what}", dial.leg, books.now)));
    if books.law.is_listed(reservation.number) {
        return broken("the user's number is on the do-not-call list");
    }
    if books.law.is_frozen(reservation.merchant, reservation.number) {
        return broken("the operator froze it, and it was not thawed");
    }
    Ok(())
}

/// P14: what is barred from now on and was not shown to ring does not begin to: its call has to end in this step.
pub(super) fn take_back(books: &mut Books, notes: &mut Notes) {
    let is_barred = |call: &Call, part: &Part| {
        let reservation = books.reservations.get(&part.reservation);
        let barred = reservation.is_some_and(|known| books.law.is_kept_from_ringing(known.merchant, known.number));
        // Before he is dialled, the merchant is for his sake.
        barred && !part.over && books.waits_for_its_dial(part.leg.unwrap_or(call.merchant_leg))
    };
    let parts = books.calls.iter().flat_map(|(id, call)| call.parts.iter().map(move |part| (*id, call, part)));
    let barred = parts.filter(|(_, call, part)| !call.ended && is_barred(call, part));
    let barred: Vec<(CallId, ReservationId)> = barred.map(|(id, _, part)| (id, part.reservation)).collect();
    for (call, user) in &barred {
        let why = "the operator keeps it from ringing";
        notes.duties.push(Overdue { call: *call, part: Some(*user), promise: Promise::P14, why });
        let parts = books.calls.get_mut(call).into_iter().flat_map(|call| &mut call.parts);
        parts.filter(|part| part.reservation == *user).for_each(|part| part.barred = true);
    }
    for (call, user) in barred {
        books.end_unseen(call, user, ReleaseCause::UserUnreachable);
    }
}

/// P14: a `dial` that is handed out again may be begun only then, so nothing keeps it from ringing.
pub(super) fn handed_out_again(books: &Books, effect: &Effect) -> Judged {
    let Action::Dial(dial) = &effect.action else { return Ok(()) };
    // A merchant who is rung for several is rung as long as somebody is left.
    let parts = books.calls.get(&dial.call).map_or(&[][..], |call| &call.parts);
    let named = parts.iter().find(|part| part.reservation == dial.reason.reservation);
    let is_for_others =
        dial.party == Party::Merchant && named.is_some_and(|part| part.over) && parts.iter().any(|part| !part.over);
    let reservation = books.reservations.get(&dial.reason.reservation).filter(|_| !is_for_others);
    reservation.map_or(Ok(()), |reservation| permits(books, dial, reservation))
}

/// P14: who was kept from ringing at the end of his window is told so, unless he was tried before; and nobody else is.
pub(super) fn missed(books: &Books, notice: &MissedNotice) -> Judged {
    let Some(reservation) = books.reservations.get(&notice.reservation) else { return Ok(()) };
    let listed = books.law.is_listed(reservation.number);
    let frozen = books.law.is_frozen(reservation.merchant, reservation.number);
    // Why its last slot came to nothing stands until the end.
    let of_slot = reservation.slot_over == Some(notice.why.into());
    let right = of_slot
        || match notice.why {
            Missed::NotAcknowledged => reservation.unacknowledged,
            Missed::DoNotCall => listed,
            Missed::Frozen => frozen && !listed,
            Missed::NotReached | Missed::MerchantNotReached | Missed::NotCarriedOut => true,
            Missed::NotCalled
            | Missed::NumberBusy
            | Missed::NoChannel
            | Missed::HostLate
            | Missed::WindowTooShort
            | Missed::NotReachedInTime
            | Missed::OutsideHours
            | Missed::DailyLimit => !listed && !frozen,
        };
    if right {
        return Ok(());
    }
    Err((Promise::P14, format!("the user of reservation {} is told {:?}, and that is not why", notice.reservation, notice.why)))
}

/// P17: a record of a freeze or a thaw says what the operator said, without a phone number.
pub(super) fn recorded(record: &FreezeRecord, freezes: bool, step: &Step) -> Judged {
    let said = match (&step.doing, freezes) {
        (Doing::Input(Input::Freeze(input)), true) => Some((input.scope, &input.by, &input.why)),
        (Doing::Input(Input::Thaw(input)), false) => Some((input.scope, &input.by, &input.why)),
        (Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart, _) => None,
    };
    let right = said.is_some_and(|(scope, by, why)| {
        let scope = match scope {
            Scope::Platform => RecordedScope::Platform,
            Scope::Merchant(merchant) => RecordedScope::Merchant(merchant),
            Scope::Number(number) => RecordedScope::Number(number.masked()),
        };
        (&record.scope, &record.by, &record.why) == (&scope, &MaskedText::new(by), &MaskedText::new(why))
    });
    if right { Ok(()) } else { Err((Promise::P17, "a record of a freeze or a thaw says what the operator did not".to_owned())) }
}

/// P17: a record of the do-not-call list says how it changed.
pub(super) fn list_recorded(record: &DoNotCallChanged, step: &Step) -> Judged {
    let right = match &step.reply {
        Some(Ok(Reply::DoNotCallSet(reply))) => (record.added, record.removed) == (reply.added, reply.removed),
        Some(_) | None => false,
    };
    if right { Ok(()) } else { Err((Promise::P17, "a record of the do-not-call list says another change".to_owned())) }
}

/// At the end of a step: what the operator did was recorded, and nobody booked for a number that is never rung.
pub(super) fn answered(books: &Books, step: &Step) -> Judged {
    let Doing::Input(input) = &step.doing else { return Ok(()) };
    let is_recorded = |wanted: fn(&AuditRecord) -> bool| {
        step.effects.iter().any(|effect| matches!(&effect.action, Action::Audit(audit) if wanted(&audit.record)))
    };
    let recorded = match (input, &step.reply) {
        (Input::Freeze(_), Some(Ok(Reply::Done))) => is_recorded(|record| matches!(record, AuditRecord::Frozen(_))),
        (Input::Thaw(_), Some(Ok(Reply::Done))) => is_recorded(|record| matches!(record, AuditRecord::Thawed(_))),
        (Input::ImportDoNotCall(_), Some(Ok(Reply::DoNotCallSet(reply)))) => {
            let changed = reply.added > 0 || reply.removed > 0;
            is_recorded(|record| matches!(record, AuditRecord::DoNotCallChanged(_))) == changed
        }
        (Input::Book(_), Some(Ok(Reply::Booked(booked)))) => {
            // The phone may be one that is remembered of the sender.
            let listed = books.reservations.get(&booked.reservation).is_some_and(|known| books.law.is_listed(known.number));
            if listed {
                let what = format!("reservation {} is taken for a number on the do-not-call list", booked.reservation);
                return Err((Promise::P14, what));
            }
            true
        }
        (Input::ConfirmContact(_), Some(Ok(Reply::Confirmed(confirmed)))) => {
            let listed = books.reservations.get(&confirmed.reservation).is_some_and(|known| books.law.is_listed(known.number));
            if listed {
                let what = format!("reservation {} is accepted for a number on the do-not-call list", confirmed.reservation);
                return Err((Promise::P14, what));
            }
            true
        }
        _ => true,
    };
    if recorded {
        Ok(())
    } else {
        Err((Promise::P17, "the operator changed what may ring, and no audit record says so".to_owned()))
    }
}
