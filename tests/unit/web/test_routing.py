from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from exporter.model import RouteReport, ServiceKey
from exporter.web import respond
from exporter.web.messages import Request
from tests.unit.routing.worlds import World, ingress, piece, route, service
from tests.unit.web.sites import body, site


def ask(path: str, *query: tuple[str, str]) -> tuple[int, bytes]:
    """Status and body of a page, with a healthy Ingress and a broken route."""
    routes = World(service(), piece(), ingress({"number": 80}), route({"name": "gone", "port": 1}))
    made = msgspec.structs.replace(site(), routes=routes.state.routes)
    response = respond(Request("GET", path, query), made)
    return response.status, body(response)


def names(*query: tuple[str, str]) -> list[str]:
    """The kinds that the API lists."""
    status, text = ask("/api/v1/routes", *query)
    assert status == 200
    return [one["kind"] for one in json.loads(text)["items"]]


@pytest.mark.parametrize(
    "query,expected",
    [
        ((), ["HTTPRoute", "Ingress"]),
        ((("state", "ok"),), ["Ingress"]),
        ((("kind", "httproute"),), ["HTTPRoute"]),
        ((("host", "WWW.example.com."),), ["HTTPRoute", "Ingress"]),
        ((("host", "x.example.com"),), ["HTTPRoute"]),
        ((("q", "front web"),), ["Ingress"]),
        ((("namespace", "e"),), []),
        ((("limit", "1"), ("page", "1")), ["Ingress"]),
    ],
)
def test_the_api_lists_routes_worst_first(query: Any, expected: list[str]) -> None:
    """Filtered by kind, namespace, state, host and words, page by page."""
    assert names(*query) == expected


@pytest.mark.parametrize("query", [("state", "bad"), ("limit", "0"), ("page", "x"), ("x", "1")])
def test_a_bad_query_is_a_problem(query: tuple[str, str]) -> None:
    """A 400 that names the parameter."""
    status, text = ask("/api/v1/routes", query)
    assert (status, json.loads(text)["parameter"]) == (400, query[0])


def test_the_page_shows_hosts_with_marks() -> None:
    """By host, with the Service behind each and what is the matter."""
    status, text = ask("/routes")
    assert status == 200
    page = text.decode()
    assert "www.example.com" in page
    assert "There is no Service d/gone." in page
    assert ask("/routes", ("state", "bad"))[0] == 400


def test_a_service_is_pointed_at() -> None:
    """By what names it; each once."""
    routes = World(service(), piece(), ingress({"number": 80}), ingress({"number": 81}))
    found: list[RouteReport] = routes.state.routes.pointing(ServiceKey("d", "web"))
    assert [str(one.key) for one in found] == ["ingress/d/front"]
