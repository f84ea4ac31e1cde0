"""The operator's rules and bounds, and the keys."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from enum import StrEnum
from typing import Any, ClassVar, Self, final

from . import _ringfence
from ._codec import U32, Checked, decode
from ._values import Bearer, CalledZone, CallMode, WeeklyRule
from .evidence import FailureReason

__all__ = ["ActionsIn", "Confirmation", "FallbackChannel", "Keyring", "MerchantChooses", "ModeChooser", "OnWindowClose", "PlatformChooses", "Policy", "Transcription"]


@dataclass(frozen=True, slots=True)
class MerchantChooses(Checked):
    """The merchant is sent both call modes to choose from."""

    _tag: ClassVar[str | None] = "merchant"


@dataclass(frozen=True, slots=True)
class PlatformChooses(Checked):
    """The platform decides for every reservation; no options are sent."""

    _tag: ClassVar[str | None] = "platform"
    _newtype: ClassVar[bool] = True

    mode: CallMode


ModeChooser = MerchantChooses | PlatformChooses
"""Who decides between the two call modes."""


class OnWindowClose(StrEnum):
    """What happens to a conversation that is still alive when the window ends."""

    CONTINUE = "continue"
    """It runs on, for `conversation_max_s` at most."""
    HANG_UP = "hang_up"
    """It ends with the window."""


class Confirmation(StrEnum):
    """What counts as the user's confirmation of the result of his booking."""

    SILENCE = "silence"
    """Silence: the booking itself was his word."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """An `acknowledge`; nothing rings before it."""


class ActionsIn(StrEnum):
    """Where a user finds what he may do with his reservation."""

    RESULT = "result"
    """On the result itself."""
    MANAGE_PAGE = "manage_page"
    """On a manage page of its own, which follows each result."""


class FallbackChannel(StrEnum):
    """A way by which a message goes that failed on the first one."""

    SMS = "sms"
    """A short message to the receiver's phone."""
    EMAIL = "email"
    """An e-mail to the mailbox that he named."""


class Transcription(StrEnum):
    """Whether voice messages are made into text."""

    NEVER = "never"
    """They go as voice."""
    ALWAYS = "always"
    """Each is, and goes as text with its voice behind the link; as voice where that fails."""


_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Checked):
    """The rules and bounds of a `Platform`. Every duration is in whole seconds and ends in `_s`.

    >>> Policy(min_ring_s=10).attempts_max
    3
    """

    ring_timeout_s: U32 = 45
    """How long a phone rings at most."""
    min_ring_s: U32 = 0
    """How much of the window must be left for a phone to begin to ring."""
    answer_timeout_s: U32 = 10
    """How long a caller's leg may take to report that it was answered, after the user picked up."""
    conversation_max_s: U32 = 7_200
    """The longest conversation."""
    release_grace_s: U32 = 30
    """How long after a hang-up without a report a leg still counts as alive."""
    retry_spacing_s: U32 = 300
    """How long to wait before the same user is called again."""
    attempts_max: U32 = 3
    """How often a user is rung for one reservation at most."""
    merchant_attempts_max: U32 = 3
    """How often the merchant's own leg may fail for one reservation. These use no attempt of the user."""
    platform_attempts_max: U32 = 10
    """How often a `dial` of one reservation may fail to be carried out. These use no attempt of the user."""
    conversations_max: U32 = 1
    """How many conversations a reservation is good for."""
    mode_chosen_by: ModeChooser = MerchantChooses()
    """Who chooses the call mode."""
    mode_on_silence: CallMode = CallMode.MERCHANT_CALLS
    """The mode of a reservation whose merchant has chosen none when the window opens."""
    on_window_close: OnWindowClose = OnWindowClose.CONTINUE
    """What becomes of a conversation when its window ends."""
    retention_s: U32 = 30 * _DAY_S
    """How long a closed reservation is kept before it is archived."""
    book_ahead_max_s: U32 = 366 * _DAY_S
    """How far ahead a window may end."""
    merchants_max: U32 = 100_000
    """The most merchants."""
    lines_per_merchant_max: U32 = 100
    """The most lines of one merchant."""
    pages_max: U32 = 1_000_000
    """The most booking pages."""
    page_entries_max: U32 = 200
    """The most offerings, and the most windows and hours together, on one page."""
    reservations_max: U32 = 20_000_000
    """The most reservations that are kept, closed ones in retention included."""
    reservations_per_number_max: U32 = 50
    """The most live reservations of one contact number."""
    push_max: U32 = 1_000
    """The most users that one `push_page` reaches."""
    outbox_max: U32 = 100_000
    """The most unconfirmed effects: an input that creates is refused unless all that it emits has room. At least 4, which a booking emits."""
    text_chars_max: U32 = 200
    """The longest text, in characters."""
    dedup_retention_s: U32 = 3 * _DAY_S
    """How long an input that was taken with a `dedup` key is remembered."""
    dedup_max: U32 = 1_000_000
    """The most inputs that are remembered by such a key."""
    clock_leap_max_s: U32 = 0
    """How far the clock may leap forward between two inputs; a longer leap is refused until `confirm_clock`. 0: any leap is taken."""
    channels_max: U32 = 10_000
    """The most channels of one line."""
    pushed_pages_max: U32 = 1_000
    """The most different page contents that wait in unconfirmed effects of `push_page`."""
    number_rest_s: U32 = 30 * _DAY_S
    """How long a virtual number rests before it means another user to the same merchant."""
    numbers_low: U32 = 10
    """The audit `NumbersLow` says so when fewer virtual numbers than this are left for new users of a merchant. 0: never."""
    numbers_max: U32 = 1_000_000
    """The most virtual numbers in the pool."""

    code_digits: U32 = 6
    """How many digits a code has."""
    code_life_s: U32 = 600
    """How long a code may be used."""
    code_tries_max: U32 = 3
    """How many wrong codes are taken for one that was sent; with the last of them the reservation closes."""
    codes_per_hour_max: U32 = 5
    """How many codes go to one number within an hour."""
    challenges_per_number_max: U32 = 3
    """The most codes to one number that may be used at the same time."""
    codes_max: U32 = 1_000_000
    """The most codes that are sent within an hour, to all numbers together."""
    reservations_per_sender_max: U32 = 500
    """The most reservations of one sender that are kept, closed ones in retention included."""
    calendars_max: U32 = 1_000
    """The most calendars."""
    calendar_days_max: U32 = 1_000
    """The most days of one calendar."""
    search_results_max: U32 = 20
    """The most results of one search."""
    blocks_per_user_max: U32 = 1_000
    """The most merchants and numbers that one user may have blocked."""
    blocks_max: U32 = 10_000_000
    """The most blocks of all users."""
    confirmation: Confirmation = Confirmation.SILENCE
    """What confirms the result of a booking, and of every change of it."""
    revisions_max: U32 = 20
    """How often the terms of a reservation may be set, the booking included."""
    freezes_max: U32 = 10_000
    """The most merchants and numbers that are frozen at the same time."""
    do_not_call_max: U32 = 10_000_000
    """The most numbers on the do-not-call list."""
    do_not_call_import_max: U32 = 10_000
    """The most numbers that one change of the do-not-call list names."""
    callable_hours: tuple[WeeklyRule, ...] = ()
    """The hours in which a user's phone may ring, on the clock of his number (`called_zones`), or else of his reservation's zone. None: every hour."""
    rings_per_day_max: U32 = 0
    """How often one number is rung within any 24 hours, for all its reservations together. 0: no limit. Needs a `retention_s` of a day."""
    group_size_max: U32 = 20
    """The most users of one shared call that a page may offer."""
    attachments_max: U32 = 10
    """The most pictures, voice notes and videos that are attached to one reservation."""
    profiles_remembered: bool = True
    """Whether a booking has to do with its sender's profile when it does not say."""
    profiles_max: U32 = 10_000_000
    """The most profiles. The one that would be forgotten first leaves for a new one."""
    profile_life_s: U32 = 31_536_000
    """How long a profile is remembered after its last booking."""
    pages_per_merchant_max: U32 = 1_000
    """The most booking pages of one merchant, withdrawn ones included."""
    search_candidates_max: U32 = 1_000
    """How many pages one search ranks at most."""
    wrong_codes_per_day_max: U32 = 20
    """How many wrong codes are taken for one number within any 24 hours; then no code goes to it until fewer are that young."""
    actions_in: ActionsIn = ActionsIn.RESULT
    """Where a user finds the buttons to confirm, to amend and to cancel. A manage page makes `outbox_max` at least 9."""
    bearer: Bearer = Bearer.VOLTE
    """What a `dial` asks to be carried by."""
    reminder_before_s: U32 = 0
    """How long before the window its user is reminded of it. 0: he is not."""
    fallback: tuple[FallbackChannel, ...] = (FallbackChannel.SMS, FallbackChannel.EMAIL)
    """The ways by which a message to a user is tried again when it failed, in this order, each once."""
    fallback_wait_s: U32 = 3_600
    """How long after it was sent a message may be reported on."""
    messages_max: U32 = 1_000_000
    """The most messages that are kept for their reports; the oldest give way to new ones. 0: none is tried again."""
    accounts_max: U32 = 100_000_000
    """The most accounts that follow."""
    bindings_per_account_max: U32 = 10
    """The most numbers that one account has or has asked for."""
    bindings_max: U32 = 100_000_000
    """The most bindings of all accounts."""
    unfollowed_max_s: U32 = 180 * _DAY_S
    """How long a number stays with an account that does not follow any more."""
    divert_on: tuple[FailureReason, ...] = (
        FailureReason.BUSY,
        FailureReason.POWERED_OFF,
        FailureReason.OUT_OF_SERVICE_AREA,
        FailureReason.SUSPENDED,
    )
    """For which reasons of a failed call its caller is offered the recorder."""
    record_max_s: U32 = 60
    """The longest voice message."""
    record_silence_s: U32 = 5
    """How long a silence ends a recording."""
    record_min_s: U32 = 2
    """The shortest recording that is a message."""
    record_grace_s: U32 = 30
    """How long after its longest a recording may be reported, and after the caller is gone."""
    failed_calls_max: U32 = 100_000
    """The most callers of failed calls who are connected at the same time."""
    voice_messages_max: U32 = 10_000_000
    """The most voice messages that are kept, those that are over included."""
    voice_messages_per_callee_max: U32 = 20
    """The most voice messages for one callee that are not over."""
    voice_message_life_s: U32 = 7 * _DAY_S
    """How long after it was stored a voice message is delivered, and can be listened to."""
    push_timeout_s: U32 = 60
    """How long a report on a push is waited for."""
    push_backoff_s: U32 = 30
    """How long after a failed push the next one comes; doubled with each, up to an hour."""
    push_attempts_max: U32 = 5
    """How often a voice message is pushed by one road."""
    transcription: Transcription = Transcription.NEVER
    """Whether voice messages are made into text."""
    transcribe_timeout_s: U32 = 60
    """How long a text is waited for."""
    transcript_chars_max: U32 = 2_000
    """The longest text of a voice message, in characters."""
    voice_by_sms: bool = True
    """Whether a voice message that its account cannot get goes to the callee's phone by SMS."""
    called_zones: tuple[CalledZone, ...] = ()
    """Which zone the numbers are in that begin so, for `callable_hours`: of several that cover a number the longest."""
    group_members_max: U32 = 200
    """The most live reservations of one group. Who comes later is in another."""

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        _ringfence.check_policy(self.to_json())

    @classmethod
    def _decoded(cls, fields: dict[str, Any]) -> Any:
        # A journal may hold rules that are out of range: the platform refuses them there, as it did when they came.
        policy = object.__new__(cls)
        for one in dataclass_fields(cls):
            object.__setattr__(policy, one.name, fields.get(one.name, one.default))
        Checked.__post_init__(policy)
        return policy

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The policy of a journal's header. Fields that are left out have their defaults."""
        _ringfence.check_policy(text)
        found: Self = decode(cls, json.loads(_ringfence.default_policy()) | json.loads(text))
        return found


@final
class Keyring:
    """The keys that prove things, by id. They are in no policy, journal or snapshot, and `repr` shows their ids only.

    >>> Keyring.random()
    Keyring(ids=['k1'])
    """

    __slots__ = ("_keys",)
    _keys: dict[str, bytes]

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        for key_id, key in keys.items():
            if not isinstance(key_id, str):
                raise TypeError(f"a key's id is a str, got {type(key_id).__name__}")
            if not isinstance(key, bytes):
                raise TypeError(f"key {key_id!r} is bytes, got {type(key).__name__}")
        _ringfence.check_keyring(dict(keys))
        self._keys = dict(keys)

    @classmethod
    def random(cls) -> Self:
        """One new key of 32 bytes from the operating system, under the id `k1`. Keep it: what it proved needs it again."""
        return cls({"k1": secrets.token_bytes(32)})

    def __reduce__(self) -> Any:
        raise TypeError("a keyring is not pickled, since keys must not lie about; make it anew from where you keep them")

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, in order."""
        return tuple(sorted(self._keys))

    def __repr__(self) -> str:
        return f"Keyring(ids={list(self.ids)})"
