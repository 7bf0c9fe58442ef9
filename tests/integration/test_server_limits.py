from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from exporter.server import Limits
from exporter.web import Request, Response, say
from tests.integration.serving import (
    PATIENCE,
    Serving,
    ask_on,
    hello,
    read_answer,
    serving,
    wait_until,
)

BIG = 32 * 1024 * 1024


def big(request: Request) -> Response:
    """A body that no socket's buffers hold, in pieces; other pages are short."""

    def steps() -> Iterator[bytes]:
        for _ in range(BIG // 65536):
            yield b"x" * 65536

    return (
        Response(200, (), steps(), BIG, scrape=True) if request.path == "/big" else hello(request)
    )


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", b"\r\n"])
async def test_client_that_never_asks_is_cut(sent: bytes) -> None:
    """A connection without a whole request is closed after a while, whatever it has sent."""
    async with (
        serving(limits=Limits(first_request=0.05)) as run,
        run.open() as (reader, writer),
    ):
        writer.write(sent)
        async with asyncio.timeout(PATIENCE):
            try:
                rest = await reader.read()
            except ConnectionError:
                rest = b""
        assert rest == b""
        assert run.requests == []
        await wait_until(lambda: run.server.connections == 0)


async def test_deadline_is_for_the_first_request_only() -> None:
    """A connection that has asked once may be idle longer than it may take to ask."""
    async with (
        serving(limits=Limits(first_request=1.0)) as run,
        run.open() as (reader, writer),
    ):
        assert (await ask_on(reader, writer)).status == 200
        await asyncio.sleep(1.2)
        assert (await ask_on(reader, writer)).status == 200


async def test_idle_connection_is_closed() -> None:
    """A connection that asks no more is closed in the end."""
    async with serving(limits=Limits(idle=0.5)) as run, run.open() as (reader, writer):
        assert (await ask_on(reader, writer)).status == 200
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        await wait_until(lambda: run.server.connections == 0)


async def test_slow_reader_holds_nobody_up() -> None:
    """While a client does not take a big answer, others are answered."""
    async with serving(big) as run, run.open() as (_, writer):
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        await wait_until(lambda: bool(run.requests))
        for _ in range(3):
            assert (await run.ask("/other")).body == b"hello /other\n"
        assert run.server.connections >= 1


async def test_slow_reader_is_cut_when_it_stalls() -> None:
    """A client that takes nothing for too long loses its connection."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        async with serving(big, limits=Limits(stall=0.1)) as run:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, (run.host, run.port))
            await loop.sock_sendall(client, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
            await wait_until(lambda: bool(run.requests))
            await wait_until(lambda: run.server.connections == 0)
            assert run.scrapes == []


async def test_answer_as_a_whole_has_a_deadline() -> None:
    """A client that takes a little now and then is cut as well."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        async with serving(big, limits=Limits(answer=0.1)) as run:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, (run.host, run.port))
            await loop.sock_sendall(client, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
            await wait_until(lambda: bool(run.requests))
            await wait_until(lambda: run.server.connections == 0)


async def test_client_that_goes_away_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A client that hangs up in the middle of an answer leaves no error in the log."""
    async with serving(big) as run:
        async with run.open() as (reader, writer):
            writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
            await reader.readexactly(1000)
        await wait_until(lambda: run.server.connections == 0)
        assert (await run.ask()).status == 200
    assert "error" not in capsys.readouterr().out


async def test_too_many_connections_are_turned_away(capsys: pytest.CaptureFixture[str]) -> None:
    """While all are at work one more gets a 503; that is told of once; leaving makes room."""
    with socket.socket() as one, socket.socket() as other:
        async with serving(big, limits=Limits(connections=2)) as run:
            for client in (one, other):
                await ask_and_take_nothing(client, run)
            for _ in range(3):
                async with run.open() as (reader, _writer):
                    answer = await read_answer(reader)
                assert (answer.status, answer.body) == (503, b"too many connections\n")
            one.close()
            await wait_until(lambda: run.server.connections == 1)
            assert (await run.ask()).status == 200
    assert capsys.readouterr().out.count("too many connections") == 1


async def ask_and_take_nothing(client: socket.socket, run: Serving) -> None:
    """A client that asks for much and reads none of it."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop, before = asyncio.get_running_loop(), len(run.requests)
    await loop.sock_connect(client, (run.host, run.port))
    await loop.sock_sendall(client, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
    await wait_until(lambda: len(run.requests) > before)


async def test_who_has_waited_longest_makes_room() -> None:
    """When all places are taken the connection that was idle for longest goes, and no other."""
    async with serving(limits=Limits(connections=3)) as run, run.open() as first:
        await ask_on(*first)
        async with run.open() as second, run.open() as third:
            await ask_on(*second)
            await ask_on(*third)
            await ask_on(*first)
            async with run.open() as fourth:
                assert (await ask_on(*fourth)).status == 200
                assert await second[0].read() == b""
                assert (await ask_on(*first)).status == 200
                assert (await ask_on(*third)).status == 200


async def test_who_takes_nothing_of_its_answer_makes_room() -> None:
    """A client that has stalled for a second has to leave for one that asks."""
    with socket.socket() as client:
        async with serving(big, limits=Limits(connections=1)) as run:
            await ask_and_take_nothing(client, run)
            async with asyncio.timeout(PATIENCE):
                while True:
                    async with run.open() as (reader, writer):
                        with contextlib.suppress(ConnectionError):
                            if (await ask_on(reader, writer)).status == 200:
                                break
                    await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["/nothing", "/forbidden"])
async def test_refused_requests_end_their_connection(path: str) -> None:
    """Whoever is answered 404 or 401 keeps no connection."""

    def refuse(request: Request) -> Response:
        return say(404 if request.path == "/nothing" else 401, "no")

    async with serving(refuse) as run, run.open() as (reader, writer):
        answer = await ask_on(reader, writer, path)
        assert answer.headers["connection"] == "close"
        assert await reader.read() == b""


async def test_who_has_proven_nothing_is_idle_for_a_short_time_only() -> None:
    """After an answer that is an error the connection lasts for seconds, after a page longer."""

    def answer(request: Request) -> Response:
        return say(200 if request.path == "/" else 400, "so")

    async with (
        serving(answer, limits=Limits(strange=0.3)) as run,
        run.open() as (reader, writer),
        run.open() as known,
    ):
        assert (await ask_on(*known)).status == 200
        assert (await ask_on(reader, writer, "/bad")).status == 400
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert (await ask_on(*known)).status == 200


async def test_a_share_is_kept_for_those_who_have_asked() -> None:
    """A crowd that says nothing takes three places of four, and none of those who are known."""
    async with serving(limits=Limits(connections=40)) as run, contextlib.AsyncExitStack() as stack:
        known = [await stack.enter_async_context(run.open()) for _ in range(10)]
        for each in known:
            await ask_on(*each)
        silent = [await stack.enter_async_context(run.open()) for _ in range(200)]
        await wait_until(lambda: run.server.connections == 40)
        assert (await run.ask()).status == 200
        for each in known:
            assert (await ask_on(*each)).status == 200
        assert len(silent) == 200


async def test_all_scrapes_get_their_turn_and_beyond_a_depth_a_503() -> None:
    """Some are sent at once, others wait; whoever is one too many is told to come again."""
    limits = Limits(scrapes=1, scrapes_waiting=2)
    async with serving(scrapes, limits=limits) as run:
        HELD.clear()
        first = asyncio.create_task(run.ask("/scrape"))
        await wait_until(lambda: len(run.requests) == 1)
        waiting = [asyncio.create_task(run.ask("/scrape")) for _ in range(2)]
        await wait_until(lambda: len(run.requests) == 3)
        crowded = await run.ask("/scrape")
        page = await run.ask("/page")
        assert (crowded.status, crowded.headers["retry-after"]) == (503, "1")
        assert crowded.body == b"too many scrapes wait for their turn\n"
        assert page.status == 200
        HELD.set()
        assert [(await each).body for each in (first, *waiting)] == [b"scraped\n"] * 3
        assert len(run.scrapes) == 3


HELD = asyncio.Event()


def scrapes(request: Request) -> Response:
    """A scrape that goes on until HELD is set; other pages are quick."""

    def steps() -> Iterator[bytes]:
        while not HELD.is_set():
            time.sleep(0.006)
            yield b""
        yield b"scraped\n"

    if request.path == "/scrape":
        return Response(200, (), steps(), scrape=True)
    return hello(request)


async def test_a_slow_scrape_lets_the_next_begin() -> None:
    """A client that takes nothing of its scrape holds up no other one."""
    with socket.socket() as client:
        async with serving(big, limits=Limits(scrapes=1)) as run:
            await ask_and_take_nothing(client, run)
            other = await run.ask("/big")
    assert len(other.body) == BIG


async def test_idle_connections_up_to_the_limit_disturb_nobody() -> None:
    """A crowd of clients that say nothing leaves those who ask as they were."""
    async with serving(limits=Limits(connections=200)) as run:
        idle = [await asyncio.open_connection(run.host, run.port) for _ in range(150)]
        await wait_until(lambda: run.server.connections == 150)
        assert (await run.ask()).status == 200
        for _, writer in idle:
            writer.transport.abort()
        await wait_until(lambda: run.server.connections == 0)
