//! Settling and firing deadlines.
//!
//! A deadline is judged at the instant at which it fires, not at which it was due: lateness can lose a call, never ring one (P14).

use alloc::collections::{BTreeSet, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::Appointments;
use super::managing::REMINDING_EFFECTS;
use super::media::erase;
use super::merchants::limit;
use super::records::{Failure, Leg, Member, Reservation};
use crate::books::agenda::{Due, May, Side};
use crate::decisions::diagnosis::diagnose;
use crate::halves::{Context, Why};
use crate::machines::Machine as _;
use crate::machines::call::{CallEvent, CallState};
use crate::machines::reservation::ReservationEvent;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Action, Archive};
use crate::values::evidence::{Evidence, OwnTimer};
use crate::values::id::{CallId, ChallengeId, LegId, MerchantId, ReservationId};
use crate::values::input::{CallTarget, RequestCall};
use crate::values::number::PhoneNumber;
use crate::values::policy::OnWindowClose;
use crate::values::refusal::Bound;
use crate::values::reply::{Outcome, ReservationState};
use crate::values::time::Timestamp;

/// Whose deadline it is. The order breaks ties between deadlines of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// A leg's ring time or release grace.
    Leg(LegId),
    /// A call's wait for an answer or longest conversation.
    Call(CallId),
    /// A code that may not be used any more.
    Challenge(ChallengeId),
    /// A reservation's opening, end or retention.
    Reservation(ReservationId),
    /// The word that goes to a reservation's user before its window. An object of its own: it ends nothing, so no input settles it.
    Reminder(ReservationId),
    /// A line that can serve its queue. The only kind that starts a call.
    Line(PhoneNumber),
}

impl Due for Target {
    fn side(&self) -> Side {
        match self {
            Self::Leg(_) | Self::Call(_) | Self::Challenge(_) | Self::Reservation(_) => Side::Closing,
            Self::Reminder(_) => Side::Reminding,
            Self::Line(_) => Side::Starting,
        }
    }
}

impl Appointments {
    /// Fires every due deadline of these targets, in order, until none is left. What is touched is fixed before. Costs a look at each of them,
    /// and nothing more as long as nothing is due.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, touched: &mut [Target]) {
        let mut due = BinaryHeap::new();
        for target in touched.iter() {
            self.note_due(&mut due, *target, cx.now);
        }
        if !due.is_empty() {
            touched.sort_unstable();
            self.settle_from(cx, due, |target| touched.binary_search(&target).is_ok());
        }
    }

    /// Fires what is due, and what of the touched comes to be due by it.
    fn settle_from(
        &mut self,
        cx: &mut Context<'_>,
        mut due: BinaryHeap<Reverse<(Timestamp, Target)>>,
        is_touched: impl Fn(Target) -> bool,
    ) {
        while let Some(Reverse((at, target))) = due.pop() {
            // What fired meanwhile may have moved it.
            if self.deadline(target) != Some(at) {
                continue;
            }
            let kin = self.kin(target);
            self.fire(cx, target);
            for other in kin.into_iter().chain([target]).filter(|other| is_touched(*other)) {
                self.note_due(&mut due, other, cx.now);
            }
        }
    }

    fn note_due(&self, due: &mut BinaryHeap<Reverse<(Timestamp, Target)>>, target: Target, now: Timestamp) {
        if let Some(at) = self.deadline(target).filter(|at| *at <= now) {
            due.push(Reverse((at, target)));
        }
    }

    /// Whose deadlines may move when this one fires: a reservation, its call and the call's legs. Nobody else's does, but for the lines', and
    /// those only `advance` fires.
    fn kin(&self, target: Target) -> Vec<Target> {
        let call = match target {
            Target::Leg(id) => self.legs.get(id.get()).map(|leg| leg.call),
            Target::Call(id) => Some(id),
            Target::Reservation(id) => self.reservations.get(id.get()).and_then(Reservation::call),
            Target::Challenge(_) | Target::Reminder(_) | Target::Line(_) => None,
        };
        let Some(call) = call.and_then(|id| self.calls.get(id.get())) else { return Vec::new() };
        let reservations = call.reservations().map(Target::Reservation);
        reservations.chain([Target::Call(call.id)]).chain(call.legs().map(Target::Leg)).collect()
    }

    fn deadline(&self, target: Target) -> Option<Timestamp> {
        match target {
            Target::Leg(id) => self.legs.get(id.get())?.deadline(),
            Target::Call(id) => self.calls.get(id.get())?.deadline(),
            Target::Challenge(id) => Some(self.challenges.get(id.get())?.until),
            Target::Reservation(id) => self.reservations.get(id.get())?.deadline(),
            Target::Reminder(id) => self.reservations.get(id.get())?.reminder(),
            Target::Line(number) => self.lines.get(number)?.deadline(),
        }
    }

    /// Settles a reservation, its calls and their legs.
    pub(super) fn settle_reservation(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let mut touched = Vec::new();
        self.touch_reservation(&mut touched, id);
        self.settle(cx, &mut touched);
    }

    /// Settles what a merchant's request touches: the reservation that it names, as above, the leg on its contact number, the call in which the platform rings
    /// a merchant for that number, and what is releasing on the line that asks. Of the latter only what is due is looked at, however many calls the line carries.
    pub(super) fn settle_asking(&mut self, cx: &mut Context<'_>, request: RequestCall) {
        let mut touched = Vec::new();
        let named = match request.target {
            CallTarget::Reservation(id) => Some(id),
            CallTarget::Number(_) | CallTarget::Group(_) => None,
        };
        let of_group = match request.target {
            CallTarget::Group(group) => Some(group),
            CallTarget::Reservation(_) | CallTarget::Number(_) => None,
        };
        let of_group = of_group.into_iter().flat_map(|group| self.live_of_group(request.line, group));
        for id in named.into_iter().chain(self.asked_for(request).iter().copied()).chain(of_group) {
            self.touch_reservation(&mut touched, id);
            let on_number = self.reservations.get(id.get()).and_then(|reservation| self.contacts.get(reservation.contact));
            touched.extend(on_number.and_then(|contact| contact.leg).map(Target::Leg));
            if let Some(call) = on_number.and_then(|contact| contact.rung_for).and_then(|id| self.calls.get(id.get())) {
                touched.push(Target::Call(call.id));
                touched.extend(call.reservations().map(Target::Reservation));
                touched.extend(call.legs().map(Target::Leg));
            }
        }
        let releasing = self.lines.get(request.line).into_iter().flat_map(|line| line.released_by(cx.now));
        touched.extend(releasing.map(Target::Leg));
        self.settle(cx, &mut touched);
    }

    /// Settles what a booking touches: every live reservation of its number, as above; and while as many reservations are kept as may be, the
    /// closed ones whose retention is over, since they take the room of this one.
    pub(super) fn settle_booking(&mut self, cx: &mut Context<'_>, number: Option<PhoneNumber>) {
        let mut touched = Vec::new();
        for id in number.and_then(|number| self.contacts.get(number)).into_iter().flat_map(|contact| &contact.live) {
            self.touch_reservation(&mut touched, *id);
        }
        if limit(Bound::Reservations, self.reservations.len(), cx.policy.reservations_max).is_err() {
            let is_over = |target: &Target| match target {
                Target::Reservation(id) => self.reservations.get(id.get()).is_some_and(|kept| kept.closed.is_some()),
                Target::Leg(_) | Target::Call(_) | Target::Challenge(_) | Target::Reminder(_) | Target::Line(_) => false,
            };
            touched.extend(self.agenda.closing_by(cx.now).filter(is_over));
        }
        self.settle(cx, &mut touched);
    }

    /// Settles every reservation that is kept and whose contact or sender has one of these numbers: one whose retention is over is in nobody's way.
    pub(super) fn settle_numbers(&mut self, cx: &mut Context<'_>, numbers: &BTreeSet<PhoneNumber>) {
        let mut touched = Vec::new();
        for one in self.kept_with(numbers) {
            self.touch_reservation(&mut touched, one.id);
        }
        self.settle(cx, &mut touched);
    }

    /// Settles every live reservation of a number, as above.
    pub(super) fn settle_contact(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        let mut touched = Vec::new();
        for id in self.contacts.get(number).into_iter().flat_map(|contact| &contact.live) {
            self.touch_reservation(&mut touched, *id);
        }
        self.settle(cx, &mut touched);
    }

    /// Settles these reservations, as above.
    pub(super) fn settle_reservations(&mut self, cx: &mut Context<'_>, ids: &[ReservationId]) {
        let mut touched = Vec::new();
        for id in ids {
            self.touch_reservation(&mut touched, *id);
        }
        self.settle(cx, &mut touched);
    }

    /// Settles what a registration touches: every reservation of the merchant, and every live one of the numbers that he names as lines, with their
    /// calls and legs, and the leg that is alive to each of these numbers. Of the former only what is due is looked at.
    pub(super) fn settle_registration(
        &mut self,
        cx: &mut Context<'_>,
        merchant: MerchantId,
        numbers: impl IntoIterator<Item = PhoneNumber>,
    ) {
        let mut touched = Vec::new();
        for contact in numbers.into_iter().filter_map(|number| self.contacts.get(number)) {
            touched.extend(contact.leg.map(Target::Leg));
            for id in &contact.live {
                self.touch_reservation(&mut touched, *id);
            }
        }
        let his = self.agenda.closing_by(cx.now).filter(|target| self.merchant_of(*target) == Some(merchant));
        for target in his.collect::<Vec<_>>() {
            touched.push(target);
            touched.extend(self.kin(target));
        }
        self.settle(cx, &mut touched);
    }

    fn merchant_of(&self, target: Target) -> Option<MerchantId> {
        let of_reservation = |id: ReservationId| self.reservations.get(id.get()).map(|reservation| reservation.merchant);
        let of_call = |id: CallId| self.lines.get(self.calls.get(id.get())?.line).map(|line| line.merchant);
        match target {
            Target::Leg(id) => of_call(self.legs.get(id.get())?.call),
            Target::Call(id) => of_call(id),
            Target::Challenge(id) => of_reservation(self.challenges.get(id.get())?.reservation),
            Target::Reservation(id) | Target::Reminder(id) => of_reservation(id),
            Target::Line(number) => self.lines.get(number).map(|line| line.merchant),
        }
    }

    /// Settles a call, its legs, its reservation, and the leg that is alive to its contact number, which the user's leg may have to follow.
    /// Allocates nothing for two parties as long as nothing is due: every report comes by here.
    pub(super) fn settle_call(&mut self, cx: &mut Context<'_>, id: CallId) {
        let Some(call) = self.calls.get(id.get()) else { return };
        let own = Target::Call(id);
        let leg = |leg: Option<LegId>| leg.map_or(own, Target::Leg);
        let of_member = |member: &Member| {
            let reservation = self.reservations.get(member.reservation.get());
            let on_number = reservation.and_then(|reservation| self.contacts.leg(reservation.contact));
            [Target::Reservation(member.reservation), leg(member.leg), leg(on_number)]
        };
        let merchant = leg(call.merchant_leg);
        if let [member] = call.members.as_slice() {
            let [reservation, user, on_number] = of_member(member);
            self.settle(cx, &mut [own, reservation, user, merchant, on_number]);
        } else {
            let mut touched: Vec<Target> = [own, merchant].into_iter().chain(call.members.iter().flat_map(of_member)).collect();
            self.settle(cx, &mut touched);
        }
    }

    /// Settles every leg, its call and its reservation.
    pub(super) fn settle_all_calls(&mut self, cx: &mut Context<'_>) {
        let mut touched = Vec::new();
        for call in self.calls.in_order() {
            touched.push(Target::Call(call.id));
            touched.extend(call.reservations().map(Target::Reservation));
            touched.extend(call.legs().map(Target::Leg));
        }
        self.settle(cx, &mut touched);
    }

    pub(super) fn touch_reservation(&self, touched: &mut Vec<Target>, id: ReservationId) {
        touched.push(Target::Reservation(id));
        for call in self.reservations.get(id.get()).into_iter().flat_map(|reservation| &reservation.calls) {
            touched.push(Target::Call(*call));
            touched.extend(self.calls.get(call.get()).into_iter().flat_map(|call| call.legs()).map(Target::Leg));
        }
        touched.extend(self.reservations.get(id.get()).and_then(|reservation| reservation.challenge).map(Target::Challenge));
    }

    /// What may be fired with so much room. A freeze is about ringing, not about words.
    fn may(&self, has_room_for: impl Fn(usize) -> bool) -> May {
        May { remind: has_room_for(REMINDING_EFFECTS), start: has_room_for(1) && !self.law.is_platform_frozen() }
    }

    /// The first deadline of all, and why, of those that may be fired with so much room.
    pub(crate) fn poll_deadline(&self, has_room_for: impl Fn(usize) -> bool) -> Option<(Timestamp, Why)> {
        let (due, target) = self.agenda.first(self.may(has_room_for))?;
        let why = match target {
            Target::Leg(id) => match self.legs.get(id.get()).is_some_and(|leg| leg.state.is_releasing()) {
                true => Why::ReleaseGrace(id),
                false => Why::RingTimeout(id),
            },
            Target::Call(id) => match self.calls.get(id.get()).map(|call| call.state) {
                Some(CallState::Talking) => Why::ConversationMax(id),
                Some(CallState::RingingMerchant | CallState::Gathering | CallState::Recording | CallState::Ended) | None => {
                    Why::AnswerTimeout(id)
                }
            },
            Target::Reservation(id) => match self.reservations.get(id.get()).map(|reservation| reservation.state) {
                Some(ReservationState::AwaitingMode | ReservationState::Scheduled) if !self.waits_for_slot(id) => {
                    Why::WindowOpens(id)
                }
                Some(ReservationState::Closed) => Why::Retention(id),
                Some(
                    ReservationState::AwaitingMode
                    | ReservationState::Scheduled
                    | ReservationState::Unverified
                    | ReservationState::Open
                    | ReservationState::InCall,
                )
                | None => Why::WindowEnds(id),
            },
            Target::Challenge(id) => Why::CodeExpires(id),
            Target::Reminder(id) => Why::Reminder(id),
            // A line of the agenda is registered.
            Target::Line(number) => match self.lines.get(number) {
                Some(line) => Why::LineFree(line.merchant),
                None => Why::EffectsWaiting,
            },
        };
        Some((due, why))
    }

    /// When the first deadline is due, of those that may be fired with so much room.
    pub(crate) fn first_due(&self, has_room_for: impl Fn(usize) -> bool) -> Option<Timestamp> {
        self.agenda.first(self.may(has_room_for)).map(|(due, _)| due)
    }

    /// Fires the first deadline that is due. False when none is.
    pub(crate) fn fire_first(&mut self, cx: &mut Context<'_>) -> bool {
        match self.agenda.first(self.may(|effects| cx.has_room_for(effects))) {
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
                Some(CallState::RingingMerchant | CallState::Recording | CallState::Ended) | None => {}
            },
            Target::Challenge(id) => self.code_expires(id),
            Target::Reservation(id) => self.fire_reservation(cx, id),
            Target::Reminder(id) => self.remind(cx, id),
            Target::Line(number) => self.serve(cx, number),
        }
    }

    fn fire_leg(&mut self, cx: &mut Context<'_>, leg: &Leg) {
        if leg.state.is_releasing() {
            self.leg_lost(cx, leg.id, true);
            return;
        }
        match leg.reservation {
            None => self.end_call(cx, leg.call, CallEvent::MerchantGone, ReleaseCause::NoAnswer, Failure::Merchant),
            Some(reservation) => {
                let evidence = Evidence { timer: Some(OwnTimer::Ring), ..Evidence::default() };
                self.user_unreached(cx, leg, reservation, &diagnose(&evidence), Failure::None);
            }
        }
    }

    fn fire_reservation(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        match reservation.state {
            ReservationState::Scheduled if reservation.spent_slot.is_some() => self.close_at_end(cx, id),
            ReservationState::AwaitingMode | ReservationState::Scheduled => self.open(cx, id),
            ReservationState::Unverified => self.close(cx, id, ReservationEvent::WindowOver, Outcome::Unverified),
            ReservationState::Open if reservation.is_slot_over(cx.now) => self.slot_over(cx, id, false),
            ReservationState::Open => self.close_at_end(cx, id),
            ReservationState::InCall if reservation.is_slot_over(cx.now) => self.slot_over_in_call(cx, id),
            ReservationState::InCall => self.window_over_in_call(cx, id),
            ReservationState::Closed => self.archive(cx, id),
        }
    }

    /// The window ends, and no call lives.
    fn close_at_end(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let outcome = self.outcome_at_end(reservation, cx.policy, cx.now, false);
        self.close(cx, id, ReservationEvent::WindowOver, outcome);
    }

    /// The window, or the slot, begins. Silence chooses the mode.
    pub(super) fn open(&mut self, cx: &Context<'_>, id: ReservationId) {
        let on_silence = cx.policy.mode_unless_chosen();
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
            OnWindowClose::Continue => self.is_user_answered(call, id),
            OnWindowClose::HangUp => false,
        };
        if !runs_on {
            self.stop_for(cx, call, id, ReleaseCause::WindowEnded);
        }
    }

    pub(super) fn archive(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.remove_reservation(id) else { return };
        let media = reservation.media().collect();
        if let Some(closed) = reservation.closed {
            cx.emit(Action::Archive(Archive {
                reservation: id,
                merchant: reservation.merchant,
                revision: reservation.revision,
                outcome: closed.outcome,
                closed_at: closed.at,
                evidence: reservation.evidence,
                page: reservation.page,
                offering: reservation.offering,
                window: reservation.window,
                zone: reservation.zone,
                mode: reservation.mode,
                booked_at: reservation.booked_at,
                attempts: reservation.attempts,
                merchant_failures: reservation.merchant_failures,
                platform_failures: reservation.platform_failures,
                conversations: reservation.conversations,
            }));
        }
        erase(cx, Vec::new(), media);
    }
}
