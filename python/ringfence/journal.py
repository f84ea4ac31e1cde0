"""The lines of journals and scenarios: writing them, and replaying them.

A journal is what a host keeps in order to know its platform again: one JSON object a line, the header first, then every input,
`advance` and `confirm` in the order in which the platform took them. A scenario is a journal with expectations between its lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import final

from . import _ringfence
from ._codec import U16, check, dumps, encode, instant_text
from ._policy import Keyring, Policy
from .effects import Effect
from .errors import Misused, RingfenceError
from .inputs import Dedup, Input
from .replies import Reply

__all__ = ["Replayer", "advance_line", "confirm_line", "effects_line", "header_line", "input_line", "refusal_line", "reply_line"]


def header_line(policy: Policy | None = None, keyring: Keyring | None = None, *, shard: int = 0) -> str:
    """The first line: what the platform is made with. It names the keys and never holds one."""
    policy, keyring = policy or Policy(), keyring or Keyring({})
    return _ringfence.canonical_header(policy.to_json(), list(keyring.ids), check(U16, shard, "shard"))


def input_line(now: datetime, input: Input, dedup: Dedup | None = None) -> str:
    """Something happened. To be written before `Platform.handle` is called."""
    at = {"at": instant_text(now)}
    if dedup is None:
        return dumps(at | {"input": encode(input)})
    source, key = dedup
    return dumps(at | {"dedup": {"source": source, "key": key}, "input": encode(input)})


def advance_line(now: datetime, budget: int) -> str:
    """Due deadlines fire."""
    return dumps({"at": instant_text(now), "advance": {"budget": budget}})


def confirm_line(up_to: int) -> str:
    """The effects up to this one are carried out."""
    return dumps({"confirm": up_to})


def reply_line(reply: Reply) -> str:
    """The input before it was answered so."""
    return dumps({"expect": {"reply": encode(reply)}})


def refusal_line(error: RingfenceError) -> str:
    """The input or the confirm before it was refused so."""
    return f'{{"expect":{{"refusal":{error.to_json()}}}}}'


def effects_line(effects: Iterable[Effect]) -> str:
    """These effects, complete and in order, since the last such line."""
    return dumps({"expect": {"effects": [encode(effect) for effect in effects]}})


@final
class Replayer:
    """Takes the lines of a journal or scenario in order, does to a platform what they say, and hands back what came out.

    `any_tzdb` replays a journal that was kept with another tz database; its weekly hours may mean other windows then. `keyring` holds the
    keys that the journal names by id; a scenario that is a test carries its own.
    """

    __slots__ = ("_core", "_ended", "_lines")

    def __init__(self, *, hash_seed: int = 0, any_tzdb: bool = False, keyring: Keyring | None = None) -> None:
        keys = keyring._keys if keyring is not None else {}
        self._core = _ringfence.Replayer(check(int, hash_seed, "hash_seed"), any_tzdb, keys)
        self._lines = 0
        self._ended = False

    @property
    def lines(self) -> int:
        """How many lines it has taken."""
        return self._lines

    @property
    def effects_not_compared(self) -> int:
        """How many effects have been handed out since the last line that expects effects."""
        return self._core.effects_not_compared()

    def feed(self, line: str) -> list[str]:
        """Takes the next line, and hands back what came out of it as expectation lines: the answer first, then the effects.

        Raises `Mismatch` for an expectation that is not met and `Malformed` for a line that cannot be read; after either the
        replayer is of no more use.
        """
        if self._ended:
            raise Misused(f"this replay ended at line {self._lines}; make a new Replayer and feed it from the header on", reason="ended")
        line = check(str, line, "line")
        self._lines += 1
        try:
            return self._core.feed(self._lines, line)
        except RingfenceError:
            self._ended = True
            raise

    def finish(self) -> None:
        """Says that there are no more lines. Raises `Malformed` when there was not even a header."""
        self._core.finish()
