//! The missed-call half: what happens when nobody can be reached (seed 003).
//!
//! | file | what it does |
//! |---|---|
//! | `bindings` | inputs of accounts: who follows, and which numbers are bound to whom |
//! | `clock` | settling, and firing deadlines |
//! | `views` | snapshots, the model's view, checks of the invariants and bounds |
//!
//! So far nothing is recorded: the recorder is offered to nobody.

mod bindings;
mod clock;
mod views;

pub use views::{ModelView, State, StateView};

use self::clock::Target;
use super::{Context, NumberUse};
use crate::books::agenda::Agenda;
use crate::books::bindings::{Binding, Bindings};
use crate::decisions::diagnosis::diagnose;
use crate::decisions::diversion::{Callee, NoOffer, SEED_REASONS, offer};
use crate::machines::binding::BindingState;
use crate::values::account::AccountId;
use crate::values::evidence::Evidence;
use crate::values::id::{BindingId, Counter};
use crate::values::input::Input;
use crate::values::number::PhoneNumber;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;

/// What the appointment half hands over when a user's leg failed: values, never references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLeg {
    /// Who called.
    pub caller: PhoneNumber,
    /// Who was called.
    pub callee: PhoneNumber,
    /// What the network said.
    pub evidence: Evidence,
}

/// The missed-call half.
#[derive(Clone, Debug)]
pub struct Fallback {
    bindings: Bindings,
    agenda: Agenda<Target>,
    binding_ids: Counter,
}

impl Fallback {
    /// A half that nobody follows.
    #[must_use]
    pub fn new(shard: u16) -> Self {
        Self { bindings: Bindings::default(), agenda: Agenda::default(), binding_ids: Counter::new(shard) }
    }

    /// Settles what is due for what the input touches, then decides. `None` for an input of the other half's.
    ///
    /// `use_of` says what the other half uses a number for.
    pub fn handle(
        &mut self,
        cx: &mut Context<'_>,
        use_of: impl Fn(PhoneNumber) -> NumberUse,
        input: &Input,
    ) -> Option<Result<Reply, Refusal>> {
        let reply = match input {
            Input::Follow(input) => self.follow(cx, input),
            Input::Unfollow(input) => self.unfollow(cx, input),
            Input::RequestBinding(input) => self.request_binding(cx, use_of(input.number), input),
            Input::ConfirmBinding(input) => self.confirm_binding(cx, use_of(input.number), input),
            Input::Unbind(input) => self.unbind(cx, input),
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
            | Input::EffectFailed(_)
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
            | Input::MessageReported(_)
            | Input::SetProfile(_)
            | Input::ForgetMe(_)
            | Input::SetPolicy(_)
            | Input::RotateKey(_)
            | Input::CallFailed(_)
            | Input::CallDiverted(_)
            | Input::Recorded(_)
            | Input::RecordFailed(_)
            | Input::Transcribed(_)
            | Input::OpenMessage(_)
            | Input::RequestCallBack(_) => return None,
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

    /// Whether the caller of a failed leg is offered the recorder.
    ///
    /// # Errors
    /// [`NoOffer`] says why not.
    pub fn judge(&self, failed: &FailedLeg) -> Result<(), NoOffer> {
        offer(&diagnose(&failed.evidence), SEED_REASONS, Callee { is_bound: false, has_blocked: false, is_full: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_bound_and_the_reason_comes_first() {
        let number = PhoneNumber::parse("+8613800000001").unwrap();
        let failed = |sip_status| FailedLeg {
            caller: number,
            callee: number,
            evidence: Evidence { sip_status: Some(sip_status), ..Evidence::default() },
        };
        assert_eq!(Fallback::new(0).judge(&failed(486)), Err(NoOffer::Unbound));
        assert_eq!(Fallback::new(0).judge(&failed(603)), Err(NoOffer::Reason));
    }
}
