"""Dependent: what sends traffic to a Service by name and fails with it.

Ingresses, Gateway API routes, admission webhooks and aggregated APIs: of each only the Services it
names are kept, never what it routes or how.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from exporter.objects.meta import WireMeta, intern_text

Target = tuple[str, str]


class Dependent(msgspec.Struct, frozen=True, gc=False):
    """An object that points at Services. `targets` are (namespace, name), each once, sorted."""

    kind: str
    namespace: str
    name: str
    resource_version: str
    targets: tuple[Target, ...]


class _WireDependent(msgspec.Struct, frozen=True):
    KIND: ClassVar[str] = ""

    metadata: WireMeta

    def _targets(self) -> Iterator[tuple[str | None, str | None]]:
        raise NotImplementedError

    def compact(self) -> Dependent:
        """The retained form; a reference without a name or a namespace points nowhere."""
        meta = self.metadata
        found = {
            (intern_text(namespace), intern_text(name))
            for namespace, name in self._targets()
            if namespace and name
        }
        return Dependent(
            kind=self.KIND,
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            targets=tuple(sorted(found)),
        )


# ── Ingress ──────────────────────────────────────────────────────────────────────────────────


class _WireIngressService(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None


class _WireIngressBackend(msgspec.Struct, frozen=True, gc=False):
    service: _WireIngressService | None = None


class _WireIngressPath(msgspec.Struct, frozen=True, gc=False):
    backend: _WireIngressBackend | None = None


class _WireIngressHTTP(msgspec.Struct, frozen=True, gc=False):
    paths: list[_WireIngressPath] | None = None


class _WireIngressRule(msgspec.Struct, frozen=True, gc=False):
    http: _WireIngressHTTP | None = None


class _WireIngressSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    default_backend: _WireIngressBackend | None = None
    rules: list[_WireIngressRule] | None = None


class WireIngress(_WireDependent, frozen=True):
    """An Ingress (networking.k8s.io/v1): its Services are in its own namespace."""

    KIND: ClassVar[str] = "Ingress"

    spec: _WireIngressSpec | None = None

    def _targets(self) -> Iterator[tuple[str | None, str | None]]:
        spec = self.spec or _WireIngressSpec()
        backends = [spec.default_backend]
        for rule in spec.rules or ():
            backends += [path.backend for path in (rule.http and rule.http.paths) or ()]
        for backend in backends:
            if backend is not None and backend.service is not None:
                yield self.metadata.namespace, backend.service.name


# ── Gateway API ──────────────────────────────────────────────────────────────────────────────


class _WireBackendRef(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None


class _WireMirror(msgspec.Struct, frozen=True, rename="camel", gc=False):
    backend_ref: _WireBackendRef | None = None


class _WireFilter(msgspec.Struct, frozen=True, rename="camel", gc=False):
    request_mirror: _WireMirror | None = None


class _WireRouteBackend(msgspec.Struct, frozen=True, gc=False):
    group: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    filters: list[_WireFilter] | None = None


class _WireRouteRule(msgspec.Struct, frozen=True, rename="camel", gc=False):
    backend_refs: list[_WireRouteBackend] | None = None
    filters: list[_WireFilter] | None = None


class _WireRouteSpec(msgspec.Struct, frozen=True, gc=False):
    rules: list[_WireRouteRule] | None = None


class _WireRoute(_WireDependent, frozen=True):
    spec: _WireRouteSpec | None = None

    def _targets(self) -> Iterator[tuple[str | None, str | None]]:
        for rule in (self.spec.rules if self.spec else None) or ():
            filters = list(rule.filters or ())
            for backend in rule.backend_refs or ():
                filters += backend.filters or ()
                yield from self._of(backend)
            for item in filters:
                if item.request_mirror is not None and item.request_mirror.backend_ref is not None:
                    yield from self._of(item.request_mirror.backend_ref)

    def _of(
        self, reference: _WireRouteBackend | _WireBackendRef
    ) -> Iterator[tuple[str | None, str | None]]:
        # A reference without group and kind is one to a Service (Gateway API, BackendRef).
        if not reference.group and reference.kind in (None, "", "Service"):
            yield reference.namespace or self.metadata.namespace, reference.name


class WireHTTPRoute(_WireRoute, frozen=True):
    """An HTTPRoute (gateway.networking.k8s.io/v1); a reference may cross namespaces."""

    KIND: ClassVar[str] = "HTTPRoute"


class WireGRPCRoute(_WireRoute, frozen=True):
    """A GRPCRoute, in the shape of an HTTPRoute as far as backends go."""

    KIND: ClassVar[str] = "GRPCRoute"


# ── webhooks and aggregated APIs ─────────────────────────────────────────────────────────────


class _WireServiceReference(msgspec.Struct, frozen=True, gc=False):
    namespace: str | None = None
    name: str | None = None


class _WireClientConfig(msgspec.Struct, frozen=True, gc=False):
    service: _WireServiceReference | None = None


class _WireWebhook(msgspec.Struct, frozen=True, rename="camel", gc=False):
    client_config: _WireClientConfig | None = None


class _WireWebhooks(_WireDependent, frozen=True):
    webhooks: list[_WireWebhook] | None = None

    def _targets(self) -> Iterator[tuple[str | None, str | None]]:
        for webhook in self.webhooks or ():
            service = webhook.client_config.service if webhook.client_config else None
            if service is not None:
                yield service.namespace, service.name


class WireValidatingWebhooks(_WireWebhooks, frozen=True):
    """A ValidatingWebhookConfiguration; a webhook called by URL points at no Service."""

    KIND: ClassVar[str] = "ValidatingWebhookConfiguration"


class WireMutatingWebhooks(_WireWebhooks, frozen=True):
    """A MutatingWebhookConfiguration."""

    KIND: ClassVar[str] = "MutatingWebhookConfiguration"


class _WireAPIServiceSpec(msgspec.Struct, frozen=True, gc=False):
    service: _WireServiceReference | None = None


class WireAPIService(_WireDependent, frozen=True):
    """An APIService; one that the API server answers itself has no Service."""

    KIND: ClassVar[str] = "APIService"

    spec: _WireAPIServiceSpec | None = None

    def _targets(self) -> Iterator[tuple[str | None, str | None]]:
        service = self.spec.service if self.spec else None
        if service is not None:
            yield service.namespace, service.name


#: resource → what its objects look like on the wire
DEPENDENT_WIRES: dict[str, type[_WireDependent]] = {
    "ingresses": WireIngress,
    "httproutes": WireHTTPRoute,
    "grpcroutes": WireGRPCRoute,
    "validatingwebhookconfigurations": WireValidatingWebhooks,
    "mutatingwebhookconfigurations": WireMutatingWebhooks,
    "apiservices": WireAPIService,
}
