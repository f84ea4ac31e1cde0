//! Causes of ITU-T Q.850.

use super::{Meaning, Row, mute, row, rows};
use crate::decisions::diagnosis::Confidence::{High, Low, Medium};
use crate::values::cause::FailureReason::{
    Blocked, Busy, CallerGaveUp, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};
use crate::values::evidence::Location;

/// What its place decides on.
pub(super) const CALL_REJECTED: u16 = 21;

const NORMAL: &str = "ITU-T Q.850 §2.2.7.1, normal class";
const CONGESTION: &str = "ITU-T Q.850 §2.2.7.2, resource unavailable class";
const SERVICE: &str = "ITU-T Q.850 §2.2.7.3, service or option not available class";
const NOT_IMPLEMENTED: &str = "ITU-T Q.850 §2.2.7.4, service or option not implemented class";
const MESSAGE: &str = "ITU-T Q.850 §2.2.7.5, invalid message class";
const PROTOCOL: &str = "ITU-T Q.850 §2.2.7.6, protocol error class";
const INTERWORKING: &str = "ITU-T Q.850 §2.2.7.7, interworking class";
const PRACTICE: &str = "ITU-T Q.850 §2.2.7.1; operators that use it for a suspended number, too";
const ABSENT: &str = "ITU-T Q.850 §2.2.7.1.20; mobile networks do not tell off from out of reach";

pub(super) const CAUSES: [Row; 53] = [
    mute(0, "ARI: cause 0 is \"Unknown\", not success"),
    // Unallocated.
    row(1, Meaning::among(InvalidNumber, Medium, &[Suspended]), PRACTICE),
    row(2, Meaning::only(NetworkFault, Medium), NORMAL),
    row(3, Meaning::among(InvalidNumber, Medium, &[NetworkFault]), NORMAL),
    row(5, Meaning::only(NetworkFault, Medium), NORMAL),
    row(6, Meaning::only(NetworkFault, Medium), NORMAL),
    row(8, Meaning::only(NetworkFault, Medium), NORMAL),
    row(14, Meaning::only(NetworkFault, Medium), NORMAL),
    row(16, Meaning::only(CallerGaveUp, High), NORMAL),
    row(17, Meaning::only(Busy, High), NORMAL),
    // No user responding: not even alerting came back.
    row(18, Meaning::among(NoAnswer, Medium, &[PoweredOff, OutOfServiceArea]), NORMAL),
    row(19, Meaning::only(NoAnswer, Medium), NORMAL),
    // Subscriber absent.
    row(20, Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]), ABSENT),
    // Rejected, by whom is not said; see below.
    row(21, Meaning::among(Rejected, Medium, &[Blocked, Suspended]), PRACTICE),
    // Number changed.
    row(22, Meaning::only(InvalidNumber, High), NORMAL),
    row(25, Meaning::only(NetworkFault, Medium), NORMAL),
    // Destination out of order: seen for phones that are off.
    row(27, Meaning::among(NetworkFault, Low, &[PoweredOff, OutOfServiceArea]), NORMAL),
    // Invalid number format.
    row(28, Meaning::only(InvalidNumber, High), NORMAL),
    row(29, Meaning::only(NetworkFault, Medium), NORMAL),
    // Normal, unspecified.
    mute(31, NORMAL),
    row(34, Meaning::only(NetworkFault, High), CONGESTION),
    row(38, Meaning::only(NetworkFault, High), CONGESTION),
    row(41, Meaning::only(NetworkFault, High), CONGESTION),
    row(42, Meaning::only(NetworkFault, High), CONGESTION),
    row(43, Meaning::only(NetworkFault, Medium), CONGESTION),
    row(44, Meaning::only(NetworkFault, High), CONGESTION),
    row(46, Meaning::only(NetworkFault, High), CONGESTION),
    row(47, Meaning::only(NetworkFault, High), CONGESTION),
    row(49, Meaning::only(NetworkFault, Medium), SERVICE),
    row(50, Meaning::only(Blocked, High), SERVICE),
    row(52, Meaning::only(Blocked, High), SERVICE),
    row(53, Meaning::only(Blocked, High), SERVICE),
    // Incoming calls barred: by a rule, or because the bill is not paid.
    row(54, Meaning::among(Blocked, Medium, &[Suspended]), SERVICE),
    row(55, Meaning::only(Blocked, High), SERVICE),
    row(57, Meaning::only(Blocked, High), SERVICE),
    row(58, Meaning::only(NetworkFault, Medium), SERVICE),
    row(62, Meaning::only(NetworkFault, Medium), SERVICE),
    row(63, Meaning::only(NetworkFault, Medium), SERVICE),
    row(65, Meaning::only(NetworkFault, Medium), NOT_IMPLEMENTED),
    row(66, Meaning::only(NetworkFault, Medium), NOT_IMPLEMENTED),
    row(69, Meaning::only(NetworkFault, Medium), NOT_IMPLEMENTED),
    row(70, Meaning::only(NetworkFault, Medium), NOT_IMPLEMENTED),
    row(79, Meaning::only(NetworkFault, Medium), NOT_IMPLEMENTED),
    rows(81, 86, Meaning::only(NetworkFault, Medium), MESSAGE),
    // Not a member of the closed user group.
    row(87, Meaning::only(Blocked, High), MESSAGE),
    row(88, Meaning::only(NetworkFault, Medium), MESSAGE),
    rows(90, 91, Meaning::only(NetworkFault, Medium), MESSAGE),
    row(95, Meaning::only(NetworkFault, Medium), MESSAGE),
    rows(96, 101, Meaning::only(NetworkFault, Medium), PROTOCOL),
    // What a gateway's timer says: it may have rung.
    row(102, Meaning::among(NetworkFault, Low, &[NoAnswer, PoweredOff, OutOfServiceArea]), PROTOCOL),
    row(103, Meaning::only(NetworkFault, Medium), PROTOCOL),
    rows(110, 111, Meaning::only(NetworkFault, Medium), PROTOCOL),
    // Interworking, unspecified.
    mute(127, INTERWORKING),
];

const BY_NETWORK: &str = "RFC 8606 §4; RFC 3398 §7.2.4.1: a network's rejection is 403 and not 603";

/// Cause 21 by who gave it, the key being [`place`].
pub(super) const REJECTED_BY: [Row; 2] = [
    row(0, Meaning::only(Rejected, High), "RFC 8606 §4; RFC 3398 §7.2.4.1: location user is 603"),
    rows(1, 7, Meaning::among(Blocked, Medium, &[Suspended]), BY_NETWORK),
];

/// The key of a location: 0 for the called phone.
pub(super) const fn place(location: Location) -> u32 {
    match location {
        Location::User => 0,
        Location::LocalPrivate => 1,
        Location::LocalPublic => 2,
        Location::Transit => 3,
        Location::RemotePublic => 4,
        Location::RemotePrivate => 5,
        Location::International => 6,
        Location::BeyondInterworking => 7,
    }
}
