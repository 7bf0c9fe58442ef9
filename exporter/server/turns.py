"""Turns: some may do what is costly at the same time, the others wait, each address in its turn.

Whoever sends many waits behind itself: an address that has one waiting is served after at most one
of each other address. Beyond a depth nobody waits: it is told to come again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Self


class CrowdedError(Exception):
    """As many wait as may wait."""


class Turns:
    """`at_once` at the same time; of the others `each` address so many, and so many `in_all`."""

    def __init__(self, at_once: int, each: int, in_all: int) -> None:
        self._free = at_once
        self._each = each
        self._in_all = in_all
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def take(self, who: str) -> Turn:
        """A turn, for `async with`; entering it waits, or raises CrowdedError."""
        return Turn(self, who)

    async def _begin(self, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        if self._count >= self._in_all or len(self._waiting.get(who, ())) >= self._each:
            raise CrowdedError
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(mine)
        self._count += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            who = next(iter(self._waiting))
            queue = self._waiting.pop(who)
            first = queue.popleft()
            self._count -= 1
            if queue:
                self._waiting[who] = queue  # the others come first now
            if not first.done():
                first.set_result(None)
                return
        self._free += 1


class Turn:
    """One turn; it may be ended before the block is left."""

    def __init__(self, turns: Turns, who: str) -> None:
        self._turns = turns
        self._who = who
        self._held = False

    async def __aenter__(self) -> Self:
        await self._turns._begin(self._who)  # noqa: SLF001 - they are one thing
        self._held = True
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Let the next one begin; once is enough, twice does no harm."""
        if self._held:
            self._held = False
            self._turns._pass_on()  # noqa: SLF001 - as above
