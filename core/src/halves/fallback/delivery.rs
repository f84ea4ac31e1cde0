//! Voice messages on their way to their accounts (seed 003, step 104).

use alloc::string::String;
use alloc::vec::Vec;

use unicode_segmentation::UnicodeSegmentation as _;

use super::Fallback;
use crate::books::voice_messages::{Road, VoiceMessage};
use crate::decisions::delivery::{Next, after_failure, backoff_s, next_morning};
use crate::halves::Context;
use crate::halves::checks::check_text;
use crate::machines::binding::BindingState;
use crate::machines::voice_message::{VoiceMessageEvent, VoiceMessageState};
use crate::values::account::AccountId;
use crate::values::effect::{
    Abandoned, Action, AuditRecord, BindingEnd, PushMisconfigured, Send, Transcribe, Undeliverable, UserContent,
    VoiceMessageDelivered, VoiceMessageNotice, VoiceMessageOutcome,
};
use crate::values::id::{BindingId, MessageId, VoiceMessageId};
use crate::values::input::{MessageReported, MessageStatus, Transcribed};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::Transcription;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::text::{MaskedText, Text};
use crate::values::time::Timestamp;

impl Fallback {
    /// A message that waits for nothing is made into text, or sent. There is room for one effect.
    pub(super) fn take_up(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let Some(message) = self.messages.get(id).filter(|message| message.taken_up_at().is_some_and(|at| at <= cx.now)) else {
            return;
        };
        if message.expires_at.is_some_and(|at| at <= cx.now) {
            self.end_undelivered(cx, id, VoiceMessageOutcome::Expired);
            return;
        }
        let is_suspended = self.bindings.get(message.binding).is_none_or(|binding| binding.state != BindingState::Bound);
        let (by_account, is_tried) = (message.road == Road::WeChat, message.is_transcribed || !message.pushed.is_empty());
        if by_account && is_suspended {
            self.put_off(cx, id, None);
            return;
        }
        match (message.media, cx.policy.transcription) {
            (Some(media), Transcription::Always) if by_account && !is_tried => {
                let until = cx.now.saturating_add_s(u64::from(cx.policy.transcribe_timeout_s));
                let began = self.move_on(cx, id, VoiceMessageEvent::TranscriptionBegan, |message| {
                    message.is_transcribed = true;
                    message.next_at = None;
                    message.until = Some(until);
                });
                if began {
                    cx.emit(Action::Transcribe(Transcribe { voice_message: id, media }));
                }
            }
            (Some(_) | None, Transcription::Always | Transcription::Never) => self.push(cx, id),
        }
    }

    /// Sends a message by its road, always under the same id.
    fn push(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let timeout = cx.now.saturating_add_s(u64::from(cx.policy.push_timeout_s));
        let sequence = cx.outbox.last_sequence().saturating_add(1);
        let known = self.messages.get(id).and_then(|message| message.message);
        let number = known.unwrap_or_else(|| MessageId::new(cx.commons.ids.message.take()));
        let pushed = self.move_on(cx, id, VoiceMessageEvent::Pushed, |message| {
            message.message = Some(number);
            message.attempts = message.attempts.saturating_add(1);
            message.pushed.push(sequence);
            message.next_at = None;
            // Nothing keeps a short message from coming twice: that nobody reports on it is no failure.
            message.until = Some(timeout).filter(|_| message.road == Road::WeChat);
        });
        let Some(message) = self.messages.get(id).filter(|_| pushed) else { return };
        let to = match message.road {
            Road::WeChat => Address::WeChat(message.account.clone()),
            Road::Sms => Address::Sms(message.callee),
        };
        let content = UserContent::VoiceMessage(VoiceMessageNotice {
            voice_message: id,
            number: message.callee,
            caller: message.caller.number,
            merchant_name: message.caller.merchant_name.clone(),
            at: message.at,
            seconds: message.seconds,
            text: message.text.clone(),
            is_cut: message.is_cut,
        });
        cx.emit(Action::Send(Send::to_user(number, to, content)));
    }

    /// It waits until an instant, or for its account to follow.
    pub(super) fn put_off(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, next_at: Option<Timestamp>) {
        let waits = |message: &mut VoiceMessage| {
            message.until = None;
            message.next_at = next_at;
        };
        // One that waits already waits for something else from now on.
        if !self.move_on(cx, id, VoiceMessageEvent::PutOff, waits)
            && self.messages.get(id).is_some_and(|message| message.state == VoiceMessageState::Waiting)
        {
            self.change(cx, id, waits);
        }
    }

    pub(super) fn transcribed(&mut self, cx: &mut Context<'_>, input: &Transcribed) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        self.check_given(id)?;
        self.settle_message(cx, id);
        if self.messages.get(id).is_none_or(|message| message.state != VoiceMessageState::Transcribing) {
            return Ok(Reply::NoOp);
        }
        let given = input.text.as_ref().filter(|text| !text.trim().is_empty());
        if let Some((text, is_cut)) = given.map(|text| cut(text, cx.policy.transcript_chars_max)) {
            self.change(cx, id, |message| (message.text, message.is_cut) = (Some(text), is_cut));
        }
        self.put_off(cx, id, Some(cx.now));
        Ok(Reply::Done)
    }

    /// A gateway says what became of a `send`. `None` when it was no voice message's.
    pub(super) fn message_reported(&mut self, cx: &mut Context<'_>, input: &MessageReported) -> Option<Result<Reply, Refusal>> {
        let id = self.messages.of_push(input.message)?;
        if let MessageStatus::Failed { code } = &input.status
            && let Err(refusal) = check_text(code, cx.policy)
        {
            return Some(Err(refusal));
        }
        self.settle_message(cx, id);
        let Some(message) = self.messages.get(id) else { return Some(Ok(Reply::NoOp)) };
        let is_awaited = message.state == VoiceMessageState::Pushing && message.pushed.last() == Some(&input.message);
        let (road, account) = (message.road, message.account.clone());
        let is_done = match &input.status {
            MessageStatus::Delivered | MessageStatus::Read => self.delivered(cx, id),
            MessageStatus::Failed { .. } if !is_awaited => false,
            MessageStatus::Failed { code } => {
                let next = match road {
                    Road::WeChat => after_failure(code),
                    Road::Sms => Next::Retry,
                };
                self.go_on(cx, id, &account, next, code)
            }
        };
        Some(Ok(if is_done { Reply::Done } else { Reply::NoOp }))
    }

    /// Follows a failure. Whether it changed anything.
    fn go_on(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, account: &AccountId, next: Next, code: &Text) -> bool {
        match next {
            // The account has it, or will: from now on only a report says that it failed.
            Next::Taken if self.messages.get(id).is_some_and(|message| message.until.is_none()) => return false,
            Next::Taken => self.change(cx, id, |message| message.until = None),
            Next::Retry | Next::RefreshToken => self.retry(cx, id),
            Next::RetryTomorrow => {
                self.put_off(cx, id, Some(next_morning(cx.now)));
                self.change(cx, id, |message| message.attempts = 0);
            }
            Next::AwaitFollow => {
                self.put_off(cx, id, None);
                self.stop_following(cx, account);
            }
            Next::OtherChannel => self.other_road(cx, id),
            Next::Misconfigured => {
                let code = MaskedText::new(code);
                cx.audit(AuditRecord::PushMisconfigured(PushMisconfigured { voice_message: id, code }));
                self.other_road(cx, id);
            }
        }
        true
    }

    /// The account has it. Whether that is news.
    pub(super) fn delivered(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) -> bool {
        let now = cx.now;
        let stays_until = now.saturating_add_s(u64::from(cx.policy.retention_s));
        let is_news = self.move_on(cx, id, VoiceMessageEvent::Delivered, |message| {
            message.next_at = None;
            message.until = Some(message.expires_at.map_or(stays_until, |expires_at| expires_at.max(stays_until)));
            message.ended_at = Some(now);
            message.outcome = Some(VoiceMessageOutcome::Delivered);
        });
        if is_news {
            cx.audit(AuditRecord::VoiceMessageDelivered(VoiceMessageDelivered { voice_message: id }));
        }
        is_news
    }

    /// A push came to nothing: later again, or by another road.
    pub(super) fn retry(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let Some(attempts) = self.messages.get(id).map(|message| message.attempts) else { return };
        if attempts >= cx.policy.push_attempts_max {
            self.other_road(cx, id);
        } else {
            let at = cx.now.saturating_add_s(backoff_s(cx.policy.push_backoff_s, attempts));
            self.put_off(cx, id, Some(at));
        }
    }

    /// Its account cannot get it: the phone that it was left for may.
    fn other_road(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let is_by_account = self.messages.get(id).is_some_and(|message| message.road == Road::WeChat);
        if is_by_account && cx.policy.voice_by_sms {
            self.put_off(cx, id, Some(cx.now));
            self.change(cx, id, |message| (message.road, message.attempts) = (Road::Sms, 0));
        } else {
            self.give_up(cx, id, Undeliverable::NoRoad);
        }
    }

    /// What waits for this account to follow waits no more.
    pub(super) fn followed(&mut self, cx: &mut Context<'_>, account: &AccountId) {
        // A push that was under way when it unfollowed may have failed for that, and be reported only now: it goes again, under the same id.
        let is_due = |one: &&VoiceMessage| match one.state {
            VoiceMessageState::Waiting => one.next_at.is_none(),
            VoiceMessageState::Pushing => one.road == Road::WeChat,
            VoiceMessageState::Offered
            | VoiceMessageState::Recording
            | VoiceMessageState::Stored
            | VoiceMessageState::Transcribing
            | VoiceMessageState::Delivered
            | VoiceMessageState::Heard
            | VoiceMessageState::Abandoned
            | VoiceMessageState::Expired
            | VoiceMessageState::Undeliverable => false,
        };
        let bindings = self.ids_of(account);
        let of_it = |id: &BindingId| self.messages.of_binding(*id);
        let waiting: Vec<VoiceMessageId> = bindings.iter().flat_map(of_it).filter(is_due).map(|one| one.id).collect();
        for id in waiting {
            self.put_off(cx, id, Some(cx.now));
        }
    }

    /// A binding is over: what is not delivered to it never is.
    pub(super) fn binding_over(&mut self, cx: &mut Context<'_>, binding: BindingId, why: BindingEnd) {
        let (abandoned, undeliverable) = match why {
            BindingEnd::TakenOver => (Abandoned::HolderChanged, Undeliverable::HolderChanged),
            BindingEnd::Unbound => (Abandoned::Unbound, Undeliverable::Unbound),
            BindingEnd::Unfollowed => (Abandoned::Unfollowed, Undeliverable::Unfollowed),
            BindingEnd::Forgotten => (Abandoned::Forgotten, Undeliverable::Forgotten),
        };
        let of_it = self.messages.of_binding(binding).filter(|message| !message.state.is_over());
        let of_it: Vec<(VoiceMessageId, bool)> = of_it.map(|message| (message.id, message.awaits_recording())).collect();
        for (id, awaits_recording) in of_it {
            if awaits_recording {
                self.give_up_recording(cx, id, abandoned);
            } else {
                self.give_up(cx, id, undeliverable);
            }
        }
    }

    /// Whoever has this number wants to be forgotten: what was left for him leaves, and what he left names him no more. How many these are.
    pub(super) fn forget_messages(&mut self, cx: &mut Context<'_>, number: PhoneNumber) -> u32 {
        let own: Vec<VoiceMessageId> = self.messages.of_callee(number).map(|message| message.id).collect();
        for id in &own {
            // What a binding had is over by now, so nothing of it is under way any more.
            self.leave(cx, *id);
        }
        let left: Vec<VoiceMessageId> = self.messages.of_caller(number).map(|message| message.id).collect();
        for id in &left {
            self.change(cx, *id, |message| message.caller = crate::books::voice_messages::Caller::default());
        }
        u32::try_from(own.len().saturating_add(left.len())).unwrap_or(u32::MAX)
    }
}

/// As many whole graphemes of a text as are within so many characters, and whether there is more.
fn cut(text: &Text, most: u32) -> (Text, bool) {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if text.chars().nth(most).is_none() {
        return (text.clone(), false);
    }
    let mut room = most;
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let Some(left) = room.checked_sub(grapheme.chars().count()) else { break };
        room = left;
        kept.push_str(grapheme);
    }
    (Text::from(kept), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_graphemes() {
        let cut = |text: &str, most| {
            let (text, is_cut) = cut(&Text::from(text), most);
            (String::from(&*text), is_cut)
        };
        assert_eq!(cut("请回电", 3), ("请回电".into(), false));
        assert_eq!(cut("请回电", 2), ("请回".into(), true));
        // A family of three is one grapheme of five characters.
        assert_eq!(cut("a👨\u{200d}👩\u{200d}👧b", 5), ("a".into(), true));
        assert_eq!(cut("a👨\u{200d}👩\u{200d}👧b", 6), ("a👨\u{200d}👩\u{200d}👧".into(), true));
    }
}
