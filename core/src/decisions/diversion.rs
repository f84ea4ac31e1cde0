//! Is the caller offered the recorder? (Seed 003: 当被叫电话遇忙占线、关机、不在服务区、欠费停机的情况下.)

use serde::{Deserialize, Serialize};

use super::diagnosis::Diagnosis;
use crate::values::cause::{FailureReason, FailureReasons};

/// The conditions of seed 003, under which the recorder is offered unless the policy says otherwise.
pub const SEED_REASONS: FailureReasons = FailureReasons::of(&[
    FailureReason::Busy,
    FailureReason::PoweredOff,
    FailureReason::OutOfServiceArea,
    FailureReason::Suspended,
]);

/// What is known about the callee and the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callee {
    /// An account follows and is bound to the number.
    pub is_bound: bool,
    /// The callee blocked this caller.
    pub has_blocked: bool,
}

/// Why the recorder is not offered. The caller hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoOffer {
    /// The call did not fail for a reason that the policy diverts on, or it cannot be told from one that it does not.
    Reason,
    /// The callee's number is bound to no account.
    Unbound,
    /// The callee does not want calls of this caller.
    Blocked,
}

/// Whether the caller is offered the recorder. Of several grounds against it the first of [`NoOffer`] is given.
///
/// When the evidence cannot tell two reasons apart, all that it could be must be in `divert_on`: a callee who declined is not sent a message on a guess.
///
/// # Errors
/// [`NoOffer`] says why not.
pub const fn offer(diagnosis: &Diagnosis, divert_on: FailureReasons, callee: Callee) -> Result<(), NoOffer> {
    if !diagnosis.candidates().is_within(divert_on) {
        Err(NoOffer::Reason)
    } else if !callee.is_bound {
        Err(NoOffer::Unbound)
    } else if callee.has_blocked {
        Err(NoOffer::Blocked)
    } else {
        Ok(())
    }
}
