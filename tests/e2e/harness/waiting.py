"""Waiting for a condition with a deadline; never a sleep in the hope that something is ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class DeadlineError(AssertionError):
    """What was waited for did not come in time; the message tells what was seen last."""


def wait_until(
    what: str,
    probe: Callable[[], Value],
    *,
    deadline: float = 30.0,
    pause: float = 0.1,
) -> Value:
    """Call `probe` until it returns something true, and return that.

    An AssertionError or OSError of the probe counts as 'not yet'; any other error passes through.
    `deadline` and `pause` are seconds. Raises DeadlineError, which tells the last result.
    """
    end = time.monotonic() + deadline
    while True:
        try:
            value = probe()
        except (AssertionError, OSError) as error:
            seen = f"{type(error).__name__}: {error}"
        else:
            if value:
                return value
            seen = repr(value)
        if time.monotonic() >= end:
            raise DeadlineError(f"{what}: not within {deadline:g} s; last seen: {seen}")
        time.sleep(pause)


def wait_for_equal(
    what: str,
    probe: Callable[[], Value],
    wanted: Value,
    *,
    deadline: float = 30.0,
    pause: float = 0.1,
) -> None:
    """Wait until `probe` returns exactly `wanted`; the error shows both."""

    def compare() -> bool:
        got = probe()
        assert got == wanted, f"wanted {wanted!r}, got {got!r}"
        return True

    wait_until(what, compare, deadline=deadline, pause=pause)
