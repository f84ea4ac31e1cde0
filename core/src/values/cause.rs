//! Why a leg ended: what the network said, and what we say to it.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why somebody could not be reached, as seed 003 names it: the four conditions under which the caller may leave a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    /// 遇忙占线.
    Busy,
    /// 关机.
    PoweredOff,
    /// 不在服务区.
    OutOfServiceArea,
    /// 欠费停机.
    Suspended,
}

/// Why a call to somebody failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// 遇忙占线: in another call, or busy by choice.
    Busy,
    /// 关机.
    PoweredOff,
    /// 不在服务区, 暂时无法接通.
    OutOfServiceArea,
    /// 欠费停机.
    Suspended,
    /// It rang and nobody answered.
    NoAnswer,
    /// The callee declined.
    Rejected,
    /// 空号: the number does not exist, or no longer.
    InvalidNumber,
    /// The caller hung up first.
    CallerGaveUp,
    /// Congestion or a fault of the network: it says nothing about the callee.
    NetworkFault,
    /// A rule of a network or an agency refused it.
    Blocked,
    /// Nothing was said that tells.
    Unknown,
}

impl FailureReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Busy,
        Self::PoweredOff,
        Self::OutOfServiceArea,
        Self::Suspended,
        Self::NoAnswer,
        Self::Rejected,
        Self::InvalidNumber,
        Self::CallerGaveUp,
        Self::NetworkFault,
        Self::Blocked,
        Self::Unknown,
    ];

    /// The condition of seed 003 that it is, if it is one.
    #[must_use]
    pub const fn unreachable(self) -> Option<Unreachable> {
        match self {
            Self::Busy => Some(Unreachable::Busy),
            Self::PoweredOff => Some(Unreachable::PoweredOff),
            Self::OutOfServiceArea => Some(Unreachable::OutOfServiceArea),
            Self::Suspended => Some(Unreachable::Suspended),
            Self::NoAnswer
            | Self::Rejected
            | Self::InvalidNumber
            | Self::CallerGaveUp
            | Self::NetworkFault
            | Self::Blocked
            | Self::Unknown => None,
        }
    }

    /// The Q.850 cause by which a call that failed for this reason is passed on.
    #[must_use]
    pub const fn q850(self) -> u8 {
        match self {
            Self::Busy => 17,
            Self::PoweredOff | Self::OutOfServiceArea => 20,
            Self::NoAnswer => 19,
            Self::Rejected | Self::Blocked => 21,
            Self::InvalidNumber => 1,
            Self::NetworkFault => 41,
            // Networks have no cause of their own for these, and use those of others for them: better none that says too much.
            Self::Suspended | Self::CallerGaveUp | Self::Unknown => 31,
        }
    }

    const fn bit(self) -> u16 {
        match self {
            Self::Busy => 1,
            Self::PoweredOff => 1 << 1,
            Self::OutOfServiceArea => 1 << 2,
            Self::Suspended => 1 << 3,
            Self::NoAnswer => 1 << 4,
            Self::Rejected => 1 << 5,
            Self::InvalidNumber => 1 << 6,
            Self::CallerGaveUp => 1 << 7,
            Self::NetworkFault => 1 << 8,
            Self::Blocked => 1 << 9,
            Self::Unknown => 1 << 10,
        }
    }
}

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It cannot be told from what was said.
    Low,
    /// Likely, but others share the sign.
    Medium,
    /// The sign means this.
    High,
}

/// A set of reasons.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct FailureReasons(u16);

impl FailureReasons {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub const fn of(reasons: &[FailureReason]) -> Self {
        let mut bits = 0;
        let mut rest = reasons;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// This set and that.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without one reason.
    #[must_use]
    pub const fn without(self, reason: FailureReason) -> Self {
        Self(self.0 & !reason.bit())
    }

    /// Whether the reason is in it.
    #[must_use]
    pub const fn contains(self, reason: FailureReason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// Whether all of this is in that.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many reasons are in it.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Its reasons, in their order.
    pub fn iter(self) -> impl Iterator<Item = FailureReason> {
        FailureReason::ALL.into_iter().filter(move |reason| self.contains(*reason))
    }
}

/// The conditions of seed 003, under which the recorder is offered unless the policy says otherwise.
pub const SEED_REASONS: FailureReasons = FailureReasons::of(&[
    FailureReason::Busy,
    FailureReason::PoweredOff,
    FailureReason::OutOfServiceArea,
    FailureReason::Suspended,
]);

impl fmt::Debug for FailureReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for FailureReasons {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The binary form needs to know how many come.
        self.iter().collect::<Vec<_>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FailureReasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Vec::<FailureReason>::deserialize(deserializer)?))
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
    #[must_use]
    pub const fn of_failed_leg(reason: FailureReason) -> Self {
        match reason {
            FailureReason::Busy => Self::UserBusy,
            FailureReason::NoAnswer => Self::NoAnswer,
            FailureReason::PoweredOff
            | FailureReason::OutOfServiceArea
            | FailureReason::Suspended
            | FailureReason::Rejected
            | FailureReason::InvalidNumber
            | FailureReason::CallerGaveUp
            | FailureReason::NetworkFault
            | FailureReason::Blocked
            | FailureReason::Unknown => Self::UserUnreachable,
        }
    }
}
