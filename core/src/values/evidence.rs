//! What the network and the switches said when a call to somebody failed.
//!
//! Carriers say much, little or nothing, and each switch says it in words of its own. Everything here is optional, and nothing is interpreted: what it
//! means is decided by [`diagnose`](crate::decisions::diagnosis::diagnose). Header texts are read at the edge (`edges::interop`), so that a log does
//! not depend on the reader's version.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::number::PhoneNumber;
use super::text::Text;

/// The most entries of each list in one [`Evidence`]. Real calls carry one to three.
pub const ENTRIES_MAX: usize = 16;
/// The longest text in it, in characters.
pub const EVIDENCE_CHARS_MAX: usize = 256;

/// The protocol of a [`ReasonHeader`] whose causes are those of Q.850 (RFC 3326 §2).
pub const Q850: &str = "Q.850";
/// The protocol of a [`ReasonHeader`] whose causes are SIP statuses (RFC 3326 §2).
pub const SIP: &str = "SIP";

/// What was reported about the end of a call or a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// The final SIP status, 100 to 699 (RFC 3261 §21).
    pub sip_status: Option<u16>,
    /// The Q.850 cause that a trunk or the switch itself gave, 0 to 127 (ITU-T Q.850 §2.2.5). 0 means unknown, not success. Without a location, the same cause as
    /// the switch's is taken for the switch's own translation.
    pub q850_cause: Option<u8>,
    /// Who gave that cause.
    pub q850_location: Option<Location>,
    /// The Reason headers of the final response or the BYE, in any order (RFC 3326).
    pub reasons: Vec<ReasonHeader>,
    /// What Asterisk said.
    pub asterisk: Option<AsteriskRelease>,
    /// FreeSWITCH's name of the cause, such as `SUBSCRIBER_ABSENT`.
    pub freeswitch: Option<Text>,
    /// A code of a carrier's or an agency's interface.
    pub vendor: Option<VendorCode>,
    /// Through whom the call came to us, the first redirection first. The last one says why it was forwarded to us.
    pub redirections: Vec<Redirection>,
    /// What an announcement said before the call was answered; several when its words leave it open.
    pub announcements: Vec<Announcement>,
    /// Our own time ran out, and we cancelled.
    pub timer: Option<OwnTimer>,
}

impl Evidence {
    /// Whether every value is one that the standards know, and no list and no text is longer than it may be.
    #[must_use]
    pub fn is_in_range(&self) -> bool {
        let status = |status: u16| (100..=699).contains(&status);
        let short = |text: &Text| text.chars().nth(EVIDENCE_CHARS_MAX).is_none();
        let reason = |reason: &ReasonHeader| {
            let is_known = reason.cause.is_none_or(|cause| match reason.protocol.as_ref() {
                Q850 => cause <= 127,
                SIP => status(cause),
                _ => true,
            });
            is_known && short(&reason.protocol) && reason.text.as_ref().is_none_or(short)
        };
        self.sip_status.is_none_or(status)
            && self.q850_cause.is_none_or(|cause| cause <= 127)
            && self.asterisk.is_none_or(|release| release.cause <= 127 && release.tech_cause.is_none_or(status))
            && self.freeswitch.as_ref().is_none_or(short)
            && self.reasons.len() <= ENTRIES_MAX
            && self.redirections.len() <= ENTRIES_MAX
            && self.announcements.len() <= ENTRIES_MAX
            && self.reasons.iter().all(reason)
            && self.redirections.iter().all(|redirection| match redirection.reason {
                Redirecting::Sip(answer) => status(answer),
                Redirecting::Q850(cause) => cause <= 127,
                Redirecting::Cdiv(_) | Redirecting::Diversion(_) | Redirecting::Isup(_) => true,
            })
    }
}

/// Who gave a Q.850 cause (ITU-T Q.850 §2.2.3; RFC 8606 writes it into a Reason header).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// `U`: the called phone.
    User,
    /// `LPN`: the private network that serves the caller.
    LocalPrivate,
    /// `LN`: the public network that serves the caller.
    LocalPublic,
    /// `TN`: a transit network.
    Transit,
    /// `RLN`: the public network that serves the callee.
    RemotePublic,
    /// `RPN`: the private network that serves the callee.
    RemotePrivate,
    /// `INTL`: an international network.
    International,
    /// `BI`: a network beyond an interworking point.
    BeyondInterworking,
}

impl Location {
    /// Every location.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::LocalPrivate,
        Self::LocalPublic,
        Self::Transit,
        Self::RemotePublic,
        Self::RemotePrivate,
        Self::International,
        Self::BeyondInterworking,
    ];

    /// The word of RFC 8606 §4.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "U",
            Self::LocalPrivate => "LPN",
            Self::LocalPublic => "LN",
            Self::Transit => "TN",
            Self::RemotePublic => "RLN",
            Self::RemotePrivate => "RPN",
            Self::International => "INTL",
            Self::BeyondInterworking => "BI",
        }
    }
}

/// One value of a Reason header (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonHeader {
    /// Whose codes the cause is one of, in capitals: `Q.850`, `SIP`, or another protocol, which is kept and decides nothing.
    pub protocol: Text,
    /// The cause.
    #[serde(default)]
    pub cause: Option<u16>,
    /// The text, as it was written.
    #[serde(default)]
    pub text: Option<Text>,
    /// Who gave the cause (RFC 8606).
    #[serde(default)]
    pub location: Option<Location>,
}

/// What Asterisk says of a channel that is gone: ARI's `ChannelDestroyed`, or the variables of the hang-up handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsteriskRelease {
    /// `cause`, `HANGUPCAUSE`: 0 to 127. It may be Asterisk's own translation of a SIP status.
    pub cause: u8,
    /// `tech_cause`: the SIP status behind it.
    #[serde(default)]
    pub tech_cause: Option<u16>,
}

/// A code of a vendor's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorCode {
    /// Whose.
    pub vendor: Vendor,
    /// The code.
    pub code: u32,
}

/// Whose codes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Aliyun voice messaging, `status_code` of the receipts.
    AliyunVms,
    /// Huawei PrivateNumber, 通话挂机原因值.
    HuaweiPrivate,
    /// Huawei VoiceCall, whose 8105 also means that the callee hung up.
    HuaweiVoice,
    /// 容联云 (yuntongxun).
    Yuntongxun,
}

/// One redirection of a call on its way to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirection {
    /// Why.
    pub reason: Redirecting,
    /// Who was called and forwarded the call; none when it is withheld.
    #[serde(default)]
    pub from: Option<PhoneNumber>,
    /// The network asks that this number be shown to nobody (RFC 5806 `privacy`, RFC 7044 §10.1, presentation restricted). It still tells whose call it was.
    #[serde(default)]
    pub is_restricted: bool,
}

impl Redirection {
    /// A redirection of whose number nothing is known.
    #[must_use]
    pub const fn unnamed(reason: Redirecting) -> Self {
        Self { reason, from: None, is_restricted: false }
    }
}

/// Why a call was redirected, in the words of whoever brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redirecting {
    /// The `cause` parameter of a History-Info URI (RFC 4458 §2; 3GPP TS 24.604). These numbers look like SIP statuses and are none.
    Cdiv(u16),
    /// The `reason` of a Diversion header (RFC 5806).
    Diversion(DiversionReason),
    /// The redirecting reason of ISUP (ITU-T Q.763 §3.45) and of an ISDN redirecting number (ITU-T Q.931), as an E1 trunk brings it. The two lists agree where they
    /// overlap in use; 9, 10 and 15 are ISDN's.
    Isup(u8),
    /// The SIP status that the request got before it was redirected: a Reason inside a History-Info entry (RFC 7044 §10.2).
    Sip(u16),
    /// The same as a Q.850 cause, 0 to 127.
    Q850(u8),
}

/// The reasons of a Diversion header (RFC 5806 §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiversionReason {
    /// `unknown`.
    Unknown,
    /// `user-busy`.
    UserBusy,
    /// `no-answer`.
    NoAnswer,
    /// `unavailable`.
    Unavailable,
    /// `unconditional`.
    Unconditional,
    /// `time-of-day`.
    TimeOfDay,
    /// `do-not-disturb`.
    DoNotDisturb,
    /// `deflection`.
    Deflection,
    /// `follow-me`.
    FollowMe,
    /// `out-of-service`.
    OutOfService,
    /// `away`.
    Away,
}

/// What an announcement in early media says. Mobile networks in China answer with one instead of a cause that tells these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcement {
    /// 正在通话中, 用户忙.
    Busy,
    /// 已关机.
    PoweredOff,
    /// 不在服务区.
    OutOfServiceArea,
    /// 暂时无法接通: the network leaves open why.
    CannotBeReached,
    /// 已停机, 欠费.
    Suspended,
    /// 无人接听.
    NoAnswer,
    /// 用户拒接, 已设置来电拒接.
    Rejected,
    /// 是空号, 号码不存在.
    InvalidNumber,
    /// 线路忙, 网络忙.
    NetworkBusy,
    /// 呼入限制, 已被限制呼叫.
    Barred,
}

/// A timer of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnTimer {
    /// The phone rang as long as it may.
    Ring,
    /// Nothing came back at all: not even that it rings.
    Setup,
}
