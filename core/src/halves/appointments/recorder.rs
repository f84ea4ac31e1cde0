//! A call of two whose user was not reached may leave its merchant at the recorder: what the missed-call half is asked, and what comes of it.
//!
//! The user's part ends first, and with it all that the call has to do with the reservation. Then the call waits, for no longer than the input or the deadline
//! by which it failed, until the platform has asked the other half.

use super::Appointments;
use super::records::{Call, Failure, Leg, Origin};
use crate::decisions::diagnosis::Diagnosis;
use crate::halves::Context;
use crate::halves::crossing::{FailedLeg, RecordingOver};
use crate::machines::Machine as _;
use crate::machines::Step;
use crate::machines::call::{CallEvent, CallState};
use crate::machines::leg::{LegEvent, LegState};
use crate::values::cause::ReleaseCause;
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::number::PhoneNumber;
use crate::values::policy::Policy;

/// A call whose merchant may be asked to leave a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    call: CallId,
    reservation: ReservationId,
    callee: PhoneNumber,
    diagnosis: Diagnosis,
}

impl Appointments {
    /// A user was not reached: his leg is gone before he answered, or its ring time is over. His merchant may be asked to leave a message; otherwise his part ends as ever.
    pub(super) fn user_unreached(
        &mut self,
        cx: &mut Context<'_>,
        leg: &Leg,
        reservation: ReservationId,
        diagnosis: &Diagnosis,
        failure: Failure,
    ) {
        let (call, callee) = (leg.call, leg.number);
        let cause = ReleaseCause::of_failed_leg(diagnosis.reason);
        if self.may_ask(cx.policy, call, diagnosis) {
            self.end_part(cx, call, reservation, cause, failure);
            self.errands.push_back(Errand { call, reservation, callee, diagnosis: *diagnosis });
        } else {
            self.user_gone(cx, call, reservation, cause, failure);
        }
    }

    /// Whether the merchant of this call may be asked: it is of two, its user was rung and has a part in it, the merchant is there, and all that it could be is a reason to ask.
    fn may_ask(&self, policy: &Policy, id: CallId, diagnosis: &Diagnosis) -> bool {
        let Some(call) = self.calls.get(id.get()) else { return false };
        let [member] = call.members.as_slice() else { return false };
        let is_rung = call.state == CallState::Gathering && member.is_dialled && !member.is_out;
        is_rung && diagnosis.candidates().is_within(policy.divert_on) && self.merchant_there(call).is_some()
    }

    /// The merchant's leg, unless it is gone or was ended.
    fn merchant_there(&self, call: &Call) -> Option<&Leg> {
        let leg = call.merchant_leg.and_then(|leg| self.legs.get(leg.get()));
        leg.filter(|leg| !leg.state.is_releasing())
    }

    /// The first call whose merchant is to be asked, of those that still have him.
    pub(crate) fn take_failed_leg(&mut self) -> Option<FailedLeg> {
        while let Some(Errand { call, reservation, callee, diagnosis }) = self.errands.pop_front() {
            let known = self.calls.get(call.get());
            let Some((known, leg)) = known.and_then(|known| Some((known, self.merchant_there(known)?))) else { continue };
            let (leg, is_answered, caller) = (leg.id, leg.state.is_answered(), known.line);
            return Some(FailedLeg { call, reservation, leg, is_answered, callee, caller, diagnosis });
        }
        None
    }

    /// Whether calls wait for the platform to ask the other half. Never between inputs.
    pub(crate) fn has_errands(&self) -> bool {
        !self.errands.is_empty()
    }

    /// The merchant is offered the recorder. From now on what ends the call is his leg's end, or that of his message.
    pub(crate) fn offered(&mut self, id: CallId) {
        self.update_call(id, |call| call.state.apply(CallEvent::Offered));
        let Some(leg) = self.calls.get(id.get()).and_then(|call| call.merchant_leg) else { return };
        self.update_leg(leg, |leg| {
            if leg.origin == Origin::Inbound && leg.state.is_unanswered() {
                leg.origin = Origin::InboundAsked;
            }
        });
    }

    /// The merchant is not offered the recorder: the call ends as it would have when its user failed.
    pub(crate) fn not_offered(&mut self, cx: &mut Context<'_>, failed: &FailedLeg) {
        self.end_call(cx, failed.call, CallEvent::LastUserGone, failed.cause(), Failure::None);
    }

    /// The merchant's message is over, and his leg was hung up: it is releasing, and the call has ended. Its user has no part in it any more, so nothing is counted.
    pub(crate) fn recording_over(&mut self, cx: &Context<'_>, over: RecordingOver) {
        let until = cx.now.saturating_add_s(u64::from(cx.policy.release_grace_s));
        let Some(call) = self.legs.get(over.leg.get()).map(|leg| leg.call) else { return };
        self.update_leg(over.leg, |leg| {
            if matches!(leg.state.apply(LegEvent::HangUp), Step::To(_)) {
                leg.until = until;
                leg.cause = Some(over.cause);
            }
        });
        self.update_call(call, |call| call.state.apply(CallEvent::Stopped));
    }

    /// Settles what a report on this leg touches.
    pub(crate) fn settle_leg(&mut self, cx: &mut Context<'_>, id: LegId) {
        if let Some(call) = self.legs.get(id.get()).map(|leg| leg.call) {
            self.settle_call(cx, call);
        }
    }

    /// The reservation of a call whose merchant leaves a message, and his leg.
    pub(crate) fn recording(&self, id: CallId) -> Option<(ReservationId, &Leg)> {
        let call = self.calls.get(id.get()).filter(|call| call.state == CallState::Recording)?;
        Some((call.reservations().next()?, self.merchant_there(call)?))
    }

    /// How many calls there are whose merchants leave messages.
    pub(crate) fn recordings(&self) -> usize {
        self.calls.unordered().filter(|call| call.state == CallState::Recording).count()
    }

    /// Whether these ids were given.
    pub(crate) fn has_given(&self, call: CallId, reservation: ReservationId) -> bool {
        self.counters.call.has_given(call.get()) && self.counters.reservation.has_given(reservation.get())
    }

    /// Whether a call that says that it records is one that may: of two, its user rung for nothing and out, and its merchant there or asked to be.
    pub(super) fn may_record(&self, call: &Call) -> bool {
        let [member] = call.members.as_slice() else { return false };
        let is_there = self.merchant_there(call).is_some_and(|leg| match leg.state {
            LegState::Answered => true,
            LegState::Ringing => leg.origin == Origin::InboundAsked,
            LegState::Dialled | LegState::Joined | LegState::Releasing | LegState::Clearing | LegState::Gone => false,
        });
        let is_waiting_for_nobody = call.answer_by.is_none() && call.talk_until.is_none();
        member.is_out && member.is_dialled && !member.is_talked && is_waiting_for_nobody && is_there
    }
}
