"""A switch that is not there: an obedient host on a simulated clock, for trying things out.

It carries out every effect of a `Platform` on phones that behave as they are told, reports what comes of it, confirms, and calls
`advance` when it is due. Whatever happens is told to a listener, so that it can be printed, recorded or checked.

>>> from datetime import datetime, timedelta
>>> from ringfence import Platform
>>> switch = Switch(Platform(), datetime.fromisoformat("2026-11-21T17:59:00+08:00"))
>>> switch.phones["+8613800000001"] = [Busy(), Answers(after=timedelta(seconds=5))]
>>> switch.run_until(switch.now + timedelta(minutes=2))
>>> switch.now
datetime.datetime(2026, 11, 21, 18, 1, tzinfo=datetime.timezone(datetime.timedelta(seconds=28800)))
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from . import inputs
from ._values import ForReservation, PhoneNumber
from .effects import (
    Answer,
    Archive,
    Audit,
    BindingChallenge,
    Dial,
    Effect,
    Erase,
    HangUp,
    Join,
    Play,
    RecordVoice,
    Reject,
    Send,
    Transcribe,
    VoiceMessage,
    VoiceMessageArchive,
)
from .errors import RingfenceError
from .evidence import Announcement, Evidence
from .platform import Platform
from .replies import CallAllowed, CallJudged, Progress, Reply

__all__ = ["Advanced", "Answers", "Asked", "Behaviour", "Busy", "CarriedOut", "Confirmed", "Happening", "Off", "Rings", "Switch"]


# What a phone does when it is dialled.


@dataclass(frozen=True, slots=True)
class Rings:
    """It rings, and nobody answers."""

    starts: timedelta = timedelta(seconds=1)
    """How long the network takes until it rings."""


@dataclass(frozen=True, slots=True)
class Answers:
    """It rings and is answered; the one who answered hangs up after `talks`, or leaves that to the other side."""

    after: timedelta = timedelta(seconds=4)
    """How long after the dial it is answered."""
    talks: timedelta | None = None
    """How long after that he hangs up."""
    starts: timedelta = timedelta(seconds=1)
    """How long the network takes until it rings."""


@dataclass(frozen=True, slots=True)
class Busy:
    """It is busy."""

    after: timedelta = timedelta(seconds=1)
    """How long the network takes to say so."""


@dataclass(frozen=True, slots=True)
class Off:
    """It is switched off: the network announces it, and then gives up with a status that says little."""

    after: timedelta = timedelta(seconds=3)
    """How long the announcement lasts."""


Behaviour = Rings | Answers | Busy | Off
"""What a phone does when it is dialled."""


# What happens.


@dataclass(frozen=True, slots=True)
class Asked:
    """An input went in, and this came back."""

    at: datetime
    input: inputs.Input
    answer: Reply | RingfenceError


@dataclass(frozen=True, slots=True)
class Advanced:
    """Deadlines fired."""

    at: datetime
    budget: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """These effects came out and were carried out, in this order."""

    at: datetime
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Every effect up to this one is confirmed."""

    at: datetime
    up_to: int


Happening = Asked | Advanced | CarriedOut | Confirmed
"""Anything that goes into the platform or comes out of it."""


@dataclass(slots=True)
class _Leg:
    """A leg at the switch."""

    number: PhoneNumber | None
    """Whom it was dialled to; `None` for an inbound leg."""
    is_answered: bool = False
    talks: timedelta | None = None
    """How long after the answer the far end hangs up."""


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    order: int
    action: Callable[[], object] = field(compare=False)


_BUDGET = 1_000
_REACTION = timedelta(milliseconds=200)
"""How long the switch takes to answer or to end a leg."""
_OFF = Evidence(sip_status=480, announcements=(Announcement.POWERED_OFF,))
"""What is known of a phone that is switched off."""
_PUSHED = timedelta(seconds=1)
"""How long it takes until a pushed message is reported delivered."""
_PROMPT = timedelta(seconds=3)
"""How long a prompt lasts."""
_SPOKEN = timedelta(seconds=12)
"""How long somebody speaks who leaves a message."""
_FIRST_MEDIUM = 1_000_000_000
"""The id of the first recording: far from those of what users attach."""


def _not_begun_from(effect: Dial | Answer | Play | RecordVoice) -> datetime:
    return min(effect.not_after, effect.ring_until) if isinstance(effect, Dial) else effect.not_after


class Switch:
    """A switch and its clock, around one platform.

    `phones` says what the phone of a number does at its next dials, one behaviour a dial; without any it rings and nobody answers. `codes` has the code that came to a
    number last, when somebody asked to bind it. Voice messages that are pushed arrive.
    """

    def __init__(self, platform: Platform, now: datetime, listener: Callable[[Happening], object] | None = None) -> None:
        self.platform = platform
        self.now = now
        self.phones: dict[str, list[Behaviour]] = {}
        self.codes: dict[str, str] = {}
        self.legs: dict[int, _Leg] = {}
        self._inbound = _Leg(number=None)
        self._listener = listener
        self._due: list[_Due] = []
        self._order = count()
        self._media = count(_FIRST_MEDIUM)

    def at(self, when: datetime, action: Callable[[], object]) -> None:
        """Does `action` at that instant."""
        heapq.heappush(self._due, _Due(max(when, self.now), next(self._order), action))

    def after(self, delay: timedelta, action: Callable[[], object]) -> None:
        """Does `action` that much later."""
        self.at(self.now + delay, action)

    def ask(self, input: inputs.Input) -> Reply | RingfenceError:
        """Hands an input to the platform now, and carries out what follows from it. A refusal is handed back, not raised."""
        answer: Reply | RingfenceError
        try:
            answer = self.platform.handle(self.now, input)
        except RingfenceError as error:
            answer = error
        if isinstance(answer, CallAllowed | CallJudged):
            self.legs[answer.leg] = self._inbound
            self._inbound = _Leg(number=None)
        self._tell(Asked(self.now, input, answer))
        self._carry_out()
        return answer

    def call_in(self, line: str, reservation: int, *, waits: timedelta | None = None) -> Reply | RingfenceError:
        """A call comes in from a merchant's line for a reservation. `waits` is how long the caller stays once he is on the bridge."""
        self._inbound = _Leg(number=None, talks=waits)
        return self.ask(inputs.RequestCall(line=PhoneNumber(line), target=ForReservation(reservation)))

    def call_fails(self, caller: str | None, callee: str) -> Reply | RingfenceError:
        """Somebody who has no reservation calls a phone that is switched off, and the network hands his call to this switch."""
        self._inbound = _Leg(number=None)
        number = None if caller is None else PhoneNumber(caller)
        return self.ask(inputs.CallFailed(caller=number, callee=PhoneNumber(callee), evidence=_OFF))

    def run_until(self, end: datetime) -> None:
        """Lets time pass until `end`, that instant included."""
        while (step := self._next_step()) is not None and step[0] <= end:
            at, action = step
            self.now = max(self.now, at.astimezone(self.now.tzinfo))
            action()
        self.now = max(self.now, end)

    def _next_step(self) -> tuple[datetime, Callable[[], object]] | None:
        deadline = self.platform.poll_deadline()
        if deadline is not None and (not self._due or deadline.at <= self._due[0].at):
            return deadline.at, self._advance
        return (self._due[0].at, self._pop) if self._due else None

    def _pop(self) -> None:
        heapq.heappop(self._due).action()

    def _advance(self) -> None:
        progress = self.platform.advance(self.now, budget=_BUDGET)
        if progress.is_clock_refused:
            # This clock leaps from one deadline to the next, and is right.
            self.ask(inputs.ConfirmClock())
            progress = self.platform.advance(self.now, budget=_BUDGET)
        self._tell(Advanced(self.now, _BUDGET, progress))
        self._carry_out()

    def _carry_out(self) -> None:
        effects = tuple(self.platform.effects())
        if not effects:
            return
        self._tell(CarriedOut(self.now, effects))
        for effect in effects:
            if effect.at_most_once and isinstance(effect, (Dial, Answer, Play, RecordVoice)) and self.now >= _not_begun_from(effect):
                self.ask(inputs.EffectFailed(sequence=effect.sequence))
                if isinstance(effect, Dial):
                    # It was never begun, so there is nothing to hang up.
                    self.ask(inputs.LegEnded(leg=effect.leg))
            else:
                self._do(effect)
        last = effects[-1].sequence
        self.platform.confirm(last)
        self._tell(Confirmed(self.now, last))

    def _do(self, effect: Effect) -> None:
        match effect:
            case Dial(leg=leg, to=number):
                self.legs[leg] = _Leg(number)
                self._dialled(leg, number)
            case Answer(leg=leg):
                self.after(_REACTION, lambda: self._answered(leg))
            case Reject(leg=leg):
                self.legs.pop(leg, None)
            case Play(leg=leg):
                self.after(_PROMPT, lambda: leg in self.legs and self.ask(inputs.PlayFinished(leg=leg)))
            case Join(leg=leg):
                self._joined(leg)
            case HangUp(leg=leg, prompt=prompt):
                is_heard = prompt is not None and leg in self.legs and self.legs[leg].is_answered
                heard = _PROMPT if is_heard else timedelta()
                self.after(heard + _REACTION, lambda: self._ended(leg, Evidence()))
            case Send(sequence=sequence, content=VoiceMessage()):
                self.after(_PUSHED, lambda: self.ask(inputs.MessageReported(message=sequence, status=inputs.Delivered())))
            case Send(to=to, content=BindingChallenge(challenge=challenge)) if to.number is not None:
                self.codes[to.number.dialable()] = self.platform.code(challenge)
            case Send() | Audit() | Archive() | Erase():
                pass
            case RecordVoice(leg=leg, voice_message=message, seconds_max=most):
                spoken = min(_SPOKEN, timedelta(seconds=most))
                self.after(_PROMPT + spoken, lambda: self._recorded(leg, message, spoken))
            case Transcribe(voice_message=message):
                # It makes out no words.
                self.after(_REACTION, lambda: self.ask(inputs.Transcribed(voice_message=message, text=None)))
            case VoiceMessageArchive():
                pass

    def _dialled(self, leg: int, number: PhoneNumber) -> None:
        behaviours = self.phones.get(number.dialable(), [])
        match behaviours.pop(0) if behaviours else Rings():
            case Rings(starts=starts):
                self.after(starts, lambda: self._rings(leg))
            case Answers(after=after, talks=talks, starts=starts):
                self.legs[leg].talks = talks
                self.after(starts, lambda: self._rings(leg))
                self.after(after, lambda: self._answered(leg))
            case Busy(after=after):
                self.after(after, lambda: self._ended(leg, Evidence(sip_status=486, q850_cause=17)))
            case Off(after=after):
                self.after(after, lambda: self._ended(leg, _OFF))

    def _rings(self, leg: int) -> None:
        if leg in self.legs:
            self.ask(inputs.LegProgress(leg=leg))

    def _answered(self, leg: int) -> None:
        if leg in self.legs:
            self.legs[leg].is_answered = True
            self.ask(inputs.LegAnswered(leg=leg))

    def _joined(self, leg: int) -> None:
        at_switch = self.legs.get(leg)
        if at_switch is not None and at_switch.talks is not None:
            self.after(at_switch.talks, lambda: self._ended(leg, Evidence(q850_cause=16)))

    def _recorded(self, leg: int, message: int, spoken: timedelta) -> None:
        if leg in self.legs:
            self.ask(inputs.Recorded(voice_message=message, media=next(self._media), seconds=int(spoken.total_seconds())))

    def _ended(self, leg: int, evidence: Evidence) -> None:
        if self.legs.pop(leg, None) is not None:
            self.ask(inputs.LegEnded(leg=leg, evidence=evidence))

    def _tell(self, happening: Happening) -> None:
        if self._listener is not None:
            self._listener(happening)
