"""The streaming list (WatchList): a watch that begins with all objects, ended by a bookmark.

Any doubt whether the server knows it ends in ordinary lists, for good.
"""

from __future__ import annotations

from exporter.objects.codec import Status
from exporter.reflector.moves import (
    back_off,
    begin_list,
    replace,
    unauthorized,
    watch_with,
)
from exporter.reflector.values import (
    Commit,
    Effect,
    Ended,
    Failed,
    Failure,
    FailureKind,
    Gather,
    ListEnded,
    Phase,
    Plan,
    Read,
    Received,
    State,
    Step,
    Watch,
)
from exporter.reflector.watching import failure_of, received

#: Seconds in which the server has to send all objects. One that does not know the parameter
#: never sends the bookmark that ends them.
DEADLINE = 120.0


def stream_received(plan: Plan, state: State, given: Received, now: float, chance: float) -> Step:
    """Objects are gathered until the bookmark; what follows it in the same read is a watch."""
    for at, event in enumerate(given.events):
        if event.type == "ADDED":
            continue
        effects = _gathered(given, at)
        if event.type == "ERROR":
            return _fail(plan, state, failure_of(event.status or Status()), now, chance, *effects)
        if event.type == "BOOKMARK" and event.initial_end:
            return _complete(plan, state, given, at, now, chance)
        if event.type in ("MODIFIED", "DELETED"):
            # Changes before the end of the beginning: this server does not know the parameter.
            return _without_streams(plan, state, now, *effects)
    effects = _gathered(given, len(given.events))
    if now - (state.opened_at if state.opened_at is not None else now) > DEADLINE:
        return _without_streams(plan, state, now, *effects)
    state = replace(state, events=state.events + len(given.events))
    return Step(state, effects, Read())


def _gathered(given: Received, until: int) -> tuple[Effect, ...]:
    objects = tuple([event.object for event in given.events[:until] if event.object is not None])
    return (Gather(objects),) if objects else ()


def _complete(
    plan: Plan, state: State, given: Received, at: int, now: float, chance: float
) -> Step:
    version = given.events[at].resource_version
    state = replace(
        state,
        phase=Phase.WATCHING,
        order=Watch(version, 300),  # should it have to be asked for again: without a beginning
        resource_version=version,
        unavailable=False,
        follows=True,
        events=state.events + at + 1,
        synced=True,
        forbidden=False,
        absent=False,
    )
    effects = (*_gathered(given, at), Commit(), ListEnded("success"))
    rest = given.events[at + 1 :]
    if not rest:
        return Step(state, effects, Read())
    further = received(plan, state, Received(rest), now, chance)
    return Step(further.state, (*effects, *further.effects), further.order)


def stream_ended(plan: Plan, state: State, given: Ended, now: float, chance: float) -> Step:
    """It ended before all was there: once more, then without."""
    if given.cause == "idle" or state.attempts > 0:
        return _without_streams(plan, state, now, ListEnded("error"))
    failure = Failure(FailureKind.BROKEN, "the server ended the streaming list half way")
    state = replace(state, attempts=state.attempts + 1)
    return back_off(state, state.order, failure, now, chance, ListEnded("error"))


def stream_failed(plan: Plan, state: State, given: Failed, now: float, chance: float) -> Step:
    """It was not granted."""
    return _fail(plan, state, given.failure, now, chance)


def _fail(
    plan: Plan, state: State, failure: Failure, now: float, chance: float, *effects: Effect
) -> Step:
    order = state.order
    if not isinstance(order, Watch):
        return begin_list(plan, state, now, *effects)
    if failure.expired and order.resource_version != "":
        state = replace(state, unavailable=True)
        again = replace(order, resource_version="")
        return watch_with(state, again, *effects, ListEnded("gone"))
    if failure.code == 401:
        return unauthorized(state, order, failure, now, chance, *effects, ListEnded("unauthorized"))
    if failure.passing or failure.kind in (FailureKind.REFUSED, FailureKind.CREDENTIALS):
        return back_off(state, order, failure, now, chance, *effects, ListEnded("error"))
    # 422: the server knows better; 403: it may be the watch alone that is denied. A list tells.
    return _without_streams(plan, state, now, *effects, ListEnded("error"))


def _without_streams(plan: Plan, state: State, now: float, *effects: Effect) -> Step:
    return begin_list(plan, replace(state, streams=False), now, *effects)
