"""Requests that wait: each is looked at again when a commit says that something is otherwise.

So many may wait, and of one client half of them. No look holds up others, and those that may be
about any Service together use half of the time at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection

from exporter.model import ServiceKey
from exporter.web import Question, Response, Site

#: Seconds between looks at how reading goes: no commit tells of that.
_BEAT = 1.0
#: Seconds that changes are gathered for questions that may be about any Service.
_GATHER = 0.25


class WaitingRoom:
    """Where questions wait. `site` is what is shown; `mark` is otherwise when reading is."""

    def __init__(
        self, site: Callable[[], Site], mark: Callable[[], object], places: int, beat: float = _BEAT
    ) -> None:
        self._site = site
        self._mark = mark
        self._places = places
        self._beat = beat
        self._clients: Counter[str] = Counter()
        self._waiting: dict[asyncio.Event, frozenset[ServiceKey]] = {}
        self._wide = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def is_full(self, client: str) -> bool:
        """Whether as many wait as there may be, in all or of this client."""
        most = self._places
        return self._clients.total() >= most or self._clients[client] >= max(1, most // 2)

    def tell(self, keys: Collection[ServiceKey]) -> None:
        """A commit changed these Services."""
        for event, own in self._waiting.items():
            if not own or any(key in keys for key in own):
                event.set()

    async def close(self) -> None:
        """Answer everybody at once, and from now on."""
        self._closed = True
        self._wake()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def wait(self, question: Question, client: str) -> Response:
        """The answer: when it is so, when the time is up, or when the exporter stops."""
        loop = asyncio.get_running_loop()
        until = loop.time() + question.seconds
        event = asyncio.Event()
        self._clients[client] += 1
        self._waiting[event] = question.keys
        try:
            if question.seconds and (self._watching is None or self._watching.done()):
                self._watching = loop.create_task(self._watch())
            while True:
                event.clear()
                found = await self._look(question, self._why_end(until))
                if found is not None:
                    return found
                try:
                    async with asyncio.timeout_at(until):
                        await event.wait()
                        if not question.keys and not self._closed:
                            await asyncio.sleep(_GATHER)
                except TimeoutError:
                    continue  # the last look says how it is now
        finally:
            del self._waiting[event]
            self._clients -= Counter([client])

    def _why_end(self, until: float) -> str | None:
        if self._closed:
            return "the exporter is stopping"
        return "" if asyncio.get_running_loop().time() >= until else None

    async def _look(self, question: Question, ending: str | None) -> Response | None:
        if question.keys:
            return await self._go(question, ending)
        clock = asyncio.get_running_loop().time
        async with self._wide:
            begun = clock()
            found = await self._go(question, ending)
            if found is None:
                # Whoever looks at everything leaves as much time for all else.
                await asyncio.sleep(clock() - begun)
            return found

    async def _go(self, question: Question, ending: str | None) -> Response | None:
        looking = question.look(self._site(), ending)
        while True:
            try:
                next(looking)
            except StopIteration as end:
                found: Response | None = end.value
                return found
            await asyncio.sleep(0)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    async def _watch(self) -> None:
        """Wakes everybody when reading goes otherwise than before; ends when nobody waits."""
        known = self._mark()
        while self._waiting:
            await asyncio.sleep(self._beat)
            mark = self._mark()
            if mark != known:
                known = mark
                self._wake()
