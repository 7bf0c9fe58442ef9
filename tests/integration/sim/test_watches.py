from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from exporter.sim.server import Settings, SimServer
from exporter.sim.store import Store
from exporter.sim.watching import Pace
from tests.integration.sim.conftest import Start, make_service

_SERVICES = "/api/v1/services"


class _Frames:
    """The events of one watch, one at a time."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> tuple[str, str, str]:
        """(type, name, version) of the next event; ("END", "", "") after the last."""
        line = await self.response.content.readline()
        if not line:
            return ("END", "", "")
        assert line.endswith(b"\n")
        event = json.loads(line)
        metadata = event["object"]["metadata"]
        version = metadata.get("resourceVersion") or str(event["object"].get("code", ""))
        return (event["type"], metadata.get("name", ""), version)


@contextlib.asynccontextmanager
async def _watch(
    client: aiohttp.ClientSession, server: SimServer, path: str = _SERVICES, **query: str
) -> AsyncIterator[_Frames]:
    params = {"watch": "1", **query}
    plain = {"Accept-Encoding": "identity"}
    async with client.get(server.url + path, params=params, headers=plain) as response:
        assert response.status == 200
        yield _Frames(response)


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing announces it; the deadline is above
            await asyncio.sleep(0.005)


async def test_a_watch_goes_on_from_a_version(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """What has happened since comes first, then what happens; a deletion has its own version."""
    async with _watch(client, server, resourceVersion="103") as frames:
        assert await frames.next() == ("ADDED", "d", "104")
        assert await frames.next() == ("ADDED", "e", "105")
        store.apply(make_service("a", team="x"))
        assert await frames.next() == ("MODIFIED", "a", "106")
        store.delete("Service", "d", "b")
        assert await frames.next() == ("DELETED", "b", "107")


async def test_a_watch_of_one_namespace(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """Events of other namespaces don't come."""
    path = "/api/v1/namespaces/other/services"
    async with _watch(client, server, path, resourceVersion="105") as frames:
        store.apply(make_service("x", "d"))
        store.apply(make_service("y", "other"))
        assert await frames.next() == ("ADDED", "y", "107")


async def test_a_watch_with_a_selector(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """An object that leaves the selection is DELETED at the version of the change."""
    query = {"labelSelector": "team=x", "resourceVersion": "105"}
    async with _watch(client, server, **query) as frames:
        store.apply(make_service("a", team="x"))
        store.apply(make_service("a", team="y"))
        assert await frames.next() == ("ADDED", "a", "106")
        assert await frames.next() == ("DELETED", "a", "107")


@pytest.mark.parametrize("version", ["", "0"])
async def test_a_watch_from_nowhere_begins_with_everything(
    client: aiohttp.ClientSession, server: SimServer, store: Store, version: str
) -> None:
    """From "" and "0" the present state comes as ADDED, in key order, then the changes."""
    async with _watch(client, server, resourceVersion=version) as frames:
        assert [(await frames.next())[:2] for _ in range(5)] == [
            ("ADDED", name) for name in ("a", "b", "c", "d", "e")
        ]
        store.apply(make_service("f"))
        assert await frames.next() == ("ADDED", "f", "106")


async def test_a_compacted_version_is_an_error_in_the_stream(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """A version from before the compaction gives HTTP 200, an ERROR event 410, and the end."""
    store.compact()
    async with _watch(client, server, resourceVersion="103") as frames:
        assert await frames.next() == ("ERROR", "", "410")
        assert await frames.next() == ("END", "", "")


async def test_a_running_watch_outlives_a_compaction(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """Compaction only concerns who asks for the past."""
    async with _watch(client, server, resourceVersion="105") as frames:
        store.apply(make_service("f"))
        store.compact()
        store.apply(make_service("g"))
        assert await frames.next() == ("ADDED", "f", "106")
        assert await frames.next() == ("ADDED", "g", "107")


async def test_bookmarks_come_again_and_again(
    client: aiohttp.ClientSession, start: Start, store: Store
) -> None:
    """A quiet watch gets the present version of the whole store, every now and then."""
    server = await start(settings=Settings(pace=Pace(bookmarks=0.02)))
    store.apply({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "n"}})
    query = {"resourceVersion": "105", "allowWatchBookmarks": "true"}
    async with _watch(client, server, **query) as frames:
        assert await frames.next() == ("BOOKMARK", "", "106")
        assert await frames.next() == ("BOOKMARK", "", "106")
        store.apply(make_service("f"))
        while (event := await frames.next())[0] == "BOOKMARK":
            assert event[2] == "106"
        assert event == ("ADDED", "f", "107")
        assert await frames.next() == ("BOOKMARK", "", "107")


async def test_a_bookmark_comes_before_the_end(client: aiohttp.ClientSession, start: Start) -> None:
    """Shortly before the timeout one bookmark says how far the watch has come."""
    pace = Pace(bookmarks=60, farewell=0.1, second=0.2)
    server = await start(settings=Settings(pace=pace))
    query = {"resourceVersion": "105", "allowWatchBookmarks": "true", "timeoutSeconds": "1"}
    async with _watch(client, server, **query) as frames:
        assert await frames.next() == ("BOOKMARK", "", "105")
        assert await frames.next() == ("END", "", "")


async def test_no_bookmarks_without_asking(
    client: aiohttp.ClientSession, start: Start, store: Store
) -> None:
    """Without allowWatchBookmarks a quiet stream is empty and ends after timeoutSeconds."""
    server = await start(settings=Settings(pace=Pace(bookmarks=0.05, second=0.2)))
    async with _watch(client, server, resourceVersion="105", timeoutSeconds="1") as frames:
        assert await frames.next() == ("END", "", "")


_WATCH_LIST = {
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}


async def test_a_watch_list_ends_its_first_part_with_a_bookmark(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """All objects, then the annotated bookmark, then changes on the same stream."""
    async with _watch(client, server, **_WATCH_LIST) as frames:
        for name in ("a", "b", "c", "d", "e"):
            assert (await frames.next())[:2] == ("ADDED", name)
        line = json.loads(await frames.response.content.readline())
        assert line["type"] == "BOOKMARK"
        assert line["object"]["kind"] == "Service"
        assert line["object"]["metadata"] == {
            "resourceVersion": "105",
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
        store.apply(make_service("f"))
        assert await frames.next() == ("ADDED", "f", "106")


async def test_a_watch_list_is_compressed_member_by_member(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """With gzip accepted each flush of a WatchList stream is a complete gzip member."""
    params = {"watch": "1", **_WATCH_LIST}
    takes = {"Accept-Encoding": "gzip"}
    lines: list[bytes] = []
    members = 0
    async with client.get(server.url + _SERVICES, params=params, headers=takes) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        raw = b""
        while len(lines) < 7:
            raw += await response.content.readany()
            member = zlib.decompressobj(31)
            text = member.decompress(raw)
            if not member.eof:
                continue
            members, raw = members + 1, member.unused_data
            lines += text.splitlines()
            if members == 1:
                store.apply(make_service("f"))
    assert [json.loads(line)["type"] for line in lines] == ["ADDED"] * 5 + ["BOOKMARK", "ADDED"]
    assert (members, raw) == (2, b"")


async def test_a_plain_watch_is_never_compressed(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """A watch from a version stays plain, whatever is accepted."""
    params = {"watch": "1", "resourceVersion": "104", "timeoutSeconds": "1"}
    takes = {"Accept-Encoding": "gzip"}
    async with client.get(server.url + _SERVICES, params=params, headers=takes) as response:
        assert "Content-Encoding" not in response.headers
        assert json.loads(await response.content.readline())["type"] == "ADDED"


async def test_a_watch_list_needs_its_match(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """Without resourceVersionMatch it is 422, as an HTTP answer."""
    params = {"watch": "1", "sendInitialEvents": "true"}
    async with client.get(server.url + _SERVICES, params=params) as response:
        body = await response.json()
    assert (response.status, body["reason"]) == (422, "Invalid")
    assert body["details"]["causes"][0]["field"] == "resourceVersionMatch"


async def test_a_watch_list_from_the_future_fails_in_the_stream(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """A version that doesn't come is an ERROR event 504 inside HTTP 200."""
    async with _watch(client, server, resourceVersion="999", **_WATCH_LIST) as frames:
        assert await frames.next() == ("ERROR", "", "504")
        assert await frames.next() == ("END", "", "")


async def test_a_watch_from_the_future_waits(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """A plain watch from a version ahead begins after that version."""
    async with _watch(client, server, resourceVersion="106") as frames:
        store.apply(make_service("f"))
        store.apply(make_service("g"))
        assert await frames.next() == ("ADDED", "g", "107")


async def test_a_client_that_leaves_is_forgotten(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """When the connection closes the watch ends, so nothing piles up."""
    async with _watch(client, server, resourceVersion="105") as frames:
        await _until(lambda: store.watchers("services") == 1)
        frames.response.close()
    await _until(lambda: store.watchers("services") == 0)


async def test_stopping_ends_streams(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """A server that stops ends its watches cleanly."""
    async with _watch(client, server, resourceVersion="105") as frames:
        await _until(lambda: store.watchers("services") == 1)
        stopping = asyncio.ensure_future(server.stop())
        assert await frames.next() == ("END", "", "")
        await stopping


async def test_many_initial_events_lose_nothing(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """Changes made while a long first part is sent come after it, once each."""
    store.load(make_service(f"s{n:04}") for n in range(3000))
    async with _watch(client, server, **_WATCH_LIST) as frames:
        assert (await frames.next())[0] == "ADDED"
        store.load(make_service(f"s{n:04}", team="x") for n in range(100))
        kinds = [(await frames.next())[0] for _ in range(3004 + 1 + 100)]
    assert kinds == ["ADDED"] * 3004 + ["BOOKMARK"] + ["MODIFIED"] * 100
