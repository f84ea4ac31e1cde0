//! P16: the waiting reservations of one line are served in queue order, and none starves while channels come free.

use ringfence::values::effect::Dial;
use ringfence::values::id::ReservationId;
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::CallMode;

use super::books::{Books, Reservation};
use super::{Judged, Promise, law};
use crate::trace::Step;

/// Whether a reservation waits on this line and could be served now. Its opening fires before the line does. A leg to its number keeps
/// it aside until it is gone on record: a late host fires a line that was due before the leg's grace was over before that.
fn waits(books: &Books, id: ReservationId, reservation: &Reservation, line: PhoneNumber) -> bool {
    reservation.line == line
        && reservation.verified
        && !reservation.unacknowledged
        && reservation.span().contains(books.now)
        && books.now < books.last_ring_before(reservation)
        && books.mode_in_force(reservation) == Some(CallMode::PlatformCalls)
        && reservation.eligible_at <= books.now
        && !books.is_used_up(id, reservation, None)
        && books.live_call(id, None).is_none()
        && !books.is_number_taken(reservation.number)
        && !books.law.is_kept_from_ringing(reservation.merchant, reservation.number)
        && law::pause(books, reservation).is_none()
}

/// A line is rung for a reservation: nobody who waits there stands before it.
pub(super) fn served(books: &Books, dial: &Dial) -> Judged {
    let id = dial.reason.reservation;
    let Some(served) = books.reservations.get(&id) else { return Ok(()) };
    // Whom the hours or the limit of a day put off has the place of the instant that he was put off to. The trace does not show whether he was.
    if books.law.has_put_off() {
        return Ok(());
    }
    let place = (served.eligible_at, id);
    for (other, reservation) in books.reservations.iter().filter(|(other, _)| **other != id) {
        if (reservation.eligible_at, *other) < place && waits(books, *other, reservation, dial.to) {
            return Err((
                Promise::P16,
                format!("reservation {id} is served on a line where reservation {other} waits before it"),
            ));
        }
    }
    Ok(())
}

/// After an advance with the budget for everything, nobody waits on a line with a free channel.
pub(super) fn none_starves(books: &Books, step: &Step) -> Judged {
    let objects = books.reservations.len() + books.calls.len() + books.legs.len();
    let outbox = usize::try_from(books.policy.outbox_max).unwrap_or(usize::MAX);
    // While the outbox is nearly full nothing new is started.
    if !books.fires_everything(step) || books.unconfirmed() + 16 * (objects + 1) >= outbox {
        return Ok(());
    }
    for line in books.merchants.values().flat_map(|merchant| &merchant.lines) {
        if books.live_calls_on(line.number, None) >= line.channels {
            continue;
        }
        if let Some((id, _)) = books.reservations.iter().find(|(id, waiting)| waits(books, **id, waiting, line.number)) {
            return Err((Promise::P16, format!("reservation {id} waits on a line with a free channel, and was not served")));
        }
    }
    Ok(())
}
