"""The table: which rule answers which input in which phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from exporter.reflector.listing import begin, list_failed, page_read, wake
from exporter.reflector.streaming import stream_ended, stream_failed, stream_received
from exporter.reflector.values import (
    Begin,
    Ended,
    Failed,
    Input,
    Opened,
    PageRead,
    Phase,
    Plan,
    Received,
    State,
    Step,
    Woke,
)
from exporter.reflector.watching import ended, opened, received, watch_failed

Rule = Callable[[Plan, State, Any, float, float], Step]

TABLE: dict[tuple[Phase, type[msgspec.Struct]], Rule] = {
    (Phase.START, Begin): begin,
    (Phase.LISTING, PageRead): page_read,
    (Phase.LISTING, Failed): list_failed,
    (Phase.STREAMING, Opened): opened,
    (Phase.STREAMING, Received): stream_received,
    (Phase.STREAMING, Ended): stream_ended,
    (Phase.STREAMING, Failed): stream_failed,
    (Phase.WATCHING, Opened): opened,
    (Phase.WATCHING, Received): received,
    (Phase.WATCHING, Ended): ended,
    (Phase.WATCHING, Failed): watch_failed,
    (Phase.RESTING, Woke): wake,
}


def step(plan: Plan, state: State, given: Input, now: float, chance: float) -> Step:
    """What follows from an input. `now` is monotonic seconds, `chance` is drawn from [0, 1).

    Raises KeyError for an input that can't come in the phase: a fault of the feed.
    """
    return TABLE[state.phase, type(given)](plan, state, given, now, chance)
