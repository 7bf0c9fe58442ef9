"""Long work in turns: nothing holds the loop longer than one, whatever it is that is being done.

Work is an iterator that pauses often; what it yields says nothing. It knows no clock and no loop,
and whoever drives it decides how long a turn is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

#: Seconds of work at a stretch; then whatever else waits on the loop has its turn.
TURN = 0.010

_T = TypeVar("_T")


async def in_turns(work: Iterable[object]) -> None:
    """Does the work to its end, and lets others in after each turn."""
    may_go_on = begin_turn()
    for _ in work:
        if not may_go_on():
            await asyncio.sleep(0)
            may_go_on = begin_turn()


def begin_turn() -> Callable[[], bool]:
    """Tells whether the turn that begins now still has time."""
    end = time.monotonic() + TURN
    clock = time.monotonic
    return lambda: clock() < end


def gather(found: Iterable[_T], into: list[_T]) -> Iterator[None]:
    """The work of making things one by one and keeping them."""
    for one in found:
        into.append(one)
        yield
