"""Why a call failed: what the network and the switches said, and what it comes to.

>>> evidence = Evidence(sip_status=480, reasons=read_reason('Q.850;text="Subscriber absent";cause=20'))
>>> found = diagnose(evidence)
>>> found.reason, found.confidence
(<FailureReason.POWERED_OFF: 'powered_off'>, <Confidence.MEDIUM: 'medium'>)
>>> found.could_be
(<FailureReason.OUT_OF_SERVICE_AREA: 'out_of_service_area'>,)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from . import _ringfence
from ._codec import U8, U16, U32, Checked, Record, decode
from ._values import PhoneNumber

__all__ = [
    "Announcement",
    "AsteriskRelease",
    "Basis",
    "Cdiv",
    "Confidence",
    "Diagnosis",
    "Diversion",
    "DiversionReason",
    "Evidence",
    "FailureReason",
    "Isup",
    "Location",
    "OwnTimer",
    "Q850",
    "ReasonHeader",
    "Redirecting",
    "Redirection",
    "Sip",
    "Vendor",
    "VendorCode",
    "classify_announcement",
    "diagnose",
    "read_diversion",
    "read_history_info",
    "read_isdn_redirecting",
    "read_isup_redirections",
    "read_reason",
    "read_reasons",
    "read_redirections",
]


class Location(StrEnum):
    """Who gave a Q.850 cause (RFC 8606)."""

    USER = "user"
    """`U`: the called phone."""
    LOCAL_PRIVATE = "local_private"
    """`LPN`: the private network that serves the caller."""
    LOCAL_PUBLIC = "local_public"
    """`LN`: the public network that serves the caller."""
    TRANSIT = "transit"
    """`TN`: a transit network."""
    REMOTE_PUBLIC = "remote_public"
    """`RLN`: the public network that serves the callee."""
    REMOTE_PRIVATE = "remote_private"
    """`RPN`: the private network that serves the callee."""
    INTERNATIONAL = "international"
    """`INTL`: an international network."""
    BEYOND_INTERWORKING = "beyond_interworking"
    """`BI`: a network beyond an interworking point."""


class Vendor(StrEnum):
    """Whose codes they are."""

    ALIYUN_VMS = "aliyun_vms"
    """Aliyun voice messaging, `status_code` of the receipts."""
    HUAWEI_PRIVATE = "huawei_private"
    """Huawei PrivateNumber."""
    HUAWEI_VOICE = "huawei_voice"
    """Huawei VoiceCall, whose 8105 also means that the callee hung up."""
    YUNTONGXUN = "yuntongxun"
    """容联云."""


class DiversionReason(StrEnum):
    """The reasons of a Diversion header (RFC 5806)."""

    UNKNOWN = "unknown"
    USER_BUSY = "user-busy"
    NO_ANSWER = "no-answer"
    UNAVAILABLE = "unavailable"
    UNCONDITIONAL = "unconditional"
    TIME_OF_DAY = "time-of-day"
    DO_NOT_DISTURB = "do-not-disturb"
    DEFLECTION = "deflection"
    FOLLOW_ME = "follow-me"
    OUT_OF_SERVICE = "out-of-service"
    AWAY = "away"


class Announcement(StrEnum):
    """What an announcement before the answer says."""

    BUSY = "busy"
    """正在通话中, 用户忙."""
    POWERED_OFF = "powered_off"
    """已关机."""
    OUT_OF_SERVICE_AREA = "out_of_service_area"
    """不在服务区."""
    CANNOT_BE_REACHED = "cannot_be_reached"
    """暂时无法接通."""
    SUSPENDED = "suspended"
    """已停机, 欠费."""
    NO_ANSWER = "no_answer"
    """无人接听."""
    REJECTED = "rejected"
    """用户拒接."""
    INVALID_NUMBER = "invalid_number"
    """是空号."""
    NETWORK_BUSY = "network_busy"
    """线路忙, 网络忙."""
    BARRED = "barred"
    """呼入限制."""


class OwnTimer(StrEnum):
    """A timer of our own that ran out."""

    RING = "ring"
    """The phone rang as long as it may."""
    SETUP = "setup"
    """Nothing came back at all."""


@dataclass(frozen=True, slots=True)
class ReasonHeader(Checked):
    """One value of a Reason header (RFC 3326). `read_reason` makes them from a header."""

    protocol: str
    """`"Q.850"`, `"SIP"`, or another one, in capitals."""
    cause: U16 | None = None
    text: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class AsteriskRelease(Checked):
    """What Asterisk says of a channel that is gone: `cause` (`HANGUPCAUSE`), and the SIP status behind it, `tech_cause`."""

    cause: U8
    tech_cause: U16 | None = None


@dataclass(frozen=True, slots=True)
class VendorCode(Checked):
    """A code of a vendor's interface."""

    vendor: Vendor
    code: U32


@dataclass(frozen=True, slots=True)
class Cdiv(Checked):
    """The `cause` of a History-Info entry (RFC 4458): 486 forwarded when busy, 503 when not reachable, and so on."""

    _tag: ClassVar[str | None] = "cdiv"
    _newtype: ClassVar[bool] = True

    cause: U16


@dataclass(frozen=True, slots=True)
class Diversion(Checked):
    """The `reason` of a Diversion header (RFC 5806)."""

    _tag: ClassVar[str | None] = "diversion"
    _newtype: ClassVar[bool] = True

    reason: DiversionReason


@dataclass(frozen=True, slots=True)
class Isup(Checked):
    """The redirecting reason of ISUP or of an ISDN redirecting number (ITU-T Q.763 §3.45)."""

    _tag: ClassVar[str | None] = "isup"
    _newtype: ClassVar[bool] = True

    reason: U8


@dataclass(frozen=True, slots=True)
class Sip(Checked):
    """The SIP status that the request got before it was redirected: a Reason inside a History-Info entry (RFC 7044)."""

    _tag: ClassVar[str | None] = "sip"
    _newtype: ClassVar[bool] = True

    status: U16


@dataclass(frozen=True, slots=True)
class Q850(Checked):
    """The same as a Q.850 cause."""

    _tag: ClassVar[str | None] = "q850"
    _newtype: ClassVar[bool] = True

    cause: U8


Redirecting = Cdiv | Diversion | Isup | Sip | Q850
"""Why a call was redirected, in the words of whoever brought it."""


@dataclass(frozen=True, slots=True)
class Redirection(Checked):
    """One redirection of a call on its way to us: why, and from whom."""

    reason: Redirecting
    from_: PhoneNumber | None = None
    """Who was called and forwarded the call; none when it is withheld."""
    is_restricted: bool = False
    """The network asks that this number be shown to nobody. It still tells whose call it was."""


@dataclass(frozen=True, slots=True)
class Evidence(Checked):
    """What was reported about the end of a call. Everything is optional: carriers say much, little or nothing.

    Nothing in it is interpreted; `diagnose` does that.

    >>> Evidence(sip_status=486).sip_status
    486
    """

    sip_status: U16 | None = None
    """The final SIP status, 100 to 699."""
    q850_cause: U8 | None = None
    """The Q.850 cause of a trunk or a switch, 0 to 127; 0 means unknown, not success. Without a location, the same cause as the
    switch's is taken for the switch's own translation."""
    q850_location: Location | None = None
    """Who gave that cause."""
    reasons: tuple[ReasonHeader, ...] = ()
    """The Reason headers, in any order."""
    asterisk: AsteriskRelease | None = None
    """What Asterisk said."""
    freeswitch: str | None = None
    """FreeSWITCH's name of the cause, such as `"SUBSCRIBER_ABSENT"`."""
    vendor: VendorCode | None = None
    """A code of a carrier's or an agency's interface."""
    redirections: tuple[Redirection, ...] = ()
    """Through whom the call came to us, the first redirection first."""
    announcements: tuple[Announcement, ...] = ()
    """What an announcement said; several when its words leave it open."""
    timer: OwnTimer | None = None
    """Our own time ran out, and we cancelled."""


class FailureReason(StrEnum):
    """Why a call to somebody failed. The first four are those of seed 003, under which a message may be left."""

    BUSY = "busy"
    """遇忙占线."""
    POWERED_OFF = "powered_off"
    """关机."""
    OUT_OF_SERVICE_AREA = "out_of_service_area"
    """不在服务区, 暂时无法接通."""
    SUSPENDED = "suspended"
    """欠费停机."""
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    CALLER_GAVE_UP = "caller_gave_up"
    NETWORK_FAULT = "network_fault"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a diagnosis is."""

    LOW = "low"
    """It cannot be told from what was said."""
    MEDIUM = "medium"
    """Likely, but others share the sign."""
    HIGH = "high"
    """The sign means this."""


class Basis(StrEnum):
    """What a diagnosis rests on, the most telling first."""

    VENDOR = "vendor"
    ANNOUNCEMENT = "announcement"
    REDIRECTION = "redirection"
    Q850 = "q850"
    SIP = "sip"
    TIMER = "timer"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Diagnosis(Record):
    """Why somebody could not be reached."""

    reason: FailureReason
    """The likeliest reason."""
    confidence: Confidence
    could_be: tuple[FailureReason, ...]
    """What it could be besides."""
    basis: Basis


def diagnose(evidence: Evidence) -> Diagnosis:
    """The diagnosis of a failed call.

    >>> diagnose(Evidence(sip_status=480, announcements=classify_announcement("您拨打的用户已停机"))).reason
    <FailureReason.SUSPENDED: 'suspended'>
    """
    if not isinstance(evidence, Evidence):
        raise TypeError(f"evidence: expected an Evidence, got {type(evidence).__name__}")
    found: Diagnosis = decode(Diagnosis, json.loads(_ringfence.diagnose(evidence.to_json())))
    return found


def read_reason(header: str) -> tuple[ReasonHeader, ...]:
    """Reads the value of a Reason header. Raises `ValueError` with the place of what cannot be read.

    >>> [(one.protocol, one.cause) for one in read_reason("SIP;cause=480, Q.850;cause=20")]
    [('SIP', 480), ('Q.850', 20)]
    """
    return tuple(decode(ReasonHeader, one) for one in json.loads(_ringfence.read_reason(header)))


def read_reasons(headers: Iterable[str]) -> tuple[tuple[ReasonHeader, ...], tuple[str, ...]]:
    """Reads all the Reason headers of a message and keeps what can be read; what cannot is told, with its place.

    >>> reasons, wrong = read_reasons(["SIP;cause=480", 'Q.850;cause=20;text="Subscriber abs'])
    >>> [one.cause for one in reasons], wrong
    ([480, 20], ('header 2: at character 21: a quoted text has no end',))
    """
    read, wrong = _ringfence.read_reasons(list(headers))
    return tuple(decode(ReasonHeader, one) for one in json.loads(read)), tuple(wrong)


def read_diversion(header: str) -> tuple[Redirection, ...]:
    """Reads the value of a Diversion header; the first redirection comes first. Raises `ValueError` with the place of what cannot be read.

    >>> read_diversion("<sip:+8613800000001@ims.example>;reason=user-busy")
    (Redirection(reason=Diversion(reason=<DiversionReason.USER_BUSY: 'user-busy'>), from_=PhoneNumber(+8613*********), is_restricted=False),)
    """
    return tuple(decode(Redirection, one) for one in json.loads(_ringfence.read_diversion(header)))


def read_history_info(header: str) -> tuple[Redirection, ...]:
    """Reads the value of a History-Info header (RFC 7044, RFC 4458). Raises `ValueError` with the place of what cannot be read.

    >>> read_history_info("<sip:+8613800000001@a.example>;index=1,<sip:vm@a.example;cause=486>;index=1.1")[0].reason
    Cdiv(cause=486)
    """
    return tuple(decode(Redirection, one) for one in json.loads(_ringfence.read_history_info(header)))


def read_redirections(history_info: Iterable[str] = (), diversion: Iterable[str] = ()) -> tuple[Redirection, ...]:
    """What the History-Info and the Diversion headers of one message say together, each kind in the order of the message. Raises `ValueError` with the place of
    what cannot be read.

    >>> read = read_redirections(diversion=["<tel:+8613800000002>;reason=user-busy", "<tel:+8613800000001>;reason=no-answer"])
    >>> [one.reason.reason.value for one in read]
    ['no-answer', 'user-busy']
    """
    read = _ringfence.read_redirections(list(history_info), list(diversion))
    return tuple(decode(Redirection, one) for one in json.loads(read))


def read_isdn_redirecting(element: bytes, *, country: int) -> Redirection:
    """Reads the redirecting number of an ISDN SETUP, as an E1 trunk brings it. `country` is the country code that national numbers leave out: 86 for China. Raises
    `ValueError` with the octet that cannot be read.

    >>> read = read_isdn_redirecting(b"\\x21\\x20\\x81" + b"13800000001", country=86)
    >>> read.reason, read.is_restricted
    (Isup(reason=1), True)
    """
    read: Redirection = decode(Redirection, json.loads(_ringfence.read_isdn_redirecting(element, country)))
    return read


def read_isup_redirections(
    *, original_called: bytes | None = None, redirecting: bytes | None = None, information: bytes | None = None, country: int
) -> tuple[Redirection, ...]:
    """Reads the redirections of an ISUP initial address message: its parameters original called number, redirecting number and redirection information, each
    without name and length. Raises `ValueError` with the octet that cannot be read.

    >>> number = bytes.fromhex("8310310800000001")
    >>> read_isup_redirections(redirecting=number, information=b"\\x03\\x61", country=86)[0].reason
    Isup(reason=6)
    """
    read = _ringfence.read_isup_redirections(original_called, redirecting, information, country)
    return tuple(decode(Redirection, one) for one in json.loads(read))


def classify_announcement(transcript: str) -> tuple[Announcement, ...]:
    """What an announcement says, from its transcript in Chinese or English; empty when nothing is recognized.

    >>> classify_announcement("您拨打的用户暂时无法接通或已关机")
    (<Announcement.POWERED_OFF: 'powered_off'>, <Announcement.CANNOT_BE_REACHED: 'cannot_be_reached'>)
    """
    return tuple(Announcement(one) for one in json.loads(_ringfence.classify_announcement(transcript)))
