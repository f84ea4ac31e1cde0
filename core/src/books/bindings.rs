//! Who follows, and which numbers are bound to which accounts (seed 003, step 101). A number is bound to one account at most; an account may have several
//! numbers (被叫微信号可以绑定多个被叫电话号码).

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::machines::binding::BindingState;
use crate::values::account::AccountId;
use crate::values::id::{BindingId, ChallengeId};
use crate::values::number::PhoneNumber;
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// A binding that is not over. One that is, is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Its id. Whoever binds the same number again gets another one.
    pub id: BindingId,
    /// The account.
    pub account: AccountId,
    /// The number.
    pub number: PhoneNumber,
    /// The state.
    pub state: BindingState,
    /// The code that is out, while it is only asked for.
    pub code: Option<BindingCode>,
    /// Until when it waits for its account to follow again, while it is suspended.
    pub suspended_until: Option<Timestamp>,
}

/// A code that went to a number. The code itself is not kept; it is made anew from the key and the ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingCode {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The id of the key.
    pub key: Text,
    /// How many digits the code has.
    pub digits: u32,
    /// From this instant on the code is of no use.
    pub until: Timestamp,
    /// How many wrong codes were given.
    pub wrong: u32,
}

impl Binding {
    /// When its time is over, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            BindingState::Requested => self.code.as_ref().map(|code| code.until),
            BindingState::Suspended => self.suspended_until,
            BindingState::Bound | BindingState::Unbound => None,
        }
    }

    /// Whether the number is this account's.
    #[must_use]
    pub const fn holds_number(&self) -> bool {
        matches!(self.state, BindingState::Bound | BindingState::Suspended)
    }
}

/// The accounts that follow, and the bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    followers: BTreeSet<AccountId>,
    kept: BTreeMap<BindingId, Binding>,
    of_account: BTreeMap<AccountId, BTreeMap<PhoneNumber, BindingId>>,
    holder: BTreeMap<PhoneNumber, BindingId>,
    by_challenge: BTreeMap<ChallengeId, BindingId>,
}

impl Bindings {
    /// How many accounts follow.
    #[must_use]
    pub fn followers_len(&self) -> usize {
        self.followers.len()
    }

    /// The accounts that follow, in order.
    pub fn followers(&self) -> impl Iterator<Item = &AccountId> {
        self.followers.iter()
    }

    /// Whether this account follows.
    #[must_use]
    pub fn follows(&self, account: &AccountId) -> bool {
        self.followers.contains(account)
    }

    /// This account follows.
    pub fn add_follower(&mut self, account: AccountId) {
        self.followers.insert(account);
    }

    /// This account does not follow any more.
    pub fn remove_follower(&mut self, account: &AccountId) {
        self.followers.remove(account);
    }

    /// How many bindings are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// A binding.
    #[must_use]
    pub fn get(&self, id: BindingId) -> Option<&Binding> {
        self.kept.get(&id)
    }

    /// The bindings of an account, by number.
    pub fn of(&self, account: &AccountId) -> impl Iterator<Item = &Binding> {
        self.of_account.get(account).into_iter().flat_map(BTreeMap::values).filter_map(|id| self.kept.get(id))
    }

    /// The binding of this account and this number.
    #[must_use]
    pub fn of_pair(&self, account: &AccountId, number: PhoneNumber) -> Option<&Binding> {
        self.of_account.get(account)?.get(&number).and_then(|id| self.kept.get(id))
    }

    /// Every binding of this number, asked for or held, in the order of ids. A walk over all of them: people seldom ask for it.
    pub fn of_number(&self, number: PhoneNumber) -> impl Iterator<Item = &Binding> {
        self.in_order().filter(move |one| one.number == number)
    }

    /// The binding of the account that has this number.
    #[must_use]
    pub fn holder(&self, number: PhoneNumber) -> Option<&Binding> {
        self.holder.get(&number).and_then(|id| self.kept.get(id))
    }

    /// The binding that waits for the code of this challenge.
    #[must_use]
    pub fn asked_by(&self, challenge: ChallengeId) -> Option<&Binding> {
        self.by_challenge.get(&challenge).and_then(|id| self.kept.get(id))
    }

    /// Keeps a binding, in place of the one with its id.
    pub fn put(&mut self, binding: Binding) {
        self.remove(binding.id);
        let id = binding.id;
        self.of_account.entry(binding.account.clone()).or_default().insert(binding.number, id);
        if binding.holds_number() {
            self.holder.insert(binding.number, id);
        }
        if let Some(code) = &binding.code {
            self.by_challenge.insert(code.challenge, id);
        }
        self.kept.insert(id, binding);
    }

    /// Takes one out.
    pub fn remove(&mut self, id: BindingId) -> Option<Binding> {
        let binding = self.kept.remove(&id)?;
        if let Some(of_it) = self.of_account.get_mut(&binding.account) {
            of_it.remove(&binding.number);
            if of_it.is_empty() {
                self.of_account.remove(&binding.account);
            }
        }
        if self.holder.get(&binding.number) == Some(&id) {
            self.holder.remove(&binding.number);
        }
        if let Some(code) = &binding.code {
            self.by_challenge.remove(&code.challenge);
        }
        Some(binding)
    }

    /// Every binding, in the order of ids.
    pub fn in_order(&self) -> impl Iterator<Item = &Binding> {
        self.kept.values()
    }

    /// Whether every binding can be found by its account, by its number if it has it, and by its code; and no two have the same.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let pairs: usize = self.of_account.values().map(BTreeMap::len).sum();
        let holding = self.in_order().filter(|one| one.holds_number()).count();
        let asked = self.in_order().filter(|one| one.code.is_some()).count();
        let is_found = |one: &Binding| {
            self.of_pair(&one.account, one.number) == Some(one)
                && (!one.holds_number() || self.holder(one.number) == Some(one))
                && one.code.as_ref().is_none_or(|code| self.asked_by(code.challenge) == Some(one))
        };
        (pairs, holding, asked) == (self.kept.len(), self.holder.len(), self.by_challenge.len()) && self.in_order().all(is_found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(last: u32) -> PhoneNumber {
        PhoneNumber::parse(&alloc::format!("+861380000{last:04}")).unwrap()
    }

    fn account(name: &str) -> AccountId {
        AccountId::parse(name).unwrap()
    }

    #[test]
    fn an_index_that_leads_astray_or_to_nothing_is_noticed() {
        let [one, two] = [BindingId::new(1), BindingId::new(2)];
        let forged = |what: &str, forge: &dyn Fn(&mut Bindings)| {
            let mut book = Bindings::default();
            let code =
                BindingCode { challenge: ChallengeId::new(7), key: "k".into(), digits: 6, until: Timestamp::MIN, wrong: 0 };
            let asked = Binding {
                id: one,
                account: account("li"),
                number: number(1),
                state: BindingState::Requested,
                code: Some(code),
                suspended_until: None,
            };
            book.put(Binding { id: two, number: number(2), state: BindingState::Bound, code: None, ..asked.clone() });
            book.put(asked);
            assert!(book.is_consistent());
            forge(&mut book);
            assert!(!book.is_consistent(), "{what}");
        };
        forged("an account whose numbers are at each other's places", &|book| {
            book.of_account.insert(account("li"), BTreeMap::from([(number(1), two), (number(2), one)]));
        });
        forged("a number that another has", &|book| book.holder.extend([(number(2), one)]));
        forged("a code that another gave", &|book| book.by_challenge.extend([(ChallengeId::new(7), two)]));
        forged("an account of nothing", &|book| book.of_account.extend([(account("wang"), BTreeMap::from([(number(9), two)]))]));
        forged("a number of nobody", &|book| book.holder.extend([(number(9), two)]));
        forged("a code for nothing", &|book| book.by_challenge.extend([(ChallengeId::new(9), two)]));
    }
}
