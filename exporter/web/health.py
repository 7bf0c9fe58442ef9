"""Health checks: whether the process lives, and whether it has read what it may read.

Being alive is not tied to the API server: a restart would not mend that, and would lose what is
still known.
"""

from __future__ import annotations

from exporter.explaining.durations import human_duration
from exporter.model import ResourceStatus
from exporter.web.messages import Request, Response, Site, say


def answer_alive(_request: Request, _site: Site) -> Response:
    """200 as long as the process answers at all."""
    return say(200, "ok")


def answer_ready(request: Request, site: Site) -> Response:
    """200 once everything that may be read was read, else 503; a line for each resource.

    With `?verbose` the lines also tell how it is read, since when, and what was wrong last.
    """
    snapshot = site.snapshot()
    verbose = any(name == "verbose" for name, _ in request.query)
    ready = is_ready(snapshot.ready, snapshot.resources)
    lines = ["ready" if ready else "not ready"]
    for status in snapshot.resources:
        line = f"{status.resource}: {describe_state(status)}"
        if verbose:
            line += "".join(f"; {part}" for part in describe_further(status, snapshot.now))
        lines.append(line)
    return say(200 if ready else 503, "\n".join(lines))


def is_ready(ready: bool, resources: tuple[ResourceStatus, ...]) -> bool:  # noqa: FBT001
    """Whether to send scrapes here; before anything is known of any resource it is too early."""
    return ready and bool(resources)


def describe_state(status: ResourceStatus) -> str:
    """One of: synced, N objects · forbidden, optional or required · absent · not synced yet."""
    if status.forbidden:
        return "forbidden, required" if status.required else "forbidden, optional"
    if status.absent:
        return "absent: the server has no such resource"
    if not status.synced:
        return "not synced yet"
    return f"synced, {status.objects} object{'' if status.objects == 1 else 's'}"


def describe_further(status: ResourceStatus, now: float) -> list[str]:
    """How it is read, how old what we know is, and what was wrong last."""
    parts = [status.mode]
    if status.last_sync is not None:
        parts.append(f"last sync {human_duration(now - status.last_sync)} ago")
    if status.last_event is not None:
        parts.append(f"last event {human_duration(now - status.last_event)} ago")
    if status.error:
        parts.append(status.error)
    return parts
