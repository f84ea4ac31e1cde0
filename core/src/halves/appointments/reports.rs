//! Inputs of the network and the switch: reports on legs, effects that failed, and a switch that comes back.
//!
//! A report about a leg that is gone changes nothing; one that says that it lives has it hung up. One about a leg that never was is misuse.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Appointments;
use super::calls::{hang_up, withdrawn};
use super::records::{Call, Failure};
use crate::decisions::diagnosis::diagnose;
use crate::halves::Context;
use crate::halves::checks::{check_evidence, hang_up_stray};
use crate::machines::call::CallEvent;
use crate::machines::leg::{LegEvent, LegState};
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Action, AuditRecord, Effect, LegLost, Party};
use crate::values::evidence::Evidence;
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::LegEnded;
use crate::values::refusal::{Object, Refusal};
use crate::values::reply::Reply;

impl Appointments {
    /// Settles what the report touches; `None` when the leg is gone by then.
    fn reported(&mut self, cx: &mut Context<'_>, leg: LegId) -> Result<Option<(CallId, Party)>, Refusal> {
        if !cx.commons.ids.leg.has_given(leg.get()) {
            return Err(Refusal::Unknown { object: Object::Leg, id: leg.get() });
        }
        if let Some(call) = self.legs.get(leg.get()).map(|leg| leg.call) {
            self.settle_call(cx, call);
        }
        Ok(self.legs.get(leg.get()).map(|leg| (leg.call, leg.party)))
    }

    pub(super) fn leg_progress(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        if self.reported(cx, id)?.is_none() {
            return hang_up_stray(cx, id);
        }
        match self.update_leg(id, |leg| leg.state.apply(LegEvent::Progress)) {
            Some(Step::To(_)) => {
                // It was dialled, so it must not be dialled again.
                cx.outbox.void_leg(id);
                Ok(Reply::Done)
            }
            Some(Step::NoOp | Step::NotAllowed) | None => Ok(Reply::NoOp),
        }
    }

    pub(super) fn play_finished(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        self.reported(cx, id).map(|_| Reply::NoOp)
    }

    pub(super) fn leg_answered(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        let Some((call, party)) = self.reported(cx, id)? else { return hang_up_stray(cx, id) };
        let step = self.update_leg(id, |leg| leg.state.apply(LegEvent::Answered));
        match step {
            Some(Step::To(LegState::Answered)) => {
                // Its `dial` or `answer` was carried out, and must not be again. What follows from the answer comes after.
                cx.outbox.void_leg(id);
                match party {
                    Party::Merchant => self.merchant_answered(cx, call, id),
                    Party::User => self.user_answered(cx, call),
                }
                Ok(Reply::Done)
            }
            // The answer crossed our hang-up: hang up once more, never join (P3).
            Some(Step::To(_)) => {
                let cause = self.legs.get(id.get()).and_then(|leg| leg.cause).unwrap_or(ReleaseCause::Unknown);
                cx.emit(hang_up(id, cause, None));
                Ok(Reply::Done)
            }
            Some(Step::NoOp | Step::NotAllowed) | None => Ok(Reply::NoOp),
        }
    }

    pub(super) fn leg_ended(&mut self, cx: &mut Context<'_>, input: &LegEnded) -> Result<Reply, Refusal> {
        check_evidence(&input.evidence)?;
        if self.reported(cx, input.leg)?.is_none() {
            return Ok(Reply::NoOp);
        }
        self.leg_gone(cx, input.leg, &input.evidence, true);
        Ok(Reply::Done)
    }

    /// A leg is gone: reported, or lost. If its call still lived, this ends it. `was_begun` is false for a leg whose `dial` was not
    /// carried out: nobody was rung.
    fn leg_gone(&mut self, cx: &mut Context<'_>, id: LegId, evidence: &Evidence, was_begun: bool) {
        let Some(leg) = self.remove_leg(id) else { return };
        // A report of its end shows that its `dial` was carried out.
        cx.outbox.void_leg(id);
        match leg.reservation {
            Some(reservation) => {
                if !was_begun {
                    self.not_dialled(leg.call, reservation);
                }
                let failure = if was_begun { Failure::None } else { Failure::Platform };
                if leg.state.is_answered() {
                    self.user_gone(cx, leg.call, reservation, ReleaseCause::Normal, failure);
                } else {
                    self.user_unreached(cx, &leg, reservation, &diagnose(evidence), failure);
                }
            }
            None => {
                let is_talked = self.calls.get(leg.call.get()).is_some_and(Call::is_talked);
                let cause = if is_talked { ReleaseCause::Normal } else { ReleaseCause::OtherSideGone };
                let failure = if was_begun { Failure::Merchant } else { Failure::Platform };
                self.end_call(cx, leg.call, CallEvent::MerchantGone, cause, failure);
            }
        }
        self.drop_if_over(leg.call);
    }

    /// The host did not carry out this leg's `dial`, or does not know whether it did. Nobody counts as rung by it; but the phone may ring all the same, so
    /// the leg is hung up, and keeps its number and its channel until it is reported gone or its grace is over (P8).
    fn dial_failed(&mut self, cx: &mut Context<'_>, id: LegId) {
        let Some(leg) = self.legs.get(id.get()).copied() else { return };
        self.release(cx, id, ReleaseCause::Unknown);
        match leg.reservation {
            Some(reservation) => {
                self.not_dialled(leg.call, reservation);
                let cause = ReleaseCause::of_failed_leg(diagnose(&Evidence::default()).reason);
                self.user_gone(cx, leg.call, reservation, cause, Failure::Platform);
            }
            None => self.end_call(cx, leg.call, CallEvent::MerchantGone, ReleaseCause::OtherSideGone, Failure::Platform),
        }
    }

    pub(super) fn not_dialled(&mut self, call: CallId, reservation: ReservationId) {
        self.update_call(call, |call| {
            if let Some(member) = call.member_mut(reservation) {
                member.is_dialled = false;
            }
        });
    }

    /// A leg counts as gone without a report.
    pub(super) fn leg_lost(&mut self, cx: &mut Context<'_>, id: LegId, was_begun: bool) {
        let Some(call) = self.legs.get(id.get()).map(|leg| leg.call) else { return };
        cx.audit(AuditRecord::LegLost(LegLost { leg: id, call }));
        self.leg_gone(cx, id, &Evidence::default(), was_begun);
    }

    pub(super) fn effect_failed(&mut self, cx: &mut Context<'_>, sequence: u64) -> Result<Reply, Refusal> {
        let last = cx.outbox.last_sequence();
        if sequence == 0 || sequence > last {
            return Err(Refusal::NotEmitted { sequence, last });
        }
        let failed = cx.outbox.get(sequence).map(|effect| (Failed::of(&effect.action), effect.action.leg()));
        let Some((failed, leg)) = failed else { return Ok(Reply::NoOp) };
        if let Some(call) = leg.and_then(|leg| self.legs.get(leg.get())).map(|leg| leg.call) {
            self.settle_call(cx, call);
        }
        match failed {
            Failed::Dial(leg) => {
                if self.legs.get(leg.get()).is_some_and(|leg| leg.state == LegState::Dialled) {
                    self.dial_failed(cx, leg);
                    return Ok(Reply::Done);
                }
                Ok(Reply::NoOp)
            }
            Failed::Answer(leg) => {
                let call = self.legs.get(leg.get()).filter(|leg| leg.state.is_unanswered()).map(|leg| leg.call);
                let Some(call) = call.filter(|call| self.waits_for_answer(*call)) else { return Ok(Reply::NoOp) };
                self.give_up_answer(cx, call);
                Ok(Reply::Done)
            }
            Failed::Other => Ok(Reply::NoOp),
        }
    }

    fn waits_for_answer(&self, call: CallId) -> bool {
        self.calls.get(call.get()).is_some_and(|call| call.deadline().is_some() && call.answer_by.is_some())
    }

    /// The user answered, but the merchant's inbound leg did not come: it counts as gone.
    pub(super) fn give_up_answer(&mut self, cx: &mut Context<'_>, call: CallId) {
        self.end_call(cx, call, CallEvent::MerchantGone, ReleaseCause::OtherSideGone, Failure::Merchant);
    }

    /// Whether a leg is alive here and not being ended: what else lives at the switch is to be hung up.
    pub(crate) fn has_live_leg(&self, id: LegId) -> bool {
        self.legs.get(id.get()).is_some_and(|leg| !leg.state.is_releasing())
    }

    /// Settles everything that a `resync` touches.
    pub(crate) fn settle_for_resync(&mut self, cx: &mut Context<'_>) {
        self.settle_all_calls(cx);
    }

    /// The switch came back with these legs, and these effects were voided.
    pub(crate) fn resynced(&mut self, cx: &mut Context<'_>, named: &BTreeSet<LegId>, voided: &[Effect]) {
        let undialled: BTreeSet<LegId> =
            voided.iter().filter(|effect| effect.action.is_dial()).filter_map(|effect| effect.action.leg()).collect();
        let absent = self.legs.ids().into_iter().map(LegId::new).filter(|id| !named.contains(id));
        for id in absent.collect::<Vec<_>>() {
            // An earlier one may have taken it along.
            if let Some(leg) = self.legs.get(id.get()) {
                let was_begun = leg.state != LegState::Dialled || !undialled.contains(&id);
                if undialled.contains(&id) {
                    withdrawn(cx, leg);
                }
                self.leg_lost(cx, id, was_begun);
            }
        }
        for effect in voided {
            if let Action::Answer(answer) = &effect.action {
                let call = self.legs.get(answer.leg.get()).filter(|leg| leg.state.is_unanswered()).map(|leg| leg.call);
                if let Some(call) = call.filter(|call| self.waits_for_answer(*call)) {
                    self.give_up_answer(cx, call);
                }
            }
        }
    }
}

/// What an `effect_failed` is about.
#[derive(Clone, Copy)]
enum Failed {
    Dial(LegId),
    Answer(LegId),
    Other,
}

impl Failed {
    const fn of(action: &Action) -> Self {
        match action {
            Action::Dial(dial) => Self::Dial(dial.leg),
            Action::Answer(answer) => Self::Answer(answer.leg),
            Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::Record(_)
            | Action::Transcribe(_)
            | Action::ArchiveVoiceMessage(_) => Self::Other,
        }
    }
}
