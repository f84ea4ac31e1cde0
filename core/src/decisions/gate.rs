//! May this phone ring now? (判断发起时间; seed 000, S106, claim 2.)
//!
//! The gate is a pure function of facts and an instant. It asks for the time, never whether a deadline has fired: every fact
//! is given as it stands at that instant. Its checks run in the order of [`DenyReason`], and the first that holds is the answer.

use super::law::{Bars, Pause, Times};
use crate::values::policy::CallMode;
use crate::values::reply::{DenyReason, Verdict};
use crate::values::time::{Timestamp, Window};

/// What a reservation is to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Over for good.
    Closed,
    /// Its contact number's holder has not agreed.
    Unverified,
    /// Its user has not confirmed the result, and the policy asks for it.
    Unacknowledged,
    /// It permits calls, as far as the rest allows.
    Agreed,
}

/// The facts of one reservation at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Its window.
    pub window: Window,
    /// What it is.
    pub standing: Standing,
    /// The mode that was chosen, if any was.
    pub mode: Option<CallMode>,
    /// The mode from the window's start on if none was chosen.
    pub mode_on_silence: CallMode,
    /// How its live call was started, if there is one.
    pub in_call: Option<CallMode>,
    /// When it may be called, as far as hours, the limit of a day and the spacing go.
    pub times: Times<'a>,
    /// Whether its contact number is on a live leg.
    pub is_number_busy: bool,
    /// Whether the line has a free channel.
    pub is_channel_free: bool,
    /// What stands against any call of it.
    pub bars: Bars,
}

impl Facts<'_> {
    /// The mode in force at `at`: the chosen one; once the window has begun, silence counts as a choice.
    #[must_use]
    pub const fn mode_at(&self, at: Timestamp) -> Option<CallMode> {
        match self.mode {
            Some(mode) => Some(mode),
            None if at.as_micros() >= self.window.start().as_micros() => Some(self.mode_on_silence),
            None => None,
        }
    }
}

/// The instant from which less than `min_ring_s` are left until this end: no phone begins to ring at or after it.
#[must_use]
pub fn last_call(end: Timestamp, min_ring_s: u32) -> Timestamp {
    end.saturating_sub_s(u64::from(min_ring_s))
}

/// Judges a call that `starter` starts at `at`. `facts` is `None` when the line and the reservation do not belong together.
#[must_use]
pub fn judge(at: Timestamp, starter: CallMode, min_ring_s: u32, facts: Option<&Facts<'_>>) -> Verdict {
    let Some(facts) = facts else {
        return deny(DenyReason::NotRecognized);
    };
    let window = &facts.window;
    if at >= window.end() {
        return deny(DenyReason::WindowOver);
    }
    match facts.standing {
        Standing::Closed => return deny(DenyReason::Closed),
        Standing::Unverified => return deny(DenyReason::Unverified),
        Standing::Unacknowledged => return deny(DenyReason::Unacknowledged),
        Standing::Agreed => {}
    }
    if let Some(reason) = facts.bars.reason() {
        return deny(reason);
    }
    if at < window.start() {
        return Verdict::Deny { reason: DenyReason::BeforeWindow, retry_at: Some(window.start()) };
    }
    if starter == CallMode::MerchantCalls && facts.in_call == Some(CallMode::PlatformCalls) {
        return deny(DenyReason::PlatformIsCalling);
    }
    if facts.mode_at(at) != Some(starter) {
        return deny(DenyReason::WrongMode);
    }
    if facts.in_call.is_some() {
        return deny(DenyReason::InCall);
    }
    if let Some(Pause { reason, retry_at }) = facts.times.pause(at) {
        return Verdict::Deny { reason, retry_at };
    }
    if at >= last_call(window.end(), min_ring_s) {
        return deny(DenyReason::WindowClosing);
    }
    if facts.is_number_busy {
        return deny(DenyReason::NumberBusy);
    }
    if !facts.is_channel_free {
        return deny(DenyReason::NoChannel);
    }
    Verdict::Allow
}

const fn deny(reason: DenyReason) -> Verdict {
    Verdict::Deny { reason, retry_at: None }
}
