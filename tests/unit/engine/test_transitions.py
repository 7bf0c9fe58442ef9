from __future__ import annotations

from exporter.engine.transitions import Transitions
from exporter.model import Reason, ServiceKey, Standing, Transition
from tests.unit.web.sites import report

KEY = ServiceKey("a", "b")
UP = report("a", "b", ready=2)
DOWN = report("a", "b", ready=0, not_ready=2, reason=Reason.IMAGE_PULL)


def test_first_change_tells_what_was_before() -> None:
    """The state before it is kept too; when that began nobody saw."""
    kept = Transitions()
    kept.note(KEY, UP, DOWN, 100.0)
    assert kept.of(KEY) == (
        Transition(None, True, None, None, 2, 0, Standing.READY),
        Transition(100.0, True, Reason.IMAGE_PULL, None, 0, 2, Standing.DOWN),
    )


def test_a_report_that_says_the_same_is_no_transition() -> None:
    """Reports are made again all the time; only a new state is one."""
    kept = Transitions()
    kept.note(KEY, UP, report("a", "b", ready=2, labels={"x": "y"}), 100.0)
    assert kept.of(KEY) == ()
    assert len(kept) == 0


def test_a_new_service_begins_when_it_came() -> None:
    """What is made while somebody looks has its first state at that time."""
    kept = Transitions()
    kept.note(KEY, None, DOWN, 100.0)
    assert kept.of(KEY) == (Transition(100.0, True, Reason.IMAGE_PULL, None, 0, 2, Standing.DOWN),)


def test_a_service_that_goes_is_forgotten() -> None:
    """Another one of that name begins anew."""
    kept = Transitions()
    kept.note(KEY, UP, DOWN, 100.0)
    kept.note(KEY, DOWN, None, 101.0)
    assert (kept.of(KEY), len(kept)) == ((), 0)
    kept.note(KEY, None, None, 102.0)
    assert len(kept) == 0


def test_memory_is_bounded_for_each_and_for_all() -> None:
    """The oldest transitions of a Service go first, then those of whoever changed longest ago."""
    kept = Transitions(each=3, most=5)
    for number in range(10):
        kept.note(KEY, UP if number % 2 else DOWN, DOWN if number % 2 else UP, float(number))
    assert [one.at for one in kept.of(KEY)] == [7.0, 8.0, 9.0]
    for name in ("c", "d", "e"):
        kept.note(ServiceKey("a", name), UP, DOWN, 20.0)
    assert len(kept) == 5
    assert kept.of(KEY) == ()
    assert len(kept.of(ServiceKey("a", "c"))) == 1
    assert len(kept.of(ServiceKey("a", "e"))) == 2
