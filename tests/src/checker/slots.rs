//! Slots: when inside a window the platform calls. P1, that they lie inside what the user permits; P6, that they are the platform's; P14, that nothing
//! rings by them at another time.

use ringfence::values::effect::{Dial, SlotOverNotice};
use ringfence::values::id::ReservationId;
use ringfence::values::input::{Input, Slot};
use ringfence::values::policy::CallMode;
use ringfence::values::reply::SlotChosen;
use ringfence::values::time::{Timestamp, Window};

use super::books::{Books, Reservation};
use super::{Judged, Notes, Promise};

impl Reservation {
    /// When the platform may call: in the last slot that was chosen, or in the whole window.
    pub(super) fn span(&self) -> Window {
        self.slot.unwrap_or(self.window)
    }

    /// Sets another slot, or none. Returns the one before.
    pub(super) fn replace_slot(&mut self, slot: Option<Window>, now: Timestamp) -> Option<Window> {
        let before = std::mem::replace(&mut self.slot, slot);
        let untold = before.filter(|before| before.end() <= now && self.slot_over.is_none());
        self.slot_before = untold.map(|before| (before, self.window));
        self.slot_over = None;
        before
    }

    /// From when it may be called when it waits anew.
    pub(super) fn waits_from(&self, now: Timestamp) -> Timestamp {
        self.span().start().max(now).max(self.rested.unwrap_or(now))
    }
}

impl Books {
    /// A slot was chosen, or a merchant was ready.
    pub(super) fn take_slot(&mut self, id: ReservationId, input: &Input, chosen: &SlotChosen, notes: &Notes) -> Judged {
        let (now, lives) = (self.now, self.live_call(id, None).is_some() && !notes.overdue_reservations.contains(&id));
        let Some(known) = self.reservations.get(&id) else { return Ok(()) };
        let in_force = self.mode_in_force(known);
        let (last, is_unsure) = (self.last_ring_before(known), known.is_mode_unsure);
        let broken = |promise: Promise, what: &str| Err((promise, format!("a slot is taken for reservation {id}: {what}")));
        let asked = if let Input::ChooseSlot(input) = input {
            match input.slot {
                Slot::Window(slot) => Some(slot),
                Slot::From(from) => Window::new(from, known.window.end()).ok(),
            }
        } else {
            Window::new(now, known.window.end()).ok()
        };
        if asked != Some(chosen.slot) {
            return broken(Promise::P14, "it is another than was asked for");
        }
        if !known.window.covers(&chosen.slot) {
            return broken(Promise::P1, "it lies outside the window");
        }
        if in_force != Some(CallMode::PlatformCalls) && !is_unsure {
            return broken(Promise::P6, "the platform does not make its calls");
        }
        if lives {
            return broken(Promise::P14, "a call of it lives");
        }
        // The one before ended while the merchant was rung for him and for others: nobody is told of that when there was a conversation.
        if notes.overdue.iter().any(|overdue| overdue.part == Some(id) && overdue.why == super::endings::SLOT_ENDED) {
            self.leave_by_slot(id);
        }
        let Some(known) = self.reservations.get_mut(&id) else { return Ok(()) };
        let was_open = known.span().start() <= now && now < last;
        known.replace_slot(Some(chosen.slot), now);
        if !was_open || now < chosen.slot.start() {
            known.eligible_at = known.waits_from(now);
        }
        known.chosen = Some(CallMode::PlatformCalls);
        known.is_mode_unsure = false;
        Ok(())
    }
}

/// P14: what the platform dials it dials inside the slot, if there is one; and neither ringing nor the effect itself outlasts it.
pub(super) fn in_slot(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    let Some(slot) = reservation.slot else { return Ok(()) };
    let (now, last) = (books.now, books.last_ring_before(reservation));
    let broken = |what: &str| Err((Promise::P14, format!("leg {} is dialled at {now}, the slot is {slot:?}: {what}", dial.leg)));
    if !slot.contains(now) {
        return broken("that is outside, and no other was chosen");
    }
    if now >= last || dial.not_after > last {
        return broken("less than min_ring_s is left of it, or may be when the host begins");
    }
    let rings_until = now.saturating_add_micros(i64::from(dial.ring_timeout_ms) * 1_000);
    if dial.ring_until > slot.end() || (rings_until > slot.end() && dial.ring_timeout_ms > 1) {
        return broken("it may ring past its end");
    }
    Ok(())
}

/// A merchant is told that his slot is over: it is, once, and nobody talked.
pub(super) fn over(books: &mut Books, notice: &SlotOverNotice) -> Judged {
    let id = notice.reservation;
    let now = books.now;
    let broken =
        |what: &str| Err((Promise::P14, format!("the merchant of reservation {id} is told that his slot is over: {what}")));
    let Some(known) = books.reservations.get_mut(&id) else { return broken("no such reservation stands") };
    if known.conversations > 0 {
        return broken("there was a conversation");
    }
    if known.slot_before.take_if(|before| *before == (notice.slot, notice.window)).is_some() {
        return Ok(());
    }
    if known.slot != Some(notice.slot) || now < notice.slot.end() {
        return broken("it is not");
    }
    if known.window != notice.window || notice.window.end() <= now {
        return broken("the window in which he may choose another is over, or another");
    }
    match known.slot_over.replace(notice.why) {
        None => Ok(()),
        Some(_) => broken("a second time"),
    }
}
