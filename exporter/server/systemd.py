"""Sockets that systemd hands over: `sd_listen_fds(3)`."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from exporter.server.errors import ServerError

#: The first of them; those before are stdin, stdout and stderr.
_FIRST = 3
#: More than anybody listens on.
_MOST = 64


def take_sockets(env: Mapping[str, str]) -> tuple[socket.socket, ...]:
    """The listening sockets of this process; ServerError says in a line why there are none."""
    if env.get("LISTEN_PID") != str(os.getpid()):
        raise ServerError(["--web.systemd-socket: systemd hands over no socket (LISTEN_PID)"])
    count = env.get("LISTEN_FDS", "")
    if not (count.isascii() and count.isdigit() and 0 < int(count[:9]) <= _MOST):
        raise ServerError(["--web.systemd-socket: systemd hands over no socket (LISTEN_FDS)"])
    taken: list[socket.socket] = []
    fault = ""
    for number in range(_FIRST, _FIRST + int(count)):
        try:
            one = socket.socket(fileno=number)
        except OSError:
            fault = fault or f"descriptor {number} is no socket"
            continue
        taken.append(one)
        if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            fault = fault or f"descriptor {number} does not listen"
        # A plugin that we start for credentials must not hold the port.
        one.set_inheritable(False)
        one.setblocking(False)  # noqa: FBT003 - it has no name
    if fault:
        for each in taken:
            each.close()
        raise ServerError([f"--web.systemd-socket: {fault}"])
    return tuple(taken)
