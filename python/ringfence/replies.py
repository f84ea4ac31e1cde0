"""What an accepted input is answered with, and what the gate answers to a question."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from enum import StrEnum
from typing import ClassVar, Literal

from . import _ringfence
from ._codec import Record, decode
from ._values import DenyReason, ReservationState, Window
from ._voice import Ruling

__all__ = [
    "Allow",
    "Amended",
    "Booked",
    "CallAllowed",
    "CallDenied",
    "Confirmed",
    "Deadline",
    "Deny",
    "DoNotCallSet",
    "Forgotten",
    "Done",
    "NoOp",
    "Progress",
    "Imported",
    "Published",
    "Reply",
    "BindingRequested",
    "NumberBound",
    "CallJudged",
    "MessageOpened",
    "OwnLeg",
    "SlotChosen",
    "Verdict",
    "Why",
    "WrongCode",
    "reply_from_json",
]


@dataclass(frozen=True, slots=True)
class Done(Record):
    """It was done."""

    _tag: ClassVar[str | None] = "done"


@dataclass(frozen=True, slots=True)
class NoOp(Record):
    """It changed nothing: a report that repeats another, or that speaks of something that is gone."""

    _tag: ClassVar[str | None] = "no_op"


@dataclass(frozen=True, slots=True)
class Published(Record):
    """The page stands under this version."""

    _tag: ClassVar[str | None] = "published"
    version: int


@dataclass(frozen=True, slots=True)
class Booked(Record):
    """The booking stands."""

    _tag: ClassVar[str | None] = "booked"
    reservation: int
    state: ReservationState


@dataclass(frozen=True, slots=True)
class Imported(Record):
    """The numbers are in the pool; so many of them were not in it before."""

    _tag: ClassVar[str | None] = "imported"
    added: int


@dataclass(frozen=True, slots=True)
class Allow(Record):
    """The phone may ring now."""

    _tag: ClassVar[str | None] = "allow"

    @property
    def is_allow(self) -> Literal[True]:
        """Whether the phone may ring."""
        return True

    def __str__(self) -> str:
        return "Allow"


@dataclass(frozen=True, slots=True)
class Deny(Record):
    """The phone may not ring now: the first rule that says no, and the earliest instant at which it would not, when there is one."""

    _tag: ClassVar[str | None] = "deny"
    reason: DenyReason
    retry_at: datetime | None = None

    @property
    def is_allow(self) -> Literal[False]:
        """Whether the phone may ring."""
        return False

    def __str__(self) -> str:
        return f"Deny({self.reason})" if self.retry_at is None else f"Deny({self.reason}, retry_at={self.retry_at})"


@dataclass(frozen=True, slots=True)
class CallAllowed(Allow):
    """A merchant's call goes through; the user's phone is being dialled. An `Allow` with the ids of the leg and the call."""

    leg: int
    call: int

    def __str__(self) -> str:
        return f"Allow(leg={self.leg}, call={self.call})"


@dataclass(frozen=True, slots=True)
class CallDenied(Deny):
    """A merchant's call is refused, and a `Reject` for its leg is on its way. A `Deny` with the id of the inbound leg."""

    _order: ClassVar[tuple[str, ...]] = ("leg", "reason", "retry_at")
    leg: int = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Confirmed(Record):
    """The code is right: the holder of the contact number agrees."""

    _tag: ClassVar[str | None] = "confirmed"
    reservation: int
    state: ReservationState


@dataclass(frozen=True, slots=True)
class WrongCode(Record):
    """The code is wrong, and counts: `left` more are taken. At 0 the reservation has closed."""

    _tag: ClassVar[str | None] = "wrong_code"
    left: int


@dataclass(frozen=True, slots=True)
class Amended(Record):
    """The change stands under this revision. While a conversation runs it waits for the end of the call."""

    _tag: ClassVar[str | None] = "amended"
    revision: int
    state: ReservationState


@dataclass(frozen=True, slots=True)
class DoNotCallSet(Record):
    """The list of numbers that are never rung is changed: so many came, and so many left."""

    _tag: ClassVar[str | None] = "do_not_call_set"
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Forgotten(Record):
    """A user is forgotten: how many reservations were cancelled, how many end with their conversation, and of how many something was erased."""

    _tag: ClassVar[str | None] = "forgotten"
    cancelled: int
    ending: int
    erased: int
    profile: bool
    """Whether he had a profile."""
    messages: int
    """How many messages to him are not sent again any more if they fail."""
    bindings: int
    """How many bindings of his number, asked for or held, ended by that."""
    voice_messages: int
    """How many voice messages left for his number left by that, and from how many that he left his number went."""


@dataclass(frozen=True, slots=True)
class SlotChosen(Record):
    """The platform calls inside this slot. The state is `open` if it has begun."""

    _tag: ClassVar[str | None] = "slot_chosen"
    slot: Window
    state: ReservationState


@dataclass(frozen=True, slots=True)
class BindingRequested(Record):
    """The holder of the number is asked; the code may be given until then."""

    _tag: ClassVar[str | None] = "binding_requested"
    binding: int
    until: datetime


@dataclass(frozen=True, slots=True)
class NumberBound(Record):
    """The number is the account's."""

    _tag: ClassVar[str | None] = "bound"
    binding: int


@dataclass(frozen=True, slots=True)
class CallJudged(Record):
    """A failed call was judged: its caller's leg, and whether he is offered the recorder."""

    _tag: ClassVar[str | None] = "failed_call"
    leg: int
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class OwnLeg(Record):
    """The forwarded call is one of ours: it is that leg's release, and the leg that came is rejected."""

    _tag: ClassVar[str | None] = "own_leg"
    leg: int
    own: int


@dataclass(frozen=True, slots=True)
class MessageOpened(Record):
    """The voice message is opened: this is its recording."""

    _tag: ClassVar[str | None] = "opened"
    media: int


Verdict = Allow | Deny
"""The gate's answer."""

Reply = (
    Done
    | NoOp
    | Published
    | Booked
    | CallAllowed
    | CallDenied
    | Imported
    | Confirmed
    | WrongCode
    | Amended
    | DoNotCallSet
    | Forgotten | SlotChosen
    | BindingRequested
    | NumberBound
    | CallJudged
    | OwnLeg
    | MessageOpened
)
"""The answer to an accepted input."""


def reply_from_json(text: str, zone: tzinfo = timezone.utc) -> Reply:
    """The reply that stands in a journal; its instants on the clock of `zone`. A `ValueError` says where the text is wrong."""
    return _from_core(_ringfence.canonical("reply", text), zone)


def _from_core(text: str, zone: tzinfo) -> Reply:
    found: Reply = decode(Reply, json.loads(text), zone)
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """What an `advance` came to."""

    fired: int
    """How many deadlines it fired."""
    more: bool
    """Whether others are still due: call `advance` again, unless the clock was refused."""
    is_clock_refused: bool
    """Whether the instant was refused and nothing was done: the clock leapt farther than the policy trusts. Call `confirm_clock` if it is right."""


class Why(StrEnum):
    """Why the host should call `advance`."""

    EFFECTS_WAITING = "effects_waiting"
    """Effects wait to be polled."""
    RING_TIMEOUT = "ring_timeout"
    """A leg has rung long enough."""
    RELEASE_GRACE = "release_grace"
    """A leg that was hung up has not been reported gone."""
    ANSWER_TIMEOUT = "answer_timeout"
    """An inbound leg has not reported its answer."""
    CONVERSATION_MAX = "conversation_max"
    """A conversation reaches its longest."""
    WINDOW_OPENS = "window_opens"
    """A window begins."""
    WINDOW_ENDS = "window_ends"
    """A window ends."""
    RETENTION = "retention"
    """A closed reservation leaves."""
    CODE_EXPIRES = "code_expires"
    """A code that is out may not be used any more."""
    LINE_FREE = "line_free"
    """A line of a merchant has a free channel and somebody waits for it."""
    REMINDER = "reminder"
    """A user is to be reminded of his window."""
    BINDING_ENDS = "binding_ends"
    """A number has been with an account that does not follow for as long as it may."""
    VOICE_MESSAGE_ENDS = "voice_message_ends"
    """The time of a voice message is over, or that of what it waits for."""
    VOICE_MESSAGE_DUE = "voice_message_due"
    """A voice message is to be sent."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to call `advance`, what for, and about which leg, call, challenge, reservation, binding, voice message, or merchant whose line it is."""

    at: datetime
    why: Why
    about: int | None = None
