"""Engine, state and pages for a set of settings: all that has to be made anew when these change."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec

from exporter import __version__
from exporter.api import Client
from exporter.catalogue import Group
from exporter.cli.assets import read_asset
from exporter.cli.gathering import choose, wanted_resources
from exporter.cli.live import make_plans
from exporter.config import Settings
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.server import Hub, WaitingRoom
from exporter.telemetry import OWN_FAMILIES, Telemetry
from exporter.web import Desk, Place, Site


class Assembled(msgspec.Struct, frozen=True):
    """What follows the API server, and the pages that show it."""

    settings: Settings
    state: State
    engine: Engine
    site: Site


class Bench(msgspec.Struct, frozen=True):
    """What stays when settings change; `instance` tells this process from others.

    `streaming`: lists come as streams.
    """

    client: Client
    telemetry: Telemetry
    hub: Hub
    waits: WaitingRoom
    instance: str
    streaming: bool

    def assemble(self, settings: Settings, groups: Collection[Group]) -> Assembled:
        """All parts for these settings; nothing runs yet."""
        state = State(choose(settings, groups=groups, refills=True))
        state.exposition.silent = settings.leader_lease is not None
        resources = wanted_resources(
            settings, dependents=Group.DEPENDENTS in groups, routes=Group.ROUTES in groups
        )
        engine = Engine(
            self.client,
            tuple(make_plans(settings, resources, streaming=self.streaming)),
            state,
            self.telemetry,
            required=resources[:2],
        )
        site = _make_site(settings, state, engine, self)
        state.observe(site.desk.tell)
        state.observe(self.hub.tell)
        state.observe(self.waits.tell)
        return Assembled(settings, state, engine, site)


def find_prefix(settings: Settings) -> str:
    """What stands before every path: "", or as in "/endpoints"."""
    if settings.web_route_prefix is not None:
        return settings.web_route_prefix.rstrip("/")
    return urlsplit(settings.web_external_url or "").path.rstrip("/")


def _make_site(settings: Settings, state: State, engine: Engine, bench: Bench) -> Site:
    telemetry = bench.telemetry

    def render_own(openmetrics: bool, families: frozenset[str] | None) -> bytes:  # noqa: FBT001 - as Site has it
        telemetry.show_resources(engine.resources())
        telemetry.show_series(state.exposition.series())
        telemetry.show_annotations(state.misannotated)
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
        streams=bench.hub,
        desk=Desk(bench.instance),
        routes=state.routes,
        waits=bench.waits,
        place=Place(
            prefix=find_prefix(settings),
            page=not settings.web_disable_page,
            grafana=settings.web_grafana_url or "",
            runbooks=settings.web_runbook_url or "",
        ),
    )
