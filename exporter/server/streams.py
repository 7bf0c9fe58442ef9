"""Streams of server-sent events: one hub makes each event once, and every stream sends it on.

While nobody listens nothing is gathered, made or kept. A reader that is too slow is told to begin
anew; it holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection

import msgspec

from exporter.model import ServiceKey

Render = Callable[[Collection[ServiceKey], int], tuple[bytes, int]]


class Pace(msgspec.Struct, frozen=True):
    """What streams may cost. Times are in seconds.

    `streams`: so many at once; one address may have half of them. `gather`: how long changes are
    gathered before they are told. `beat`: between two events that say how reading goes; they also
    find out who is gone. `keep`: events that a slow reader may be behind. `most_keys`: with more
    changes at once everybody begins anew.
    """

    streams: int = 64
    gather: float = 0.25
    beat: float = 5.0
    keep: int = 128
    most_keys: int = 1000


class Hub:
    """Makes events out of changes while there is somebody to tell.

    `render` gives the data of an event about changed Services, and `status` of one that says how
    reading goes. `instance` marks the ids of this process's events.
    """

    def __init__(
        self,
        render: Render,
        status: Callable[[], bytes],
        instance: str,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen
    ) -> None:
        self._render = render
        self._status = status
        self._instance = instance
        self._pace = pace
        self._readers: Counter[str] = Counter()
        self._pending: set[ServiceKey] = set()
        self._events: deque[tuple[int, bytes]] = deque(maxlen=pace.keep)
        self._number = 0
        self._revision = 0
        self._more = asyncio.Condition()
        self._making: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return self._readers.total()

    def is_full(self, client: str) -> bool:
        """Whether there are as many streams as there may be, in all or of this client."""
        most = self._pace.streams
        # One client, by fault or intent, must not keep all others from looking.
        return self._closed or len(self) >= most or self._readers[client] >= max(1, most // 2)

    def tell(self, keys: Collection[ServiceKey]) -> None:
        """Something changed about these Services."""
        if self._readers:
            self._pending.update(keys)

    async def close(self) -> None:
        """End all streams; there will be no others."""
        self._closed = True
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        async with self._more:
            self._more.notify_all()

    async def open(self, last: str, client: str) -> AsyncIterator[bytes]:
        """The pieces of one stream; see exporter.web.Streams."""
        if self.is_full(client):
            return
        self._readers[client] += 1
        try:
            if self._making is None or self._making.done():
                self._making = asyncio.get_running_loop().create_task(self._make())
            at, opening = self._begin(last)
            yield opening
            while not self._is_closed():
                events = [event for number, event in self._events if number > at]
                if events and self._events[0][0] > at + 1:
                    events = [_event("reset", b"{}", self._name(self._number))]
                at = self._number
                if events:
                    yield b"".join(events)
                    continue
                async with self._more:
                    while self._number == at and not self._is_closed():
                        await self._more.wait()
        finally:
            self._readers -= Counter([client])
            if not self._readers:
                self._forget()

    def _is_closed(self) -> bool:
        return self._closed  # asked for anew after each wait

    def _begin(self, last: str) -> tuple[int, bytes]:
        """The number after which a stream goes on, and what it begins with."""
        opening = b"retry: 2000\n\n" + _event("status", self._status())
        instance, _, number = last.rpartition("-")
        if not last:
            return self._number, opening
        if instance == self._instance and number.isascii() and number.isdigit():
            at = int(number[:18])
            oldest = self._events[0][0] if self._events else self._number + 1
            if oldest <= at + 1 <= self._number + 1:
                return at, opening
        return self._number, opening + _event("reset", b"{}", self._name(self._number))

    def _forget(self) -> None:
        self._pending.clear()
        self._events.clear()
        # Whoever comes back with the id of an earlier event has missed what nobody gathered.
        self._number += 1
        if self._making is not None:
            self._making.cancel()
            self._making = None

    async def _make(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock() + self._pace.beat
        while True:
            await asyncio.sleep(self._pace.gather)
            await self._take_changes()
            if clock() >= due:
                await self._tell()  # time changes something too
                await self._append("status", self._status())
                due = clock() + self._pace.beat

    async def _take_changes(self) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, set()
        if len(pending) > self._pace.most_keys:
            await self._append("reset", b"{}")
            return
        await self._tell(pending)

    async def _tell(self, keys: Collection[ServiceKey] = ()) -> None:
        data, self._revision = self._render(keys, self._revision)
        if data:
            await self._append("services", data)

    async def _append(self, kind: str, data: bytes) -> None:
        self._number += 1
        self._events.append((self._number, _event(kind, data, self._name(self._number))))
        async with self._more:
            self._more.notify_all()

    def _name(self, number: int) -> str:
        return f"{self._instance}-{number}"


def _event(kind: str, data: bytes, name: str = "") -> bytes:
    named = f"id: {name}\n" if name else ""
    return f"event: {kind}\n{named}data: ".encode() + data + b"\n\n"
