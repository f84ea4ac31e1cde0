//! Accounts that follow, and the numbers that are bound to them, written from [the rules](ringfence::manual::missed_calls).

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::account::{AccountId, ConfirmBinding, RequestBinding};
use ringfence::values::code::Code;
use ringfence::values::effect::{
    Abandoned, Action, AuditRecord, BindingAsked, BindingChallenge, BindingChange, BindingChanged, BindingEnd, BindingEnded,
    BindingJudged, Send, Undeliverable, UserContent,
};
use ringfence::values::id::{BindingId, ChallengeId};
use ringfence::values::input::Input;
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::refusal::{Allowed, Bound, Field, Refusal};
use ringfence::values::reply::{BindingRequested, NumberBound, Reply, WrongCode};
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::time::Touched;
use super::{Model, limit};
use crate::codes;

/// What the accounts have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    follow: BTreeSet<AccountId>,
    bindings: BTreeMap<BindingId, Binding>,
    given: u64,
}

/// A binding that is not over.
#[derive(Clone, Debug)]
struct Binding {
    account: AccountId,
    number: PhoneNumber,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Asked { challenge: ChallengeId, key: Text, digits: u32, until: Timestamp, wrong: u32 },
    Bound,
    Suspended { until: Timestamp },
}

/// The state of a binding, as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingState {
    /// Its number was sent a code.
    Requested(ChallengeId),
    /// The number is the account's.
    Bound,
    /// So it is, and the account does not follow.
    Suspended,
}

/// A binding as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingView {
    /// Its id.
    pub binding: BindingId,
    /// The account.
    pub account: AccountId,
    /// The number.
    pub number: PhoneNumber,
    /// The state.
    pub state: BindingState,
}

impl Model {
    /// Every binding, in the order of ids.
    #[must_use]
    pub fn bindings(&self) -> Vec<BindingView> {
        let view = |(id, kept): (&BindingId, &Binding)| BindingView {
            binding: *id,
            account: kept.account.clone(),
            number: kept.number,
            state: match kept.state {
                State::Asked { challenge, .. } => BindingState::Requested(challenge),
                State::Bound => BindingState::Bound,
                State::Suspended { .. } => BindingState::Suspended,
            },
        };
        self.accounts.bindings.iter().map(view).collect()
    }

    /// Who follows.
    #[must_use]
    pub const fn followers(&self) -> &BTreeSet<AccountId> {
        &self.accounts.follow
    }

    /// The code of a binding's challenge, if it may still be used.
    pub(super) fn code_of_binding(&self, wanted: ChallengeId) -> Option<Code> {
        self.accounts.bindings.iter().find_map(|(id, kept)| match &kept.state {
            State::Asked { challenge, key, digits, until, .. } if *challenge == wanted && *until > self.latest => {
                let (_, key) = codes::TEST_KEYS.iter().find(|(known, _)| **known == **key)?;
                Some(codes::binding_code(key, wanted, *id, *digits))
            }
            State::Asked { .. } | State::Bound | State::Suspended { .. } => None,
        })
    }

    /// The binding that has this number, and its account.
    pub(super) fn holder_of(&self, number: PhoneNumber) -> Option<(BindingId, AccountId)> {
        let has_it = |kept: &Binding| kept.number == number && !matches!(kept.state, State::Asked { .. });
        self.accounts.bindings.iter().find(|(_, kept)| has_it(kept)).map(|(id, kept)| (*id, kept.account.clone()))
    }

    /// No number that an account has becomes a line or a virtual number.
    pub(super) fn check_unbound(&self, input: &Input) -> Result<(), Refusal> {
        let lasts = |kept: &Binding| match kept.state {
            State::Asked { .. } => false,
            State::Bound => true,
            State::Suspended { until } => self.latest < until,
        };
        let bound = |number: PhoneNumber| self.accounts.bindings.values().any(|kept| kept.number == number && lasts(kept));
        let found = if let Input::RegisterMerchant(input) = input {
            let line = input.lines.iter().zip(0..).find(|(line, _)| bound(line.number));
            line.map(|(_, index)| Refusal::LineIsContact { index })
        } else if let Input::ImportNumbers(input) = input {
            let number = input.numbers.iter().zip(0..).find(|(number, _)| bound(**number));
            number.map(|(_, index)| Refusal::NumberInUse { index })
        } else {
            None
        };
        found.map_or(Ok(()), Err)
    }

    pub(super) fn all_bindings(&self) -> BTreeSet<BindingId> {
        self.accounts.bindings.keys().copied().collect()
    }

    pub(super) fn is_suspended(&self, id: BindingId) -> bool {
        self.accounts.bindings.get(&id).is_some_and(|kept| matches!(kept.state, State::Suspended { .. }))
    }

    pub(super) fn binding_deadlines(&self) -> Vec<(Timestamp, BindingId)> {
        let due = |(id, kept): (&BindingId, &Binding)| match kept.state {
            State::Asked { until, .. } | State::Suspended { until } => Some((until, *id)),
            State::Bound => None,
        };
        self.accounts.bindings.iter().filter_map(due).collect()
    }

    /// Whether an input of this account, that asks also for the one who has this number, settles a binding.
    pub(super) fn is_binding_of(&self, id: BindingId, account: &AccountId, holder_of: Option<PhoneNumber>) -> bool {
        let kept = &self.accounts.bindings[&id];
        kept.account == *account || (Some(kept.number) == holder_of && !matches!(kept.state, State::Asked { .. }))
    }

    pub(super) fn fire_binding(&mut self, id: BindingId) {
        match self.accounts.bindings[&id].state {
            State::Asked { .. } => drop(self.accounts.bindings.remove(&id)),
            State::Suspended { .. } => self.end_binding(id, BindingEnd::Unfollowed),
            State::Bound => {}
        }
    }

    pub(super) fn follow(&mut self, account: &AccountId) -> Result<Reply, Refusal> {
        if self.accounts.follow.contains(account) {
            return Ok(Reply::NoOp);
        }
        if self.accounts.follow.len() >= self.policy.accounts_max as usize {
            return Err(limit(Bound::Accounts, self.policy.accounts_max));
        }
        self.accounts.follow.insert(account.clone());
        for kept in self.accounts.bindings.values_mut().filter(|kept| kept.account == *account) {
            kept.state = State::Bound;
        }
        self.voice_messages_go_on(account);
        Ok(Reply::Done)
    }

    pub(super) fn unfollow(&mut self, account: &AccountId) -> Reply {
        if !self.accounts.follow.remove(account) {
            return Reply::NoOp;
        }
        self.accounts.bindings.retain(|_, kept| kept.account != *account || matches!(kept.state, State::Bound));
        let until = self.latest.saturating_add_s(self.policy.unfollowed_max_s.into());
        for kept in self.accounts.bindings.values_mut().filter(|kept| kept.account == *account) {
            kept.state = State::Suspended { until };
        }
        Reply::Done
    }

    fn check_bound_number(&self, number: PhoneNumber) -> Result<(), Refusal> {
        let invalid = |allowed| Err(Refusal::Invalid { field: Field::Number, allowed });
        if !number.is_subscriber() {
            return invalid(Allowed::SubscriberNumber);
        }
        if self.merchant_of_line(number).is_some() {
            return invalid(Allowed::NotALine);
        }
        if self.pool().contains(&number) { invalid(Allowed::NotAVirtualNumber) } else { Ok(()) }
    }

    fn of_pair(&self, account: &AccountId, number: PhoneNumber) -> Option<BindingId> {
        let is_it = |kept: &Binding| kept.account == *account && kept.number == number;
        self.accounts.bindings.iter().find(|(_, kept)| is_it(kept)).map(|(id, _)| *id)
    }

    pub(super) fn request_binding(&mut self, input: &RequestBinding) -> Result<Reply, Refusal> {
        let (account, number) = (&input.account, input.number);
        self.check_bound_number(number)?;
        if !self.accounts.follow.contains(account) {
            return Err(Refusal::NotFollowing);
        }
        let older = self.of_pair(account, number);
        if older.is_some_and(|id| !matches!(self.accounts.bindings[&id].state, State::Asked { .. })) {
            return Ok(Reply::NoOp);
        }
        let key = self.key.clone().ok_or(Refusal::NoKey)?;
        self.check_codes_to(number)?;
        if older.is_none() {
            let own = self.accounts.bindings.values().filter(|kept| kept.account == *account).count();
            if own >= self.policy.bindings_per_account_max as usize {
                return Err(limit(Bound::BindingsPerAccount, self.policy.bindings_per_account_max));
            }
            if self.accounts.bindings.len() >= self.policy.bindings_max as usize {
                return Err(limit(Bound::Bindings, self.policy.bindings_max));
            }
        }
        self.check_outbox(2)?;
        if let Some(older) = older {
            self.accounts.bindings.remove(&older);
        }
        self.accounts.given += 1;
        self.challenges_given += 1;
        let (binding, challenge) = (BindingId::new(self.accounts.given), ChallengeId::new(self.challenges_given));
        let until = self.latest.saturating_add_s(self.policy.code_life_s.into());
        let state = State::Asked { challenge, key: key.clone(), digits: self.policy.code_digits, until, wrong: 0 };
        self.accounts.bindings.insert(binding, Binding { account: account.clone(), number, state });
        self.codes_sent.push((number, self.latest));
        self.audit(AuditRecord::BindingAsked(BindingAsked { challenge, binding, key }));
        self.send_about_binding(Address::Sms(number), UserContent::BindingChallenge(BindingChallenge { challenge, until }));
        Ok(Reply::BindingRequested(BindingRequested { binding, until }))
    }

    pub(super) fn confirm_binding(&mut self, input: &ConfirmBinding) -> Result<Reply, Refusal> {
        let (account, number) = (&input.account, input.number);
        let id = self.of_pair(account, number).ok_or(Refusal::NotRequested)?;
        let State::Asked { challenge, wrong, .. } = self.accounts.bindings[&id].state else { return Err(Refusal::NotRequested) };
        self.check_outbox(4)?;
        let right = self.code_of_binding(challenge).expect("the code of a request that was not settled away is good");
        let is_right = right.digits() == input.code.digits();
        if is_right {
            self.check_bound_number(number)?;
        }
        self.audit(AuditRecord::BindingJudged(BindingJudged { challenge, binding: id, is_right }));
        if !is_right {
            self.wrong_codes.push((number, self.latest));
            let given = wrong + 1;
            let left = self.policy.code_tries_max.saturating_sub(given);
            if left == 0 {
                self.accounts.bindings.remove(&id);
                self.tell_account(account, number, BindingChange::NotConfirmed);
            } else if let Some(Binding { state: State::Asked { wrong, .. }, .. }) = self.accounts.bindings.get_mut(&id) {
                *wrong = given;
            }
            return Ok(Reply::WrongCode(WrongCode { left }));
        }
        let has_it = |kept: &Binding| kept.number == number && !matches!(kept.state, State::Asked { .. });
        if let Some(before) = self.accounts.bindings.iter().find(|(_, kept)| has_it(kept)).map(|(before, _)| *before) {
            self.end_binding(before, BindingEnd::TakenOver);
        }
        self.accounts.bindings.get_mut(&id).expect("it was asked for").state = State::Bound;
        self.tell_account(account, number, BindingChange::Bound);
        Ok(Reply::Bound(NumberBound { binding: id }))
    }

    pub(super) fn unbind(&mut self, account: &AccountId, number: PhoneNumber) -> Reply {
        let Some(id) = self.of_pair(account, number) else { return Reply::NoOp };
        match self.accounts.bindings[&id].state {
            State::Asked { .. } => drop(self.accounts.bindings.remove(&id)),
            State::Bound | State::Suspended { .. } => self.end_binding(id, BindingEnd::Unbound),
        }
        Reply::Done
    }

    /// A number is an account's no more.
    fn end_binding(&mut self, id: BindingId, why: BindingEnd) {
        let Binding { account, number, .. } = self.accounts.bindings.remove(&id).expect("it was just seen");
        self.audit(AuditRecord::BindingEnded(BindingEnded { binding: id, why }));
        match why {
            BindingEnd::TakenOver => self.tell_account(&account, number, BindingChange::TakenOver),
            BindingEnd::Forgotten => self.tell_account(&account, number, BindingChange::Forgotten),
            BindingEnd::Unbound | BindingEnd::Unfollowed => {}
        }
        let (abandoned, undeliverable) = match why {
            BindingEnd::TakenOver => (Abandoned::HolderChanged, Undeliverable::HolderChanged),
            BindingEnd::Unbound => (Abandoned::Unbound, Undeliverable::Unbound),
            BindingEnd::Unfollowed => (Abandoned::Unfollowed, Undeliverable::Unfollowed),
            BindingEnd::Forgotten => (Abandoned::Forgotten, Undeliverable::Forgotten),
        };
        self.end_voice_messages_of(id, abandoned, undeliverable);
    }

    /// Whoever is behind this address is forgotten: his number is nobody's any more, and nobody waits for its code. How many had it or waited.
    pub(super) fn forget_bindings(&mut self, user: &Address) -> u32 {
        let Some(number) = user.number() else { return 0 };
        // What is over by its time is over before he speaks.
        let of_it = self.accounts.bindings.iter().filter(|(_, kept)| kept.number == number);
        let bindings = of_it.map(|(id, _)| *id).collect();
        let touched = Touched { bindings, voice_messages: self.voice_messages_of(number), ..Touched::default() };
        self.settle(&touched);
        let of_it: Vec<_> = self.accounts.bindings.iter().filter(|(_, kept)| kept.number == number).map(|(id, _)| *id).collect();
        for id in &of_it {
            match self.accounts.bindings[id].state {
                State::Asked { .. } => drop(self.accounts.bindings.remove(id)),
                State::Bound | State::Suspended { .. } => self.end_binding(*id, BindingEnd::Forgotten),
            }
        }
        u32::try_from(of_it.len()).expect("few")
    }

    fn tell_account(&mut self, account: &AccountId, number: PhoneNumber, change: BindingChange) {
        if self.accounts.follow.contains(account) {
            let content = UserContent::BindingChanged(BindingChanged { number, change });
            self.send_about_binding(Address::WeChat(account.clone()), content);
        }
    }

    /// No report on it is waited for.
    fn send_about_binding(&mut self, to: Address, content: UserContent) {
        let id = self.next_message();
        self.emit(Action::Send(Send::to_user(id, to, content)));
    }
}
