"""The moves that several phases share: begin a list or a watch, rest, deal with a refusal."""

from __future__ import annotations

import msgspec

from exporter.model import SyncMode
from exporter.reflector.values import (
    DropToken,
    Effect,
    Failure,
    Forgotten,
    List,
    ListEnded,
    Phase,
    Plan,
    Rest,
    State,
    Step,
    Watch,
)

replace = msgspec.structs.replace

#: client-go asks as often before it gives a request up (rest/request.go).
ATTEMPTS = 10


def begin_list(plan: Plan, state: State, now: float, *effects: Effect) -> Step:
    """The first request of a full list (or of a watch that begins with all objects).

    The very first list may come from the server's cache as it is (version "0"), in pages. Later
    ones ask for the last seen version or newer, so as never to go back in time, and without a
    limit: with one the server would take it for exactly that version, which may be compacted.
    """
    version = "" if state.unavailable else state.resource_version
    state = replace(state, attempts=0, list_version="", list_started=now)
    if plan.streaming and state.streams and follows_watch(plan, state, now):
        # Without a last version "" asks for all there is, consistently.
        watch = Watch(version, 300, initial=True)
        state = replace(state, phase=Phase.STREAMING, order=watch, opened_at=None, events=0)
        return Step(state, effects, watch)
    if state.unavailable:
        order = List("", plan.limit)
    elif version in ("", "0"):
        order = List("0", plan.limit)
    else:
        order = List(version, None)
    return list_with(replace(state, asked=order), order, *effects)


def list_with(state: State, order: List, *effects: Effect) -> Step:
    """A request for a page."""
    return Step(replace(state, phase=Phase.LISTING, order=order), effects, order)


def begin_watch(state: State, chance: float, *effects: Effect) -> Step:
    """A watch from the last version; servers must not all end theirs at once, hence the spread."""
    version = state.resource_version
    return watch_with(state, Watch(version, 300 + int(300 * chance)), *effects)


def watch_with(state: State, order: Watch, *effects: Effect) -> Step:
    """A request to watch. `follows`: versions of its events may be trusted from the start.

    A watch from no version begins with made-up ADDED events in no order of versions.
    """
    state = replace(
        state,
        phase=Phase.STREAMING if order.initial else Phase.WATCHING,
        order=order,
        opened_at=None,
        events=0,
        follows=not order.initial and order.resource_version not in ("", "0"),
    )
    return Step(state, effects, order)


def follows_watch(plan: Plan, state: State, now: float) -> bool:
    """Whether a watch comes after the list, rather than a pause and another list."""
    if plan.mode is SyncMode.AUTO:
        return not state.polling or now >= state.probe_at
    return plan.mode is SyncMode.WATCH


def rest_then(
    state: State,
    order: List | Watch | None,
    seconds: float,
    failure: Failure | None,
    *effects: Effect,
) -> Step:
    """A rest; then `order`, or a full list when it is None."""
    state = replace(state, phase=Phase.RESTING, order=order)
    return Step(state, effects, Rest(seconds, failure))


def back_off(
    state: State,
    order: List | Watch | None,
    failure: Failure,
    now: float,
    chance: float,
    *effects: Effect,
) -> Step:
    """A rest that grows from failure to failure; then `order`, or a full list when it is None."""
    seconds, backoff = state.backoff.wait(now, chance, failure.retry_after)
    state = replace(state, backoff=backoff, error=failure.message)
    return rest_then(state, order, seconds, failure, *effects)


def unauthorized(
    state: State, order: List | Watch, failure: Failure, now: float, chance: float, *effects: Effect
) -> Step:
    """401: a token may just have been replaced, so it is read anew and tried at once, once."""
    state = replace(state, rejections=state.rejections + 1)
    if state.rejections > 1:
        return back_off(state, order, failure, now, chance, DropToken(), *effects)
    effects = (DropToken(), *effects)
    if isinstance(order, Watch):
        return watch_with(state, order, *effects)
    return list_with(state, order, *effects)


def denied(plan: Plan, state: State, failure: Failure, now: float, chance: float) -> Step:
    """403 or 404 on a list: nothing may be concluded from the resource any more.

    A server that has just started denies what it will allow a second later (roles, resources of
    extensions not yet loaded), so what is known is given up on the second answer in a row.
    """
    ended = ListEnded("absent" if failure.code == 404 else "forbidden")
    state = replace(state, refusals=state.refusals + 1, error=failure.message)
    if state.synced and state.refusals == 1:
        return back_off(state, None, failure, now, chance, ended)
    effects: tuple[Effect, ...] = (ended,)
    if not (state.forbidden or state.absent):
        effects = (ended, Forgotten())
    state = replace(state, synced=False, forbidden=failure.code != 404, absent=failure.code == 404)
    return rest_then(state, None, plan.denied_pause * (1 + chance), failure, *effects)
