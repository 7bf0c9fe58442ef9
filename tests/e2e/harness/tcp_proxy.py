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

from tests.e2e.harness.processes import LOOPBACK, choose_port

_CHUNK = 65536


class TcpProxy:
    """Forwards every connection on `port` to `target_port`, both on loopback.

    `listener`: a socket that listens already, perhaps in another network namespace; such a proxy
    can be refused, but not allowed again.
    """

    def __init__(self, target_port: int, listener: socket.socket | None = None) -> None:
        self.port = choose_port() if listener is None else listener.getsockname()[1]
        self._target_port = target_port
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = listener

    def __enter__(self) -> Self:
        self.allow()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()

    def cut(self) -> int:
        """Break every open connection; new ones are let in. Returns how many sockets it closed."""
        with self._lock:
            sockets = list(self._open)
        for one in sockets:
            _close(one)
        return len(sockets)

    def refuse(self) -> None:
        """Break every connection and listen no more until `allow`: new ones are refused."""
        if self._listener is not None:
            # Only the shutdown wakes the thread that waits in accept.
            _close(self._listener)
            self._listener = None
        self.cut()

    def allow(self) -> None:
        """Let connections in (again), on the same port."""
        if self._listener is None:
            self._listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
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
