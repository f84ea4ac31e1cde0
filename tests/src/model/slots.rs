//! Slots: when inside a window the platform calls.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{MerchantContent, SlotOverNotice};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{ChooseSlot, MerchantReady, Slot};
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::{Object, Refusal};
use ringfence::values::reply::{Outcome, Reply, ReservationState, SlotChosen};
use ringfence::values::time::Window;

use super::calls::Why;
use super::reservations::for_merchant;
use super::{Model, Reservation, unknown};

impl Reservation {
    /// When the platform may call: in the slot, or in the whole window.
    pub(super) fn span(&self) -> Window {
        self.slot.unwrap_or(self.window)
    }
}

impl Model {
    pub(super) fn choose_slot(&mut self, input: &ChooseSlot) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let window = self.check_slot(id, input.merchant)?;
        let asked = match input.slot {
            Slot::Window(slot) => Some(slot),
            Slot::From(from) => Window::new(from, window.end()).ok(),
        };
        let Some(slot) = asked.filter(|slot| window.start() <= slot.start() && slot.end() <= window.end()) else {
            return Err(Refusal::SlotOutside { window });
        };
        if slot.end() <= self.latest {
            return Err(Refusal::SlotOver { end: slot.end() });
        }
        if self.reservation_of(id).slot == Some(slot) {
            return Ok(Reply::NoOp);
        }
        self.set_slot(id, slot)
    }

    pub(super) fn merchant_ready(&mut self, input: &MerchantReady) -> Result<Reply, Refusal> {
        let id = input.reservation;
        let window = self.check_slot(id, input.merchant)?;
        if !window.contains(self.latest) {
            return Err(Refusal::SlotOutside { window });
        }
        let reservation = self.reservation_of(id);
        if reservation.state == ReservationState::Open && reservation.slot.is_none_or(|slot| slot.end() == window.end()) {
            return Ok(Reply::NoOp);
        }
        let slot = Window::new(self.latest, window.end()).expect("the window is not over");
        self.set_slot(id, slot)
    }

    fn check_slot(&self, id: ReservationId, merchant: MerchantId) -> Result<Window, Refusal> {
        let reservation = self.named(id)?;
        if reservation.merchant != merchant {
            return Err(unknown(Object::Reservation, id.get()));
        }
        let legal = vec![ReservationState::Scheduled, ReservationState::Open];
        if !legal.contains(&reservation.state) {
            return Err(Refusal::WrongState { reservation: id, state: reservation.state, legal });
        }
        if self.mode_in_force(id) != Some(CallMode::PlatformCalls) {
            return Err(Refusal::NotPlatformMode { reservation: id });
        }
        Ok(reservation.window)
    }

    fn set_slot(&mut self, id: ReservationId, slot: Window) -> Result<Reply, Refusal> {
        self.check_outbox(1)?;
        let (now, min_ring) = (self.latest, self.policy.min_ring_s.into());
        let reservation = self.reservation_mut(id);
        let begun = slot.start() <= now;
        let closing = now.saturating_add_s(min_ring) >= reservation.span().end();
        let keeps_its_place = begun && reservation.state == ReservationState::Open && !closing;
        reservation.slot = Some(slot);
        wait_anew(reservation);
        if !keeps_its_place {
            reservation.eligible = slot.start().max(now).max(reservation.rested.unwrap_or(now));
        }
        reservation.accepted_at = reservation.eligible;
        reservation.state = if begun { ReservationState::Open } else { ReservationState::Scheduled };
        Ok(Reply::SlotChosen(SlotChosen { slot, state: reservation.state }))
    }

    /// The merchant calls himself from now on: in the whole window.
    pub(super) fn drop_slot(&mut self, id: ReservationId) {
        let now = self.latest;
        let reservation = self.reservation_mut(id);
        reservation.slot = None;
        wait_anew(reservation);
        let begins = reservation.window.start();
        reservation.eligible = begins.max(now).max(reservation.rested.unwrap_or(now));
        reservation.accepted_at = reservation.eligible;
        reservation.state = if begins <= now { ReservationState::Open } else { ReservationState::Scheduled };
    }

    /// Whether there is a slot that is over, in a window that is not.
    pub(super) fn slot_is_over(&self, id: ReservationId) -> bool {
        let reservation = self.reservation_of(id);
        reservation.slot.is_some_and(|slot| slot.end() <= self.latest) && self.latest < reservation.window.end()
    }

    /// The slot is over, and no call lives. `cut_off`: one was stopped before its user was dialled.
    pub(super) fn end_slot_if_over(&mut self, id: ReservationId, cut_off: bool) {
        let Some(slot) = self.reservation_of(id).slot.filter(|_| self.slot_is_over(id)) else { return };
        let talked = self.reservation_of(id).conversations > 0;
        let outcome = if talked { Outcome::Completed } else { Outcome::Missed(self.why_missed(id, cut_off)) };
        let reservation = self.reservation_mut(id);
        reservation.slot = None;
        wait_anew(reservation);
        reservation.spent = Some(outcome);
        reservation.state = ReservationState::Scheduled;
        let (merchant, window, zone) = (reservation.merchant, reservation.window, reservation.zone);
        if let Outcome::Missed(why) = outcome {
            let notice = SlotOverNotice { reservation: id, slot, why: for_merchant(why), window, zone };
            self.tell_merchant(merchant, MerchantContent::SlotOver(notice));
        }
    }

    /// The slot ends while a call lives.
    pub(super) fn end_slot_in_call(&mut self, id: ReservationId) {
        for call in self.live_calls_of(id) {
            if self.user_has_answered(call, id) {
                let reservation = self.reservation_mut(id);
                reservation.slot = None;
                wait_anew(reservation);
                reservation.spent = Some(Outcome::Completed);
            } else {
                self.end_part(call, id, ReleaseCause::WindowEnded, Why::Other);
            }
        }
    }
}

/// What put it off, made the platform give up, or was spent, counts no more.
fn wait_anew(reservation: &mut Reservation) {
    reservation.held = None;
    reservation.given_up = None;
    reservation.spent = None;
}
