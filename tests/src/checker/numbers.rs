//! Whom a merchant's call is for, read from the trace.

use ringfence::values::effect::Asked;
use ringfence::values::id::ReservationId;
use ringfence::values::input::{CallTarget, RequestCall};

use super::books::Books;

impl Books {
    /// The reservation that a request is for: named, or meant by the number.
    pub(super) fn asked_for(&self, request: RequestCall) -> Option<ReservationId> {
        match request.target {
            CallTarget::Reservation(id) => Some(id),
            CallTarget::Number(_) => None,
        }
    }

    /// How a record must name what was asked for: a number that is no virtual one does not stand in it.
    pub(super) fn recorded(&self, target: CallTarget) -> Asked {
        match target {
            CallTarget::Reservation(id) => Asked::Reservation(id),
            CallTarget::Number(_) => Asked::UnknownNumber,
        }
    }
}
