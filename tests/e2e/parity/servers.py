"""What stands around a client: an API server that notes who asks, an identity provider, proxies.

All of them listen on loopback, speak the real protocols over sockets, and write down what they saw.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import select
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

LOOPBACK = "127.0.0.1"

#: What a client may be asked for, and the kind of list it gets.
LISTS = {
    "/api/v1/services": ("ServiceList", "v1"),
    "/apis/discovery.k8s.io/v1/endpointslices": ("EndpointSliceList", "discovery.k8s.io/v1"),
}


class Seen:
    """What one server saw, in order."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def take(self) -> list[Any]:
        """All of it; nothing is left."""
        entries, self.entries = self.entries, []
        return entries


def port_of(server: socketserver.BaseServer) -> int:
    """Where a server listens."""
    address: Any = server.server_address
    port: int = address[1]
    return port


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[int]:
    """A server at work, and its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield port_of(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """As always, behind TLS where there is a context."""
        with contextlib.suppress(OSError):  # a client may go away, or not trust us
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
            request.close()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        """Nothing."""

    def answer(self, status: int, body: object) -> None:
        """JSON."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def identity_server(seen: Seen, context: ssl.SSLContext | None) -> _Server:
    """An API server with empty lists, for everybody; it notes as whom each request came."""

    class Handler(_Quiet):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            certificate = None
            if isinstance(self.connection, ssl.SSLSocket):
                shown: Any = self.connection.getpeercert() or {}
                names = shown.get("subject", ())
                certificate = next((v for rdn in names for k, v in rdn if k == "commonName"), None)
            seen.entries.append(
                {
                    "below": re.sub("/apis?/.*", "", path),
                    "authorization": self.headers.get_all("Authorization"),
                    "impersonate": sorted(
                        (key.lower(), value)
                        for key, value in self.headers.items()
                        if key.lower().startswith("impersonate-")
                    ),
                    "certificate": certificate,
                }
            )
            found = next((one for end, one in LISTS.items() if path.endswith(end)), None)
            if found is None:  # what may be done without, as on a small cluster
                self.answer(404, {"kind": "Status", "apiVersion": "v1", "code": 404})
                return
            kind, version = found
            metadata = {"resourceVersion": "1"}
            body = {"kind": kind, "apiVersion": version, "metadata": metadata, "items": []}
            self.answer(200, body)

    server = _Server((LOOPBACK, 0), Handler)
    server.context = context
    return server


def make_token(name: str, lifetime: float) -> str:
    """An id-token that nobody has signed; its payload has a `-` and a `_` in base64."""
    claims = {"sub": name, "exp": int(time.time() + lifetime), "odd": "??>>~~ÿÿþþ"}
    payload = base64.urlsafe_b64encode(json.dumps(claims, ensure_ascii=False).encode()).decode()
    assert {"-", "_"} & set(payload), payload
    return f"e30.{payload.rstrip('=')}.c2ln"


def identity_provider(seen: Seen, context: ssl.SSLContext, *, in_form: bool = False) -> _Server:
    """An OpenID provider that knows the refresh token `refresh-me` of client `cli`.

    `in_form`: it takes the client's name in the form alone, as for clients without a secret.
    """
    token = make_token("refreshed", 36_000)

    class Handler(_Quiet):
        def do_GET(self) -> None:
            port = port_of(self.server)
            if self.path != "/realm/.well-known/openid-configuration":
                self.answer(404, {})
                return
            self.answer(200, {"token_endpoint": f"https://{LOOPBACK}:{port}/token"})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            login = self.headers.get("Authorization")
            seen.entries.append({"form": form, "login": login})
            if in_form == ("client_id" not in form) or form["refresh_token"] != ["refresh-me"]:
                self.answer(401, {"error": "invalid_client"})
                return
            self.answer(200, {"access_token": "a", "token_type": "Bearer", "id_token": token})

    server = _Server((LOOPBACK, 0), Handler)
    server.context = context
    return server


# ── proxies: whatever name they are asked for, they connect to one server ────────────────────


def _relay(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            pending = isinstance(one, ssl.SSLSocket) and one.pending()
            ready = [one] if pending else select.select([one, other], [], [], 30)[0]
            for end in ready:
                data = end.recv(65_536)
                if not data:
                    return
                (other if end is one else one).sendall(data)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def http_proxy(seen: Seen, port: int, context: ssl.SSLContext | None = None) -> _Tcp:
    """A proxy for CONNECT and for plain requests, behind TLS where there is a context."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                end = self.request
                if context is not None:
                    end = context.wrap_socket(end, server_side=True)
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = end.recv(4096)
                    if not piece:
                        return
                    head += piece
                lines = head.decode().split("\r\n")
                logins = [line for line in lines if line.lower().startswith("proxy-authorization")]
                method, target, _ = lines[0].split()
                seen.entries.append((method, target if method == "CONNECT" else "", logins))
                with socket.create_connection((LOOPBACK, port)) as server:
                    if method == "CONNECT":
                        end.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    else:
                        place = target.split("/", 3)[3]
                        server.sendall(head.replace(target.encode(), f"/{place}".encode(), 1))
                    _relay(end, server)
                end.close()

    return _Tcp((LOOPBACK, 0), Handler)


def socks_proxy(seen: Seen, port: int) -> _Tcp:
    """A SOCKS 5 proxy (RFC 1928, 1929) that wants a name and password where one is offered."""

    class Handler(socketserver.BaseRequestHandler):
        def read(self, count: int) -> bytes:
            data = b""
            while len(data) < count:
                piece = self.request.recv(count - len(data))
                if not piece:
                    raise OSError
                data += piece
            return data

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                methods = self.read(self.read(2)[1])
                login = None
                if 2 in methods:
                    self.request.sendall(b"\x05\x02")
                    name = self.read(self.read(2)[1])
                    login = (name.decode(), self.read(self.read(1)[0]).decode())
                    self.request.sendall(b"\x01\x00")
                else:
                    self.request.sendall(b"\x05\x00")
                kind = self.read(4)[3]
                host = self.read(self.read(1)[0]) if kind == 3 else self.read(4)
                (asked,) = struct.unpack(">H", self.read(2))
                shown = host.decode() if kind == 3 else socket.inet_ntoa(host)
                seen.entries.append(("socks5", f"{shown}:{asked}", login))
                with socket.create_connection((LOOPBACK, port)) as server:
                    self.request.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                    _relay(self.request, server)

    return _Tcp((LOOPBACK, 0), Handler)
