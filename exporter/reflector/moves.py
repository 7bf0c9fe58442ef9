"""The moves that rules share: ask for something, or rest. They decide nothing about answers."""

from __future__ import annotations

import msgspec

from exporter.model import SyncMode
from exporter.reflector.values import (
    Effect,
    Failure,
    FeedState,
    List,
    Phase,
    Plan,
    Rest,
    Step,
    Watch,
)

replace = msgspec.structs.replace


class At(msgspec.Struct, frozen=True, gc=False):
    """What a step is given beside state and input. `now` is monotonic seconds, `chance` [0, 1)."""

    plan: Plan
    now: float
    chance: float


def list_all(at: At, state: FeedState, *effects: Effect) -> Step:
    """The first request of a full list (or of a watch that begins with all objects).

    The very first list may come from the server's cache as it is (version "0"), in pages. Later
    ones ask for the last seen version or newer, so as never to go back in time, and without a
    limit: with one the server would take it for exactly that version, which may be compacted.
    """
    version = "" if state.unavailable else state.resource_version
    state = replace(state, list_started=at.now)
    if at.plan.streaming and state.streams and watches_next(at, state):
        # Without a last version "" asks for all there is, consistently.
        state = replace(state, list_version="", attempts=0)
        return ask(state, Watch(version, 300, initial=True), *effects)
    if state.unavailable:
        return ask_first(state, List("", at.plan.limit), *effects)
    if version in ("", "0"):
        return ask_first(state, List("0", at.plan.limit), *effects)
    return ask_first(state, List(version, None), *effects)


def ask_first(state: FeedState, order: List, *effects: Effect) -> Step:
    """A first page, which a dead token comes back to."""
    return ask(replace(state, asked=order, list_version="", attempts=0), order, *effects)


def ask(state: FeedState, order: List | Watch, *effects: Effect) -> Step:
    """A request. `follows`: versions of a watch's events may be trusted from the start.

    A watch from no version begins with made-up ADDED events in no order of versions.
    """
    if isinstance(order, List):
        return Step(replace(state, phase=Phase.LISTING, order=order), effects, order)
    state = replace(
        state,
        phase=Phase.STREAMING if order.initial else Phase.WATCHING,
        order=order,
        opened_at=None,
        events=0,
        follows=not order.initial and order.resource_version not in ("", "0"),
    )
    return Step(state, effects, order)


def watch_from_here(at: At, state: FeedState) -> Watch:
    """From the last version; servers must not all end theirs at once, hence the spread."""
    return Watch(state.resource_version, 300 + int(300 * at.chance))


def watches_next(at: At, state: FeedState) -> bool:
    """Whether a watch comes after the list, rather than a pause and another list."""
    if at.plan.mode is SyncMode.AUTO:
        return not state.polling or at.now >= state.probe_at
    return at.plan.mode is SyncMode.WATCH


def without_streams(at: At, state: FeedState, *effects: Effect) -> Step:
    """Ordinary lists from now on: this server can't stream."""
    return list_all(at, replace(state, streams=False), *effects)


def synced(state: FeedState, version: str) -> FeedState:
    """All there is was read, at this version."""
    return replace(
        state,
        resource_version=version,
        unavailable=False,
        rejections=0,
        refusals=0,
        synced=True,
        forbidden=False,
        absent=False,
    )


def lived(at: At, state: FeedState) -> float:
    """Seconds since the server agreed to the watch."""
    return at.now - (state.opened_at if state.opened_at is not None else at.now)


def pause(at: At, state: FeedState, *effects: Effect) -> Step:
    """The pause between two polls, counted from the start of the list to that of the next.

    At least a tenth of the interval is left free: a list that takes longer than the interval must
    not become the only thing that a server does.
    """
    interval = at.plan.interval
    seconds = max(interval - (at.now - state.list_started), interval / 10)
    return rest(state, None, seconds, None, *effects)


def back_off(
    at: At, state: FeedState, order: List | Watch | None, failure: Failure, *effects: Effect
) -> Step:
    """A rest that grows from failure to failure; then `order`, or a full list when it is None."""
    seconds, backoff = state.backoff.wait(at.now, at.chance, failure.retry_after)
    state = replace(state, backoff=backoff, error=failure.message)
    return rest(state, order, seconds, failure, *effects)


def rest(
    state: FeedState,
    order: List | Watch | None,
    seconds: float,
    failure: Failure | None,
    *effects: Effect,
) -> Step:
    """A rest; then `order`, or a full list when it is None."""
    state = replace(state, phase=Phase.RESTING, order=order)
    return Step(state, effects, Rest(seconds, failure))
