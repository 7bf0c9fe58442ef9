from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.engine.shown import Shown


class Counted:
    """A value that is missed when it is gone."""

    gone = 0

    def __del__(self) -> None:
        Counted.gone += 1


def longest(work: Iterator[None]) -> int:
    """The most values that went in one step of the work."""
    before, most = Counted.gone, 0
    for _ in work:
        most, before = max(most, Counted.gone - before), Counted.gone
    return max(most, Counted.gone - before)


@pytest.mark.parametrize("count", [1, 1024, 1025, 5000])
def test_another_state_is_shown_by_one_step(count: int) -> None:
    """Few or many: as before until it is published, and as they came from then on."""
    shown: Shown[int, str] = Shown()
    for fresh in (
        dict.fromkeys(range(count), "a"),
        {0: None, **dict.fromkeys(range(1, count + 1), "b")},
        dict.fromkeys(range(count + 1)),
    ):
        before = dict(shown)
        for _ in shown.prepare(fresh):
            assert dict(shown) == before
        shown.publish(fresh)
        for _ in shown.release():
            pass
        assert dict(shown) == {key: value for key, value in fresh.items() if value is not None}
    assert len(shown) == 0
    assert shown.get(1) is None


def test_what_did_not_change_stays() -> None:
    """A large change leaves the others as they were."""
    shown: Shown[int, str] = Shown()
    shown.publish(dict.fromkeys(range(10), "old"))
    fresh = dict.fromkeys(range(5, 3000), "new")
    for _ in shown.prepare(fresh):
        pass
    shown.publish(fresh)
    assert [shown[key] for key in (0, 4, 5, 2999)] == ["old", "old", "new", "new"]
    assert len(shown) == 3000
    assert set(shown) == set(shown.keys()) == set(range(3000))
    assert 2999 in shown


@pytest.mark.parametrize("after", [1, None])
def test_nothing_goes_but_in_small_steps(after: int | None) -> None:
    """To let a hundred thousand reports go takes a tenth of a second: a few go at each step."""
    shown: Shown[int, Counted | int] = Shown()
    shown.publish({key: Counted() for key in range(10_000)})
    Counted.gone = 0
    fresh = dict.fromkeys(range(10_000), after)
    assert longest(shown.prepare(fresh)) == 0
    shown.publish(fresh)
    assert Counted.gone == 0
    assert longest(shown.release()) <= 64
    assert Counted.gone == 10_000
