"""The state that a command speaks of: out of a file, or read once from the cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Iterator

import msgspec

from exporter.catalogue import Group
from exporter.cli.errors import PROGRAM, CommandError
from exporter.cli.selecting import compile_selector
from exporter.cluster.shard import Shard
from exporter.config import Settings
from exporter.dump import Dump, DumpError, read_dump
from exporter.engine.state import Choices, State
from exporter.explaining.wording import escape_text
from exporter.model import Replace, ServiceKey, ServiceReport
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.resources import (
    DEPENDENTS,
    NODES,
    PODS,
    RESOURCES,
    SERVICES,
    WORKLOADS,
)

_MOST_COMPLAINTS = 5


class Gathered(msgspec.Struct, frozen=True):
    """A settled state. `now` is when it was read, seconds since the epoch.

    `missing` are required resources that could not be read, each with why, as in
    "endpointslices: the dump holds none".
    """

    state: State
    now: float
    missing: tuple[str, ...]

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


def choose(settings: Settings, *, groups: Collection[Group] = ()) -> Choices:
    """What the settings say that is to be told, in plain values.

    `groups`: those to render; a command that prints no metrics needs none.
    """
    return Choices(
        source=settings.source,
        groups=frozenset(group.value for group in groups),
        labels=settings.labels_allowlist,
        annotations=settings.annotations_allowlist,
        min_ready=settings.default_min_ready,
        lag_threshold=settings.lag_threshold,
        grace_period=settings.grace_period,
        addresses_of=frozenset(settings.addresses_namespaces) or None,
        partial=bool(settings.service_selector),
        denied_namespaces=settings.namespaces_denylist,
        shard=Shard(settings.shard, settings.total_shards),
    )


def wanted_resources(settings: Settings, *, dependents: bool) -> tuple[str, ...]:
    """The resources to read, those that are required first."""
    names = [SERVICES.name, settings.source.value]
    if settings.pods:
        names.append(PODS.name)
    if settings.nodes:
        names.append(NODES.name)
    if settings.workloads:
        names += [resource.name for resource in WORKLOADS]
    if dependents:
        names += [resource.name for resource in DEPENDENTS]
    return tuple(names)


def gather(
    settings: Settings,
    from_file: str | None,
    namespaces: tuple[str, ...] = (),
    *,
    dependents: bool = False,
    exposed: bool = False,
) -> Gathered:
    """Read what the settings ask for; CommandError when that can't be done at all.

    `namespaces` are all that is spoken of: of a cluster no more is read, for a reading costs time
    and needs permissions. A file is there whole anyway, and may tell what else was meant.
    `dependents`: read what may point at Services, too, where that is allowed. `exposed`: have the
    metrics rendered.
    """
    if from_file is not None:
        return _from_dump(settings, from_file, exposed=exposed)
    if namespaces:
        settings = msgspec.structs.replace(settings, namespaces=namespaces)
    from exporter.cli.live import gather_live

    dependents = dependents or Group.DEPENDENTS in settings.enabled_groups()
    return gather_live(settings, dependents=dependents, exposed=exposed)


def complain(gathered: Gathered) -> None:
    """Tell on stderr what was left out because it can't be decoded, and what is missing."""
    for line in gathered.missing:
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


# ── out of a file ────────────────────────────────────────────────────────────────────────────


def read_file(path: str) -> bytes:
    """The bytes of a file, or (`-`) of stdin."""
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:  # noqa: PTH123 - a Path("") would be the folder "."
            return file.read()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandError(f"{escape_text(path)}: can't be read: {why}") from None


def _from_dump(settings: Settings, path: str, *, exposed: bool) -> Gathered:
    name = "stdin" if path == "-" else escape_text(path)
    try:
        dump = read_dump(read_file(path))
    except DumpError as error:
        raise CommandError(f"{name}: {escape_text(str(error))}") from None
    state = State(choose(settings, groups=settings.enabled_groups() if exposed else ()))
    now = time.time()
    for resource in wanted_resources(settings, dependents=True):
        if resource in dump.held:
            state.deliver(Replace(resource, "", tuple(_chosen(settings, resource, dump))))
    state.settle(now)
    missing = tuple(
        f"{name}: holds no {RESOURCES[required].kind} and no {RESOURCES[required].kind}List"
        for required in (SERVICES.name, settings.source.value)
        if required not in dump.held
    )
    return Gathered(state, now, missing)


def _chosen(settings: Settings, resource: str, dump: Dump) -> Iterable[Retained | Rejected]:
    """The objects that an API server would have given for these settings."""
    objects: Iterable[Retained | Rejected] = dump.objects[resource]
    if settings.namespaces and RESOURCES[resource].namespaced:
        objects = [found for found in objects if found.namespace in settings.namespaces]
    if resource == SERVICES.name and settings.service_selector:
        matches = compile_selector(settings.service_selector)
        objects = [
            found
            for found in objects
            if isinstance(found, Rejected) or matches(found.labels)  # type: ignore[attr-defined]  # it is a Service
        ]
    return objects
