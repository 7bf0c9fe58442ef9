"""The exporter put together: client, engine, pages, server. `run` and `demo` both use it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec

from exporter import __version__
from exporter.api import Client
from exporter.catalogue import Group
from exporter.cli.assets import read_asset
from exporter.cli.errors import CommandError
from exporter.cli.gathering import choose, wanted_resources
from exporter.cli.leading import run_engine
from exporter.cli.live import make_plans, wants_streams
from exporter.config import Settings
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.explaining.wording import escape_text
from exporter.server import Hub, Limits, Server, ServerError
from exporter.telemetry import OWN_FAMILIES, Telemetry
from exporter.web import Desk, Place, Request, Response, Site, respond
from exporter.web.api.events import render_changes, render_status

Addresses = Sequence[tuple[str, int]]

#: Seconds after which rows that nobody asks for are let go.
_IDLE = 120.0


class Running(msgspec.Struct, frozen=True):
    """A running exporter. `urls` are where it listens; awaiting `work` raises what ends it."""

    urls: tuple[str, ...]
    engine: Engine
    state: State
    work: asyncio.Task[None]


@asynccontextmanager
async def serving(
    settings: Settings, client: Client, groups: Collection[Group], addresses: Addresses
) -> AsyncIterator[Running]:
    """Follow the API server and serve, as long as the context is open.

    CommandError tells in a line each why it can't listen as asked.
    """
    state = State(choose(settings, groups=groups))
    telemetry = Telemetry(
        __version__,
        programming_latency=Group.CHANGES in groups,
        leader=settings.leader_lease is not None,
    )
    state.exposition.silent = settings.leader_lease is not None
    resources = wanted_resources(
        settings, dependents=Group.DEPENDENTS in groups, routes=Group.ROUTES in groups
    )
    engine = Engine(
        client,
        tuple(make_plans(settings, resources, streaming=await wants_streams(settings, client))),
        state,
        telemetry,
        required=resources[:2],
    )
    instance = secrets.token_hex(4)
    hub = Hub(
        lambda keys, since: render_changes(site, keys, since),
        lambda: render_status(site),
        instance,
    )
    site = _make_site(settings, state, engine, telemetry, hub, instance)
    state.observe(site.desk.tell)
    state.observe(hub.tell)

    def answer(request: Request) -> Response:
        return respond(request, site)

    server = Server(
        answer,
        addresses,
        web_config_file=settings.web_config_file,
        scrape_ended=telemetry.scrape_ended,
        limits=Limits(connections=settings.web_max_connections),
    )
    try:
        urls = await server.start()
    except ServerError as error:
        raise CommandError(*map(escape_text, error.lines)) from None
    work = asyncio.create_task(run_engine(engine, settings, client, state, telemetry))
    resting = asyncio.create_task(_let_rest(site.desk))
    try:
        yield Running(urls, engine, state, work)
    finally:
        work.cancel()
        resting.cancel()
        await asyncio.gather(work, resting, return_exceptions=True)
        await hub.close()
        await server.stop()


async def _let_rest(desk: Desk) -> None:
    while True:
        await asyncio.sleep(_IDLE / 4)
        desk.rest(time.time(), _IDLE)


def find_prefix(settings: Settings) -> str:
    """What stands before every path: "", or as in "/endpoints"."""
    if settings.web_route_prefix is not None:
        return settings.web_route_prefix.rstrip("/")
    return urlsplit(settings.web_external_url or "").path.rstrip("/")


def _make_site(
    settings: Settings,
    state: State,
    engine: Engine,
    telemetry: Telemetry,
    hub: Hub,
    instance: str,
) -> Site:
    def render_own(openmetrics: bool, families: frozenset[str] | None) -> bytes:  # noqa: FBT001 - as Site has it
        telemetry.show_resources(engine.resources())
        telemetry.show_series(state.exposition.series())
        reports = state.reports.values()
        telemetry.show_annotations(sum(bool(report.bad_annotations) for report in reports))
        return telemetry.exposition(openmetrics, families)

    return Site(
        version=__version__,
        exposition=state.exposition,
        snapshot=engine.snapshot,
        own_metrics=render_own,
        own_families=tuple(family.name for family in OWN_FAMILIES),
        view=state.view,
        pods=state.cluster.pods,
        transitions=state.transitions.of,
        asset=read_asset,
        streams=hub,
        routes=state.routes,
        desk=Desk(instance),
        place=Place(
            prefix=find_prefix(settings),
            page=not settings.web_disable_page,
            grafana=settings.web_grafana_url or "",
            runbooks=settings.web_runbook_url or "",
        ),
    )
