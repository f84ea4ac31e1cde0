"""What goes wrong, in three families and one accident.

`Misused`, `Refused` and `LimitReached` are the platform's answers; each carries the number that Rust and C use for it (`code`), its
name (`reason`) and everything that the core said with it (`details`). A wrong argument, such as a naive `datetime`, is a plain
`ValueError` or `TypeError` and never reaches the platform.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Self

from . import _codec
from ._values import Allowed, Bound, Field, Object, ReservationState, Window

__all__ = ["BrokenChain", "InternalError", "LimitReached", "Malformed", "Mismatch", "Misused", "Refused", "RingfenceError"]


class RingfenceError(Exception):
    """The base of every refusal of the platform.

    Nothing changed, and no effect was emitted, beyond the deadlines that were due anyway.
    """

    code: int
    """The number of this refusal: the same in Rust, C and Python, and never given to another."""
    reason: str
    """Its name, as it stands in a journal: `"window_not_offered"`."""
    retry_at: datetime | None
    """The earliest instant at which this rule would not say no, when there is one."""
    details: Mapping[str, Any]
    """Every field that the core gave with it, in its order: windows and instants as such, words as enums."""

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        reason: str = "",
        retry_at: datetime | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.retry_at = retry_at
        self.details = dict(details or {})

    @property
    def message(self) -> str:
        """The core's own sentence. It carries no phone number."""
        return str(self.args[0])

    def to_json(self) -> str:
        """The refusal as it stands in a journal, byte for byte as the core writes it."""
        fields = {name: _codec.encode(value) for name, value in self.details.items() if value is not None}
        return _codec.dumps({"code": self.reason, **fields})

    @property
    def state(self) -> ReservationState | None:
        """The state that the reservation is in, when the command did not fit it."""
        return self.details.get("state")

    @property
    def legal(self) -> tuple[ReservationState, ...]:
        """The states in which the command would have been legal."""
        return tuple(self.details.get("legal", ()))

    @property
    def nearest(self) -> tuple[Window, ...]:
        """The windows of the page that are left and lie nearest to the one asked for, the nearest first; at most three."""
        return tuple(self.details.get("nearest", ()))

    @property
    def callable(self) -> Window | None:
        """The next hours in which phones may ring, when none of them lies in the window that was asked for."""
        return self.details.get("callable")

    @property
    def reservation(self) -> int | None:
        """The reservation that is in the way, when it is the sender's own."""
        return self.details.get("reservation")

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {"code": self.code, "reason": self.reason, "retry_at": self.retry_at, "details": self.details}
        return (_rebuild, (type(self), self.message, fields))

    def _shown_in(self, zone: tzinfo) -> Self:
        """The same error with its instants in `zone`."""
        if self.retry_at is not None:
            self.retry_at = _codec.in_zone(self.retry_at, zone)
        self.details = {name: _codec.shown_in(value, zone) for name, value in self.details.items()}
        return self


class Misused(RingfenceError):
    """The caller is wrong: an id that names nothing, a state that does not fit, a malformed field, a closed platform."""


class Refused(RingfenceError):
    """A rule said no."""


class LimitReached(RingfenceError):
    """A bound of the `Policy` is reached. Only inputs that create something are ever refused for it."""


class InternalError(RingfenceError):
    """A bug in ringfence: the engine panicked. The platform takes no further calls; restore it from a snapshot and the journal."""


class Mismatch(RingfenceError):
    """A line of a scenario expects something else than what came out."""

    line: int
    """The line, from 1."""
    path: str
    """Where the first difference is: `effects[2].dial.to`."""
    expected: str
    """What the line names there, as JSON."""
    actual: str
    """What came out there: JSON, or words when nothing did."""

    def __init__(self, line: int, path: str, expected: str, actual: str) -> None:
        super().__init__(f"line {line}: {path}: expected {expected}, got {actual}", reason="mismatch")
        self.line, self.path, self.expected, self.actual = line, path, expected, actual

    def __reduce__(self) -> tuple[Any, ...]:
        return (Mismatch, (self.line, self.path, self.expected, self.actual))


class Malformed(RingfenceError, ValueError):
    """A line of a journal that cannot be read, or has no place where it stands."""

    line: int
    """The line, from 1."""
    column: int
    """Where reading stopped, in characters from 1."""
    wrong: str
    """What is wrong there."""
    allowed: str | None
    """What is allowed there, where `wrong` does not say it already."""

    def __init__(self, line: int, column: int, wrong: str, allowed: str | None = None) -> None:
        super().__init__(f"line {line}, column {column}: {wrong}{'' if allowed is None else f'; allowed: {allowed}'}", reason="malformed")
        self.line, self.column, self.wrong, self.allowed = line, column, wrong, allowed

    def __reduce__(self) -> tuple[Any, ...]:
        return (Malformed, (self.line, self.column, self.wrong, self.allowed))


class BrokenChain(RingfenceError, ValueError):
    """Audit records are no chain: one was removed, changed, put in or moved. `reason` is `"missing"` or `"broken"`."""

    number: int
    """The number of the record that is missing or does not fit."""

    def __init__(self, message: str, number: int, reason: str) -> None:
        super().__init__(message, reason=reason)
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return (BrokenChain, (self.message, self.number, self.reason))


def _rebuild(kind: type[RingfenceError], message: str, fields: dict[str, Any]) -> RingfenceError:
    return kind(message, **fields)


_FAMILIES: dict[str, type[RingfenceError]] = {"misuse": Misused, "refused": Refused, "limit": LimitReached}

_DETAILS: dict[str, Any] = {
    "object": Object,
    "state": ReservationState,
    "legal": tuple[ReservationState, ...],
    "field": Field,
    "invalid_policy.field": str,
    "allowed": Allowed,
    "bound": Bound,
    "end": datetime,
    "latest": datetime,
    "nearest": tuple[Window, ...],
    "retry_at": datetime | None,
    "callable": Window | None,
}


def _from_core(family: str, code: int, message: str, fields_json: str) -> RingfenceError:
    """Called by the extension: the exception for one refusal of the core."""
    fields: dict[str, Any] = json.loads(fields_json)
    reason = fields.pop("code")
    hints = {name: _DETAILS.get(f"{reason}.{name}") or _DETAILS.get(name) for name in fields}
    details = {name: value if hints[name] is None else _codec.decode(hints[name], value) for name, value in fields.items()}
    return _FAMILIES[family](message, code=code, reason=reason, retry_at=details.get("retry_at"), details=details)
