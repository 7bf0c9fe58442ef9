"""Answers on the wire: lists, objects and errors, whole or broken on purpose.

The protocol is decided elsewhere; here bytes meet sockets, and faults are carried out. It never
decides who may see what.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
from typing import NoReturn

import msgspec
from aiohttp import web

from exporter.sim.faults import Fault, FaultKind
from exporter.sim.resources import Resource
from exporter.sim.status import (
    EXPIRED_LIST,
    Status,
    expired,
    forbidden,
    internal_error,
    too_large,
    unauthorized,
)

#: Lists and objects longer than this are compressed when the client asks (writers.go:155).
GZIP_FROM = 128 * 1024
#: What a fault sends in place of JSON.
NOT_JSON = b"\x1f\x00not json at all}{\n"
#: An object that is valid JSON and no Kubernetes object.
BROKEN_OBJECT = b'{"metadata":["this","is","no","object"],"spec":0}'
_HTML = b"<html><head><title>%d</title></head><body><h1>upstream error</h1></body></html>\n"
_TOO_MANY = b"Too many requests, please try again later.\n"


class Wire(msgspec.Struct, frozen=True):
    """What an answer needs to know of its request besides the request itself."""

    request: web.Request
    stopping: asyncio.Event
    headers: dict[str, str]
    namespace: str = ""

    @property
    def takes_gzip(self) -> bool:
        """True when Accept-Encoding names gzip."""
        return "gzip" in self.request.headers.get("Accept-Encoding", "")

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()


def status_answer(status: Status, headers: dict[str, str]) -> web.Response:
    """Return a Status as an HTTP answer."""
    out = dict(headers)
    if status.retry_after:
        out["Retry-After"] = str(status.retry_after)
    return web.Response(
        status=status.code,
        body=status.body() + b"\n",
        content_type="application/json",
        headers=out,
    )


async def json_answer(wire: Wire, body: bytes) -> web.Response:
    """Return JSON, compressed when it is long and the client takes it."""
    headers = dict(wire.headers)
    if wire.takes_gzip and len(body) > GZIP_FROM:
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        # level 1 as in a real server, in a thread: a large body would hold the loop
        body = await asyncio.to_thread(gzip.compress, body, 1)
    return web.Response(body=body, content_type="application/json", headers=headers)


def reset(request: web.Request) -> NoReturn:
    """Cut the connection with a TCP reset."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            # without lingering the kernel sends RST instead of FIN
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    raise ConnectionResetError


async def hold(wire: Wire) -> NoReturn:
    """Say nothing until the client goes away or the server stops."""
    await wire.stopping.wait()
    reset(wire.request)


def _failure(fault: Fault, resource: Resource, namespace: str) -> Status | None:
    """The Status that a fault answers with before anything else, if it is one of those."""
    match fault.kind:
        case FaultKind.ERROR_500:
            status = internal_error(fault.message or "simulated failure", fault.status or 500)
            return msgspec.structs.replace(status, retry_after=fault.retry_after)
        case FaultKind.TOO_LARGE_RV:
            return too_large(2**62, 1)
        case FaultKind.UNAUTHORIZED:
            return unauthorized()
        case FaultKind.FORBIDDEN:
            return forbidden(resource, "list", namespace, "", "simulated")
        case FaultKind.GONE:
            return expired(fault.message or EXPIRED_LIST)
        case _:
            return None


async def broken_answer(
    wire: Wire, fault: Fault, resource: Resource, body: bytes
) -> web.StreamResponse | None:
    """Answer a LIST or GET as the fault wants; None when the fault lets it pass (after a delay).

    `body` is the right answer, of which some faults send a part.
    """
    if (status := _failure(fault, resource, wire.namespace)) is not None:
        return status_answer(status, wire.headers)
    match fault.kind:
        case FaultKind.TOO_MANY_REQUESTS:
            headers = wire.headers | {"Retry-After": str(fault.retry_after)}
            return web.Response(
                status=429, body=_TOO_MANY, content_type="text/plain", headers=headers
            )
        case FaultKind.PROXY_ERROR:
            code = fault.status or 502
            return web.Response(status=code, body=_HTML % code, content_type="text/html")
        case FaultKind.HALF_OPEN:
            await hold(wire)
        case FaultKind.RESET:
            reset(wire.request)
        case FaultKind.GARBAGE:
            return web.Response(
                body=NOT_JSON, content_type="application/json", headers=wire.headers
            )
        case FaultKind.PARTIAL_FRAME:
            return await _half(wire, body)
        case FaultKind.SLOW:
            await wire.pause(fault.delay)
    return None


async def _half(wire: Wire, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers=wire.headers)
    response.content_type = "application/json"
    response.content_length = len(body)
    await response.prepare(wire.request)
    await response.write(body[: len(body) // 2])
    if wire.request.transport is not None:
        wire.request.transport.close()
    return response
