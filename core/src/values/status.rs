//! How things stand: answers to an operator's questions. They change nothing, and stand in no log.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::id::{MerchantId, ReservationId};
use super::input::Scope;
use super::number::PhoneNumber;

/// How a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStatus {
    /// Whose it is.
    pub merchant: MerchantId,
    /// How many calls it carries at once.
    pub channels: u32,
    /// How many it carries now: a call counts until its last leg is gone.
    pub live_calls: u32,
    /// Who waits for the platform to call him, in the order of the queue. Whoever stands aside is not in it: his number is busy, frozen or on the do-not-call
    /// list.
    pub waiting: Vec<ReservationId>,
}

/// What the operator keeps from ringing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawStatus {
    /// What is frozen: the platform, then merchants, then numbers, each in order.
    pub frozen: Vec<Scope>,
    /// How many numbers are on the do-not-call list.
    pub listed: u64,
}

/// How the pool of virtual numbers stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStatus {
    /// How many numbers are in it.
    pub numbers: u64,
    /// What each merchant has of it who has ever had a number, in order.
    pub merchants: Vec<MerchantPool>,
}

/// What one merchant has of the pool. One number serves many merchants at once, so each has the whole pool to himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantPool {
    /// The merchant.
    pub merchant: MerchantId,
    /// The numbers that mean somebody to him now.
    pub leased: u64,
    /// Those that rest before they mean somebody else.
    pub resting: u64,
    /// How many new users of his could get one.
    pub left: u64,
}

/// Whether this number may be rung, as far as the operator goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberStatus {
    /// The number.
    pub number: PhoneNumber,
    /// It is on the do-not-call list.
    pub is_listed: bool,
    /// It is frozen by itself.
    pub is_frozen: bool,
}
