"""The words of the platform: numbers, addresses, windows, hours, and the enums that its answers use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any, ClassVar, Self, final
from zoneinfo import ZoneInfo

from . import _ringfence
from ._codec import U8, U16, U32, Checked, Record, Scalar, check, dumps, encode, micros_of

__all__ = [
    "AccountId",
    "Address",
    "Allowed",
    "Attachment",
    "Bearer",
    "BookingEvidence",
    "Bound",
    "CallMode",
    "Channel",
    "Closed",
    "CountsAs",
    "DayRule",
    "DenyReason",
    "Field",
    "Hours",
    "HoursLabel",
    "Line",
    "MediaKind",
    "MissedForMerchant",
    "MissedReason",
    "Object",
    "PageAction",
    "Party",
    "PhoneNumber",
    "ProfileField",
    "Prompt",
    "ReleaseCause",
    "ReservationAction",
    "ReservationState",
    "SharedMedia",
    "ResultBy",
    "Weekday",
    "CalledZone",
    "WeeklyRule",
    "Window",
    "Zone",
]


@final
class PhoneNumber(Scalar):
    """A phone number: E.164 (`+8613800000001`) or national (`95511`).

    It shows itself with its tail hidden, in `repr`, in `str` and in an f-string, so that no log line gives a user away. Whoever wants
    the digits says so: `number.dialable()`.

    >>> PhoneNumber("+8613800000001")
    PhoneNumber(+8613*********)
    >>> PhoneNumber("+8613800000001").dialable()
    '+8613800000001'
    """

    __slots__ = ("_digits",)
    _digits: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a phone number is made from a str, got {type(text).__name__}")
        object.__setattr__(self, "_digits", _ringfence.parse_number(text))

    def dialable(self) -> str:
        """The number as it is dialled. The one place that shows it in full."""
        return self._digits

    def masked(self) -> str:
        """The number with its tail hidden: `+8613*********`."""
        return _ringfence.mask_number(self._digits)

    @property
    def is_international(self) -> bool:
        """Whether it is in E.164 form."""
        return self._digits.startswith("+")

    @classmethod
    def _from_wire(cls, text: str) -> Self:
        return cls(text)

    def _to_wire(self) -> str:
        return self._digits

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a phone number does not change; make a new one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a phone number does not change; make a new one")

    def __eq__(self, other: object) -> bool:
        return self._digits == other._digits if isinstance(other, PhoneNumber) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digits)

    def __reduce__(self) -> tuple[Any, ...]:
        return (PhoneNumber, (self._digits,))

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked()})"


@final
class AccountId(Scalar):
    """A follower of the operator's public account, by his open id there: 1 to 64 letters, digits, hyphens and underscores.

    It is personal data, and shows itself without its text. In full: `account.in_full()`.

    >>> AccountId("oIBUkuN1zZh_3FvGB-wAXMzRzxE4")
    AccountId(***)
    >>> AccountId("oIBUkuN1zZh_3FvGB-wAXMzRzxE4").in_full()
    'oIBUkuN1zZh_3FvGB-wAXMzRzxE4'
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"an account id is made from a str, got {type(text).__name__}")
        object.__setattr__(self, "_text", _ringfence.parse_address(f"wechat:{text}").partition(":")[2])

    def in_full(self) -> str:
        """The id as it was given."""
        return self._text

    @classmethod
    def _from_wire(cls, text: str) -> Self:
        return cls(text)

    def _to_wire(self) -> str:
        return self._text

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an account id does not change; make a new one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an account id does not change; make a new one")

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, AccountId) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        return (AccountId, (self._text,))

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "AccountId(***)"


@final
class Address(Scalar):
    """Where a message goes or comes from: `rcs:`, `sms:`, `mms:` and a number, `mailto:`, for a chatbot `sip:`, or for an account `wechat:`.

    A user's address shows itself with its tail hidden, like a `PhoneNumber`; a chatbot's is no secret. In full: `address.in_full()`.

    >>> Address("rcs:+8613800000001")
    Address(rcs:+8613*********)
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"an address is made from a str, got {type(text).__name__}")
        object.__setattr__(self, "_text", _ringfence.parse_address(text))

    def in_full(self) -> str:
        """The address as it is sent to."""
        return self._text

    def masked(self) -> str:
        """The address with its tail hidden; a chatbot's in full."""
        if self.number is not None:
            return f"{self.scheme}:{self.number.masked()}"
        return self._text if self.scheme == "sip" else f"{self.scheme}:***"

    @property
    def scheme(self) -> str:
        """`"rcs"`, `"sms"`, `"mms"`, `"mailto"`, `"sip"` or `"wechat"`."""
        return self._text.partition(":")[0]

    @property
    def number(self) -> PhoneNumber | None:
        """The phone number behind it, when it has one."""
        return PhoneNumber(self._text.partition(":")[2]) if self.scheme in ("rcs", "sms", "mms") else None

    @classmethod
    def _from_wire(cls, text: str) -> Self:
        return cls(text)

    def _to_wire(self) -> str:
        return self._text

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an address does not change; make a new one")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an address does not change; make a new one")

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Address) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Address, (self._text,))

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"Address({self.masked()})"


class Zone(str, Scalar):
    """The IANA name of a zone that the core's tz database knows, such as `Asia/Shanghai`. A `str`; a `ZoneInfo` is taken too."""

    __slots__ = ()

    @classmethod
    def _from_wire(cls, text: str) -> Self:
        return cls(_ringfence.parse_zone(text))

    @classmethod
    def of(cls, zone: str | ZoneInfo) -> Self:
        """The zone with this name, or of this `ZoneInfo`."""
        if isinstance(zone, ZoneInfo):
            if zone.key is None:
                raise ValueError("zone: this ZoneInfo was read from a file and has no name; give the zone's IANA name")
            zone = zone.key
        found: Self = check(cls, zone, "zone")
        return found

    def _to_wire(self) -> str:
        return str(self)


class _Word(StrEnum):
    """An enum whose members have words for people."""

    def text(self, language: str = "zh-CN") -> str:
        """It in words, in `"zh-CN"` or `"en"`."""
        return _ringfence.text(_WORDS[type(self).__name__], dumps(self.value), language)


class CallMode(_Word):
    """Who starts the call of a reservation (通话方式)."""

    MERCHANT_CALLS = "merchant_calls"
    """The merchant dials, and the gate judges the instant."""
    PLATFORM_CALLS = "platform_calls"
    """The platform dials the merchant, and the user once the merchant has answered."""


class HoursLabel(_Word):
    """What a page calls its weekly hours (figure 2)."""

    WORKING = "working"
    """工作时间段."""
    NON_WORKING = "non_working"
    """非工作时间段."""


class DenyReason(_Word):
    """Why the gate refuses. The order is the precedence: the first that holds is the answer."""

    NOT_RECOGNIZED = "not_recognized"
    """The line is not registered, or no such reservation is made with its merchant. One answer for all, so that it reveals nothing."""
    WINDOW_OVER = "window_over"
    """The window is over; its end is already outside."""
    CLOSED = "closed"
    """The reservation is cancelled, completed, or missed."""
    UNVERIFIED = "unverified"
    """The holder of the contact number has not agreed."""
    UNACKNOWLEDGED = "unacknowledged"
    """The user has not confirmed the result of his booking, and the policy asks for it."""
    DO_NOT_CALL = "do_not_call"
    """The number is on the operator's do-not-call list."""
    FROZEN = "frozen"
    """The operator stopped new ringing: everywhere, for this merchant, or to this number. Nobody knows until when."""
    BEFORE_WINDOW = "before_window"
    """The window has not begun; `retry_at` is its start."""
    PLATFORM_IS_CALLING = "platform_is_calling"
    """The platform is ringing this merchant, or this user for him, right now."""
    WRONG_MODE = "wrong_mode"
    """The mode in force lets the other side start."""
    IN_CALL = "in_call"
    """A call with this reservation is alive."""
    OUTSIDE_HOURS = "outside_hours"
    """The hour is none in which phones may ring. Of this and the next two the strictest is given, with the first instant at which none says no."""
    DAILY_LIMIT = "daily_limit"
    """The number was rung as often within a day as it may be."""
    TOO_SOON = "too_soon"
    """Too soon after the last attempt; `retry_at` is the earliest next one, when it lies inside the window."""
    WINDOW_CLOSING = "window_closing"
    """Less of the window is left than a phone must be able to ring."""
    NUMBER_BUSY = "number_busy"
    """The user's number is on another call, or the platform rings another merchant for it."""
    NO_CHANNEL = "no_channel"
    """Every channel of the line is in use."""


class ReservationState(_Word):
    """The states of a reservation."""

    UNVERIFIED = "unverified"
    """The holder of the contact number has not agreed; nothing is callable."""
    AWAITING_MODE = "awaiting_mode"
    """The merchant has not chosen how to call."""
    SCHEDULED = "scheduled"
    """The mode is known; the window has not begun."""
    OPEN = "open"
    """Calls are allowed."""
    IN_CALL = "in_call"
    """A call with this reservation is alive."""
    CLOSED = "closed"
    """Over, for good."""


class MissedReason(_Word):
    """Why there was no conversation. The first that holds, in the order of the manual."""

    NOT_REACHED = "not_reached"
    """The user's phone rang, or was tried, and nobody was reached."""
    MERCHANT_NOT_REACHED = "merchant_not_reached"
    """The merchant's own phone was tried and not reached."""
    NOT_ACKNOWLEDGED = "not_acknowledged"
    """The user did not confirm the result of his booking."""
    NOT_CALLED = "not_called"
    """Merchant mode: the merchant never called."""
    NUMBER_BUSY = "number_busy"
    """The user was on another call until the end, or another merchant was being rung for him."""
    NO_CHANNEL = "no_channel"
    """No channel of the line came free in time."""
    HOST_LATE = "host_late"
    """It was due, and nothing stood in its way, but the host did not call `advance` in time."""
    NOT_CARRIED_OUT = "not_carried_out"
    """A `dial` was handed out and not carried out: nobody was rung."""
    WINDOW_TOO_SHORT = "window_too_short"
    """Less than `min_ring_s` of the window was left when its turn came."""
    NOT_REACHED_IN_TIME = "not_reached_in_time"
    """The window ended, or came too near its end, before the user could be dialled: while it waited, or while the merchant's phone rang."""
    DO_NOT_CALL = "do_not_call"
    """The number is on the operator's do-not-call list."""
    FROZEN = "frozen"
    """The operator had stopped new ringing when the window ended."""
    OUTSIDE_HOURS = "outside_hours"
    """No hour in which phones may ring was left in the window when its turn came."""
    DAILY_LIMIT = "daily_limit"
    """The number had been rung so often that it might not be again before the window's end."""


class MissedForMerchant(_Word):
    """Why there was no conversation, as its merchant is told. Whether the user was on another call is not his to know."""

    NOT_REACHED = "not_reached"
    """The user's phone rang, or was tried, and nobody was reached."""
    MERCHANT_NOT_REACHED = "merchant_not_reached"
    """The merchant's own phone was tried and not reached."""
    NOT_CALLED = "not_called"
    """Merchant mode: the merchant never called."""
    NO_CHANNEL = "no_channel"
    """No channel of the line came free in time."""
    HOST_LATE = "host_late"
    """It was due, and nothing stood in its way, but the host did not call `advance` in time."""
    NOT_CARRIED_OUT = "not_carried_out"
    """A `dial` was handed out and not carried out: nobody was rung."""
    WINDOW_TOO_SHORT = "window_too_short"
    """Less than `min_ring_s` of the window was left when its turn came."""
    NOT_REACHED_IN_TIME = "not_reached_in_time"
    """The window ended, or came too near its end, before the user could be dialled."""
    NOT_ACKNOWLEDGED = "not_acknowledged"
    """The user did not confirm the result of his booking."""
    DO_NOT_CALL = "do_not_call"
    """The number is on the operator's do-not-call list."""
    FROZEN = "frozen"
    """The operator had stopped new ringing when the window ended."""
    OUTSIDE_HOURS = "outside_hours"
    """No hour in which phones may ring was left in the window when its turn came."""


class ReleaseCause(_Word):
    """Why the platform ends or rejects a leg."""

    NORMAL = "normal"
    WINDOW_ENDED = "window_ended"
    WITHDRAWN = "withdrawn"
    NO_ANSWER = "no_answer"
    USER_BUSY = "user_busy"
    USER_UNREACHABLE = "user_unreachable"
    OTHER_SIDE_GONE = "other_side_gone"
    TIME_LIMIT = "time_limit"
    NOT_PERMITTED = "not_permitted"
    UNKNOWN = "unknown"
    AMENDED = "amended"


class Prompt(_Word):
    """What is played to a leg."""

    CONNECTING_USER = "connecting_user"
    """正在连接用户，请耐心等待."""
    MERCHANT_GONE = "merchant_gone"
    """The user answered, but the merchant is gone: an apology."""
    USER_UNREACHABLE = "user_unreachable"
    """The user cannot be reached now."""
    USER_BUSY = "user_busy"
    """The user is busy."""
    USER_POWERED_OFF = "user_powered_off"
    """The user's phone is off."""
    USER_OUT_OF_AREA = "user_out_of_area"
    """The user is out of the service area."""
    USER_SUSPENDED = "user_suspended"
    """The user's number is suspended."""
    MESSAGE_TAKEN = "message_taken"
    """The caller's message was taken."""
    NOTHING_RECORDED = "nothing_recorded"
    """Nothing was said, so there is no message."""
    RECORD_FAILED = "record_failed"
    """No message can be taken now."""


class Party(StrEnum):
    """Which side of a call a leg is."""

    MERCHANT = "merchant"
    USER = "user"


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class MediaKind(StrEnum):
    """What kind of media is attached."""

    PICTURE = "picture"
    """A picture, such as a screenshot of the product."""
    VOICE = "voice"
    """A spoken note."""
    VIDEO = "video"
    """A video."""


class ProfileField(StrEnum):
    """What of a profile may be erased by itself."""

    NAME = "name"
    CONTACT = "contact"
    """The phone that shall ring, when it is not the user's own."""
    EMAIL = "email"


class Channel(StrEnum):
    """How a booking reached the platform."""

    RCS = "rcs"
    """A rich message."""
    SMS = "sms"
    """A short message."""
    MMS = "mms"
    """A multimedia message."""
    EMAIL = "email"
    """An e-mail."""
    HOTLINE = "hotline"
    """A call to the service hotline (人工服务电话): an agent wrote it down."""


class PageAction(StrEnum):
    """What a user may do from a page besides booking."""

    SEARCH = "search"
    """搜索其他商户."""


class ReservationAction(_Word):
    """What a user may do with his reservation: each is the input of that name."""

    ACKNOWLEDGE = "acknowledge"
    """确认预约: the result awaits it."""
    AMEND = "amend"
    """修改预约信息."""
    CANCEL = "cancel"
    """取消预约."""


class ResultBy(StrEnum):
    """How the result of a booking comes."""

    PAGE = "page"
    """As a page: a rich message to the sender's phone."""
    SMS = "sms"
    """As a short message to the sender's phone."""
    EMAIL = "email"
    """As an e-mail."""


class Bearer(StrEnum):
    """What carries the voice of a call, where the host has the choice."""

    ANY = "any"
    """Whatever the host has."""
    VOLTE = "volte"
    """The voice network of 2G, 3G and VoLTE, for its sound."""


class Object(StrEnum):
    """What kind of thing an error names."""

    MERCHANT = "merchant"
    LINE = "line"
    PAGE = "page"
    OFFERING = "offering"
    RESERVATION = "reservation"
    CALL = "call"
    LEG = "leg"
    CHALLENGE = "challenge"
    CALENDAR = "calendar"
    VOICE_MESSAGE = "voice_message"


class Bound(StrEnum):
    """A bound of the `Policy`, as `LimitReached` names it."""

    MERCHANTS = "merchants"
    LINES_PER_MERCHANT = "lines_per_merchant"
    PAGES = "pages"
    PAGE_ENTRIES = "page_entries"
    RESERVATIONS = "reservations"
    RESERVATIONS_PER_NUMBER = "reservations_per_number"
    PUSH = "push"
    OUTBOX = "outbox"
    TEXT_CHARS = "text_chars"
    BOOK_AHEAD = "book_ahead"
    DEDUP = "dedup"
    CHANNELS = "channels"
    PUSHED_PAGES = "pushed_pages"
    PAGES_PER_MERCHANT = "pages_per_merchant"
    NUMBERS = "numbers"
    CHALLENGES_PER_NUMBER = "challenges_per_number"
    CODES = "codes"
    RESERVATIONS_PER_SENDER = "reservations_per_sender"
    CALENDARS = "calendars"
    CALENDAR_DAYS = "calendar_days"
    BLOCKS_PER_USER = "blocks_per_user"
    BLOCKS = "blocks"
    REVISIONS = "revisions"
    FREEZES = "freezes"
    DO_NOT_CALL = "do_not_call"
    DO_NOT_CALL_IMPORT = "do_not_call_import"
    GROUP_SIZE = "group_size"
    ATTACHMENTS = "attachments"
    ACCOUNTS = "accounts"
    BINDINGS_PER_ACCOUNT = "bindings_per_account"
    BINDINGS = "bindings"
    FAILED_CALLS = "failed_calls"


class Field(StrEnum):
    """A field of an input, as `Misused` names it."""

    LINES = "lines"
    CHANNELS = "channels"
    CHATBOT = "chatbot"
    NAME = "name"
    OFFERINGS = "offerings"
    WINDOWS = "windows"
    TO = "to"
    USER = "user"
    CONTACT = "contact"
    EVIDENCE = "evidence"
    NUMBERS = "numbers"
    ID = "id"
    DESCRIPTIONS = "descriptions"
    BY = "by"
    WHY = "why"
    GROUP_SIZE_MAX = "group_size_max"
    ATTACHMENTS = "attachments"
    EMAIL = "email"
    RESULT_BY = "result_by"
    NUMBER = "number"


class Allowed(StrEnum):
    """What would be allowed in such a field."""

    AT_LEAST_ONE = "at_least_one"
    NO_REPEATS = "no_repeats"
    OF_THE_SENDER = "of_the_sender"
    NOT_EMPTY = "not_empty"
    CHATBOT_ADDRESS = "chatbot_address"
    USER_ADDRESS = "user_address"
    NEEDED_WITHOUT_NUMBER = "needed_without_number"
    NOT_A_LINE = "not_a_line"
    REGISTERED_LINE = "registered_line"
    KNOWN_CAUSES = "known_causes"
    NOT_A_VIRTUAL_NUMBER = "not_a_virtual_number"
    SUBSCRIBER_NUMBER = "subscriber_number"
    OFFERING_OF_THE_PAGE = "offering_of_the_page"
    SET_OR_ERASED = "set_or_erased"
    MAILBOX = "mailbox"
    NUMBER_OF_THE_SENDER = "number_of_the_sender"


_WORDS = {
    "CallMode": "call_mode",
    "HoursLabel": "hours_label",
    "DenyReason": "deny_reason",
    "ReservationState": "reservation_state",
    "MissedReason": "missed",
    "MissedForMerchant": "missed_for_merchant",
    "ReleaseCause": "release_cause",
    "Prompt": "prompt",
    "ReservationAction": "reservation_action",
}


@dataclass(frozen=True, slots=True)
class Window(Checked):
    """A span of time, half-open: `start` is in it, `end` is not. Both are aware datetimes.

    >>> from datetime import datetime
    >>> evening = Window(datetime.fromisoformat("2026-11-21T18:00+08:00"), datetime.fromisoformat("2026-11-21T20:00+08:00"))
    >>> datetime.fromisoformat("2026-11-21T20:00+08:00") in evening
    False
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if micros_of(self.start, "start") >= micros_of(self.end, "end"):
            raise ValueError(f"a window ends after it starts; this one starts {self.start} and ends {self.end}")

    def __contains__(self, at: datetime) -> bool:
        return micros_of(self.start, "start") <= micros_of(at, "at") < micros_of(self.end, "end")

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"

    def text(self, zone: str | ZoneInfo, language: str = "zh-CN") -> str:
        """It in words, on the clock of `zone`: `2026年11月21日（周六）18点-20点，北京时间`."""
        return _ringfence.text("window", self.to_json(), language, Zone.of(zone))


@dataclass(frozen=True, slots=True, init=False)
class Line(Checked):
    """A line of a merchant: the number that he calls from and is called on, and how many calls it carries at once."""

    number: PhoneNumber
    channels: U32

    def __init__(self, number: PhoneNumber | str, channels: int) -> None:
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "channels", channels)
        Checked.__post_init__(self)


@dataclass(frozen=True, slots=True, init=False)
class WeeklyRule(Checked):
    """Hours that return every week on the wall clock of the merchant's zone: on each of `days`, from `from_` up to, and without, `to`.

    Times are `"HH:MM"` or a `datetime.time`; `"24:00"` is the midnight that ends the day. When `to` is not after `from_`, the rule runs
    past midnight and `days` are the days it starts on.

    >>> WeeklyRule(["sat", "sun"], "18:00", "20:00").text("en")
    'Sat, Sun 18:00-20:00'
    """

    days: tuple[Weekday, ...]
    from_: str
    to: str

    def __init__(self, days: Iterable[Weekday | str], from_: str | time, to: str | time) -> None:
        checked = check(tuple[Weekday, ...], days, "days")
        object.__setattr__(self, "days", tuple(day for day in Weekday if day in checked) if len(set(checked)) == len(checked) else checked)
        object.__setattr__(self, "from_", _time_of_day(from_, "from_"))
        object.__setattr__(self, "to", _time_of_day(to, "to"))
        _ringfence.check_weekly_rule(self.to_json())

    def __post_init__(self) -> None:
        # Checked in `__init__`, by the core.
        pass

    def text(self, language: str = "zh-CN") -> str:
        """It in words: `周一至周五 18点-20点`."""
        return _ringfence.text("weekly_rule", self.to_json(), language)


@dataclass(frozen=True, slots=True, init=False)
class CalledZone(Checked):
    """The numbers that begin with `prefix` are in this zone: what an operator knows of the phones that are called.

    >>> CalledZone("+86", "Asia/Shanghai").zone
    'Asia/Shanghai'
    """

    prefix: str
    zone: Zone

    def __init__(self, prefix: str, zone: str | ZoneInfo) -> None:
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "zone", Zone.of(zone))
        if not isinstance(prefix, str) or not re.fullmatch(r"\+[1-9][0-9]{0,14}", prefix, re.ASCII):
            raise ValueError(f"prefix: {prefix!r} is no beginning of numbers; give '+' and 1 to 15 digits, such as '+86'")
        Checked.__post_init__(self)


def _time_of_day(value: object, path: str) -> str:
    if isinstance(value, time):
        if value.tzinfo is not None or value.second or value.microsecond:
            raise ValueError(f"{path}: {value} should be whole minutes without a zone; the zone is the merchant's")
        return value.strftime("%H:%M")
    text: str = check(str, value, path)
    return text


@dataclass(frozen=True, slots=True, init=False)
class Hours(Checked):
    """A weekly rule on a page, and what the page calls it: `"working"` or `"non_working"`."""

    label: HoursLabel
    rule: WeeklyRule

    def __init__(self, label: HoursLabel | str, rule: WeeklyRule) -> None:
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "rule", rule)
        Checked.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Closed(Checked):
    """A day of a calendar on which no weekly rule starts: a holiday."""

    _tag: ClassVar[str | None] = "closed"


@dataclass(frozen=True, slots=True)
class CountsAs(Checked):
    """A day of a calendar on which the rules of this weekday start, whatever day it is: a moved workday (调休).

    >>> CountsAs("mon").weekday.value
    'mon'
    """

    _tag: ClassVar[str | None] = "as"
    _newtype: ClassVar[bool] = True
    weekday: Weekday


DayRule = Closed | CountsAs
"""What holds on a day of a calendar."""


@dataclass(frozen=True, slots=True, init=False)
class BookingEvidence(Checked):
    """How a booking reached the platform: enough to find the message, or the recording, that gave the permission.

    It changes no decision. It stands in the `BookedRecord` of the booking, with the reservation, and in its `Archive`.

    >>> BookingEvidence(channel="hotline", message="REC-0042", agent="1024").channel
    <Channel.HOTLINE: 'hotline'>
    """

    channel: Channel
    message: str | None
    """The message's id at the gateway, or the recording's."""
    body_hash: str | None
    """A hash of its content, as you computed it."""
    agent: str | None
    """The agent who took it on the hotline."""

    def __init__(
        self, *, channel: Channel | str, message: str | None = None, body_hash: str | None = None, agent: str | None = None
    ) -> None:
        for name, value in (("channel", channel), ("message", message), ("body_hash", body_hash), ("agent", agent)):
            object.__setattr__(self, name, value)
        Checked.__post_init__(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Checked):
    """Something that a user attaches to a booking (产品截图). You keep it, and give each attachment a number of its own.

    The merchant is told of it only if the user shares it.

    >>> Attachment(media=501, kind="picture", share=True).kind
    <MediaKind.PICTURE: 'picture'>
    """

    media: int
    kind: MediaKind
    share: bool = False


@dataclass(frozen=True, slots=True)
class SharedMedia(Checked):
    """Something attached that the user chose to share, as the merchant is told of it."""

    media: int
    kind: MediaKind


@dataclass(frozen=True, slots=True)
class ForReservation(Checked):
    """A merchant calls for the user of this reservation."""

    _tag: ClassVar[str | None] = "reservation"
    _newtype: ClassVar[bool] = True
    reservation: int


@dataclass(frozen=True, slots=True)
class ForNumber(Checked):
    """A merchant calls for whoever this virtual number means to him now: the number that was dialled."""

    _tag: ClassVar[str | None] = "number"
    _newtype: ClassVar[bool] = True
    number: PhoneNumber


@dataclass(frozen=True, slots=True)
class Everything(Checked):
    """Every call of the platform: what a freeze stops."""

    _tag: ClassVar[str | None] = "platform"


@dataclass(frozen=True, slots=True)
class OneMerchant(Checked):
    """The calls of one merchant: what a freeze stops."""

    _tag: ClassVar[str | None] = "merchant"
    _newtype: ClassVar[bool] = True
    merchant: int


@dataclass(frozen=True, slots=True)
class OneNumber(Checked):
    """The calls to one user's number: what a freeze stops."""

    _tag: ClassVar[str | None] = "number"
    _newtype: ClassVar[bool] = True
    number: PhoneNumber


@dataclass(frozen=True, slots=True)
class ForGroup(Checked):
    """A merchant calls for the users of this group, as many as may be rung now."""

    _tag: ClassVar[str | None] = "group"
    _newtype: ClassVar[bool] = True
    group: int


def text_of(kind: str, value: Record, language: str) -> str:
    """The core's words for `value`."""
    return _ringfence.text(kind, dumps(encode(value)), language)
