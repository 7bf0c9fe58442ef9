"""Gateways, and the grants that let routes point into other namespaces."""

from __future__ import annotations

import msgspec

from exporter.objects.dependents import read_host
from exporter.objects.meta import WireMeta, intern_text

GATEWAY_GROUP = "gateway.networking.k8s.io"


class Listener(msgspec.Struct, frozen=True, gc=False):
    """One listener of a Gateway. `host` is "" where it takes any."""

    name: str
    protocol: str
    port: int
    host: str


class Gateway(msgspec.Struct, frozen=True):
    """A Gateway: where routes that name it are open to the world."""

    namespace: str
    name: str
    resource_version: str
    listeners: tuple[Listener, ...]


class _WireListener(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    hostname: str | None = None


class _WireGatewaySpec(msgspec.Struct, frozen=True):
    listeners: list[_WireListener] | None = None


class WireGateway(msgspec.Struct, frozen=True):
    """A Gateway on the wire."""

    metadata: WireMeta
    spec: _WireGatewaySpec | None = None

    def compact(self) -> Gateway:
        """The retained form."""
        return Gateway(
            namespace=intern_text(self.metadata.namespace),
            name=self.metadata.name or "",
            resource_version=self.metadata.resource_version or "",
            listeners=tuple(
                Listener(
                    intern_text(one.name),
                    intern_text(one.protocol),
                    one.port or 0,
                    read_host(one.hostname),
                )
                for one in (self.spec.listeners if self.spec else None) or ()
            ),
        )


class Grant(msgspec.Struct, frozen=True):
    """A ReferenceGrant: who of other namespaces may point at Services of this one.

    `sources` are (kind, namespace) of routes of the Gateway API; `services` are the names that
    they may point at, None for all.
    """

    namespace: str
    name: str
    resource_version: str
    sources: frozenset[tuple[str, str]]
    services: frozenset[str] | None

    def permits(self, kind: str, namespace: str, service: str) -> bool:
        """Whether a route of this kind and namespace may point at a Service of this name."""
        named = self.services is None or service in self.services
        return named and (kind, namespace) in self.sources


class _WireFrom(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None


class _WireTo(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    name: str | None = None


class _WireGrantSpec(msgspec.Struct, frozen=True):
    sources: list[_WireFrom] | None = msgspec.field(default=None, name="from")
    to: list[_WireTo] | None = None


class WireGrant(msgspec.Struct, frozen=True):
    """A ReferenceGrant on the wire."""

    metadata: WireMeta
    spec: _WireGrantSpec | None = None

    def compact(self) -> Grant:
        """The retained form: what it says of Services."""
        spec = self.spec or _WireGrantSpec()
        names = {one.name for one in spec.to or () if not one.group and one.kind == "Service"}
        every = None in names or "" in names
        return Grant(
            namespace=intern_text(self.metadata.namespace),
            name=self.metadata.name or "",
            resource_version=self.metadata.resource_version or "",
            sources=frozenset(
                (one.kind or "", one.namespace or "")
                for one in spec.sources or ()
                if one.group == GATEWAY_GROUP
            ),
            services=None if every else frozenset(name for name in names if name),
        )


#: resource → what its objects look like on the wire
GATEWAY_WIRES: dict[str, type[WireGateway | WireGrant]] = {
    "gateways": WireGateway,
    "referencegrants": WireGrant,
}
