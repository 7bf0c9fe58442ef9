"""Connections, from accept to close: TLS, limits, deadlines. It knows nothing of requests.

asyncio could do TLS before it tells us of a connection; here a connection is counted from the
moment it is accepted, so that clients which never finish a handshake use up no more than their
share, and are gone when the server stops.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import cast

import msgspec
import structlog

from exporter.server.notices import Notices
from exporter.server.seats import Seat, Seats, name_client
from exporter.server.tls import names_allowed_san

_log = structlog.get_logger(__name__)

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n"
)


class Limits(msgspec.Struct, frozen=True):
    """What a client may cost. Times are in seconds, sizes in bytes.

    `first_request`: from accept to the end of the first request's headers, the TLS handshake
    included. `idle`: between two requests, once one was answered as its sender wished; before
    that `strange`. `stall`: while nothing of an answer can be sent. `answer`: for a whole answer.
    `scrapes`: that are sent at the same time; `scrapes_waiting`: that wait for their turn.
    """

    connections: int = 512
    header_line: int = 8190
    first_request: float = 10.0
    idle: float = 120.0
    strange: float = 5.0
    stall: float = 30.0
    answer: float = 120.0
    scrapes: int = 4
    scrapes_waiting: int = 100


class Encryption(msgspec.Struct, frozen=True):
    """TLS for new connections; with `allowed_sans` a client's certificate has to name one."""

    context: ssl.SSLContext
    allowed_sans: tuple[str, ...] = ()


class Connections:
    """All open connections; it makes the protocol of each new one."""

    def __init__(
        self,
        serve: Callable[[asyncio.TimerHandle, Seat], asyncio.Protocol],
        limits: Limits,
    ) -> None:
        """`serve` makes the HTTP protocol of a connection that is through.

        It is given the deadline, to be cancelled with the first request, and the seat, to be left
        when the connection is lost.
        """
        self.serve = serve
        self.limits = limits
        self.seats = Seats(limits.connections)
        self.encryption: Encryption | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._notices = Notices()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self.seats)

    def accept(self) -> asyncio.Protocol:
        """The protocol of a connection that is just accepted."""
        return _Opening(self)

    def enter(self, transport: asyncio.Transport) -> Seat | None:
        """Count a connection in; None when there is no place, and it was turned away."""
        now = asyncio.get_running_loop().time()
        seat = Seat(name_client(transport.get_extra_info("peername")), transport.abort)
        if not self.seats.enter(seat, now):
            if self._notices.allows(seat.address, now):
                _log.warning(
                    "too many connections", limit=self.limits.connections, address=seat.address
                )
            if self.encryption is None:
                transport.write(_FULL)
            transport.close()
            return None
        self._empty.clear()
        return seat

    def leave(self, seat: Seat) -> None:
        """Count a connection out; once is enough, twice does no harm."""
        self.seats.leave(seat)
        if not self.seats:
            self._empty.set()

    def begin(self, handshake: Coroutine[None, None, None]) -> None:
        """Do a handshake in a task of its own."""
        task = asyncio.get_running_loop().create_task(handshake)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def end(self, grace: float) -> None:
        """Wait until all are closed, for so many seconds; then cut what is left."""
        handshakes = tuple(self._opening)
        for task in handshakes:
            task.cancel()
        await asyncio.gather(*handshakes, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._empty.wait()
        for seat in tuple(self.seats):
            # close() would wait until a client that does not read has taken everything.
            seat.cut()


class _Opening(asyncio.Protocol):
    """A connection until HTTP begins. What comes early (with the handshake's end) is kept."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._early = bytearray()
        self._lost = False
        self._seat: Seat | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection is accepted."""
        connections, raw = self._connections, cast("asyncio.Transport", transport)
        seat = connections.enter(raw)
        if seat is None:
            return
        self._seat = seat
        deadline = asyncio.get_running_loop().call_later(
            connections.limits.first_request, raw.abort
        )
        self._deadline = deadline
        if connections.encryption is None:
            self._serve(raw, deadline, seat)
        else:
            raw.pause_reading()
            connections.begin(self._encrypt(raw, connections.encryption, deadline, seat))

    def data_received(self, data: bytes) -> None:
        """Something came before HTTP took over."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """The connection is gone before HTTP took over."""
        self._lost = True
        self._end()

    async def _encrypt(
        self, raw: asyncio.Transport, tls: Encryption, deadline: asyncio.TimerHandle, seat: Seat
    ) -> None:
        try:
            secure = await asyncio.get_running_loop().start_tls(
                raw,
                self,
                tls.context,
                server_side=True,
                ssl_handshake_timeout=self._connections.limits.first_request,
                ssl_shutdown_timeout=1.0,
            )
        except (OSError, TimeoutError) as error:
            # The client's affair: a port scan must not fill the log.
            _log.debug("TLS handshake failed", reason=str(error))
            self._cut(raw)
            return
        except asyncio.CancelledError:
            self._cut(raw)
            raise
        if secure is None or self._lost:
            self._end()
            return
        if tls.allowed_sans and not names_allowed_san(
            secure.get_extra_info("peercert"), tls.allowed_sans
        ):
            _log.debug("client certificate has no allowed name")
            self._cut(raw)
            return
        self._serve(secure, deadline, seat)

    def _serve(
        self, transport: asyncio.Transport, deadline: asyncio.TimerHandle, seat: Seat
    ) -> None:
        protocol = self._connections.serve(deadline, seat)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(bytes(self._early))

    def _cut(self, raw: asyncio.Transport) -> None:
        raw.abort()
        self._end()

    def _end(self) -> None:
        if self._seat is not None:
            self._connections.leave(self._seat)
        if self._deadline is not None:
            self._deadline.cancel()
