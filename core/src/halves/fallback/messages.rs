//! Changing the records of voice messages: the agenda and the recordings are kept true here. And their ends.

use alloc::vec;
use alloc::vec::Vec;

use super::Fallback;
use super::clock::Target;
use crate::books::voice_messages::VoiceMessage;
use crate::halves::Context;
use crate::machines::voice_message::{VoiceMessageEvent, VoiceMessageState};
use crate::machines::{Machine as _, Step};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{
    Abandoned, Action, AuditRecord, Erase, HangUp, MerchantContent, Prompt, Send, SenderTold, Undeliverable, UserContent,
    VoiceMessageArchive, VoiceMessageEnded, VoiceMessageNote, VoiceMessageOutcome,
};
use crate::values::id::{LegId, MediaId, MessageId, VoiceMessageId};
use crate::values::number::Address;
use crate::values::refusal::{Object, Refusal};

/// What is said to whoever left a message: as a user, and as a merchant.
pub(super) type Words = (fn(VoiceMessageNote) -> UserContent, fn(VoiceMessageNote) -> MerchantContent);

impl Fallback {
    /// Whether this id was given. `unknown` when it was not.
    pub(super) fn check_given(&self, id: VoiceMessageId) -> Result<(), Refusal> {
        let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: id.get() };
        if self.voice_message_ids.has_given(id.get()) { Ok(()) } else { Err(unknown) }
    }

    pub(super) fn keep(&mut self, message: VoiceMessage) {
        self.agenda.move_to(Target::MessageEnds(message.id), None, message.ends_at());
        self.agenda.move_to(Target::MessageDue(message.id), None, message.taken_up_at());
        self.messages.put(message);
    }

    pub(super) fn take(&mut self, id: VoiceMessageId) -> Option<VoiceMessage> {
        let message = self.messages.remove(id)?;
        self.agenda.move_to(Target::MessageEnds(id), message.ends_at(), None);
        self.agenda.move_to(Target::MessageDue(id), message.taken_up_at(), None);
        Some(message)
    }

    /// Changes a message.
    pub(super) fn change(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, change: impl FnOnce(&mut VoiceMessage)) {
        let Some(mut message) = self.take(id) else { return };
        let before = message.held_media();
        change(&mut message);
        let after = message.held_media();
        if before != after {
            before.iter().for_each(|media| {
                cx.commons.recordings.remove(media);
            });
            cx.commons.recordings.extend(after);
        }
        self.keep(message);
    }

    /// Moves a message when its table says so, and changes what goes with it. Whether it did.
    pub(super) fn move_on(
        &mut self,
        cx: &mut Context<'_>,
        id: VoiceMessageId,
        event: VoiceMessageEvent,
        change: impl FnOnce(&mut VoiceMessage),
    ) -> bool {
        if !matches!(self.messages.get(id).map(|message| message.state.on(event)), Some(Step::To(_))) {
            return false;
        }
        self.change(cx, id, |message| {
            message.state.apply(event);
            change(message);
        });
        true
    }

    /// Ends the caller's leg, if it is alive.
    pub(super) fn hang_up(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, cause: ReleaseCause, prompt: Option<Prompt>) {
        if let Some(leg) = self.let_go_of_leg(cx, id) {
            cx.emit(Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt }));
            self.note_over(id, leg, cause);
        }
    }

    /// The caller's leg is alive no more: nothing is done with it that was not begun. Which it was.
    pub(super) fn let_go_of_leg(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) -> Option<LegId> {
        let leg = self.messages.get(id)?.leg?;
        cx.outbox.void_leg(leg);
        self.change(cx, id, |message| message.leg = None);
        Some(leg)
    }

    /// No message is left. The caller's leg is gone by now.
    pub(super) fn abandon(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, why: Abandoned) {
        let outcome = VoiceMessageOutcome::Abandoned(why);
        if self.over(cx, id, VoiceMessageEvent::Nothing, outcome) {
            cx.audit(AuditRecord::VoiceMessageEnded(VoiceMessageEnded { voice_message: id, outcome }));
        }
    }

    /// The recorder failed, or nothing came of it: a caller who is still there is told.
    pub(super) fn give_up_recording(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, why: Abandoned) {
        let Some(state) = self.messages.get(id).map(|message| message.state) else { return };
        let prompt = (state == VoiceMessageState::Recording).then_some(Prompt::RecordFailed);
        self.hang_up(cx, id, ReleaseCause::UserUnreachable, prompt);
        self.abandon(cx, id, why);
    }

    /// It is not delivered any more, and its sender is told if he can be.
    pub(super) fn end_undelivered(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, outcome: VoiceMessageOutcome) {
        let event = match outcome {
            VoiceMessageOutcome::Expired => VoiceMessageEvent::TimeOver,
            VoiceMessageOutcome::Undeliverable(_) => VoiceMessageEvent::GivenUp,
            VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard | VoiceMessageOutcome::Abandoned(_) => return,
        };
        if !self.over(cx, id, event, outcome) {
            return;
        }
        // Nobody is to get it from now on: not who has the number now, nor who has been told that it did not arrive.
        for sequence in self.messages.get(id).into_iter().flat_map(|message| &message.pushed) {
            cx.outbox.void_send(*sequence);
        }
        cx.audit(AuditRecord::VoiceMessageEnded(VoiceMessageEnded { voice_message: id, outcome }));
        let is_told = self.tell_sender(cx, id, (UserContent::VoiceMessageUndelivered, MerchantContent::VoiceMessageUndelivered));
        let told = if is_told { SenderTold::Told } else { SenderTold::Untellable };
        self.change(cx, id, |message| message.told = told);
    }

    pub(super) fn give_up(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, why: Undeliverable) {
        self.end_undelivered(cx, id, VoiceMessageOutcome::Undeliverable(why));
    }

    fn over(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, event: VoiceMessageEvent, outcome: VoiceMessageOutcome) -> bool {
        let now = cx.now;
        // Where nothing was left there is nothing to be asked about later: it waits for a recording that comes late, which is to be erased.
        let stays_s = match outcome {
            VoiceMessageOutcome::Abandoned(_) => cx.policy.record_grace_s,
            VoiceMessageOutcome::Delivered
            | VoiceMessageOutcome::Heard
            | VoiceMessageOutcome::Expired
            | VoiceMessageOutcome::Undeliverable(_) => cx.policy.retention_s,
        };
        let leaves_at = now.saturating_add_s(u64::from(stays_s));
        self.move_on(cx, id, event, |message| {
            message.until = Some(leaves_at);
            message.next_at = None;
            message.ended_at = Some(now);
            message.outcome = Some(outcome);
        })
    }

    /// Says something to whoever left a message. False when nobody can be told.
    pub(super) fn tell_sender(&self, cx: &mut Context<'_>, id: VoiceMessageId, (to_user, to_merchant): Words) -> bool {
        let Some(message) = self.messages.get(id) else { return false };
        let Some(to) = message.caller.reply_to.clone() else { return false };
        // Whose reservation it was is the merchant's to know, and nobody else's.
        let reservation = message.under.map(|under| under.reservation).filter(|_| matches!(to, Address::Chatbot(_)));
        let note = VoiceMessageNote { voice_message: id, number: message.callee.masked(), at: message.at, reservation };
        let number = MessageId::new(cx.commons.ids.message.take());
        let send = match to {
            Address::Chatbot(_) => Send::to_merchant(number, to, to_merchant(note)),
            Address::Rcs(_) | Address::Sms(_) | Address::Mms(_) | Address::Email(_) | Address::WeChat(_) => {
                Send::to_user(number, to, to_user(note))
            }
        };
        cx.emit(Action::Send(send));
        true
    }

    /// A message that is over leaves.
    pub(super) fn leave(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        let Some(message) = self.take(id) else { return };
        let media: Vec<MediaId> = message.held_media().into_iter().collect();
        for held in &media {
            cx.commons.recordings.remove(held);
        }
        let (Some(outcome), Some(ended_at)) = (message.outcome, message.ended_at) else { return };
        cx.emit(Action::ArchiveVoiceMessage(VoiceMessageArchive {
            voice_message: id,
            binding: message.binding,
            outcome,
            told: message.told,
            at: message.at,
            stored_at: message.stored_at,
            ended_at,
            seconds: message.seconds,
            attempts: u32::try_from(message.pushed.len()).unwrap_or(u32::MAX),
            reservation: message.under.map(|under| under.reservation),
        }));
        cx.emit(Action::Erase(Erase { reservations: Vec::new(), media, voice_messages: vec![id] }));
    }
}
