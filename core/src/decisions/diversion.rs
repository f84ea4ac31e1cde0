//! Is the caller offered the recorder? (Seed 003: 当被叫电话遇忙占线、关机、不在服务区、欠费停机的情况下.)

use super::diagnosis::Diagnosis;
use crate::values::cause::FailureReasons;
pub use crate::values::cause::SEED_REASONS;
pub use crate::values::voice::NoOffer;

/// What is known about the callee and the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callee {
    /// An account follows and is bound to the number.
    pub is_bound: bool,
    /// The callee blocked this caller.
    pub has_blocked: bool,
    /// As many messages are kept as may be.
    pub is_full: bool,
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
    } else if callee.is_full {
        Err(NoOffer::Full)
    } else {
        Ok(())
    }
}
