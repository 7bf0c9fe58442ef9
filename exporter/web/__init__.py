"""The pages: pure functions from a request and what is known to a response.

They do no I/O, read no clock and never wait: a scrape is not held up by anything.
"""

from __future__ import annotations

from exporter.web.messages import Judged, Request, Response, Site, say
from exporter.web.routes import ROUTES, respond

__all__ = ["ROUTES", "Judged", "Request", "Response", "Site", "respond", "say"]
