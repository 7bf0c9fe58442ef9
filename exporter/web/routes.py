"""The routes: which path is answered by what, with which methods."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from exporter.model import ServiceKey
from exporter.web.health import answer_alive, answer_ready
from exporter.web.late import Late
from exporter.web.messages import Request, Response, Site, say
from exporter.web.metrics import answer_metrics
from exporter.web.own import answer_own
from exporter.web.page.bare import answer_bare

Answer = Callable[[Request, Site], Response]

#: Always there.
ROUTES: dict[str, Answer] = {
    "/": answer_bare,
    "/metrics": answer_metrics,
    "/healthz": answer_alive,
    "/livez": answer_alive,
    "/readyz": answer_ready,
    "/-/healthy": answer_alive,
    "/-/ready": answer_ready,
    "/sd/http": Late("discovery", "answer_discovery"),
}

#: What is served apart, without authentication: nothing that tells of the cluster.
APART: dict[str, Answer] = {
    "/metrics": answer_own,
    "/healthz": answer_alive,
    "/livez": answer_alive,
    "/readyz": answer_ready,
    "/-/healthy": answer_alive,
    "/-/ready": answer_ready,
}

#: There unless the page is disabled.
PAGE_ROUTES: dict[str, Answer] = {
    "/": Late("page.overview", "answer_overview"),
    "/api/v1/services": Late("api.lists", "answer_services"),
    "/api/v1/ready": Late("api.ready", "answer_ready"),
    "/api/v1/summary": Late("api.lists", "answer_summary"),
    "/api/v1/routes": Late("api.routes", "answer_routes"),
    "/routes": Late("page.routes", "answer_routes_page"),
    "/api/v1/namespaces": Late("api.lists", "answer_namespaces"),
    "/api/v1/events": Late("api.events", "answer_events"),
    "/api/v1/openapi.json": Late("api.openapi", "answer_openapi"),
}

#: What is about one Service: these, its namespace and its name.
_ABOUT_ONE: dict[str, Callable[[Request, Site, ServiceKey], Response]] = {
    "/api/v1/services/": Late("api.service", "answer_service"),
    "/services/": Late("page.service", "answer_service_page"),
}
#: What stands behind the name in questions about one Service.
_READY = "/ready"
_READY_OF = Late("api.ready", "answer_ready_of")
_ASSETS = "/ui/"
_ASSET = Late("page.assets", "answer_asset")
_PROBLEM = Late("sending", "answer_problem")
_API = "/api/"

_METHODS = ("GET", "HEAD")


def load_pages() -> None:
    """Import what is imported late: once a scrape can be answered, no page need wait for it."""
    more = (_READY_OF, _ASSET, _PROBLEM)
    for answer in (*ROUTES.values(), *PAGE_ROUTES.values(), *_ABOUT_ONE.values(), *more):
        if isinstance(answer, Late):
            answer.load()


def respond(request: Request, site: Site) -> Response:
    """The answer to a request: 404 and 405 are lines of plain text, under /api problems."""
    prefix = site.place.prefix
    path = request.path.removeprefix(prefix)
    if prefix and (not path or not request.path.startswith(f"{prefix}/")):
        if request.path in ("/", prefix) and request.method in _METHODS:
            return say(302, "it is somewhere else", ("Location", f"{quote(prefix)}/"))
        return say(404, "no such page")
    answer = _find(path, site)
    if answer is None:
        if path.startswith(_API) and site.place.page:
            return _PROBLEM(404, "No such page", "no such page; openapi.json lists them")
        return say(404, "no such page; / lists what is here")
    if request.method not in _METHODS:
        allowed = ", ".join(_METHODS)
        line = f"this page takes {allowed} only"
        if path.startswith(_API):
            return _PROBLEM(405, "Method not allowed", line, ("Allow", allowed))
        return say(405, line, ("Allow", allowed))
    return answer(request, site)


def respond_apart(request: Request, site: Site) -> Response:
    """The answer on the address that is apart; it has no prefix, for nobody comes by an ingress."""
    answer = APART.get(request.path)
    if answer is None:
        return say(404, f"no such page; there are {', '.join(APART)}")
    if request.method not in _METHODS:
        return say(405, f"takes {', '.join(_METHODS)} only", ("Allow", ", ".join(_METHODS)))
    return answer(request, site)


def _find(path: str, site: Site) -> Answer | None:
    if not site.place.page:
        return ROUTES.get(path)
    found = PAGE_ROUTES.get(path) or ROUTES.get(path)
    if found is not None:
        return found
    for start, answer in _ABOUT_ONE.items():
        rest = path.removeprefix(start)
        if start.startswith(_API) and rest.endswith(_READY) and rest.count("/") > 1:
            answer, rest = _READY_OF, rest.removesuffix(_READY)  # noqa: PLW2901 - of this one
        namespace, slash, name = rest.partition("/")
        if path.startswith(start) and slash and namespace and name and "/" not in name:
            key = ServiceKey(namespace, name)
            return lambda request, site: answer(request, site, key)
    if path.startswith(_ASSETS) and (asset := site.asset(path.removeprefix(_ASSETS))) is not None:
        return lambda request, _site: _ASSET(request, asset)
    return None
