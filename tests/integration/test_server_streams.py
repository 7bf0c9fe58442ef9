"""Streams over real sockets: they last, and a reader that stalls or is gone is found out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from exporter.server import Limits, Server
from exporter.web import Request, Response

DEADLINE = 20.0


class Stream:
    """A stream that a test feeds; it knows whether it was closed."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    async def run(self) -> AsyncIterator[bytes]:
        """What is put in, until None."""
        try:
            while (piece := await self.pieces.get()) is not None:
                yield piece
        finally:
            self.closed.set()


async def serve(stream: Stream, limits: Limits) -> tuple[Server, str, int]:
    """A server whose only page is the stream."""

    def answer(_request: Request) -> Response:
        headers = (("Content-Type", "text/event-stream"),)
        return Response(200, headers, stream=stream.run())

    server = Server(answer, [("127.0.0.1", 0)], limits=limits)
    (url,) = await server.start()
    host, _, port = url.removeprefix("http://").rpartition(":")
    return server, host, int(port)


async def ask(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has asked for the stream and read the headers."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    async with asyncio.timeout(DEADLINE):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    return reader, writer


async def test_pieces_arrive_at_once_and_no_deadline_ends_them() -> None:
    """The time for a whole answer does not hold for a stream; each piece is sent when it comes."""
    stream = Stream()
    server, host, port = await serve(stream, Limits(answer=0.05))
    try:
        reader, writer = await ask(host, port)
        for number in range(3):
            await asyncio.sleep(0.05)  # longer than an answer may take
            stream.pieces.put_nowait(b"event %d" % number)
            async with asyncio.timeout(DEADLINE):
                assert b"event %d" % number in await reader.readuntil(b"%d\r\n" % number)
        stream.pieces.put_nowait(None)
        async with asyncio.timeout(DEADLINE):
            assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.close()
    finally:
        stream.pieces.put_nowait(None)
        await server.stop()


async def test_a_reader_that_takes_nothing_is_cut() -> None:
    """What is written stalls: the connection goes, and the stream is closed."""
    stream = Stream()
    server, host, port = await serve(stream, Limits(stall=0.2))
    try:
        _, writer = await ask(host, port)
        for _ in range(64):
            stream.pieces.put_nowait(b"x" * 1_000_000)
        async with asyncio.timeout(DEADLINE):
            await stream.closed.wait()
        writer.close()
    finally:
        await server.stop()


async def test_whoever_went_away_is_found_out() -> None:
    """The next piece shows that nobody is there; the stream is closed."""
    stream = Stream()
    server, host, port = await serve(stream, Limits())
    try:
        _, writer = await ask(host, port)
        writer.transport.abort()
        async with asyncio.timeout(DEADLINE):
            while not stream.closed.is_set():
                stream.pieces.put_nowait(b"x")
                await asyncio.sleep(0.02)
    finally:
        await server.stop()
