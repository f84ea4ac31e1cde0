//! What was said before any answer, and our own timers.

use super::Meaning;
use crate::decisions::diagnosis::Confidence::{High, Low, Medium};
use crate::values::cause::FailureReason::{
    Blocked, Busy, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};
use crate::values::evidence::{Announcement, OwnTimer};

/// Source of each: the words of the carriers' announcements (seed 003: 遇忙占线、关机、不在服务区、欠费停机).
pub(super) const fn announcement(class: Announcement) -> Meaning {
    match class {
        Announcement::Busy => Meaning::only(Busy, High),
        Announcement::PoweredOff => Meaning::only(PoweredOff, High),
        Announcement::OutOfServiceArea => Meaning::only(OutOfServiceArea, High),
        // The words of carriers for a phone that does not answer paging, whatever the cause.
        Announcement::CannotBeReached => Meaning::among(OutOfServiceArea, Medium, &[PoweredOff]),
        Announcement::Suspended => Meaning::only(Suspended, High),
        Announcement::NoAnswer => Meaning::only(NoAnswer, High),
        Announcement::Rejected => Meaning::only(Rejected, High),
        Announcement::InvalidNumber => Meaning::only(InvalidNumber, High),
        Announcement::NetworkBusy => Meaning::only(NetworkFault, High),
        Announcement::Barred => Meaning::only(Blocked, High),
    }
}

/// A timer of our own: nothing answered in time.
pub(super) const fn timer(timer: OwnTimer) -> Meaning {
    match timer {
        OwnTimer::Ring => Meaning::only(NoAnswer, Medium),
        OwnTimer::Setup => Meaning::among(NetworkFault, Low, &[PoweredOff, OutOfServiceArea]),
    }
}
