"""The routes: which path is answered by what, with which methods."""

from __future__ import annotations

from collections.abc import Callable

from exporter.web.health import answer_alive, answer_ready
from exporter.web.landing import answer_landing
from exporter.web.messages import Request, Response, Site, say
from exporter.web.metrics import answer_metrics

ROUTES: dict[str, Callable[[Request, Site], Response]] = {
    "/": answer_landing,
    "/metrics": answer_metrics,
    "/healthz": answer_alive,
    "/livez": answer_alive,
    "/readyz": answer_ready,
    "/-/healthy": answer_alive,
    "/-/ready": answer_ready,
}

_METHODS = ("GET", "HEAD")


def respond(request: Request, site: Site) -> Response:
    """The answer to a request: 404 and 405 are lines of plain text, like all errors here."""
    answer = ROUTES.get(request.path)
    if answer is None:
        return say(404, "no such page; / lists what is here")
    if request.method not in _METHODS:
        allowed = ", ".join(_METHODS)
        return say(405, f"this page takes {allowed} only", ("Allow", allowed))
    return answer(request, site)
