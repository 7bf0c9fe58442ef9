"""The HTTP server: listening, TLS, authentication, limits, reload, streams. It knows no page."""

from __future__ import annotations

from exporter.server.connections import Limits
from exporter.server.errors import ServerError
from exporter.server.serving import Server
from exporter.server.streams import Hub, Pace
from exporter.server.systemd import take_sockets
from exporter.server.tokens import Tokens

__all__ = ["Hub", "Limits", "Pace", "Server", "ServerError", "Tokens", "take_sockets"]
