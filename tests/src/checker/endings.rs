//! What must have ended, and when: P9, the window's end of P1, and the hang-ups of P3.

use std::collections::BTreeSet;

use ringfence::values::effect::{Archive, LegLost, Party};
use ringfence::values::id::{LegId, ReservationId};
use ringfence::values::input::Input;
use ringfence::values::policy::OnWindowClose;
use ringfence::values::reply::{Outcome, Reply};

use super::books::{Books, Call, Leg, LegState, Part, Reservation};
use super::{Judged, Notes, Overdue, Promise, amendments};
use crate::trace::{Doing, Step};

/// A user's phone rang when the window ended.
pub(super) const WINDOW_ENDED: &str = "the window ended while the user's phone rang";

/// A merchant's phone rang when the slot ended. Nobody failed.
pub(super) const SLOT_ENDED: &str = "the slot ended before the user was dialled";

/// The calls whose end instant has come, each with the promise that falls when nothing is done about it.
pub(super) fn overdue(books: &Books) -> Vec<Overdue> {
    let mut due = Vec::new();
    for (call, known) in books.calls.iter().filter(|(_, call)| !call.ended) {
        for part in known.parts.iter().filter(|part| !part.over) {
            let overdue = overdue_part(books, part).or_else(|| overdue_call(books, known).filter(|_| known.parts.len() == 1));
            let of_part = |(promise, why)| Overdue { call: *call, part: Some(part.reservation), promise, why };
            due.extend(overdue.map(of_part));
        }
        if known.parts.len() > 1 {
            due.extend(overdue_call(books, known).map(|(promise, why)| Overdue { call: *call, part: None, promise, why }));
        }
    }
    due
}

fn rang_out(books: &Books, leg: &Leg) -> bool {
    leg.state == LegState::Ringing && leg.ring_until.is_some_and(|until| books.now >= until)
}

/// One user's part.
fn overdue_part(books: &Books, part: &Part) -> Option<(Promise, &'static str)> {
    let over = books.reservations.get(&part.reservation).is_some_and(|reservation| books.now >= reservation.window.end());
    let span_over = |reservation: &Reservation| books.now >= reservation.span().end();
    let slot_over = books.reservations.get(&part.reservation).is_some_and(span_over);
    match part.leg.and_then(|leg| books.legs.get(&leg)) {
        Some(leg) if leg.state == LegState::Ringing && over => Some((Promise::P1, WINDOW_ENDED)),
        Some(leg) if leg.state == LegState::Ringing && slot_over => {
            Some((Promise::P14, "the slot ended while the user's phone rang"))
        }
        Some(leg) if rang_out(books, leg) => Some((Promise::P9, "the user's ring time was over")),
        Some(leg) if leg.is_there() && over && !part.may_run_on && books.policy.on_window_close == OnWindowClose::HangUp => {
            Some((Promise::P9, "the policy ends conversations with the window"))
        }
        Some(_) => None,
        None if over => Some((Promise::P9, "the window ended before the user was dialled")),
        None if slot_over => Some((Promise::P9, SLOT_ENDED)),
        None => None,
    }
}

/// The whole call.
fn overdue_call(books: &Books, call: &Call) -> Option<(Promise, &'static str)> {
    let merchant = books.legs.get(&call.merchant_leg)?;
    if call.parts.iter().all(|part| part.leg.is_none()) && rang_out(books, merchant) {
        return Some((Promise::P9, "the merchant's ring time was over"));
    }
    let waits = merchant.inbound && merchant.state == LegState::Ringing;
    if waits && call.answer_until.is_some_and(|until| books.now >= until) {
        return Some((Promise::P9, "the inbound leg did not report its answer in time"));
    }
    if call.talks_until.is_some_and(|until| books.now >= until) {
        return Some((Promise::P9, "the longest conversation was over"));
    }
    None
}

/// The calls that this step has to end: those overdue that it settles, and the one that it takes the permission from.
pub(super) fn duties(books: &Books, step: &Step, overdue: &[Overdue]) -> Vec<Overdue> {
    if books.fires_everything(step) {
        return overdue.to_vec();
    }
    let (Doing::Input(input), Some(Ok(reply))) = (&step.doing, &step.reply) else { return Vec::new() };
    let (reservation, Some(id)) = books.named(input) else { return Vec::new() };
    // A report settles all of its call; what names a reservation, only that one's end of a window.
    let is_report = matches!(input, Input::LegProgress(_) | Input::LegAnswered(_) | Input::LegEnded(_));
    let is_settled = |late: &&Overdue| late.call == id && (is_report || late.part.is_none() || late.part == reservation);
    let late: Vec<Overdue> = overdue.iter().filter(is_settled).copied().collect();
    if !late.is_empty() {
        return late;
    }
    let Some(call) = books.calls.get(&id) else { return Vec::new() };
    let answered =
        |leg: LegId| books.legs.get(&leg).is_some_and(|leg| matches!(leg.state, LegState::Answered | LegState::Joined));
    let first_cancel = reservation.and_then(|id| books.reservations.get(&id)).is_some_and(|known| known.cancelled_at.is_none());
    let first_decline = reservation.and_then(|id| books.reservations.get(&id)).is_some_and(|known| known.declined_at.is_none());
    match (input, reply) {
        (Input::Cancel(cancel), Reply::Done) if first_cancel => {
            let part = call.part(cancel.reservation).filter(|part| !call.ended && !part.leg.is_some_and(answered));
            let why = "the user took the permission back";
            part.map(|part| Overdue { call: id, part: Some(part.reservation), promise: Promise::P3, why }).into_iter().collect()
        }
        (Input::Decline(decline), Reply::Done) if first_decline => {
            let part = call.part(decline.reservation).filter(|part| !call.ended && !part.leg.is_some_and(answered));
            let why = "the merchant declined";
            part.map(|part| Overdue { call: id, part: Some(part.reservation), promise: Promise::P3, why }).into_iter().collect()
        }
        (Input::Amend(input), Reply::Amended(_)) => amendments::must_end(books, input, overdue)
            .map(|call| Overdue {
                call,
                part: Some(input.reservation),
                promise: Promise::P3,
                why: "the terms were changed, and the new ones do not carry the call",
            })
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// The legs that have to end with this: the user's, and all of the call when nobody else is left in it.
pub(super) fn affected(books: &Books, of: &Overdue, all: &[Overdue]) -> BTreeSet<LegId> {
    let legs = || books.legs.iter().filter(|(_, leg)| leg.call == Some(of.call)).map(|(id, _)| *id);
    let Some(call) = books.calls.get(&of.call) else { return BTreeSet::new() };
    let is_due =
        |user: ReservationId| all.iter().any(|other| other.call == of.call && other.part.is_none_or(|part| part == user));
    match of.part {
        Some(user) if !call.parts.iter().all(|part| part.over || is_due(part.reservation)) => {
            call.parts.iter().filter(|part| part.reservation == user).filter_map(|part| part.leg).collect()
        }
        Some(_) | None => legs().collect(),
    }
}

/// At the end of a step: what had to end has ended, and no leg outlives its call.
pub(super) fn performed(books: &Books, notes: &Notes) -> Judged {
    let stands = |leg: &Leg| matches!(leg.state, LegState::Ringing | LegState::Answered | LegState::Joined);
    // A merchant at the recorder stays when his user's part is over.
    let standing = |id: LegId, leg: &Leg| stands(leg) && !books.voice_messages.has_leg(id);
    for duty in &notes.duties {
        // The user's first: his phone is what the fence is about.
        let legs = affected(books, duty, &notes.duties);
        let mut legs: Vec<_> = books.legs.iter().filter(|(id, leg)| legs.contains(id) && standing(**id, leg)).collect();
        legs.sort_by_key(|(_, leg)| leg.party == Party::Merchant);
        if let Some((id, _)) = legs.first() {
            return Err((duty.promise, format!("{}, and leg {id} was not ended in this step", duty.why)));
        }
    }
    let is_over = |leg: &Leg| leg.call.and_then(|call| books.calls.get(&call)).is_some_and(|call| call.ended);
    match books.legs.iter().find(|(id, leg)| is_over(leg) && standing(**id, leg)) {
        None => Ok(()),
        Some((id, _)) => Err((Promise::P9, format!("leg {id} goes on after the other leg of its call ended"))),
    }
}

/// A leg is counted as gone without a report. Only then does it stop counting for its number and channel.
pub(super) fn lost(books: &Books, lost: &LegLost, notes: &Notes) -> Judged {
    if notes.lost_by_input.contains(&lost.leg) {
        return Ok(());
    }
    let Some(leg) = books.legs.get(&lost.leg) else {
        return Err((Promise::P9, format!("leg {} is counted as lost, and it was gone, or never was", lost.leg)));
    };
    if leg.call != Some(lost.call) {
        return Err((Promise::P17, format!("the audit record of lost leg {} names another call", lost.leg)));
    }
    let over = matches!(leg.state, LegState::Releasing { until } if books.now >= until);
    if over { Ok(()) } else { Err((Promise::P8, format!("leg {} is counted as lost before its grace was over", lost.leg))) }
}

/// A reservation leaves the platform.
pub(super) fn archived(books: &Books, archive: &Archive) -> Judged {
    let broken = |what: String| Err((Promise::P9, format!("reservation {} is archived: {what}", archive.reservation)));
    let Some(reservation) = books.reservations.get(&archive.reservation) else {
        return broken("it left before, or never was".to_owned());
    };
    if books.live_call(archive.reservation, None).is_some() {
        return broken("a call of it is alive".to_owned());
    }
    let is_early = archive.closed_at.saturating_add_s(u64::from(books.least_retention_s)) > books.now;
    if is_early && reservation.forgotten && archive.evidence.is_some() {
        return broken("its user is forgotten, and its evidence is not".to_owned());
    }
    if is_early && !reservation.forgotten {
        return broken("its retention is not over".to_owned());
    }
    let stood = reservation.cancelled_at.is_none() && reservation.declined_at.is_none();
    let right = match archive.outcome {
        Outcome::Cancelled => reservation.cancelled_at.is_some(),
        Outcome::Unverified => reservation.cancelled_at.is_none() && !reservation.verified,
        Outcome::Forgotten => reservation.forgotten && reservation.cancelled_at.is_some(),
        Outcome::Declined => reservation.cancelled_at.is_none() && reservation.declined_at.is_some(),
        Outcome::Completed => stood && reservation.conversations > 0,
        // A change can ask for the holder's agreement anew when it is too late for it to matter.
        Outcome::Missed(_) => stood && (reservation.verified || reservation.last_revision > 1) && reservation.conversations == 0,
    };
    if !right {
        return broken(format!("{:?} is not how it ended", archive.outcome));
    }
    untold(reservation).map_or(Ok(()), |what| broken(what.to_owned()))
}

/// The end of a trace with a calm phase.
pub(super) fn all_closed(books: &Books) -> Judged {
    if let Some(id) = books.legs.keys().next() {
        return Err((Promise::P9, format!("leg {id} was neither reported ended nor counted as lost")));
    }
    for (id, reservation) in &books.reservations {
        let broken = |what: &str| Err((Promise::P9, format!("at the end, reservation {id} {what}")));
        let over = books.now >= reservation.window.end();
        if !over && !books.is_used_up(*id, reservation, None) {
            return broken("is live: the trace ends before its window does");
        }
        if let Some(what) = untold(reservation) {
            return broken(what);
        }
    }
    Ok(())
}

/// What the user of a closed reservation was not told.
fn untold(reservation: &Reservation) -> Option<&'static str> {
    let stood = reservation.cancelled_at.is_none() && reservation.declined_at.is_none();
    let missed = reservation.verified && stood && reservation.conversations == 0;
    if missed && !reservation.told_missed {
        return Some("is over without a conversation, and its user was not told");
    }
    if reservation.declined_at.is_some() && !reservation.told_declined {
        return Some("was declined, and its user has no word of it");
    }
    let silent = reservation.cancelled_at.is_some() && !reservation.told_cancelled;
    silent.then_some("was cancelled, and its user has no word of it")
}
