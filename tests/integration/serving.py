"""A server on loopback, and clients that speak to it byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from exporter.server import Limits, Server
from exporter.web import Request, Response, say

#: Long enough for a busy machine; nothing waits that long unless it is broken.
PATIENCE = 20.0


class Answer(msgspec.Struct, frozen=True):
    """What came back. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Serving(msgspec.Struct):
    """A server that runs, and where."""

    server: Server
    host: str
    port: int
    scrapes: list[tuple[float, int]]
    requests: list[Request]

    @asynccontextmanager
    async def open(
        self, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection, cut at the end."""
        reader, writer = await asyncio.open_connection(
            self.host, self.port, ssl=tls, server_hostname="localhost" if tls else None
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    async def ask(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Answer:
        """Ask once, on a connection of its own."""
        async with self.open(tls) as (reader, writer):
            return await ask_on(reader, writer, path, method=method, headers=headers)


async def ask_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask on an open connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    return await read_answer(reader, head=method == "HEAD")


async def read_answer(reader: asyncio.StreamReader, *, head: bool = False) -> Answer:
    """Read one answer: by its length, in chunks, or to the end."""
    async with asyncio.timeout(PATIENCE):
        start = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = start.strip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in rest)
        }
        body = b""
        if head:
            pass
        elif "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        else:
            body = await reader.read()
        return Answer(int(first.split()[1]), headers, body)


def hello(request: Request) -> Response:
    """A page that is polite."""
    return say(200, f"hello {request.path}")


@asynccontextmanager
async def serving(
    respond: Callable[[Request], Response] = hello,
    *,
    limits: Limits | None = None,
    stop_after: float = 5.0,
    **options: Any,
) -> AsyncIterator[Serving]:
    """A server on a free port of 127.0.0.1, stopped at the end."""
    scrapes: list[tuple[float, int]] = []
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        requests.append(request)
        return respond(request)

    server = Server(
        answer,
        [("127.0.0.1", 0)],
        scrape_ended=lambda seconds, size: scrapes.append((seconds, size)),
        limits=limits or Limits(),
        **options,
    )
    (url,) = await server.start()
    place = urlsplit(url)
    try:
        yield Serving(server, place.hostname or "", place.port or 0, scrapes, requests)
    finally:
        await server.stop(stop_after)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what is to come true; fail when it does not."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the condition tells nobody when it changes
            await asyncio.sleep(0.005)
