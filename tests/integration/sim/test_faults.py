from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from exporter.sim.access import Deny
from exporter.sim.faults import Fault, FaultKind
from exporter.sim.server import SimServer
from exporter.sim.store import Store
from tests.integration.sim.conftest import Start, make_service

_LIST = "/api/v1/services"
_WATCH = "/api/v1/services?watch=1&resourceVersion=103&timeoutSeconds=1"


class _Raw:
    """One HTTP/1.1 exchange over a bare socket, so that a broken answer can be looked at."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers (lower case) of the answer."""
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = text.strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        return int(first.split()[1]), {key.lower(): value for key, value in pairs}

    async def rest(self) -> bytes:
        """Everything until the connection closes."""
        async with asyncio.timeout(10):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()


async def _ask(server: SimServer, path: str, **headers: str) -> _Raw:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    lines = [f"GET {path} HTTP/1.1", "Host: sim", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    return _Raw(reader, writer)


async def _json(server: SimServer, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    raw = await _ask(server, path, Connection="close", **headers)
    status, got = await raw.head()
    body = await raw.rest()
    await raw.close()
    return status, got, json.loads(body)


def _chunks(raw: bytes) -> tuple[bytes, bool]:
    """The data of a chunked body, and whether it was ended as HTTP wants it."""
    out = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        if int(size, 16) == 0:
            return out, True
        out, raw = out + raw[: int(size, 16)], raw[int(size, 16) + 2 :]
    return out, False


async def test_too_many_requests_is_plain_text(server: SimServer) -> None:
    """429 comes as text with Retry-After, and the next request passes."""
    server.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=3))
    raw = await _ask(server, _LIST, Connection="close")
    status, headers = await raw.head()
    assert (status, headers["retry-after"]) == (429, "3")
    assert headers["content-type"].startswith("text/plain")
    assert await raw.rest() == b"Too many requests, please try again later.\n"
    await raw.close()
    assert (await _json(server, _LIST))[0] == 200


@pytest.mark.parametrize(
    "fault, status, reason",
    [
        (Fault(FaultKind.GONE), 410, "Expired"),
        (Fault(FaultKind.ERROR_500), 500, "InternalError"),
        (Fault(FaultKind.ERROR_500, status=503), 503, "ServiceUnavailable"),
        (Fault(FaultKind.TOO_LARGE_RV), 504, "Timeout"),
        (Fault(FaultKind.UNAUTHORIZED), 401, "Unauthorized"),
        (Fault(FaultKind.FORBIDDEN), 403, "Forbidden"),
    ],
)
async def test_failures_are_status_objects(
    server: SimServer, fault: Fault, status: int, reason: str
) -> None:
    """A fault that is an answer is a Status with its code and reason."""
    server.faults.add(fault)
    got, _, body = await _json(server, _LIST)
    assert (got, body["kind"], body["reason"], body["code"]) == (status, "Status", reason, status)


async def test_a_continue_token_can_expire_by_fault(server: SimServer) -> None:
    """Only a page after the first is hit, and a token to go on is offered."""
    server.faults.add(Fault(FaultKind.EXPIRED_CONTINUE))
    status, _, first = await _json(server, _LIST + "?limit=2")
    assert status == 200
    token = first["metadata"]["continue"]
    status, _, body = await _json(server, f"{_LIST}?limit=2&continue={token}")
    assert (status, body["reason"]) == (410, "Expired")
    assert body["metadata"]["continue"]
    assert (await _json(server, f"{_LIST}?limit=2&continue={token}"))[0] == 200


async def test_a_broken_list_is_cut_in_the_middle(server: SimServer) -> None:
    """Half of the promised bytes come, then the connection closes."""
    server.faults.add(Fault(FaultKind.PARTIAL_FRAME))
    raw = await _ask(server, _LIST)
    _, headers = await raw.head()
    body = await raw.rest()
    await raw.close()
    assert 0 < len(body) < int(headers["content-length"])


async def test_a_list_can_be_no_json(server: SimServer) -> None:
    """Garbage comes as 200 and can't be read; a proxy's page is HTML."""
    server.faults.add(Fault(FaultKind.GARBAGE), Fault(FaultKind.PROXY_ERROR))
    raw = await _ask(server, _LIST, Connection="close")
    assert (await raw.head())[0] == 200
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads((await raw.rest()).decode("latin-1"))
    await raw.close()
    raw = await _ask(server, _LIST, Connection="close")
    status, headers = await raw.head()
    assert (status, headers["content-type"]) == (502, "text/html")
    await raw.close()


async def test_a_list_can_hold_a_broken_object(server: SimServer) -> None:
    """One item that is no object stands among the good ones."""
    server.faults.add(Fault(FaultKind.BAD_OBJECT))
    _, _, body = await _json(server, _LIST)
    assert body["items"][0]["metadata"] == ["this", "is", "no", "object"]
    assert len(body["items"]) == 6


async def test_a_reset_is_a_reset(server: SimServer) -> None:
    """The connection ends with RST, not with an orderly close."""
    server.faults.add(Fault(FaultKind.RESET))
    raw = await _ask(server, _LIST)
    with pytest.raises(ConnectionResetError):
        await raw.rest()
    await raw.close()


@pytest.mark.parametrize("path", [_LIST, _WATCH])
async def test_a_half_open_connection_says_nothing_more(
    server: SimServer, store: Store, path: str
) -> None:
    """Neither an answer nor an end comes, whatever happens, until the client gives up."""
    server.faults.add(Fault(FaultKind.HALF_OPEN))
    raw = await _ask(server, path)
    if path is _WATCH:
        assert (await raw.head())[0] == 200
    store.apply(make_service("f"))
    # longer than timeoutSeconds: a healthy stream would have ended
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await raw.reader.read(1)
    assert store.watchers("services") == 0
    await raw.close()


async def test_a_stream_can_go_silent_after_events(server: SimServer) -> None:
    """`after` events come first, then nothing."""
    server.faults.add(Fault(FaultKind.HALF_OPEN, after=1))
    raw = await _ask(server, _WATCH)
    await raw.head()
    await raw.reader.readuntil(b"}\n\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await raw.reader.read(1)
    await raw.close()


@pytest.mark.parametrize("clean", [True, False])
async def test_half_an_event(server: SimServer, clean: bool) -> None:
    """An event is cut off in the middle, with or without a proper end of the body."""
    server.faults.add(Fault(FaultKind.PARTIAL_FRAME, after=1, clean=clean))
    raw = await _ask(server, _WATCH, Connection="close")
    await raw.head()
    data, ended = _chunks(await raw.rest())
    await raw.close()
    whole, half = data.split(b"\n")
    assert json.loads(whole)["type"] == "ADDED"
    assert half
    assert whole.startswith(half)
    assert ended is clean


@pytest.mark.parametrize(
    "fault, kinds",
    [
        (Fault(FaultKind.GONE), ["ERROR 410 Expired"]),
        (Fault(FaultKind.GONE, after=1), ["ADDED", "ERROR 410 Expired"]),
        (Fault(FaultKind.ERROR_EVENT), ["ERROR 500 InternalError"]),
        (Fault(FaultKind.ERROR_EVENT, status=410), ["ERROR 410 Gone"]),
        (Fault(FaultKind.ERROR_EVENT, status=429), ["ERROR 429 TooManyRequests"]),
        (Fault(FaultKind.SHORT_WATCH), []),
        (Fault(FaultKind.UNKNOWN_EVENT, after=1), ["ADDED", "SIMULATED", "ADDED"]),
        (Fault(FaultKind.BAD_OBJECT), ["MODIFIED", "ADDED", "ADDED"]),
        (Fault(FaultKind.DUPLICATE), ["ADDED", "ADDED", "ADDED", "ADDED"]),
        (Fault(FaultKind.SLOW, delay=0.01), ["ADDED", "ADDED"]),
        (Fault(FaultKind.NO_BOOKMARKS), ["ADDED", "ADDED"]),
    ],
)
async def test_faults_within_a_stream(server: SimServer, fault: Fault, kinds: list[str]) -> None:
    """What the stream carries when each fault strikes; all end as HTTP wants it."""
    server.faults.add(fault)
    raw = await _ask(server, _WATCH, Connection="close")
    assert (await raw.head())[0] == 200
    data, ended = _chunks(await raw.rest())
    await raw.close()
    seen = []
    for line in data.splitlines():
        event = json.loads(line)
        more = event["object"]
        text = f" {more['code']} {more['reason']}" if event["type"] == "ERROR" else ""
        seen.append(event["type"] + text)
    assert seen == kinds
    assert ended


async def test_garbage_within_a_stream(server: SimServer) -> None:
    """A line that is no JSON stands between two events."""
    server.faults.add(Fault(FaultKind.GARBAGE, after=1))
    raw = await _ask(server, _WATCH, Connection="close")
    await raw.head()
    data, _ = _chunks(await raw.rest())
    await raw.close()
    lines = data.split(b"\n")
    assert lines[1] == b"\x1f\x00not json at all}{"
    assert [json.loads(lines[at])["type"] for at in (0, 2)] == ["ADDED", "ADDED"]


async def test_old_servers_ignore_initial_events(server: SimServer) -> None:
    """The objects come, and the bookmark that ends them never does."""
    server.faults.add(Fault(FaultKind.IGNORE_INITIAL_EVENTS))
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    path = f"{_LIST}?{query}&allowWatchBookmarks=true&timeoutSeconds=1"
    raw = await _ask(server, path, Connection="close")
    await raw.head()
    data, _ = _chunks(await raw.rest())
    await raw.close()
    assert b"initial-events-end" not in data
    assert data.count(b'"type":"ADDED"') == 5


async def test_a_killed_server_refuses_and_comes_back(server: SimServer, store: Store) -> None:
    """Paused, it cuts its connections and refuses new ones; resumed, it has the same address."""
    raw = await _ask(server, "/api/v1/services?watch=1&resourceVersion=105")
    await raw.head()
    await server.pause()
    assert await raw.rest() == b""
    await raw.close()
    with pytest.raises(ConnectionRefusedError):
        await _ask(server, _LIST)
    await server.resume()
    assert (await _json(server, _LIST))[0] == 200


async def test_tokens(start: Start) -> None:
    """Without a valid token it is 401, but for the public paths; tokens can be exchanged."""
    server = await start(tokens=["old"])
    status, _, body = await _json(server, _LIST)
    assert (status, body["reason"], body["message"]) == (401, "Unauthorized", "Unauthorized")
    assert (await _json(server, _LIST, Authorization="Bearer old"))[0] == 200
    assert (await _json(server, "/version"))[0] == 200
    assert (await _json(server, "/version", Authorization="Bearer wrong"))[0] == 401
    server.access.tokens = {"new"}
    assert (await _json(server, _LIST, Authorization="Bearer old"))[0] == 401
    assert (await _json(server, _LIST, Authorization="Bearer new"))[0] == 200


async def test_denials(server: SimServer) -> None:
    """403 names user, verb, resource and scope, and can be switched while the server runs."""
    server.access.deny(Deny("endpointslices", verb="list", scope="cluster"))
    path = "/apis/discovery.k8s.io/v1/endpointslices"
    status, _, body = await _json(server, path)
    assert (status, body["reason"]) == (403, "Forbidden")
    assert body["message"] == (
        "endpointslices.discovery.k8s.io is forbidden: User "
        '"system:serviceaccount:monitoring:kube-endpoints-exporter" cannot list resource '
        '"endpointslices" in API group "discovery.k8s.io" at the cluster scope'
    )
    inside = "/apis/discovery.k8s.io/v1/namespaces/d/endpointslices"
    assert (await _json(server, inside))[0] == 200
    server.access.allow(Deny("endpointslices", verb="list", scope="cluster"))
    assert (await _json(server, path))[0] == 200


async def test_requests_are_logged(server: SimServer) -> None:
    """Each request is kept with its verb, query and status, for tests to look at."""
    await _json(server, _LIST + "?limit=2&resourceVersion=0")
    (request,) = server.seen("services", "list")
    assert (request.path, request.status) == ("/api/v1/services", 200)
    assert request.query == {"limit": "2", "resourceVersion": "0"}
    assert server.seen("services", "watch") == []
