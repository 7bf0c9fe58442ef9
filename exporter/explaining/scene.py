"""What an explanation speaks of: the Service, what is known of it, its report, and the time."""

from __future__ import annotations

import msgspec

from exporter.model import Reason, ServiceReport, ServiceView
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice


class Scene(msgspec.Struct, frozen=True):
    """All that words are made of. `judged`: candidates that take no traffic, with their reasons,

    the deciding ones first. `slices` are None while they can't be known.
    """

    view: ServiceView
    report: ServiceReport
    now: float
    slices: tuple[EndpointSlice, ...] | None
    judged: tuple[tuple[Reason, Pod], ...]

    @property
    def service(self) -> Service:
        """The Service."""
        return self.view.service

    @property
    def pods_known(self) -> bool:
        """Whether something can be said of its Pods."""
        return self.view.pods is not None and bool(self.service.selector)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """Its Pods, by name; none while they can't be read."""
        return self.view.pods.selected if self.view.pods is not None else ()
