"""Lets what comes often come together: a read has its price, however little it brings.

A busy watch sends a frame at a time. To be woken for each, to unpack its record and to wake whoever
reads takes as long again as all that is done with the frame; eight that waited for each other cost
little more than one. It is the kernel that gathers, and nothing is read later than `WAIT`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import aiohttp

#: Seconds that bytes may wait for more, counted from the last read.
WAIT = 0.040

#: So many bytes wait for nothing.
ENOUGH = 128 * 1024


class Pace:
    """Asks the kernel to wake the reader of an answer less often; where it can't, nothing is lost.

    A read that follows on no other is not put off: what comes once in a while is read at once.
    """

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._loop = asyncio.get_running_loop()
        transport = answer.connection.transport if answer.connection is not None else None
        self._socket = transport.get_extra_info("socket") if transport is not None else None
        self._last = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def slowing(
        self, reads: AsyncIterator[list[bytes]], may_wait: Callable[[], bool]
    ) -> AsyncIterator[list[bytes]]:
        """The same reads; after each of them that `may_wait` the next is slowed down."""
        async for frames in reads:
            yield frames
            if may_wait():
                self.slow_down()

    def slow_down(self) -> None:
        """Something was read: while it comes so often, the next read waits for more to come."""
        now = self._loop.time()
        often, self._last = now - self._last < 2 * WAIT, now
        if often and self._timer is None and self._ask_for(ENOUGH):
            self._timer = self._loop.call_later(WAIT, self.release)

    def release(self) -> None:
        """From here on every byte is news again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._ask_for(1)

    def _ask_for(self, size: int) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
        except OSError:  # closed, or a system without it
            self._socket = None
            return False
        return True
