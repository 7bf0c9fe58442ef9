"""How the reading goes, and what readers see of it all at one moment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.model.keys import ServiceKey
from exporter.model.reports import ServiceReport


class ResourceStatus(msgspec.Struct, frozen=True):
    """How reading one resource goes, over all its scopes. Times are seconds since the epoch.

    `mode` is "watch" or "poll". `error` is one line, "" when all is well. `absent`: the server has
    no such resource.
    """

    resource: str
    required: bool
    mode: str
    synced: bool
    forbidden: bool
    objects: int
    last_sync: float | None
    last_event: float | None
    error: str = ""
    absent: bool = False


class Snapshot(msgspec.Struct, frozen=True):
    """What a reader (web page, JSON API, health check) sees: one consistent state.

    `shown` is False before the first reports are out: what was read is not to be seen yet.
    `settled` is False while the last list of something that is required is not among it.
    """

    reports: Mapping[ServiceKey, ServiceReport]
    resources: tuple[ResourceStatus, ...]
    now: float
    shown: bool = True
    settled: bool = True

    @property
    def ready(self) -> bool:
        """It shows something, all that may be read was read once, the required may be read."""
        return self.shown and all(
            status.synced or ((status.forbidden or status.absent) and not status.required)
            for status in self.resources
        )
