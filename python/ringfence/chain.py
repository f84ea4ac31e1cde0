"""Checking that the audit records that were kept are all of them, and as they were written."""

from __future__ import annotations

from typing import final

from . import _ringfence
from ._codec import U16, check
from .effects import Audit

__all__ = ["Chain"]


@final
class Chain:
    """Checks the audits of one platform, from its first on, one after the other.

    Every audit has a number, counted from 1, and a digest over everything up to it. One that was removed, changed, put in or moved shows
    in the next one that is checked. Whether some are missing at the end shows in `last`.

    >>> audits: list[Audit] = []
    >>> chain = Chain()
    >>> for audit in audits:
    ...     chain.verify(audit)
    >>> chain.last
    0
    """

    __slots__ = ("_core",)

    def __init__(self, *, shard: int = 0) -> None:
        """The beginning of the chain of a platform with this `shard`."""
        self._core = _ringfence.Chain(check(U16, shard, "shard"))

    @property
    def last(self) -> int:
        """The number of the last audit that was checked; 0 before the first."""
        return self._core.last()

    def verify(self, audit: Audit) -> None:
        """Checks that `audit` is the next one. Raises `BrokenChain` when it is not; the chain then waits for the same one still."""
        if not isinstance(audit, Audit):
            raise TypeError(f"audit: expected an Audit, got {type(audit).__name__}")
        self._core.verify(audit.to_json())

    def __repr__(self) -> str:
        return f"<Chain, {self.last} verified>"
