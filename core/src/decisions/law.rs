//! What the operator and his law say of a call that its user permits: the do-not-call list and freezes.
//!
//! These stand for as long as somebody wants them to: the gate asks them before it asks the clock, and has no instant to offer.

use crate::values::reply::DenyReason;

/// What stands against every call, whatever the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// The number is on the do-not-call list.
    pub is_listed: bool,
    /// The platform, the merchant or the number is frozen.
    pub is_frozen: bool,
}

impl Bars {
    /// What bars the call. The list is for good, so it is named before a freeze.
    #[must_use]
    pub const fn reason(self) -> Option<DenyReason> {
        if self.is_listed {
            Some(DenyReason::DoNotCall)
        } else if self.is_frozen {
            Some(DenyReason::Frozen)
        } else {
            None
        }
    }
}
