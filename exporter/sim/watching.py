"""WATCH: which frames a stream carries, and when it ends. Bytes out, no sockets.

Rules: apiserver pkg/storage/cacher (cacher.go, cache_watcher.go) and
pkg/endpoints/handlers/watch.go. It never changes the store.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Literal

import msgspec

from exporter.sim.encoding import at_version, encode_bookmark, encode_event, whole_object
from exporter.sim.options import ListOptions
from exporter.sim.resources import Resource
from exporter.sim.status import StatusError, too_large
from exporter.sim.store import Store
from exporter.sim.table import Change, Entry

#: Initial events that are handed over in one go.
_BATCH = 500
#: Changes that wait for a client that takes nothing; then its watch ends, as a real server ends it
#: (cacher/cache_watcher.go, forget). Without an end a stopped client would fill the memory.
_BACKLOG = 10_000
#: A server that gets no timeoutSeconds ends a watch after this many seconds, up to twice as many.
_MIN_REQUEST_TIMEOUT = 1800.0


class Pace(msgspec.Struct, frozen=True):
    """The times of a stream, in seconds.

    `bookmarks` is the period of bookmarks; one more comes `farewell` seconds before the end.
    `fresh_wait` is how long the server waits for a version that it doesn't have yet. `second` is
    how long one second of `timeoutSeconds` takes: tests have no time to wait for whole ones.
    """

    bookmarks: float = 60.0
    farewell: float = 2.0
    fresh_wait: float = 3.0
    second: float = 1.0


def frame_of(
    change: Change, resource: Resource, namespace: str, passes: Callable[[Entry], bool]
) -> bytes | None:
    """Return the frame by which a watch with a selector learns of a change, or None.

    An object that leaves the selection is DELETED: its former state at the version of the change;
    one that enters it is ADDED (cache_watcher.go convertToWatchEvent).
    """
    entry, before = change.entry, change.before
    if namespace and entry.namespace != namespace:
        return None
    now = change.kind != "DELETED" and passes(entry)
    formerly = before is not None and passes(before)
    if not now and not formerly:
        return None
    if now:
        kind = "MODIFIED" if formerly else "ADDED"
        return encode_event(kind, whole_object(resource, entry.item))
    last = before or entry
    item = at_version(last.item, last.version, change.version)
    return encode_event("DELETED", whole_object(resource, item))


class Stream:
    """One watch, to be iterated: each element is a list of frames that are there at once.

    An empty list never comes. `initial_events` and `bookmarks` switch parts of the protocol off for
    servers that lack them.
    """

    def __init__(
        self,
        store: Store,
        resource: Resource,
        namespace: str,
        options: ListOptions,
        pace: Pace,
        *,
        bookmarks: bool = True,
        initial_events: bool = True,
    ) -> None:
        self._store = store
        self._resource = resource
        self._namespace = namespace
        self._options = options
        self._pace = pace
        self._bookmarks = bookmarks and options.bookmarks
        self._initial_events = initial_events
        self._pending: deque[Change] = deque()
        # Whether frames are being written, and whether too much came meanwhile.
        self._writing = True
        self._behind = False
        self._news = asyncio.Event()

    def _note(self, change: Change) -> None:
        self._news.set()
        if self._behind or (self._writing and len(self._pending) >= _BACKLOG):
            self._behind = True
            self._pending.clear()
            return
        self._pending.append(change)

    async def frames(self, stopping: asyncio.Event) -> AsyncGenerator[list[bytes]]:
        """Yield frames until the timeout of the watch or until the server stops."""
        loop = asyncio.get_running_loop()
        options = self._options
        timeout = options.timeout or _MIN_REQUEST_TIMEOUT * (1 + random.random())
        end = loop.time() + timeout * self._pace.second
        wants_all = (
            options.send_initial_events is True
            if options.send_initial_events is not None
            else not options.number
        )
        if wants_all and not await self._store.reached(options.number, self._pace.fresh_wait):
            current = self._store.resource_version
            yield [too_large(options.number, current).event()]
            return
        # listening starts before the state is read, in one step of the loop: nothing is lost
        with self._store.listen(self._resource, self._note):
            try:
                first = self._present() if wants_all else self._missed()
            except StatusError as e:
                # once a watch is authorised, errors arrive in the stream (cacher.go:637-640)
                yield [e.status.event()]
                return
            for at in range(0, len(first), _BATCH):
                yield first[at : at + _BATCH]
            stop = asyncio.ensure_future(stopping.wait())
            try:
                async for frames in self._live(end, stop):
                    yield frames
            finally:
                stop.cancel()

    def _present(self) -> list[bytes]:
        """The whole state as ADDED, and the bookmark that ends it where it was asked for."""
        resource = self._resource
        out = [
            encode_event("ADDED", whole_object(resource, entry.item))
            for entry in self._store.entries(resource, self._namespace, None)
            if self._options.selects(entry)
        ]
        asked = self._options.send_initial_events and self._initial_events
        if asked and self._bookmarks:
            version = self._store.resource_version
            out.append(encode_bookmark(resource, version, initial_events_end=True))
        return out

    def _missed(self) -> list[bytes]:
        """What has happened since the version that was asked for."""
        version = self._options.number
        if not version:  # sendInitialEvents=false from "any": from now on
            return []
        return self._converted(self._store.changes_since(self._resource, version))

    def _converted(self, changes: list[Change]) -> list[bytes]:
        frames = (
            frame_of(change, self._resource, self._namespace, self._options.selects)
            for change in changes
            # a watch may be asked for from a version that doesn't exist yet
            if change.version > self._options.number
        )
        return [frame for frame in frames if frame is not None]

    async def _live(
        self, end: float, stop: asyncio.Task[Literal[True]]
    ) -> AsyncGenerator[list[bytes]]:
        loop = asyncio.get_running_loop()
        farewell = end - self._pace.farewell
        if farewell <= loop.time():
            farewell = float("inf")
        bookmark = min(loop.time() + self._pace.bookmarks, farewell)
        news = asyncio.ensure_future(self._news.wait())
        try:
            while True:
                wake = min(end, bookmark) if self._bookmarks else end
                self._writing = False
                await asyncio.wait(
                    {news, stop},
                    timeout=max(0.0, wake - loop.time()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                self._writing = True
                if self._pending:
                    changes = list(self._pending)
                    self._pending.clear()
                    self._news.clear()
                    news.cancel()
                    news = asyncio.ensure_future(self._news.wait())
                    if frames := self._converted(changes):
                        yield frames
                if self._behind:
                    return
                # a bookmark must not overtake changes that came in while frames were written
                if self._bookmarks and loop.time() >= bookmark and not self._pending:
                    yield [encode_bookmark(self._resource, self._store.resource_version)]
                    due = loop.time() + self._pace.bookmarks
                    later = bookmark >= farewell
                    bookmark = due if later else min(due, farewell)
                if stop.done() or loop.time() >= end:
                    return
        finally:
            news.cancel()
