"""What the host must do: one class for each effect, made for `match`.

`Dial`, `Answer`, `Play` and `RecordVoice` are done at most once and carry `not_after`: a host that has reached that instant, or does not know whether it
already did it, does not do it and reports `Platform.effect_failed`. All others may be done again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone, tzinfo
from enum import StrEnum
from typing import ClassVar

from . import _ringfence
from ._codec import Record, decode, dumps, encode
from ._values import (
    Address,
    Bearer,
    BookingEvidence,
    CallMode,
    DayRule,
    DenyReason,
    Everything,
    ForGroup,
    ForNumber,
    ForReservation,
    Hours,
    MissedForMerchant,
    MissedReason,
    PageAction,
    OneMerchant,
    Party,
    PhoneNumber,
    Prompt,
    ReleaseCause,
    SharedMedia,
    ReservationAction,
    ReservationState,
    Window,
    Zone,
    text_of,
)
from ._voice import (
    AbandonedReason,
    NoOffer,
    NotOffered,
    Offered,
    Ruling,
    SenderTold,
    UndeliverableReason,
    VoiceAbandoned,
    VoiceDelivered,
    VoiceExpired,
    VoiceHeard,
    VoiceMessageOutcome,
    VoiceUndeliverable,
)
from .evidence import Confidence, FailureReason

__all__ = [
    "AbandonedReason",
    "AcknowledgedRecord",
    "CallBackRequested",
    "CallBackRequestedForMerchant",
    "FailedCall",
    "NoOffer",
    "NotOffered",
    "Offered",
    "PushMisconfigured",
    "RecordVoice",
    "Ruling",
    "SenderTold",
    "Transcribe",
    "UndeliverableReason",
    "VoiceAbandoned",
    "VoiceDelivered",
    "VoiceExpired",
    "VoiceHeard",
    "VoiceMessage",
    "VoiceMessageArchive",
    "VoiceMessageDelivered",
    "VoiceMessageEnded",
    "VoiceMessageOutcome",
    "VoiceMessageUndelivered",
    "VoiceMessageUndeliveredForMerchant",
    "VoiceUndeliverable",
    "Amended",
    "AmendedRecord",
    "Answer",
    "Archive",
    "Audit",
    "AuditRecord",
    "BookedRecord",
    "BookingPage",
    "BookingResult",
    "CallReason",
    "Cancelled",
    "CancelledForMerchant",
    "Challenge",
    "Challenged",
    "CodeJudged",
    "Completed",
    "ContactNotConfirmed",
    "ContactUnconfirmed",
    "Content",
    "DeclinedNotice",
    "ManagePage",
    "Reminder",
    "BindingAsked",
    "BindingChallenge",
    "BindingChange",
    "BindingChanged",
    "BindingEnd",
    "BindingEnded",
    "BindingJudged",
    "Undelivered",
    "ShownTerms",
    "DeclinedRecord",
    "Denied",
    "Dial",
    "DialWithdrawn",
    "DoNotCallChanged",
    "Effect",
    "Erase",
    "ErasedRecord",
    "Frozen",
    "Grouped",
    "HangUp",
    "Join",
    "Judged",
    "KeyRotated",
    "LegLost",
    "Missed",
    "MissedNotice",
    "MissedNoticeForMerchant",
    "ModeOptions",
    "NeverConfirmed",
    "NumberLeased",
    "NumbersLow",
    "OnHold",
    "Outcome",
    "Permitted",
    "Play",
    "PolicySet",
    "Rebased",
    "Reject",
    "RecordedScope",
    "RequestedTarget",
    "ReservationCancelled",
    "ReservationDeclined",
    "ReservationForgotten",
    "ReservationForMerchant",
    "Rule",
    "SearchEntry",
    "SearchResult",
    "SearchResults",
    "Send",
    "SlotOver",
    "Thawed",
    "OneMaskedNumber",
    "UnknownNumber",
    "UserDialled",
    "effect_from_json",
]


# What a message says.


class _Content(Record):
    __slots__ = ()

    def text(self, language: str = "zh-CN") -> str:
        """The message in words, in `"zh-CN"` or `"en"`. The first line is what it comes to, the others are the details."""
        return text_of("content", self, language)


@dataclass(frozen=True, slots=True)
class BookingPage(_Content):
    """To a user: a booking page (预约界面)."""

    _tag: ClassVar[str | None] = "booking_page"
    page: int
    version: int
    merchant: int
    merchant_name: str
    offerings: Mapping[int, str]
    windows: tuple[Window, ...]
    hours: tuple[Hours, ...]
    zone: Zone
    description: str | None
    descriptions: Mapping[int, str]
    days: Mapping[date, DayRule]
    group_size_max: int | None
    """How many users may share one call, if the page offers it."""
    actions: tuple[PageAction, ...]


@dataclass(frozen=True, slots=True)
class BookingResult(_Content):
    """To a user: the result of a booking, 信息已受理，请注意18点-20点间接听95511来电."""

    _tag: ClassVar[str | None] = "result"
    reservation: int
    revision: int
    merchant_name: str
    line: PhoneNumber
    contact: str | None
    address: str | None
    offering_name: str
    window: Window
    zone: Zone
    is_shared: bool
    """Whether others may be on the call, as the user agreed."""
    actions: tuple[ReservationAction, ...]
    """The buttons under it. None when they come on a manage page of their own."""


@dataclass(frozen=True, slots=True)
class ShownTerms(Record):
    """What a revision of a reservation says, as its user is shown it."""

    revision: int
    offering_name: str
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class ManagePage(_Content):
    """To a user: how his reservation stands, and what he may do with it. `waiting` will hold when the conversation is over."""

    _tag: ClassVar[str | None] = "manage_page"
    reservation: int
    merchant_name: str
    line: PhoneNumber
    contact: str | None
    address: str | None
    state: ReservationState
    outcome: Outcome | None
    terms: ShownTerms
    waiting: ShownTerms | None
    actions: tuple[ReservationAction, ...]


@dataclass(frozen=True, slots=True)
class Reminder(_Content):
    """To a user: the window begins soon. It says what the result said, with the buttons of now."""

    _tag: ClassVar[str | None] = "reminder"
    reservation: int
    revision: int
    merchant_name: str
    line: PhoneNumber
    contact: str | None
    address: str | None
    offering_name: str
    window: Window
    zone: Zone
    is_shared: bool
    """Whether others may be on the call, as the user agreed."""
    actions: tuple[ReservationAction, ...]


@dataclass(frozen=True, slots=True)
class ContactUnconfirmed(_Content):
    """To a user: the booking stands, but nothing rings before the holder of the contact number agrees."""

    _tag: ClassVar[str | None] = "contact_unconfirmed"
    reservation: int
    merchant_name: str
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class ReservationForMerchant(_Content):
    """To a merchant: a reservation. The user's number has its tail hidden; digits in his name are masked. `virtual_number` is what the merchant
    dials, inside the window."""

    _tag: ClassVar[str | None] = "reservation"
    reservation: int
    revision: int
    page: int
    offering: int
    offering_name: str
    number: str
    virtual_number: PhoneNumber | None
    name: str | None
    line: PhoneNumber
    window: Window
    zone: Zone
    group: int | None
    """The group that the user may share a call with, when he agreed to it: what the merchant calls all of them by."""
    media: tuple[SharedMedia, ...]
    """What the user attached and chose to share."""


@dataclass(frozen=True, slots=True)
class ModeOptions(_Content):
    """To a merchant: the two call modes to choose from, and what holds when he is silent."""

    _tag: ClassVar[str | None] = "mode_options"
    reservation: int
    options: tuple[CallMode, ...]
    on_silence: CallMode


@dataclass(frozen=True, slots=True)
class Cancelled(_Content):
    """To a user: the reservation was cancelled."""

    _tag: ClassVar[str | None] = "cancelled"
    reservation: int
    merchant_name: str
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class MissedNotice(_Content):
    """To a user: the window is over and there was no conversation."""

    _tag: ClassVar[str | None] = "missed"
    reservation: int
    merchant_name: str
    why: MissedReason
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class CancelledForMerchant(_Content):
    """To a merchant: the user took the reservation back."""

    _tag: ClassVar[str | None] = "cancelled_for_merchant"
    reservation: int
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class MissedNoticeForMerchant(_Content):
    """To a merchant: the window is over and there was no conversation. Whether the user was on another call is not his to know."""

    _tag: ClassVar[str | None] = "missed_for_merchant"
    reservation: int
    why: MissedForMerchant
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class Challenge(_Content):
    """To a contact number: somebody booked for it, and its holder is asked. Ask `platform.code(challenge)` for the code when you send it."""

    _tag: ClassVar[str | None] = "challenge"
    challenge: int
    reservation: int
    merchant_name: str
    window: Window
    zone: Zone
    until: datetime
    is_shared: bool
    """Whether others may be on the call."""

    def text_with(self, code: str, language: str = "zh-CN") -> str:
        """The message in words with its code, as it is sent."""
        return _ringfence.text("challenge", dumps([encode(self)["challenge"], code]), language)


@dataclass(frozen=True, slots=True)
class ContactNotConfirmed(_Content):
    """To a user: the reservation is closed, since too many wrong codes were given for it."""

    _tag: ClassVar[str | None] = "contact_not_confirmed"
    reservation: int
    merchant_name: str
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class SearchEntry(_Content):
    """To a user: where to type a keyword (搜索入口)."""

    _tag: ClassVar[str | None] = "search_entry"
    _is_object: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class SearchResult(Record):
    """One page that was found, with the offerings in which a word of the keyword stands. The user asks for it with `request_page`."""

    page: int
    merchant: int
    merchant_name: str
    description: str | None
    offerings: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class SearchResults(_Content):
    """To a user: what was found for a keyword, the best first, and whether there was more."""

    _tag: ClassVar[str | None] = "search_results"
    keyword: str
    results: tuple[SearchResult, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Amended(_Content):
    """To a merchant: a reservation that he knows was changed. All of it, as it stands now."""

    _tag: ClassVar[str | None] = "amended"
    reservation: int
    revision: int
    page: int
    offering: int
    offering_name: str
    number: str
    virtual_number: PhoneNumber | None
    name: str | None
    line: PhoneNumber
    window: Window
    zone: Zone
    group: int | None
    """The group that the user may share a call with, when he agreed to it: what the merchant calls all of them by."""
    media: tuple[SharedMedia, ...]


@dataclass(frozen=True, slots=True)
class OnHold(_Content):
    """To a merchant: a reservation that he knows was changed so that its holder must agree anew. Until then nothing rings."""

    _tag: ClassVar[str | None] = "on_hold"
    reservation: int
    revision: int
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class DeclinedNotice(_Content):
    """To a user: the merchant will not call."""

    _tag: ClassVar[str | None] = "declined"
    reservation: int
    merchant_name: str
    reason: str | None
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class SlotOver(_Content):
    """To a merchant: his slot is over without a conversation. The platform calls again once he chooses another, or says that he is ready."""

    _tag: ClassVar[str | None] = "slot_over"
    reservation: int
    slot: Window
    why: MissedForMerchant
    window: Window
    zone: Zone


@dataclass(frozen=True, slots=True)
class BindingChallenge(_Content):
    """To a phone number: an account wants it bound, and its holder is asked. Ask `platform.code(challenge)` for the code when you send it."""

    _tag: ClassVar[str | None] = "binding_challenge"
    challenge: int
    until: datetime

    def text_with(self, code: str, language: str = "zh-CN") -> str:
        """The message in words, with its code."""
        return _ringfence.text("binding_challenge", dumps([encode(self)["binding_challenge"], code]), language)


class BindingChange(StrEnum):
    """What becomes of a number that an account has, or asked for."""

    BOUND = "bound"
    """It is bound: messages that callers leave for it come to this account."""
    NOT_CONFIRMED = "not_confirmed"
    """It is not: too many wrong codes were given."""
    TAKEN_OVER = "taken_over"
    """Another account proved that it has the number now."""
    FORGOTTEN = "forgotten"
    """The number's holder wanted to be forgotten."""


@dataclass(frozen=True, slots=True)
class BindingChanged(_Content):
    """To an account: what became of a number of its own, or one that it asked for."""

    _tag: ClassVar[str | None] = "binding_changed"
    number: PhoneNumber
    change: BindingChange


@dataclass(frozen=True, slots=True)
class VoiceMessage(_Content):
    """To an account, or to the phone that it was left for: somebody left a voice message (语音微信)."""

    _tag: ClassVar[str | None] = "voice_message"
    voice_message: int
    """The message: what the link opens."""
    number: PhoneNumber
    """The number that was called: the receiver's own."""
    caller: PhoneNumber | None
    """Who called; `None` when he withheld it, or wanted to be forgotten."""
    merchant_name: str | None
    """The merchant's name, when the caller was a merchant's line."""
    at: datetime
    """When he called."""
    seconds: int
    text_: str | None
    """What it says, if it was made into text."""
    is_cut: bool
    """Whether there is more text than that."""


@dataclass(frozen=True, slots=True)
class VoiceMessageUndelivered(_Content):
    """To a caller: the voice message that he left did not arrive. The number that he called has its tail hidden. Its `reservation` is always none: merchants alone are told of it."""

    _tag: ClassVar[str | None] = "voice_message_undelivered"
    voice_message: int
    number: str
    at: datetime
    reservation: int | None


@dataclass(frozen=True, slots=True)
class CallBackRequested(_Content):
    """To a caller: whoever listened to his voice message asks to be called back. Its `reservation` is always none: merchants alone are told of it."""

    _tag: ClassVar[str | None] = "call_back_requested"
    voice_message: int
    number: str
    at: datetime
    reservation: int | None


@dataclass(frozen=True, slots=True)
class VoiceMessageUndeliveredForMerchant(_Content):
    """To a merchant: the voice message that his line left did not arrive. `reservation` is the one whose call he left it in; none outside any."""

    _tag: ClassVar[str | None] = "voice_message_undelivered_for_merchant"
    voice_message: int
    number: str
    at: datetime
    reservation: int | None


@dataclass(frozen=True, slots=True)
class CallBackRequestedForMerchant(_Content):
    """To a merchant: whoever listened to the voice message that his line left asks to be called back. It is no permission to ring. `reservation` is the one whose call he left it in; none outside any."""

    _tag: ClassVar[str | None] = "call_back_requested_for_merchant"
    voice_message: int
    number: str
    at: datetime
    reservation: int | None


Content = (
    BookingPage
    | BookingResult
    | ContactUnconfirmed
    | ReservationForMerchant
    | ModeOptions
    | Cancelled
    | MissedNotice
    | CancelledForMerchant
    | MissedNoticeForMerchant
    | Challenge
    | ContactNotConfirmed
    | SearchEntry
    | SearchResults
    | Amended
    | OnHold
    | DeclinedNotice
    | SlotOver
    | ManagePage
    | Reminder
    | BindingChallenge
    | BindingChanged
    | VoiceMessage
    | VoiceMessageUndelivered
    | CallBackRequested
    | VoiceMessageUndeliveredForMerchant
    | CallBackRequestedForMerchant
)
"""What a message says."""


# How a reservation ended.


class _Outcome(Record):
    __slots__ = ()

    def text(self, language: str = "zh-CN") -> str:
        """It in words."""
        return text_of("outcome", self, language)


@dataclass(frozen=True, slots=True)
class Completed(_Outcome):
    """There was a conversation."""

    _tag: ClassVar[str | None] = "completed"


@dataclass(frozen=True, slots=True)
class Missed(_Outcome):
    """There was none."""

    _tag: ClassVar[str | None] = "missed"
    _newtype: ClassVar[bool] = True
    why: MissedReason


@dataclass(frozen=True, slots=True)
class ReservationCancelled(_Outcome):
    """The user took it back."""

    _tag: ClassVar[str | None] = "cancelled"


@dataclass(frozen=True, slots=True)
class NeverConfirmed(_Outcome):
    """The holder of the contact number never agreed."""

    _tag: ClassVar[str | None] = "unverified"


@dataclass(frozen=True, slots=True)
class ReservationDeclined(_Outcome):
    """The merchant would not call."""

    _tag: ClassVar[str | None] = "declined"


@dataclass(frozen=True, slots=True)
class ReservationForgotten(_Outcome):
    """The user, or the holder of the phone, wanted to be forgotten."""

    _tag: ClassVar[str | None] = "forgotten"


Outcome = Completed | Missed | ReservationCancelled | NeverConfirmed | ReservationDeclined | ReservationForgotten
"""How a reservation ended."""


# What an audit record says.


@dataclass(frozen=True, slots=True)
class Permitted(Record):
    """The rule that permits a call: the window that the user booked, and the mode in force."""

    _tag: ClassVar[str | None] = "permitted"
    window: Window
    mode: CallMode


@dataclass(frozen=True, slots=True)
class Denied(Record):
    """The rule that said no."""

    _tag: ClassVar[str | None] = "denied"
    _newtype: ClassVar[bool] = True
    reason: DenyReason


Rule = Permitted | Denied
"""The rule that a decision rests on."""


@dataclass(frozen=True, slots=True)
class UnknownNumber(Record):
    """A merchant called a number that is no virtual one. It stands in no record: it may be somebody's own."""

    _tag: ClassVar[str | None] = "unknown_number"


RequestedTarget = ForReservation | ForNumber | UnknownNumber | ForGroup
"""What a merchant's call asked for, as a record names it."""


@dataclass(frozen=True, slots=True)
class Judged(Record):
    """The gate judged a merchant's request. `reservation` and `revision` are absent when none is known to that line under this target."""

    _tag: ClassVar[str | None] = "judged"
    leg: int
    target: RequestedTarget
    reservation: int | None
    revision: int | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class UserDialled(Record):
    """A user's phone was dialled."""

    _tag: ClassVar[str | None] = "user_dialled"
    leg: int
    call: int
    reservation: int
    revision: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class DialWithdrawn(Record):
    """The `Dial` of a user was taken back before anything showed that it was carried out. His phone rang only if the host had begun it already."""

    _tag: ClassVar[str | None] = "dial_withdrawn"
    leg: int
    call: int


@dataclass(frozen=True, slots=True)
class Grouped(Record):
    """Several users share a call: who they are is fixed with it. The reservations are in the order of their places."""

    _tag: ClassVar[str | None] = "grouped"
    call: int
    group: int
    reservations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LegLost(Record):
    """A leg was counted as gone without a report."""

    _tag: ClassVar[str | None] = "leg_lost"
    leg: int
    call: int


@dataclass(frozen=True, slots=True)
class BookedRecord(Record):
    """A booking was taken: the permission on which every call of the reservation rests."""

    _tag: ClassVar[str | None] = "booked"
    reservation: int
    revision: int
    merchant: int
    window: Window
    evidence: BookingEvidence | None


@dataclass(frozen=True, slots=True)
class PolicySet(Record):
    """The rules were set anew. `policy` is the SHA-256 digest of them; the log has them in full."""

    _tag: ClassVar[str | None] = "policy_set"
    policy: str


@dataclass(frozen=True, slots=True)
class NumbersLow(Record):
    """Few virtual numbers are left for new users of a merchant: import more. Once each time the number left falls below `numbers_low`."""

    _tag: ClassVar[str | None] = "numbers_low"
    merchant: int
    left: int


@dataclass(frozen=True, slots=True)
class NumberLeased(Record):
    """A reservation that is accepted got its virtual number; `number` is absent when the pool was empty, so that only the platform calls."""

    _tag: ClassVar[str | None] = "number_leased"
    reservation: int
    number: PhoneNumber | None


@dataclass(frozen=True, slots=True)
class Challenged(Record):
    """The holder of a contact number is asked for his agreement, by a code under the key with the id `key`."""

    _tag: ClassVar[str | None] = "challenged"
    challenge: int
    reservation: int
    revision: int
    key: str


@dataclass(frozen=True, slots=True)
class CodeJudged(Record):
    """A code was given and judged: the agreement on which every call to this number rests, or the lack of it."""

    _tag: ClassVar[str | None] = "code_judged"
    challenge: int
    reservation: int
    revision: int
    is_right: bool


@dataclass(frozen=True, slots=True)
class KeyRotated(Record):
    """Codes are made under another key from now on."""

    _tag: ClassVar[str | None] = "key_rotated"
    id: str


@dataclass(frozen=True, slots=True)
class AmendedRecord(Record):
    """A reservation was changed: from here on every call of it rests on this revision."""

    _tag: ClassVar[str | None] = "amended"
    reservation: int
    revision: int
    window: Window
    is_agreed: bool
    evidence: BookingEvidence | None


@dataclass(frozen=True, slots=True)
class Rebased(Record):
    """The phones of a call ring on under a new revision, which permits all that the host was told of them."""

    _tag: ClassVar[str | None] = "rebased"
    call: int
    reservation: int
    revision: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class AcknowledgedRecord(Record):
    """The user confirmed the result of his booking."""

    _tag: ClassVar[str | None] = "acknowledged"
    reservation: int
    revision: int


@dataclass(frozen=True, slots=True)
class DeclinedRecord(Record):
    """The merchant will not call."""

    _tag: ClassVar[str | None] = "declined"
    reservation: int
    revision: int


@dataclass(frozen=True, slots=True)
class OneMaskedNumber(Record):
    """The calls to one user's number, which stands here without its tail."""

    _tag: ClassVar[str | None] = "number"
    _newtype: ClassVar[bool] = True
    number: str


RecordedScope = Everything | OneMerchant | OneMaskedNumber
"""The scope of a freeze as a record names it."""


@dataclass(frozen=True, slots=True)
class Frozen(Record):
    """New ringing is stopped in a scope: by whom and why."""

    _tag: ClassVar[str | None] = "frozen"
    scope: RecordedScope
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Thawed(Record):
    """A scope may ring again: by whom and why."""

    _tag: ClassVar[str | None] = "thawed"
    scope: RecordedScope
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class DoNotCallChanged(Record):
    """The list of numbers that are never rung was changed: how many came and left, and how many are on it now. No record has the numbers."""

    _tag: ClassVar[str | None] = "do_not_call_changed"
    added: int
    removed: int
    listed: int


@dataclass(frozen=True, slots=True)
class ErasedRecord(Record):
    """A user was forgotten: what was erased of him, by ids. Who he was is not said."""

    _tag: ClassVar[str | None] = "erased"
    reservations: tuple[int, ...]
    media: tuple[int, ...]
    profile: bool
    """Whether he had a profile."""
    messages: int
    """How many messages to him are not sent again any more if they fail."""


@dataclass(frozen=True, slots=True)
class Undelivered(Record):
    """A message failed and is not sent again: no other way was left, or nobody needed it any more. `message` is the effect that sent it last."""

    _tag: ClassVar[str | None] = "undelivered"
    message: int
    reservation: int | None
    code: str


@dataclass(frozen=True, slots=True)
class BindingAsked(Record):
    """The holder of a number is asked whether it shall be bound; the code is made under this key."""

    _tag: ClassVar[str | None] = "binding_asked"
    challenge: int
    binding: int
    key: str


@dataclass(frozen=True, slots=True)
class BindingJudged(Record):
    """A code for a binding was given and judged."""

    _tag: ClassVar[str | None] = "binding_judged"
    challenge: int
    binding: int
    is_right: bool


class BindingEnd(StrEnum):
    """Why a number is an account's no more."""

    UNBOUND = "unbound"
    """The account gave it back."""
    TAKEN_OVER = "taken_over"
    """Another account proved that it has the number."""
    UNFOLLOWED = "unfollowed"
    """The account had not followed for too long."""
    FORGOTTEN = "forgotten"
    """The number's holder wanted to be forgotten."""


@dataclass(frozen=True, slots=True)
class BindingEnded(Record):
    """A number is an account's no more."""

    _tag: ClassVar[str | None] = "binding_ended"
    binding: int
    why: BindingEnd


@dataclass(frozen=True, slots=True)
class FailedCall(Record):
    """A call reached nobody, and whether its caller was offered the recorder. `call` is the one that `leg` is the merchant's of; none outside any reservation."""

    _tag: ClassVar[str | None] = "failed_call"
    leg: int
    call: int | None
    reason: FailureReason
    confidence: Confidence
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class VoiceMessageDelivered(Record):
    """A voice message reached its account."""

    _tag: ClassVar[str | None] = "voice_message_delivered"
    voice_message: int


@dataclass(frozen=True, slots=True)
class VoiceMessageEnded(Record):
    """A voice message ended without reaching its account."""

    _tag: ClassVar[str | None] = "voice_message_ended"
    voice_message: int
    outcome: VoiceMessageOutcome


@dataclass(frozen=True, slots=True)
class PushMisconfigured(Record):
    """The account's network says that the operator must mend something before any message goes this way."""

    _tag: ClassVar[str | None] = "push_misconfigured"
    voice_message: int
    code: str


AuditRecord = (
    Judged
    | UserDialled
    | LegLost
    | BookedRecord
    | PolicySet
    | NumbersLow
    | NumberLeased
    | Challenged
    | CodeJudged
    | KeyRotated
    | DialWithdrawn
    | AmendedRecord
    | Rebased
    | AcknowledgedRecord
    | DeclinedRecord
    | Frozen
    | Thawed
    | DoNotCallChanged
    | ErasedRecord
    | Grouped
    | Undelivered
    | BindingAsked
    | BindingJudged
    | BindingEnded
    | FailedCall
    | VoiceMessageDelivered
    | VoiceMessageEnded
    | PushMisconfigured
)
"""What was decided."""


# The effects.


@dataclass(frozen=True, slots=True)
class CallReason(Record):
    """Why a phone rings, to be shown where the network can (RFC 9796 `call-reason`)."""

    reservation: int
    merchant_name: str
    offering_name: str
    window: Window
    zone: Zone

    def text(self, language: str = "zh-CN") -> str:
        """It on one line: `商户1 车险 预约18点-20点`."""
        return text_of("call_reason", self, language)


class _Effect(Record):
    __slots__ = ()
    _has_sequence: ClassVar[bool] = True
    at_most_once: ClassVar[bool] = False
    """Whether it is done at most once."""


@dataclass(frozen=True, slots=True)
class Dial(_Effect):
    """Ring a phone. At most once. A user's real number stands only here and in messages to himself."""

    _tag: ClassVar[str | None] = "dial"
    at_most_once: ClassVar[bool] = True
    sequence: int
    leg: int
    call: int
    party: Party
    to: PhoneNumber
    from_: PhoneNumber
    ring_timeout_ms: int
    ring_until: datetime
    not_after: datetime
    reason: CallReason
    bearer: Bearer
    """What carries the voice, if the host has the choice."""


@dataclass(frozen=True, slots=True)
class Answer(_Effect):
    """Answer an inbound leg. At most once. Report `leg_answered` when it is done."""

    _tag: ClassVar[str | None] = "answer"
    at_most_once: ClassVar[bool] = True
    sequence: int
    leg: int
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Reject(_Effect):
    """Refuse an inbound leg that was not answered. The leg is gone with it, and needs no report."""

    _tag: ClassVar[str | None] = "reject"
    sequence: int
    leg: int
    cause: ReleaseCause
    sip_status: int
    q850_cause: int


@dataclass(frozen=True, slots=True)
class Play(_Effect):
    """Play a prompt to a leg. At most once. Report `play_finished` when it is done."""

    _tag: ClassVar[str | None] = "play"
    at_most_once: ClassVar[bool] = True
    sequence: int
    leg: int
    prompt: Prompt
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Join(_Effect):
    """Put a leg on the bridge of its call. Ends any prompt on it."""

    _tag: ClassVar[str | None] = "join"
    sequence: int
    bridge: int
    leg: int


@dataclass(frozen=True, slots=True)
class HangUp(_Effect):
    """End a leg, whatever state it is in, also when an answer crosses this. Report `leg_ended`.

    `prompt` is what to play first to a leg that is answered; a leg that is not is ended at once.
    """

    _tag: ClassVar[str | None] = "hang_up"
    sequence: int
    leg: int
    cause: ReleaseCause
    q850_cause: int
    prompt: Prompt | None


@dataclass(frozen=True, slots=True)
class Send(_Effect):
    """Send a message. One that is sent twice carries the same `message` id."""

    _tag: ClassVar[str | None] = "send"
    sequence: int
    message: int
    to: Address
    content: Content


@dataclass(frozen=True, slots=True)
class Audit(_Effect):
    """Keep a record of a decision, by ids only.

    `number` counts from 1, and `digest` is over everything up to this record: a `Chain` shows one that was removed or changed.
    """

    _tag: ClassVar[str | None] = "audit"
    sequence: int
    number: int
    at: datetime
    record: AuditRecord
    digest: str


@dataclass(frozen=True, slots=True)
class Archive(_Effect):
    """A closed reservation leaves the platform; keep what the law asks for. No number, name or text of the user's stands in it."""

    _tag: ClassVar[str | None] = "archive"
    sequence: int
    reservation: int
    merchant: int
    revision: int
    outcome: Outcome
    closed_at: datetime
    evidence: BookingEvidence | None
    page: int
    offering: int
    window: Window
    zone: Zone
    mode: CallMode | None
    """Who was to call, if that was ever chosen, by whomever or by silence."""
    booked_at: datetime
    attempts: int
    merchant_failures: int
    platform_failures: int
    conversations: int


@dataclass(frozen=True, slots=True)
class Erase(_Effect):
    """Forget what is named, wherever you keep it: of these reservations everything that says who booked or for which phone, these media,
    and everything of these voice messages."""

    _tag: ClassVar[str | None] = "erase"
    sequence: int
    reservations: tuple[int, ...]
    media: tuple[int, ...]
    voice_messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordVoice(_Effect):
    """Record what a caller says. At most once. Play why nobody was reached, that you record, and the prompt; then record, until he hangs up, is silent, or has had
    his time. Report `recorded` or `record_failed`."""

    _tag: ClassVar[str | None] = "record"
    at_most_once: ClassVar[bool] = True
    sequence: int
    leg: int
    voice_message: int
    reason: FailureReason
    """Why nobody was reached, to be said first."""
    seconds_max: int
    silence_s: int
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Transcribe(_Effect):
    """Make text of a recording. Report `transcribed`."""

    _tag: ClassVar[str | None] = "transcribe"
    sequence: int
    voice_message: int
    media: int


@dataclass(frozen=True, slots=True)
class VoiceMessageArchive(_Effect):
    """A voice message leaves the platform: what became of it, by ids. `reservation` is the one whose call it was left in; none outside any."""

    _tag: ClassVar[str | None] = "archive_voice_message"
    sequence: int
    voice_message: int
    binding: int
    outcome: VoiceMessageOutcome
    told: SenderTold
    at: datetime
    stored_at: datetime | None
    ended_at: datetime
    seconds: int
    attempts: int
    reservation: int | None


Effect = Dial | Answer | Reject | Play | Join | HangUp | Send | Audit | Archive | Erase | RecordVoice | Transcribe | VoiceMessageArchive
"""Any of them. Each carries its `sequence`: in order, from 1, fixed by the log."""


def effect_from_json(text: str, zone: tzinfo = timezone.utc) -> Effect:
    """The effect that stands in a journal, `{"sequence":5,"dial":{…}}`; its instants on the clock of `zone`.

    A `ValueError` says where the text is wrong.
    """
    return _from_core(_ringfence.canonical("effect", text), zone)


def _from_core(text: str, zone: tzinfo) -> Effect:
    body = json.loads(text)
    sequence = body.pop("sequence")
    ((tag, fields),) = body.items()
    found: Effect = decode(Effect, {tag: fields | {"sequence": sequence}}, zone)
    return found
