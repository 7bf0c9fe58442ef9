"""Pages and servers over the engine that is shown; imported while the API server is asked."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from exporter import __version__
from exporter.api import Client
from exporter.cli.assembling import Assembled
from exporter.cli.assets import read_asset
from exporter.cli.listening import Addresses, Servers, count_streams
from exporter.cli.succession import Succession
from exporter.config import Settings
from exporter.engine.state import State
from exporter.server import Hub, Pace
from exporter.telemetry import OWN_FAMILIES, Telemetry
from exporter.web import Desk, Place, Request, Response, Site, respond, respond_apart
from exporter.web.api.events import render_changes, render_status


class Front:
    """What people and Prometheus meet: pages for each engine, and the servers that give them."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        telemetry: Telemetry,
        succession: Succession,
        addresses: Addresses,
    ) -> None:
        self._telemetry = telemetry
        self._succession = succession
        # Tells this process from others.
        self._instance = secrets.token_hex(4)
        self._sites: dict[State, Site] = {}
        self._hub = Hub(
            lambda keys, since: render_changes(self.site, keys, since),
            lambda: render_status(self.site),
            self._instance,
            Pace(streams=count_streams(settings)),
        )
        self.furnish(succession.current)
        self._servers = Servers(
            settings, client, addresses, (self._answer, self._answer_apart), telemetry.scrape_ended
        )

    @property
    def site(self) -> Site:
        """The pages of the engine that is shown."""
        return self._sites[self._succession.current.state]

    def furnish(self, one: Assembled) -> None:
        """Make the pages of an engine that is shown, or will be; those of earlier ones go."""
        shown = self._succession.current.state
        self._sites = {state: site for state, site in self._sites.items() if state is shown}
        site = self._sites[one.state] = self._make_site(one)
        one.state.observe(site.desk.tell)
        one.state.observe(self._hub.tell)

    async def start(self) -> tuple[str, ...]:
        """Listen; gives the URLs. CommandError when that can't be done as asked."""
        return await self._servers.start()

    async def stop(self) -> None:
        """End streams and servers."""
        await self._hub.close()
        await self._servers.stop()

    def _answer(self, request: Request) -> Response:
        return respond(request, self.site)

    def _answer_apart(self, request: Request) -> Response:
        return respond_apart(request, self.site)

    def _make_site(self, one: Assembled) -> Site:
        telemetry, settings, state, engine = self._telemetry, one.settings, one.state, one.engine

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
            streams=self._hub,
            desk=Desk(self._instance),
            routes=state.routes,
            place=Place(
                prefix=find_prefix(settings),
                page=not settings.web_disable_page,
                grafana=settings.web_grafana_url or "",
                runbooks=settings.web_runbook_url or "",
            ),
        )


def find_prefix(settings: Settings) -> str:
    """What stands before every path: "", or as in "/endpoints"."""
    if settings.web_route_prefix is not None:
        return settings.web_route_prefix.rstrip("/")
    return urlsplit(settings.web_external_url or "").path.rstrip("/")
