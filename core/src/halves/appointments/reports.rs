//! Inputs of the network and the switch: reports on legs, effects that failed, and a switch that comes back.
//!
//! A report about a leg that is gone changes nothing. One about a leg that never was is misuse.

use alloc::collections::BTreeSet;

use super::Appointments;
use super::calls::hang_up;
use crate::decisions::diagnosis::diagnose;
use crate::halves::Context;
use crate::machines::call::CallEvent;
use crate::machines::leg::{LegEvent, LegState};
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Action, AuditRecord, LegLost, Party};
use crate::values::evidence::Evidence;
use crate::values::id::{CallId, LegId};
use crate::values::input::LegEnded;
use crate::values::refusal::{Allowed, Field, Object, Refusal};
use crate::values::reply::Reply;

impl Appointments {
    /// Settles what the report touches; `None` when the leg is gone by then.
    fn reported(&mut self, cx: &mut Context<'_>, leg: LegId) -> Result<Option<(CallId, Party)>, Refusal> {
        if !self.counters.leg.has_given(leg.get()) {
            return Err(Refusal::Unknown { object: Object::Leg, id: leg.get() });
        }
        if let Some(call) = self.legs.get(leg.get()).map(|leg| leg.call) {
            self.settle_call(cx, call);
        }
        Ok(self.legs.get(leg.get()).map(|leg| (leg.call, leg.party)))
    }

    pub(super) fn leg_progress(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        let known = self.reported(cx, id)?.is_some();
        let step = self.update_leg(id, |leg| leg.state.apply(LegEvent::Progress));
        Ok(if known && matches!(step, Some(Step::To(_))) { Reply::Done } else { Reply::NoOp })
    }

    pub(super) fn play_finished(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        self.reported(cx, id).map(|_| Reply::NoOp)
    }

    pub(super) fn leg_answered(&mut self, cx: &mut Context<'_>, id: LegId) -> Result<Reply, Refusal> {
        let Some((call, party)) = self.reported(cx, id)? else { return Ok(Reply::NoOp) };
        let step = self.update_leg(id, |leg| leg.state.apply(LegEvent::Answered));
        match step {
            Some(Step::To(LegState::Answered)) => {
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
        if !input.evidence.is_in_range() {
            return Err(Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses });
        }
        if self.reported(cx, input.leg)?.is_none() {
            return Ok(Reply::NoOp);
        }
        self.leg_gone(cx, input.leg, &input.evidence);
        Ok(Reply::Done)
    }

    /// A leg is gone: reported, never begun, or lost. If its call still lived, this ends it.
    pub(super) fn leg_gone(&mut self, cx: &mut Context<'_>, id: LegId, evidence: &Evidence) {
        let Some(leg) = self.remove_leg(id) else { return };
        cx.outbox.void_leg(id, leg.since);
        let is_talked = self.calls.get(leg.call.get()).is_some_and(|call| call.is_talked);
        let (event, cause) = match leg.party {
            Party::User if leg.state.is_answered() => (CallEvent::UserGone, ReleaseCause::Normal),
            Party::User => (CallEvent::UserGone, ReleaseCause::of_failed_leg(diagnose(evidence).reason)),
            Party::Merchant if is_talked => (CallEvent::MerchantGone, ReleaseCause::Normal),
            Party::Merchant => (CallEvent::MerchantGone, ReleaseCause::OtherSideGone),
        };
        self.end_call(cx, leg.call, event, cause, leg.party == Party::Merchant);
    }

    /// A leg counts as gone without a report.
    pub(super) fn leg_lost(&mut self, cx: &mut Context<'_>, id: LegId) {
        let Some(call) = self.legs.get(id.get()).map(|leg| leg.call) else { return };
        cx.audit(AuditRecord::LegLost(LegLost { leg: id, call }));
        self.leg_gone(cx, id, &Evidence::default());
    }

    pub(super) fn effect_failed(&mut self, cx: &mut Context<'_>, sequence: u64) -> Result<Reply, Refusal> {
        if sequence == 0 || sequence > cx.outbox.last_sequence() {
            return Err(Refusal::Unknown { object: Object::Effect, id: sequence });
        }
        let failed = cx.outbox.get(sequence).map(|effect| match &effect.action {
            Action::Dial(dial) => Failed::Dial(dial.leg),
            Action::Answer(answer) => Failed::Answer(answer.leg),
            Action::Play(play) => Failed::Other(Some(play.leg)),
            Action::Reject(_) | Action::Join(_) | Action::HangUp(_) | Action::Send(_) | Action::Audit(_) | Action::Archive(_) => {
                Failed::Other(None)
            }
        });
        let Some(failed) = failed else { return Ok(Reply::NoOp) };
        if let Failed::Dial(leg) | Failed::Answer(leg) | Failed::Other(Some(leg)) = failed {
            self.reported(cx, leg)?;
        }
        match failed {
            Failed::Dial(leg) => {
                if self.legs.get(leg.get()).is_some_and(|leg| leg.state == LegState::Dialled) {
                    self.leg_gone(cx, leg, &Evidence::default());
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
            Failed::Other(_) => Ok(Reply::NoOp),
        }
    }

    fn waits_for_answer(&self, call: CallId) -> bool {
        self.calls.get(call.get()).is_some_and(|call| call.deadline().is_some() && call.answer_by.is_some())
    }

    /// The user answered, but the merchant's inbound leg did not come: it counts as gone.
    pub(super) fn give_up_answer(&mut self, cx: &mut Context<'_>, call: CallId) {
        self.end_call(cx, call, CallEvent::MerchantGone, ReleaseCause::OtherSideGone, true);
    }

    /// The switch came back with these legs.
    pub(super) fn resync(&mut self, cx: &mut Context<'_>, named: &[LegId]) -> Result<Reply, Refusal> {
        self.settle_all_calls(cx);
        let voided = cx.outbox.void_at_most_once();
        let named: BTreeSet<LegId> = named.iter().copied().collect();
        let absent = self.legs.ids().into_iter().map(LegId::new).filter(|id| !named.contains(id));
        for id in absent.collect::<alloc::vec::Vec<_>>() {
            // An earlier one may have taken it along.
            if self.legs.get(id.get()).is_some() {
                self.leg_lost(cx, id);
            }
        }
        for effect in &voided {
            if let Action::Answer(answer) = &effect.action {
                let call = self.legs.get(answer.leg.get()).filter(|leg| leg.state.is_unanswered()).map(|leg| leg.call);
                if let Some(call) = call.filter(|call| self.waits_for_answer(*call)) {
                    self.give_up_answer(cx, call);
                }
            }
        }
        for id in named {
            if self.legs.get(id.get()).is_none_or(|leg| leg.state.is_releasing()) {
                cx.emit(hang_up(id, ReleaseCause::Unknown, None));
            }
        }
        Ok(Reply::Done)
    }
}

/// What an `effect_failed` is about.
#[derive(Clone, Copy)]
enum Failed {
    Dial(LegId),
    Answer(LegId),
    Other(Option<LegId>),
}
