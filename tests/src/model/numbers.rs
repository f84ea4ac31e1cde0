//! Whom a merchant's call is for.

use ringfence::values::effect::Asked;
use ringfence::values::id::ReservationId;
use ringfence::values::input::{CallTarget, RequestCall};
use ringfence::values::reply::{DenyReason, Verdict};

use super::Model;

/// The one answer to a call that is for nobody whom the line's merchant may know of.
pub(super) const NOBODY_KNOWN: Verdict = Verdict::Deny { reason: DenyReason::NotRecognized, retry_at: None };

impl Model {
    /// The reservation that a request is for, if there is one: named, or meant by the number. Whether the line may know of it is the gate's to say.
    pub(super) fn meant_by(&self, request: RequestCall) -> Option<ReservationId> {
        match request.target {
            CallTarget::Reservation(id) => Some(id),
            CallTarget::Number(_) => None,
        }
    }

    /// How a record names what was asked for.
    pub(super) fn as_recorded(&self, target: CallTarget) -> Asked {
        match target {
            CallTarget::Reservation(id) => Asked::Reservation(id),
            CallTarget::Number(_) => Asked::UnknownNumber,
        }
    }
}
