"""The platform: what a host holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timezone, tzinfo
from types import TracebackType
from typing import Any, Self, TypeVar, cast, final
from zoneinfo import ZoneInfo

from . import _ringfence, effects, inputs, replies
from ._codec import U16, U32, check, decode, encode, instant, micros_of
from ._codec import dumps as _dumps
from ._policy import Keyring, Policy
from ._values import (
    AccountId,
    Address,
    Attachment,
    BookingEvidence,
    CallMode,
    DayRule,
    ForGroup,
    ForNumber,
    ForReservation,
    Hours,
    Line,
    PhoneNumber,
    ProfileField,
    ResultBy,
    Window,
    Zone,
)
from .effects import Effect
from .errors import Misused, RingfenceError
from .evidence import Evidence
from .inputs import Dedup
from .records import (
    Binding,
    Call,
    LawStatus,
    Leg,
    LineStatus,
    LiveChallenge,
    Merchant,
    NumberStatus,
    Page,
    PersonExport,
    PoolStatus,
    Profile,
    Reservation,
    VoiceMessage,
)
from .replies import (
    Amended,
    Booked,
    CallAllowed,
    CallDenied,
    Confirmed,
    Deadline,
    DoNotCallSet,
    Forgotten,
    Done,
    Imported,
    NoOp,
    Progress,
    Published,
    Reply,
    BindingRequested,
    NumberBound,
    CallJudged,
    MessageOpened,
    OwnLeg,
    SlotChosen,
    Verdict,
    Why,
    WrongCode,
)

__all__ = ["Platform"]

_T = TypeVar("_T")


@final
class Platform:
    """Decides whether a call may ring, who is called first, and who is joined. Does nothing itself, and reads no clock.

    *Inputs* are methods that take `now` first, an aware `datetime`: what users, merchants and the network did. Each answers at once or
    raises `Misused`, `Refused` or `LimitReached`. *Effects* are what you must do next: `for effect in platform.effects()`. After
    each input, carry them out, `confirm` them, and look at `poll_deadline()`: when that instant comes, call `advance`.

    A `now` earlier than the latest seen counts as the latest seen. Instants that come back are on the clock of the zone of the
    latest `now` that you gave (UTC before the first).

    One platform may be used from several threads; calls wait for each other. A platform is no context of its own: `with` only closes it.
    """

    __slots__ = ("_core", "_keyring", "_zone")
    _core: _ringfence.Platform | None

    def __init__(
        self, policy: Policy | None = None, keyring: Keyring | None = None, *, hash_seed: int = 0, shard: int = 0
    ) -> None:
        """A platform without merchants.

        `hash_seed` spreads the hash tables; draw it at random where strangers choose keys. It reaches no output. `shard` stands in the
        high bits of all ids that this platform gives, so that no two of several shards give the same.
        """
        rules: Policy = _checked(Policy, policy if policy is not None else Policy(), "policy", "Policy()")
        self._keyring: Keyring = _checked(Keyring, keyring if keyring is not None else Keyring({}), "keyring", "Keyring.random()")
        self._zone: tzinfo = timezone.utc
        self._core = _ringfence.Platform(rules.to_json(), self._keyring._keys, check(int, hash_seed, "hash_seed"), check(U16, shard, "shard"))

    # What merchants do.

    def register_merchant(
        self,
        now: datetime,
        *,
        merchant: int,
        name: str,
        lines: Iterable[Line],
        zone: str | ZoneInfo,
        chatbot: Address | str | None = None,
        contact: str | None = None,
        address: str | None = None,
        description: str | None = None,
        dedup: Dedup | None = None,
    ) -> Done:
        """A merchant signs up; again for the same merchant: an update.

        `zone` is the zone that his weekly hours are meant in, `chatbot` the only one that publishes his pages and takes his
        reservations; `contact`, `address` and `description` are shown to users, who find him by the latter.
        """
        return self._expect(
            Done,
            now,
            inputs.RegisterMerchant(
                merchant=merchant,
                name=name,
                lines=tuple(check(tuple[Line, ...], lines, "lines")),
                zone=Zone.of(zone),
                chatbot=_maybe(Address, chatbot, "chatbot"),
                contact=contact,
                address=address,
                description=description,
            ),
            dedup,
        )

    def publish_page(
        self,
        now: datetime,
        *,
        page: int,
        merchant: int,
        offerings: Mapping[int, str],
        windows: Iterable[Window] = (),
        hours: Iterable[Hours] = (),
        line: PhoneNumber | str | None = None,
        chatbot: Address | str | None = None,
        descriptions: Mapping[int, str] | None = None,
        calendar: int | None = None,
        group_size_max: int | None = None,
        dedup: Dedup | None = None,
    ) -> Published:
        """A merchant's chatbot publishes a booking page: what can be talked about, and when. Again: a new version. `group_size_max` is how many users
        may share one call."""
        return self._expect(
            Published,
            now,
            inputs.PublishPage(
                page=page,
                merchant=merchant,
                chatbot=_maybe(Address, chatbot, "chatbot"),
                offerings=offerings,
                windows=check(tuple[Window, ...], windows, "windows"),
                hours=check(tuple[Hours, ...], hours, "hours"),
                line=_maybe(PhoneNumber, line, "line"),
                descriptions=descriptions if descriptions is not None else {},
                calendar=calendar,
                group_size_max=group_size_max,
            ),
            dedup,
        )

    def withdraw_page(
        self, now: datetime, *, merchant: int, page: int, chatbot: Address | str | None = None, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """A merchant's chatbot takes a page back. What was booked stands; published again, the page goes on with the next version."""
        return self._done(now, inputs.WithdrawPage(merchant=merchant, page=page, chatbot=_maybe(Address, chatbot, "chatbot")), dedup)

    def push_page(self, now: datetime, *, page: int, to: Iterable[Address | str], dedup: Dedup | None = None) -> Done:
        """A page goes to these users."""
        return self._expect(Done, now, inputs.PushPage(page=page, to=check(tuple[Address, ...], to, "to")), dedup)

    def preset_mode(self, now: datetime, *, merchant: int, mode: CallMode | str | None, dedup: Dedup | None = None) -> Done | NoOp:
        """A merchant decides beforehand how later reservations are called. `None` clears it."""
        return self._done(now, inputs.PresetMode(merchant=merchant, mode=_maybe(CallMode, mode, "mode")), dedup)

    def choose_mode(self, now: datetime, *, merchant: int, reservation: int, mode: CallMode | str, dedup: Dedup | None = None) -> Done | NoOp:
        """A merchant answers the mode options of one reservation."""
        return self._done(
            now, inputs.ChooseMode(merchant=merchant, reservation=reservation, mode=check(CallMode, mode, "mode")), dedup
        )

    def request_call(
        self,
        now: datetime,
        *,
        line: PhoneNumber | str,
        reservation: int | None = None,
        number: PhoneNumber | str | None = None,
        group: int | None = None,
        dedup: Dedup | None = None,
    ) -> CallAllowed | CallDenied:
        """A merchant's line calls the platform and asks for a user: the one of a reservation, or the one whom the virtual number that was
        dialled means to this merchant, or those of a group. Give one of the three. The switch holds the call, unanswered.

        The answer is an `Allow` or a `Deny` with the id of the inbound leg; effects say what to do with it. `LimitReached` (outbox) is no answer: reject
        the call with SIP 503.
        """
        request = _request(line, reservation, number, group)
        return cast(CallAllowed | CallDenied, self.handle(now, request, dedup=dedup))

    # What users do.

    def book(
        self,
        now: datetime,
        *,
        user: Address | str,
        page: int,
        offering: int,
        window: Window,
        zone: str | ZoneInfo | None = None,
        contact: PhoneNumber | str | None = None,
        name: str | None = None,
        evidence: BookingEvidence | None = None,
        share: bool = False,
        attachments: Iterable[Attachment] = (),
        remember: bool | None = None,
        result_by: ResultBy | str | None = None,
        email: Address | str | None = None,
        dedup: Dedup | None = None,
    ) -> Booked:
        """A user books: the merchant may ring him inside `window`.

        `zone` is the one that he meant the window in (the merchant's when absent), `contact` the phone that shall ring (his own
        when absent), `evidence` what shall prove the booking later, `result_by` how the result shall come (as he writes when
        absent), `email` his mailbox. With `share` he agrees to be called together with others who book
        the same. Of the `attachments` the merchant is told of those that the user shares.
        With `remember`, or as the policy says, what is left out comes from his profile, and what is said goes there.
        """
        return self._expect(
            Booked,
            now,
            inputs.Book(
                user=check(Address, user, "user"),
                page=page,
                offering=offering,
                window=window,
                zone=None if zone is None else Zone.of(zone),
                contact=_maybe(PhoneNumber, contact, "contact"),
                name=name,
                evidence=evidence,
                share=share,
                attachments=tuple(attachments),
                remember=remember,
                result_by=None if result_by is None else check(ResultBy, result_by, "result_by"),
                email=_maybe(Address, email, "email"),
            ),
            dedup,
        )

    def search(self, now: datetime, *, user: Address | str, keyword: str | None = None, dedup: Dedup | None = None) -> Done:
        """A user is sent what his keyword finds over merchants, offerings and descriptions; without a keyword, the search entry."""
        return self._expect(Done, now, inputs.Search(user=check(Address, user, "user"), keyword=keyword), dedup)

    def request_page(self, now: datetime, *, user: Address | str, of: inputs.PageOf, dedup: Dedup | None = None) -> Done:
        """A user is sent the page that he asks for: `OfPage(10)`; `OfMerchant(1)`, of whose pages it is the one with the
        lowest id; or `OfReservation(1)`, the page to manage his reservation."""
        return self._expect(Done, now, inputs.RequestPage(user=check(Address, user, "user"), of=of), dedup)

    def cancel(self, now: datetime, *, user: Address | str, reservation: int, dedup: Dedup | None = None) -> Done | NoOp:
        """A user takes a reservation back. What rings stops ringing in the same step."""
        return self._done(now, inputs.Cancel(user=check(Address, user, "user"), reservation=reservation), dedup)

    def confirm_contact(
        self, now: datetime, *, user: Address | str, reservation: int, code: str, dedup: Dedup | None = None
    ) -> Confirmed | WrongCode:
        """The code that went to a contact number comes back: from the number, or from the one who booked.

        A right one accepts the booking; a wrong one counts, and with the last one that is taken the reservation closes.
        """
        given = inputs.ConfirmContact(user=check(Address, user, "user"), reservation=reservation, code=code)
        return cast(Confirmed | WrongCode, self.handle(now, given, dedup=dedup))

    def request_code(self, now: datetime, *, user: Address | str, reservation: int, dedup: Dedup | None = None) -> Done:
        """A new code is asked for. The one that is out ends."""
        return self._expect(Done, now, inputs.RequestCode(user=check(Address, user, "user"), reservation=reservation), dedup)

    def block(self, now: datetime, *, user: Address | str, what: inputs.BlockTarget, dedup: Dedup | None = None) -> Done | NoOp:
        """A user wants nothing more of a merchant: `inputs.BlockMerchant(1)`, or `inputs.BlockNumber(PhoneNumber("95511"))` for whoever has that line.

        What rings or talks for them ends in the same step, their reservations are cancelled, no page of the merchant comes any more.
        """
        return self._done(now, inputs.Block(user=check(Address, user, "user"), what=what), dedup)

    def unblock(self, now: datetime, *, user: Address | str, what: inputs.BlockTarget, dedup: Dedup | None = None) -> Done | NoOp:
        """A user takes a block back. He may book again; nothing else comes back."""
        return self._done(now, inputs.Unblock(user=check(Address, user, "user"), what=what), dedup)

    def amend(
        self,
        now: datetime,
        *,
        user: Address | str,
        reservation: int,
        window: Window | None = None,
        zone: str | ZoneInfo | None = None,
        contact: PhoneNumber | str | None = None,
        offering: int | None = None,
        name: str | None = None,
        share: bool | None = None,
        evidence: BookingEvidence | None = None,
        attachments: Iterable[Attachment] | None = None,
        dedup: Dedup | None = None,
    ) -> Amended | NoOp:
        """A user changes a reservation; what is `None` stays as it is. `share` agrees to a shared call, or takes that back.

        A phone that rings goes on only if the new terms carry it. During a conversation the change waits for the end of the call.
        """
        amend = inputs.Amend(
            user=check(Address, user, "user"),
            reservation=reservation,
            window=window,
            zone=None if zone is None else Zone.of(zone),
            contact=_maybe(PhoneNumber, contact, "contact"),
            offering=offering,
            name=name,
            share=share,
            evidence=evidence,
            attachments=None if attachments is None else tuple(attachments),
        )
        return cast(Amended | NoOp, self.handle(now, amend, dedup=dedup))

    def decline(
        self, now: datetime, *, merchant: int, reservation: int, reason: str | None = None, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """A merchant will not call; the user is told. What rings stops ringing in the same step."""
        return self._done(now, inputs.Decline(merchant=merchant, reservation=reservation, reason=reason), dedup)

    def acknowledge(self, now: datetime, *, user: Address | str, reservation: int, dedup: Dedup | None = None) -> Done | NoOp:
        """A user confirms the result of his booking. It matters only where `Policy.confirmation` asks for it."""
        return self._done(now, inputs.Acknowledge(user=check(Address, user, "user"), reservation=reservation), dedup)

    def choose_slot(
        self,
        now: datetime,
        *,
        merchant: int,
        reservation: int,
        slot: Window | datetime | inputs.Slot,
        dedup: Dedup | None = None,
    ) -> SlotChosen | NoOp:
        """Platform mode: a merchant chooses when inside the window he is called. An instant means: from then to the window's end.

        When the slot is over without a conversation he is told, and nobody is called before he chooses another or is ready.
        """
        if isinstance(slot, Window):
            slot = inputs.SlotWindow(slot)
        elif not isinstance(slot, inputs.SlotWindow | inputs.SlotFrom):
            slot = inputs.SlotFrom(slot)
        input = inputs.ChooseSlot(merchant=merchant, reservation=reservation, slot=slot)
        return cast(SlotChosen | NoOp, self.handle(now, input, dedup=dedup))

    def merchant_ready(
        self, now: datetime, *, merchant: int, reservation: int, dedup: Dedup | None = None
    ) -> SlotChosen | NoOp:
        """Platform mode: a merchant is ready, and is called from now on. A no-op while he is anyway."""
        input = inputs.MerchantReady(merchant=merchant, reservation=reservation)
        return cast(SlotChosen | NoOp, self.handle(now, input, dedup=dedup))

    # What the network reports.

    def leg_progress(self, now: datetime, *, leg: int, dedup: Dedup | None = None) -> Done | NoOp:
        """A dialled phone rings. One of a leg that is gone is hung up."""
        return self._done(now, inputs.LegProgress(leg=leg), dedup)

    def leg_answered(self, now: datetime, *, leg: int, dedup: Dedup | None = None) -> Done | NoOp:
        """A leg was answered: a dialled phone picked up, or an inbound leg carried out an `Answer`. One that is gone is hung up."""
        return self._done(now, inputs.LegAnswered(leg=leg), dedup)

    def leg_ended(self, now: datetime, *, leg: int, evidence: Evidence = Evidence(), dedup: Dedup | None = None) -> Done | NoOp:
        """A leg is gone; `evidence` is what the network said of it."""
        return self._done(now, inputs.LegEnded(leg=leg, evidence=evidence), dedup)

    def play_finished(self, now: datetime, *, leg: int, dedup: Dedup | None = None) -> Done | NoOp:
        """A prompt was played to its end."""
        return self._done(now, inputs.PlayFinished(leg=leg), dedup)

    def effect_failed(self, now: datetime, *, sequence: int, dedup: Dedup | None = None) -> Done | NoOp:
        """An at-most-once effect was not carried out: it was late, in doubt, or impossible. It must still be unconfirmed. The leg of a `Dial` is hung up, since
        it may ring all the same; report `leg_ended` if it is not there."""
        return self._done(now, inputs.EffectFailed(sequence=sequence), dedup)

    def resync(self, now: datetime, *, legs: Iterable[int], dedup: Dedup | None = None) -> Done | NoOp:
        """The switch came back after a crash, and exactly these legs live there."""
        return self._done(now, inputs.Resync(legs=check(tuple[int, ...], legs, "legs")), dedup)

    # What the operator does.

    def set_calendar(
        self, now: datetime, *, calendar: int, days: Mapping[date, DayRule], dedup: Dedup | None = None
    ) -> Done | NoOp:
        """Tells the holidays and moved workdays that the weekly hours of pages with this calendar follow: `{date(2026, 10, 1): Closed()}`."""
        return self._done(now, inputs.SetCalendar(calendar=calendar, days=days), dedup)

    def set_policy(self, now: datetime, policy: Policy, *, dedup: Dedup | None = None) -> Done | NoOp:
        """Sets the rules anew, from now on. Instants that were fixed before stay. The same rules again: `NoOp`."""
        return self._done(now, inputs.SetPolicy(policy=_checked(Policy, policy, "policy", "Policy()")), dedup)

    def import_numbers(self, now: datetime, *, numbers: Iterable[PhoneNumber | str], dedup: Dedup | None = None) -> Imported:
        """The operator puts virtual numbers into the pool, in E.164 form. Those that are in it already are passed over."""
        checked = check(tuple[PhoneNumber, ...], numbers, "numbers")
        return self._expect(Imported, now, inputs.ImportNumbers(numbers=checked), dedup)

    def freeze(self, now: datetime, *, scope: inputs.Scope, by: str, why: str, dedup: Dedup | None = None) -> Done | NoOp:
        """Nothing new rings in this scope until it is thawed: `Everything()`, `OneMerchant(1)` or `OneNumber(PhoneNumber("+86…"))`. What rings or talks goes on.

        Who says so and why go to the audit. A scope that is frozen already: `NoOp`. It comes through while the outbox is full.
        """
        return self._done(now, inputs.Freeze(scope=scope, by=by, why=why), dedup)

    def thaw(self, now: datetime, *, scope: inputs.Scope, by: str, why: str, dedup: Dedup | None = None) -> Done | NoOp:
        """Lets this scope ring again. One that is not frozen: `NoOp`."""
        return self._done(now, inputs.Thaw(scope=scope, by=by, why=why), dedup)

    def import_do_not_call(
        self,
        now: datetime,
        *,
        add: Iterable[PhoneNumber | str] = (),
        remove: Iterable[PhoneNumber | str] = (),
        dedup: Dedup | None = None,
    ) -> DoNotCallSet:
        """Changes the list of numbers that are never rung, whoever booked for them. A number that is named for both is on it afterwards."""
        numbers = tuple[PhoneNumber, ...]
        given = inputs.ImportDoNotCall(add=check(numbers, add, "add"), remove=check(numbers, remove, "remove"))
        return self._expect(DoNotCallSet, now, given, dedup)

    def set_profile(
        self,
        now: datetime,
        *,
        user: Address | str,
        name: str | None = None,
        email: Address | str | None = None,
        erase: Iterable[ProfileField | str] = (),
        dedup: Dedup | None = None,
    ) -> Done | NoOp:
        """A user changes what is remembered of him; what is neither given nor in `erase` stays. A contact is remembered by bookings only."""
        erased = check(tuple[ProfileField, ...], erase, "erase")
        given = inputs.SetProfile(user=check(Address, user, "user"), name=name, email=_maybe(Address, email, "email"), erase=erased)
        return self._done(now, given, dedup)

    def forget_me(self, now: datetime, *, user: Address | str, dedup: Dedup | None = None) -> Forgotten | NoOp:
        """A user wants to be forgotten: what is live is cancelled, a conversation is left alone, and what is kept of him leaves. `NoOp`: nothing was."""
        return cast(Forgotten | NoOp, self.handle(now, inputs.ForgetMe(user=check(Address, user, "user")), dedup=dedup))

    def message_reported(
        self, now: datetime, *, message: int, status: inputs.MessageStatus, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """A gateway says what became of the message that the `Send` with this sequence number sent: `Delivered()`, `WasRead()`, or `Failed("404")`.

        One that failed goes by the next way that the policy names; when none is left, an `Undelivered` audit says so.
        """
        return self._done(now, inputs.MessageReported(message=message, status=status), dedup)

    def follow(self, now: datetime, *, account: AccountId | str, dedup: Dedup | None = None) -> Done | NoOp:
        """An account follows the operator's public account. What it had bound before, and is not over, is bound again. Twice: `NoOp`."""
        return self._done(now, inputs.Follow(account=check(AccountId, account, "account")), dedup)

    def unfollow(self, now: datetime, *, account: AccountId | str, dedup: Dedup | None = None) -> Done | NoOp:
        """An account does not follow any more: its requests end, its numbers wait for it, `unfollowed_max_s` at most. Twice: `NoOp`."""
        return self._done(now, inputs.Unfollow(account=check(AccountId, account, "account")), dedup)

    def request_binding(
        self, now: datetime, *, account: AccountId | str, number: PhoneNumber | str, dedup: Dedup | None = None
    ) -> BindingRequested | NoOp:
        """A follower asks for a number to be bound to his account: its holder is sent a code. A number that is his already: `NoOp`."""
        input = inputs.RequestBinding(account=check(AccountId, account, "account"), number=check(PhoneNumber, number, "number"))
        return cast(BindingRequested | NoOp, self.handle(now, input, dedup=dedup))

    def confirm_binding(
        self, now: datetime, *, account: AccountId | str, number: PhoneNumber | str, code: str, dedup: Dedup | None = None
    ) -> NumberBound | WrongCode:
        """The code that went to a number comes back. The number is the account's then; whoever had it before has it no more, and is told."""
        given = inputs.ConfirmBinding(
            account=check(AccountId, account, "account"), number=check(PhoneNumber, number, "number"), code=code
        )
        return cast(NumberBound | WrongCode, self.handle(now, given, dedup=dedup))

    def unbind(
        self, now: datetime, *, account: AccountId | str, number: PhoneNumber | str, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """An account gives a number back, or its request for one. One that it does not have: `NoOp`."""
        given = inputs.Unbind(account=check(AccountId, account, "account"), number=check(PhoneNumber, number, "number"))
        return self._done(now, given, dedup)

    def call_failed(
        self,
        now: datetime,
        *,
        caller: PhoneNumber | str | None,
        callee: PhoneNumber | str,
        evidence: Evidence = Evidence(),
        is_answered: bool = False,
        dedup: Dedup | None = None,
    ) -> CallJudged:
        """A call outside any reservation reached nobody, and the switch holds its caller's leg. `caller` is `None` when it is withheld."""
        number, called = _maybe(PhoneNumber, caller, "caller"), check(PhoneNumber, callee, "callee")
        input = inputs.CallFailed(caller=number, callee=called, evidence=evidence, is_answered=is_answered)
        return self._expect(CallJudged, now, input, dedup)

    def call_diverted(
        self,
        now: datetime,
        *,
        caller: PhoneNumber | str | None,
        callee: PhoneNumber | str,
        evidence: Evidence = Evidence(),
        is_answered: bool = False,
        dedup: Dedup | None = None,
    ) -> CallJudged | OwnLeg:
        """The network forwarded a call to us. One of our own ends the leg that it was; any other is a failed call."""
        number, called = _maybe(PhoneNumber, caller, "caller"), check(PhoneNumber, callee, "callee")
        input = inputs.CallDiverted(caller=number, callee=called, evidence=evidence, is_answered=is_answered)
        return cast(CallJudged | OwnLeg, self.handle(now, input, dedup=dedup))

    def recorded(
        self, now: datetime, *, voice_message: int, media: int, seconds: int, is_silent: bool = False, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """What a caller said was recorded. Too short or silent, it is no message. The same again: `NoOp`."""
        input = inputs.Recorded(voice_message=voice_message, media=media, seconds=check(U32, seconds, "seconds"), is_silent=is_silent)
        return self._done(now, input, dedup)

    def record_failed(self, now: datetime, *, voice_message: int, dedup: Dedup | None = None) -> Done | NoOp:
        """Nothing could be recorded. A caller who is still there is told."""
        return self._done(now, inputs.RecordFailed(voice_message=voice_message), dedup)

    def transcribed(self, now: datetime, *, voice_message: int, text: str | None, dedup: Dedup | None = None) -> Done | NoOp:
        """What a voice message says, in words; `None` when they could not be made out."""
        return self._done(now, inputs.Transcribed(voice_message=voice_message, text=text), dedup)

    def open_message(
        self, now: datetime, *, account: AccountId | str, voice_message: int, dedup: Dedup | None = None
    ) -> MessageOpened:
        """An account opens a voice message: its recording, as often as it is asked."""
        input = inputs.OpenMessage(account=check(AccountId, account, "account"), voice_message=voice_message)
        return self._expect(MessageOpened, now, input, dedup)

    def request_call_back(
        self, now: datetime, *, account: AccountId | str, voice_message: int, dedup: Dedup | None = None
    ) -> Done | NoOp:
        """Whoever listened asks to be called back: the sender of the message is told. Twice: `NoOp`."""
        return self._done(
            now, inputs.RequestCallBack(account=check(AccountId, account, "account"), voice_message=voice_message), dedup
        )

    def rotate_key(self, now: datetime, *, id: str, dedup: Dedup | None = None) -> Done | NoOp:
        """Codes are made under this key from now on; it must be loaded. Those that are out keep theirs. The same key again: `NoOp`."""
        return self._done(now, inputs.RotateKey(id=id), dedup)

    def confirm_clock(self, now: datetime, *, dedup: Dedup | None = None) -> Done:
        """Says that the clock is right: `now` is taken however far it leapt. Under a key, only when it was not taken before."""
        return self._expect(Done, now, inputs.ConfirmClock(), dedup)

    # The general form.

    def handle(self, now: datetime, input: inputs.Input, *, dedup: Dedup | None = None) -> Reply:
        """Takes any input. The typed methods are short forms of this.

        `dedup=("maap", "E1")` is for an input that may come again, as webhooks do: its source and its key there. Once accepted, a repeat
        within `Policy.dedup_retention_s` gets the same reply, changes nothing and emits nothing. The same key with another content is
        `Misused` (`repeat_differs`). A refused input is not remembered.
        """
        if not isinstance(input, inputs.Input):
            raise TypeError(f"input: expected one of the classes in ringfence.inputs, got {type(input).__name__}")
        return self.handle_json(now, _dumps(encode(input)), dedup=dedup)

    def handle_json(self, now: datetime, input: str, *, dedup: Dedup | None = None) -> Reply:
        """Takes an input as it stands in a journal line under `"input"`: `{"book":{…}}`."""
        source_and_key = None if dedup is None else _pair(dedup)
        core, micros = self._at(now)
        try:
            reply = core.handle(micros, input) if source_and_key is None else core.handle_once(micros, *source_and_key, input)
        except RingfenceError as error:
            raise error._shown_in(self._zone) from None
        return replies._from_core(reply, self._zone)

    # Time and effects.

    def advance(self, now: datetime, *, budget: int = 1_000) -> Progress:
        """Fires the deadlines that are due, at most `budget` of them; 0 counts as 1."""
        core, micros = self._at(now)
        fired, more, is_clock_refused = core.advance(micros, check(U32, budget, "budget"))
        return Progress(fired=fired, more=more, is_clock_refused=is_clock_refused)

    def poll_deadline(self) -> Deadline | None:
        """When to call `advance` next, and what for. While effects wait to be polled that is now: the latest `now` seen."""
        found = self._open().poll_deadline()
        if found is None:
            return None
        at, why, about = found
        return Deadline(at=instant(at, self._zone), why=Why(why), about=about)

    def poll_effect(self) -> Effect | None:
        """The next effect that was not handed out yet, in sequence, or `None`."""
        text = self._open().poll_effect()
        return None if text is None else effects._from_core(text, self._zone)

    def effects(self, *, confirm: bool = False) -> Iterator[Effect]:
        """The effects that wait, and those that come up while you carry them out, one after the other.

        By default nothing is confirmed: call `platform.confirm(effect.sequence)` when an effect is carried out and its record is where a
        crash cannot reach it. With `confirm=True` each effect is confirmed when the loop asks for the next one, so an exception in
        the loop leaves the one it happened in unconfirmed: enough for scripts and tests, and for hosts that call `resync` after a crash.
        """
        while (effect := self.poll_effect()) is not None:
            yield effect
            if confirm:
                self.confirm(effect.sequence)

    def confirm(self, up_to: int) -> None:
        """The effects up to this sequence number are carried out. Until then they are kept, in snapshots too."""
        try:
            self._open().confirm(check(int, up_to, "up_to"))
        except RingfenceError as error:
            raise error._shown_in(self._zone) from None

    # Questions.

    def gate(
        self,
        at: datetime,
        *,
        line: PhoneNumber | str,
        reservation: int | None = None,
        number: PhoneNumber | str | None = None,
        group: int | None = None,
    ) -> Verdict:
        """What `request_call` would answer at that instant. Changes nothing and leaves no audit record.

        An `at` before the latest instant seen counts as that.
        """
        core = self._open()
        micros = micros_of(at, "at")
        request = _request(line, reservation, number, group).to_json()
        verdict: Verdict = decode(_VERDICT, json.loads(core.gate(request, micros)), at.tzinfo or timezone.utc)
        return verdict

    def reservation(self, id: int) -> Reservation | None:
        """A reservation that is kept: live, or closed and in retention."""
        return self._record(Reservation, self._open().reservation(check(int, id, "id")))

    def code(self, challenge: int) -> str:
        """The code of a challenge: what to put into its message when you send it. It is in no effect, journal or snapshot.

        Raises `Misused` once it is out no more: it was answered or replaced, its time is over, or its reservation is closed. Do not
        send the message then.
        """
        try:
            return self._open().code(check(int, challenge, "challenge"))
        except RingfenceError as error:
            raise error._shown_in(self._zone) from None

    def export_person(self, user: Address | str) -> PersonExport | None:
        """Everything that is held of a person, by his number or mailbox. A question: nothing changes. `None` for a chatbot, who is nobody.

        It names no other user. What is over stands in it until it is forgotten.
        """
        return self._record(PersonExport, self._open().export_person(check(Address, user, "user").in_full()))

    def challenge(self, id: int) -> LiveChallenge | None:
        """A code that is out: what is known of it, which is not the code itself."""
        return self._record(LiveChallenge, self._open().challenge(check(int, id, "id")))

    def follows(self, account: AccountId | str) -> bool:
        """Whether this account follows."""
        return self._open().follows(check(AccountId, account, "account").in_full())

    def bindings(self, account: AccountId | str) -> tuple[Binding, ...]:
        """The numbers that this account has or has asked for, in their order."""
        found = self._open().bindings(check(AccountId, account, "account").in_full())
        return cast(tuple[Binding, ...], decode(tuple[Binding, ...], json.loads(found), self._zone))

    def binding(self, account: AccountId | str, number: PhoneNumber | str) -> Binding | None:
        """The binding of this account and this number, unless it is over."""
        name, digits = check(AccountId, account, "account").in_full(), check(PhoneNumber, number, "number").dialable()
        return self._record(Binding, self._open().binding(name, digits))

    def profile(self, user: Address | str) -> Profile | None:
        """What is remembered of a user for his next booking."""
        return self._record(Profile, self._open().profile(check(Address, user, "user").in_full()))

    def merchant(self, id: int) -> Merchant | None:
        """A merchant, as he registered last."""
        return self._record(Merchant, self._open().merchant(check(int, id, "id")))

    def merchants(self) -> tuple[int, ...]:
        """The ids of every merchant, in order."""
        return tuple(self._open().merchants())

    def page(self, id: int) -> Page | None:
        """A booking page that is published, in its last version. `None` for one that was withdrawn."""
        return self._record(Page, self._open().page(check(int, id, "id")))

    def pages(self) -> tuple[int, ...]:
        """The ids of every page that is published, in order."""
        return tuple(self._open().pages())

    def line_status(self, number: PhoneNumber | str) -> LineStatus | None:
        """How a merchant's line stands: its channels, its calls, and who waits for the platform to call him."""
        return self._record(LineStatus, self._open().line_status(check(PhoneNumber, number, "number").dialable()))

    def law_status(self) -> LawStatus:
        """What is frozen, and how many numbers are on the do-not-call list."""
        return cast(LawStatus, self._record(LawStatus, self._open().law_status()))

    def number_status(self, number: PhoneNumber | str) -> NumberStatus:
        """Whether a number is on the do-not-call list, or frozen by itself."""
        return cast(NumberStatus, self._record(NumberStatus, self._open().number_status(check(PhoneNumber, number, "number").dialable())))

    def pool_status(self) -> PoolStatus:
        """How the pool of virtual numbers stands, at the latest instant seen."""
        return cast(PoolStatus, self._record(PoolStatus, self._open().pool_status()))

    def voice_message(self, id: int) -> VoiceMessage | None:
        """A voice message that is kept: under way, or over and not gone yet."""
        return self._record(VoiceMessage, self._open().voice_message(check(int, id, "id")))

    def voice_messages(self) -> tuple[int, ...]:
        """The ids of every voice message that is kept, in order."""
        return tuple(self._open().voice_messages())

    def call(self, id: int) -> Call | None:
        """A call that is not gone."""
        return self._record(Call, self._open().call(check(int, id, "id")))

    def leg(self, id: int) -> Leg | None:
        """A leg that is not gone."""
        return self._record(Leg, self._open().leg(check(int, id, "id")))

    def reservations(self) -> tuple[int, ...]:
        """The ids of every reservation that is kept, in order."""
        return tuple(self._open().reservations())

    def calls(self) -> tuple[int, ...]:
        """The ids of every call that is not gone, in order."""
        return tuple(self._open().calls())

    def legs(self) -> tuple[int, ...]:
        """The ids of every leg that is not gone, in order."""
        return tuple(self._open().legs())

    @property
    def unconfirmed(self) -> int:
        """How many effects are not confirmed."""
        return self._open().unconfirmed()

    @property
    def policy(self) -> Policy:
        """The rules and bounds that hold now."""
        return Policy.from_json(self._open().policy())

    @property
    def keyring(self) -> Keyring:
        """The keys that are loaded."""
        return self._keyring

    @property
    def key(self) -> str | None:
        """The id of the key under which new codes are made; `None` until `rotate_key`."""
        return self._open().key()

    def load_key(self, id: str, key: bytes) -> None:
        """Loads a key; outside the journal. It is used from `rotate_key` on."""
        loaded = Keyring({check(str, id, "id"): key})
        self._open().load_key(id, key)
        self._keyring = Keyring({**self._keyring._keys, **loaded._keys})

    def unload_key(self, id: str) -> bool:
        """Takes a key out that nothing needs any more; outside the journal. A `ValueError` while it is in use."""
        was_there = self._open().unload_key(check(str, id, "id"))
        self._keyring = Keyring({known: key for known, key in self._keyring._keys.items() if known != id})
        return was_there

    @property
    def latest(self) -> datetime | None:
        """The latest instant it has seen; `None` before the first."""
        micros = self._open().latest()
        return None if micros is None else instant(micros, self._zone)

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._core is None

    def state_hash(self) -> int:
        """A hash of the whole state (XXH3-128), to compare replicas by. What was polled does not count."""
        return self._open().state_hash()

    def model_view(self) -> bytes:
        """The state as model checkers compare it: instants relative to the latest seen, ids renumbered. Only equality means something."""
        return self._open().model_view()

    def check_invariants(self) -> None:
        """Checks what must always be true inside. Raises `InternalError` when it is not."""
        self._open().check_invariants()

    # Staying alive.

    def snapshot(self) -> bytes:
        """The whole state, keys apart: canonical, versioned, with a checksum."""
        return self._open().snapshot()

    @classmethod
    def restore(cls, snapshot: bytes, keyring: Keyring | None = None, *, hash_seed: int = 0) -> Self:
        """The platform of a snapshot, with the keys that are in use. Polling restarts at the first effect that was not confirmed."""
        platform = cls.__new__(cls)
        platform._keyring = _checked(Keyring, keyring if keyring is not None else Keyring({}), "keyring", "Keyring.random()")
        platform._zone = timezone.utc
        platform._core = _ringfence.Platform.restore(snapshot, platform._keyring._keys, check(int, hash_seed, "hash_seed"))
        return platform

    def close(self) -> None:
        """Lets go of the state. Every later call raises `Misused`; closing twice is fine."""
        self._core = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._core is None:
            return "<Platform, closed>"
        latest = self.latest
        return f"<Platform at {latest}>" if latest is not None else "<Platform, fresh>"

    def __reduce__(self) -> Any:
        raise TypeError("a platform is not pickled, since its keys must not be; use platform.snapshot() and Platform.restore()")

    def _open(self) -> _ringfence.Platform:
        if self._core is None:
            raise Misused("the platform is closed; make a new one, or Platform.restore() one from a snapshot", reason="closed")
        return self._core

    def _at(self, now: datetime) -> tuple[_ringfence.Platform, int]:
        core = self._open()
        micros = micros_of(now, "now")
        self._zone = now.tzinfo or timezone.utc
        return core, micros

    def _record(self, kind: type[_T], text: str | None) -> _T | None:
        return None if text is None else cast(_T, decode(kind, json.loads(text), self._zone))

    def _expect(self, kind: type[_T], now: datetime, input: inputs.Input, dedup: Dedup | None) -> _T:
        reply = self.handle(now, input, dedup=dedup)
        if not isinstance(reply, kind):
            raise AssertionError(f"the core answered {reply!r} where {kind.__name__} is the only answer")
        return reply

    def _done(self, now: datetime, input: inputs.Input, dedup: Dedup | None) -> Done | NoOp:
        return cast(Done | NoOp, self.handle(now, input, dedup=dedup))


_VERDICT: Any = Verdict


def _request(
    line: PhoneNumber | str, reservation: int | None, number: PhoneNumber | str | None, group: int | None
) -> inputs.RequestCall:
    if sum(given is not None for given in (reservation, number, group)) != 1:
        raise TypeError("give either reservation, number or group")
    target: inputs.CallTarget
    if group is not None:
        target = ForGroup(check(int, group, "group"))
    elif number is None:
        target = ForReservation(check(int, reservation, "reservation"))
    else:
        target = ForNumber(check(PhoneNumber, number, "number"))
    return inputs.RequestCall(line=check(PhoneNumber, line, "line"), target=target)


def _maybe(kind: type[_T], value: object, path: str) -> _T | None:
    return None if value is None else cast(_T, check(kind, value, path))


def _pair(dedup: object) -> Dedup:
    if not isinstance(dedup, (tuple, list)) or len(dedup) != 2:
        raise TypeError('dedup: expected a pair of a source and its key, such as ("maap", "E1")')
    source, key = dedup
    return check(str, source, "dedup[0]"), check(str, key, "dedup[1]")


def _checked(kind: type[_T], value: object, path: str, example: str) -> _T:
    if not isinstance(value, kind):
        raise TypeError(f"{path}: expected a {kind.__name__}, got {type(value).__name__}; for example {example}")
    return value
