"""Sockets to listen on: from (host, port) to what the system gives, or a line for each fault."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence

from exporter.server.errors import ServerError
from exporter.urls import join_port

#: Connections that the system keeps until they are accepted; Linux lowers it to its own limit.
BACKLOG = 1024

# A machine without IPv6 still resolves names to IPv6 addresses: those are passed over.
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


async def open_sockets(addresses: Sequence[tuple[str, int]]) -> list[socket.socket]:
    """Listening sockets for all addresses, or ServerError with a line for each that can't be had.

    The host "" stands for all addresses of the machine, IPv4 and IPv6. A name stands for all that
    it resolves to. Port 0 lets the system choose, the same for all addresses of a host.
    """
    opened: list[socket.socket] = []
    lines: list[str] = []
    for host, port in addresses:
        try:
            opened += await _open(host, port)
        except OSError as error:
            reason = error.strerror or str(error)
            lines.append(f"can't listen on {join_port(host, port)}: {reason}")
    if lines:
        for each in opened:
            each.close()
        raise ServerError(lines)
    return opened


async def _open(host: str, port: int) -> list[socket.socket]:
    if not host:
        return [_open_everywhere(port)]
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for family, _, _, _, place in dict.fromkeys(found):
            chosen = (place[0], opened[0].getsockname()[1] if opened else port, *place[2:])
            try:
                opened.append(_listen(family, chosen))
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                absent = error
    except OSError:
        for each in opened:
            each.close()
        raise
    if not opened and absent is not None:
        raise absent
    return opened


def _open_everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return _listen(socket.AF_INET6, ("::", port), both=True)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
    return _listen(socket.AF_INET, ("0.0.0.0", port))  # noqa: S104 - that is what was asked for


def _listen(family: int, place: tuple[object, ...], *, both: bool = False) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Else a restart within a minute finds its own old connections in the way.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        made.bind(place)
        made.listen(BACKLOG)
        made.setblocking(False)  # noqa: FBT003 - it has no name
    except OSError:
        made.close()
        raise
    return made
