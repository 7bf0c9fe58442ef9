"""Watch streams on the wire, whole or broken on purpose.

Which frames there are is decided elsewhere; here they are written, and faults strike between them.
It never reads the store.
"""

from __future__ import annotations

import contextlib
import zlib

from aiohttp import web

from exporter.sim.answers import BROKEN_OBJECT, NOT_JSON, Wire, broken_answer, hold, reset
from exporter.sim.encoding import encode_event
from exporter.sim.faults import Fault, FaultKind
from exporter.sim.resources import Resource
from exporter.sim.status import Status, expired, internal_error
from exporter.sim.watching import Stream

#: Faults that strike a watch before its first byte, like any other request.
_BEFORE = frozenset(
    {
        FaultKind.TOO_MANY_REQUESTS,
        FaultKind.ERROR_500,
        FaultKind.TOO_LARGE_RV,
        FaultKind.UNAUTHORIZED,
        FaultKind.FORBIDDEN,
        FaultKind.PROXY_ERROR,
    }
)
#: Faults that end the stream they strike.
_FINAL = frozenset(
    {
        FaultKind.GONE,
        FaultKind.ERROR_EVENT,
        FaultKind.PARTIAL_FRAME,
        FaultKind.HALF_OPEN,
        FaultKind.RESET,
        FaultKind.SHORT_WATCH,
    }
)


class _Writer:
    """Writes to one stream, one gzip member per write where that was agreed."""

    def __init__(self, response: web.StreamResponse, *, compressed: bool) -> None:
        self._response = response
        self._compressed = compressed

    async def write(self, data: bytes) -> None:
        if data and self._compressed:
            member = zlib.compressobj(1, zlib.DEFLATED, 31)
            data = member.compress(data) + member.flush()
        if data:  # an empty chunk would end the body
            await self._response.write(data)


async def watch_answer(
    wire: Wire, stream: Stream, fault: Fault | None, resource: Resource, *, compressed: bool
) -> web.StreamResponse:
    """Send a watch stream, with its fault if it has one.

    `compressed` sends it as a server with WatchListCompression does: one gzip member per flush.
    """
    if fault is not None and fault.kind in _BEFORE:
        answer = await broken_answer(wire, fault, resource, b"")
        if answer is not None:
            return answer
    headers = wire.headers | {"Content-Encoding": "gzip"} if compressed else wire.headers
    response = web.StreamResponse(headers=headers)
    response.content_type = "application/json"
    response.enable_chunked_encoding()
    await response.prepare(wire.request)
    writer = _Writer(response, compressed=compressed)
    if fault is None:
        await _copy(wire, stream, writer)
    elif await _copy_until(wire, stream, writer, fault):
        return await _end(wire, response, fault)
    await response.write_eof()
    return response


async def _copy(wire: Wire, stream: Stream, writer: _Writer) -> None:
    # a generator that is left early has to be closed by hand, or its listener stays behind
    async with contextlib.aclosing(stream.frames(wire.stopping)) as batches:
        async for frames in batches:
            await writer.write(b"".join(frames))


async def _copy_until(wire: Wire, stream: Stream, writer: _Writer, fault: Fault) -> bool:
    """Copy frame by frame until the fault strikes; True when the stream ends by it."""
    sent = 0
    if fault.after == 0:
        await writer.write(_strike(fault, b""))
        if fault.kind in _FINAL:
            return True
    async with contextlib.aclosing(stream.frames(wire.stopping)) as batches:
        async for frames in batches:
            for frame in frames:
                if fault.kind is FaultKind.SLOW:
                    await wire.pause(fault.delay)
                await writer.write(frame * 2 if fault.kind is FaultKind.DUPLICATE else frame)
                sent += 1
                if sent == fault.after:
                    await writer.write(_strike(fault, frame))
                    if fault.kind in _FINAL:
                        return True
    return False


async def _end(wire: Wire, response: web.StreamResponse, fault: Fault) -> web.StreamResponse:
    """End a stream after its fault: as HTTP wants it, or by closing the connection."""
    if fault.kind is FaultKind.HALF_OPEN:
        await hold(wire)
    if fault.kind is FaultKind.RESET:
        reset(wire.request)
    if fault.kind is FaultKind.PARTIAL_FRAME and not fault.clean:
        if wire.request.transport is not None:
            wire.request.transport.close()
        return response
    await response.write_eof()
    return response


def _strike(fault: Fault, frame: bytes) -> bytes:
    """Return what the fault writes into the stream.

    `frame` is the event before it, of which a partial frame repeats a part.
    """
    match fault.kind:
        case FaultKind.GONE:
            return expired(fault.message or "too old resource version: 1 (2)").event()
        case FaultKind.ERROR_EVENT:
            code = fault.status or 500
            message = fault.message or "simulated failure"
            reason = {410: "Gone", 429: "TooManyRequests"}.get(code)
            status = Status(code, reason, message) if reason else internal_error(message, code)
            return status.event()
        case FaultKind.GARBAGE:
            return NOT_JSON
        case FaultKind.UNKNOWN_EVENT:
            return encode_event("SIMULATED", b"{}")
        case FaultKind.BAD_OBJECT:
            return encode_event("MODIFIED", BROKEN_OBJECT)
        case FaultKind.PARTIAL_FRAME:
            whole = frame or encode_event("ADDED", b'{"kind":"Simulated","metadata":{}}')
            return whole[: len(whole) // 2]
        case _:
            return b""
