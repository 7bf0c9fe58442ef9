"""Sites to ask: a few Services and a state of reading, without a cluster."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from exporter.catalogue import Group, select_families
from exporter.exposition import Exposition
from exporter.model import (
    INTENDED,
    AddressCounts,
    Finding,
    FindingCode,
    Judgement,
    Reason,
    ResourceStatus,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Snapshot,
    Source,
    Standing,
    Transition,
    Weight,
)
from exporter.objects.codec import decode_object
from exporter.objects.resources import SERVICES
from exporter.web import Asset, Desk, Place, Request, Response, Site, Streams, respond

NOW = 1_700_000_000.0
OWN = ("endpoints_exporter_build_info", "endpoints_exporter_lists_total")


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
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    kind: str = "ClusterIP",
    findings: tuple[Finding, ...] = (),
) -> ServiceReport:
    """What is said of a Service, judged by a rule that is good enough for pages."""
    metadata = {
        "namespace": namespace,
        "name": name,
        "labels": labels or {},
        "annotations": annotations or {},
    }
    spec = {"type": kind, "ports": [{"port": 80}], "selector": {"app": name}}
    raw = {"metadata": metadata, "spec": spec}
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
        judgement=Judgement(_stand(reason, findings, known=known), findings),
    )


def _stand(reason: Reason | None, findings: tuple[Finding, ...], *, known: bool) -> Standing:
    if not known:
        return Standing.UNKNOWN
    if reason is not None:
        return Standing.INTENDED if reason in INTENDED else Standing.DOWN
    return Standing.DEGRADED if findings else Standing.READY


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


class NoStreams:
    """Streams that end at once; `full` says that there are too many."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.asked: list[str] = []

    async def _end(self) -> AsyncIterator[bytes]:
        yield b"event: reset\ndata: {}\n\n"

    def is_full(self, _client: str) -> bool:
        """As it was made."""
        return self.full

    def open(self, last: str, _client: str) -> AsyncIterator[bytes]:
        """One event."""
        self.asked.append(last)
        return self._end()


#: Fewer are ready than are wanted.
BELOW = Finding(FindingCode.BELOW_MIN_READY, Weight.WARNING, count=0, total=1)


def site(
    reports: Iterable[ServiceReport] = (),
    resources: Sequence[ResourceStatus] = (status(),),
    groups: Sequence[Group] = (Group.CORE, Group.CHANGES),
    version: str = "1.2.3",
    place: Place = Place(),  # noqa: B008 - it is frozen
    streams: Streams | None = None,
    views: Mapping[ServiceKey, ServiceView] | None = None,
    transitions: tuple[Transition, ...] = (),
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
        own_metrics=own_metrics,
        own_families=OWN,
        view=views.get if views is not None else lambda key: _view(known.get(key)),
        pods=lambda: (),
        transitions=lambda _key: transitions,
        asset={"app.js": Asset("text/javascript", b"export {};\n", "tag")}.get,
        streams=streams or NoStreams(),
        desk=Desk("instance"),
        place=place,
    )


def _view(said: ServiceReport | None) -> ServiceView | None:
    if said is None:
        return None
    source = Source.ENDPOINTSLICES
    return ServiceView(said.service, source, () if said.known else None, 0, None, None, None)


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
