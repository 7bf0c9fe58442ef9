"""Engine and state for a set of settings: what has to be made anew when these change.

It imports no page and no server: a starting process loads those while it speaks to the API server.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from exporter.api import Client
from exporter.catalogue import Group
from exporter.cli.gathering import choose, wanted_resources
from exporter.cli.live import make_plans
from exporter.config import Settings
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.telemetry import Telemetry


class Assembled(msgspec.Struct, frozen=True):
    """What follows the API server, by these settings."""

    settings: Settings
    state: State
    engine: Engine


class Bench(msgspec.Struct, frozen=True):
    """What stays when settings change. `streaming`: lists come as streams."""

    client: Client
    telemetry: Telemetry
    streaming: bool

    def assemble(self, settings: Settings, groups: Collection[Group]) -> Assembled:
        """All parts for these settings; nothing runs yet."""
        state = State(choose(settings, groups=groups))
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
        return Assembled(settings, state, engine)
