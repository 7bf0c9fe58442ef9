from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from typing import Any

from exporter.model import ServiceKey
from exporter.server import Hub, Pace

QUICK = Pace(streams=4, gather=0.01, beat=30.0, keep=4, most_keys=5)
A = ServiceKey("a", "one")


class Rendering:
    """Tells which keys were rendered."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, keys: Collection[ServiceKey], since: int) -> tuple[bytes, int]:
        """The names of the keys."""
        names = tuple(sorted(key.name for key in keys))
        if names:
            self.asked.append(names)
        return ",".join(names).encode(), since + 1


def hub(pace: Pace = QUICK) -> tuple[Hub, Rendering]:
    """A hub and what it renders."""
    rendering = Rendering()
    return Hub(rendering, lambda: b"fine", "me", pace), rendering


async def read(stream: AsyncIterator[bytes]) -> str:
    """The next piece of a stream."""
    async with asyncio.timeout(10):
        return (await anext(stream)).decode()


async def begin(made: Hub, last: str = "", client: str = "me") -> Any:
    """A stream that has begun."""
    stream = made.open(last, client)
    assert "event: status\ndata: fine\n\n" in await read(stream)
    return stream


async def test_changes_reach_every_stream_and_are_made_once() -> None:
    """Two readers get the same event; changes that come together are told together."""
    made, rendering = hub()
    async with aclosing(await begin(made)) as one, aclosing(await begin(made)) as other:
        made.tell([A])
        made.tell([ServiceKey("a", "two"), A])
        expected = "event: services\nid: me-1\ndata: one,two\n\n"
        assert (await read(one), await read(other)) == (expected, expected)
    assert rendering.asked == [("one", "two")]
    await made.close()


async def test_nothing_is_gathered_while_nobody_listens() -> None:
    """Without a stream changes cost nothing and leave nothing behind."""
    made, rendering = hub()
    made.tell([A])
    async with aclosing(await begin(made)) as stream:
        made.tell([ServiceKey("a", "later")])
        assert "data: later" in await read(stream)
    made.tell([A])
    assert rendering.asked == [("later",)]
    assert len(made) == 0
    assert (made._pending, list(made._events)) == (set(), [])


async def test_only_so_many_streams() -> None:
    """One more than there may be ends at once; when one goes there is room again."""
    made, _ = hub(Pace(streams=2))
    async with aclosing(await begin(made, client="a")):
        async with aclosing(await begin(made, client="b")):
            seen = [made.is_full("c")]
            assert [piece async for piece in made.open("", "c")] == []
        seen.append(made.is_full("c"))
    assert seen == [True, False]
    await made.close()


async def test_one_client_has_half_of_the_streams() -> None:
    """Whoever opens as many as it can leaves the other half to others."""
    made, _ = hub(Pace(streams=4))
    async with aclosing(await begin(made)), aclosing(await begin(made)):
        assert (made.is_full("me"), made.is_full("other")) == (True, False)
        assert [piece async for piece in made.open("", "me")] == []
        async with aclosing(await begin(made, client="other")):
            pass
    assert not made.is_full("me")
    await made.close()


async def test_a_reader_that_comes_back_goes_on_where_it_was() -> None:
    """After a break nothing is missed as long as it is still kept."""
    made, _ = hub()
    async with aclosing(await begin(made)) as stays:
        made.tell([A])
        assert "id: me-1" in await read(stays)
        made.tell([ServiceKey("a", "two")])
        assert "id: me-2" in await read(stays)
        async with aclosing(await begin(made, "me-1")) as back:
            assert await read(back) == "event: services\nid: me-2\ndata: two\n\n"
    await made.close()


async def test_whoever_missed_something_is_told_to_begin_anew() -> None:
    """An id of another process, of an event that is gone, or of none: a reset."""
    made, _ = hub()
    async with aclosing(await begin(made)) as stays:
        for number in range(6):
            made.tell([ServiceKey("a", f"s{number}")])
            await read(stays)
        for last in ("other-6", "me-1", "me-99", "me-", "nonsense", "me-²"):
            stream = made.open(last, "me")
            assert "event: reset\nid: me-6\n" in await read(stream), last
            await stream.aclose()  # type: ignore[attr-defined]
    await made.close()


async def test_breaks_in_which_nobody_listened_are_known() -> None:
    """While there was no stream nothing was gathered: the old id is no place to go on from."""
    made, _ = hub()
    async with aclosing(await begin(made)) as stream:
        made.tell([A])
        assert "id: me-1" in await read(stream)
    back = made.open("me-1", "me")
    assert "event: reset" in await read(back)
    await made.close()


async def test_slow_readers_begin_anew() -> None:
    """A stream that is further behind than events are kept gets a reset, and then goes on."""
    made, _ = hub()
    async with aclosing(await begin(made)) as slow, aclosing(await begin(made)) as quick:
        for number in range(6):
            made.tell([ServiceKey("a", f"s{number}")])
            await read(quick)
        assert (await read(slow)).startswith("event: reset\nid: me-6\n")
        made.tell([A])
        assert "data: one" in await read(slow)
    await made.close()


async def test_too_many_changes_at_once_are_a_reset() -> None:
    """A relist of everything is read page by page, not pushed to everybody."""
    made, rendering = hub()
    async with aclosing(await begin(made)) as stream:
        made.tell([ServiceKey("a", f"s{number}") for number in range(6)])
        assert await read(stream) == "event: reset\nid: me-1\ndata: {}\n\n"
    assert rendering.asked == []
    await made.close()


async def test_status_comes_by_itself() -> None:
    """Readers hear how reading goes even when nothing changes."""
    made, _ = hub(Pace(gather=0.01, beat=0.02))
    async with aclosing(await begin(made)) as stream:
        assert await read(stream) == "event: status\nid: me-1\ndata: fine\n\n"
    await made.close()


async def test_close_ends_all_streams() -> None:
    """A stop does not wait for those who only listen."""
    made, _ = hub()
    stream = await begin(made)
    ending = asyncio.create_task(read(stream))
    await asyncio.sleep(0)
    await made.close()
    done, _ = await asyncio.wait([ending], timeout=10)
    assert isinstance(ending.exception(), StopAsyncIteration) if done else False
    assert made.is_full("c")
