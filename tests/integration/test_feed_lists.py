"""Answers that are no list: what was known stays, and the resource says what it got."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator
from typing import cast

import pytest

from exporter.api import AnswerError, UnreadableError
from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.engine.feed import list_once
from exporter.model import SyncMode
from exporter.reflector import Plan, backoff
from exporter.sim.server import SimServer
from tests.integration.commandline import run
from tests.integration.feeding import client_of, following, until

SERVICES = (
    b'{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":'
    b'[{"metadata":{"name":"a","namespace":"d","resourceVersion":"5"}}]}'
)
GONE = b'{"type":"ERROR","object":{"kind":"Status","code":410,"message":"gone"}}\n'
NO_LISTS = {
    "json": (b'{"error":"maintenance"}', "got an object without a kind"),
    "nothing in it": (b"{}", "got an object without a kind"),
    "nothing": (b"", "got nothing"),
    "a page": (b"<!doctype html><title>Sign in</title>", "got HTML"),
    "another API's": (
        b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]}',
        "got a PodList of v1",
    ),
    "a status": (
        b'{"kind":"Status","apiVersion":"v1","code":200,"message":"later"}',
        "got a Status: later",
    ),
    "no version": (
        b'{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}',
        "got one without a resourceVersion",
    ),
}


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in test_feed.py."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)


class Answering:
    """A server that answers each list with `body`, and each watch with an end."""

    def __init__(self, body: bytes, status: str = "200 OK", head: str = "") -> None:
        self.body = body
        self.status = status
        self.head = head
        self.url = ""
        self.lists = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            watch = b"watch=true" in head
            self.lists += not watch
            body, status = (GONE, "200 OK") if watch else (self.body, self.status)
            line = f"HTTP/1.1 {status}\r\n{'' if watch else self.head}Connection: close\r\n\r\n"
            writer.write(line.encode() + body)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def answering(body: bytes, **more: str) -> AsyncIterator[Answering]:
    """The server, running."""
    made = Answering(body, **more)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()


@pytest.mark.parametrize("mode", [SyncMode.WATCH, SyncMode.POLL, SyncMode.AUTO])
@pytest.mark.parametrize("body,told", NO_LISTS.values(), ids=NO_LISTS)
async def test_what_was_known_stays(mode: SyncMode, body: bytes, told: str) -> None:
    """Watching or polling: no Service vanishes for an interval because a gateway said something."""
    async with (
        answering(SERVICES) as server,
        following(cast("SimServer", server), mode=mode) as seen,
    ):
        await until(lambda: seen.names == {"a"})
        server.body = body
        await until(lambda: seen.counts.lists["error"] >= 2)
        await until(lambda: seen.status.error.endswith(told))
        read = seen.counts.lists["success"]
        server.body = SERVICES
        await until(lambda: seen.counts.lists["success"] > read)
        assert set(seen.views) == {frozenset({"a"})}


@pytest.mark.parametrize("body,told", NO_LISTS.values(), ids=NO_LISTS)
async def test_one_reading_fails(body: bytes, told: str) -> None:
    """As a clear error, with what came instead."""
    async with answering(body) as server, client_of(server.url) as client:
        with pytest.raises(UnreadableError) as caught:
            await list_once(client, Plan("services"))
    assert str(caught.value) == f"expected a ServiceList of v1, {told}"


@pytest.mark.parametrize(
    "body,more,told",
    [
        (b'{"error":"maintenance"}', {}, "expected a ServiceList of v1, got an object without"),
        (
            b"we are moving house\n",
            {"status": "503 Service Unavailable"},
            "the API server answers 503 Service Unavailable: we are moving house\n",
        ),
        (
            b'{"kind":"Status","message":"etcd has no leader","code":503}',
            {"status": "503 Service Unavailable"},
            "the API server answers 503 Service Unavailable: etcd has no leader\n",
        ),
    ],
)
async def test_check_is_not_green_then(body: bytes, more: dict[str, str], told: str) -> None:
    """It exits 2, with one line that says what came instead."""
    async with answering(body, **more) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            status, out, err = await run("check", "-A", "--kubeconfig", kubeconfig)
    assert (status, out) == (2, "")
    assert err.startswith(f"kube-endpoints-exporter: services: {told}")
    assert err.count("\n") == 1


def bomb(before: bytes, after: bytes) -> bytes:
    """A gigabyte of one letter between two texts, packed into a megabyte."""
    packer = zlib.compressobj(9, wbits=31)
    piece = (
        packer.compress(before) + packer.compress(b"a" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    )
    million = packer.compress(b"a" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece + million * 1000 + packer.compress(after) + packer.flush()


async def test_a_body_that_expands_beyond_all_bounds_ends_the_page() -> None:
    """With a clear error, not with all memory."""
    begin = SERVICES.partition(b'"a"')[0] + b'"'
    head = "Content-Encoding: gzip\r\n"
    async with (
        answering(bomb(begin, b'"}}]}'), head=head) as server,
        client_of(server.url) as client,
    ):
        with pytest.raises(UnreadableError) as caught:
            await list_once(client, Plan("services"))
    assert str(caught.value) == "the list of services is broken: an item is larger than 16 MiB"


async def test_a_packed_list_and_a_packed_error_are_read() -> None:
    """Whoever packs without having been asked to is understood."""
    head = "Content-Encoding: gzip\r\n"
    async with (
        answering(gzip.compress(SERVICES), head=head) as server,
        client_of(server.url) as client,
    ):
        assert [one.name for one in await list_once(client, Plan("services"))] == ["a"]
        server.body, server.status = gzip.compress(b"not now"), "500 Internal Server Error"
        with pytest.raises(AnswerError, match="500 Internal Server Error: not now"):
            await list_once(client, Plan("services"))
