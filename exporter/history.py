"""What was seen of a Service over time: since when it is down, what changed, for how long.

Pure: the state before, the report now and the time make the state after. Everything is derived
from what is true now against what was true then, so a replayed event adds nothing. Times are
seconds since the epoch; a clock that jumps back adds nothing.
"""

from __future__ import annotations

import math
from collections import Counter

import msgspec

from exporter.analysis.lag import Lag, find_lag
from exporter.analysis.merge import merge_slices
from exporter.analysis.report import slices_of
from exporter.model import Changes, ServiceReport, ServiceView, Source
from exporter.objects.pods import Pod
from exporter.objects.slices import READY

#: Seconds after its creation in which a Service that is down was never up.
NEW = 60.0


class Past(msgspec.Struct, frozen=True):
    """What is remembered of a Service between two looks at it.

    `down`: it had no usable ready endpoint, `since` when. `inferred`: nobody saw it fall, `since`
    was concluded from the objects. `addresses` and `ready` are sorted `type/address` texts, held
    only while changes are counted: as tuples, for sets cost ten times as much.
    """

    uid: str
    seen: float
    down: bool
    since: float | None = None
    inferred: bool = False
    addresses: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    changes: Changes | None = None
    lags: tuple[tuple[Lag, float], ...] = ()


def look(
    past: Past | None,
    view: ServiceView,
    report: ServiceReport,
    now: float,
    *,
    track: bool,
    lag_threshold: float = 60.0,
) -> tuple[Past | None, ServiceReport]:
    """One look at a Service: what to remember of it, and the report with what time tells.

    `track`: count changes and seconds too (the changes group). `lag_threshold`: seconds that an
    endpoint and its Pod may disagree before it is told. While addresses can't be known the memory
    stays as it is, and nothing is said of time.
    """
    if past is not None and past.uid != report.service.uid:
        past = None  # another Service under the same name
    if not report.known:
        return past, report
    down = report.reason is not None
    since, inferred = _since(past, view, now, down=down)
    addresses: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    changes = None
    if track:
        addresses, ready = _addresses(view)
        changes = _changes(past, view, now, addresses, ready, down=down, since=since)
    lags = _lags(past, view, now)
    old = Counter(str(lag.kind) for lag, begun in lags if now - begun >= lag_threshold)
    ripe = [begun + lag_threshold for _, begun in lags if now - begun < lag_threshold]
    return (
        Past(report.service.uid, now, down, since, inferred, addresses, ready, changes, lags),
        msgspec.structs.replace(
            report,
            since=since,
            since_seen=since is not None and not inferred,
            changes=changes,
            lagging=tuple(sorted(old.items())),
            due=min(ripe, default=None),
        ),
    )


def infer_since(view: ServiceView, now: float) -> float | None:
    """When a Service that is down went down, as its objects tell; None when they don't.

    Two witnesses: the last of its Pods to lose readiness (or never to have it), and the last
    change of its slices. The earlier is taken: a Pod that joins without being ready moves the
    slices' time, and a restart of the exporter must not make an old outage look new.
    """
    witnesses = []
    unready = [_unready_since(pod) for pod in view.pods.selected] if view.pods else []
    lost = [moment for moment in unready if moment is not None]
    if lost:
        witnesses.append(max(lost))
    changed = _last_change(view)
    if changed is not None:
        witnesses.append(changed)
    if not witnesses:
        return None
    return min(max(min(witnesses), view.service.created or 0.0), now)


def _last_change(view: ServiceView) -> float | None:
    """When the slices last changed, as they tell; None when they don't."""
    moments = [piece.changed for piece in slices_of(view) or () if piece.changed is not None]
    return max(moments, default=None)


def _unready_since(pod: Pod) -> float | None:
    return pod.changed if pod.candidate and pod.facts.ready != "True" else None


def _since(
    past: Past | None, view: ServiceView, now: float, *, down: bool
) -> tuple[float | None, bool]:
    """Since when it is down (None while it is up or nobody can tell), and whether inferred."""
    if not down:
        return None, False
    told = infer_since(view, now)
    if past is None:
        created = view.service.created
        if told is None and created is not None and 0 <= now - created <= NEW:
            told = created
        return told, True
    if not past.down:
        # We saw it fall; the objects may know the moment better, but not from before we looked.
        return (told if told is not None and told >= past.seen else now), False
    if past.inferred and told is not None and (past.since is None or told < past.since):
        return told, True  # Pods were read after the slices, and know more
    return past.since, past.inferred


def _lags(past: Past | None, view: ServiceView, now: float) -> tuple[tuple[Lag, float], ...]:
    """Disagreements between endpoints and Pods, each with when it began.

    A Pod that is gone has no time of it: then it is when we first saw it. In every scale-down the
    Pod goes before its endpoint does, and that is no lag.
    """
    if view.pods is None or view.source is not Source.ENDPOINTSLICES:
        return ()
    # Clocks differ: what begins in our future is young, and has to be looked at again.
    found = find_lag(view.service, view.slices or (), view.pods, now=now, threshold=-math.inf)
    if not found:
        return ()
    seen = dict(past.lags) if past is not None else {}
    return tuple((lag, seen.get(lag, now) if lag.since is None else lag.since) for lag in found)


def _addresses(view: ServiceView) -> tuple[tuple[str, ...], tuple[str, ...]]:
    merged = merge_slices(slices_of(view) or ())
    states = {
        f"{kind}/{address}": entry.flags
        for kind, entries in merged.items()
        for address, entry in entries.items()
    }
    addresses = tuple(sorted(states))
    ready = tuple(key for key in addresses if states[key] & READY)
    return addresses, addresses if len(ready) == len(addresses) else ready


def _changes(
    past: Past | None,
    view: ServiceView,
    now: float,
    addresses: tuple[str, ...],
    ready: tuple[str, ...],
    *,
    down: bool,
    since: float | None,
) -> Changes:
    changed = _last_change(view)
    latest = min(changed, now) if changed is not None else None
    if past is None or past.changes is None:
        return Changes(last_change=latest)
    before = past.changes
    seconds = before.unavailable_seconds
    if past.down:
        seconds += max(now - past.seen, 0.0)
    elif down and since is not None:
        seconds += max(now - since, 0.0)
    if past.addresses == addresses and past.ready == ready:
        return msgspec.structs.replace(before, unavailable_seconds=seconds)
    had, has = set(past.addresses), set(addresses)
    were, are = set(past.ready), set(ready)
    return Changes(
        added=before.added + len(has - had),
        removed=before.removed + len(had - has),
        became_ready=before.became_ready + len((are - were) & had),
        became_not_ready=before.became_not_ready + len((were - are) & has),
        unavailable_seconds=seconds,
        last_change=latest if latest is not None and latest >= past.seen else now,
    )
