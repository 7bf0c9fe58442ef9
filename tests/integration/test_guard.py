"""The loop guard itself: whom it names, and whom it leaves alone."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.guard import BOUND, Guard


def work(seconds: float) -> None:
    """Takes so much CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def wait_while_working(seconds: float) -> None:
    """Holds the loop for so long, from inside of a task."""
    await asyncio.sleep(0)
    work(seconds)
    await asyncio.sleep(0)


# What stands in tests is a test's own affair; these pretend to be the program's.
_AS_OURS = compile(
    "async def hold(wait, seconds):\n    await wait(seconds)\n", "exporter/engine/live.py", "exec"
)


async def test_a_task_that_holds_the_loop_is_named(guard: Guard) -> None:
    """With the coroutines that wait for one another, outermost first."""
    made: dict[str, object] = {}
    exec(_AS_OURS, made)  # noqa: S102 - a constant
    await asyncio.create_task(made["hold"](wait_while_working, 2 * BOUND))  # type: ignore[operator]
    assert guard.longest.name.startswith("hold > wait_while_working")
    assert guard.longest.seconds >= 2 * BOUND
    with pytest.raises(AssertionError, match=r"hold > wait_while_working.*: 1\d\d ms"):
        guard.check()
    guard.forget()
    guard.check()


async def test_a_plain_callback_is_named(guard: Guard) -> None:
    """By its qualified name."""
    asyncio.get_running_loop().call_soon(work, 2 * BOUND)
    await asyncio.sleep(0)
    assert guard.longest.name == "work"
    guard.forget()


async def test_waiting_holds_nobody(guard: Guard) -> None:
    """Time that passes while others have the processor is not the callback's."""

    async def rest() -> None:
        time.sleep(2 * BOUND)  # noqa: ASYNC251 - that is the point

    asyncio.get_running_loop().call_soon(time.sleep, 2 * BOUND)
    await asyncio.create_task(rest())
    assert guard.holds(BOUND) == []


async def test_what_a_test_does_itself_is_its_own_affair(guard: Guard) -> None:
    """A test may make its objects in its own coroutine."""
    work(2 * BOUND)
    await asyncio.sleep(0)
    assert guard.holds(BOUND) == []


_MEASURED = """
    from tests.guard import MEASURED_ANEW, Guard
    held = [{seconds}]
    @MEASURED_ANEW
    def test_holds():
        guard = Guard()
        guard._longest["_add_reader"] = held.pop(0)
        guard.check()
"""


@pytest.mark.parametrize(
    "seconds, outcomes",
    [
        ("0.097, 0.0", {"rerun": 1, "passed": 1}),
        ("0.097, 0.097, 0.0", {"rerun": 2, "passed": 1}),
        ("0.097, 0.097, 0.097, 0.0", {"rerun": 2, "failed": 1}),
        ("'a fault', 0.0", {"failed": 1}),
    ],
)
def test_what_the_machine_took_is_not_a_hold(
    pytester: pytest.Pytester, seconds: str, outcomes: dict[str, int]
) -> None:
    """A hold that is there three times fails a test; whatever else fails, fails at once."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(_MEASURED.format(seconds=seconds))
    assert pytester.runpytest_inprocess().parseoutcomes() == outcomes
