"""Connections: sockets that notice a dead peer, and the ways through a proxy."""

from __future__ import annotations

import socket
import sys
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from exporter.api.tls import Tls

#: Where SOCKS servers listen when their URL does not say.
_SOCKS_PORT = 1080


def is_socks(proxy: str | None) -> bool:
    """Whether a proxy's URL is one that makes connections rather than requests."""
    return proxy is not None and proxy.lower().startswith(("socks5:", "socks5h:"))


def proxy_errors() -> tuple[type[Exception], ...]:
    """What a SOCKS connector may raise besides; () while there never was one."""
    if "aiohttp_socks" not in sys.modules:
        return ()
    from aiohttp_socks import (  # noqa: PLC0415  # see make_connector
        ProxyConnectionError,
        ProxyError,
        ProxyTimeoutError,
    )

    return (ProxyError, ProxyConnectionError, ProxyTimeoutError)


def foreign_errors() -> tuple[type[Exception], ...]:
    """All that may be raised while a connection is made or used."""
    return (aiohttp.ClientError, OSError, ValueError, *proxy_errors())


def make_connector(proxy: str | None) -> aiohttp.TCPConnector:
    """A connector; through the proxy where it is SOCKS 5 (other ones are named in each request).

    There is no limit of connections: each watch holds one for minutes.
    """
    if proxy is None or not is_socks(proxy):
        # A request that is not encrypted names no context, and has to reach such a proxy by TLS.
        encrypted = proxy is not None and proxy.lower().startswith("https:")
        return aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=75,
            socket_factory=_make_watched_socket,
            ssl=Tls().context() if encrypted else True,
        )
    from aiohttp_socks import ProxyConnector, ProxyType  # noqa: PLC0415  # few have such a proxy

    parts = urlsplit(proxy)
    return ProxyConnector(
        host=parts.hostname or "",
        port=parts.port or _SOCKS_PORT,
        proxy_type=ProxyType.SOCKS5,
        username=unquote(parts.username) if parts.username is not None else None,
        password=unquote(parts.password or "") if parts.username is not None else None,
        rdns=True,  # the proxy resolves the server's name, as Go has it
        limit=0,
        keepalive_timeout=75,
    )


def _make_watched_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket that notices within a minute that nobody is at the other end.

    HTTP/1.1 has no pings: without this a watch whose server lost power looks quiet, not dead.
    """
    family, kind, protocol = address[:3]
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        option = getattr(socket, name, None)  # not every system has each of them
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
