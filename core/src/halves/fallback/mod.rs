//! The missed-call half: what happens when nobody can be reached (seed 003).
//!
//! | file | what it does |
//! |---|---|
//! | `bindings` | inputs of accounts: who follows, and which numbers are bound to whom |
//! | `failed_calls` | calls that reached nobody: is the caller offered the recorder? |
//! | `reserved` | the same of calls under a reservation, which the other half has too |
//! | `recorder` | reports on callers' legs, recordings, and what fails |
//! | `delivery` | voice messages on their way, by whichever road |
//! | `opening` | listening, and asking to be called back |
//! | `messages` | changes voice messages; their ends, and what their senders are told |
//! | `clock` | settling, and firing deadlines |
//! | `views` | snapshots, the model's view, checks of the invariants and bounds |
//! | `checks` | those of voice messages |

mod bindings;
mod checks;
mod clock;
mod delivery;
pub(crate) mod failed_calls;
mod messages;
mod opening;
mod recorder;
mod reserved;
mod views;

pub use views::{ModelView, State, StateView};

use alloc::collections::VecDeque;

use self::clock::Target;
use self::failed_calls::FailedCall;
use super::crossing::RecordingOver;
use super::{Context, Neighbour};
use crate::books::agenda::Agenda;
use crate::books::bindings::{Binding, Bindings};
use crate::books::voice_messages::{VoiceMessage, VoiceMessages};
use crate::machines::binding::BindingState;
use crate::values::account::AccountId;
use crate::values::id::{BindingId, Counter, MediaId, VoiceMessageId};
use crate::values::input::{CallDiverted, CallFailed, Input};
use crate::values::number::PhoneNumber;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::time::Timestamp;

/// The missed-call half.
#[derive(Clone, Debug)]
pub struct Fallback {
    bindings: Bindings,
    messages: VoiceMessages,
    agenda: Agenda<Target>,
    binding_ids: Counter,
    voice_message_ids: Counter,
    /// Recordings that are over, and of which the platform is to tell the other half before the input is over.
    recordings_over: VecDeque<RecordingOver>,
}

impl Fallback {
    /// A half that nobody follows.
    #[must_use]
    pub fn new(shard: u16) -> Self {
        Self {
            bindings: Bindings::default(),
            messages: VoiceMessages::default(),
            agenda: Agenda::default(),
            binding_ids: Counter::new(shard),
            voice_message_ids: Counter::new(shard),
            recordings_over: VecDeque::new(),
        }
    }

    /// Settles what is due for what the input touches, then decides. `None` for an input of the other half's.
    ///
    /// `neighbour` answers for the other half.
    pub fn handle(&mut self, cx: &mut Context<'_>, neighbour: &impl Neighbour, input: &Input) -> Option<Result<Reply, Refusal>> {
        let reply = match input {
            Input::Follow(input) => self.follow(cx, input),
            Input::Unfollow(input) => self.unfollow(cx, input),
            Input::RequestBinding(input) => self.request_binding(cx, neighbour.use_of(input.number), input),
            Input::ConfirmBinding(input) => self.confirm_binding(cx, neighbour.use_of(input.number), input),
            Input::Unbind(input) => self.unbind(cx, input),
            Input::CallFailed(CallFailed { caller, callee, evidence, is_answered })
            | Input::CallDiverted(CallDiverted { caller, callee, evidence, is_answered }) => {
                let (caller, callee, is_answered) = (*caller, *callee, *is_answered);
                self.failed_call(cx, neighbour, FailedCall { caller, callee, evidence, is_answered })
            }
            Input::Recorded(input) => self.recorded(cx, neighbour, input),
            Input::RecordFailed(input) => self.record_failed(cx, input),
            Input::Transcribed(input) => self.transcribed(cx, input),
            Input::OpenMessage(input) => self.open_message(cx, input),
            Input::RequestCallBack(input) => self.request_call_back(cx, input),
            Input::LegProgress(input) if self.has_leg(input.leg) => self.leg_progress(cx, input.leg),
            Input::LegAnswered(input) if self.has_leg(input.leg) => self.leg_answered(cx, input.leg),
            Input::LegEnded(input) if self.has_leg(input.leg) => self.leg_ended(cx, input),
            Input::PlayFinished(input) if self.has_leg(input.leg) => self.play_finished(cx, input.leg),
            Input::EffectFailed(input) => return self.effect_failed(cx, input.sequence),
            Input::MessageReported(input) => return self.message_reported(cx, input),
            Input::RegisterMerchant(_)
            | Input::PublishPage(_)
            | Input::PushPage(_)
            | Input::PresetMode(_)
            | Input::ChooseMode(_)
            | Input::RequestCall(_)
            | Input::Book(_)
            | Input::Cancel(_)
            | Input::LegProgress(_)
            | Input::LegAnswered(_)
            | Input::LegEnded(_)
            | Input::PlayFinished(_)
            | Input::Resync(_)
            | Input::ImportNumbers(_)
            | Input::WithdrawPage(_)
            | Input::SetCalendar(_)
            | Input::Search(_)
            | Input::RequestPage(_)
            | Input::Block(_)
            | Input::Unblock(_)
            | Input::Amend(_)
            | Input::Decline(_)
            | Input::Acknowledge(_)
            | Input::ConfirmClock(_)
            | Input::ConfirmContact(_)
            | Input::RequestCode(_)
            | Input::Freeze(_)
            | Input::Thaw(_)
            | Input::ImportDoNotCall(_)
            | Input::ChooseSlot(_)
            | Input::MerchantReady(_)
            | Input::SetProfile(_)
            | Input::ForgetMe(_)
            | Input::SetPolicy(_)
            | Input::RotateKey(_) => return None,
        };
        Some(reply)
    }

    /// Whether this account follows.
    #[must_use]
    pub fn follows(&self, account: &AccountId) -> bool {
        self.bindings.follows(account)
    }

    /// The binding of this account and this number, if it is not over.
    #[must_use]
    pub fn binding(&self, account: &AccountId, number: PhoneNumber) -> Option<&Binding> {
        self.bindings.of_pair(account, number)
    }

    /// The bindings of this account, by number.
    pub fn bindings_of(&self, account: &AccountId) -> impl Iterator<Item = &Binding> {
        self.bindings.of(account)
    }

    /// The account that a number is bound to, as long as it follows.
    #[must_use]
    pub fn account_of(&self, number: PhoneNumber) -> Option<(BindingId, &AccountId)> {
        let holder = self.bindings.holder(number).filter(|one| one.state == BindingState::Bound)?;
        Some((holder.id, &holder.account))
    }

    /// Whether some account has a number at this instant, whether it follows or not.
    pub(crate) fn has_account(&self, number: PhoneNumber, at: Timestamp) -> bool {
        let lasts = |binding: &&Binding| binding.suspended_until.is_none_or(|until| at < until);
        self.bindings.holder(number).filter(lasts).is_some()
    }

    /// A voice message that is kept.
    #[must_use]
    pub fn voice_message(&self, id: VoiceMessageId) -> Option<&VoiceMessage> {
        self.messages.get(id)
    }

    /// The voice messages that are kept, in the order of ids.
    pub fn voice_messages(&self) -> impl Iterator<Item = &VoiceMessage> {
        self.messages.in_order()
    }

    /// The recordings that the host keeps.
    pub(crate) fn recordings(&self) -> impl Iterator<Item = MediaId> {
        self.messages.media()
    }
}
