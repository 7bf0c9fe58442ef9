"""Watches: events, bookmarks, errors inside the stream, and how a watch goes on after it ended."""

from __future__ import annotations

from exporter.model import Change, Delete, ObjectKey, SyncMode, Upsert
from exporter.objects.codec import Event, Status
from exporter.objects.meta import Rejected
from exporter.reflector.listing import pause
from exporter.reflector.moves import (
    back_off,
    begin_list,
    begin_watch,
    replace,
    rest_then,
    unauthorized,
)
from exporter.reflector.values import (
    Apply,
    Effect,
    Ended,
    EventsSeen,
    Failed,
    Failure,
    FailureKind,
    Opened,
    Phase,
    Plan,
    Read,
    Received,
    State,
    Step,
    Watch,
    WatchRestarted,
)

#: What servers answer that list a resource but don't let it be watched.
UNSUPPORTED = frozenset({400, 405, 406, 422, 501})

SHORT = Failure(FailureKind.BROKEN, "the watch ended as soon as it had begun")


def opened(_plan: Plan, state: State, _given: Opened, now: float, _chance: float) -> Step:
    """The server agreed: all is well, and a polling `auto` is back to watching."""
    state = replace(
        state,
        opened_at=now,
        events=0,
        # A stream that opens has not come to its end yet: the next failure is not the first.
        attempts=state.attempts if state.phase is Phase.STREAMING else 0,
        rejections=0,
        refusals=0,
        polling=False,
        error="",
    )
    return Step(state, (), Read())


def received(plan: Plan, state: State, given: Received, now: float, chance: float) -> Step:
    """Frames become changes; the version follows each of them, bookmarks too.

    The version of an ERROR is never taken: its object is a Status and has none.
    """
    changes: list[Change] = []
    by_type: dict[str, int] = {}
    version, follows, rejected = state.resource_version, state.follows, 0
    fault: Event | None = None
    for event in given.events:
        kind = event.type if event.type in _KNOWN else "UNKNOWN"
        by_type[kind] = by_type.get(kind, 0) + 1
        if kind == "ERROR":
            fault = event
            break
        if kind == "UNKNOWN":
            continue  # a later server may have more to say than we can use
        if event.object is not None:
            found = event.object
            if isinstance(found, Rejected):
                rejected += 1
            if kind == "DELETED":
                key = ObjectKey(found.namespace, found.name)
                changes.append(Delete(plan.resource, key))
            else:
                changes.append(Upsert(plan.resource, found))
        follows = follows or kind != "ADDED"
        if follows and event.resource_version:
            version = event.resource_version
    state = replace(
        state, resource_version=version, follows=follows, events=state.events + len(given.events)
    )
    effects: tuple[Effect, ...] = (EventsSeen(by_type, rejected),)
    if changes:
        effects = (Apply(tuple(changes)), *effects)
    if fault is None:
        return Step(state, effects, Read())
    return _fault(state, fault.status or Status(), now, chance, effects)


_KNOWN = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"})


def failure_of(status: Status) -> Failure:
    """An ERROR event as a failure."""
    details = status.details
    told = " ".join((status.message or status.reason or "no message").split())
    return Failure(
        FailureKind.ANSWER,
        f"the watch ended with {status.code or 'an error'}: {told}",
        code=status.code or 500,
        retry_after=details.retry_after_seconds if details else None,
    )


def _fault(
    state: State, status: Status, now: float, chance: float, effects: tuple[Effect, ...]
) -> Step:
    """An ERROR inside the stream: once a watch is allowed, expiry comes this way."""
    failure = failure_of(status)
    if failure.code == 429:
        again = Watch(state.resource_version, 300 + int(300 * chance))
        return back_off(state, again, failure, now, chance, *effects, WatchRestarted("throttled"))
    cause = "gone" if failure.code == 410 else "error"
    return back_off(state, None, failure, now, chance, *effects, WatchRestarted(cause))


def ended(_plan: Plan, state: State, given: Ended, now: float, chance: float) -> Step:
    """A watch ended: on from the last version at once, unless it hardly lived.

    A stream that broke within a frame is no other case: the feed drops the partial frame, and
    the last whole one says where to go on.
    """
    lived = now - (state.opened_at if state.opened_at is not None else now)
    if lived < 1 and state.events == 0:
        return back_off(state, None, SHORT, now, chance, WatchRestarted("short"))
    return begin_watch(state, chance, WatchRestarted(given.cause))


def watch_failed(plan: Plan, state: State, given: Failed, now: float, chance: float) -> Step:
    """A watch was not granted, or a frame of it can't be read."""
    failure, order = given.failure, state.order
    if not isinstance(order, Watch):
        return begin_list(plan, state, now)
    if failure.code == 401:
        return unauthorized(state, order, failure, now, chance, WatchRestarted("unauthorized"))
    if failure.code == 403 and state.refusals == 0 and not state.polling:
        # A server that has just started denies what it will allow a second later.
        state = replace(state, refusals=1, error=failure.message)
        return back_off(state, order, failure, now, chance, WatchRestarted("forbidden"))
    if failure.code == 403 or failure.code in UNSUPPORTED:
        return _not_watchable(plan, state, failure, now, chance)
    if failure.expired:
        return back_off(state, None, failure, now, chance, WatchRestarted("gone"))
    if failure.kind is FailureKind.REFUSED:
        # The server restarts: what we know is still good, and it must not be listed by everyone
        # at once when it is back.
        return back_off(state, order, failure, now, chance, WatchRestarted("refused"))
    if failure.passing:
        return back_off(state, order, failure, now, chance, WatchRestarted("throttled"))
    return back_off(state, None, failure, now, chance, WatchRestarted("error"))


def _not_watchable(plan: Plan, state: State, failure: Failure, now: float, chance: float) -> Step:
    """The list may be read, the watch may not: what is known stays, and lists keep it fresh."""
    restarted = WatchRestarted("forbidden" if failure.code == 403 else "unsupported")
    if plan.mode is SyncMode.AUTO:
        state = replace(state, polling=True, probe_at=now + plan.probe, error="")
        return pause(plan, state, now, restarted)
    state = replace(state, error=failure.message)
    return rest_then(state, None, plan.denied_pause * (1 + chance), failure, restarted)
