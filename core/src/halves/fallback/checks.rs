//! What a restored state must keep of voice messages.

use alloc::format;
use alloc::string::String;

use super::Fallback;
use crate::books::commons::Ids;
use crate::books::voice_messages::{Road, VoiceMessage};
use crate::machines::binding::BindingState;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::effect::{Action, Content, Effect, SenderTold, VoiceMessageOutcome};
use crate::values::policy::most;
use crate::values::time::Timestamp;

/// Says what does not hold, and where.
macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// The longest that a message waits for an instant: until the next morning.
const WAITS_S: u32 = 86_400;

/// Whether an outcome is one of this state.
const fn fits(state: VoiceMessageState, outcome: Option<VoiceMessageOutcome>) -> bool {
    use VoiceMessageOutcome as O;
    use VoiceMessageState as S;
    match state {
        S::Offered | S::Recording | S::Stored | S::Transcribing | S::Pushing | S::Waiting => outcome.is_none(),
        S::Delivered => matches!(outcome, Some(O::Delivered)),
        S::Heard => matches!(outcome, Some(O::Heard)),
        S::Abandoned => matches!(outcome, Some(O::Abandoned(_))),
        S::Expired => matches!(outcome, Some(O::Expired)),
        S::Undeliverable => matches!(outcome, Some(O::Undeliverable(_))),
    }
}

/// Whether a message has what its state says, and nothing else.
fn is_as_it_says(message: &VoiceMessage) -> bool {
    use VoiceMessageState as S;
    let has_until = message.until.is_some();
    let is_stored = message.stored_at.is_some() && message.expires_at.is_some();
    let is_bare = message.stored_at.is_none() && message.expires_at.is_none() && message.seconds == 0;
    let is_pushed = message.message.is_some() && !message.pushed.is_empty();
    let is_unsent =
        message.message.is_none() && message.pushed.is_empty() && message.attempts == 0 && message.road == Road::WeChat;
    let in_state = match message.state {
        S::Offered => message.leg.is_some() && has_until && is_bare && is_unsent && message.media.is_none(),
        S::Recording => has_until && is_bare && is_unsent && message.media.is_none(),
        S::Stored => !has_until && message.next_at.is_some() && is_stored && is_unsent && !message.is_transcribed,
        S::Transcribing => has_until && is_stored && message.is_transcribed,
        S::Pushing => is_stored && is_pushed && message.attempts > 0 && (message.road == Road::WeChat || !has_until),
        S::Waiting => !has_until && is_stored && (message.next_at.is_some() || message.road == Road::WeChat),
        S::Delivered | S::Heard => has_until && is_stored && is_pushed,
        S::Expired | S::Undeliverable => has_until && is_stored,
        S::Abandoned => has_until && is_bare && is_unsent,
    };
    let is_over = message.state.is_over();
    let is_undelivered = matches!(message.state, S::Expired | S::Undeliverable);
    let attempts = usize::try_from(message.attempts).unwrap_or(usize::MAX);
    in_state
        && (message.media.is_some() || !is_stored)
        && (message.leg.is_none() || message.awaits_recording())
        && (message.next_at.is_none() || matches!(message.state, S::Stored | S::Waiting))
        && (message.text.is_none() || message.is_transcribed)
        && (!message.is_cut || message.text.is_some())
        && message.message.is_some() != message.pushed.is_empty()
        && attempts <= message.pushed.len()
        && message.pushed.is_sorted_by(|one, next| one < next)
        && message.ended_at.is_some() == is_over
        && fits(message.state, message.outcome)
        && (message.told == SenderTold::NotNeeded) != is_undelivered
        && (message.told != SenderTold::Told || message.caller.reply_to.is_some() || message.caller.number.is_none())
        && (!message.is_call_back_requested || matches!(message.state, S::Delivered | S::Heard))
}

impl Fallback {
    pub(super) fn check_messages(&self, ids: &Ids) -> Result<(), String> {
        hold!(self.messages.is_consistent(), "the voice messages do not agree with themselves");
        for message in self.messages.in_order() {
            let id = message.id;
            hold!(is_as_it_says(message), "voice message {id} is not in the state that it says");
            let is_given = message.leg.is_none_or(|leg| ids.leg.has_given(leg.get()))
                && message.message.is_none_or(|number| ids.message.has_given(number.get()));
            hold!(is_given, "voice message {id} has a leg or a message that was not numbered");
            if message.state.is_over() {
                continue;
            }
            let binding = self.bindings.get(message.binding).filter(|binding| binding.holds_number());
            let is_its = binding.is_some_and(|one| (&one.account, one.number) == (&message.account, message.callee));
            hold!(is_its, "voice message {id} is on its way to an account that does not have the number (P10)");
            let waits = message.state == VoiceMessageState::Waiting && message.next_at.is_none();
            let is_suspended = binding.is_some_and(|binding| binding.state == BindingState::Suspended);
            hold!(!waits || is_suspended, "voice message {id} waits for an account that follows (P9)");
        }
        Ok(())
    }

    pub(super) fn check_message_bounds(&self, now: Timestamp, last_sequence: u64) -> Result<(), String> {
        let within = |seconds: u32, instant: Timestamp| instant <= now.saturating_add_s(u64::from(seconds));
        for message in self.messages.in_order() {
            let id = message.id;
            let is_given = self.voice_message_ids.has_given(id.get()) && self.binding_ids.has_given(message.binding.get());
            hold!(is_given, "voice message {id} or its binding has an id that was not given");
            let is_past = [Some(message.at), message.stored_at, message.ended_at].into_iter().flatten().all(|at| at <= now);
            hold!(is_past, "something of voice message {id} lies in the future");
            let most_s = match message.state {
                VoiceMessageState::Offered => most::ANSWER_TIMEOUT_S,
                VoiceMessageState::Recording => {
                    most::ANSWER_TIMEOUT_S.saturating_add(most::RECORD_S).saturating_add(most::RECORD_GRACE_S)
                }
                VoiceMessageState::Transcribing => most::TRANSCRIBE_TIMEOUT_S,
                VoiceMessageState::Pushing => most::PUSH_TIMEOUT_S,
                VoiceMessageState::Stored | VoiceMessageState::Waiting => WAITS_S,
                VoiceMessageState::Delivered
                | VoiceMessageState::Heard
                | VoiceMessageState::Abandoned
                | VoiceMessageState::Expired
                | VoiceMessageState::Undeliverable => most::RETENTION_S.max(most::VOICE_MESSAGE_LIFE_S),
            };
            let ends = message.until.is_none_or(|until| within(most_s, until))
                && message.next_at.is_none_or(|at| within(WAITS_S, at))
                && message.expires_at.is_none_or(|at| within(most::VOICE_MESSAGE_LIFE_S, at));
            hold!(ends, "voice message {id} waits or stays longer than any policy lets it (P9)");
            let most_chars = usize::try_from(most::TRANSCRIPT_CHARS).unwrap_or(usize::MAX);
            let is_short = message.text.as_ref().is_none_or(|text| text.chars().nth(most_chars).is_none());
            hold!(is_short, "voice message {id} has more text than any policy lets it (P15)");
            let is_emitted = message.pushed.iter().all(|sequence| (1..=last_sequence).contains(sequence));
            hold!(is_emitted, "voice message {id} was pushed by an effect that was never emitted");
        }
        Ok(())
    }

    /// An effect that waits and speaks of a voice message says what the message does.
    pub(crate) fn check_effect(&self, now: Timestamp, effect: &Effect) -> Result<(), String> {
        let sequence = effect.sequence;
        match &effect.action {
            Action::Answer(answer) => {
                let message = self.messages.of_leg(answer.leg);
                let is_its = message
                    .is_none_or(|message| message.state == VoiceMessageState::Offered && message.until == Some(answer.not_after));
                hold!(is_its, "effect {sequence} answers a caller who is not offered the recorder");
            }
            Action::Record(record) => {
                let message = self.messages.of_leg(record.leg);
                let latest = record.not_after.saturating_add_s(u64::from(record.seconds_max));
                let is_its = message.is_some_and(|message| {
                    let grace = message.until.map(|until| until.micros_since(latest));
                    let most_micros = i64::from(most::RECORD_GRACE_S).saturating_mul(1_000_000);
                    message.state == VoiceMessageState::Recording
                        && (message.id, message.reason) == (record.voice_message, record.reason)
                        && grace.is_some_and(|grace| (1..=most_micros).contains(&grace))
                });
                let is_bounded = (1..=most::RECORD_S).contains(&record.seconds_max)
                    && (1..=most::RECORD_S).contains(&record.silence_s)
                    && record.not_after <= now.saturating_add_s(u64::from(most::ANSWER_TIMEOUT_S));
                hold!(is_its && is_bounded, "effect {sequence} records what no message is of");
            }
            Action::Send(send) => {
                let Content::VoiceMessage(said) = &send.content else { return Ok(()) };
                let message = self.messages.get(said.voice_message);
                let is_its = message.is_none_or(|one| one.pushed.contains(&sequence) && one.message == Some(send.message));
                let is_given = self.voice_message_ids.has_given(said.voice_message.get());
                hold!(is_its && is_given, "effect {sequence} pushes a voice message as two (P10)");
            }
            Action::Transcribe(transcribe) => {
                let message = self.messages.get(transcribe.voice_message);
                let is_its = message.is_none_or(|one| one.is_transcribed && one.media == Some(transcribe.media));
                let is_given = self.voice_message_ids.has_given(transcribe.voice_message.get());
                hold!(is_its && is_given, "effect {sequence} makes text of what no message is");
            }
            Action::Dial(_)
            | Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::ArchiveVoiceMessage(_) => {}
        }
        Ok(())
    }
}
