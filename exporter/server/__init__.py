"""The server: listening, TLS, who may ask, limits, reload, streams, waiting. It knows no page."""

from __future__ import annotations

from exporter.server.connections import Limits
from exporter.server.errors import ServerError
from exporter.server.serving import Server
from exporter.server.streams import Hub, Pace
from exporter.server.systemd import take_sockets
from exporter.server.tokens import Tokens
from exporter.server.waits import WaitingRoom

__all__ = [
    "Hub",
    "Limits",
    "Pace",
    "Server",
    "ServerError",
    "Tokens",
    "WaitingRoom",
    "take_sockets",
]
