"""The state that a command speaks of, out of files: no API server is contacted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from exporter.cli.errors import CommandError
from exporter.cli.gathering import Gathered, choose, wanted_resources
from exporter.config import Settings
from exporter.dump import Dump, SourceError, name_source, read_dumps
from exporter.engine.state import State
from exporter.explaining.wording import escape_text
from exporter.model import Replace, Source
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.resources import ENDPOINTS, RESOURCES, SERVICES

_MOST_NAMES = 3


def gather_offline(
    settings: Settings, paths: Sequence[str], *, budgets: bool, exposed: bool
) -> Gathered:
    """Read files and folders as one dump; CommandError for one that can't be read as a whole."""
    try:
        dump = read_dumps(paths)
    except SourceError as error:
        raise CommandError(escape_text(str(error))) from None
    state = State(choose(settings, groups=settings.enabled_groups() if exposed else ()))
    now = time.time()
    for resource in wanted_resources(settings, dependents=True, routes=True, budgets=budgets):
        if resource in dump.held:
            state.deliver(Replace(resource, "", tuple(_chosen(settings, resource, dump))))
    state.settle(now)
    name = _name_all(paths)
    return Gathered(
        state,
        now,
        missing=tuple(f"{name}: {line}" for line in _find_missing(settings, dump)),
        notes=tuple(escape_text(note) for note in dump.notes),
        offline=True,
        services_missing=SERVICES.name not in dump.held,
    )


def _name_all(paths: Sequence[str]) -> str:
    names = [escape_text(name_source(path)) for path in paths]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _find_missing(settings: Settings, dump: Dump) -> Iterable[str]:
    for required in (SERVICES.name, settings.source.value):
        if required in dump.held:
            continue
        kind = RESOURCES[required].kind
        other = ""
        if required == Source.ENDPOINTSLICES and ENDPOINTS.name in dump.held:
            other = "; its Endpoints are read with --source endpoints"
        elif required == Source.ENDPOINTS and Source.ENDPOINTSLICES in dump.held:
            other = "; its EndpointSlices are read without --source endpoints"
        yield f"holds no {kind} and no {kind}List{other}"


def _chosen(settings: Settings, resource: str, dump: Dump) -> Iterable[Retained | Rejected]:
    """The objects that an API server would have given for these settings."""
    objects: Iterable[Retained | Rejected] = dump.objects[resource]
    if settings.namespaces and RESOURCES[resource].namespaced:
        objects = [found for found in objects if found.namespace in settings.namespaces]
    if resource == SERVICES.name and settings.service_selector:
        from exporter.cli.selecting import compile_selector

        matches = compile_selector(settings.service_selector)
        objects = [
            found
            for found in objects
            if isinstance(found, Rejected) or matches(found.labels)  # type: ignore[attr-defined]  # it is a Service
        ]
    return objects
