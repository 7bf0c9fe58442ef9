"""Lists: pages, expiry, and what becomes of a list that fails."""

from __future__ import annotations

from exporter.reflector.moves import (
    ATTEMPTS,
    back_off,
    begin_list,
    begin_watch,
    denied,
    follows_watch,
    list_with,
    replace,
    rest_then,
    unauthorized,
    watch_with,
)
from exporter.reflector.values import (
    Begin,
    Commit,
    Effect,
    Failed,
    FailureKind,
    List,
    ListEnded,
    PageRead,
    Plan,
    State,
    Step,
    Watch,
    Woke,
)


def begin(plan: Plan, state: State, _given: Begin, now: float, _chance: float) -> Step:
    """Everything starts with a list."""
    return begin_list(plan, state, now)


def wake(plan: Plan, state: State, _given: Woke, now: float, _chance: float) -> Step:
    """The rest is over: what was put off comes now."""
    order = state.order
    if order is None:
        return begin_list(plan, state, now)
    if isinstance(order, Watch):
        return watch_with(state, order)
    return list_with(state, order)


def page_read(plan: Plan, state: State, given: PageRead, now: float, chance: float) -> Step:
    """A page: the next one, or all is there.

    Pages that continue carry no version of their own: the token has it.
    """
    version = state.list_version or given.head.resource_version
    if given.head.token:
        order = List(None, plan.limit, given.head.token)
        return list_with(replace(state, list_version=version, attempts=0), order)
    state = replace(
        state,
        resource_version=version,
        list_version="",
        unavailable=False,
        attempts=0,
        rejections=0,
        refusals=0,
        synced=True,
        forbidden=False,
        absent=False,
    )
    effects = (Commit(), ListEnded("success"))
    if follows_watch(plan, state, now):
        return begin_watch(state, chance, *effects)
    return pause(plan, replace(state, error=""), now, *effects)


def pause(plan: Plan, state: State, now: float, *effects: Effect) -> Step:
    """The pause between two polls, counted from the start of the list to that of the next.

    At least a tenth of the interval is left free: a list that takes longer than the interval must
    not become the only thing that a server does.
    """
    seconds = max(plan.interval - (now - state.list_started), plan.interval / 10)
    return rest_then(state, None, seconds, None, *effects)


def list_failed(plan: Plan, state: State, given: Failed, now: float, chance: float) -> Step:
    """A page did not come."""
    failure, order = given.failure, state.order
    if not isinstance(order, List):
        return begin_list(plan, state, now)
    if failure.expired and order.token:
        # The token died between two pages. The body may offer one that continues anyway, with
        # other versions: the pages would not fit together. So all in one, as asked first.
        asked = state.asked or List("0", None)
        return list_with(
            replace(state, list_version="", attempts=0),
            List(asked.resource_version, None),
            ListEnded("gone"),
        )
    if failure.expired and order.resource_version != "":
        # Not to be had in this version: whatever is newest, at once, and so until that succeeds.
        state = replace(state, unavailable=True, list_version="", attempts=0)
        order = List("", plan.limit)
        return list_with(replace(state, asked=order), order, ListEnded("gone"))
    if failure.code == 401:
        return unauthorized(state, order, failure, now, chance, ListEnded("unauthorized"))
    if failure.code in (403, 404):
        return denied(plan, state, failure, now, chance)
    ended = ListEnded("gone" if failure.expired else "error")
    # Pages that came stay good for minutes: a passing fault costs one page, not all.
    again = failure.passing or (failure.kind is FailureKind.BROKEN and order.token != "")
    if again and state.attempts < ATTEMPTS:
        state = replace(state, attempts=state.attempts + 1)
        return back_off(state, order, failure, now, chance, ended)
    return back_off(state, None, failure, now, chance, ended)
