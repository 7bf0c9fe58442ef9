"""The exporter put together: client, engine, pages, servers. `run` and `demo` both use it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

import msgspec

from exporter import __version__
from exporter.api import Client
from exporter.catalogue import Group
from exporter.cli.assembling import Assembled, Bench
from exporter.cli.chronicle import Chronicle
from exporter.cli.leading import run_engine
from exporter.cli.listening import Addresses, Servers, count_streams
from exporter.cli.live import wants_streams
from exporter.cli.notifying import Notifying, check_receiver
from exporter.cli.succession import Succession
from exporter.config import Settings, is_read_alike
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.engine.transitions import Story
from exporter.judging.goals import find_unread
from exporter.model import ServiceKey
from exporter.server import Hub, Pace, WaitingRoom
from exporter.telemetry import Telemetry
from exporter.web import Request, Response, Site, load_pages, respond, respond_apart

#: Seconds after which rows that nobody asks for are let go.
_IDLE = 120.0

#: Seconds between looks at whether the first reports are out.
_LOOK = 1.0

#: Looks after which pages are imported in any case.
_LOOKS = 10

#: Tells of settings that hold from now on, for as long as it runs.
Reloading = Callable[[Settings, Callable[[Settings], None]], Awaitable[None]]


class Running(msgspec.Struct, frozen=True):
    """A running exporter. `urls` are where it listens; awaiting `work` raises what ends it."""

    urls: tuple[str, ...]
    succession: Succession
    work: asyncio.Task[None]

    @property
    def engine(self) -> Engine:
        """The engine that is shown."""
        return self.succession.current.engine

    @property
    def state(self) -> State:
        """The state that is shown."""
        return self.succession.current.state


@asynccontextmanager
async def serving(
    settings: Settings,
    client: Client,
    groups: Collection[Group],
    addresses: Addresses,
    reloading: Reloading | None = None,
    chronicle: Chronicle | None = None,
) -> AsyncIterator[Running]:
    """Follow the API server and serve, as long as the context is open.

    `reloading` tells of changed settings; engine and pages are then made anew. `chronicle`
    writes down what becomes of Services. CommandError tells in a line each why it can't listen as
    asked.
    """
    telemetry = Telemetry(
        __version__,
        programming_latency=Group.CHANGES in groups,
        leader=settings.leader_lease is not None,
    )
    notifying = Notifying(client, telemetry, chronicle, silent=settings.leader_lease is not None)
    hub = Hub(
        lambda keys, since: _render_changes(succession.current.site, keys, since),
        lambda: _render_status(succession.current.site),
        instance := secrets.token_hex(4),
        Pace(streams=count_streams(settings)),
    )
    waits = WaitingRoom(
        lambda: succession.current.site,
        lambda: (id(succession.current), find_unread(succession.current.engine.snapshot())),
        count_streams(settings),
    )
    streaming = await wants_streams(settings, client)
    bench = Bench(client, telemetry, hub, waits, instance, streaming)

    def assemble(settings: Settings, groups: Collection[Group]) -> Assembled:
        one = bench.assemble(settings, groups)

        def tell(key: ServiceKey, story: Story) -> None:
            # One that has not taken over yet would tell the same a second time.
            if succession.current is one:
                notifying.tell(key, story, one.state.reports.get(key))

        one.state.transitions.follow(tell)
        return one

    succession = Succession(assemble(settings, groups))

    def answer(request: Request) -> Response:
        return respond(request, succession.current.site)

    def answer_apart(request: Request) -> Response:
        return respond_apart(request, succession.current.site)

    current = settings

    def take_over(changed: Settings) -> None:
        nonlocal current
        before, current = current, changed
        notifying.configure(changed)
        if not is_read_alike(before, changed):
            succession.replace(assemble(changed, changed.enabled_groups()))

    await check_receiver(settings)
    servers = Servers(settings, client, addresses, (answer, answer_apart), telemetry.scrape_ended)
    urls = await servers.start()
    notifying.configure(settings)
    work = asyncio.create_task(run_engine(succession, settings, client, telemetry, notifying))
    others = [
        asyncio.create_task(_let_rest(succession, chronicle)),
        asyncio.create_task(_load_pages(succession)),
    ]
    if reloading is not None:
        others.append(asyncio.ensure_future(reloading(settings, take_over)))
    try:
        yield Running(urls, succession, work)
    finally:
        for task in (work, *others):
            task.cancel()
        await notifying.close()
        await asyncio.gather(work, *others, return_exceptions=True)
        await hub.close()
        await waits.close()
        await servers.stop()


def _render_changes(site: Site, keys: Collection[ServiceKey], since: int) -> tuple[bytes, int]:
    from exporter.web.api.events import render_changes  # there are no streams before the first page

    return render_changes(site, keys, since)


def _render_status(site: Site) -> bytes:
    from exporter.web.api.events import render_status  # as above

    return render_status(site)


async def _load_pages(succession: Succession) -> None:
    """Import the pages when the first reports are out, in a thread: it is long work.

    An API server that is not there keeps nobody from looking at pages that say so.
    """
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOK)
        if succession.current.engine.snapshot().ready:
            break
    await asyncio.to_thread(load_pages)


async def _let_rest(succession: Succession, chronicle: Chronicle | None) -> None:
    while True:
        await asyncio.sleep(_IDLE / 4)
        if chronicle is not None:
            chronicle.settle()
        succession.current.site.desk.rest(time.time(), _IDLE)
