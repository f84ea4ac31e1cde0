//! Who may be dialled and joined: P1 to P6, P8, and what of P9 and P14 a single dial shows.

use ringfence::values::effect::{Dial, Join, Party};
use ringfence::values::policy::CallMode;

use super::books::{Books, LegState, Part, Reservation};
use super::{Broken, Judged, Notes, Promise, law, permitted, slots};

/// A user's phone is dialled.
pub(super) fn user_dial(books: &Books, dial: &Dial) -> Judged {
    let id = dial.reason.reservation;
    let broken =
        |promise: Promise, what: String| Err((promise, format!("leg {} rings a user for reservation {id}: {what}", dial.leg)));
    let Some(reservation) = books.reservations.get(&id) else {
        let agreed = books.reservations.values().any(|other| other.verified && other.number == dial.to);
        let promise = if agreed { Promise::P1 } else { Promise::P2 };
        return broken(promise, "no such reservation stands".to_owned());
    };
    if reservation.number != dial.to {
        let agreed = books.reservations.values().any(|other| other.verified && other.number == dial.to);
        let promise = if agreed { Promise::P1 } else { Promise::P2 };
        return broken(promise, "it is not the number that was booked".to_owned());
    }
    agreed_and_standing(books, dial, reservation)?;
    law::permits(books, dial, reservation)?;
    law::in_time(books, dial, reservation)?;
    in_window(books, dial, reservation, Promise::P1)?;
    slots::in_slot(books, dial, reservation)?;
    if books.merchant_of_line(dial.from) != Some(reservation.merchant) {
        return broken(Promise::P1, "the number shown is not a line of the merchant who may call".to_owned());
    }
    if dial.reason.window != reservation.window {
        return broken(
            Promise::P1,
            format!("the reason names the window {:?}, booked was {:?}", dial.reason.window, reservation.window),
        );
    }
    let Some(call) = books.calls.get(&dial.call) else {
        return broken(Promise::P4, "there is no merchant in this call".to_owned());
    };
    let Some(part) = call.part(id) else {
        return broken(Promise::P1, "the call was permitted by another reservation".to_owned());
    };
    let merchant = books.legs.get(&call.merchant_leg);
    match (call.mode, merchant.map(|leg| leg.state)) {
        (CallMode::PlatformCalls, Some(LegState::Answered)) => {}
        (CallMode::MerchantCalls, Some(LegState::Ringing | LegState::Answered)) => {}
        (CallMode::PlatformCalls, Some(LegState::Ringing)) => {
            return broken(Promise::P4, "the merchant has not answered".to_owned());
        }
        (_, Some(LegState::Joined | LegState::Releasing { .. } | LegState::Gone) | None) => {
            return broken(Promise::P4, "the merchant's leg does not wait for this user".to_owned());
        }
    }
    in_mode(books, dial, reservation, call.mode)?;
    if part.leg.is_some() {
        return broken(Promise::P8, "the call has its user's leg already".to_owned());
    }
    if books.is_number_busy(dial.to, Some(dial.call)) {
        return broken(Promise::P8, "a leg to this number is alive".to_owned());
    }
    within_bounds(books, dial, reservation)
}

/// A merchant's line is dialled.
pub(super) fn merchant_dial(books: &Books, dial: &Dial) -> Judged {
    let id = dial.reason.reservation;
    let broken = |promise: Promise, what: String| {
        Err((promise, format!("leg {} rings a merchant for reservation {id}: {what}", dial.leg)))
    };
    let Some(reservation) = books.reservations.get(&id) else {
        return broken(Promise::P14, "no such reservation stands".to_owned());
    };
    if books.merchant_of_line(dial.to) != Some(reservation.merchant) {
        return broken(Promise::P2, "the number is no line of his".to_owned());
    }
    if dial.from != reservation.virtual_number.unwrap_or(dial.to) {
        return broken(
            Promise::P7,
            "the number shown is neither the user's virtual number nor, without one, the line".to_owned(),
        );
    }
    agreed_and_standing(books, dial, reservation)?;
    law::permits(books, dial, reservation)?;
    law::in_time(books, dial, reservation)?;
    in_window(books, dial, reservation, Promise::P14)?;
    slots::in_slot(books, dial, reservation)?;
    in_mode(books, dial, reservation, CallMode::PlatformCalls)?;
    if dial.to != reservation.line {
        return broken(Promise::P16, "the reservation is in the queue of another line".to_owned());
    }
    if books.live_call(id, None).is_some() {
        return broken(Promise::P14, "a call of it is alive".to_owned());
    }
    if books.is_number_busy(reservation.number, None) {
        return broken(Promise::P14, "the user is on another call, or another merchant is rung for him".to_owned());
    }
    let (live, channels) = (books.live_calls_on(dial.to, None), books.channels_of(dial.to));
    if live >= channels {
        return broken(Promise::P8, format!("{live} calls are alive on a line of {channels} channels"));
    }
    within_bounds(books, dial, reservation)
}

/// P2 and P3: the holder agreed, and nobody took it back.
pub(super) fn agreed_and_standing(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    if !reservation.verified {
        return Err((Promise::P2, format!("leg {} is dialled, and the holder of the contact number has not agreed", dial.leg)));
    }
    if reservation.unacknowledged {
        return Err((Promise::P2, format!("leg {} is dialled, and the user has not confirmed the result", dial.leg)));
    }
    if let Some(at) = reservation.declined_at {
        return Err((Promise::P3, format!("leg {} is dialled at {}; the merchant declined at {at}", dial.leg, books.now)));
    }
    if let Some(at) = reservation.cancelled_at {
        return Err((
            Promise::P3,
            format!("leg {} is dialled at {}; the reservation was cancelled at {at}", dial.leg, books.now),
        ));
    }
    Ok(())
}

/// P1 for a user, P14 for a merchant: inside the window at this instant, and neither ringing nor the effect itself outlasts it.
pub(super) fn in_window(books: &Books, dial: &Dial, reservation: &Reservation, promise: Promise) -> Judged {
    let (now, window) = (books.now, reservation.window);
    let broken = |what: String| Err((promise, format!("leg {} is dialled at {now}, the window is {window:?}: {what}", dial.leg)));
    let last = window.end().saturating_sub_s(u64::from(books.policy.min_ring_s));
    if !window.contains(now) {
        return broken("that is outside".to_owned());
    }
    if now >= last {
        return broken(format!("less than min_ring_s ({} s) is left", books.policy.min_ring_s));
    }
    if dial.not_after > last {
        return broken(format!("not_after is {}, past {last}", dial.not_after));
    }
    // To many switches a ring time of 0 is none at all, so the last millisecond may be rung out.
    let rings_until = now.saturating_add_micros(i64::from(dial.ring_timeout_ms) * 1_000);
    if dial.ring_timeout_ms == 0 || (rings_until > window.end() && dial.ring_timeout_ms > 1) {
        return broken(format!("it may ring until {rings_until}"));
    }
    // However late the host begins.
    let rung_out = now.saturating_add_s(u64::from(books.policy.ring_timeout_s));
    if dial.ring_until > window.end() || dial.ring_until > rung_out || dial.ring_until <= now {
        return broken(format!("ring_until is {}", dial.ring_until));
    }
    Ok(())
}

/// P6: the side that started the call is the side that may.
pub(super) fn in_mode(books: &Books, dial: &Dial, reservation: &Reservation, mode: CallMode) -> Judged {
    let in_force = books.mode_in_force(reservation);
    if in_force == Some(mode) || reservation.is_mode_unsure {
        return Ok(());
    }
    Err((Promise::P6, format!("leg {} is dialled in a call that needs {mode:?}; in force is {in_force:?}", dial.leg)))
}

/// P9: attempts and conversations are bounded. P14: and spaced.
pub(super) fn within_bounds(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    let policy = &books.policy;
    let reached = [
        ("conversations_max", reservation.conversations, policy.conversations_max),
        ("attempts_max", reservation.attempts, policy.attempts_max),
        ("merchant_attempts_max", reservation.merchant_failures, policy.merchant_attempts_max),
        ("platform_attempts_max", reservation.platform_failures, policy.platform_attempts_max),
    ];
    if let Some((field, done, _)) = reached.into_iter().find(|(_, done, most)| reservation.used_up && done >= most) {
        return Err((Promise::P9, format!("leg {} is dialled after {done}, all that {field} allows", dial.leg)));
    }
    let at = reservation.eligible_at;
    if books.now < at {
        return Err((
            Promise::P14,
            format!("leg {} is dialled at {}; the spacing after the last call ends at {at}", dial.leg, books.now),
        ));
    }
    Ok(())
}

/// P17: the record of a dialled user stands before the dial.
pub(super) fn announced(books: &Books, dial: &Dial, notes: &mut Notes) -> Judged {
    let broken = |what: &str| Err((Promise::P17, format!("leg {} is dialled, and {what}", dial.leg)));
    let Some(at) = notes.announced.iter().position(|dialled| dialled.leg == dial.leg) else {
        return broken("no audit record before it says so");
    };
    let record = notes.announced.remove(at);
    let (Some(reservation), Some(call)) = (books.reservations.get(&dial.reason.reservation), books.calls.get(&dial.call)) else {
        return broken("its reservation or call is not known");
    };
    let right = record.call == dial.call
        && record.reservation == dial.reason.reservation
        && record.revision == reservation.revision
        && record.rule == permitted(reservation.window, call.mode);
    if right { Ok(()) } else { broken("its audit record names another call, reservation, revision or rule") }
}

/// A leg is put on a bridge: P5, and P1, P3 or P9 when it answered too late.
pub(super) fn join(books: &Books, join: &Join) -> Judged {
    let broken =
        |promise: Promise, what: &str| -> Result<(), Broken> { Err((promise, format!("leg {} is joined: {what}", join.leg))) };
    let (Some(leg), Some(call)) = (books.legs.get(&join.leg), books.calls.get(&join.bridge)) else {
        return broken(Promise::P5, "the leg or the call is gone, or never was");
    };
    if leg.call != Some(join.bridge) {
        return broken(Promise::P5, "the bridge is another call's");
    }
    // A user is there by his own answer; the merchant by that of any user.
    let there = |part: &&Part| part.leg.and_then(|leg| books.legs.get(&leg)).is_some_and(|leg| leg.is_there());
    let is_fine =
        |part: &&Part| !part.withdrawn && part.leg.and_then(|leg| books.legs.get(&leg)).is_some_and(|leg| leg.late.is_none());
    let by_whom = match leg.party {
        Party::User => call.part_of_leg(join.leg),
        Party::Merchant => {
            let mut parts: Vec<&Part> = call.parts.iter().filter(|part| part.leg.is_some() && !part.over).collect();
            parts.sort_by_key(|part| (!(there(part) && is_fine(part)), !there(part)));
            parts.first().copied()
        }
    };
    let user = by_whom.and_then(|part| part.leg).and_then(|leg| books.legs.get(&leg));
    if let Some((promise, why)) = leg.late.or_else(|| user.and_then(|leg| leg.late)) {
        return broken(promise, &format!("an answer came after its end: {why}"));
    }
    if by_whom.is_some_and(|part| part.withdrawn) {
        return broken(Promise::P3, "the permission was taken back before the user answered");
    }
    match leg.state {
        LegState::Answered | LegState::Joined => {}
        LegState::Ringing => return broken(Promise::P5, "it was not answered"),
        LegState::Releasing { .. } | LegState::Gone => return broken(Promise::P5, "it was hung up before"),
    }
    let merchant = books.legs.get(&call.merchant_leg).map(|leg| leg.state);
    match leg.party {
        Party::User if merchant != Some(LegState::Joined) => broken(Promise::P5, "the merchant is not on the bridge"),
        Party::Merchant if !matches!(user.map(|leg| leg.state), Some(LegState::Answered | LegState::Joined)) => {
            broken(Promise::P5, "no user has answered")
        }
        Party::User | Party::Merchant => Ok(()),
    }
}
