"""How a body gets to a client: piece by piece, with turns for others in between.

Whoever does not take what is sent is cut off in time, may have to leave when all places are taken,
and holds up no other scrape.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import aclosing

from aiohttp.web_response import StreamResponse

from exporter.server.seats import Seat, Seats
from exporter.server.turns import Turn

#: What is gathered before it is written, and for how long the loop may be held.
_WRITE = 65536
_HOLD = 0.005
#: Seconds for which a scrape's client may take nothing before the next scrape begins.
_WAITED_FOR = 0.1


class Sending:
    """Sends to one client. `stall`: seconds for which nothing may be taken.

    `turn`: what ends when the client is so slow that the next one shall begin. `size`: bytes of
    the body that were sent.
    """

    def __init__(self, seats: Seats, seat: Seat, stall: float) -> None:
        self._seats = seats
        self._seat = seat
        self._stall = stall
        self.turn: Turn | None = None
        self.size = 0

    async def send(self, stream: StreamResponse, steps: Iterator[bytes]) -> None:
        """Send a whole body, made in steps."""
        clock = asyncio.get_running_loop().time
        gathered: list[bytes] = []
        waiting = 0
        resumed = clock()
        for piece in steps:
            if piece:
                gathered.append(piece)
                waiting += len(piece)
                self.size += len(piece)
            if waiting >= _WRITE:
                await self._unless_stalled(stream.write(b"".join(gathered)))
                gathered.clear()
                waiting = 0
            if clock() - resumed > _HOLD:
                await asyncio.sleep(0)
                resumed = clock()
        if waiting:
            await self._unless_stalled(stream.write(b"".join(gathered)))
        await self._unless_stalled(stream.write_eof())

    async def pass_on(self, stream: StreamResponse, pieces: AsyncIterator[bytes]) -> None:
        """Send each piece at once, until there are no more."""
        async with aclosing(pieces):  # type: ignore[type-var]  # they come from a generator
            async for piece in pieces:
                await self._unless_stalled(stream.write(piece))
        await self._unless_stalled(stream.write_eof())

    async def _unless_stalled(self, writing: Awaitable[None]) -> None:
        loop = asyncio.get_running_loop()
        self._seats.send(self._seat, loop.time())
        slow = None if self.turn is None else loop.call_later(_WAITED_FOR, self.turn.end)
        try:
            async with asyncio.timeout(self._stall):
                await writing
        finally:
            if slow is not None:
                slow.cancel()
            self._seats.work(self._seat)
