//! Settling, and firing deadlines.

use alloc::collections::BTreeSet;

use super::Fallback;
use crate::books::agenda::{Due, May, Side};
use crate::books::bindings::Binding;
use crate::books::voice_messages::VoiceMessage;
use crate::halves::{Context, Why};
use crate::machines::binding::BindingState;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::account::AccountId;
use crate::values::effect::{Abandoned, BindingEnd, VoiceMessageOutcome};
use crate::values::id::{BindingId, VoiceMessageId};
use crate::values::number::PhoneNumber;
use crate::values::time::Timestamp;

/// Whose deadline it is. The order breaks ties between deadlines of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// A request whose code may not be used any more, or a number whose account has not followed for too long.
    Binding(BindingId),
    /// A voice message ends, or what it waits for does, or it leaves.
    MessageEnds(VoiceMessageId),
    /// A voice message is taken up.
    MessageDue(VoiceMessageId),
}

impl Due for Target {
    fn side(&self) -> Side {
        match self {
            Self::Binding(_) | Self::MessageEnds(_) => Side::Closing,
            Self::MessageDue(_) => Side::Starting,
        }
    }
}

/// Its deadline, if that has come.
fn due_of(binding: &Binding, now: Timestamp) -> Option<(Timestamp, Target)> {
    binding.deadline().filter(|due| *due <= now).map(|due| (due, Target::Binding(binding.id)))
}

fn end_of(message: &VoiceMessage, now: Timestamp) -> Option<(Timestamp, Target)> {
    message.ends_at().filter(|due| *due <= now).map(|due| (due, Target::MessageEnds(message.id)))
}

/// What is sent asks for room for one effect.
fn may(has_room_for: impl Fn(usize) -> bool) -> May {
    May { remind: true, start: has_room_for(1) }
}

impl Fallback {
    /// Settles the bindings of an account and, if a number is named, that of the account that has it.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, account: &AccountId, holder_of: Option<PhoneNumber>) {
        let holder = holder_of.and_then(|number| self.bindings.holder(number));
        // The holder may be the account itself.
        let due: BTreeSet<_> = self.bindings.of(account).chain(holder).filter_map(|one| due_of(one, cx.now)).collect();
        self.fire_all(cx, due);
    }

    /// Settles every binding of a number, and the messages that were left for it, or by it.
    pub(super) fn settle_number(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        let bindings = self.bindings.of_number(number).filter_map(|one| due_of(one, cx.now));
        let messages = self.messages.of_callee(number).chain(self.messages.of_caller(number));
        let due: BTreeSet<_> = messages.filter_map(|message| end_of(message, cx.now)).chain(bindings).collect();
        self.fire_all(cx, due);
    }

    /// Settles a voice message and its binding.
    pub(super) fn settle_message(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        self.settle_messages(cx, &[id]);
    }

    /// Settles voice messages and their bindings.
    pub(super) fn settle_messages(&mut self, cx: &mut Context<'_>, ids: &[VoiceMessageId]) {
        let messages = || ids.iter().filter_map(|id| self.messages.get(*id));
        let bindings = messages().filter_map(|message| self.bindings.get(message.binding));
        let bindings = bindings.filter_map(|binding| due_of(binding, cx.now));
        let due: BTreeSet<_> = messages().filter_map(|message| end_of(message, cx.now)).chain(bindings).collect();
        self.fire_all(cx, due);
    }

    /// Settles the binding of the account that has a number, and the messages that were left for it.
    pub(super) fn settle_callee(&mut self, cx: &mut Context<'_>, number: PhoneNumber) {
        let holder = self.bindings.holder(number).and_then(|binding| due_of(binding, cx.now));
        let messages = self.messages.of_callee(number).filter_map(|message| end_of(message, cx.now));
        let due: BTreeSet<_> = messages.chain(holder).collect();
        self.fire_all(cx, due);
    }

    /// Settles everything of this half.
    pub(super) fn settle_all(&mut self, cx: &mut Context<'_>) {
        let due: BTreeSet<_> = self.agenda.due_by(cx.now).collect();
        self.fire_all(cx, due);
    }

    fn fire_all(&mut self, cx: &mut Context<'_>, due: BTreeSet<(Timestamp, Target)>) {
        for (_, target) in due {
            self.fire(cx, target);
        }
    }

    /// The first deadline of all, and why.
    pub(crate) fn poll_deadline(&self, has_room_for: impl Fn(usize) -> bool) -> Option<(Timestamp, Why)> {
        let (due, target) = self.agenda.first(may(has_room_for))?;
        let why = match target {
            Target::Binding(id) => match self.bindings.get(id).and_then(|binding| binding.code.as_ref()) {
                Some(code) => Why::CodeExpires(code.challenge),
                None => Why::BindingEnds(id),
            },
            Target::MessageEnds(id) => Why::VoiceMessageEnds(id),
            Target::MessageDue(id) => Why::VoiceMessageDue(id),
        };
        Some((due, why))
    }

    /// When its first deadline is due.
    pub(crate) fn first_due(&self, has_room_for: impl Fn(usize) -> bool) -> Option<Timestamp> {
        self.agenda.first(may(has_room_for)).map(|(due, _)| due)
    }

    /// Fires the first deadline that is due. False when none is.
    pub(crate) fn fire_first(&mut self, cx: &mut Context<'_>) -> bool {
        match self.agenda.first(may(|effects| cx.has_room_for(effects))) {
            Some((due, target)) if due <= cx.now => {
                self.fire(cx, target);
                true
            }
            Some(_) | None => false,
        }
    }

    fn fire(&mut self, cx: &mut Context<'_>, target: Target) {
        match target {
            Target::Binding(id) => match self.bindings.get(id).map(|binding| binding.state) {
                // Its time is over, and nobody is told: whoever asked can ask again.
                Some(BindingState::Requested) => {
                    self.remove(id);
                }
                Some(BindingState::Suspended) => self.end(cx, id, BindingEnd::Unfollowed),
                Some(BindingState::Bound | BindingState::Unbound) | None => {}
            },
            Target::MessageEnds(id) => self.fire_message(cx, id),
            Target::MessageDue(id) => self.take_up(cx, id),
        }
    }

    /// The time of a message is over, or that of what it waits for.
    fn fire_message(&mut self, cx: &mut Context<'_>, id: VoiceMessageId) {
        // What fired before it, its binding, may have ended it.
        let Some(message) = self.messages.get(id).filter(|message| end_of(message, cx.now).is_some()) else { return };
        let is_time_over = message.expires_at.is_some_and(|at| at <= cx.now);
        match message.state {
            VoiceMessageState::Offered => self.give_up_recording(cx, id, Abandoned::NotAnswered),
            VoiceMessageState::Recording => self.give_up_recording(cx, id, Abandoned::NoReport),
            VoiceMessageState::Stored
            | VoiceMessageState::Transcribing
            | VoiceMessageState::Pushing
            | VoiceMessageState::Waiting
                if is_time_over =>
            {
                self.end_undelivered(cx, id, VoiceMessageOutcome::Expired);
            }
            VoiceMessageState::Transcribing => self.put_off(cx, id, Some(cx.now)),
            VoiceMessageState::Pushing => self.retry(cx, id),
            VoiceMessageState::Stored | VoiceMessageState::Waiting => {}
            VoiceMessageState::Delivered
            | VoiceMessageState::Heard
            | VoiceMessageState::Abandoned
            | VoiceMessageState::Expired
            | VoiceMessageState::Undeliverable => self.leave(cx, id),
        }
    }
}
