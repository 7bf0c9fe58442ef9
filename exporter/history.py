"""What was seen of a Service over time: since when it is down, what lasts, what changed.

Pure: the state before, the facts now and the time make the state after. Everything is derived from
what is true now against what was true then, so a replayed event adds nothing. Only what was seen or
is told by the objects counts: bounds tighten, and a time in which nobody could look adds nothing.
"""

from __future__ import annotations

import msgspec

from exporter.analysis.facts import Facts
from exporter.model import Changes, Lag
from exporter.objects.pods import Pod
from exporter.objects.slices import READY

#: Seconds after its creation in which a Service that is down was never up.
YOUNG_SECONDS = 60.0


class Clock(msgspec.Struct, frozen=True):
    """A moment: `now` in seconds since the epoch, `ticks` on a clock that nobody sets."""

    now: float
    ticks: float


class Past(msgspec.Struct, frozen=True):
    """What is remembered of a Service between two looks at it.

    `down`: it had no usable ready endpoint, `since` when. `inferred`: nobody saw it fall. `most`
    is the most endpoints that it was seen with. `begun`: since when what lasts has lasted. Of
    changes, held only while they count: `addresses` and `ready` are sorted `type/address` texts (as
    tuples, for sets cost ten times as much), `counted` says when it was last seen in standing down
    (on the clock that nobody sets), None when it was not.
    """

    uid: str
    seen: float
    down: bool = False
    since: float | None = None
    inferred: bool = False
    most: int = 0
    begun: tuple[tuple[tuple[str, ...], float], ...] = ()
    addresses: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    changes: Changes | None = None
    counted: float | None = None


class Seen(msgspec.Struct, frozen=True):
    """What time tells of a Service now.

    `since`: when it fell, None while it is up or nobody can tell; `witnessed`: somebody saw it
    fall, else it is down at least since then. `lags` are those that are old enough to be told,
    each with when it began. `most` is the most endpoints that it was seen with. `begun` says since
    when what lasts has lasted, `due` when something will be old enough.
    """

    since: float | None = None
    witnessed: bool = False
    lags: tuple[Lag, ...] = ()
    most: int = 0
    begun: tuple[tuple[tuple[str, ...], float], ...] = ()
    due: float | None = None


NOTHING = Seen()


def look(
    past: Past | None,
    facts: Facts,
    clock: Clock,
    *,
    down: bool,
    lasting: tuple[tuple[str, ...], ...] = (),
    lag_threshold: float = 60.0,
) -> tuple[Past | None, Seen]:
    """One look at a Service: what to remember of it, and what time tells.

    `down`: it has no usable ready endpoint. `lasting`: what else holds now, each remembered since
    when. `lag_threshold`: seconds that an endpoint and its Pod may disagree before it is told.
    While addresses can't be known the memory stays as it is, and nothing is said of time.
    """
    service, now = facts.view.service, clock.now
    if past is not None and past.uid != service.uid:
        past = None  # another Service under the same name
    if service.type == "ExternalName":
        # An outage it had before is over: it has no endpoints to lose.
        return Past(service.uid, now) if past is None else _rest(past, now), NOTHING
    if facts.slices is None:
        return past if past is None else msgspec.structs.replace(past, counted=None), NOTHING
    since, inferred = _since(past, facts, now, down=down)
    begun, lags, due = _last(past, facts.lags, lasting, now, lag_threshold)
    most = facts.listed
    if past is not None:
        most = max(most, past.most)
    seen = Seen(since, down and not inferred, lags, most, begun, due)
    if past is None:
        return Past(service.uid, now, down, since, inferred, most, begun), seen
    fresh = Past(
        service.uid,
        now,
        down,
        since,
        inferred,
        most,
        begun,
        past.addresses,
        past.ready,
        past.changes,
        past.counted,
    )
    return fresh, seen


def _rest(past: Past, now: float) -> Past:
    return msgspec.structs.replace(past, seen=now, down=False, since=None, begun=(), counted=None)


# ── since when it is down ────────────────────────────────────────────────────────────────────


def infer_since(facts: Facts, now: float) -> float | None:
    """When a Service that is down was down at the latest, as its objects tell; None: they don't.

    No later than the last change of its slices: who joins later without being ready changes
    nothing. No earlier than the moment at which the last of its Pods lost readiness; one that never
    was ready is no witness.
    """
    lost = [_lost(pod) for pod in facts.pods.view.selected] if facts.pods else []
    moments = [moment for moment in (*lost, facts.changed) if moment is not None]
    if not moments:
        return None
    return min(max(*moments, facts.view.service.created or 0.0), now)


def _lost(pod: Pod) -> float | None:
    if pod.fell and pod.candidate and pod.facts.ready != "True":
        return pod.changed
    return None


def _since(past: Past | None, facts: Facts, now: float, *, down: bool) -> tuple[float | None, bool]:
    """Since when it is down (None while it is up or nobody can tell), and whether inferred."""
    if not down:
        return None, False
    told = infer_since(facts, now)
    if past is None:
        created = facts.view.service.created
        if told is None and created is not None and 0 <= now - created <= YOUNG_SECONDS:
            told = created
        return told, True
    if not past.down:
        # We saw it fall; the objects may know the moment better, but not from before we looked.
        return (told if told is not None and told >= past.seen else now), False
    if past.inferred and told is not None and (past.since is None or told < past.since):
        return told, True  # a bound that is tighter than what was known
    return past.since, past.inferred


# ── what lasts ───────────────────────────────────────────────────────────────────────────────


def _last(
    past: Past | None,
    lags: tuple[Lag, ...],
    lasting: tuple[tuple[str, ...], ...],
    now: float,
    threshold: float,
) -> tuple[tuple[tuple[tuple[str, ...], float], ...], tuple[Lag, ...], float | None]:
    """Since when each thing has lasted, the lags that are old enough, and when more will be.

    What has no time of its own began when it was first seen: in every scale-down a Pod goes before
    its endpoint does, and that is no lag. What was seen to begin earlier than its objects now tell
    (a slice is written again and again) did begin then.
    """
    if not lags and not lasting:
        return (), (), None
    known = dict(past.begun) if past is not None else {}
    begun: dict[tuple[str, ...], float] = {}
    ripe: list[Lag] = []
    due: float | None = None
    for lag in lags:
        told = now if lag.since is None else lag.since
        began = begun[lag.key] = min(known.get(lag.key, told), told)
        if now - began >= threshold:
            ripe.append(msgspec.structs.replace(lag, since=began))
        else:
            due = began + threshold if due is None else min(due, began + threshold)
    for key in lasting:
        begun[key] = known.get(key, now)
    return tuple(begun.items()), tuple(ripe), due


# ── what changed ─────────────────────────────────────────────────────────────────────────────


def count_changes(
    before: Past | None, after: Past, facts: Facts, clock: Clock, *, down: bool
) -> Past:
    """`after` with what changed since `before`; `down` is the standing, not the number of ready.

    Seconds count from one look at which the Service stood down to the next, on the clock that
    nobody sets, and from the moment of a fall that was seen.
    """
    addresses, ready = _addresses(facts)
    changed = facts.changed
    latest = min(changed, clock.now) if changed is not None else None
    counted = clock.ticks if down else None
    if before is None or before.uid != after.uid or before.changes is None:
        changes = Changes(last_change=latest)
        return msgspec.structs.replace(
            after, addresses=addresses, ready=ready, changes=changes, counted=counted
        )
    old = before.changes
    seconds = old.unavailable_seconds
    if before.counted is not None:
        seconds += max(clock.ticks - before.counted, 0.0)
    elif down and not before.down and after.since is not None:
        seconds += min(max(clock.now - after.since, 0.0), max(clock.now - before.seen, 0.0))
    if before.addresses == addresses and before.ready == ready:
        changes = msgspec.structs.replace(old, unavailable_seconds=seconds)
        return msgspec.structs.replace(after, changes=changes, counted=counted)
    had, has = set(before.addresses), set(addresses)
    were, are = set(before.ready), set(ready)
    changes = Changes(
        added=old.added + len(has - had),
        removed=old.removed + len(had - has),
        became_ready=old.became_ready + len((are - were) & had),
        became_not_ready=old.became_not_ready + len((were - are) & has),
        unavailable_seconds=seconds,
        last_change=latest if latest is not None and latest >= before.seen else clock.now,
    )
    return msgspec.structs.replace(
        after, addresses=addresses, ready=ready, changes=changes, counted=counted
    )


def _addresses(facts: Facts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    states = {
        f"{kind}/{address}": entry.flags
        for kind, entries in facts.merged.items()
        for address, entry in entries.items()
    }
    addresses = tuple(sorted(states))
    ready = tuple([key for key in addresses if states[key] & READY])
    return addresses, addresses if len(ready) == len(addresses) else ready
