"""Ingresses on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.objects.dependents import (
    Backend,
    Dependent,
    Door,
    Match,
    Rule,
    make_dependent,
    name_type,
    read_host,
)
from exporter.objects.meta import WireMeta, intern_text


class _WirePort(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    number: int | None = None


class _WireIngressService(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    port: _WirePort | None = None


class _WireTyped(msgspec.Struct, frozen=True, rename="camel", gc=False):
    api_group: str | None = None
    kind: str | None = None
    name: str | None = None


class _WireIngressBackend(msgspec.Struct, frozen=True, gc=False):
    service: _WireIngressService | None = None
    resource: _WireTyped | None = None


class _WireIngressPath(msgspec.Struct, frozen=True, rename="camel", gc=False):
    path: str | None = None
    path_type: str | None = None
    backend: _WireIngressBackend | None = None


class _WireIngressHTTP(msgspec.Struct, frozen=True, gc=False):
    paths: list[_WireIngressPath] | None = None


class _WireIngressRule(msgspec.Struct, frozen=True, gc=False):
    host: str | None = None
    http: _WireIngressHTTP | None = None


class _WireIngressSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    ingress_class_name: str | None = None
    default_backend: _WireIngressBackend | None = None
    rules: list[_WireIngressRule] | None = None


#: How an Ingress named its class before there was a field for it; controllers still read it.
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"

#: An Ingress' own words for path types, in those of the Gateway API.
_PATH_TYPES = {"Prefix": "PathPrefix"}


class WireIngress(msgspec.Struct, frozen=True):
    """An Ingress (networking.k8s.io/v1): its Services are in its own namespace."""

    metadata: WireMeta
    spec: _WireIngressSpec | None = None

    def compact(self) -> Dependent:
        """The retained form: a rule for each path, and one for the default backend."""
        meta = self.metadata
        told = (self.spec.ingress_class_name if self.spec else None) or (
            (meta.annotations or {}).get(_CLASS_ANNOTATION)
        )
        doors = (Door("IngressClass", "", intern_text(told)),)
        return make_dependent("Ingress", meta, self._rules(), doors=doors, labelled=True)

    def _rules(self) -> Iterator[Rule]:
        spec = self.spec or _WireIngressSpec()
        if spec.default_backend is not None:
            yield Rule(self._backends(spec.default_backend), fallback=True)
        for rule in spec.rules or ():
            host = read_host(rule.host)
            for path in (rule.http and rule.http.paths) or ():
                kind = intern_text(path.path_type) or "ImplementationSpecific"
                match = Match(_PATH_TYPES.get(kind, kind), intern_text(path.path) or "/")
                yield Rule(self._backends(path.backend), (match,), (host,) if host else ())

    def _backends(self, backend: _WireIngressBackend | None) -> tuple[Backend, ...]:
        namespace = intern_text(self.metadata.namespace)
        if backend is None:
            return ()
        if backend.service is None:
            typed = backend.resource or _WireTyped()
            return (
                Backend(namespace, typed.name or "", other=name_type(typed.kind, typed.api_group)),
            )
        port = backend.service.port or _WirePort()
        name = intern_text(backend.service.name)
        return (Backend(namespace, name, port.number or intern_text(port.name) or 0),)
