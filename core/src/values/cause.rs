//! Why a leg ended: what the network said, and what we say to it.

use serde::{Deserialize, Serialize};

/// What the network reported when a leg ended. Everything is optional: carriers say much, little or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// The final SIP status, 100 to 699 (RFC 3261 §21).
    pub sip_status: Option<u16>,
    /// The Q.850 cause, 0 to 127 (ITU-T Q.850 §2.2.5). 0 means unknown, not success.
    pub q850_cause: Option<u8>,
}

impl Evidence {
    /// Whether every value is one that the standards know.
    #[must_use]
    pub fn is_in_range(&self) -> bool {
        self.sip_status.is_none_or(|status| (100..=699).contains(&status)) && self.q850_cause.is_none_or(|cause| cause <= 127)
    }
}

/// Why the platform ends or rejects a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// The conversation is over: the other side hung up.
    Normal,
    /// The permission ended while the phone rang: the window ended.
    WindowEnded,
    /// The permission was withdrawn while the phone rang.
    Withdrawn,
    /// Nobody answered in time.
    NoAnswer,
    /// The user was busy.
    UserBusy,
    /// The user could not be reached for another reason.
    UserUnreachable,
    /// The other side left before the conversation began.
    OtherSideGone,
    /// The longest conversation that the policy allows is over.
    TimeLimit,
    /// The gate refuses the call.
    NotPermitted,
    /// The platform does not know this leg, or lost track of it.
    Unknown,
    /// The terms were changed while the phone rang, and the new ones do not carry the call.
    Amended,
}

impl ReleaseCause {
    /// The Q.850 cause that goes with it.
    #[must_use]
    pub const fn q850(self) -> u8 {
        match self {
            Self::Normal | Self::WindowEnded | Self::Withdrawn | Self::OtherSideGone | Self::TimeLimit | Self::Amended => 16,
            Self::NoAnswer => 19,
            Self::UserBusy => 17,
            Self::UserUnreachable => 20,
            Self::NotPermitted => 21,
            Self::Unknown => 31,
        }
    }

    /// The SIP status that rejects an unanswered inbound leg for this cause (RFC 3261 §21.4; RFC 3398 §7.2.4.1).
    #[must_use]
    pub const fn sip_status(self) -> u16 {
        match self {
            Self::UserBusy => 486,
            Self::NotPermitted => 403,
            Self::Normal
            | Self::WindowEnded
            | Self::Withdrawn
            | Self::Amended
            | Self::OtherSideGone
            | Self::TimeLimit
            | Self::NoAnswer
            | Self::UserUnreachable
            | Self::Unknown => 480,
        }
    }

    /// What a failed user leg means to the merchant who waits for it.
    ///
    /// Only busy is told apart so far (Q.850 17; SIP 486 and 600 say the same, RFC 3398 §8.2.6.1), with Q.850 before
    /// SIP when the two disagree, and no answer (Q.850 19).
    #[must_use]
    pub const fn of_failed_leg(evidence: &Evidence) -> Self {
        match (evidence.q850_cause, evidence.sip_status) {
            (Some(17), _) | (None | Some(0), Some(486 | 600)) => Self::UserBusy,
            (Some(19), _) => Self::NoAnswer,
            (Some(_) | None, _) => Self::UserUnreachable,
        }
    }
}
