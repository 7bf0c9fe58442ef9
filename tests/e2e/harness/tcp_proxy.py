"""A TCP forwarder on loopback that can cut or refuse connections; TLS goes through untouched.

It stands between the exporter and the API server where a test needs a watch to break without
taking the whole control plane down: for example to have changed permissions asked again.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.e2e.harness.processes import LOOPBACK

_CHUNK = 65536


class TcpProxy:
    """Forwards every connection on `port` to `target_port`, both on loopback."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._refusing = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Only a shutdown wakes a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> int:
        """Break every open connection; new ones are let in. Returns how many sockets it closed."""
        with self._lock:
            sockets = list(self._open)
        for one in sockets:
            _close(one)
        return len(sockets)

    def refuse(self) -> None:
        """Break every connection and let no new one in until `allow`."""
        self._refusing = True
        self.cut()

    def allow(self) -> None:
        """Let connections in again."""
        self._refusing = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                client.close()
                continue
            try:
                server = socket.create_connection((LOOPBACK, self._target_port))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(_CHUNK):
                target.sendall(data)
        except OSError:
            pass  # either side is gone; both are closed below
        for one in (source, target):
            with self._lock:
                self._open.discard(one)
            _close(one)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed from the other side
        one.shutdown(socket.SHUT_RDWR)
    one.close()
