"""The state that a command speaks of: out of a file, or read once from the cluster."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence

import msgspec

from exporter.catalogue import Group
from exporter.cli.errors import PROGRAM
from exporter.cluster.shard import Shard
from exporter.config import Settings
from exporter.engine.state import Choices, State
from exporter.explaining.wording import escape_text
from exporter.model import ServiceKey, ServiceReport
from exporter.objects.meta import Rejected
from exporter.objects.resources import (
    BUDGETS,
    DEPENDENTS,
    NODES,
    PODS,
    RESOURCES,
    ROUTES,
    SERVICES,
    WORKLOADS,
)

_MOST_COMPLAINTS = 5


class Gathered(msgspec.Struct, frozen=True):
    """A settled state. `now` is when it was read, seconds since the epoch.

    `missing` are required resources that could not be read, each with why, as in
    "endpointslices: the dump holds none"; `notes` are lines on what else was left out.
    `offline`: out of files, of which no API server can be asked. `services_missing`: that there is
    no Service says nothing, they could not be read.
    """

    state: State
    now: float
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()
    offline: bool = False
    services_missing: bool = False

    def reports(self, namespaces: Collection[str] = ()) -> list[ServiceReport]:
        """The reports, in order of namespace and name, of all or of these namespaces."""
        found = self.state.reports
        keys = (key for key in sorted(found) if not namespaces or key.namespace in namespaces)
        return [found[key] for key in keys]

    def find(self, key: ServiceKey) -> ServiceReport | None:
        """The report on one Service."""
        return self.state.reports.get(key)

    def rejected(self) -> Iterator[Rejected]:
        """What could not be decoded."""
        return self.state.cluster.broken()


def choose(settings: Settings, *, groups: Collection[Group] = (), refills: bool = False) -> Choices:
    """What the settings say that is to be told, in plain values.

    `groups`: those to render; a command that prints no metrics needs none. `refills`: an engine
    follows the cluster, and reads again what it needs of what was let go of.
    """
    return Choices(
        source=settings.source,
        groups=frozenset(group.value for group in groups),
        labels=settings.labels_allowlist,
        annotations=settings.annotations_allowlist,
        min_ready=settings.default_min_ready,
        ignoring=settings.ignore,
        lag_threshold=settings.lag_threshold,
        grace_period=settings.grace_period,
        addresses_of=frozenset(settings.addresses_namespaces) or None,
        partial=bool(settings.service_selector),
        denied_namespaces=settings.namespaces_denylist,
        shard=Shard(settings.shard, settings.total_shards),
        refills=refills,
    )


def wanted_resources(
    settings: Settings, *, dependents: bool, routes: bool = False, budgets: bool = False
) -> tuple[str, ...]:
    """The resources to read, those that are required first."""
    names = [SERVICES.name, settings.source.value]
    if settings.pods:
        names.append(PODS.name)
    if settings.nodes:
        names.append(NODES.name)
    if settings.workloads:
        names += [resource.name for resource in WORKLOADS]
    if dependents or routes:
        names += [resource.name for resource in DEPENDENTS]
    if routes:
        names += [resource.name for resource in ROUTES]
    if budgets:
        names.append(BUDGETS.name)
    return tuple(names)


def gather(
    settings: Settings,
    from_file: Sequence[str] | None,
    namespaces: tuple[str, ...] = (),
    *,
    routes: bool = False,
    budgets: bool = False,
    exposed: bool = False,
) -> Gathered:
    """Read what the settings ask for; CommandError when that can't be done at all.

    `namespaces` are all that is spoken of: of a cluster no more is read, for a reading costs time
    and needs permissions. A file is there whole anyway, and may tell what else was meant.
    `routes`: read what refers to Services, too, where that is allowed; `budgets`: and
    PodDisruptionBudgets. `exposed`: have the
    metrics rendered.
    """
    if from_file is not None:
        from exporter.cli.offline import gather_offline

        return gather_offline(settings, from_file, budgets=budgets, exposed=exposed)
    if namespaces:
        settings = msgspec.structs.replace(settings, namespaces=namespaces)
    from exporter.cli.live import gather_live

    return gather_live(settings, routes=routes, budgets=budgets, exposed=exposed)


def complain(gathered: Gathered) -> None:
    """Tell on stderr what was left out because it can't be decoded, and what is missing."""
    for line in (*gathered.missing, *gathered.notes):
        print(f"{PROGRAM}: {line}", file=sys.stderr)
    broken = list(gathered.rejected())
    for one in broken[:_MOST_COMPLAINTS]:
        print(f"{PROGRAM}: left out: {describe_rejected(one)}", file=sys.stderr)
    if len(broken) > _MOST_COMPLAINTS:
        more = len(broken) - _MOST_COMPLAINTS
        print(f"{PROGRAM}: left out: {more} more that can't be decoded", file=sys.stderr)


def describe_rejected(one: Rejected) -> str:
    """An undecodable object in a line."""
    kind = RESOURCES[one.resource].kind
    name = "/".join(part for part in (one.namespace, one.name) if part) or "(without a name)"
    return escape_text(f"{kind} {name}: {' '.join(one.why.split())}")
