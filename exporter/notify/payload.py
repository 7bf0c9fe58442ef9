"""The body of a message, as docs/notify.md has it. It reads no clock."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from exporter.explaining.durations import show_time
from exporter.explaining.headline import write_headline
from exporter.model import FindingCode, Reason, Standing
from exporter.notify.gathering import Change

#: Of the body: another number is another meaning of what is there now.
VERSION = 1


class Told(msgspec.Struct, frozen=True):
    """One change as it is sent. Names and texts come from the cluster; `summary` is escaped."""

    namespace: str
    service: str
    before: Standing
    after: Standing
    reason: Reason | None
    findings: tuple[FindingCode, ...]
    since: str | None
    ready: int | None
    at: str | None
    changes: int
    returned: bool
    summary: str
    url: str | None = None


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body. `left_out`: changes for which there was no room since the last message."""

    version: int
    exporter: str
    changes: tuple[msgspec.Raw, ...]
    cluster: str | None = None
    left_out: int = 0


def write_change(change: Change, page: str | None) -> msgspec.Raw:
    """One change as JSON. `page`: the URL of the exporter's page, None where there is none."""
    key, after, report = change.key, change.after, change.report
    link = None
    if page is not None:
        link = f"{page}/services/{quote(key.namespace, safe='')}/{quote(key.name, safe='')}"
    told = Told(
        namespace=key.namespace,
        service=key.name,
        before=change.before.standing,
        after=after.standing,
        reason=after.reason,
        findings=after.findings,
        since=show_time(report.since),
        ready=after.ready if after.known else None,
        at=show_time(change.at),
        changes=change.count,
        returned=change.returned,
        summary=write_headline(report),
        url=link,
    )
    return msgspec.Raw(msgspec.json.encode(told))
