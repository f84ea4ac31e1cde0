"""What is decided about calls that reached nobody, and what becomes of voice messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ._codec import Record

__all__ = [
    "AbandonedReason",
    "NoOffer",
    "NotOffered",
    "Offered",
    "Ruling",
    "SenderTold",
    "UndeliverableReason",
    "VoiceAbandoned",
    "VoiceDelivered",
    "VoiceExpired",
    "VoiceHeard",
    "VoiceMessageOutcome",
    "VoiceUndeliverable",
]


class NoOffer(StrEnum):
    """Why the recorder is not offered. The order is the precedence."""

    REASON = "reason"
    """The call did not fail for a reason that the policy diverts on, or it cannot be told from one that it does not."""
    UNBOUND = "unbound"
    """The callee's number is bound to no account that follows."""
    BLOCKED = "blocked"
    """The callee does not want calls of this caller."""
    FULL = "full"
    """As many messages are kept as the policy lets, of all callees or of this one."""


@dataclass(frozen=True, slots=True)
class Offered(Record):
    """A caller is offered the recorder: this is the message that he may leave."""

    _tag: ClassVar[str | None] = "offered"
    voice_message: int


@dataclass(frozen=True, slots=True)
class NotOffered(Record):
    """A caller is not offered the recorder: the first ground against it."""

    _tag: ClassVar[str | None] = "not_offered"
    why: NoOffer


Ruling = Offered | NotOffered
"""Whether a caller is offered the recorder."""


class AbandonedReason(StrEnum):
    """Why no message was left."""

    CALLER_GONE = "caller_gone"
    """The caller hung up before the recorder began."""
    TOO_SHORT = "too_short"
    """The recording is shorter than the policy takes."""
    SILENT = "silent"
    """Nothing can be heard on it."""
    RECORD_FAILED = "record_failed"
    """The recorder failed, or could not be begun."""
    NOT_ANSWERED = "not_answered"
    """The caller's leg was not reported answered in time."""
    NO_REPORT = "no_report"
    """No recording was reported in time."""
    HOLDER_CHANGED = "holder_changed"
    """Another account proved that it has the number."""
    UNBOUND = "unbound"
    """The account gave the number back."""
    UNFOLLOWED = "unfollowed"
    """The account had not followed for too long."""
    FORGOTTEN = "forgotten"
    """The callee wanted to be forgotten."""


class UndeliverableReason(StrEnum):
    """Why a message could not be delivered."""

    NO_ROAD = "no_road"
    """Every way was tried that the policy has."""
    HOLDER_CHANGED = "holder_changed"
    """Another account proved that it has the number."""
    UNBOUND = "unbound"
    """The account gave the number back."""
    UNFOLLOWED = "unfollowed"
    """The account had not followed for too long."""
    FORGOTTEN = "forgotten"
    """The callee wanted to be forgotten."""


class SenderTold(StrEnum):
    """Whether the sender of a message was told that it did not arrive."""

    NOT_NEEDED = "not_needed"
    """There was nothing to tell: it arrived, or none was left."""
    TOLD = "told"
    """He was."""
    UNTELLABLE = "untellable"
    """He has no address."""


@dataclass(frozen=True, slots=True)
class VoiceDelivered(Record):
    """The account has it."""

    _tag: ClassVar[str | None] = "delivered"


@dataclass(frozen=True, slots=True)
class VoiceHeard(Record):
    """Its holder opened it."""

    _tag: ClassVar[str | None] = "heard"


@dataclass(frozen=True, slots=True)
class VoiceAbandoned(Record):
    """Nothing was left."""

    _tag: ClassVar[str | None] = "abandoned"
    _newtype: ClassVar[bool] = True
    why: AbandonedReason


@dataclass(frozen=True, slots=True)
class VoiceExpired(Record):
    """Its time was over before it was delivered."""

    _tag: ClassVar[str | None] = "expired"


@dataclass(frozen=True, slots=True)
class VoiceUndeliverable(Record):
    """It could not be delivered."""

    _tag: ClassVar[str | None] = "undeliverable"
    _newtype: ClassVar[bool] = True
    why: UndeliverableReason


VoiceMessageOutcome = VoiceDelivered | VoiceHeard | VoiceAbandoned | VoiceExpired | VoiceUndeliverable
"""What became of a voice message."""
