"""HTTP, spoken by aiohttp: requests in, answers out. It knows no page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus

import structlog
from aiohttp import HttpVersion, HttpVersion10, HttpVersion11
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response as PlainResponse
from aiohttp.web_response import StreamResponse
from aiohttp.web_server import Server

from exporter.log import describe_exception
from exporter.server.auth import Asked, Everybody, Gate
from exporter.server.connections import Limits
from exporter.server.seats import Seat, Seats
from exporter.server.sending import Sending
from exporter.server.turns import CrowdedError, Turns
from exporter.web import Request, Response, say

_log = structlog.get_logger(__name__)

_NEGOTIATED = ("Accept", "Accept-Encoding", "If-None-Match", "Last-Event-ID")

_SPOKEN = (HttpVersion10, HttpVersion11)

#: Who gets such an answer is not worth a connection: it would be one more to hold.
_LAST = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    }
)


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
        seats: Seats,
    ) -> None:
        self._respond = respond
        self._scrape_ended = scrape_ended
        self._limits = limits
        self._seats = seats
        self._scrapes = Turns(limits.scrapes, limits.scrapes_waiting, limits.scrapes_waiting)
        self.gate: Gate = Everybody()
        self.headers: Mapping[str, str] = {}

    async def answer(self, given: BaseRequest) -> StreamResponse:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        protocol = given.protocol
        assert isinstance(protocol, Http)  # noqa: S101 - all requests come through it
        protocol.work()
        try:
            async with asyncio.timeout(self._limits.answer) as deadline:
                response = await self._choose(given, protocol.seat)
                if response.later is not None:
                    deadline.reschedule(None)  # how long it waits is for the page to say
                    response = await protocol.wait_for(response.later())
                    deadline.reschedule(loop.time() + self._limits.answer)
                if response.status < HTTPStatus.BAD_REQUEST:
                    self._seats.prove(protocol.seat)
                if response.stream is not None:
                    deadline.reschedule(None)  # it lasts as long as somebody reads it
                return await self._send(given, response, protocol.seat, begun)
        except TimeoutError:
            _log.debug("client did not take the answer in time", path=given.path)
            if given.transport is not None:
                given.transport.abort()
            raise ConnectionResetError("the client did not take the answer in time") from None
        finally:
            protocol.rest()

    async def _choose(self, given: BaseRequest, seat: Seat) -> Response:
        if isinstance(given, Plain) and given.spoken not in _SPOKEN:
            return say(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "speaks HTTP/1.1")
        authorization = given.headers.get("Authorization", "")
        asked = Asked(given.method, given.path, authorization, seat.address)
        refusal = await self.gate.refuse(asked)
        if refusal is not None:
            return refusal
        return self._ask(given, seat)

    async def _send(
        self, given: BaseRequest, response: Response, seat: Seat, begun: float
    ) -> StreamResponse:
        sending = Sending(self._seats, seat, self._limits.stall)
        if not response.scrape:
            return await self._write(given, response, sending)
        try:
            async with self._scrapes.take(seat.address) as sending.turn:
                stream = await self._write(given, response, sending)
        except CrowdedError:
            crowded = say(503, "too many scrapes wait for their turn", ("Retry-After", "1"))
            return await self._write(given, crowded, sending)
        if given.method != "HEAD":
            self._scrape_ended(asyncio.get_running_loop().time() - begun, sending.size)
        return stream

    async def _write(
        self, given: BaseRequest, response: Response, sending: Sending
    ) -> StreamResponse:
        stream = StreamResponse(status=response.status, headers=self._dress(response))
        if response.length is not None:
            stream.content_length = response.length
        if response.status in _LAST:
            stream.force_close()
        await stream.prepare(given)
        if response.stream is not None:
            await sending.pass_on(stream, response.stream)
        elif given.method != "HEAD" and response.status != HTTPStatus.NOT_MODIFIED:
            steps = iter((response.body,)) if isinstance(response.body, bytes) else response.body
            await sending.send(stream, steps)
        _log.debug("request", method=given.method, path=given.path, status=response.status)
        return stream

    def _ask(self, given: BaseRequest, seat: Seat) -> Response:
        try:
            return self._respond(
                Request(
                    given.method,
                    given.path,
                    tuple(given.rel_url.query.items()),
                    {
                        name.lower(): ", ".join(given.headers.getall(name, []))
                        for name in _NEGOTIATED
                        if name in given.headers
                    },
                    seat.address,
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


class Plain(BaseRequest):
    """A request whose answer does not say by which software it was made.

    `spoken` is the version of HTTP that the client named.
    """

    spoken: HttpVersion

    async def _prepare_hook(self, response: StreamResponse) -> None:
        response.headers.popall("Server", None)


def make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> Plain:
    """The request of a message; to a version that is not spoken the answer is HTTP/1.1."""
    spoken = message.version
    if spoken not in _SPOKEN:
        message = message._replace(version=HttpVersion11, should_close=True)
    made = Plain(message, payload, protocol, writer, task, asyncio.get_running_loop())
    made.spoken = spoken
    return made


class Http(RequestHandler):
    """A connection that speaks HTTP, until it is lost."""

    __slots__ = ("_deadline", "_left", "_limits", "_seats", "_waiting", "seat")

    def __init__(
        self,
        server: Server,
        deadline: asyncio.TimerHandle,
        seats: Seats,
        seat: Seat,
        limits: Limits,
        left: Callable[[Seat], None],
    ) -> None:
        """`deadline` runs until work(); `left` is called when the connection is lost."""
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
        self._limits = limits
        self._seats = seats
        self._left = left
        self._waiting: asyncio.Future[Response] | None = None
        self.seat = seat

    def work(self) -> None:
        """A request is there."""
        self._deadline.cancel()
        self._seats.work(self.seat)

    async def wait_for(self, later: Awaitable[Response]) -> Response:
        """What comes later; ConnectionResetError when the client does not wait for it."""
        self._waiting = waiting = asyncio.ensure_future(later)
        try:
            # Not awaited itself: whoever ends it because the client left ends nothing else.
            await asyncio.wait((waiting,))
            if waiting.cancelled():
                raise ConnectionResetError("the client did not wait for the answer")
            return waiting.result()
        finally:
            waiting.cancel()
            self._waiting = None

    def rest(self) -> None:
        """It is answered; whoever has proven nothing has to ask soon again."""
        loop = asyncio.get_running_loop()
        self._seats.rest(self.seat, loop.time())
        if not self.seat.proven:
            self._deadline.cancel()
            self._deadline = loop.call_later(self._limits.strange, self.seat.cut)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the connection out."""
        super().connection_lost(exc)
        self._deadline.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
        self._left(self.seat)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it has several lines, and repeats the request
    ) -> StreamResponse:
        """What is no HTTP gets one line of plain text, and none in the log but at debug."""
        if isinstance(exc, ConnectionError):
            raise exc  # the client went away: there is nobody to tell
        level = "error" if status >= 500 else "debug"
        with suppress(Exception):
            reason = describe_exception(exc) if exc is not None else ""
            getattr(_log, level)("bad request", status=status, reason=reason)
        if request.writer.output_size > 0:
            raise ConnectionResetError("the answer has begun already")
        response = PlainResponse(status=status, text=f"{HTTPStatus(status).phrase.lower()}\n")
        response.force_close()
        return response
