//! What each sign means: the rows, each with how sure it is and where it comes from.
//!
//! High: the sign identifies the reason. Medium: likely, but shared. Low: signalling cannot tell. The rows and their confidence come from comparing, for each of
//! the four reasons of seed 003 and their neighbours, ITU-T Q.850, RFC 3261, RFC 3398, RFC 4458, the cause tables of FreeSWITCH (`switch_types.h`) and Asterisk (`causes.h`), and the
//! vendors' published lists (named at each table).

use super::Confidence;
use crate::values::cause::{FailureReason, FailureReasons};
use crate::values::evidence::{Announcement, DiversionReason, Location, OwnTimer, Redirecting, Vendor, VendorCode};

use Confidence::{High, Low, Medium};
use FailureReason::{
    Blocked, Busy, CallerGaveUp, InvalidNumber, NetworkFault, NoAnswer, OutOfServiceArea, PoweredOff, Rejected, Suspended,
};

/// What a sign means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The likeliest reason.
    pub reason: FailureReason,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it could be besides.
    pub could_be: FailureReasons,
}

impl Meaning {
    /// A sign with this reason and no other.
    const fn only(reason: FailureReason, confidence: Confidence) -> Self {
        Self { reason, confidence, could_be: FailureReasons::NONE }
    }

    /// A sign that several share.
    const fn among(reason: FailureReason, confidence: Confidence, others: &[FailureReason]) -> Self {
        Self { reason, confidence, could_be: FailureReasons::of(others) }
    }

    /// One sign or the other: the first one's reason, every candidate of both, and no surer than either. Where they name different reasons, it is a guess.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let could_be = self.could_be.and(other.could_be).and(FailureReasons::of(&[other.reason])).without(self.reason);
        let least = self.confidence.min(other.confidence);
        let confidence = if could_be.is_empty() { least } else { least.min(Medium) };
        Self { reason: self.reason, confidence, could_be }
    }
}

/// A rejection by a network's analytics, "603+" (ATIS-1000099): nobody declined.
pub const BLOCKED_BY_ANALYTICS: Meaning = Meaning::only(Blocked, High);

/// A Q.850 cause (ITU-T Q.850 §2.2.5 to 2.2.7).
#[must_use]
pub const fn q850(cause: u16, location: Option<Location>) -> Option<Meaning> {
    Some(match cause {
        // Unallocated; some networks use it for a suspended number, too.
        1 => Meaning::among(InvalidNumber, Medium, &[Suspended]),
        3 => Meaning::among(InvalidNumber, Medium, &[NetworkFault]),
        // Number changed; invalid format.
        22 | 28 => Meaning::only(InvalidNumber, High),
        16 => Meaning::only(CallerGaveUp, High),
        17 => Meaning::only(Busy, High),
        // Not even alerting came back.
        18 => Meaning::among(NoAnswer, Medium, &[PoweredOff, OutOfServiceArea]),
        19 => Meaning::only(NoAnswer, Medium),
        // Subscriber absent: switched off or out of reach, which the network does not tell apart.
        20 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        21 => match location {
            Some(Location::User) => Meaning::only(Rejected, High),
            Some(
                Location::LocalPrivate
                | Location::LocalPublic
                | Location::Transit
                | Location::RemotePublic
                | Location::RemotePrivate
                | Location::International
                | Location::BeyondInterworking,
            ) => Meaning::among(Blocked, Medium, &[Suspended]),
            None => Meaning::among(Rejected, Medium, &[Blocked, Suspended]),
        },
        27 => Meaning::among(NetworkFault, Low, &[PoweredOff, OutOfServiceArea]),
        // Incoming calls barred: by a rule, or because the bill is not paid.
        54 => Meaning::among(Blocked, Medium, &[Suspended]),
        50 | 52 | 53 | 55 | 57 | 87 => Meaning::only(Blocked, High),
        34 | 38 | 41 | 42 | 44 | 46 | 47 => Meaning::only(NetworkFault, High),
        // What a gateway's timer says: it may have rung.
        102 => Meaning::among(NetworkFault, Low, &[NoAnswer, PoweredOff, OutOfServiceArea]),
        2
        | 5
        | 6
        | 8
        | 14
        | 25
        | 29
        | 43
        | 49
        | 58
        | 62
        | 63
        | 65
        | 66
        | 69
        | 70
        | 79
        | 81..=86
        | 88
        | 90
        | 91
        | 95..=101
        | 103
        | 110
        | 111 => Meaning::only(NetworkFault, Medium),
        // Unknown, normal unspecified, interworking unspecified, and what is no failure.
        _ => return None,
    })
}

/// A final SIP status (RFC 3261 §21; RFC 8197 for 607, RFC 8688 for 608).
#[must_use]
pub const fn sip(status: u16) -> Option<Meaning> {
    Some(match status {
        // A phone that is set to do not disturb answers so, too.
        486 | 600 => Meaning::only(Busy, High),
        // What is left of "subscriber absent", and of much else, after one SIP hop.
        480 => Meaning::among(OutOfServiceArea, Low, &[PoweredOff, Suspended, NoAnswer, Rejected]),
        408 => Meaning::among(NoAnswer, Medium, &[PoweredOff, OutOfServiceArea]),
        603 => Meaning::among(Rejected, High, &[Suspended]),
        607 => Meaning::only(Rejected, High),
        608 => Meaning::among(Blocked, High, &[Rejected]),
        403 => Meaning::among(Blocked, Medium, &[Rejected, Suspended]),
        404 => Meaning::among(InvalidNumber, Medium, &[Suspended, PoweredOff]),
        410 | 484 | 485 | 604 => Meaning::only(InvalidNumber, High),
        487 => Meaning::only(CallerGaveUp, High),
        502 => Meaning::among(NetworkFault, Medium, &[PoweredOff]),
        503 => Meaning::among(NetworkFault, Medium, &[PoweredOff, OutOfServiceArea]),
        500 | 501 | 504..=599 => Meaning::only(NetworkFault, High),
        401 | 402 | 407 => Meaning::only(Blocked, Medium),
        400 | 405 | 406 | 409 | 411..=479 | 481..=483 | 488..=499 | 601 | 602 | 605 | 606 | 609..=699 => {
            Meaning::only(NetworkFault, Low)
        }
        _ => return None,
    })
}

/// A redirecting reason: what the network that forwarded the call says about the callee.
#[must_use]
pub const fn redirecting(reason: Redirecting) -> Option<Meaning> {
    match reason {
        Redirecting::Cdiv(cause) => cdiv(cause),
        Redirecting::Diversion(reason) => diversion(reason),
        Redirecting::Isup(reason) => isup(reason),
    }
}

/// RFC 4458 §3 and 3GPP TS 24.604: numbers that look like statuses and mean the service that forwarded.
const fn cdiv(cause: u16) -> Option<Meaning> {
    Some(match cause {
        // CFB.
        486 => Meaning::only(Busy, High),
        // CFNR.
        408 => Meaning::only(NoAnswer, High),
        // CFNRc: off or out of reach.
        503 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        // CFNL; an unknown number shares it.
        404 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea, InvalidNumber]),
        // CD: immediate, and during alerting.
        480 | 487 => Meaning::only(Rejected, High),
        // CFU (302) says nothing about the callee.
        _ => return None,
    })
}

/// RFC 5806 §10.
const fn diversion(reason: DiversionReason) -> Option<Meaning> {
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

/// ITU-T Q.763 §3.45, the redirecting reason; Q.931's redirecting number carries the first of them.
const fn isup(reason: u8) -> Option<Meaning> {
    Some(match reason {
        1 => Meaning::only(Busy, High),
        2 => Meaning::only(NoAnswer, High),
        // Deflection during alerting, and immediate.
        4 | 5 => Meaning::only(Rejected, High),
        // Mobile subscriber not reachable.
        6 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        // Unknown and unconditional.
        _ => return None,
    })
}

/// What an announcement says it says.
#[must_use]
pub const fn announcement(class: Announcement) -> Meaning {
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
#[must_use]
pub const fn timer(timer: OwnTimer) -> Meaning {
    match timer {
        OwnTimer::Ring => Meaning::only(NoAnswer, Medium),
        OwnTimer::Setup => Meaning::among(NetworkFault, Low, &[PoweredOff, OutOfServiceArea]),
    }
}

/// A vendor's code; none when the list does not have it, or when it says nothing about the callee.
#[must_use]
pub const fn vendor(code: VendorCode) -> Option<Meaning> {
    match code.vendor {
        Vendor::AliyunVms => aliyun_vms(code.code),
        Vendor::HuaweiPrivate => huawei(code.code, false),
        Vendor::HuaweiVoice => huawei(code.code, true),
        Vendor::Yuntongxun => yuntongxun(code.code),
    }
}

/// Aliyun voice messaging, receipt error codes of operators (help.aliyun.com, vms).
const fn aliyun_vms(code: u32) -> Option<Meaning> {
    Some(match code {
        200_002 | 200_112 => Meaning::only(Busy, High),
        200_010 => Meaning::only(PoweredOff, High),
        200_007 | 200_120 => Meaning::only(OutOfServiceArea, High),
        200_011 => Meaning::only(Suspended, High),
        200_003 | 200_113 => Meaning::only(NoAnswer, High),
        200_111 => Meaning::only(Rejected, High),
        // Rejected, mixed with not connected.
        200_005 => Meaning::among(Rejected, Medium, &[NoAnswer]),
        200_004 | 200_116 => Meaning::only(InvalidNumber, High),
        200_121 => Meaning::only(NetworkFault, High),
        200_104 | 200_105 | 200_117 | 200_118 => Meaning::only(Blocked, High),
        _ => return None,
    })
}

/// Huawei PrivateNumber (通话挂机原因值说明) and VoiceCall (rtc_05_0022_1). 8108 speaks of the caller, and is not in the list.
const fn huawei(code: u32, is_voice: bool) -> Option<Meaning> {
    Some(match code {
        8102 => Meaning::only(Busy, High),
        // 关机、飞行模式、无网络等.
        8104 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        // 被叫信号异常.
        8103 => Meaning::among(OutOfServiceArea, Medium, &[NetworkFault]),
        // The voice interface: 被叫挂机或被叫已停机.
        8105 if is_voice => Meaning::among(Suspended, Medium, &[Rejected]),
        8105 => Meaning::only(Suspended, High),
        8101 | 8035 => Meaning::only(NoAnswer, High),
        // Do not disturb and black lists among them.
        7503 | 7504 => Meaning::among(Rejected, Medium, &[Blocked]),
        8100 => Meaning::only(InvalidNumber, High),
        7501 | 7502 => Meaning::only(CallerGaveUp, High),
        7109 | 522 => Meaning::only(NetworkFault, High),
        7004 | 7005 | 8016 | 8047..=8050 | 8057 => Meaning::only(Blocked, High),
        _ => return None,
    })
}

/// 容联云 (doc.yuntongxun.com/p/622f01411a471700b2c3759b).
const fn yuntongxun(code: u32) -> Option<Meaning> {
    Some(match code {
        4 | 30 => Meaning::only(Busy, High),
        1 => Meaning::only(PoweredOff, High),
        24 | 35 => Meaning::only(OutOfServiceArea, High),
        // 暂时无法接通.
        3 => Meaning::among(OutOfServiceArea, Medium, &[PoweredOff]),
        2 => Meaning::only(Suspended, High),
        5 | 17 | 33 => Meaning::only(NoAnswer, High),
        // 用户忙或拒绝.
        8 => Meaning::among(Busy, Medium, &[Rejected]),
        // 空号;…;用户不在服务区.
        18 => Meaning::among(InvalidNumber, Medium, &[OutOfServiceArea]),
        20 => Meaning::only(InvalidNumber, High),
        12 => Meaning::only(CallerGaveUp, High),
        // 7 is 网络忙: the network, not the callee.
        7 | 13 | 14 | 15 | 19 => Meaning::only(NetworkFault, High),
        6 | 21 => Meaning::only(Blocked, High),
        _ => return None,
    })
}

/// FreeSWITCH's names of causes (`switch_types.h`, `switch_call_cause_t`): those of Q.850 and its own, from 142 on.
const FREESWITCH_NAMES: [(&str, u16); 65] = [
    ("NONE", 0),
    ("UNALLOCATED_NUMBER", 1),
    ("NO_ROUTE_TRANSIT_NET", 2),
    ("NO_ROUTE_DESTINATION", 3),
    ("CHANNEL_UNACCEPTABLE", 6),
    ("CALL_AWARDED_DELIVERED", 7),
    ("NORMAL_CLEARING", 16),
    ("USER_BUSY", 17),
    ("NO_USER_RESPONSE", 18),
    ("NO_ANSWER", 19),
    ("SUBSCRIBER_ABSENT", 20),
    ("CALL_REJECTED", 21),
    ("NUMBER_CHANGED", 22),
    ("REDIRECTION_TO_NEW_DESTINATION", 23),
    ("EXCHANGE_ROUTING_ERROR", 25),
    ("DESTINATION_OUT_OF_ORDER", 27),
    ("INVALID_NUMBER_FORMAT", 28),
    ("FACILITY_REJECTED", 29),
    ("RESPONSE_TO_STATUS_ENQUIRY", 30),
    ("NORMAL_UNSPECIFIED", 31),
    ("NORMAL_CIRCUIT_CONGESTION", 34),
    ("NETWORK_OUT_OF_ORDER", 38),
    ("NORMAL_TEMPORARY_FAILURE", 41),
    ("SWITCH_CONGESTION", 42),
    ("ACCESS_INFO_DISCARDED", 43),
    ("REQUESTED_CHAN_UNAVAIL", 44),
    ("FACILITY_NOT_SUBSCRIBED", 50),
    ("OUTGOING_CALL_BARRED", 52),
    ("INCOMING_CALL_BARRED", 54),
    ("BEARERCAPABILITY_NOTAUTH", 57),
    ("BEARERCAPABILITY_NOTAVAIL", 58),
    ("SERVICE_UNAVAILABLE", 63),
    ("BEARERCAPABILITY_NOTIMPL", 65),
    ("CHAN_NOT_IMPLEMENTED", 66),
    ("FACILITY_NOT_IMPLEMENTED", 69),
    ("SERVICE_NOT_IMPLEMENTED", 79),
    ("INVALID_CALL_REFERENCE", 81),
    ("INCOMPATIBLE_DESTINATION", 88),
    ("INVALID_MSG_UNSPECIFIED", 95),
    ("MANDATORY_IE_MISSING", 96),
    ("MESSAGE_TYPE_NONEXIST", 97),
    ("WRONG_MESSAGE", 98),
    ("IE_NONEXIST", 99),
    ("INVALID_IE_CONTENTS", 100),
    ("WRONG_CALL_STATE", 101),
    ("RECOVERY_ON_TIMER_EXPIRE", 102),
    ("MANDATORY_IE_LENGTH_ERROR", 103),
    ("PROTOCOL_ERROR", 111),
    ("INTERWORKING", 127),
    ("ORIGINATOR_CANCEL", 487),
    ("LOSE_RACE", 702),
    ("MANAGER_REQUEST", 703),
    ("ALLOTTED_TIMEOUT", 802),
    ("MEDIA_TIMEOUT", 804),
    ("PICKED_OFF", 805),
    ("USER_NOT_REGISTERED", 806),
    ("PROGRESS_TIMEOUT", 807),
    ("INVALID_GATEWAY", 808),
    ("GATEWAY_DOWN", 809),
    ("NO_PICKUP", 812),
    ("BUSY_EVERYWHERE", 815),
    ("DECLINE", 816),
    ("DOES_NOT_EXIST_ANYWHERE", 817),
    ("UNWANTED", 819),
    ("REJECT_ALL", 825),
];

/// The number of a FreeSWITCH cause, from its name.
#[must_use]
pub fn freeswitch_number(name: &str) -> Option<u16> {
    FREESWITCH_NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// What a cause of FreeSWITCH's own means; none for those of Q.850.
#[must_use]
pub const fn freeswitch_own(number: u16) -> Option<Meaning> {
    Some(match number {
        487 | 702 | 703 | 805 => Meaning::only(CallerGaveUp, High),
        // Its own timers: the ring time, no progress, no pick-up.
        802 | 812 => Meaning::only(NoAnswer, Medium),
        807 => Meaning::among(NoAnswer, Medium, &[PoweredOff, OutOfServiceArea]),
        // The phone is not registered with this switch.
        806 => Meaning::among(PoweredOff, Medium, &[OutOfServiceArea]),
        804 | 808 | 809 => Meaning::only(NetworkFault, High),
        815 => Meaning::only(Busy, High),
        816 | 819 | 825 => Meaning::only(Rejected, High),
        817 => Meaning::only(InvalidNumber, High),
        _ => return None,
    })
}
