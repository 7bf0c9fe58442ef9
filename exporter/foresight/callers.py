"""Who fails with a Service: webhooks that stop the API server, and all that leads there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from exporter.model import RouteKey, ServiceKey, ServiceView
from exporter.objects.dependents import Dependent
from exporter.routing import Routing

_FAIL = "Fail"


class Caller(msgspec.Struct, frozen=True):
    """What leads to a Service that would be down. `fatal`: webhooks of it with failurePolicy Fail.

    What such a webhook matches the API server refuses while it can't be asked.
    """

    key: RouteKey
    service: ServiceKey
    fatal: tuple[str, ...] = ()


def find_callers(
    routing: Routing, views: Mapping[ServiceKey, ServiceView], down: Iterable[ServiceKey]
) -> Iterator[Caller]:
    """All that names these Services, those first with which the API server stops."""
    found = []
    for service in down:
        for key in routing.pointing(service, views[service].service.labels):
            one = routing.find(key)
            # A monitor that chooses by label only has nothing to watch.
            if isinstance(one, Dependent) and not one.rejected:
                found.append(Caller(key, service, tuple(_list_fatal(one, service))))
    return iter(sorted(found, key=lambda caller: (not caller.fatal, caller.key, caller.service)))


def _list_fatal(one: Dependent, service: ServiceKey) -> Iterator[str]:
    for rule in one.rules:
        named = any((to.namespace, to.name) == service for to in rule.backends)
        if named and rule.policy == _FAIL:
            yield rule.name
