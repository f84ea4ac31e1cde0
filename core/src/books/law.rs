//! What the operator keeps from ringing: the do-not-call list, and what is frozen.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::values::id::MerchantId;
use crate::values::input::Scope;
use crate::values::number::PhoneNumber;

/// The list, and the freezes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Law {
    /// Whether the whole platform is frozen.
    is_frozen: bool,
    merchants: BTreeSet<MerchantId>,
    numbers: BTreeSet<PhoneNumber>,
    /// The do-not-call list.
    listed: BTreeSet<PhoneNumber>,
}

impl Law {
    /// Whether nothing rings at all.
    #[must_use]
    pub const fn is_platform_frozen(&self) -> bool {
        self.is_frozen
    }

    /// Whether this merchant's calls are frozen, the platform aside.
    #[must_use]
    pub fn is_merchant_frozen(&self, merchant: MerchantId) -> bool {
        self.merchants.contains(&merchant)
    }

    /// Whether this number is on the do-not-call list.
    #[must_use]
    pub fn is_listed(&self, number: PhoneNumber) -> bool {
        self.listed.contains(&number)
    }

    /// Whether this number is not rung, whoever calls: it is listed, or frozen.
    #[must_use]
    pub fn is_barred(&self, number: PhoneNumber) -> bool {
        self.is_listed(number) || self.numbers.contains(&number)
    }

    /// Whether calls of this merchant to this number are frozen.
    #[must_use]
    pub fn is_frozen(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        self.is_frozen || self.is_merchant_frozen(merchant) || self.numbers.contains(&number)
    }

    /// Whether this very scope is frozen.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        match scope {
            Scope::Platform => self.is_frozen,
            Scope::Merchant(merchant) => self.merchants.contains(&merchant),
            Scope::Number(number) => self.numbers.contains(&number),
        }
    }

    /// Freezes or thaws a scope.
    pub fn set(&mut self, scope: Scope, is_frozen: bool) {
        match (scope, is_frozen) {
            (Scope::Platform, _) => self.is_frozen = is_frozen,
            (Scope::Merchant(merchant), true) => drop(self.merchants.insert(merchant)),
            (Scope::Merchant(merchant), false) => drop(self.merchants.remove(&merchant)),
            (Scope::Number(number), true) => drop(self.numbers.insert(number)),
            (Scope::Number(number), false) => drop(self.numbers.remove(&number)),
        }
    }

    /// How many merchants and numbers are frozen.
    #[must_use]
    pub fn freezes(&self) -> usize {
        self.merchants.len().saturating_add(self.numbers.len())
    }

    /// How many numbers are on the do-not-call list.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.listed.len()
    }

    /// Puts a number on the do-not-call list, or takes it off. Whether that changed anything.
    pub fn list(&mut self, number: PhoneNumber, is_listed: bool) -> bool {
        if is_listed { self.listed.insert(number) } else { self.listed.remove(&number) }
    }

    /// What is frozen: the platform, then merchants, then numbers, each in order.
    pub fn frozen(&self) -> impl Iterator<Item = Scope> {
        let platform = self.is_frozen.then_some(Scope::Platform);
        let merchants = self.merchants.iter().copied().map(Scope::Merchant);
        platform.into_iter().chain(merchants).chain(self.numbers.iter().copied().map(Scope::Number))
    }

    /// The merchants that are frozen, in order.
    pub fn frozen_merchants(&self) -> impl Iterator<Item = MerchantId> {
        self.merchants.iter().copied()
    }
}
