"""Routes of the Gateway API on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from exporter.objects.dependents import (
    EVERYTHING,
    WHOLE,
    Backend,
    Dependent,
    Door,
    Match,
    Parent,
    Rule,
    make_dependent,
    name_type,
    read_host,
)
from exporter.objects.meta import WireMeta, intern_text


class _WireReference(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    port: int | None = None


class _WireMirror(msgspec.Struct, frozen=True, rename="camel", gc=False):
    backend_ref: _WireReference | None = None


class _WireFilter(msgspec.Struct, frozen=True, rename="camel", gc=False):
    request_mirror: _WireMirror | None = None
    request_redirect: dict[str, Any] | None = None


class _WireRouteBackend(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    port: int | None = None
    weight: int | None = None
    filters: list[_WireFilter] | None = None


class _WirePair(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    value: str | None = None


class _WirePath(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    value: str | None = None


class _WireMethod(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    service: str | None = None
    method: str | None = None


class _WireMatch(msgspec.Struct, frozen=True, rename="camel", gc=False):
    path: _WirePath | None = None
    headers: list[_WirePair] | None = None
    query_params: list[_WirePair] | None = None
    # HTTPRoute: a word; GRPCRoute: a service and a method of it.
    method: str | _WireMethod | None = None


class _WireRouteRule(msgspec.Struct, frozen=True, rename="camel", gc=False):
    name: str | None = None
    matches: list[_WireMatch] | None = None
    backend_refs: list[_WireRouteBackend] | None = None
    filters: list[_WireFilter] | None = None


class _WireParentReference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    section_name: str | None = None

    def door(self, own: str | None) -> Door:
        return Door(
            intern_text(self.kind) or "Gateway",
            intern_text(self.namespace or own),
            intern_text(self.name),
            intern_text(self.section_name),
        )


class _WireRouteSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    parent_refs: list[_WireParentReference] | None = None
    hostnames: list[str] | None = None
    rules: list[_WireRouteRule] | None = None


class _WireCondition(msgspec.Struct, frozen=True, gc=False):
    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None


class _WireParent(msgspec.Struct, frozen=True, rename="camel", gc=False):
    parent_ref: _WireParentReference | None = None
    conditions: list[_WireCondition] | None = None


class _WireRouteStatus(msgspec.Struct, frozen=True, gc=False):
    parents: list[_WireParent] | None = None


class _WireRoute(msgspec.Struct, frozen=True):
    KIND: ClassVar[str] = ""

    metadata: WireMeta
    spec: _WireRouteSpec | None = None
    status: _WireRouteStatus | None = None

    def compact(self) -> Dependent:
        """The retained form."""
        meta = self.metadata
        wanted = (self.spec.parent_refs if self.spec else None) or ()
        doors = (parent.door(meta.namespace) for parent in wanted)
        return make_dependent(self.KIND, meta, self._rules(), parents=self._parents(), doors=doors)

    def _rules(self) -> Iterator[Rule]:
        spec = self.spec or _WireRouteSpec()
        hosts = tuple(filter(None, (read_host(host) for host in spec.hostnames or ())))
        for rule in spec.rules or ():
            filters = list(rule.filters or ())
            backends = []
            for backend in rule.backend_refs or ():
                filters += backend.filters or ()
                # A weight that no API server lets in is not one to divide by.
                weight = WHOLE if backend.weight is None else max(backend.weight, 0)
                backends.append(self._backend(backend, weight))
            backends += [
                self._backend(item.request_mirror.backend_ref, 0, mirror=True)
                for item in filters
                if item.request_mirror is not None and item.request_mirror.backend_ref is not None
            ]
            yield Rule(
                tuple(backends),
                tuple(_match(match) for match in rule.matches or ()) or EVERYTHING,
                hosts,
                name=rule.name or "",
                answers=any(item.request_redirect is not None for item in filters),
            )

    def _backend(
        self, reference: _WireRouteBackend | _WireReference, weight: int, *, mirror: bool = False
    ) -> Backend:
        # A reference without group and kind is one to a Service (Gateway API, BackendRef).
        service = not reference.group and reference.kind in (None, "", "Service")
        return Backend(
            namespace=intern_text(reference.namespace or self.metadata.namespace),
            name=intern_text(reference.name),
            port=reference.port or 0,
            weight=weight,
            mirror=mirror,
            other="" if service else name_type(reference.kind or "Service", reference.group),
        )

    def _parents(self) -> Iterator[Parent]:
        for parent in (self.status.parents if self.status else None) or ():
            reference = parent.parent_ref or _WireParentReference()
            told = next((c for c in parent.conditions or () if c.type == "Accepted"), None)
            told = told or _WireCondition()
            door = reference.door(self.metadata.namespace)
            places = filter(None, (door.namespace, door.name, door.section))
            yield Parent(
                name=f"{door.kind} {'/'.join(places)}",
                accepted=told.status or "",
                reason=told.reason or "",
                message=told.message or "",
            )


def _match(match: _WireMatch) -> Match:
    method = match.method
    if isinstance(method, _WireMethod):  # a gRPC call is an HTTP request for /SERVICE/METHOD
        kind = intern_text(method.type) or "Exact"
        if kind == "Exact" and method.service:
            call = f"/{method.service}/{method.method or ''}"
            return Match("Exact" if method.method else "PathPrefix", call, "", _pairs(match))
        # A method of any service, and patterns: which requests these are can't be told.
        return Match("RegularExpression", f"/{method.service or '*'}/{method.method or '*'}")
    path = match.path or _WirePath()
    return Match(
        kind=intern_text(path.type) or "PathPrefix",
        path=intern_text(path.value) or "/",
        method=intern_text(method),
        headers=_pairs(match),
        queries=tuple(f"{pair.name}={pair.value}" for pair in match.query_params or ()),
    )


def _pairs(match: _WireMatch) -> tuple[str, ...]:
    return tuple(f"{pair.name}: {pair.value}" for pair in match.headers or ())


class WireHTTPRoute(_WireRoute, frozen=True):
    """An HTTPRoute; a reference may cross namespaces."""

    KIND: ClassVar[str] = "HTTPRoute"


class WireGRPCRoute(_WireRoute, frozen=True):
    """A GRPCRoute."""

    KIND: ClassVar[str] = "GRPCRoute"


class WireTLSRoute(_WireRoute, frozen=True):
    """A TLSRoute: it knows host names and no paths."""

    KIND: ClassVar[str] = "TLSRoute"


class WireTCPRoute(_WireRoute, frozen=True):
    """A TCPRoute: it knows no host names either."""

    KIND: ClassVar[str] = "TCPRoute"


class WireUDPRoute(_WireRoute, frozen=True):
    """A UDPRoute."""

    KIND: ClassVar[str] = "UDPRoute"


#: resource → what its objects look like on the wire
ROUTE_WIRES: dict[str, type[_WireRoute]] = {
    "httproutes": WireHTTPRoute,
    "grpcroutes": WireGRPCRoute,
    "tlsroutes": WireTLSRoute,
    "tcproutes": WireTCPRoute,
    "udproutes": WireUDPRoute,
}
