"""What the API server itself calls: webhooks, conversions of custom resources, aggregated APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from exporter.objects.dependents import Backend, Dependent, Rule, make_dependent
from exporter.objects.meta import WireMeta, intern_text

#: `clientConfig.service.port` and `spec.service.port` when they say nothing.
_HTTPS = 443

#: What a webhook does when it does not say what is to happen if it can't be asked (v1).
_FAIL = "Fail"


class _WireServiceReference(msgspec.Struct, frozen=True, gc=False):
    namespace: str | None = None
    name: str | None = None
    port: int | None = None

    def backend(self) -> Backend:
        return Backend(intern_text(self.namespace), intern_text(self.name), self.port or _HTTPS)


class _WireClientConfig(msgspec.Struct, frozen=True, gc=False):
    service: _WireServiceReference | None = None


def _rule(config: _WireClientConfig | None, name: str = "", policy: str = "") -> Iterator[Rule]:
    # What is called by URL points at no Service.
    if config is not None and config.service is not None:
        yield Rule((config.service.backend(),), name=name, policy=policy)


class _WireWebhook(msgspec.Struct, frozen=True, rename="camel", gc=False):
    name: str | None = None
    client_config: _WireClientConfig | None = None
    failure_policy: str | None = None


class _WireWebhooks(msgspec.Struct, frozen=True):
    KIND: ClassVar[str] = ""

    metadata: WireMeta
    webhooks: list[_WireWebhook] | None = None

    def compact(self) -> Dependent:
        """The retained form: a rule for each webhook that is a Service."""
        rules = [
            rule
            for hook in self.webhooks or ()
            for rule in _rule(
                hook.client_config, hook.name or "", intern_text(hook.failure_policy) or _FAIL
            )
        ]
        return make_dependent(self.KIND, self.metadata, rules)


class WireValidatingWebhooks(_WireWebhooks, frozen=True):
    """A ValidatingWebhookConfiguration."""

    KIND: ClassVar[str] = "ValidatingWebhookConfiguration"


class WireMutatingWebhooks(_WireWebhooks, frozen=True):
    """A MutatingWebhookConfiguration."""

    KIND: ClassVar[str] = "MutatingWebhookConfiguration"


class _WireConversionWebhook(msgspec.Struct, frozen=True, rename="camel", gc=False):
    client_config: _WireClientConfig | None = None


class _WireConversion(msgspec.Struct, frozen=True, gc=False):
    strategy: str | None = None
    webhook: _WireConversionWebhook | None = None


class _WireDefinitionSpec(msgspec.Struct, frozen=True, gc=False):
    conversion: _WireConversion | None = None


class WireDefinition(msgspec.Struct, frozen=True):
    """A CustomResourceDefinition: of it nothing but how its versions become one another."""

    metadata: WireMeta
    spec: _WireDefinitionSpec | None = None

    def compact(self) -> Dependent:
        """The retained form. A conversion that can't be asked fails always."""
        conversion = self.spec.conversion if self.spec else None
        webhook = conversion.webhook if conversion and conversion.strategy == "Webhook" else None
        rules = _rule(webhook.client_config, "conversion", _FAIL) if webhook else ()
        return make_dependent("CustomResourceDefinition", self.metadata, rules)


class _WireAPIServiceSpec(msgspec.Struct, frozen=True, gc=False):
    service: _WireServiceReference | None = None


class WireAPIService(msgspec.Struct, frozen=True):
    """An APIService; one that the API server answers itself has no Service."""

    metadata: WireMeta
    spec: _WireAPIServiceSpec | None = None

    def compact(self) -> Dependent:
        """The retained form."""
        service = self.spec.service if self.spec else None
        rules = (Rule((service.backend(),)),) if service is not None else ()
        return make_dependent("APIService", self.metadata, rules)


#: resource → what its objects look like on the wire
CALLER_WIRES: dict[str, type[_WireWebhooks | WireDefinition | WireAPIService]] = {
    "validatingwebhookconfigurations": WireValidatingWebhooks,
    "mutatingwebhookconfigurations": WireMutatingWebhooks,
    "customresourcedefinitions": WireDefinition,
    "apiservices": WireAPIService,
}
