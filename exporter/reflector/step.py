"""The table: what follows from an input in a phase. Each rule gives a state, effects, an order.

Its rules come first, phase by phase. What is done about a failure is said by the table in
`verdicts`, for lists, streams and watches alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from exporter.objects.codec import Status
from exporter.reflector.failing import judge
from exporter.reflector.frames import changes_in, failure_of, objects_in
from exporter.reflector.moves import (
    At,
    ask,
    back_off,
    list_all,
    lived,
    pause,
    replace,
    synced,
    watch_from_here,
    watches_next,
    without_streams,
)
from exporter.reflector.values import (
    Apply,
    Begin,
    Commit,
    Effect,
    Ended,
    EventsSeen,
    Failed,
    Failure,
    FailureKind,
    FeedState,
    Input,
    List,
    ListEnded,
    Opened,
    PageRead,
    Phase,
    Plan,
    Read,
    Received,
    Step,
    Watch,
    WatchRestarted,
    Woke,
)
from exporter.reflector.verdicts import Asked, asked_by

#: Seconds in which the server has to send all objects of a stream. One that does not know the
#: parameter never sends the bookmark that ends them.
STREAM_SECONDS = 120.0

SHORT = Failure(FailureKind.BROKEN, "the watch ended as soon as it had begun")
HALF_WAY = Failure(FailureKind.BROKEN, "the server ended the streaming list half way")


def step(plan: Plan, state: FeedState, given: Input, now: float, chance: float) -> Step:
    """What follows from an input. `now` is monotonic seconds, `chance` is drawn from [0, 1).

    Raises KeyError for an input that can't come in the phase: a fault of the feed.
    """
    return TABLE[state.phase, type(given)](At(plan, now, chance), state, given)


# ── lists ────────────────────────────────────────────────────────────────────────────────────


def _begin(at: At, state: FeedState, _given: Begin) -> Step:
    return list_all(at, state)


def _page_read(at: At, state: FeedState, given: PageRead) -> Step:
    """The next page, or all is there. Pages that continue carry no version of their own."""
    version = state.list_version or given.head.resource_version
    if given.head.token:
        state = replace(state, list_version=version, attempts=0)
        return ask(state, List(None, at.plan.limit, given.head.token))
    state = synced(replace(state, list_version="", attempts=0), version)
    effects = (Commit(), ListEnded("success"))
    if watches_next(at, state):
        return ask(state, watch_from_here(at, state), *effects)
    return pause(at, replace(state, error=""), *effects)


# ── streams: watches that begin with all objects, ended by a bookmark ────────────────────────


def _stream_received(at: At, state: FeedState, given: Received) -> Step:
    """Objects are gathered until the bookmark; what follows it in the same read is a watch."""
    for index, event in enumerate(given.events):
        if event.type == "ADDED":
            continue
        effects = objects_in(given.events[:index])
        if event.type == "ERROR":
            failure = failure_of(event.status or Status())
            return judge(at, state, failure, Asked.STREAM, *effects)
        if event.type == "BOOKMARK" and event.initial_end:
            return _stream_complete(at, state, given, index)
        if event.type in ("MODIFIED", "DELETED"):
            # Changes before the end of the beginning: this server does not know the parameter.
            return without_streams(at, state, *effects)
    effects = objects_in(given.events)
    if lived(at, state) > STREAM_SECONDS:
        return without_streams(at, state, *effects)
    return Step(replace(state, events=state.events + len(given.events)), effects, Read())


def _stream_complete(at: At, state: FeedState, given: Received, index: int) -> Step:
    version = given.events[index].resource_version
    state = replace(
        synced(state, version),
        phase=Phase.WATCHING,
        order=Watch(version, 300),  # should it have to be asked for again: without a beginning
        follows=True,
        events=state.events + index + 1,
    )
    effects = (*objects_in(given.events[:index]), Commit(), ListEnded("success"))
    further = given.events[index + 1 :]
    if not further:
        return Step(state, effects, Read())
    after = _received(at, state, Received(further))
    return Step(after.state, (*effects, *after.effects), after.order)


def _stream_ended(at: At, state: FeedState, given: Ended) -> Step:
    """It ended before all was there: once more, then without."""
    if given.cause == "idle" or state.attempts > 0:
        return without_streams(at, state, ListEnded("error"))
    state = replace(state, attempts=state.attempts + 1)
    return back_off(at, state, state.order, HALF_WAY, ListEnded("error"))


# ── watches ──────────────────────────────────────────────────────────────────────────────────


def _opened(at: At, state: FeedState, _given: Opened) -> Step:
    """The server agreed: all is well, and a polling `auto` is back to watching."""
    state = replace(
        state,
        opened_at=at.now,
        events=0,
        # A stream that opens has not come to its end yet: the next failure is not the first.
        attempts=state.attempts if state.phase is Phase.STREAMING else 0,
        rejections=0,
        refusals=0,
        polling=False,
        error="",
    )
    return Step(state, (), Read())


def _received(at: At, state: FeedState, given: Received) -> Step:
    """Frames become changes; an ERROR among them is the last."""
    read = changes_in(given.events, at.plan.resource, state.resource_version, state.follows)
    state = replace(
        state,
        resource_version=read.version,
        follows=read.follows,
        events=state.events + len(given.events),
    )
    effects: tuple[Effect, ...] = (EventsSeen(read.by_type, read.rejected),)
    if read.changes:
        effects = (Apply(read.changes), *effects)
    if read.failure is None:
        return Step(state, effects, Read())
    state = replace(state, order=watch_from_here(at, state))
    return judge(at, state, read.failure, Asked.OPEN, *effects)


def _ended(at: At, state: FeedState, given: Ended) -> Step:
    """A watch ended: on from the last version at once, unless it hardly lived.

    A stream that broke within a frame is no other case: the feed drops the partial frame, and
    the last whole one says where to go on.
    """
    if lived(at, state) < 1 and state.events == 0:
        return back_off(at, state, None, SHORT, WatchRestarted("short"))
    return ask(state, watch_from_here(at, state), WatchRestarted(given.cause))


# ── what any of them may meet ────────────────────────────────────────────────────────────────


def _woke(at: At, state: FeedState, _given: Woke) -> Step:
    """The rest is over: what was put off comes now."""
    return list_all(at, state) if state.order is None else ask(state, state.order)


def _failed(at: At, state: FeedState, given: Failed) -> Step:
    """A page did not come, a watch was not granted, or a frame of it can't be read."""
    if state.order is None:
        return list_all(at, state)
    return judge(at, state, given.failure, asked_by(state.order))


TABLE: dict[tuple[Phase, type[msgspec.Struct]], Callable[[At, FeedState, Any], Step]] = {
    (Phase.START, Begin): _begin,
    (Phase.LISTING, PageRead): _page_read,
    (Phase.LISTING, Failed): _failed,
    (Phase.STREAMING, Opened): _opened,
    (Phase.STREAMING, Received): _stream_received,
    (Phase.STREAMING, Ended): _stream_ended,
    (Phase.STREAMING, Failed): _failed,
    (Phase.WATCHING, Opened): _opened,
    (Phase.WATCHING, Received): _received,
    (Phase.WATCHING, Ended): _ended,
    (Phase.WATCHING, Failed): _failed,
    (Phase.RESTING, Woke): _woke,
}
