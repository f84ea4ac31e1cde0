//! Reports of the network and the host.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::Action;
use ringfence::values::id::{COUNTER_BITS, LegId};
use ringfence::values::input::LegEnded;
use ringfence::values::refusal::{Allowed, Field, Object, Refusal};
use ringfence::values::reply::Reply;

use super::calls::Why;
use super::{CallState, LegState, Model, unknown};

impl Model {
    pub(super) fn leg_progress(&mut self, id: LegId) -> Result<Reply, Refusal> {
        self.settle_caller(id);
        if !self.is_alive(id)? {
            return self.hang_up_gone(id);
        }
        if self.legs.get(&id).is_none_or(|leg| leg.state != LegState::Dialled) {
            return Ok(Reply::NoOp);
        }
        self.void_effects_of(id);
        self.leg_mut(id).state = LegState::Ringing;
        Ok(Reply::Done)
    }

    pub(super) fn leg_answered(&mut self, id: LegId) -> Result<Reply, Refusal> {
        self.settle_caller(id);
        if !self.is_alive(id)? {
            return self.hang_up_gone(id);
        }
        let in_call = self.legs.contains_key(&id) && self.leg_in_call_answered(id);
        let at_recorder = self.voice_message_of_leg(id).is_some_and(|message| self.callers_leg_answered(message));
        Ok(if in_call || at_recorder { Reply::Done } else { Reply::NoOp })
    }

    /// Whether this changes anything.
    fn leg_in_call_answered(&mut self, id: LegId) -> bool {
        let leg = self.legs[&id].clone();
        match leg.state {
            LegState::Dialled | LegState::Ringing => {
                self.void_effects_of(id);
                self.answered(id);
                true
            }
            LegState::Releasing if !leg.was_answered => {
                let cause = leg.released.map_or(ReleaseCause::Unknown, |(_, cause)| cause);
                self.leg_mut(id).was_answered = true;
                self.hang_up(id, cause, None);
                true
            }
            LegState::Answered | LegState::Joined | LegState::Releasing => false,
        }
    }

    pub(super) fn leg_ended(&mut self, input: &LegEnded) -> Result<Reply, Refusal> {
        if !input.evidence.is_in_range() {
            return Err(Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses });
        }
        self.settle_caller(input.leg);
        if !self.is_alive(input.leg)? {
            return Ok(Reply::NoOp);
        }
        let at_recorder = self.voice_message_of_leg(input.leg);
        if self.legs.contains_key(&input.leg) {
            self.leg_is_gone(input.leg, &input.evidence);
        }
        if let Some(message) = at_recorder {
            self.callers_leg_ended(message);
        }
        Ok(Reply::Done)
    }

    pub(super) fn play_finished(&mut self, id: LegId) -> Result<Reply, Refusal> {
        self.settle_caller(id);
        self.is_alive(id)?;
        Ok(Reply::NoOp)
    }

    pub(super) fn effect_failed(&mut self, sequence: u64) -> Result<Reply, Refusal> {
        if sequence == 0 || sequence > self.effects_given {
            return Err(Refusal::NotEmitted { sequence, last: self.effects_given });
        }
        if let Some(leg) = self.leg_of_effect(sequence) {
            self.settle_caller(leg);
        }
        if let Some(message) = self.voice_message_of_effect(sequence) {
            let touched = self.touched_voice_message(message);
            self.settle(&touched);
            return Ok(self.voice_effect_failed(message, sequence));
        }
        let Some(id) = self.leg_of_effect(sequence) else { return Ok(Reply::NoOp) };
        let leg = self.legs[&id].clone();
        if leg.dial == Some(sequence) && leg.state == LegState::Dialled {
            self.dial_failed(id);
            Ok(Reply::Done)
        } else if leg.answer == Some(sequence) && leg.state == LegState::Ringing {
            self.end_call(leg.call, ReleaseCause::OtherSideGone, Why::MerchantFailed);
            Ok(Reply::Done)
        } else {
            Ok(Reply::NoOp)
        }
    }

    /// A leg that is gone was said to live.
    fn hang_up_gone(&mut self, id: LegId) -> Result<Reply, Refusal> {
        self.check_outbox(1)?;
        self.hang_up(id, ReleaseCause::Unknown, None);
        Ok(Reply::Done)
    }

    /// The leg that is alive and that this unconfirmed effect speaks to.
    pub(super) fn leg_of_effect(&self, sequence: u64) -> Option<LegId> {
        let kept = self.kept.iter().find(|kept| kept.effect.sequence == sequence && !kept.voided)?;
        let leg = match &kept.effect.action {
            Action::Dial(dial) => dial.leg,
            Action::Answer(answer) => answer.leg,
            Action::Play(play) => play.leg,
            Action::Reject(reject) => reject.leg,
            Action::Join(join) => join.leg,
            Action::HangUp(hang_up) => hang_up.leg,
            Action::Record(record) => record.leg,
            Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::Transcribe(_)
            | Action::ArchiveVoiceMessage(_) => return None,
        };
        self.legs.contains_key(&leg).then_some(leg)
    }

    pub(super) fn resync(&mut self, named: &[LegId]) -> Reply {
        let callers = self.touched_callers();
        self.settle(&callers);
        // The ids of other shards say so in their high bits.
        let named: BTreeSet<LegId> = named.iter().copied().filter(|id| id.get() >> COUNTER_BITS == 0).collect();
        let is_stray = |id: &LegId| {
            self.legs.get(id).is_none_or(|leg| leg.state == LegState::Releasing) && self.voice_message_of_leg(*id).is_none()
        };
        let strays: Vec<LegId> = named.iter().copied().filter(is_stray).collect();
        let mut voided = BTreeSet::new();
        for kept in self.kept.iter_mut().filter(|kept| kept.effect.action.is_at_most_once() && !kept.voided) {
            kept.voided = true;
            voided.insert(kept.effect.sequence);
        }
        let alive: Vec<LegId> = self.legs.keys().copied().collect();
        for leg in alive.iter().filter(|leg| !named.contains(leg)) {
            if self.legs.contains_key(leg) {
                let kept = self.legs[leg].clone();
                let withdrawn = kept.dial.is_some_and(|dial| voided.contains(&dial));
                let undialled = withdrawn && kept.state == LegState::Dialled;
                if withdrawn {
                    self.withdraw_dial(*leg, kept.call, kept.party);
                }
                self.lose_leg(*leg, undialled);
            }
        }
        let unanswered = |id: &LegId| self.legs.get(id).filter(|leg| leg.inbound && leg.state == LegState::Ringing);
        let asked = |leg: &super::Leg| Some((leg.answer.filter(|answer| voided.contains(answer))?, leg.call));
        let asked: BTreeSet<_> = named.iter().filter_map(unanswered).filter_map(asked).collect();
        for (_, call) in asked {
            // Who is offered the recorder is not answered for a user: his message says what becomes of him.
            if self.call_of(call).state != CallState::Recording {
                self.end_call(call, ReleaseCause::OtherSideGone, Why::MerchantFailed);
            }
        }
        self.ask_for_the_recorder();
        self.resync_callers(&named, &voided);
        for id in strays {
            if !self.outbox_is_full() {
                self.hang_up(id, ReleaseCause::Unknown, None);
            }
        }
        Reply::Done
    }

    /// Last, of what a report on a leg settles, comes the message of its caller.
    fn settle_caller(&mut self, leg: LegId) {
        if let Some(id) = self.voice_message_of_leg(leg) {
            let touched = self.touched_voice_message(id);
            self.settle(&touched);
        }
    }

    /// Whether a leg is alive; refused when it was never given.
    fn is_alive(&self, id: LegId) -> Result<bool, Refusal> {
        if id.get() == 0 || id.get() > self.legs_given {
            return Err(unknown(Object::Leg, id.get()));
        }
        Ok(self.legs.contains_key(&id) || self.voice_message_of_leg(id).is_some())
    }
}
