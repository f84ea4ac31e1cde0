//! Settling and firing deadlines.
//!
//! A deadline is judged at the instant at which it fires, not at which it was due: lateness can lose a call, never ring one (P14).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Appointments;
use super::records::{Call, Leg, Reservation};
use crate::books::agenda::Target;
use crate::halves::Context;
use crate::machines::Machine as _;
use crate::machines::call::{CallEvent, CallState};
use crate::machines::reservation::ReservationEvent;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Action, Archive, Party};
use crate::values::id::{CallId, LegId, MerchantId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::PhoneNumber;
use crate::values::policy::OnWindowClose;
use crate::values::reply::{Outcome, ReservationState};
use crate::values::time::Timestamp;

/// Why the host should call `advance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Effects wait to be polled.
    EffectsWaiting,
    /// A leg has rung long enough.
    RingTimeout(LegId),
    /// A leg that was hung up has not been reported gone.
    ReleaseGrace(LegId),
    /// An inbound leg has not reported its answer.
    AnswerTimeout(CallId),
    /// A conversation reaches its longest.
    ConversationMax(CallId),
    /// A window begins.
    WindowOpens(ReservationId),
    /// A window ends.
    WindowEnds(ReservationId),
    /// A closed reservation leaves.
    Retention(ReservationId),
    /// A line of this merchant has a free channel and somebody waits for it.
    LineFree(MerchantId),
}

impl Appointments {
    /// Fires every due deadline of these targets, in order, until none is left. What is touched is fixed before.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, touched: &[Target]) {
        while let Some((due, target)) = touched.iter().filter_map(|target| Some((self.deadline(*target)?, *target))).min() {
            if due > cx.now {
                return;
            }
            self.fire(cx, target);
        }
    }

    fn deadline(&self, target: Target) -> Option<Timestamp> {
        match target {
            Target::Leg(id) => self.legs.get(id.get())?.deadline(),
            Target::Call(id) => self.calls.get(id.get())?.deadline(),
            Target::Reservation(id) => self.reservations.get(id.get())?.deadline(),
            Target::Line(number) => self.lines.get(number)?.deadline(),
        }
    }

    /// Settles a reservation, its calls and their legs.
    pub(super) fn settle_reservation(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let mut touched = Vec::new();
        self.touch_reservation(&mut touched, id);
        self.settle(cx, &touched);
    }

    /// Settles what a merchant's request touches: the reservation that it names, as above, the leg on its contact number, and what is
    /// releasing on the line that asks.
    pub(super) fn settle_asking(&mut self, cx: &mut Context<'_>, request: RequestCall) {
        let mut touched = Vec::new();
        let named = match request.target {
            CallTarget::Reservation(id) => Some(id),
            CallTarget::Number(_) => None,
        };
        if let Some(id) = named {
            self.touch_reservation(&mut touched, id);
            let on_number = self.reservations.get(id.get()).and_then(|reservation| self.contacts.leg(reservation.contact));
            touched.extend(on_number.map(Target::Leg));
        }
        for call in self.lines.get(request.line).into_iter().flat_map(|line| &line.calls) {
            let legs = self.calls.get(call.get()).into_iter().flat_map(Call::legs);
            let releasing = legs.filter(|leg| self.legs.get(leg.get()).is_some_and(|leg| leg.state.is_releasing()));
            touched.extend(releasing.map(Target::Leg));
        }
        self.settle(cx, &touched);
    }

    /// Settles every live reservation of a number, as above.
    pub(super) fn settle_contact(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        let mut touched = Vec::new();
        for id in self.contacts.get(number).into_iter().flat_map(|contact| &contact.live) {
            self.touch_reservation(&mut touched, *id);
        }
        self.settle(cx, &touched);
    }

    /// Settles these reservations, as above.
    pub(super) fn settle_reservations(&mut self, cx: &mut Context<'_>, ids: &[ReservationId]) {
        let mut touched = Vec::new();
        for id in ids {
            self.touch_reservation(&mut touched, *id);
        }
        self.settle(cx, &touched);
    }

    /// Settles every live reservation of these numbers, as above, and the leg that is alive to each.
    pub(super) fn settle_contacts(&mut self, cx: &mut Context<'_>, numbers: impl IntoIterator<Item = PhoneNumber>) {
        let mut touched = Vec::new();
        for contact in numbers.into_iter().filter_map(|number| self.contacts.get(number)) {
            touched.extend(contact.leg.map(Target::Leg));
            for id in &contact.live {
                self.touch_reservation(&mut touched, *id);
            }
        }
        self.settle(cx, &touched);
    }

    /// Settles a call, its legs, its reservation, and the leg that is alive to its contact number, which the user's leg may have to follow.
    /// Allocates nothing: every report comes by here.
    pub(super) fn settle_call(&mut self, cx: &mut Context<'_>, id: CallId) {
        let Some(call) = self.calls.get(id.get()) else { return };
        let (own, reservation) = (Target::Call(id), Target::Reservation(call.reservation));
        let leg = |leg: Option<LegId>| leg.map_or(own, Target::Leg);
        let on_number =
            self.reservations.get(call.reservation.get()).and_then(|reservation| self.contacts.leg(reservation.contact));
        let touched = [own, reservation, leg(call.user_leg), leg(call.merchant_leg), leg(on_number)];
        self.settle(cx, &touched);
    }

    /// Settles every leg, its call and its reservation.
    pub(super) fn settle_all_calls(&mut self, cx: &mut Context<'_>) {
        let mut touched = Vec::new();
        for call in self.calls.in_order() {
            touched.extend([Target::Call(call.id), Target::Reservation(call.reservation)]);
            touched.extend(call.legs().map(Target::Leg));
        }
        self.settle(cx, &touched);
    }

    pub(super) fn touch_reservation(&self, touched: &mut Vec<Target>, id: ReservationId) {
        touched.push(Target::Reservation(id));
        for call in self.reservations.get(id.get()).into_iter().flat_map(|reservation| &reservation.calls) {
            touched.push(Target::Call(*call));
            touched.extend(self.calls.get(call.get()).into_iter().flat_map(Call::legs).map(Target::Leg));
        }
    }

    /// The first deadline of all, and why. Without what would start something when `may_start` is false.
    pub(crate) fn poll_deadline(&self, may_start: bool) -> Option<(Timestamp, Why)> {
        let (due, target) = self.agenda.first(may_start)?;
        let why = match target {
            Target::Leg(id) => match self.legs.get(id.get()).is_some_and(|leg| leg.state.is_releasing()) {
                true => Why::ReleaseGrace(id),
                false => Why::RingTimeout(id),
            },
            Target::Call(id) => match self.calls.get(id.get()).map(|call| call.state) {
                Some(CallState::Talking) => Why::ConversationMax(id),
                Some(CallState::RingingMerchant | CallState::Gathering | CallState::Ended) | None => Why::AnswerTimeout(id),
            },
            Target::Reservation(id) => match self.reservations.get(id.get()).map(|reservation| reservation.state) {
                Some(ReservationState::AwaitingMode | ReservationState::Scheduled) => Why::WindowOpens(id),
                Some(ReservationState::Closed) => Why::Retention(id),
                Some(ReservationState::Unverified | ReservationState::Open | ReservationState::InCall) | None => {
                    Why::WindowEnds(id)
                }
            },
            // A line of the agenda is registered.
            Target::Line(number) => match self.lines.get(number) {
                Some(line) => Why::LineFree(line.merchant),
                None => Why::EffectsWaiting,
            },
        };
        Some((due, why))
    }

    /// Fires the first deadline that is due. False when none is.
    pub(crate) fn fire_first(&mut self, cx: &mut Context<'_>) -> bool {
        match self.agenda.first(!cx.is_outbox_full()) {
            Some((due, target)) if due <= cx.now => {
                self.fire(cx, target);
                true
            }
            Some(_) | None => false,
        }
    }

    fn fire(&mut self, cx: &mut Context<'_>, target: Target) {
        match target {
            Target::Leg(id) => {
                if let Some(leg) = self.legs.get(id.get()).copied() {
                    self.fire_leg(cx, &leg);
                }
            }
            Target::Call(id) => match self.calls.get(id.get()).map(|call| call.state) {
                Some(CallState::Gathering) => self.give_up_answer(cx, id),
                Some(CallState::Talking) => self.stop_call(cx, id, ReleaseCause::TimeLimit),
                Some(CallState::RingingMerchant | CallState::Ended) | None => {}
            },
            Target::Reservation(id) => self.fire_reservation(cx, id),
            Target::Line(number) => self.serve(cx, number),
        }
    }

    fn fire_leg(&mut self, cx: &mut Context<'_>, leg: &Leg) {
        if leg.state.is_releasing() {
            self.leg_lost(cx, leg.id);
            return;
        }
        let event = match leg.party {
            Party::Merchant => CallEvent::MerchantGone,
            Party::User => CallEvent::UserGone,
        };
        self.end_call(cx, leg.call, event, ReleaseCause::NoAnswer, leg.party == Party::Merchant);
    }

    fn fire_reservation(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        match reservation.state {
            ReservationState::AwaitingMode | ReservationState::Scheduled => self.open(cx, id),
            ReservationState::Unverified => self.close(cx, id, ReservationEvent::WindowOver, Outcome::Unverified),
            ReservationState::Open => {
                let outcome = self.outcome_at_end(reservation, cx.policy);
                self.close(cx, id, ReservationEvent::WindowOver, outcome);
            }
            ReservationState::InCall => self.window_over_in_call(cx, id),
            ReservationState::Closed => self.archive(cx, id),
        }
    }

    /// The window begins. Silence chooses the mode.
    pub(super) fn open(&mut self, cx: &Context<'_>, id: ReservationId) {
        let on_silence = cx.policy.mode_on_silence;
        self.update_reservation(id, |reservation| {
            if reservation.mode.is_none() {
                reservation.mode = Some(on_silence);
                reservation.state.apply(ReservationEvent::ModeChosen);
            }
            reservation.state.apply(ReservationEvent::Opened)
        });
    }

    /// The window ends while a call lives: what rings is ended, a conversation runs on if the policy lets it.
    fn window_over_in_call(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        self.update_reservation(id, |reservation| reservation.is_window_judged = true);
        let Some(call) = self.reservations.get(id.get()).and_then(Reservation::call) else { return };
        let runs_on = match cx.policy.on_window_close {
            OnWindowClose::Continue => self.is_user_answered(call),
            OnWindowClose::HangUp => false,
        };
        if !runs_on {
            self.stop_call(cx, call, ReleaseCause::WindowEnded);
        }
    }

    fn archive(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.remove_reservation(id) else { return };
        if let Some(closed) = reservation.closed {
            cx.emit(Action::Archive(Archive {
                reservation: id,
                merchant: reservation.merchant,
                revision: reservation.revision,
                outcome: closed.outcome,
                closed_at: closed.at,
                evidence: reservation.evidence,
            }));
        }
    }
}
