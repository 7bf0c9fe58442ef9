from __future__ import annotations

import msgspec

from exporter.engine.transitions import Transitions, compare
from exporter.model import Reason, ServiceKey, ServiceReport, Standing, Transition
from tests.unit.web.sites import report

KEY = ServiceKey("a", "b")
UP = report("a", "b", ready=2)
DOWN = report("a", "b", ready=0, not_ready=2, reason=Reason.IMAGE_PULL)


UNKNOWN = msgspec.structs.replace(UP, known=False, counts=())


def tell(
    kept: Transitions,
    key: ServiceKey,
    before: ServiceReport | None,
    after: ServiceReport | None,
    now: float,
) -> None:
    """What a commit does for each report of it."""
    story = compare(before, after, now)
    if story is not None:
        kept.note(key, story)


def test_first_change_tells_what_was_before() -> None:
    """The state before it is kept too; when that began nobody saw."""
    kept = Transitions()
    tell(kept, KEY, UP, DOWN, 100.0)
    assert kept.of(KEY) == (
        Transition(None, True, None, None, 2, 0, Standing.READY),
        Transition(100.0, True, Reason.IMAGE_PULL, None, 0, 2, Standing.DOWN),
    )


def test_a_report_that_says_the_same_is_no_transition() -> None:
    """Reports are made again all the time; only a new state is one."""
    kept = Transitions()
    tell(kept, KEY, UP, report("a", "b", ready=2, labels={"x": "y"}), 100.0)
    assert kept.of(KEY) == ()
    assert len(kept) == 0


def test_a_new_service_begins_when_it_came() -> None:
    """What is made while somebody looks has its first state at that time."""
    kept = Transitions()
    tell(kept, KEY, None, DOWN, 100.0)
    assert kept.of(KEY) == (Transition(100.0, True, Reason.IMAGE_PULL, None, 0, 2, Standing.DOWN),)


def test_a_service_that_goes_is_forgotten() -> None:
    """Another one of that name begins anew."""
    kept = Transitions()
    tell(kept, KEY, UP, DOWN, 100.0)
    tell(kept, KEY, DOWN, None, 101.0)
    assert (kept.of(KEY), len(kept)) == ((), 0)
    tell(kept, KEY, None, None, 102.0)
    assert len(kept) == 0


def test_memory_is_bounded_for_each_and_for_all() -> None:
    """The oldest transitions of a Service go first, then those of whoever changed longest ago."""
    kept = Transitions(each=3, most=5)
    for number in range(10):
        tell(kept, KEY, UP if number % 2 else DOWN, DOWN if number % 2 else UP, float(number))
    assert [one.at for one in kept.of(KEY)] == [7.0, 8.0, 9.0]
    for name in ("c", "d", "e"):
        tell(kept, ServiceKey("a", name), UP, DOWN, 20.0)
    assert len(kept) == 5
    assert kept.of(KEY) == ()
    assert len(kept.of(ServiceKey("a", "c"))) == 1
    assert len(kept.of(ServiceKey("a", "e"))) == 2


def test_another_service_under_the_same_name_begins_anew() -> None:
    """Deleted and made again between two commits, it inherits nothing of the first."""
    kept = Transitions()
    tell(kept, KEY, UP, DOWN, 100.0)
    other = msgspec.structs.replace(UP, service=msgspec.structs.replace(UP.service, uid="two"))
    tell(kept, KEY, DOWN, other, 101.0)
    assert (kept.of(KEY), len(kept)) == ((), 0)


def test_outages_outlive_a_time_in_which_nothing_can_be_read() -> None:
    """When access is lost and regained everybody has a transition: no outage is pushed out."""
    kept = Transitions(most=20)
    tell(kept, KEY, UP, DOWN, 100.0)
    tell(kept, KEY, DOWN, UP, 110.0)
    for number in range(50):
        tell(kept, ServiceKey("z", f"{number:02}"), UP, UNKNOWN, 200.0)
        tell(kept, ServiceKey("z", f"{number:02}"), UNKNOWN, UP, 210.0)
    assert [one.at for one in kept.of(KEY)] == [None, 100.0, 110.0]
    assert len(kept) == 20
    assert kept.of(ServiceKey("z", "00")) == ()
    assert len(kept.of(ServiceKey("z", "49"))) == 3


def test_with_outages_alone_the_oldest_goes() -> None:
    """Who was down is forgotten too when there is nobody else to forget."""
    kept = Transitions(most=4)
    for name in ("c", "d", "e"):
        tell(kept, ServiceKey("a", name), UP, DOWN, 20.0)
    assert len(kept) == 4
    assert [len(kept.of(ServiceKey("a", name))) for name in ("c", "d", "e")] == [0, 2, 2]
