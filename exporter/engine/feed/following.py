"""One resource from the API server to the core: does what the reflector orders, tells it the rest.

It decides nothing about the protocol and keeps no objects: changes leave through a callback.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from exporter.api.client import Client
from exporter.api.errors import (
    AnswerError,
    ApiError,
    BrokenError,
    UnreadableError,
    one_line,
)
from exporter.engine.feed.causes import cause_of, failure_of
from exporter.engine.feed.lists import Lists
from exporter.engine.feed.parameters import list_parameters, watch_parameters
from exporter.engine.feed.status import FeedStatus, Telemetry
from exporter.engine.feed.telling import Telling
from exporter.engine.feed.timing import Timed
from exporter.engine.feed.versions import Versions
from exporter.engine.turns import gather, in_turns
from exporter.model import Change, Forget, Replace, SyncMode
from exporter.objects.codec import Event, ListHead, Retained, decode_event
from exporter.objects.lists import ListReader
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import RESOURCES
from exporter.reflector import (
    Apply,
    Begin,
    Commit,
    DropToken,
    Effect,
    Ended,
    EventsSeen,
    Failed,
    FeedState,
    Forgotten,
    Gather,
    Input,
    List,
    ListEnded,
    Opened,
    Order,
    PageRead,
    Phase,
    Plan,
    Read,
    Received,
    Rest,
    Watch,
    WatchRestarted,
    Woke,
    step,
)

#: Seconds without a byte after which a watch is taken for dead: bookmarks come every 60.
IDLE_SECONDS = 100.0

#: The same while a streaming list is under way, which has no pauses.
STREAM_IDLE_SECONDS = 30.0

#: Seconds beyond its own time-out that a watch may live.
GRACE_SECONDS = 15.0

#: Seconds that one page may take however lively it drips: others wait for their turn.
PAGE_CAP_SECONDS = 600.0

Found = Retained | Rejected
Deliver = Callable[[Sequence[Change]], None]


async def follow(
    client: Client,
    plan: Plan,
    deliver: Deliver,
    *,
    status: FeedStatus,
    lists: Lists,
    telemetry: Telemetry,
) -> None:
    """Follows one resource in one scope until cancelled; failures are told in `status`.

    `deliver` gets all changes that came with one read in one go, or one Replace or Forget; it is
    called on the event loop. `lists` says how many pages are fetched at the same time.
    """
    await Feed(client, plan, deliver, status=status, lists=lists, telemetry=telemetry).run()


class Feed:
    """The reflector's hands: one request at a time. `error` is what failed last."""

    error: ApiError | None = None

    def __init__(
        self,
        client: Client,
        plan: Plan,
        deliver: Deliver,
        *,
        status: FeedStatus,
        lists: Lists,
        telemetry: Telemetry,
        quiet: bool = False,
        fresh: bool = False,
    ) -> None:
        self._client = client
        self._plan = plan
        self._deliver = deliver
        self._status = status
        self._lists = lists
        self._telemetry = telemetry
        self._resource = RESOURCES[plan.resource]
        self._versions = Versions(self._resource.paths(plan.namespace or None))
        # What a server could not serve from its cache is asked for as it is now.
        self._state = FeedState(unavailable=fresh)
        self._gathered: list[Found] = []
        self._telling = None if quiet else Telling(plan.resource, plan.namespace)

    async def run(self) -> None:
        """Goes on for ever."""
        order = self.begin()
        while True:
            order = await self.carry_out(order)

    def begin(self) -> Order:
        """The first order."""
        return self._take(Begin())

    async def carry_out(self, order: Order) -> Order:
        """Does one thing and returns what to do next."""
        match order:
            case List():
                return await self._list(order)
            case Watch():
                return await self._watch(order)
            case Rest():
                await asyncio.sleep(order.seconds)
                return self._take(Woke())
            case Read():  # only ever ordered while a watch is open, and carried out there
                raise AssertionError("there is no open watch to read")

    # ── the reflector's decisions ────────────────────────────────────────────────────────────

    def _take(self, given: Input) -> Order:
        done = step(self._plan, self._state, given, time.monotonic(), random.random())
        self._state = state = done.state
        for effect in done.effects:
            self._effect(effect)
        status = self._status
        polls = state.polling or self._plan.mode is SyncMode.POLL
        status.mode = "poll" if polls else "watch"
        status.synced = state.synced
        status.forbidden = state.forbidden
        status.absent = state.absent
        status.error = state.error
        if self._telling is not None and not isinstance(given, Received):
            failed = isinstance(done.order, Rest) and done.order.failure is not None
            self._telling.tell(status, failed=failed)
        return done.order

    def _effect(self, effect: Effect) -> None:
        name, telemetry = self._plan.resource, self._telemetry
        match effect:
            case Apply():
                self._deliver(effect.changes)
            case EventsSeen():
                self._count(effect)
            case Gather():
                self._gathered.extend(effect.objects)
            case Commit():
                self._commit()
            case Forgotten():
                self._gathered = []
                self._status.objects = 0
                self._deliver((Forget(name, self._plan.namespace),))
            case DropToken():
                self._client.drop_token()
            case ListEnded():
                telemetry.list_ended(name, effect.result)
            case WatchRestarted():
                telemetry.watch_restarted(name, effect.cause)

    def _commit(self) -> None:
        objects, self._gathered = tuple(self._gathered), []
        rejected = sum(1 for found in objects if isinstance(found, Rejected))
        if rejected:
            self._telemetry.rejected(self._plan.resource, rejected)
        self._status.objects = len(objects)
        self._deliver((Replace(self._plan.resource, self._plan.namespace, objects),))
        # After it: while the oldest change that is not shown is not younger, this list is not.
        self._status.last_sync = time.time()

    def _count(self, seen: EventsSeen) -> None:
        name = self._plan.resource
        for kind, count in seen.by_type.items():
            self._telemetry.watch_event(name, kind, count)
        if seen.rejected:
            self._telemetry.rejected(name, seen.rejected)
        more = seen.by_type.get("ADDED", 0) - seen.by_type.get("DELETED", 0)
        self._status.objects = max(self._status.objects + more, 0)

    # ── lists ────────────────────────────────────────────────────────────────────────────────

    async def _list(self, order: List) -> Order:
        if not order.token:
            self._gathered = []
        params = list_parameters(self._plan, order)
        while True:
            try:
                page, head = await self._read_page(params)
            except ApiError as error:
                if not order.token and self._versions.turn(error):
                    continue
                if isinstance(error, AnswerError) and error.code == HTTPStatus.TOO_MANY_REQUESTS:
                    self._lists.refused()
                return self._fail(error)
            # Only now: what came of a page that broke off must not count twice.
            self._versions.found()
            self._gathered += page
            return self._take(PageRead(head))

    async def _read_page(self, params: dict[str, str]) -> tuple[list[Found], ListHead]:
        reader = ListReader(self._resource)
        page: list[Found] = []
        try:
            async with (
                self._lists.turn(),
                Timed(self._telemetry, self._plan.resource, "list"),
                asyncio.timeout(PAGE_CAP_SECONDS),
            ):
                async with self._client.list_page(self._versions.path, params) as chunks:
                    async for chunk in chunks:
                        self._telemetry.received(self._plan.resource, len(chunk))
                        await in_turns(gather(reader.feed(chunk), page))
                        # Bytes that wait already are given without a pause: let others in.
                        await asyncio.sleep(0)
                await in_turns(gather(reader.rest(), page))
        except DecodeError as error:
            raise UnreadableError(self._client.hide(one_line(str(error)))) from None
        except TimeoutError:
            slow = f"a page of {self._plan.resource} took more than {PAGE_CAP_SECONDS:.0f} s"
            raise BrokenError(slow) from None
        return page, reader.head

    def _fail(self, error: ApiError) -> Order:
        self.error = error
        return self._take(Failed(failure_of(error)))

    # ── watches ──────────────────────────────────────────────────────────────────────────────

    async def _watch(self, order: Watch) -> Order:
        if order.initial:
            self._gathered = []
        params = watch_parameters(self._plan, order)
        idle = STREAM_IDLE_SECONDS if order.initial else IDLE_SECONDS
        opened = False
        try:
            async with (
                Timed(self._telemetry, self._plan.resource, "watch") as timed,
                self._client.watch(
                    self._versions.path,
                    params,
                    idle=idle,
                    cap=order.timeout + GRACE_SECONDS,
                    # Not what a first report waits for.
                    may_wait=lambda: self._state.phase is Phase.WATCHING,
                ) as batches,
            ):
                timed.end()
                opened = True
                self._take(Opened())
                async for frames in batches:
                    after = await self._read(frames)
                    if not isinstance(after, Read):
                        return after
        except ApiError as error:
            if order.initial and not opened and self._versions.turn(error):
                return order  # the same of another version
            if not opened or not isinstance(error, BrokenError):
                return self._fail(error)
            return self._take(Ended(cause_of(error)))
        return self._take(Ended("end"))

    async def _read(self, frames: list[bytes]) -> Order:
        """All frames of one read at once: a task switch for each would cost as much as it does."""
        events: list[Event] = []
        broken = ""
        self._telemetry.received(self._plan.resource, sum(map(len, frames)) + len(frames))
        try:
            decoded = (decode_event(self._resource, frame) for frame in frames)
            await in_turns(gather(decoded, events))
        except DecodeError as error:
            broken = str(error)
        after: Order = Read()
        if events:
            self._status.last_event = time.time()
            after = self._take(Received(events))
        return self._fail(UnreadableError(broken)) if broken and after == Read() else after
