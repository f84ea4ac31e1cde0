//! Slots: the part of a window in which a merchant wants the platform's call (商户选择的时间段; seed 000, S106).

use super::Appointments;
use super::merchants::{check_outbox, legal};
use crate::decisions::gate::last_call;
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{MerchantContent, SlotOverNotice};
use crate::values::id::{MerchantId, ReservationId};
use crate::values::input::{ChooseSlot, MerchantReady, Slot};
use crate::values::policy::CallMode;
use crate::values::refusal::{Object, Refusal};
use crate::values::reply::{Outcome, Reply, ReservationState, SlotChosen};
use crate::values::time::Window;

/// What a slot emits: that it is over.
const SLOT_EFFECTS: usize = 1;

impl Appointments {
    /// A merchant chooses when inside the window he is called.
    pub(super) fn choose_slot(&mut self, cx: &mut Context<'_>, input: &ChooseSlot) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let window = self.check_slot_of(cx, id, input.merchant)?;
        let outside = Refusal::SlotOutside { window };
        let slot = match input.slot {
            Slot::Window(slot) => Some(slot),
            Slot::From(from) => Window::new(from, window.end()).ok(),
        };
        let slot = slot.filter(|slot| window.covers(slot)).ok_or(outside)?;
        if slot.end() <= cx.now {
            return Err(Refusal::SlotOver { end: slot.end() });
        }
        if self.reservations.get(id.get()).is_some_and(|reservation| reservation.slot == Some(slot)) {
            return Ok(Reply::NoOp);
        }
        self.set_slot(cx, id, slot)
    }

    /// A merchant is ready: a slot from now on. One that the platform calls until the window's end anyway keeps its place.
    pub(super) fn merchant_ready(&mut self, cx: &mut Context<'_>, input: &MerchantReady) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let window = self.check_slot_of(cx, id, input.merchant)?;
        let slot = Window::new(cx.now, window.end()).ok().filter(|slot| window.covers(slot));
        let slot = slot.ok_or(Refusal::SlotOutside { window })?;
        let is_open = |state: ReservationState| state == ReservationState::Open;
        if self.reservations.get(id.get()).is_some_and(|one| is_open(one.state) && one.span().end() == window.end()) {
            return Ok(Reply::NoOp);
        }
        self.set_slot(cx, id, slot)
    }

    /// Whether a slot may be chosen for this reservation by this merchant; if so, the window in which.
    fn check_slot_of(&mut self, cx: &mut Context<'_>, id: ReservationId, merchant: MerchantId) -> Result<Window, Refusal> {
        self.settle_reservation(cx, id);
        let missing = self.missing_reservation(id);
        let reservation = self.reservations.get(id.get()).ok_or(missing)?;
        if reservation.merchant != merchant {
            return Err(Refusal::Unknown { object: Object::Reservation, id: id.get() });
        }
        if reservation.state.on(ReservationEvent::SlotChosen) == Step::NotAllowed {
            let legal = legal(ReservationEvent::SlotChosen);
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        if reservation.mode != Some(CallMode::PlatformCalls) {
            return Err(Refusal::NotPlatformMode { reservation: id });
        }
        Ok(reservation.window)
    }

    /// One that is open and stays so keeps its place in the queue, as long as it had one.
    fn set_slot(&mut self, cx: &mut Context<'_>, id: ReservationId, slot: Window) -> Result<Reply, Refusal> {
        check_outbox(cx, SLOT_EFFECTS)?;
        let (now, min_ring_s) = (cx.now, cx.policy.min_ring_s);
        self.update_reservation(id, |reservation| {
            let is_in_time = now < last_call(reservation.span().end(), min_ring_s);
            let stands = reservation.state == ReservationState::Open && is_in_time && slot.start() <= now;
            reservation.set_slot(Some(slot), None);
            if !stands {
                reservation.eligible_at = reservation.eligible_from(now);
            }
            reservation.state.apply(ReservationEvent::SlotChosen);
        });
        self.settle_reservation(cx, id);
        let state = self.reservations.get(id.get()).map_or(ReservationState::Closed, |reservation| reservation.state);
        Ok(Reply::SlotChosen(SlotChosen { slot, state }))
    }

    /// Whether its last slot is over, so that only another one opens it.
    pub(super) fn waits_for_slot(&self, id: ReservationId) -> bool {
        self.reservations.get(id.get()).is_some_and(|reservation| reservation.spent_slot.is_some())
    }

    /// The slot is over and no call lives, or one was just ended by it (`is_cut_off`: before the user was dialled). The merchant may choose another.
    pub(super) fn slot_over(&mut self, cx: &mut Context<'_>, id: ReservationId, is_cut_off: bool) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let Some(slot) = reservation.slot else { return };
        let outcome = self.outcome_at_end(reservation, cx.policy, cx.now, is_cut_off);
        let (merchant, window, zone) = (reservation.merchant, reservation.window, reservation.zone);
        self.update_reservation(id, |reservation| {
            reservation.set_slot(None, Some(outcome));
            reservation.state.apply(ReservationEvent::SlotOver);
        });
        if let Outcome::Missed(why) = outcome {
            let notice = SlotOverNotice { reservation: id, slot, why: why.into(), window, zone };
            self.send_merchant(cx, merchant, MerchantContent::SlotOver(notice));
        }
    }

    /// The slot ends while a call lives: what rings is ended. A conversation runs on in the user's window; when it is over, only another slot opens
    /// the reservation again.
    pub(super) fn slot_over_in_call(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(call) = self.reservations.get(id.get()).and_then(|reservation| reservation.call()) else { return };
        if self.is_user_answered(call, id) {
            self.update_reservation(id, |reservation| {
                reservation.set_slot(None, Some(Outcome::Completed));
                reservation.state.apply(ReservationEvent::SlotOver);
            });
        } else {
            self.stop_for(cx, call, id, ReleaseCause::WindowEnded);
        }
    }
}
