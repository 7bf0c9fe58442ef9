"""The servers that the settings ask for: where they listen, who may ask, what it may cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import structlog

from exporter.api import AccessReviews, ApiError, Client
from exporter.cli.errors import CommandError
from exporter.config import Settings
from exporter.explaining.wording import escape_text
from exporter.server import Limits, Server, ServerError, Tokens, take_sockets
from exporter.web import Request, Response

_log = structlog.get_logger(__name__)

Addresses = Sequence[tuple[str, int]]
Respond = Callable[[Request], Response]

#: Connections for health checks and own metrics.
_FEW = 64


class Servers:
    """The one for everybody, and the one for probes where there is one."""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        addresses: Addresses,
        respond: tuple[Respond, Respond],
        scrape_ended: Callable[[float, int], None],
    ) -> None:
        """`respond`: what all ask for, and what is served apart."""
        limits = make_limits(settings)
        try:
            sockets = take_sockets(os.environ) if settings.web_systemd_socket else ()
        except ServerError as error:
            raise CommandError(*error.lines) from None
        by_token = settings.web_auth == "kubernetes"
        self._servers = [
            Server(
                respond[0],
                () if sockets else addresses,
                sockets=sockets,
                web_config_file=settings.web_config_file,
                scrape_ended=scrape_ended,
                limits=limits,
                gate=Tokens(AccessReviews(client), (ApiError,)) if by_token else None,
            )
        ]
        self._by_token = by_token
        if settings.web_telemetry_address:
            few = min(_FEW, settings.web_max_connections)
            self._servers.append(
                Server(
                    respond[1],
                    settings.web_telemetry_address,
                    limits=make_limits(settings, connections=few),
                )
            )

    async def start(self) -> tuple[str, ...]:
        """Listen everywhere; gives the URLs. CommandError has a line for all that is wrong."""
        urls: list[str] = []
        lines: list[str] = []
        for server in self._servers:
            try:
                urls += await server.start()
            except ServerError as error:
                lines += map(escape_text, error.lines)
        if lines:
            await self.stop()
            raise CommandError(*lines)
        if self._by_token and urls[0].startswith("http:"):
            _log.warning("tokens come unencrypted: set TLS in --web.config.file", url=urls[0])
        return tuple(urls)

    async def stop(self) -> None:
        """Stop all of them, the one for probes last."""
        for server in self._servers:
            await server.stop()


def make_limits(settings: Settings, connections: int | None = None) -> Limits:
    """What clients may cost."""
    return Limits(
        connections=connections or settings.web_max_connections,
        first_request=settings.web_first_request_timeout,
        idle=settings.web_idle_timeout,
        stall=settings.web_stall_timeout,
        answer=settings.web_answer_timeout,
    )


def count_streams(settings: Settings) -> int:
    """How many streams, and requests that wait: each a quarter of all connections, 64 at most."""
    return max(2, min(64, settings.web_max_connections // 4))
