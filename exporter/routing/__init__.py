"""Every reference of every route, resolved: which host, webhook or monitor leads nowhere, and why.

Routing is told what changes and touches only what refers to it; a result is made when it is asked
for. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from exporter.model import ObjectKey, ServiceKey, ServiceReport
from exporter.model.routes import (
    KindReport,
    ReferenceReport,
    RouteKey,
    RouteReport,
    RuleReport,
)
from exporter.objects.codec import Retained
from exporter.objects.dependents import Backend, Dependent
from exporter.objects.gateways import Gateway, Grant
from exporter.objects.monitors import End, Monitor
from exporter.objects.resources import MONITORS, REFERRERS, WORKLOADS
from exporter.objects.workloads import Workload
from exporter.routing.facts import ClusterFacts, Known
from exporter.routing.monitors import judge_choice, judge_end
from exporter.routing.references import CALLER_KINDS, resolve
from exporter.routing.selections import Selections
from exporter.routing.shares import (
    count_backends,
    describe_end,
    labels_of,
    measure_share,
    targets_of,
)

#: Resources whose objects refer to Services, and the kind of each.
KINDS = {one.name: one.kind for one in (*REFERRERS, *MONITORS)}
RESOURCE_OF = {kind: resource for resource, kind in KINDS.items()}

#: What monitors choose among, by the resource it is read from.
_CHOSEN = {"services": "Service", "pods": "Pod", "ingresses": "Ingress"}

_WORKLOADS = frozenset(resource.name for resource in WORKLOADS)

_Place = TypeVar("_Place", ServiceKey, str)
Find = Callable[[ServiceKey], ServiceReport | None]


class Routing:
    """What refers to what, and which results are to be made again."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._routes: dict[RouteKey, Dependent | Monitor] = {}
        self._pointing: dict[ServiceKey, set[RouteKey]] = {}
        self._crossing: dict[str, set[RouteKey]] = {}
        self._grants: dict[str, dict[str, Grant]] = {}
        self._selections = {kind: Selections() for kind in _CHOSEN.values()}
        self._numbers = dict.fromkeys(RESOURCE_OF, 0)
        self._backends = dict.fromkeys(RESOURCE_OF, 0)
        self._dirty: set[RouteKey] = set()
        self._dirty_kinds: set[str] = set()

    # ── what goes in ─────────────────────────────────────────────────────────────────────────

    def change(
        self, resource: str, key: ObjectKey, old: Retained | None, new: Retained | None
    ) -> None:
        """Takes an object's change (None: not there)."""
        if resource in _CHOSEN and (selections := self._selections[_CHOSEN[resource]]):
            self._dirty |= selections.put_object(key, labels_of(old), labels_of(new))
        if resource in _WORKLOADS and (selections := self._selections["Pod"]):
            for workload in (old, new):
                if isinstance(workload, Workload):
                    labels = workload.template_labels
                    self._dirty.update(selections.choosing(workload.namespace, labels))
        kind = KINDS.get(resource)
        if kind is not None:
            self._put(RouteKey(kind, key.namespace, key.name), new)  # type: ignore[arg-type]
        elif resource == "referencegrants":
            held = self._grants.setdefault(key.namespace, {})
            held.pop(key.name, None)
            if new is not None:
                held[key.name] = new  # type: ignore[assignment]
            self._dirty |= self._crossing.get(key.namespace, set())

    def change_scope(self, resource: str) -> None:
        """Takes that a resource can be read now where it could not, or the other way round."""
        if resource in KINDS:
            self._dirty_kinds.add(KINDS[resource])
        if resource == "services":
            self._dirty.update(self._routes)
        elif resource == "referencegrants":
            for keys in self._crossing.values():
                self._dirty |= keys
        elif resource in _CHOSEN or resource in _WORKLOADS:
            for selections in self._selections.values():
                self._dirty.update(selections.keys())

    def touch(self, service: ServiceKey, labels: Mapping[str, str]) -> None:
        """Takes that the report on a Service is another."""
        self._dirty |= self._pointing.get(service, set())
        self._dirty.update(self._selections["Service"].choosing(service.namespace, labels))

    def _put(self, key: RouteKey, new: Dependent | Monitor | None) -> None:
        if isinstance(new, Dependent) and not new.rules and key.kind in CALLER_KINDS:
            new = None  # most definitions, and what the API server answers itself, call no Service
        old = self._routes.pop(key, None)
        if old is not None:
            self._count(key.kind, old, -1)
            self._unlink(key, old)
        if new is not None:
            self._routes[key] = new
            self._count(key.kind, new, 1)
            for service in targets_of(new):
                self._pointing.setdefault(service, set()).add(key)
                if service.namespace != key.namespace:
                    self._crossing.setdefault(service.namespace, set()).add(key)
        if isinstance(old, Monitor) or isinstance(new, Monitor):
            for kind, selections in self._selections.items():
                wanted = new if isinstance(new, Monitor) and kind == new.chooses else None
                selections.put_monitor(key, wanted)
        self._dirty.add(key)
        self._dirty_kinds.add(key.kind)

    def _unlink(self, key: RouteKey, old: Dependent | Monitor) -> None:
        for service in targets_of(old):
            _take_out(self._pointing, service, key)
            _take_out(self._crossing, service.namespace, key)

    def _count(self, kind: str, one: Dependent | Monitor, step: int) -> None:
        self._numbers[kind] += step
        self._backends[kind] += step * count_backends(one)

    # ── what comes out ───────────────────────────────────────────────────────────────────────

    @property
    def pending(self) -> bool:
        """Whether something is to be made again."""
        return bool(self._dirty or self._dirty_kinds)

    def take(self) -> set[RouteKey]:
        """What is to be made again; it is the taker's from now on."""
        for resource, kind in _CHOSEN.items():
            self._selections[kind].look_around(
                (ObjectKey(one.namespace, one.name), labels_of(one) or {})
                for one in self._known.held(resource)
            )
        dirty, self._dirty = self._dirty, set()
        return dirty

    def take_kinds(self) -> set[str]:
        """The kinds whose numbers are to be told again."""
        dirty, self._dirty_kinds = self._dirty_kinds, set()
        return dirty

    def count(self, kind: str) -> KindReport | None:
        """How many there are of a kind; None where it can't be read."""
        resource = RESOURCE_OF[kind]
        if not self._known.reads(resource):
            return None
        return KindReport(kind, self._numbers[kind], self._backends[kind])

    def find(self, key: RouteKey) -> Dependent | Monitor | None:
        """An object that refers to Services."""
        return self._routes.get(key)

    def routes(self) -> Iterator[tuple[RouteKey, Dependent]]:
        """All routes, webhooks and the like."""
        return ((key, one) for key, one in self._routes.items() if isinstance(one, Dependent))

    def keys(self) -> Collection[RouteKey]:
        """All that refers to Services."""
        return self._routes.keys()

    def gateway(self, namespace: str, name: str) -> Gateway | None:
        """A Gateway."""
        found = self._known.find("gateways", ObjectKey(namespace, name))
        return found if isinstance(found, Gateway) else None

    def pointing(self, service: ServiceKey, labels: Mapping[str, str]) -> list[RouteKey]:
        """What refers to a Service: by name, and monitors by label."""
        named = self._pointing.get(service, set())
        return sorted({*named, *self._selections["Service"].choosing(service.namespace, labels)})

    def reporting(self, find: Find) -> Callable[[RouteKey], RouteReport | None]:
        """What gives the report on one object; `find` gives that on a Service.

        Good as long as both say the same: of routes that name the same backend one finds out what
        becomes of requests there.
        """
        facts = ClusterFacts(self._known, find, self._grants)
        known: dict[tuple[str, str, Backend], ReferenceReport] = {}
        return lambda key: self._report(key, facts, known)

    def _report(
        self,
        key: RouteKey,
        facts: ClusterFacts,
        known: dict[tuple[str, str, Backend], ReferenceReport],
    ) -> RouteReport | None:
        one = self._routes.get(key)
        if one is None:
            return None
        if isinstance(one, Monitor):
            return self._report_monitor(key, one, facts)
        kind, namespace = key.kind, key.namespace
        rules = []
        for rule in one.rules:
            resolved = []
            for backend in rule.backends:
                asked = (kind, namespace, backend)
                answer = known.get(asked)
                if answer is None:
                    answer = known[asked] = resolve(kind, namespace, backend, facts)
                resolved.append(answer)
            found = tuple(resolved)
            rules.append(RuleReport(rule, found, measure_share(found)))
        share = 0.0 if one.rejected else max((rule.share for rule in rules), default=0.0)
        return RouteReport(key, tuple(rules), share, one.rejected, one.parents, one.doors)

    def _report_monitor(self, key: RouteKey, one: Monitor, facts: ClusterFacts) -> RouteReport:
        chosen: Collection[ObjectKey] = ()
        found: list[ReferenceReport] = []
        if one.chooses:
            chosen = self._selections[one.chooses].chosen(key)
        if one.chooses in ("Service", "Pod"):
            # Of a monitor without endpoints it still matters whether it chooses anything.
            found += [judge_end(one, end, chosen, facts) for end in one.ends or (End(),)]
        elif one.chooses:
            nothing = judge_end(one, End(), (), facts).backend
            found.append(ReferenceReport(nothing, *judge_choice(one, chosen, facts)))
        if one.prober is not None:
            found.append(resolve(one.kind, one.namespace, one.prober, facts))
        rules = tuple(describe_end(reference) for reference in found)
        share = max((rule.share for rule in rules), default=0.0)
        selected = len(chosen) if one.chooses else None
        return RouteReport(key, rules, share, selected=selected)


def _take_out(index: dict[_Place, set[RouteKey]], place: _Place, key: RouteKey) -> None:
    held = index.get(place)
    if held is not None:
        held.discard(key)
        if not held:
            del index[place]
