//! The missed-call half: what happens when nobody can be reached (seed 003).
//!
//! So far it knows no bindings, so its answer to every failed leg is the true one for an unbound number: the recorder is not offered.

use crate::values::evidence::Evidence;
use crate::values::number::PhoneNumber;

/// What the appointment half hands over when a user's leg failed: values, never references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLeg {
    /// Who called.
    pub caller: PhoneNumber,
    /// Who was called.
    pub callee: PhoneNumber,
    /// What the network said.
    pub evidence: Evidence,
}

/// Whether the caller is offered the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diversion {
    /// It is not offered.
    NoOffer(NoOffer),
}

/// Why the recorder is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOffer {
    /// The callee's number is bound to no account.
    Unbound,
}

/// The missed-call half.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallback;

impl Fallback {
    /// Judges a failed leg.
    #[must_use]
    pub const fn judge(&self, _failed: &FailedLeg) -> Diversion {
        Diversion::NoOffer(NoOffer::Unbound)
    }
}
