//! The recorder (seed 003, step 103): reports on callers' legs, recordings, and what fails.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::Fallback;
use super::failed_calls::reject;
use crate::halves::checks::{check_evidence, check_outbox, hang_up_stray};
use crate::halves::{Context, Neighbour};
use crate::machines::voice_message::{VoiceMessageEvent, VoiceMessageState};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Abandoned, Action, Effect, Erase, Prompt, Record};
use crate::values::id::{LegId, MediaId, VoiceMessageId};
use crate::values::input::{LegEnded, RecordFailed, Recorded};
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;

impl Fallback {
    /// Whether this is the leg of a caller who is here.
    pub(crate) fn has_leg(&self, leg: LegId) -> bool {
        self.messages.of_leg(leg).is_some()
    }

    /// Settles the message of a caller's leg; `None` when the leg is gone by then, or when it is none.
    fn settle_leg(&mut self, cx: &mut Context<'_>, leg: LegId) -> Option<(VoiceMessageId, VoiceMessageState)> {
        let id = self.messages.of_leg(leg)?.id;
        self.settle_message(cx, id);
        self.messages.of_leg(leg).map(|message| (message.id, message.state))
    }

    pub(super) fn leg_progress(&mut self, cx: &mut Context<'_>, leg: LegId) -> Result<Reply, Refusal> {
        if self.settle_leg(cx, leg).is_some() { Ok(Reply::NoOp) } else { hang_up_stray(cx, leg) }
    }

    pub(super) fn play_finished(&mut self, cx: &mut Context<'_>, leg: LegId) -> Result<Reply, Refusal> {
        self.settle_leg(cx, leg);
        Ok(Reply::NoOp)
    }

    pub(super) fn leg_answered(&mut self, cx: &mut Context<'_>, leg: LegId) -> Result<Reply, Refusal> {
        match self.settle_leg(cx, leg) {
            None => hang_up_stray(cx, leg),
            Some((id, VoiceMessageState::Offered)) => {
                cx.outbox.void_leg(leg);
                self.begin_recording(cx, id);
                Ok(Reply::Done)
            }
            Some(_) => Ok(Reply::NoOp),
        }
    }

    /// The caller is connected: he is asked to speak.
    pub(super) fn begin_recording(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let not_after = cx.now.saturating_add_s(u64::from(cx.policy.answer_timeout_s));
        let (most_s, grace_s) = (u64::from(cx.policy.record_max_s), u64::from(cx.policy.record_grace_s));
        let until = not_after.saturating_add_s(most_s).saturating_add_s(grace_s);
        if !self.move_on(cx, id, VoiceMessageEvent::Began, |message| message.until = Some(until)) {
            return;
        }
        let Some((leg, reason)) = self.messages.get(id).and_then(|message| Some((message.leg?, message.reason))) else { return };
        let (seconds_max, silence_s) = (cx.policy.record_max_s, cx.policy.record_silence_s);
        cx.emit(Action::Record(Record { leg, voice_message: id, reason, seconds_max, silence_s, not_after }));
    }

    pub(super) fn leg_ended(&mut self, cx: &mut Context<'_>, input: &LegEnded) -> Result<Reply, Refusal> {
        check_evidence(&input.evidence)?;
        let Some((id, _)) = self.settle_leg(cx, input.leg) else { return Ok(Reply::NoOp) };
        self.caller_gone(cx, id);
        Ok(Reply::Done)
    }

    /// The caller hung up, or his leg was lost. What he said until then is a message.
    fn caller_gone(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        self.let_go_of_leg(cx, id);
        let Some(message) = self.messages.get(id) else { return };
        if message.state == VoiceMessageState::Offered {
            self.abandon(cx, id, Abandoned::CallerGone);
            return;
        }
        let latest = cx.now.saturating_add_s(u64::from(cx.policy.record_grace_s));
        self.change(cx, id, |message| message.until = message.until.map(|until| until.min(latest)));
    }

    pub(super) fn recorded(
        &mut self,
        cx: &mut Context<'_>,
        neighbour: &impl Neighbour,
        input: &Recorded,
    ) -> Result<Reply, Refusal> {
        let (id, media) = (input.voice_message, input.media);
        self.check_given(id)?;
        self.settle_message(cx, id);
        let Some(message) = self.messages.get(id) else { return Ok(Reply::NoOp) };
        let (awaits, known) = (message.awaits_recording(), message.media);
        let is_erasing = cx.outbox.erasing().contains(&media);
        if !awaits && (known == Some(media) || is_erasing) {
            return Ok(Reply::NoOp);
        }
        if is_erasing || neighbour.is_attached(media) || self.messages.of_media(media).is_some() {
            return Err(Refusal::MediaInUse { media });
        }
        if !awaits {
            check_outbox(cx, 1)?;
            erase_media(cx, media);
            return Ok(Reply::Done);
        }
        let is_short = input.seconds < cx.policy.record_min_s;
        if input.is_silent || is_short {
            let why = if input.is_silent { Abandoned::Silent } else { Abandoned::TooShort };
            self.hang_up(cx, id, ReleaseCause::Normal, Some(Prompt::NothingRecorded));
            self.abandon(cx, id, why);
            self.change(cx, id, |message| message.media = Some(media));
            erase_media(cx, media);
            return Ok(Reply::Done);
        }
        let now = cx.now;
        let expires_at = now.saturating_add_s(u64::from(cx.policy.voice_message_life_s));
        self.move_on(cx, id, VoiceMessageEvent::Recorded, |message| {
            message.media = Some(media);
            message.seconds = input.seconds;
            message.stored_at = Some(now);
            message.expires_at = Some(expires_at);
            message.until = None;
            message.next_at = Some(now);
        });
        self.hang_up(cx, id, ReleaseCause::Normal, Some(Prompt::MessageTaken));
        Ok(Reply::Done)
    }

    pub(super) fn record_failed(&mut self, cx: &mut Context<'_>, input: &RecordFailed) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        self.check_given(id)?;
        self.settle_message(cx, id);
        if !self.messages.get(id).is_some_and(crate::books::voice_messages::VoiceMessage::awaits_recording) {
            return Ok(Reply::NoOp);
        }
        self.give_up_recording(cx, id, Abandoned::RecordFailed);
        Ok(Reply::Done)
    }

    /// An effect failed that may be one of this half's. `None` when it is not.
    pub(super) fn effect_failed(&mut self, cx: &mut Context<'_>, sequence: u64) -> Option<Result<Reply, Refusal>> {
        enum Failed {
            Answer,
            Record,
            Push,
            Transcribe,
        }
        let of_leg = |leg: LegId| self.messages.of_leg(leg).map(|message| message.id);
        let (failed, id) = match &cx.outbox.get(sequence)?.action {
            Action::Answer(answer) => (Failed::Answer, of_leg(answer.leg)?),
            Action::Record(record) => (Failed::Record, of_leg(record.leg)?),
            Action::Send(_) => (Failed::Push, self.messages.of_push(sequence)?),
            Action::Transcribe(transcribe) => (Failed::Transcribe, transcribe.voice_message),
            Action::Dial(_)
            | Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::ArchiveVoiceMessage(_) => return None,
        };
        self.settle_message(cx, id);
        let Some(message) = self.messages.get(id) else { return Some(Ok(Reply::NoOp)) };
        let (state, reason, is_last) = (message.state, message.reason, message.pushed.last() == Some(&sequence));
        let is_reserved = message.under.is_some();
        match (failed, state) {
            // A merchant's leg under a reservation was asked for, and is hung up.
            (Failed::Answer, VoiceMessageState::Offered) if is_reserved => {
                self.give_up_recording(cx, id, Abandoned::RecordFailed);
            }
            (Failed::Answer, VoiceMessageState::Offered) => {
                if let Some(leg) = self.let_go_of_leg(cx, id) {
                    reject(cx, leg, reason);
                }
                self.abandon(cx, id, Abandoned::RecordFailed);
            }
            (Failed::Record, VoiceMessageState::Recording) => self.give_up_recording(cx, id, Abandoned::RecordFailed),
            (Failed::Push, VoiceMessageState::Pushing) if is_last => self.retry(cx, id),
            (Failed::Transcribe, VoiceMessageState::Transcribing) => self.put_off(cx, id, Some(cx.now)),
            (Failed::Answer | Failed::Record | Failed::Push | Failed::Transcribe, _) => return Some(Ok(Reply::NoOp)),
        }
        Some(Ok(Reply::Done))
    }

    /// Settles everything that a `resync` touches.
    pub(crate) fn settle_for_resync(&mut self, cx: &mut Context<'_>) {
        let ids: Vec<VoiceMessageId> = self.messages.legs().map(|(_, id)| id).collect();
        self.settle_messages(cx, &ids);
    }

    /// The switch came back with these legs, and these effects were voided.
    pub(crate) fn resynced(&mut self, cx: &mut Context<'_>, named: &BTreeSet<LegId>, voided: &[Effect]) {
        // A merchant's leg may have had a `play` of his call.
        let of_recorder = |effect: &&Effect| matches!(effect.action, Action::Answer(_) | Action::Record(_));
        let voided: BTreeSet<LegId> = voided.iter().filter(of_recorder).filter_map(|effect| effect.action.leg()).collect();
        let mut legs: Vec<(VoiceMessageId, LegId)> = self.messages.legs().map(|(leg, id)| (id, leg)).collect();
        legs.sort_unstable();
        for (id, _) in legs.iter().filter(|(_, leg)| !named.contains(leg)) {
            self.caller_gone(cx, *id);
        }
        for (id, _) in legs.iter().filter(|(_, leg)| named.contains(leg) && voided.contains(leg)) {
            self.give_up_recording(cx, *id, Abandoned::RecordFailed);
        }
    }
}

/// The host forgets a recording.
fn erase_media(cx: &mut Context<'_>, media: MediaId) {
    cx.emit(Action::Erase(Erase { reservations: Vec::new(), media: vec![media], voice_messages: Vec::new() }));
}
