"""HTTP, spoken by aiohttp: requests in, answers out in pieces. It knows no page.

A big body is written piece by piece; between pieces others get their turn, and a client that does
not take them in time is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from exporter.log import describe_exception
from exporter.server.auth import Gate
from exporter.server.connections import Limits
from exporter.web import Request, Response, say

_log = structlog.get_logger(__name__)

#: What is gathered before it is written, and for how long the loop may be held.
_WRITE = 65536
_HOLD = 0.005

_NEGOTIATED = ("Accept", "Accept-Encoding")


class Answering:
    """Turns requests into answers. `gate` and `headers` may be replaced at any time.

    `headers` replace those of a response; a blank one takes it away. `scrape_ended` is told of
    each whole scrape: seconds, and bytes of the body as sent.
    """

    def __init__(
        self,
        respond: Callable[[Request], Response],
        scrape_ended: Callable[[float, int], None],
        limits: Limits,
    ) -> None:
        self._respond = respond
        self._scrape_ended = scrape_ended
        self._limits = limits
        self.gate = Gate({})
        self.headers: Mapping[str, str] = {}

    async def answer(self, given: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        begun = asyncio.get_running_loop().time()
        protocol = given.protocol
        if isinstance(protocol, Http):
            protocol.keep()
        try:
            async with asyncio.timeout(self._limits.answer):
                return await self._answer(given, begun)
        except TimeoutError:
            _log.debug("client did not take the answer in time", path=given.path)
            if given.transport is not None:
                given.transport.abort()
            raise ConnectionResetError("the client did not take the answer in time") from None

    async def _answer(self, given: web.BaseRequest, begun: float) -> web.StreamResponse:
        if await self.gate.admits(given.headers.get("Authorization", "")):
            response = self._ask(given)
        else:
            response = say(401, "unauthorized", ("WWW-Authenticate", 'Basic realm="exporter"'))
        stream = web.StreamResponse(status=response.status, headers=self._dress(response))
        if response.length is not None:
            stream.content_length = response.length
        await stream.prepare(given)
        if given.method != "HEAD":
            steps = iter((response.body,)) if isinstance(response.body, bytes) else response.body
            size = await self._send(stream, steps)
            await self._unless_stalled(stream.write_eof())
            if response.scrape:
                self._scrape_ended(asyncio.get_running_loop().time() - begun, size)
        _log.debug("request", method=given.method, path=given.path, status=response.status)
        return stream

    def _ask(self, given: web.BaseRequest) -> Response:
        try:
            return self._respond(
                Request(
                    given.method,
                    given.path,
                    tuple(given.rel_url.query.items()),
                    {
                        name.lower(): ", ".join(given.headers.getall(name, []))
                        for name in _NEGOTIATED
                    },
                )
            )
        except Exception as error:  # noqa: BLE001 - a page that fails must not take others along
            _log.exception("no answer", path=given.path)
            return say(500, f"internal error: {type(error).__name__}; the log says more")

    def _dress(self, response: Response) -> dict[str, str]:
        headers = dict(response.headers)
        for name, value in self.headers.items():
            headers.pop(name, None)
            if value:
                headers[name] = value
        return headers

    async def _send(self, stream: web.StreamResponse, steps: Iterator[bytes]) -> int:
        clock = asyncio.get_running_loop().time
        gathered: list[bytes] = []
        waiting = total = 0
        resumed = clock()
        for piece in steps:
            if piece:
                gathered.append(piece)
                waiting += len(piece)
            if waiting >= _WRITE:
                await self._unless_stalled(stream.write(b"".join(gathered)))
                total += waiting
                gathered.clear()
                waiting = 0
            if clock() - resumed > _HOLD:
                await asyncio.sleep(0)
                resumed = clock()
        if waiting:
            await self._unless_stalled(stream.write(b"".join(gathered)))
        return total + waiting

    async def _unless_stalled(self, writing: Any) -> None:  # noqa: ANN401 - any awaitable
        async with asyncio.timeout(self._limits.stall):
            await writing


class Http(web.RequestHandler):
    """A connection that speaks HTTP, until it is lost."""

    __slots__ = ("_deadline", "_leave")

    def __init__(
        self,
        server: web.Server,
        deadline: asyncio.TimerHandle,
        leave: Callable[[], None],
        limits: Limits,
    ) -> None:
        """`deadline` runs until keep(); `leave` is called when the connection is lost."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None is what switches it off
            keepalive_timeout=limits.idle,
            lingering_time=1.0,
            max_line_size=limits.header_line,
            max_field_size=limits.header_line,
        )
        self._deadline = deadline
        self._leave = leave

    def keep(self) -> None:
        """The first request is there: the connection is worth keeping."""
        self._deadline.cancel()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the connection out."""
        self._deadline.cancel()
        self._leave()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it has several lines, and repeats the request
    ) -> web.StreamResponse:
        """What is no HTTP gets one line of plain text, and none in the log but at debug."""
        if isinstance(exc, ConnectionError):
            raise exc  # the client went away: there is nobody to tell
        level = "error" if status >= 500 else "debug"
        with suppress(Exception):
            reason = describe_exception(exc) if exc is not None else ""
            getattr(_log, level)("bad request", status=status, reason=reason)
        if request.writer.output_size > 0:
            raise ConnectionResetError("the answer has begun already")
        response = web.Response(status=status, text=f"{HTTPStatus(status).phrase.lower()}\n")
        response.force_close()
        return response
