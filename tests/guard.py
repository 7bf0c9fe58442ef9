"""Nothing holds the event loop for long: the guard that looks at every callback of it.

It takes each callback's own CPU time (the thread's clock, so that a busy machine can't fail a
test), leaves out what the garbage collector took (the heap is the test run's), and names the
callback. What a test does in its own coroutine is its own affair.

A virtual machine whose processor is lent to another has the time of it charged to the thread that
was running: 15 ms within a loop that only reads the clock were seen on an idle one, 97 ms in a call
of `epoll_ctl` on a busy one. A hold of the program comes again, so what fails is measured anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import msgspec
import pytest

#: Seconds that the loop may be held, as the program promises; and as tests bear with it.
BUDGET = 0.020
BOUND = 0.050

#: What a test is marked with that the guard looks at: only a hold, seen again, fails it.
MEASURED_ANEW = pytest.mark.flaky(reruns=2, only_rerun=["held the event loop"])

_TESTS = str(Path(__file__).parent)


class Hold(msgspec.Struct, frozen=True, order=True):
    """How long a callback held the loop, in seconds of its own CPU time, and its name."""

    seconds: float
    name: str


class Guard:
    """What was seen: the longest hold of each callback, by name."""

    def __init__(self) -> None:
        self._longest: dict[str, float] = {}

    def see(self, seconds: float, handle: asyncio.Handle) -> None:
        """One callback has run."""
        # Quick callbacks are most of them, and a name costs more than they do.
        if seconds > BUDGET / 10 and (name := name_of(handle)):
            self._longest[name] = max(seconds, self._longest.get(name, 0.0))

    @property
    def longest(self) -> Hold:
        """The longest hold of all since the last `forget`."""
        return max(self.holds(), default=Hold(0.0, "nothing"))

    def holds(self, over: float = 0.0) -> list[Hold]:
        """The callbacks that held the loop longer than so many seconds, the worst first."""
        found = [Hold(seconds, name) for name, seconds in self._longest.items() if seconds > over]
        return sorted(found, reverse=True)

    def forget(self) -> None:
        """Begin anew."""
        self._longest.clear()

    def check(self, bound: float = BOUND) -> None:
        """Fails with the names of those that held the loop longer than `bound` seconds."""
        worst = "; ".join(
            f"{hold.name}: {hold.seconds * 1000:.0f} ms" for hold in self.holds(bound)
        )
        assert not worst, f"held the event loop longer than {bound * 1000:.0f} ms: {worst}"


@contextlib.contextmanager
def guarding() -> Iterator[Guard]:
    """Watches every callback of every event loop of this thread."""
    guard = Guard()
    run = asyncio.Handle._run
    clock = time.thread_time
    collecting = begun = 0.0

    def see_collector(phase: str, _info: dict[str, int]) -> None:
        nonlocal collecting, begun
        if phase == "start":
            begun = clock()
        else:
            collecting += clock() - begun

    def run_watched(handle: asyncio.Handle) -> None:
        nonlocal collecting
        collecting = 0.0
        start = clock()
        run(handle)
        guard.see(clock() - start - collecting, handle)

    gc.callbacks.append(see_collector)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", run_watched)
        try:
            yield guard
        finally:
            gc.callbacks.remove(see_collector)


def name_of(handle: asyncio.Handle) -> str:
    """What ran: for a task the coroutines that wait for one another, outermost first.

    "" for what is a test's own.
    """
    callback: Any = handle._callback  # type: ignore[attr-defined]
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", repr(callback)))
    names = []
    at: Any = task.get_coro()
    if _is_ours(at):
        return ""
    while at is not None:
        names.append(str(getattr(at, "__qualname__", type(at).__name__)))
        at = getattr(at, "cr_await", None) or getattr(at, "ag_await", None)
    return " > ".join(names)


def _is_ours(coroutine: object) -> bool:
    code = getattr(coroutine, "cr_code", None)
    return isinstance(code, CodeType) and code.co_filename.startswith(_TESTS)
