from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from exporter.server import Limits
from exporter.web import Request, Response
from tests.integration.serving import PATIENCE, ask_on, hello, read_answer, serving, wait_until

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
    """One more than may be open gets a 503, is told of once, and room is made by leaving."""
    async with serving(limits=Limits(connections=2)) as run:
        async with run.open() as first, run.open():
            await ask_on(*first)
            for _ in range(3):
                async with run.open() as (reader, _writer):
                    answer = await read_answer(reader)
                assert (answer.status, answer.body) == (503, b"too many connections\n")
            assert (await ask_on(*first)).status == 200
            assert run.server.connections == 2
        await wait_until(lambda: run.server.connections == 0)
        assert (await run.ask()).status == 200
    assert capsys.readouterr().out.count("too many connections") == 1


async def test_idle_connections_up_to_the_limit_disturb_nobody() -> None:
    """A crowd of clients that say nothing leaves those who ask as they were."""
    async with serving(limits=Limits(connections=200)) as run:
        idle = [await asyncio.open_connection(run.host, run.port) for _ in range(150)]
        await wait_until(lambda: run.server.connections == 150)
        assert (await run.ask()).status == 200
        for _, writer in idle:
            writer.transport.abort()
        await wait_until(lambda: run.server.connections == 0)
