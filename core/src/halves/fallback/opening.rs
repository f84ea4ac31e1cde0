//! Listening to a voice message (seed 003, step 105), and asking its sender to call back.

use super::Fallback;
use crate::books::voice_messages::VoiceMessage;
use crate::halves::Context;
use crate::halves::checks::check_outbox;
use crate::machines::voice_message::{VoiceMessageEvent, VoiceMessageState};
use crate::values::account::AccountId;
use crate::values::effect::{MerchantContent, UserContent, VoiceMessageOutcome};
use crate::values::export::VoiceMessageExport;
use crate::values::id::VoiceMessageId;
use crate::values::input::{OpenMessage, RequestCallBack};
use crate::values::number::PhoneNumber;
use crate::values::refusal::{Object, Refusal};
use crate::values::reply::{MessageOpened, Reply};

impl Fallback {
    /// The voice messages that a number's holder left, or that were left for him.
    pub(crate) fn export_voice_messages(&self, number: PhoneNumber) -> impl Iterator<Item = VoiceMessageExport> {
        let export = move |one: &VoiceMessage| {
            let (is_callee, is_caller) = (one.callee == number, one.caller.number == Some(number));
            (is_callee || is_caller).then(|| VoiceMessageExport {
                voice_message: one.id,
                is_callee,
                is_caller,
                caller: one.caller.number,
                at: one.at,
                media: one.media.filter(|_| !matches!(one.outcome, Some(VoiceMessageOutcome::Abandoned(_)))),
                seconds: one.seconds,
                text: one.text.clone(),
            })
        };
        self.messages.in_order().filter_map(export)
    }

    /// A message that this account may open.
    fn readable(&mut self, cx: &mut Context<'_>, account: &AccountId, id: VoiceMessageId) -> Result<&VoiceMessage, Refusal> {
        self.check_given(id)?;
        self.settle_message(cx, id);
        let gone = Refusal::Gone { object: Object::VoiceMessage, id: id.get() };
        let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: id.get() };
        let Some(message) = self.messages.get(id) else { return Err(gone) };
        if message.account != *account || message.message.is_none() {
            return Err(unknown);
        }
        match message.state {
            VoiceMessageState::Pushing | VoiceMessageState::Waiting | VoiceMessageState::Delivered | VoiceMessageState::Heard => {
                Ok(message)
            }
            VoiceMessageState::Expired | VoiceMessageState::Undeliverable => Err(gone),
            VoiceMessageState::Offered
            | VoiceMessageState::Recording
            | VoiceMessageState::Stored
            | VoiceMessageState::Transcribing
            | VoiceMessageState::Abandoned => Err(unknown),
        }
    }

    pub(super) fn open_message(&mut self, cx: &mut Context<'_>, input: &OpenMessage) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        let unknown = Refusal::Unknown { object: Object::VoiceMessage, id: id.get() };
        let media = self.readable(cx, &input.account, id)?.media.ok_or(unknown)?;
        // Whoever opens it has it.
        self.delivered(cx, id);
        self.move_on(cx, id, VoiceMessageEvent::Opened, |message| message.outcome = Some(VoiceMessageOutcome::Heard));
        Ok(Reply::Opened(MessageOpened { media }))
    }

    pub(super) fn request_call_back(&mut self, cx: &mut Context<'_>, input: &RequestCallBack) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        let message = self.readable(cx, &input.account, id)?;
        if !message.state.is_over() {
            return Err(Refusal::NotDelivered { voice_message: id });
        }
        if message.caller.reply_to.is_none() {
            return Err(Refusal::NoCaller { voice_message: id });
        }
        if message.is_call_back_requested {
            return Ok(Reply::NoOp);
        }
        check_outbox(cx, 1)?;
        self.tell_sender(cx, id, (UserContent::CallBackRequested, MerchantContent::CallBackRequested));
        self.change(cx, id, |message| message.is_call_back_requested = true);
        Ok(Reply::Done)
    }
}
