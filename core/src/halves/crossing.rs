//! What crosses between the halves: values, never references. The platform carries them over between two steps of a half, so neither is ever called by the other.

use crate::decisions::diagnosis::Diagnosis;
use crate::values::cause::ReleaseCause;
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::number::PhoneNumber;

/// Forth: the user of a call of two was not reached, and its merchant is still there. Is he offered the recorder?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedLeg {
    /// The call, which waits for the answer.
    pub call: CallId,
    /// The reservation that permitted it.
    pub reservation: ReservationId,
    /// The merchant's leg.
    pub leg: LegId,
    /// Whether that was answered.
    pub is_answered: bool,
    /// The number that was rung.
    pub callee: PhoneNumber,
    /// The line that the call is on.
    pub caller: PhoneNumber,
    /// What the user's failure means.
    pub diagnosis: Diagnosis,
}

impl FailedLeg {
    /// The cause of the user's failure: how his leg was ended, and how the merchant's is if he is not offered the recorder.
    #[must_use]
    pub const fn cause(&self) -> ReleaseCause {
        ReleaseCause::of_failed_leg(self.diagnosis.reason)
    }
}

/// Back: a recording is over, and the merchant's leg, which left it, was hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingOver {
    /// The merchant's leg.
    pub leg: LegId,
    /// The cause of its `hang_up`.
    pub cause: ReleaseCause,
}
