"""The pages: pure functions from a request and what is known to a response.

They do no I/O, read no clock and never wait: a scrape is not held up by anything.
"""

from __future__ import annotations

from exporter.web.desk import Desk
from exporter.web.messages import (
    Asset,
    Place,
    Question,
    Request,
    Response,
    Site,
    Streams,
    Waits,
    say,
)
from exporter.web.routes import PAGE_ROUTES, ROUTES, load_pages, respond, respond_apart

__all__ = [
    "PAGE_ROUTES",
    "ROUTES",
    "Asset",
    "Desk",
    "Place",
    "Question",
    "Request",
    "Response",
    "Site",
    "Streams",
    "Waits",
    "load_pages",
    "respond",
    "respond_apart",
    "say",
]
