"""Sites to ask: a few Services and a state of reading, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from exporter.catalogue import Group, select_families
from exporter.exposition import Exposition
from exporter.model import (
    AddressCounts,
    Reason,
    ResourceStatus,
    ServiceKey,
    ServiceReport,
    Snapshot,
)
from exporter.objects.codec import decode_object
from exporter.objects.resources import SERVICES
from exporter.web import Request, Response, Site, respond

NOW = 1_700_000_000.0
OWN = ("endpoints_exporter_build_info", "endpoints_exporter_lists_total")


class Judged(NamedTuple):
    """A judgement, as the command line makes them."""

    standing: str
    words: str = ""


def report(
    namespace: str,
    name: str,
    *,
    ready: int = 1,
    not_ready: int = 0,
    reason: Reason | None = None,
    detail: str | None = None,
    since: float | None = None,
    known: bool = True,
) -> ServiceReport:
    """What is said of a Service."""
    raw = {"metadata": {"namespace": namespace, "name": name}, "spec": {"ports": [{"port": 80}]}}
    service: Any = decode_object(SERVICES, json.dumps(raw).encode())
    return ServiceReport(
        key=ServiceKey(namespace, name),
        service=service,
        known=known,
        min_ready=1,
        ignored=False,
        counts=(AddressCounts("IPv4", ready, not_ready, ready, 0),),
        reason=reason,
        detail=detail,
        since=since,
    )


def status(
    resource: str = "services",
    *,
    required: bool = True,
    synced: bool = True,
    forbidden: bool = False,
    error: str = "",
) -> ResourceStatus:
    """How reading a resource goes."""
    return ResourceStatus(
        resource=resource,
        required=required,
        mode="watch",
        synced=synced,
        forbidden=forbidden,
        objects=2 if synced else 0,
        last_sync=NOW - 3600 if synced else None,
        last_event=NOW - 5 if synced else None,
        error=error,
    )


def judge(said: ServiceReport, _now: float) -> Judged:
    """A rule that is good enough for pages: reason, then number."""
    if not said.known:
        return Judged("unknown", "its endpoints can't be read")
    if said.reason is Reason.SCALED_TO_ZERO:
        return Judged("intended")
    if said.reason is not None:
        return Judged("down")
    return Judged("ready") if said.ready else Judged("degraded", "below min-ready 1")


def site(
    reports: Iterable[ServiceReport] = (),
    resources: Sequence[ResourceStatus] = (status(),),
    groups: Sequence[Group] = (Group.CORE, Group.CHANGES),
    version: str = "1.2.3",
) -> Site:
    """A site that shows these Services."""
    exposition = Exposition(select_families(groups))
    known = {said.key: said for said in reports}
    exposition.commit({key: exposition.render(said) for key, said in known.items()}, {})

    def own_metrics(openmetrics: bool, families: frozenset[str] | None) -> bytes:
        chosen = sorted(OWN if families is None else families)
        kind = "openmetrics" if openmetrics else "text"
        return "".join(f"# {name} {kind}\n" for name in chosen).encode()

    return Site(
        version=version,
        exposition=exposition,
        snapshot=lambda: Snapshot(reports=known, resources=tuple(resources), now=NOW),
        judge=judge,
        own_metrics=own_metrics,
        own_families=OWN,
    )


def get(path: str, shown: Site | None = None, method: str = "GET", **headers: str) -> Response:
    """The answer to a request; `path` may have a query, header names are written with `_`."""
    bare, _, query = path.partition("?")
    pairs = (part.partition("=") for part in query.split("&") if part)
    return respond(
        Request(
            method,
            bare,
            tuple((name, value) for name, _, value in pairs),
            {name.replace("_", "-"): value for name, value in headers.items()},
        ),
        shown or site(),
    )


def body(response: Response) -> bytes:
    """The whole body."""
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def text(response: Response) -> str:
    """The whole body as text."""
    return body(response).decode()
