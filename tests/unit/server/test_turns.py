from __future__ import annotations

import asyncio

import pytest

from exporter.server.notices import Notices
from exporter.server.turns import CrowdedError, Turns


async def test_each_address_in_its_turn() -> None:
    """Who has many waiting comes after the one that has one waiting, not before it."""
    turns = Turns(at_once=1, each=10, in_all=20)
    order: list[str] = []

    async def work(who: str) -> None:
        async with turns.take(who):
            order.append(who)
            await asyncio.sleep(0)

    async with turns.take("first"):
        many = [asyncio.create_task(work("many")) for _ in range(4)]
        await asyncio.sleep(0)
        one = asyncio.create_task(work("one"))
        await asyncio.sleep(0)
    await asyncio.gather(*many, one)
    assert order == ["many", "one", "many", "many", "many"]


async def test_beyond_a_depth_nobody_waits() -> None:
    """Of one address so many may wait, and so many in all; whoever waits gets in."""
    turns = Turns(at_once=1, each=2, in_all=3)
    async with turns.take("a"):
        waiting = [asyncio.create_task(hold(turns, who)) for who in ("a", "a", "b")]
        await asyncio.sleep(0)
        assert len(turns) == 3
        for who in ("a", "c"):
            with pytest.raises(CrowdedError):
                await hold(turns, who)
    assert await asyncio.gather(*waiting) == [True] * 3
    assert len(turns) == 0


async def test_who_goes_away_while_waiting_leaves_no_gap() -> None:
    """A cancelled one is passed over, even when its turn has come in the same moment."""
    turns = Turns(at_once=1, each=5, in_all=5)
    first = turns.take("a")
    await first.__aenter__()
    gone, late, stays = (asyncio.create_task(hold(turns, "a")) for _ in range(3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    first.end()
    late.cancel()
    assert await stays
    assert await hold(turns, "b")
    first.end()
    assert await hold(turns, "b")


async def hold(turns: Turns, who: str) -> bool:
    """Take a turn and give it back."""
    async with turns.take(who):
        return True


def test_warnings_are_bounded_by_address_and_in_all() -> None:
    """An address is told of once a minute, and ten of them; later again."""
    notices = Notices()
    assert [notices.allows("a", now) for now in (0.0, 1.0, 59.0, 60.0)] == [
        True,
        False,
        False,
        True,
    ]
    told = [notices.allows(f"b{number}", 61.0) for number in range(20)]
    assert told == [True] * 9 + [False] * 11
