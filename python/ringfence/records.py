"""What the platform keeps: reservations, calls and legs, as they stand at the latest instant it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ._codec import Record
from ._values import (
    AccountId,
    Address,
    Attachment,
    BookingEvidence,
    CallMode,
    DenyReason,
    Hours,
    Line,
    Party,
    PhoneNumber,
    ReleaseCause,
    ReservationState,
    ResultBy,
    Window,
    Zone,
)
from .effects import Outcome, SenderTold, VoiceMessageOutcome
from .evidence import FailureReason
from .inputs import BlockTarget, Scope

__all__ = [
    "Binding",
    "BindingCode",
    "BindingExport",
    "BindingState",
    "Call",
    "CallState",
    "Caller",
    "Closed",
    "LawStatus",
    "Leg",
    "LegExport",
    "LegState",
    "LineStatus",
    "LiveChallenge",
    "Member",
    "Merchant",
    "MerchantPool",
    "MessageExport",
    "NumberStatus",
    "Origin",
    "Page",
    "PersonExport",
    "PoolStatus",
    "Profile",
    "ProfileExport",
    "Reservation",
    "ReservationExport",
    "Road",
    "SenderExport",
    "Terms",
    "TermsExport",
    "Under",
    "VirtualNumberExport",
    "VoiceMessage",
    "VoiceMessageExport",
    "VoiceMessageState",
]


class CallState(StrEnum):
    """The states of a call."""

    RINGING_MERCHANT = "ringing_merchant"
    """Platform mode: the merchant's leg is dialled and not answered."""
    GATHERING = "gathering"
    """The merchant is on the line, answered or waiting; users are dialled and not joined."""
    TALKING = "talking"
    """The merchant and at least one user are, or were, on the bridge."""
    RECORDING = "recording"
    """The user of a call of two was not reached, and its merchant leaves a message, or is asked to: nobody else is in it."""
    ENDED = "ended"
    """Over; its legs may still be releasing."""


class LegState(StrEnum):
    """The states of a leg."""

    DIALLED = "dialled"
    RINGING = "ringing"
    ANSWERED = "answered"
    JOINED = "joined"
    RELEASING = "releasing"
    CLEARING = "clearing"
    GONE = "gone"


class Origin(StrEnum):
    """Where a leg comes from."""

    DIALLED = "dialled"
    """The platform dialled it."""
    INBOUND = "inbound"
    """It came in; nobody was asked to answer it."""
    INBOUND_ASKED = "inbound_asked"
    """It came in, and the host was asked to answer it."""


@dataclass(frozen=True, slots=True)
class Closed(Record):
    """How and when a reservation closed."""

    outcome: Outcome
    at: datetime
    archive_at: datetime


@dataclass(frozen=True, slots=True)
class Terms(Record):
    """What a revision of a reservation says, while it waits for the end of a call."""

    revision: int
    window: Window
    zone: Zone
    contact: PhoneNumber
    offering: int
    offering_name: str
    name: str | None
    is_agreed: bool
    awaits_acknowledgement: bool
    group_size: int
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Reservation(Record):
    """A reservation. `mode` is the chosen one, if any was; `eligible_at` the instant from which it may be called, and its place in the queue."""

    id: int
    merchant: int
    page: int
    offering: int
    offering_name: str
    sender: Address
    contact: PhoneNumber
    name: str | None
    evidence: BookingEvidence | None
    line: PhoneNumber
    window: Window
    zone: Zone
    revision: int
    state: ReservationState
    mode: CallMode | None
    eligible_at: datetime
    attempts: int
    merchant_failures: int
    platform_failures: int
    conversations: int
    calls: tuple[int, ...]
    is_cancelled: bool
    held_until: datetime | None
    given_up: DenyReason | None
    is_window_judged: bool
    closed: Closed | None
    virtual_number: PhoneNumber | None
    """The virtual number under which its merchant calls, from its acceptance on."""
    is_platform_only: bool
    """The pool was empty when it was accepted: the platform calls, whatever was preset or chosen."""
    challenge: int | None
    """The code that is out for its contact number, while it is `unverified`."""
    group_size: int
    """How many users may share a call with him, himself among them; 1: he is called alone."""
    group: int | None
    """The group that he may share a call with, from his acceptance on."""
    is_announced: bool
    """Whether the merchant was told of it."""
    awaits_acknowledgement: bool
    is_declined: bool
    rest_until: datetime | None
    """The end of the spacing after its last call."""
    pending: Terms | None
    """The terms that were set while the user was talking; they hold when the call ends."""
    slot: Window | None
    """The part of its window in which the platform calls, if its merchant chose one."""
    spent_slot: Outcome | None
    """What its last slot came to, while it waits for another one."""
    attachments: tuple[Attachment, ...]
    """What the user attached."""
    booked_at: datetime
    is_remembered: bool
    """Whether it has to do with its sender's profile."""
    is_forgotten: bool
    """Its sender, or the holder of its phone, wanted to be forgotten: it leaves as soon as no call needs it."""
    is_changed_by_another: bool
    """Somebody else than its sender changed it."""
    result_by: ResultBy | None
    """How its results come, if its sender said so."""
    email: Address | None
    """Its sender's mailbox, if he named one."""
    remind_at: datetime | None
    """When its user is reminded, as the rules were when it was accepted or changed last."""
    is_reminded: bool
    """Its user was reminded of this window."""


@dataclass(frozen=True, slots=True)
class Member(Record):
    """A user's part in a call: his reservation, and how far it came."""

    reservation: int
    leg: int | None
    is_dialled: bool
    is_talked: bool
    is_out: bool
    """Whether his part is over, and counted."""


@dataclass(frozen=True, slots=True)
class Call(Record):
    """A call, from its beginning until its last leg is gone."""

    id: int
    line: PhoneNumber
    mode: CallMode
    state: CallState
    merchant_leg: int | None
    members: tuple[Member, ...]
    answer_by: datetime | None
    talk_until: datetime | None


@dataclass(frozen=True, slots=True)
class Leg(Record):
    """A leg, until it is gone. `until` is how long it may ring, and then, once it is releasing, how long it counts as alive."""

    id: int
    call: int
    party: Party
    reservation: int | None
    origin: Origin
    number: PhoneNumber
    state: LegState
    until: datetime
    cause: ReleaseCause | None


@dataclass(frozen=True, slots=True)
class LiveChallenge(Record):
    """A code that is out: what is known of it, which is not the code itself. `key` is the id of its key, `wrong` how many wrong ones came."""

    id: int
    reservation: int
    revision: int
    key: str
    digits: int
    until: datetime
    wrong: int


@dataclass(frozen=True, slots=True)
class ProfileExport(Record):
    """What is remembered of a person for his next booking."""

    name: str | None
    contact: PhoneNumber | None
    """The phone that shall ring, when it is another than his own."""
    email: Address | None
    until: datetime
    """From when on it is forgotten."""


@dataclass(frozen=True, slots=True)
class TermsExport(Record):
    """Terms of a reservation, as far as they are his: the phone if it is his or he named it, the name and the attachments if he sent them."""

    revision: int
    offering: int
    offering_name: str
    window: Window
    zone: Zone
    contact: PhoneNumber | None
    name: str | None
    group_size: int
    """How many users may share a call with him, himself among them; 1: he is called alone."""
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class SenderExport(Record):
    """What the sender of a reservation said of himself."""

    address: Address
    result_by: ResultBy | None
    email: Address | None
    evidence: BookingEvidence | None


@dataclass(frozen=True, slots=True)
class ReservationExport(Record):
    """A reservation, as far as it is his. What its sender said of himself stands in `sender`, for the sender alone."""

    reservation: int
    is_sender: bool
    """Whether he sent it."""
    is_contact: bool
    """Whether its phone is his."""
    merchant: int
    page: int
    line: PhoneNumber
    booked_at: datetime
    state: ReservationState
    mode: CallMode | None
    slot: Window | None
    outcome: Outcome | None
    terms: TermsExport
    """The terms that hold."""
    waiting: TermsExport | None
    """Those that wait for the end of a call."""
    sender: SenderExport | None
    virtual_number: PhoneNumber | None


@dataclass(frozen=True, slots=True)
class LegExport(Record):
    """A leg to his phone."""

    leg: int
    call: int
    reservation: int | None


@dataclass(frozen=True, slots=True)
class VirtualNumberExport(Record):
    """A virtual number that means him to a merchant. It rests until `rests_until`; none while a live reservation of his holds it."""

    merchant: int
    number: PhoneNumber
    rests_until: datetime | None


@dataclass(frozen=True, slots=True)
class MessageExport(Record):
    """A message to him."""

    message: int
    sequence: int
    """The sequence number of its effect."""
    reservation: int | None
    to: Address | None
    """Where it goes, if it waits for the host."""
    ways: tuple[Address, ...]
    """Where else it goes if it fails."""


@dataclass(frozen=True, slots=True)
class BindingExport(Record):
    """An account that has his number, or asked for it. Whose account it is may be another's matter."""

    binding: int
    holds: bool
    """Whether the number is the account's. Otherwise it was asked for, and its code is out."""
    until: datetime | None
    """When it ends by itself, if it does."""


@dataclass(frozen=True, slots=True)
class VoiceMessageExport(Record):
    """A voice message that was left for his number, or that he left."""

    voice_message: int
    is_callee: bool
    """Whether it was left for his number."""
    is_caller: bool
    """Whether he left it."""
    caller: PhoneNumber | None
    """The number that left it, when it is his own or the message was left for him."""
    at: datetime
    media: int | None
    seconds: int
    text: str | None


@dataclass(frozen=True, slots=True)
class PersonExport(Record):
    """Everything that the platform holds of one person. It names no other user."""

    user: Address
    """The address that was asked for: his number, or his mailbox."""
    at: datetime
    """The latest instant seen."""
    profile: ProfileExport | None
    in_profiles: int
    """In how many profiles of others his number is remembered, as a phone that shall ring."""
    reservations: tuple[ReservationExport, ...]
    legs: tuple[LegExport, ...]
    virtual_numbers: tuple[VirtualNumberExport, ...]
    messages: tuple[MessageExport, ...]
    codes: tuple[datetime, ...]
    """The codes that went to his number and count, by when they count no more."""
    wrong_codes: tuple[datetime, ...]
    rings: tuple[datetime, ...]
    blocks: tuple[BlockTarget, ...]
    """Whom he blocked."""
    is_listed: bool
    """Whether his number is on the do-not-call list."""
    is_frozen: bool
    line_of: int | None
    """The merchant who has his number as a line."""
    bindings: tuple[BindingExport, ...]
    voice_messages: tuple[VoiceMessageExport, ...]


class BindingState(StrEnum):
    """The states of a binding."""

    REQUESTED = "requested"
    """The number was sent a code, and the account has not brought it back."""
    BOUND = "bound"
    """The number is the account's."""
    SUSPENDED = "suspended"
    """The account does not follow any more, and may come back."""
    UNBOUND = "unbound"
    """Over. One that is over is not kept."""


@dataclass(frozen=True, slots=True)
class BindingCode(Record):
    """A code that went to a number: what is known of it, which is not the code itself."""

    challenge: int
    key: str
    digits: int
    until: datetime
    wrong: int


@dataclass(frozen=True, slots=True)
class Binding(Record):
    """A number that an account has, or has asked for."""

    id: int
    account: AccountId
    number: PhoneNumber
    state: BindingState
    code: BindingCode | None
    suspended_until: datetime | None


@dataclass(frozen=True, slots=True)
class Profile(Record):
    """What is remembered of a user for his next booking."""

    name: str | None
    contact: PhoneNumber | None
    """The phone that shall ring, when it is another than his own."""
    email: Address | None
    until: datetime
    """From when on it is forgotten, unless it is used before."""


@dataclass(frozen=True, slots=True)
class Merchant(Record):
    """A merchant, as he registered last."""

    id: int
    name: str
    lines: tuple[Line, ...]
    zone: Zone
    chatbot: Address | None
    contact: str | None
    address: str | None
    preset: CallMode | None
    description: str | None


@dataclass(frozen=True, slots=True)
class Page(Record):
    """A booking page that is published, in its last version."""

    id: int
    merchant: int
    version: int
    offerings: Mapping[int, str]
    windows: tuple[Window, ...]
    hours: tuple[Hours, ...]
    line: PhoneNumber | None
    descriptions: Mapping[int, str]
    calendar: int | None
    group_size_max: int | None


@dataclass(frozen=True, slots=True)
class LineStatus(Record):
    """How a merchant's line stands."""

    merchant: int
    channels: int
    live_calls: int
    """How many calls it carries now: a call counts until its last leg is gone."""
    waiting: tuple[int, ...]
    """The reservations that wait for the platform to call, in the order of the queue."""


@dataclass(frozen=True, slots=True)
class LawStatus(Record):
    """What the operator keeps from ringing."""

    frozen: tuple[Scope, ...]
    listed: int
    """How many numbers are on the do-not-call list."""


@dataclass(frozen=True, slots=True)
class MerchantPool(Record):
    """What one merchant has of the pool of virtual numbers."""

    merchant: int
    leased: int
    """The numbers that mean somebody to him now."""
    resting: int
    """Those that rest before they mean somebody else."""
    left: int
    """How many new users of his could get one."""


@dataclass(frozen=True, slots=True)
class PoolStatus(Record):
    """How the pool of virtual numbers stands. One number serves many merchants at once."""

    numbers: int
    merchants: tuple[MerchantPool, ...]


@dataclass(frozen=True, slots=True)
class NumberStatus(Record):
    """Whether a number may be rung, as far as the operator goes."""

    number: PhoneNumber
    is_listed: bool
    is_frozen: bool


class VoiceMessageState(StrEnum):
    """The states of a voice message."""

    OFFERED = "offered"
    """The caller is offered the recorder; his leg is being answered."""
    RECORDING = "recording"
    """He speaks, or he has hung up and the recording has not come yet."""
    STORED = "stored"
    """The recording is there."""
    TRANSCRIBING = "transcribing"
    """It is being made into text."""
    PUSHING = "pushing"
    """It was sent, and a report is waited for."""
    WAITING = "waiting"
    """It waits for the next attempt, or for the account to follow."""
    DELIVERED = "delivered"
    """The account has it."""
    HEARD = "heard"
    """Its holder opened it."""
    ABANDONED = "abandoned"
    """Nothing was said."""
    EXPIRED = "expired"
    """Its time was over before it was delivered."""
    UNDELIVERABLE = "undeliverable"
    """It cannot be delivered."""


class Road(StrEnum):
    """The road that a voice message goes by."""

    WE_CHAT = "we_chat"
    """To the account."""
    SMS = "sms"
    """A short message to the number that was called."""


@dataclass(frozen=True, slots=True)
class Caller(Record):
    """Who left a voice message, as he was then."""

    number: PhoneNumber | None
    """None when it was withheld, or he wanted to be forgotten."""
    merchant_name: str | None
    reply_to: Address | None
    """Where he can be told what became of his message."""


@dataclass(frozen=True, slots=True)
class Under(Record):
    """The call under a reservation in which a voice message was left."""

    call: int
    reservation: int


@dataclass(frozen=True, slots=True)
class VoiceMessage(Record):
    """A voice message that is kept: under way, or over and not gone yet."""

    id: int
    state: VoiceMessageState
    binding: int
    account: AccountId
    callee: PhoneNumber
    caller: Caller
    reason: FailureReason
    at: datetime
    leg: int | None
    until: datetime | None
    next_at: datetime | None
    media: int | None
    seconds: int
    stored_at: datetime | None
    expires_at: datetime | None
    text: str | None
    is_cut: bool
    is_transcribed: bool
    road: Road
    attempts: int
    message: int | None
    pushed: tuple[int, ...]
    ended_at: datetime | None
    outcome: VoiceMessageOutcome | None
    told: SenderTold
    is_call_back_requested: bool
    under: Under | None
