//! The missed-call half: what happens when nobody can be reached (seed 003).
//!
//! So far it knows no bindings, so every callee is unbound, and the recorder is offered to nobody.

use crate::decisions::diagnosis::diagnose;
use crate::decisions::diversion::{Callee, NoOffer, SEED_REASONS, offer};
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

/// The missed-call half.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallback;

impl Fallback {
    /// Whether the caller of a failed leg is offered the recorder.
    ///
    /// # Errors
    /// [`NoOffer`] says why not.
    pub fn judge(&self, failed: &FailedLeg) -> Result<(), NoOffer> {
        offer(&diagnose(&failed.evidence), SEED_REASONS, Callee { is_bound: false, has_blocked: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_bound_and_the_reason_comes_first() {
        let number = PhoneNumber::parse("+8613800000001").unwrap();
        let failed = |sip_status| FailedLeg {
            caller: number,
            callee: number,
            evidence: Evidence { sip_status: Some(sip_status), ..Evidence::default() },
        };
        assert_eq!(Fallback.judge(&failed(486)), Err(NoOffer::Unbound));
        assert_eq!(Fallback.judge(&failed(603)), Err(NoOffer::Reason));
    }
}
