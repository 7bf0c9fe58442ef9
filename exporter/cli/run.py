"""`run`: follow the API server and serve what it says, until stopped."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence

import structlog

from exporter import __version__
from exporter.catalogue import Group
from exporter.cli.errors import CommandError
from exporter.cli.gathering import choose, wanted_resources
from exporter.cli.judgement import judge
from exporter.cli.live import make_plans, open_client
from exporter.cli.stopping import run_until_stopped
from exporter.config import Settings
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.log import configure_logging
from exporter.server import Limits, Server, ServerError
from exporter.telemetry import OWN_FAMILIES, Telemetry
from exporter.web import Site, respond


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    configure_logging(settings.log_format, settings.log_level)
    return run_until_stopped(serve(settings))


async def serve(
    settings: Settings, started: Callable[[Sequence[str]], None] = lambda _urls: None
) -> None:
    """Engine and server together until cancelled; `started` is told the URLs once they serve."""
    groups = settings.enabled_groups()
    resources = wanted_resources(settings, dependents=Group.DEPENDENTS in groups)
    telemetry = Telemetry(__version__, programming_latency=Group.CHANGES in groups)
    state = State(choose(settings, exposed=True))
    async with await open_client(settings) as client:
        engine = Engine(
            client,
            tuple(make_plans(settings, resources)),
            state,
            telemetry,
            required=resources[:2],
        )
        site = make_site(settings, state, engine, telemetry)
        server = Server(
            lambda request: respond(request, site),
            settings.web_listen_address,
            web_config_file=settings.web_config_file,
            scrape_ended=telemetry.scrape_ended,
            limits=Limits(connections=settings.web_max_connections),
        )
        try:
            urls = await server.start()
        except ServerError as error:
            raise CommandError(*error.lines) from None
        try:
            structlog.get_logger("exporter").info("serving", urls=list(urls), version=__version__)
            started(urls)
            await engine.run()
        finally:
            await asyncio.shield(server.stop())


def make_site(settings: Settings, state: State, engine: Engine, telemetry: Telemetry) -> Site:
    """What the pages show."""

    def own_metrics(openmetrics: bool, families: frozenset[str] | None) -> bytes:  # noqa: FBT001
        telemetry.show_resources(engine.resources())
        telemetry.show_series(state.exposition.series())
        return telemetry.exposition(openmetrics, families)

    return Site(
        version=__version__,
        exposition=state.exposition,
        snapshot=engine.snapshot,
        judge=lambda report, now: judge(report, now, settings.grace_period),
        own_metrics=own_metrics,
        own_families=tuple(family.name for family in OWN_FAMILIES),
    )
