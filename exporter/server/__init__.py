"""The HTTP server: listening, TLS, authentication, limits, reload. It knows no page."""

from __future__ import annotations

from exporter.server.connections import Limits
from exporter.server.errors import ServerError
from exporter.server.serving import Server

__all__ = ["Limits", "Server", "ServerError"]
