"""The server: sockets, connections and HTTP put together; start, reload, stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

import msgspec
import structlog
from aiohttp.web_server import Server as HttpServer

from exporter.server.addresses import BACKLOG, open_sockets
from exporter.server.auth import Everybody, Gate, Passwords
from exporter.server.connections import Connections, Limits
from exporter.server.descriptors import fit_connections
from exporter.server.errors import ServerError
from exporter.server.http import Answering, Http, make_request
from exporter.server.seats import Seat
from exporter.server.web_config import WebConfig
from exporter.server.web_files import Loaded, WebFiles
from exporter.urls import join_port
from exporter.web import Request, Response

_log = structlog.get_logger(__name__)

#: Connections that are accepted before others get their turn.
_ACCEPTED = 64


class Server:
    """Serves what `respond` answers, on all addresses and sockets, until stopped.

    `respond` must be quick and never wait. `sockets` listen already; the server closes them.
    `scrape_ended` is told of each whole scrape: seconds, and bytes as sent. `gate` says who may
    ask, in place of the file's users. `web_config_file` is read again when it, or a certificate,
    changes; what is wrong with it then is logged and tried again, and what held before holds on.
    """

    def __init__(
        self,
        respond: Callable[[Request], Response],
        addresses: Sequence[tuple[str, int]] = (),
        *,
        sockets: Sequence[socket.socket] = (),
        web_config_file: str | None = None,
        scrape_ended: Callable[[float, int], None] = lambda _seconds, _size: None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        gate: Gate | None = None,
        reload_every: float = 5.0,
    ) -> None:
        self._addresses = tuple(addresses)
        self._sockets = tuple(sockets)
        self._file = web_config_file
        self._files = WebFiles(web_config_file, users_elsewhere=gate is not None)
        self._config: WebConfig | None = None
        self._gate = gate
        self._reload_every = reload_every
        fitting = fit_connections(limits.connections)
        if fitting < limits.connections:
            _log.warning(
                "fewer connections than set: the limit of open files is too low",
                connections=fitting,
                set=limits.connections,
            )
            limits = msgspec.structs.replace(limits, connections=fitting)
        self._limits = limits
        self._connections = Connections(self._serve, limits)
        self._answering = Answering(respond, scrape_ended, limits, self._connections.seats)
        self._http: HttpServer | None = None
        self._listeners: list[asyncio.Server] = []
        self._reloading: asyncio.Task[None] | None = None
        self._told: tuple[str, ...] = ()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def start(self) -> tuple[str, ...]:
        """Listen; gives the URLs. ServerError tells all that is wrong, and nothing is left open."""
        lines: list[str] = []
        try:
            self._take_over(await asyncio.to_thread(self._files.load))
        except ServerError as error:
            lines += error.lines
        sockets = list(self._sockets)
        try:
            sockets += await open_sockets(self._addresses)
        except ServerError as error:
            lines += error.lines
        if lines:
            for each in sockets:
                each.close()
            raise ServerError(lines)
        self._http = HttpServer(self._answering.answer, request_factory=make_request)
        loop = asyncio.get_running_loop()
        for each in sockets:
            self._listeners.append(
                await loop.create_server(self._connections.accept, sock=each, backlog=_ACCEPTED)
            )
            # asyncio means one number for both, and has just set the smaller one.
            each.listen(BACKLOG)
        if self._file is not None:
            self._reloading = loop.create_task(self._reload_for_ever())
        return tuple(self._url(each) for each in sockets)

    async def stop(self, grace: float = 5.0) -> None:
        """Stop listening, let answers under way end (so many seconds), cut what is left.

        Idle connections are closed at once. To stop what never started is no error.
        """
        if self._reloading is not None:
            self._reloading.cancel()
            await asyncio.gather(self._reloading, return_exceptions=True)
            self._reloading = None
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self._http is not None:
            # The first ends the tasks of idle connections, the second closes them.
            self._http.pre_shutdown()
            closing = asyncio.get_running_loop().create_task(self._http.shutdown(grace))
            await self._connections.end(grace)
            await closing
            self._http = None

    def _serve(self, deadline: asyncio.TimerHandle, seat: Seat) -> Http:
        assert self._http is not None  # noqa: S101 - listening begins after it is made
        connections = self._connections
        return Http(self._http, deadline, connections.seats, seat, self._limits, connections.leave)

    def _url(self, listening: socket.socket) -> str:
        if listening.family not in (socket.AF_INET, socket.AF_INET6):
            return f"unix:{listening.getsockname()}"
        host, port = listening.getsockname()[:2]
        scheme = "http" if self._connections.encryption is None else "https"
        return f"{scheme}://{join_port(host, port)}"

    # ── the web configuration file ───────────────────────────────────────────────────────────

    def _take_over(self, loaded: Loaded) -> None:
        answering, config = self._answering, loaded.config
        if self._gate is not None:
            answering.gate = self._gate
        elif loaded.check is None:
            answering.gate = Everybody()
        elif isinstance(answering.gate, Passwords):
            answering.gate.change(config.users)
        else:
            answering.gate = Passwords(config.users, loaded.check)
        answering.headers = config.headers
        self._connections.encryption = loaded.encryption
        self._config = config

    async def _reload_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._reload_every)
            await self.reload()

    async def reload(self) -> bool:
        """Read the web configuration again if it, or a file that it names, has changed.

        Gives whether it was taken over. A fault is logged once, what held before holds on, and
        the next call tries again.
        """
        try:
            if not await asyncio.to_thread(lambda: self._files.changed):
                return False
            self._take_over(await asyncio.to_thread(self._files.load, self._config))
        except ServerError as error:
            self._tell(error.lines)
            return False
        except Exception as error:  # noqa: BLE001 - nothing may end reloading for ever
            # Not its text: it may repeat what stands in the file.
            self._tell((f"{self._file}: {type(error).__name__}",))
            return False
        self._told = ()
        _log.info("web configuration taken over", file=self._file)
        return True

    def _tell(self, lines: tuple[str, ...]) -> None:
        if lines != self._told:
            for line in lines:
                _log.error("web configuration not taken over", problem=line)
        self._told = lines
