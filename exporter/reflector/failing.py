"""What the table of verdicts says of a failure, done."""

from __future__ import annotations

from collections.abc import Callable

from exporter.model import SyncMode
from exporter.reflector.moves import (
    At,
    ask,
    ask_first,
    back_off,
    list_all,
    pause,
    replace,
    rest,
    without_streams,
)
from exporter.reflector.values import (
    DropToken,
    Effect,
    Failure,
    FeedState,
    Forgotten,
    List,
    ListEnded,
    Step,
    Watch,
    WatchRestarted,
)
from exporter.reflector.verdicts import VERDICTS, Asked, Move, fault_of

#: client-go asks as often before it gives a request up (rest/request.go).
ATTEMPTS = 10

Request = List | Watch


def judge(at: At, state: FeedState, failure: Failure, asked: Asked, *effects: Effect) -> Step:
    """What follows from a failure of the order under way; `effects` come before those of it."""
    order = state.order
    if order is None:
        return list_all(at, state, *effects)
    verdict = VERDICTS[fault_of(failure, order), asked]
    counted = ListEnded(verdict.word) if asked.lists else WatchRestarted(verdict.word)
    return _DONE[verdict.move](at, state, order, failure, *effects, counted)


def _same(at: At, state: FeedState, order: Request, failure: Failure, *effects: Effect) -> Step:
    return back_off(at, state, order, failure, *effects)


def _over(at: At, state: FeedState, _order: Request, failure: Failure, *effects: Effect) -> Step:
    return back_off(at, state, None, failure, *effects)


def _patient(at: At, state: FeedState, order: Request, failure: Failure, *effects: Effect) -> Step:
    if state.attempts >= ATTEMPTS:
        return back_off(at, state, None, failure, *effects)
    state = replace(state, attempts=state.attempts + 1)
    return back_off(at, state, order, failure, *effects)


def _anew(at: At, state: FeedState, order: Request, failure: Failure, *effects: Effect) -> Step:
    effects = (DropToken(), *effects)
    state = replace(state, rejections=state.rejections + 1)
    if state.rejections > 1:
        return back_off(at, state, order, failure, *effects)
    return ask(state, order, *effects)


def _newest(at: At, state: FeedState, order: Request, _failure: Failure, *effects: Effect) -> Step:
    state = replace(state, unavailable=True)  # and so until that succeeds
    if isinstance(order, Watch):
        return ask(state, replace(order, resource_version=""), *effects)
    return ask_first(state, List("", at.plan.limit), *effects)


def _whole(_at: At, state: FeedState, _order: Request, _failure: Failure, *effects: Effect) -> Step:
    first = state.asked or List("0", None)
    state = replace(state, list_version="", attempts=0)
    return ask(state, replace(first, limit=None), *effects)


def _pages(at: At, state: FeedState, _order: Request, _failure: Failure, *effects: Effect) -> Step:
    return without_streams(at, state, *effects)


def _denied(at: At, state: FeedState, _order: Request, failure: Failure, *effects: Effect) -> Step:
    """403 or 404 on a list: nothing may be concluded from the resource any more.

    A server that has just started denies what it will allow a second later (roles, resources of
    extensions not yet loaded), so what is known is given up on the second answer in a row.
    """
    state = replace(state, refusals=state.refusals + 1, error=failure.message)
    if state.synced and state.refusals == 1:
        return back_off(at, state, None, failure, *effects)
    if not (state.forbidden or state.absent):
        effects = (*effects, Forgotten())
    absent = failure.code == 404
    state = replace(state, synced=False, forbidden=not absent, absent=absent)
    return rest(state, None, at.plan.denied_pause * (1 + at.chance), failure, *effects)


def _unwatchable(
    at: At, state: FeedState, order: Request, failure: Failure, *effects: Effect
) -> Step:
    """The list may be read, the watch may not: what is known stays, and lists keep it fresh."""
    if failure.code == 403 and state.refusals == 0 and not state.polling:
        # A server that has just started denies what it will allow a second later.
        state = replace(state, refusals=1, error=failure.message)
        return back_off(at, state, order, failure, *effects)
    if at.plan.mode is SyncMode.AUTO:
        state = replace(state, polling=True, probe_at=at.now + at.plan.probe, error="")
        return pause(at, state, *effects)
    state = replace(state, error=failure.message)
    return rest(state, None, at.plan.denied_pause * (1 + at.chance), failure, *effects)


_DONE: dict[Move, Callable[..., Step]] = {
    Move.SAME: _same,
    Move.OVER: _over,
    Move.PATIENT: _patient,
    Move.ANEW: _anew,
    Move.NEWEST: _newest,
    Move.WHOLE: _whole,
    Move.PAGES: _pages,
    Move.DENIED: _denied,
    Move.UNWATCHABLE: _unwatchable,
}
