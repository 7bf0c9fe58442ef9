"""A busy watch is read less often, an idle one at once; the kernel gathers."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from exporter.api.pacing import ENOUGH, Pace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is the kernel that gathers")


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Pace, asyncio.StreamReader, socket.socket]]:
    """A Pace on a connection, its reader, and the other end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    reader, writer = await asyncio.open_connection(sock=ours)
    answer: Any = SimpleNamespace(connection=SimpleNamespace(transport=writer.transport))
    with theirs:
        yield Pace(answer), reader, theirs
        writer.close()


def wanted(reader: asyncio.StreamReader) -> int:
    """How many bytes the kernel waits for before it wakes the reader."""
    held = reader._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # it has no other
    size: int = held.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)
    return size


async def test_first_read_is_followed_by_another_at_once() -> None:
    """What comes once in a while waits for nothing."""
    async with connected() as (pace, reader, _):
        pace.slow_down()
        assert wanted(reader) == 1


async def test_reads_that_follow_each_other_are_slowed_down() -> None:
    """From the second read on more has to come, until it is let go."""
    async with connected() as (pace, reader, _):
        pace.slow_down()
        pace.slow_down()
        assert wanted(reader) == ENOUGH
        pace.release()
        assert wanted(reader) == 1


async def test_few_bytes_come_in_the_end() -> None:
    """Bytes that nothing follows are read when their time is up, all in one read."""
    async with connected() as (pace, reader, theirs):
        pace.slow_down()
        pace.slow_down()
        theirs.sendall(b"one")
        theirs.sendall(b"two")
        assert await reader.read(100) == b"onetwo"
        assert wanted(reader) == 1


async def test_the_end_of_a_connection_waits_for_nothing() -> None:
    """A server that goes is noticed while reads are slowed down; what is closed is left alone."""
    async with connected() as (pace, reader, theirs):
        pace.slow_down()
        pace.slow_down()
        theirs.close()
        assert await reader.read(100) == b""
        reader._transport.abort()  # type: ignore[attr-defined]  # as above
        await asyncio.sleep(0)
        pace.release()
        pace.slow_down()


async def test_answer_that_is_over_has_nothing_to_slow_down() -> None:
    """An answer that has given its connection back is left alone."""
    answer: Any = SimpleNamespace(connection=None)
    pace = Pace(answer)
    pace.slow_down()
    pace.slow_down()
    pace.release()
