"""Requests that wait: how many may, what wakes them, what ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import msgspec

from exporter.model import ServiceKey
from exporter.server import WaitingRoom
from exporter.web import Response, Site, say
from tests.integration.serving import serving, wait_until
from tests.unit.web.sites import site

WEB = ServiceKey("shop", "web")


class Ask(msgspec.Struct):
    """Is answered when `so`, or with why it ends; counts the looks."""

    keys: frozenset[ServiceKey] = frozenset({WEB})
    seconds: float = 60.0
    so: bool = False
    looks: int = 0

    def look(self, _site: Site, ending: str | None) -> Generator[None, None, Response | None]:
        """One look."""
        self.looks += 1
        yield
        if self.so:
            return say(200, "so")
        return None if ending is None else say(503, ending)


def room(places: int = 4, mark: list[int] | None = None) -> WaitingRoom:
    """A waiting room; `mark` says how reading goes."""
    shown = site()
    return WaitingRoom(lambda: shown, lambda: tuple(mark or ()), places, beat=0.001)


async def test_a_commit_wakes_those_whom_it_is_about() -> None:
    """Another Service's commit does not; whoever may mean any Service is woken by all."""
    waits, one, wide = room(), Ask(), Ask(keys=frozenset())
    tasks = [asyncio.create_task(waits.wait(each, "a")) for each in (one, wide)]
    await wait_until(lambda: one.looks == wide.looks == 1)
    waits.tell({ServiceKey("shop", "other"): None}.keys())
    await wait_until(lambda: wide.looks == 2)
    assert one.looks == 1
    one.so = wide.so = True
    waits.tell({WEB})
    assert [(await task).status for task in tasks] == [200, 200]
    assert len(waits) == 0


async def test_reading_that_goes_otherwise_wakes_all() -> None:
    """No commit tells that data is not stale any more."""
    mark = [1]
    waits, one = room(mark=mark), Ask()
    task = asyncio.create_task(waits.wait(one, "a"))
    await wait_until(lambda: one.looks == 1)
    one.so = True
    mark[0] = 2
    assert (await task).status == 200


async def test_so_many_wait_and_half_of_them_of_one_client() -> None:
    """A place is free again when whoever had it has its answer."""
    waits = room(places=4)
    tasks = [asyncio.create_task(waits.wait(Ask(), client)) for client in ("a", "a", "b")]
    await wait_until(lambda: len(waits) == 3)
    assert (waits.is_full("a"), waits.is_full("b")) == (True, False)
    tasks.append(asyncio.create_task(waits.wait(Ask(), "b")))
    await wait_until(lambda: len(waits) == 4)
    assert waits.is_full("c")
    await waits.close()
    bodies = [(await task).body for task in tasks]
    assert bodies == [b"the exporter is stopping\n"] * 4
    assert not waits.is_full("a")
    late = await waits.wait(Ask(), "a")
    assert late.body == b"the exporter is stopping\n"


async def test_the_end_of_the_time_is_an_answer() -> None:
    """With what the last look saw."""
    response = await room().wait(Ask(seconds=0.01), "a")
    assert response.status == 503


async def test_a_client_that_leaves_waits_no_longer() -> None:
    """Its place is free at once, not when the time is up."""
    waits = room()

    def respond(_request: object) -> Response:
        return Response(503, (), later=lambda: waits.wait(Ask(), "a"))

    async with serving(respond) as served, served.open() as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await wait_until(lambda: len(waits) == 1)
        writer.transport.abort()
        await wait_until(lambda: len(waits) == 0)
