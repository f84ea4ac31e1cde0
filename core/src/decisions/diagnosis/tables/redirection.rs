//! Redirecting reasons.

use super::{Meaning, Row, mute, row};
use crate::decisions::diagnosis::Confidence::{High, Low, Medium};
use crate::values::cause::FailureReason::{
    Busy, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};
use crate::values::evidence::DiversionReason;

/// The numbers look like SIP statuses and mean the service that forwarded (3GPP TS 24.604 Annex C: they "must not be confused with" responses).
pub(super) const CDIV: [Row; 7] = [
    mute(302, "RFC 4458 §2; TS 24.604: CFU, unconditional: the phone was not tried"),
    // An unknown number shares it.
    row(
        404,
        Meaning::among(PoweredOff, Medium, &[OutOfServiceArea, InvalidNumber]),
        "RFC 4458 §2; TS 24.604: CFNL, not logged in",
    ),
    row(408, Meaning::only(NoAnswer, High), "RFC 4458 §2; TS 24.604: CFNR, no reply"),
    row(480, Meaning::only(Rejected, High), "RFC 4458 §2; TS 24.604: CD, deflected at once"),
    row(486, Meaning::only(Busy, High), "RFC 4458 §2; TS 24.604: CFB, busy"),
    row(487, Meaning::only(Rejected, High), "RFC 4458 §2; TS 24.604: CD, deflected while it rang"),
    row(503, Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]), "RFC 4458 §2; TS 24.604: CFNRc, not reachable"),
];

/// ISUP's redirecting reason; 9, 10 and 15 are those of an ISDN redirecting number, which has the others in common.
pub(super) const ISUP: [Row; 10] = [
    mute(0, "ITU-T Q.763 §3.45: unknown"),
    row(1, Meaning::only(Busy, High), "ITU-T Q.763 §3.45: user busy"),
    row(2, Meaning::only(NoAnswer, High), "ITU-T Q.763 §3.45: no reply"),
    mute(3, "ITU-T Q.763 §3.45: unconditional"),
    row(4, Meaning::only(Rejected, High), "ITU-T Q.763 §3.45: deflection during alerting"),
    row(5, Meaning::only(Rejected, High), "ITU-T Q.763 §3.45: deflection immediate response"),
    row(6, Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]), "ITU-T Q.763 §3.45: mobile subscriber not reachable"),
    row(
        9,
        Meaning::among(OutOfServiceArea, Low, &[PoweredOff, Suspended, NetworkFault]),
        "ITU-T Q.931, redirecting number, octet 3b: called DTE out of order",
    ),
    mute(10, "ITU-T Q.931, redirecting number, octet 3b: forwarded by the called DTE"),
    mute(15, "ITU-T Q.931, redirecting number, octet 3b: unconditional"),
];

/// RFC 5806 §10: the words of a Diversion header.
pub(super) const fn diversion(reason: DiversionReason) -> Option<Meaning> {
    Some(match reason {
        DiversionReason::UserBusy => Meaning::only(Busy, High),
        DiversionReason::NoAnswer => Meaning::only(NoAnswer, High),
        DiversionReason::Unavailable => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        DiversionReason::OutOfService => Meaning::among(OutOfServiceArea, Low, &[PoweredOff, Suspended, NetworkFault]),
        DiversionReason::DoNotDisturb | DiversionReason::Deflection => Meaning::only(Rejected, High),
        DiversionReason::Unknown
        | DiversionReason::Unconditional
        | DiversionReason::TimeOfDay
        | DiversionReason::FollowMe
        | DiversionReason::Away => return None,
    })
}
