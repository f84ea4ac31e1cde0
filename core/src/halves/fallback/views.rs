//! The half seen from outside: what a snapshot holds, what a model checker compares, and what must always hold.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Fallback;
use super::clock::Target;
use crate::books::bindings::Binding;
use crate::books::commons::Ids;
use crate::books::voice_messages::{Caller, Road, VoiceMessage};
use crate::halves::checks::hold;
use crate::machines::binding::BindingState;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::account::AccountId;
use crate::values::cause::FailureReason;
use crate::values::code::CODE_DIGITS_MAX;
use crate::values::effect::{SenderTold, VoiceMessageOutcome};
use crate::values::id::{Counter, MediaId};
use crate::values::number::PhoneNumber;
use crate::values::policy::most;
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// Everything that a snapshot holds of this half. The indexes are made anew from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub(crate) followers: Vec<AccountId>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) binding_ids: Counter,
    pub(crate) voice_messages: Vec<VoiceMessage>,
    pub(crate) voice_message_ids: Counter,
}

/// The same, by reference: what a snapshot is written from.
#[derive(Debug, Serialize)]
pub struct StateView<'a> {
    followers: Vec<&'a AccountId>,
    bindings: Vec<&'a Binding>,
    binding_ids: Counter,
    voice_messages: Vec<&'a VoiceMessage>,
    voice_message_ids: Counter,
}

/// Equal views behave alike, whatever ids and instants lie behind them.
#[derive(Clone, Debug, Serialize)]
pub struct ModelView {
    followers: Vec<AccountId>,
    bindings: Vec<BindingView>,
    voice_messages: Vec<VoiceMessageView>,
}

#[derive(Clone, Debug, Serialize)]
struct BindingView {
    account: AccountId,
    number: PhoneNumber,
    state: BindingState,
    /// How many wrong codes came, how many digits the code has, and under which key it was made.
    code: Option<(u32, u32, Text)>,
    ends_in: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
struct VoiceMessageView {
    state: VoiceMessageState,
    /// The place of its binding among those that are kept; none when that is over.
    binding: Option<usize>,
    account: AccountId,
    callee: PhoneNumber,
    caller: Caller,
    reason: FailureReason,
    has_leg: bool,
    is_reserved: bool,
    /// When something of it ends, when it is taken up, and when it expires.
    times: [Option<i64>; 3],
    media: Option<MediaId>,
    seconds: u32,
    text: Option<Text>,
    is_cut: bool,
    is_transcribed: bool,
    road: Road,
    attempts: u32,
    pushes: u32,
    outcome: Option<VoiceMessageOutcome>,
    told: SenderTold,
    is_call_back_requested: bool,
}

impl Fallback {
    /// What a snapshot holds.
    #[must_use]
    pub fn state(&self) -> StateView<'_> {
        StateView {
            followers: self.bindings.followers().collect(),
            bindings: self.bindings.in_order().collect(),
            binding_ids: self.binding_ids,
            voice_messages: self.messages.in_order().collect(),
            voice_message_ids: self.voice_message_ids,
        }
    }

    /// A half as a snapshot holds it.
    ///
    /// # Errors
    /// The invariant that the state breaks, when it was not written from [`Fallback::state`].
    pub fn from_state(state: State, ids: &Ids) -> Result<Self, String> {
        let mut half = Self::new(0);
        (half.binding_ids, half.voice_message_ids) = (state.binding_ids, state.voice_message_ids);
        for account in state.followers {
            hold!(!half.bindings.follows(&account), "an account follows twice");
            half.bindings.add_follower(account);
        }
        for binding in state.bindings {
            hold!(half.bindings.get(binding.id).is_none(), "binding {} stands twice", binding.id);
            half.add(binding);
        }
        for message in state.voice_messages {
            hold!(half.messages.get(message.id).is_none(), "voice message {} stands twice", message.id);
            half.keep(message);
        }
        half.check_invariants(ids)?;
        Ok(half)
    }

    /// Checks everything that must hold between inputs. For tests and for restoring; costs a walk over everything.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check_invariants(&self, ids: &Ids) -> Result<(), String> {
        hold!(self.bindings.is_consistent(), "a number is bound twice, or the bindings do not agree with themselves");
        for binding in self.bindings.in_order() {
            let id = binding.id;
            let follows = self.bindings.follows(&binding.account);
            let (code, suspended) = (binding.code.is_some(), binding.suspended_until.is_some());
            let is_as_it_says = match binding.state {
                BindingState::Requested => follows && code && !suspended,
                BindingState::Bound => follows && !code && !suspended,
                BindingState::Suspended => !follows && !code && suspended,
                BindingState::Unbound => false,
            };
            hold!(is_as_it_says, "binding {id} is not in the state that it says");
            let is_given = |code: &crate::books::bindings::BindingCode| ids.challenge.has_given(code.challenge.get());
            hold!(binding.code.as_ref().is_none_or(is_given), "binding {id} waits for a code that was never sent");
        }
        self.check_messages(ids)?;
        let of_bindings = self.bindings.in_order().filter_map(|one| Some((one.deadline()?, Target::Binding(one.id))));
        let ends = self.messages.in_order().filter_map(|one| Some((one.ends_at()?, Target::MessageEnds(one.id))));
        let due = self.messages.in_order().filter_map(|one| Some((one.taken_up_at()?, Target::MessageDue(one.id))));
        let mut expected: Vec<_> = of_bindings.chain(ends).chain(due).collect();
        expected.sort_unstable();
        let mut known: Vec<_> = self.agenda.all().copied().collect();
        known.sort_unstable();
        hold!(known == expected, "the agenda does not agree with the bindings and the voice messages (P9)");
        Ok(())
    }

    /// Checks what a state must keep at the latest instant seen, as one of this shard.
    ///
    /// # Errors
    /// The first bound that does not hold.
    pub(crate) fn check_bounds(&self, now: Timestamp, shard: u16, last_sequence: u64) -> Result<(), String> {
        let is_sound = self.binding_ids.is_sound(shard) && self.voice_message_ids.is_sound(shard);
        hold!(is_sound, "a counter of ids is beyond its shard");
        self.check_message_bounds(now, last_sequence)?;
        let within = |seconds: u32, instant: Timestamp| instant <= now.saturating_add_s(u64::from(seconds));
        for binding in self.bindings.in_order() {
            let id = binding.id;
            hold!(self.binding_ids.has_given(id.get()), "binding {id} has an id that was not given");
            hold!(binding.number.is_subscriber(), "binding {id} is of a number that is nobody's phone");
            let code = binding.code.as_ref();
            let is_sound =
                code.is_none_or(|code| within(most::CODE_LIFE_S, code.until) && (1..=CODE_DIGITS_MAX).contains(&code.digits));
            hold!(is_sound, "binding {id} waits for its code longer than any policy lets it, or has none (P9)");
            let ends = binding.suspended_until.is_none_or(|until| within(most::UNFOLLOWED_S, until));
            hold!(ends, "binding {id} is suspended longer than any policy lets it (P9)");
        }
        Ok(())
    }

    /// What a model checker compares.
    #[must_use]
    pub fn model_view(&self, now: Timestamp) -> ModelView {
        let view = |binding: &Binding| BindingView {
            account: binding.account.clone(),
            number: binding.number,
            state: binding.state,
            code: binding.code.as_ref().map(|code| (code.wrong, code.digits, code.key.clone())),
            ends_in: binding.deadline().map(|due| due.micros_since(now).max(0)),
        };
        let left = |at: Option<Timestamp>| at.map(|at| at.micros_since(now).max(0));
        let message = |message: &VoiceMessage| VoiceMessageView {
            state: message.state,
            binding: self.bindings.in_order().position(|binding| binding.id == message.binding),
            account: message.account.clone(),
            callee: message.callee,
            caller: message.caller.clone(),
            reason: message.reason,
            has_leg: message.leg.is_some(),
            is_reserved: message.under.is_some(),
            times: [left(message.ends_at()), left(message.taken_up_at()), left(message.expires_at)],
            media: message.media,
            seconds: message.seconds,
            text: message.text.clone(),
            is_cut: message.is_cut,
            is_transcribed: message.is_transcribed,
            road: message.road,
            attempts: message.attempts,
            pushes: u32::try_from(message.pushed.len()).unwrap_or(u32::MAX),
            outcome: message.outcome,
            told: message.told,
            is_call_back_requested: message.is_call_back_requested,
        };
        ModelView {
            followers: self.bindings.followers().cloned().collect(),
            bindings: self.bindings.in_order().map(view).collect(),
            voice_messages: self.messages.in_order().map(message).collect(),
        }
    }
}
