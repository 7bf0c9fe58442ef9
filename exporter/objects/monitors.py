"""ServiceMonitors, PodMonitors and Probes: what Prometheus is told to watch, by label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from exporter.objects.dependents import Backend
from exporter.objects.meta import WireMeta, intern_text
from exporter.objects.selectors import LabelSelector, WireSelector


class End(msgspec.Struct, frozen=True, gc=False):
    """One endpoint that a monitor scrapes: of a port by name, or of a container's port.

    `port` is the name of the Service's (PodMonitor: the container's) port, "" when it gives none;
    then `target` is a container's port by name or number, 0 when it gives none either: any port.
    """

    port: str = ""
    target: int | str = 0


class Monitor(msgspec.Struct, frozen=True):
    """What watches by label. `chooses` is Service, Pod, Ingress, or "" when it chooses nothing.

    `namespaces` are those it looks into, None for all. `prober` is the Service that a Probe sends
    its questions to, None where that is no Service of this cluster, or can't be told.
    """

    kind: str
    namespace: str
    name: str
    resource_version: str
    chooses: str
    selector: LabelSelector = LabelSelector()
    namespaces: tuple[str, ...] | None = None
    ends: tuple[End, ...] = ()
    prober: Backend | None = None


class _WireNamespaces(msgspec.Struct, frozen=True, rename="camel"):
    any: bool | None = None
    match_names: list[str] | None = None


class _WireEnd(msgspec.Struct, frozen=True, rename="camel", gc=False):
    port: str | None = None
    port_number: int | None = None
    target_port: int | str | None = None

    def compact(self) -> End:
        return End(intern_text(self.port), self.port_number or self.target_port or 0)


class _WireMonitorSpec(msgspec.Struct, frozen=True, rename="camel"):
    selector: WireSelector | None = None
    namespace_selector: _WireNamespaces | None = None
    endpoints: list[_WireEnd] | None = None
    pod_metrics_endpoints: list[_WireEnd] | None = None


def _places(chosen: _WireNamespaces | None, own: str | None) -> tuple[str, ...] | None:
    """The namespaces that a namespaceSelector means: its own when it says nothing."""
    if chosen is not None and chosen.any:
        return None
    return tuple((chosen.match_names if chosen else None) or (own or "",))


class _WireMonitor(msgspec.Struct, frozen=True):
    KIND: ClassVar[str] = ""
    CHOOSES: ClassVar[str] = ""

    metadata: WireMeta
    spec: _WireMonitorSpec | None = None

    def compact(self) -> Monitor:
        """The retained form."""
        meta, spec = self.metadata, self.spec or _WireMonitorSpec()
        ends = spec.endpoints if self.CHOOSES == "Service" else spec.pod_metrics_endpoints
        return Monitor(
            kind=self.KIND,
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            chooses=self.CHOOSES,
            selector=(spec.selector or WireSelector()).compact(),
            namespaces=_places(spec.namespace_selector, meta.namespace),
            ends=tuple(end.compact() for end in ends or ()),
        )


class WireServiceMonitor(_WireMonitor, frozen=True):
    """A ServiceMonitor (monitoring.coreos.com/v1)."""

    KIND: ClassVar[str] = "ServiceMonitor"
    CHOOSES: ClassVar[str] = "Service"


class WirePodMonitor(_WireMonitor, frozen=True):
    """A PodMonitor: it looks at Pods and knows no Service."""

    KIND: ClassVar[str] = "PodMonitor"
    CHOOSES: ClassVar[str] = "Pod"


class _WireProber(msgspec.Struct, frozen=True, gc=False):
    url: str | None = None


class _WireIngressTarget(msgspec.Struct, frozen=True, rename="camel"):
    selector: WireSelector | None = None
    namespace_selector: _WireNamespaces | None = None


class _WireTargets(msgspec.Struct, frozen=True):
    ingress: _WireIngressTarget | None = None


class _WireProbeSpec(msgspec.Struct, frozen=True):
    prober: _WireProber | None = None
    targets: _WireTargets | None = None


class WireProbe(msgspec.Struct, frozen=True):
    """A Probe: somebody who asks, and Ingresses or addresses to ask for."""

    metadata: WireMeta
    spec: _WireProbeSpec | None = None

    def compact(self) -> Monitor:
        """The retained form."""
        meta, spec = self.metadata, self.spec or _WireProbeSpec()
        ingress = spec.targets.ingress if spec.targets else None
        chosen = ingress or _WireIngressTarget()
        return Monitor(
            kind="Probe",
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            chooses="" if ingress is None else "Ingress",
            selector=(chosen.selector or WireSelector()).compact(),
            namespaces=_places(chosen.namespace_selector, meta.namespace),
            prober=next(_read_prober(spec.prober), None),
        )


def _read_prober(prober: _WireProber | None) -> Iterator[Backend]:
    """The Service that `name.namespace.svc[.domain][:port]` names; any other host names none.

    A shorter name means what the Prometheus that asks makes of it, wherever that runs.
    """
    host, colon, number = ((prober.url if prober else None) or "").rpartition(":")
    if not colon:
        host, number = number, ""
    labels = host.lower().removesuffix(".").split(".")
    if len(labels) > 2 and labels[2] == "svc" and all(labels) and (not colon or number.isdigit()):
        yield Backend(intern_text(labels[1]), intern_text(labels[0]), int(number or "80"))


#: resource → what its objects look like on the wire
MONITOR_WIRES: dict[str, type[_WireMonitor | WireProbe]] = {
    "servicemonitors": WireServiceMonitor,
    "podmonitors": WirePodMonitor,
    "probes": WireProbe,
}
