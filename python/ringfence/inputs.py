"""Everything that can happen to a platform: one class each, with the fields of the core's input of that name.

The typed methods of `Platform` make these; `Platform.handle` takes them directly. `input.to_json()` is the input as it stands in a
journal, and `input_from_json` reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from . import _ringfence
from ._codec import U32, Checked, decode
from ._policy import Policy
from ._values import (
    AccountId,
    Address,
    Attachment,
    BookingEvidence,
    CallMode,
    DayRule,
    Everything,
    ForGroup,
    ForNumber,
    ForReservation,
    Hours,
    Line,
    OneMerchant,
    OneNumber,
    PhoneNumber,
    ProfileField,
    ResultBy,
    Window,
    Zone,
)
from .evidence import Evidence

__all__ = [
    "Acknowledge",
    "Amend",
    "Block",
    "BlockMerchant",
    "BlockNumber",
    "BlockTarget",
    "Book",
    "CallTarget",
    "Cancel",
    "ChooseMode",
    "ChooseSlot",
    "ConfirmBinding",
    "ConfirmClock",
    "ConfirmContact",
    "Delivered",
    "Failed",
    "MessageReported",
    "MessageStatus",
    "WasRead",
    "Decline",
    "Dedup",
    "EffectFailed",
    "CallDiverted",
    "CallFailed",
    "OpenMessage",
    "RecordFailed",
    "Recorded",
    "RequestCallBack",
    "Transcribed",
    "Follow",
    "RequestBinding",
    "Unbind",
    "Unfollow",
    "ForgetMe",
    "Freeze",
    "ImportDoNotCall",
    "ImportNumbers",
    "Input",
    "LegAnswered",
    "LegEnded",
    "LegProgress",
    "MerchantReady",
    "OfMerchant",
    "OfPage",
    "OfReservation",
    "PageOf",
    "PlayFinished",
    "PresetMode",
    "PublishPage",
    "PushPage",
    "RegisterMerchant",
    "RequestCall",
    "RequestCode",
    "RequestPage",
    "Resync",
    "RotateKey",
    "Search",
    "SetCalendar",
    "Scope",
    "SetPolicy",
    "SetProfile",
    "Slot",
    "SlotFrom",
    "SlotWindow",
    "WithdrawPage",
    "Unblock",
    "Thaw",
    "input_from_json",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMerchant(Checked):
    """A merchant signs up, or changes what he registered."""

    _tag: ClassVar[str | None] = "register_merchant"
    merchant: int
    name: str
    lines: tuple[Line, ...]
    zone: Zone
    chatbot: Address | None = None
    contact: str | None = None
    address: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPage(Checked):
    """A merchant's chatbot publishes a booking page, or a new version of it."""

    _tag: ClassVar[str | None] = "publish_page"
    page: int
    merchant: int
    chatbot: Address | None = None
    offerings: Mapping[int, str]
    windows: tuple[Window, ...] = ()
    hours: tuple[Hours, ...] = ()
    line: PhoneNumber | None = None
    descriptions: Mapping[int, str] = field(default_factory=dict)
    calendar: int | None = None
    group_size_max: int | None = None
    """How many users may share one call, those who agree to it; absent or 1: every user is called alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPage(Checked):
    """A page goes to users."""

    _tag: ClassVar[str | None] = "push_page"
    page: int
    to: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetMode(Checked):
    """A merchant decides beforehand how later reservations are called."""

    _tag: ClassVar[str | None] = "preset_mode"
    merchant: int
    mode: CallMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseMode(Checked):
    """A merchant answers the mode options of one reservation."""

    _tag: ClassVar[str | None] = "choose_mode"
    merchant: int
    reservation: int
    mode: CallMode


CallTarget = ForReservation | ForNumber | ForGroup
"""Whom a merchant calls for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCall(Checked):
    """A merchant's line calls the platform and asks for a user."""

    _tag: ClassVar[str | None] = "request_call"
    line: PhoneNumber
    target: CallTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Book(Checked):
    """A user books."""

    _tag: ClassVar[str | None] = "book"
    user: Address
    page: int
    offering: int
    window: Window
    zone: Zone | None = None
    contact: PhoneNumber | None = None
    name: str | None = None
    evidence: BookingEvidence | None = None
    share: bool = False
    """Whether the user agrees to share the call with others who book the same."""
    attachments: tuple[Attachment, ...] = ()
    remember: bool | None = None
    result_by: ResultBy | None = None
    email: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Checked):
    """A user takes a reservation back."""

    _tag: ClassVar[str | None] = "cancel"
    user: Address
    reservation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegProgress(Checked):
    """A dialled phone rings."""

    _tag: ClassVar[str | None] = "leg_progress"
    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(Checked):
    """A leg was answered: a dialled phone picked up, or an inbound leg carried out an `Answer`."""

    _tag: ClassVar[str | None] = "leg_answered"
    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(Checked):
    """A leg is gone."""

    _tag: ClassVar[str | None] = "leg_ended"
    leg: int
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayFinished(Checked):
    """A prompt was played to its end."""

    _tag: ClassVar[str | None] = "play_finished"
    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Checked):
    """An at-most-once effect was not carried out: it was late, in doubt, or impossible."""

    _tag: ClassVar[str | None] = "effect_failed"
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(Checked):
    """The switch came back after a crash: these legs live there."""

    _tag: ClassVar[str | None] = "resync"
    legs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy(Checked):
    """The operator sets the rules anew. They hold from this input on; instants that were fixed before stay."""

    _tag: ClassVar[str | None] = "set_policy"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmClock(Checked):
    """The clock is right: the instant of this input is taken as it is."""

    _tag: ClassVar[str | None] = "confirm_clock"
    _is_object: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportNumbers(Checked):
    """The operator puts virtual numbers into the pool."""

    _tag: ClassVar[str | None] = "import_numbers"
    numbers: tuple[PhoneNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmContact(Checked):
    """The code that was sent to a contact number comes back, from the number itself or from the one who booked."""

    _tag: ClassVar[str | None] = "confirm_contact"
    user: Address
    reservation: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCode(Checked):
    """A new code is asked for: the old one did not arrive, or its time is over."""

    _tag: ClassVar[str | None] = "request_code"
    user: Address
    reservation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey(Checked):
    """Codes are made under this key from now on. Those that are out keep theirs."""

    _tag: ClassVar[str | None] = "rotate_key"
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPage(Checked):
    """A merchant's chatbot takes a page back: nothing more is booked on it."""

    _tag: ClassVar[str | None] = "withdraw_page"
    merchant: int
    page: int
    chatbot: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCalendar(Checked):
    """The operator tells the holidays and the moved workdays."""

    _tag: ClassVar[str | None] = "set_calendar"
    calendar: int
    days: Mapping[date, DayRule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Checked):
    """A user looks for merchants, products or services. Without a keyword he is sent the search entry."""

    _tag: ClassVar[str | None] = "search"
    user: Address
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class OfPage(Checked):
    """This page is asked for."""

    _tag: ClassVar[str | None] = "page"
    _newtype: ClassVar[bool] = True
    page: int


@dataclass(frozen=True, slots=True)
class OfMerchant(Checked):
    """This merchant's page is asked for: the one with the lowest id."""

    _tag: ClassVar[str | None] = "merchant"
    _newtype: ClassVar[bool] = True
    merchant: int


@dataclass(frozen=True, slots=True)
class OfReservation(Checked):
    """Not a booking page but the page to manage this reservation is asked for."""

    _tag: ClassVar[str | None] = "reservation"
    _newtype: ClassVar[bool] = True
    reservation: int


PageOf = OfPage | OfMerchant | OfReservation
"""Which page is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage(Checked):
    """A user asks for a page: that of a search result, or the one to manage a reservation."""

    _tag: ClassVar[str | None] = "request_page"
    user: Address
    of: PageOf


@dataclass(frozen=True, slots=True)
class BlockMerchant(Checked):
    """A merchant is blocked, whatever his lines."""

    _tag: ClassVar[str | None] = "merchant"
    _newtype: ClassVar[bool] = True

    merchant: int


@dataclass(frozen=True, slots=True)
class BlockNumber(Checked):
    """A number is blocked: the merchant who has registered it as a line, as long as he has it."""

    _tag: ClassVar[str | None] = "number"
    _newtype: ClassVar[bool] = True

    number: PhoneNumber


BlockTarget = BlockMerchant | BlockNumber
"""Whom a user blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Checked):
    """A user wants nothing more of a merchant: what rings or talks ends, reservations are cancelled, no page comes any more."""

    _tag: ClassVar[str | None] = "block"
    user: Address
    what: BlockTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock(Checked):
    """A user takes a block back. He may book again; nothing else comes back."""

    _tag: ClassVar[str | None] = "unblock"
    user: Address
    what: BlockTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend(Checked):
    """A user changes a reservation. What is absent stays as it is; one that changes nothing is a no-op."""

    _tag: ClassVar[str | None] = "amend"
    user: Address
    reservation: int
    window: Window | None = None
    zone: Zone | None = None
    contact: PhoneNumber | None = None
    offering: int | None = None
    name: str | None = None
    share: bool | None = None
    """Whether the user agrees to share the call with others who book the same: as many as the page says now."""
    evidence: BookingEvidence | None = None
    attachments: tuple[Attachment, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Checked):
    """A merchant will not call."""

    _tag: ClassVar[str | None] = "decline"
    merchant: int
    reservation: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Checked):
    """A user confirms the result of his booking, or of his last change."""

    _tag: ClassVar[str | None] = "acknowledge"
    user: Address
    reservation: int


Scope = Everything | OneMerchant | OneNumber
"""What a freeze stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Checked):
    """Nothing new rings in this scope until it is thawed. What rings or talks goes on, a dial not yet confirmed or reported on is taken back. Who says so and why go to the audit."""

    _tag: ClassVar[str | None] = "freeze"
    scope: Scope
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw(Checked):
    """The scope may ring again."""

    _tag: ClassVar[str | None] = "thaw"
    scope: Scope
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDoNotCall(Checked):
    """The list of numbers that are never rung changes. A number that is named for both is on it afterwards."""

    _tag: ClassVar[str | None] = "import_do_not_call"
    add: tuple[PhoneNumber, ...] = ()
    remove: tuple[PhoneNumber, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProfile(Checked):
    """A user changes what is remembered of him. What is neither given nor erased stays; a contact is remembered by bookings only."""

    _tag: ClassVar[str | None] = "set_profile"
    user: Address
    name: str | None = None
    email: Address | None = None
    erase: tuple[ProfileField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe(Checked):
    """A user wants to be forgotten: as one who booked, and as the holder of a phone that others booked for."""

    _tag: ClassVar[str | None] = "forget_me"
    user: Address


@dataclass(frozen=True, slots=True)
class SlotWindow(Checked):
    """This part of the window."""

    _tag: ClassVar[str | None] = "window"
    _newtype: ClassVar[bool] = True
    window: Window


@dataclass(frozen=True, slots=True)
class SlotFrom(Checked):
    """From this instant to the window's end."""

    _tag: ClassVar[str | None] = "from"
    _newtype: ClassVar[bool] = True
    start: datetime


Slot = SlotWindow | SlotFrom
"""When inside the window the platform calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseSlot(Checked):
    """Platform mode: a merchant chooses when inside the window he is called. Another choice replaces it."""

    _tag: ClassVar[str | None] = "choose_slot"
    merchant: int
    reservation: int
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantReady(Checked):
    """Platform mode: a merchant is ready, and is called from now on."""

    _tag: ClassVar[str | None] = "merchant_ready"
    merchant: int
    reservation: int


@dataclass(frozen=True, slots=True)
class Delivered(Checked):
    """A message came to its receiver's device."""

    _tag: ClassVar[str | None] = "delivered"


@dataclass(frozen=True, slots=True)
class WasRead(Checked):
    """Its receiver opened a message."""

    _tag: ClassVar[str | None] = "read"


@dataclass(frozen=True, slots=True)
class Failed(Checked):
    """A message did not arrive, and will not. `code` is what the gateway said of the reason.

    >>> Failed("404").code
    '404'
    """

    _tag: ClassVar[str | None] = "failed"
    code: str


MessageStatus = Delivered | WasRead | Failed
"""What became of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReported(Checked):
    """A gateway says what became of a message: `message` is the sequence number of its `Send`."""

    _tag: ClassVar[str | None] = "message_reported"
    message: int
    status: MessageStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Checked):
    """Somebody follows the operator's public account."""

    _tag: ClassVar[str | None] = "follow"
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollow(Checked):
    """Somebody does not follow it any more. His numbers wait for him, his requests end."""

    _tag: ClassVar[str | None] = "unfollow"
    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBinding(Checked):
    """A follower asks for a number to be bound to his account; its holder is sent a code."""

    _tag: ClassVar[str | None] = "request_binding"
    account: AccountId
    number: PhoneNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmBinding(Checked):
    """The code that was sent to a number comes back from the account that asked for it."""

    _tag: ClassVar[str | None] = "confirm_binding"
    account: AccountId
    number: PhoneNumber
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind(Checked):
    """An account gives a number back, or its request for one."""

    _tag: ClassVar[str | None] = "unbind"
    account: AccountId
    number: PhoneNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(Checked):
    """A call outside any reservation reached nobody. The switch holds its caller's leg."""

    _tag: ClassVar[str | None] = "call_failed"
    caller: PhoneNumber | None = None
    """Who called; `None` when it is withheld."""
    callee: PhoneNumber
    evidence: Evidence = Evidence()
    is_answered: bool = False
    """Whether the caller's leg is answered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDiverted(Checked):
    """The network forwarded a call to us, since it reached nobody. The redirections are in the evidence."""

    _tag: ClassVar[str | None] = "call_diverted"
    caller: PhoneNumber | None = None
    """Who called; `None` when it is withheld."""
    callee: PhoneNumber
    evidence: Evidence = Evidence()
    is_answered: bool = False
    """Whether the caller's leg is answered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Checked):
    """What a caller said was recorded."""

    _tag: ClassVar[str | None] = "recorded"
    voice_message: int
    media: int
    """The host's id of the recording."""
    seconds: U32
    is_silent: bool = False
    """Nothing can be heard on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFailed(Checked):
    """Nothing could be recorded: the disk is full, or the recorder failed."""

    _tag: ClassVar[str | None] = "record_failed"
    voice_message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed(Checked):
    """What a voice message says, in words; `None` when they could not be made out."""

    _tag: ClassVar[str | None] = "transcribed"
    voice_message: int
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage(Checked):
    """An account opens a voice message."""

    _tag: ClassVar[str | None] = "open_message"
    account: AccountId
    voice_message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCallBack(Checked):
    """Whoever listened asks to be called back."""

    _tag: ClassVar[str | None] = "request_call_back"
    account: AccountId
    voice_message: int


Input = (
    RegisterMerchant
    | PublishPage
    | PushPage
    | PresetMode
    | ChooseMode
    | RequestCall
    | Book
    | Cancel
    | LegProgress
    | LegAnswered
    | LegEnded
    | PlayFinished
    | EffectFailed
    | Resync
    | SetPolicy
    | ConfirmClock
    | ImportNumbers
    | ConfirmContact
    | RequestCode
    | RotateKey
    | WithdrawPage
    | SetCalendar
    | Search
    | RequestPage
    | Block
    | Unblock
    | Amend
    | Decline
    | Acknowledge
    | Freeze
    | Thaw
    | ImportDoNotCall
    | SetProfile
    | ForgetMe
    | ChooseSlot
    | MerchantReady
    | MessageReported
    | Follow
    | Unfollow
    | RequestBinding
    | ConfirmBinding
    | Unbind
    | CallFailed
    | CallDiverted
    | Recorded
    | RecordFailed
    | Transcribed
    | OpenMessage
    | RequestCallBack
)
"""Any of them."""

Dedup = tuple[str, str]
"""What makes a repeat of an input known: its source, such as `"maap"`, and its key there, such as a webhook's event id."""


def input_from_json(text: str) -> Input:
    """The input that stands in a journal line under `"input"`. A `ValueError` says where the text is wrong."""
    found: Input = decode(Input, json.loads(_ringfence.canonical("input", text)))
    return found
