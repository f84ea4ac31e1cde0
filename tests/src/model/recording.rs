//! Calls under a reservation whose user is unreachable: their merchants are asked to leave a message, written from
//! [the rules](ringfence::manual::missed_calls).

use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Offered, Prompt, Ruling};
use ringfence::values::evidence::{Evidence, OwnTimer};
use ringfence::values::id::{CallId, LegId, ReservationId};
use ringfence::values::input::CallFailed;
use ringfence::values::number::PhoneNumber;

use super::calls::Why;
use super::{CallState, LegState, Model};

/// A call whose user was not reached, until its merchant is offered the recorder or hung up.
#[derive(Clone, Debug)]
pub(super) struct Unreached {
    call: CallId,
    reservation: ReservationId,
    callee: PhoneNumber,
    evidence: Evidence,
    /// What his failure comes to in calls.
    cause: ReleaseCause,
}

impl Model {
    /// A user's ring time is over.
    pub(super) fn rung_out(&mut self, leg: LegId, call: CallId, user: ReservationId) {
        let evidence = Evidence { timer: Some(OwnTimer::Ring), ..Evidence::default() };
        self.user_not_reached(call, user, self.legs[&leg].number, ReleaseCause::NoAnswer, &evidence);
    }

    /// A user who was dialled did not answer. His call ends, or it is asked about when the step is done.
    pub(super) fn user_not_reached(
        &mut self,
        call: CallId,
        user: ReservationId,
        callee: PhoneNumber,
        cause: ReleaseCause,
        evidence: &Evidence,
    ) {
        if !self.asks_for_the_recorder(call, evidence) {
            self.end_part(call, user, cause, Why::UserFailed);
            return;
        }
        if let Some(leg) = self.leg_of(call, user).filter(|leg| self.legs[leg].state != LegState::Releasing) {
            self.end_leg(leg, cause);
        }
        let part = *self.part_mut(call, user);
        self.part_mut(call, user).over = true;
        self.count(part, Why::UserFailed);
        self.unreached.push(Unreached { call, reservation: user, callee, evidence: evidence.clone(), cause });
    }

    fn asks_for_the_recorder(&self, call: CallId, evidence: &Evidence) -> bool {
        let [part] = self.call_of(call).parts.as_slice() else { return false };
        let could_be = diagnose(evidence).candidates();
        part.dialled
            && !part.over
            && self.merchant_who_waits(call).is_some()
            && could_be.iter().all(|reason| self.policy.divert_on.contains(reason))
    }

    /// The merchant's leg, unless it is gone or releasing.
    fn merchant_who_waits(&self, call: CallId) -> Option<LegId> {
        self.merchant_leg(call).filter(|leg| self.legs[leg].state != LegState::Releasing)
    }

    /// Asks about every call whose user was not reached in this step.
    pub(super) fn ask_for_the_recorder(&mut self) {
        for unreached in std::mem::take(&mut self.unreached) {
            self.ask_about(unreached);
        }
    }

    fn ask_about(&mut self, unreached: Unreached) {
        let Unreached { call, reservation, callee, evidence, cause } = unreached;
        let Some(leg) = self.merchant_who_waits(call) else { return };
        let touched = self.touched_by_failed_call(callee);
        self.settle(&touched);
        self.make_room_for_callers();
        let reason = diagnose(&evidence).reason;
        let is_answered = self.legs[&leg].was_answered;
        let input = CallFailed { caller: Some(self.call_of(call).line), callee, evidence, is_answered };
        match self.rule(leg, &input, Some(call)) {
            // Nobody has a part in it any more, so nothing is counted.
            Ruling::NotOffered(_) => self.end_call(call, cause, Why::Other),
            Ruling::Offered(Offered { voice_message }) => {
                self.call_mut(call).state = CallState::Recording;
                self.offer(voice_message, leg, &input, reason, Some((call, reservation)));
            }
        }
    }

    /// The recording is over, or there will be none: the call ends with it.
    pub(super) fn end_recording_call(&mut self, id: LegId, cause: ReleaseCause, prompt: Option<Prompt>) {
        self.hang_up(id, cause, prompt);
        let latest = self.latest;
        let leg = self.leg_mut(id);
        leg.state = LegState::Releasing;
        leg.released = Some((latest, cause));
        let call = leg.call;
        self.call_mut(call).state = CallState::Ended;
    }
}
