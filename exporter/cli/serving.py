"""The exporter put together: client, engine, pages, servers. `run` and `demo` both use it."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from exporter import __version__
from exporter.api import Client
from exporter.catalogue import Group
from exporter.cli.assembling import Assembled, Bench
from exporter.cli.chronicle import Chronicle
from exporter.cli.leading import run_engine
from exporter.cli.live import wants_streams
from exporter.cli.notifying import Notifying, check_receiver
from exporter.cli.succession import Succession
from exporter.config import Settings, is_read_alike
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.engine.transitions import Story
from exporter.judging.goals import find_unread
from exporter.model import ServiceKey
<<<<<<< HEAD
=======
from exporter.server import Hub, Pace, WaitingRoom
>>>>>>> main
from exporter.telemetry import Telemetry

if TYPE_CHECKING:
    from exporter.cli.front import Front
    from exporter.cli.listening import Addresses

#: Seconds after which rows that nobody asks for are let go.
_IDLE = 120.0

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
    # Half of all modules are those of pages and servers: the API server is at work meanwhile.
    streaming, _ = await asyncio.gather(
        wants_streams(settings, client),
        asyncio.to_thread(importlib.import_module, "exporter.cli.front"),
    )
<<<<<<< HEAD
    bench = Bench(client, telemetry, streaming)
=======
    waits = WaitingRoom(
        lambda: succession.current.site,
        lambda: (id(succession.current), find_unread(succession.current.engine.snapshot())),
        count_streams(settings),
    )
    streaming = await wants_streams(settings, client)
    bench = Bench(client, telemetry, hub, waits, instance, streaming)
>>>>>>> main

    def assemble(settings: Settings, groups: Collection[Group]) -> Assembled:
        one = bench.assemble(settings, groups)

        def tell(key: ServiceKey, story: Story) -> None:
            # One that has not taken over yet would tell the same a second time.
            if succession.current is one:
                notifying.tell(key, story, one.state.reports.get(key))

        one.state.transitions.follow(tell)
        return one

    succession = Succession(assemble(settings, groups))
    current = settings

    def take_over(changed: Settings) -> None:
        nonlocal current
        before, current = current, changed
        notifying.configure(changed)
        if not is_read_alike(before, changed):
            following = assemble(changed, changed.enabled_groups())
            front.furnish(following)
            succession.replace(following)

    await check_receiver(settings)
    front = _make_front(settings, client, telemetry, succession, addresses)
    # Before anything is read: who can't listen ends with one line that says so.
    urls = await front.start()
    notifying.configure(settings)
    work = asyncio.create_task(run_engine(succession, settings, client, telemetry, notifying))
    others = [asyncio.create_task(_let_rest(front, chronicle))]
    if reloading is not None:
        others.append(asyncio.ensure_future(reloading(settings, take_over)))
    try:
        yield Running(urls, succession, work)
    finally:
        for task in (work, *others):
            task.cancel()
        await notifying.close()
        await asyncio.gather(work, *others, return_exceptions=True)
<<<<<<< HEAD
        await front.stop()
=======
        await hub.close()
        await waits.close()
        await servers.stop()
>>>>>>> main


def _make_front(
    settings: Settings,
    client: Client,
    telemetry: Telemetry,
    succession: Succession,
    addresses: Addresses,
) -> Front:
    from exporter.cli.front import Front

    return Front(settings, client, telemetry, succession, addresses)


async def _let_rest(front: Front, chronicle: Chronicle | None) -> None:
    while True:
        await asyncio.sleep(_IDLE / 4)
        if chronicle is not None:
            chronicle.settle()
        front.site.desk.rest(time.time(), _IDLE)
