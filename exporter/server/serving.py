"""The server: sockets, connections and HTTP put together; start, reload, stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from aiohttp import web

from exporter.server.addresses import open_sockets, show_address
from exporter.server.auth import Gate
from exporter.server.connections import Connections, Encryption, Limits
from exporter.server.errors import ServerError
from exporter.server.http import Answering, Http
from exporter.server.tls import make_context
from exporter.server.web_config import parse_web_config
from exporter.web import Request, Response

_log = structlog.get_logger(__name__)

_Fingerprint = tuple[tuple[str, int, int, int], ...]


class Server:
    """Serves what `respond` answers, on all addresses, until stopped.

    `respond` must be quick and never wait. `scrape_ended` is told of each whole scrape: seconds,
    and bytes as sent. `web_config_file` is read again when it, or a certificate, changes; what is
    wrong with it then is logged, and what held before goes on to hold.
    """

    def __init__(
        self,
        respond: Callable[[Request], Response],
        addresses: Sequence[tuple[str, int]],
        *,
        web_config_file: str | None = None,
        scrape_ended: Callable[[float, int], None] = lambda _seconds, _size: None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        reload_every: float = 5.0,
    ) -> None:
        self._addresses = tuple(addresses)
        self._file = web_config_file
        self._reload_every = reload_every
        self._limits = limits
        self._answering = Answering(respond, scrape_ended, limits)
        self._connections = Connections(self._serve, limits)
        self._http: web.Server | None = None
        self._listeners: list[asyncio.Server] = []
        self._reloading: asyncio.Task[None] | None = None
        self._watched: tuple[str, ...] = ()
        self._fingerprint: _Fingerprint = ()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def start(self) -> tuple[str, ...]:
        """Listen; gives the URLs. ServerError tells all that is wrong, and nothing is left open."""
        lines: list[str] = []
        try:
            self._load()
        except ServerError as error:
            lines += error.lines
        try:
            sockets = await open_sockets(self._addresses)
        except ServerError as error:
            raise ServerError([*lines, *error.lines]) from None
        if lines:
            for each in sockets:
                each.close()
            raise ServerError(lines)
        self._http = web.Server(self._answering.answer)
        loop = asyncio.get_running_loop()
        for each in sockets:
            self._listeners.append(await loop.create_server(self._connections.accept, sock=each))
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

    def _serve(self, deadline: asyncio.TimerHandle, leave: Callable[[], None]) -> Http:
        assert self._http is not None  # noqa: S101 - listening begins after it is made
        return Http(self._http, deadline, leave, self._limits)

    def _url(self, listening: socket.socket) -> str:
        host, port = listening.getsockname()[:2]
        scheme = "http" if self._connections.encryption is None else "https"
        return f"{scheme}://{show_address(host, port)}"

    # ── the web configuration file ───────────────────────────────────────────────────────────

    def _load(self) -> None:
        if self._file is None:
            return
        # Taken before anything is read: what changes meanwhile is then seen as a change.
        self._fingerprint = self._take_fingerprint()
        try:
            config = parse_web_config(Path(self._file).read_bytes(), self._file)
        except OSError as error:
            raise ServerError([f"{self._file}: can't be read: {error.strerror}"]) from error
        # Watched even if they can't be used: one of them may be mended.
        self._watched = config.tls.files if config.tls is not None else ()
        self._fingerprint = (self._fingerprint[0], *self._take_fingerprint()[1:])
        encryption = None
        if config.tls is not None:
            context = make_context(config.tls, self._file)
            encryption = Encryption(context, config.tls.allowed_sans)
        gate = Gate(config.users)
        self._answering.gate, self._answering.headers = gate, config.headers
        self._connections.encryption = encryption

    def _take_fingerprint(self) -> _Fingerprint:
        return tuple(_fingerprint(name) for name in (self._file or "", *self._watched))

    async def _reload_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._reload_every)
            self.reload()

    def reload(self) -> bool:
        """Read the web configuration again if it, or a file that it names, has changed.

        Gives whether it was taken over; a fault is logged once, and what held before holds on.
        """
        if self._file is None or self._take_fingerprint() == self._fingerprint:
            return False
        try:
            self._load()
        except ServerError as error:
            for line in error.lines:
                _log.error("web configuration not taken over", problem=line)
            return False
        _log.info("web configuration taken over", file=self._file)
        return True


def _fingerprint(name: str) -> tuple[str, int, int, int]:
    try:
        found = Path(name).stat()
    except OSError:
        return name, 0, 0, 0
    return name, found.st_mtime_ns, found.st_size, found.st_ino
