"""/api/v1/events: what changes, as server-sent events; and the texts of these events.

Pure: who gathers changes and when, and to whom they go, is the server's affair.
"""

from __future__ import annotations

from collections.abc import Collection

from exporter.model import ServiceKey
from exporter.web.api.documents import Gone
from exporter.web.api.lists import check_none, refuse
from exporter.web.messages import COMMON_HEADERS, Request, Response, Site
from exporter.web.query import BadQuery
from exporter.web.sending import answer_problem
from exporter.web.status import describe_status
from exporter.web.writing import write_json

_HEADERS = (
    ("Content-Type", "text/event-stream"),
    # nginx would hold events back until its buffer is full.
    ("X-Accel-Buffering", "no"),
    *COMMON_HEADERS,
)


def answer_events(request: Request, site: Site) -> Response:
    """The stream, or a 503 when there are as many as there may be."""
    try:
        check_none(request)
    except BadQuery as bad:
        return refuse(bad)
    if request.method == "HEAD":
        return Response(200, _HEADERS)
    if site.streams.is_full(request.client):
        return answer_problem(
            503, "Too many streams", "too many streams are open", ("Retry-After", "30")
        )
    last = request.headers.get("last-event-id", "")
    return Response(200, _HEADERS, stream=site.streams.open(last, request.client))


def render_changes(site: Site, keys: Collection[ServiceKey], since: int) -> tuple[bytes, int]:
    """The data of an event `services` about these keys, b"" when nothing that it tells changed.

    `since` is the desk's revision that was told of before; the second value is the one now.
    """
    snapshot = site.snapshot()
    changed, gone = [], []
    for key in sorted(keys):
        row = site.desk.refresh(key, snapshot)
        if row is None:
            gone.append(Gone(key.namespace, key.name))
        elif row.revision > since:
            changed.append(row.json)
    revision = site.desk.revision
    if not changed and not gone:
        return b"", revision
    return (
        b'{"changed":[%b],"gone":%b}' % (b",".join(changed), write_json(gone)),
        revision,
    )


def render_status(site: Site) -> bytes:
    """The data of an event `status`."""
    revision = None if site.routes is None else site.routes.revision
    return write_json(describe_status(site.snapshot(), revision))
