from __future__ import annotations

import gzip
from typing import Any

import aiohttp
import pytest

from exporter.sim.server import Settings, SimServer
from exporter.sim.store import Store
from tests.integration.sim.conftest import Start, make_service

_SERVICES = "/api/v1/services"


async def _get(
    client: aiohttp.ClientSession, server: SimServer, path: str = _SERVICES, **query: str
) -> tuple[int, Any]:
    async with client.get(server.url + path, params=query) as response:
        return response.status, await response.json()


def _names(body: Any) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


async def test_a_list_is_typed_and_complete(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """Without a limit everything comes, with the list's kind and the present version."""
    status, body = await _get(client, server)
    assert status == 200
    assert list(body) == ["kind", "apiVersion", "metadata", "items"]
    assert (body["kind"], body["apiVersion"]) == ("ServiceList", "v1")
    assert body["metadata"] == {"resourceVersion": "105"}
    assert _names(body) == ["a", "b", "c", "d", "e"]
    assert "kind" not in body["items"][0]


async def test_a_namespaced_list_is_of_that_namespace(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """The path of a namespace lists its objects alone, page by page too."""
    path = "/api/v1/namespaces/d/services"
    _, body = await _get(client, server, path, limit="3")
    assert _names(body) == ["a", "b", "c"]
    _, body = await _get(
        client, server, path, limit="3", **{"continue": body["metadata"]["continue"]}
    )
    assert _names(body) == ["d"]
    assert "continue" not in body["metadata"]


async def test_pages_show_one_moment(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """Later pages have page 1's version and its objects, whatever is written in between."""
    _, first = await _get(client, server, limit="2")
    assert (_names(first), first["metadata"]["remainingItemCount"]) == (["a", "b"], 3)
    store.delete("Service", "d", "c")
    store.apply(make_service("bb"))
    token = {"continue": first["metadata"]["continue"]}
    _, second = await _get(client, server, limit="2", **token)
    assert _names(second) == ["c", "d"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"] == "105"
    _, third = await _get(client, server, limit="2", **{"continue": second["metadata"]["continue"]})
    assert _names(third) == ["e"]
    assert third["metadata"] == {"resourceVersion": "105"}


async def test_a_token_expires_with_its_version(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """After a compaction a token is 410, with one that goes on inconsistently at the present."""
    _, first = await _get(client, server, limit="2")
    store.apply(make_service("cc"))
    store.compact()
    status, body = await _get(
        client, server, limit="2", **{"continue": first["metadata"]["continue"]}
    )
    assert (status, body["reason"], body["code"]) == (410, "Expired", 410)
    assert body["message"].startswith("The provided continue parameter is too old to display")
    offered = body["metadata"]["continue"]
    status, rest = await _get(client, server, limit="10", **{"continue": offered})
    assert (status, _names(rest)) == (200, ["c", "cc", "d", "e"])
    assert rest["metadata"]["resourceVersion"] == "106"


async def test_a_token_goes_without_a_version(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """A page after the first with a resourceVersion is a bad request."""
    _, first = await _get(client, server, limit="2")
    token = {"continue": first["metadata"]["continue"]}
    status, body = await _get(client, server, limit="2", resourceVersion="105", **token)
    assert (status, body["message"]) == (
        400,
        "specifying resource version is not allowed when using continue",
    )


@pytest.mark.parametrize("honoured, names", [(False, ["a", "b", "c", "d", "e"]), (True, ["a"])])
async def test_version_zero_and_the_limit(
    client: aiohttp.ClientSession, start: Start, honoured: bool, names: list[str]
) -> None:
    """A list at version 0 ignores the limit, unless the server is one that honours it."""
    server = await start(settings=Settings(limit_at_zero=honoured))
    _, body = await _get(client, server, resourceVersion="0", limit="1")
    assert _names(body) == names


async def test_lists_at_a_version(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """A version asks for at least it, with Exact or a limit for exactly it; too new is 504."""
    store.apply(make_service("f"))
    _, newer = await _get(client, server, resourceVersion="103")
    assert newer["metadata"]["resourceVersion"] == "106"
    _, exact = await _get(client, server, resourceVersion="103", resourceVersionMatch="Exact")
    assert (_names(exact), exact["metadata"]["resourceVersion"]) == (["a", "b", "c"], "103")
    _, old = await _get(client, server, resourceVersion="103", limit="2")
    assert (_names(old), old["metadata"]["resourceVersion"]) == (["a", "b"], "103")
    status, body = await _get(client, server, resourceVersion="999")
    assert (status, body["reason"]) == (504, "Timeout")
    assert body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert body["details"]["retryAfterSeconds"] == 1
    assert body["message"] == "Timeout: Too large resource version: 999, current: 106"


async def test_an_exact_version_can_be_gone(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """A limit with a version from before a compaction is 410 without a token."""
    store.compact()
    status, body = await _get(client, server, resourceVersion="103", limit="2")
    assert (status, body["reason"], body["metadata"]) == (410, "Expired", {})


async def test_selectors_filter_lists(client: aiohttp.ClientSession, server: SimServer) -> None:
    """Label and field selectors choose; a paged list with one doesn't say how much is left."""
    _, body = await _get(client, server, labelSelector="app in (a,c,e)", limit="1")
    assert _names(body) == ["a"]
    assert "remainingItemCount" not in body["metadata"]
    _, body = await _get(client, server, fieldSelector="metadata.namespace=other")
    assert _names(body) == ["e"]
    status, body = await _get(client, server, fieldSelector="spec.nodeName=x")
    assert (status, body["reason"]) == (400, "BadRequest")


async def test_long_lists_are_compressed_on_request(
    client: aiohttp.ClientSession, server: SimServer, store: Store
) -> None:
    """Beyond 128 KiB a list is gzip for whoever takes it; shorter ones and others stay plain."""
    takes = {"Accept-Encoding": "gzip"}
    async with client.get(server.url + _SERVICES, headers=takes) as response:
        assert "Content-Encoding" not in response.headers
    store.load(make_service(f"s{n:04}") for n in range(800))
    async with client.get(server.url + _SERVICES, headers=takes) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        packed = await response.read()
    plain_headers = {"Accept-Encoding": "identity"}
    async with client.get(server.url + _SERVICES, headers=plain_headers) as response:
        assert "Content-Encoding" not in response.headers
        plain = await response.read()
    assert gzip.decompress(packed) == plain
    assert len(plain) > 128 * 1024 > len(packed)


async def test_one_object(client: aiohttp.ClientSession, server: SimServer) -> None:
    """GET of a name gives the object with kind and apiVersion, or 404."""
    status, body = await _get(client, server, "/api/v1/namespaces/d/services/a")
    assert (status, body["kind"], body["metadata"]["name"]) == (200, "Service", "a")
    status, body = await _get(client, server, "/api/v1/namespaces/d/services/zz")
    assert (status, body["reason"], body["message"]) == (404, "NotFound", 'services "zz" not found')


async def test_discovery(client: aiohttp.ClientSession, start: Start) -> None:
    """Versions, groups and resources can be asked for; what isn't served isn't listed."""
    missing = "httproutes.gateway.networking.k8s.io"
    server = await start(settings=Settings(unserved=frozenset({missing})))
    _, version = await _get(client, server, "/version")
    assert (version["major"], version["minor"]) == ("1", "37")
    _, api = await _get(client, server, "/api")
    assert api["versions"] == ["v1"]
    _, groups = await _get(client, server, "/apis")
    assert "discovery.k8s.io" in [group["name"] for group in groups["groups"]]
    _, core = await _get(client, server, "/api/v1")
    assert "services" in [r["name"] for r in core["resources"]]
    _, gateway = await _get(client, server, "/apis/gateway.networking.k8s.io/v1")
    assert [r["name"] for r in gateway["resources"]] == ["grpcroutes", "gateways"]
    async with client.get(f"{server.url}/apis/gateway.networking.k8s.io/v1/httproutes") as response:
        assert (response.status, await response.text()) == (404, "404 page not found\n")
    for path in ("/livez", "/readyz", "/healthz"):
        async with client.get(server.url + path) as response:
            assert (response.status, await response.text()) == (200, "ok")


async def test_legacy_endpoints_come_with_a_warning(
    client: aiohttp.ClientSession, server: SimServer
) -> None:
    """Every answer about v1 Endpoints says that they are deprecated; others don't."""
    async with client.get(f"{server.url}/api/v1/endpoints") as response:
        assert response.headers["Warning"] == (
            '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
        )
    async with client.get(server.url + _SERVICES) as response:
        assert "Warning" not in response.headers


async def test_nothing_can_be_written(client: aiohttp.ClientSession, server: SimServer) -> None:
    """Other methods than GET are refused; other media types than JSON too."""
    async with client.post(server.url + _SERVICES, json={}) as response:
        assert (response.status, (await response.json())["reason"]) == (405, "MethodNotAllowed")
    wants = {"Accept": "application/vnd.kubernetes.protobuf"}
    async with client.get(server.url + _SERVICES, headers=wants) as response:
        assert (response.status, (await response.json())["reason"]) == (406, "NotAcceptable")
