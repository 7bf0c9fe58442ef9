from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.objects.dependents import Match
from exporter.routing.doors import find_passages
from exporter.routing.hosts import BadAddressError, match_host, match_path, read_address
from tests.unit.routing.worlds import World, make

BACKENDS = [{"name": "s", "port": 1}]


@pytest.mark.parametrize(
    "text,host,path,whole",
    [
        ("www.example.com", "www.example.com", "/", True),
        ("WWW.Example.COM./Shop", "www.example.com", "/Shop", False),
        ("https://www.example.com:8443/a?b=/c#d", "www.example.com", "/a", False),
        ("*.example.com", "*.example.com", "/", True),
        ("bücher.example", "xn--bcher-kva.example", "/", True),
    ],
)
def test_an_address_is_read_as_people_paste_it(
    text: str, host: str, path: str, whole: bool
) -> None:
    """URLs, ports, queries, capitals, a dot at the end, and names that are not ASCII."""
    found = read_address(text)
    assert (found.host, found.path, found.whole) == (host, path, whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/x",
        "a..b",
        "a b",
        "x" * 64,
        "http://",
        "a.\x1b[2J",
        "*",
        "-",
        "-a.example",
        "a-.example",
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """One error, whatever the text."""
    with pytest.raises(BadAddressError):
        read_address(text)


@pytest.mark.parametrize(
    "pattern,host,deep,shallow",
    [
        ("", "a.example.com", True, True),
        ("a.example.com", "a.example.com", True, True),
        ("*.example.com", "a.example.com", True, True),
        ("*.example.com", "b.a.example.com", True, False),
        ("*.example.com", "example.com", False, False),
        ("*.example.com", "aexample.com", False, False),
        ("*.com", "a.example.com", True, False),
    ],
)
def test_wildcards_by_kind(pattern: str, host: str, deep: bool, shallow: bool) -> None:
    """The Gateway API's star is one or more labels, an Ingress' exactly one."""
    assert match_host(pattern, host, deep=True) is deep
    assert match_host(pattern, host, deep=False) is shallow


@pytest.mark.parametrize(
    "kind,path,asked,expected",
    [
        ("PathPrefix", "/a", "/a", True),
        ("PathPrefix", "/a", "/a/b", True),
        ("PathPrefix", "/a", "/ab", False),
        ("PathPrefix", "/a/", "/a", True),
        ("PathPrefix", "/", "/x", True),
        ("Exact", "/a", "/a/", False),
        ("Exact", "/a", "/A", False),
        ("ImplementationSpecific", "/a", "/ab", True),
    ],
)
def test_paths_match_by_whole_elements(kind: str, path: str, asked: str, expected: bool) -> None:
    """A prefix ends at a slash; what a controller makes of its own kind is taken as text."""
    assert match_path(Match(kind, path), asked) is expected


def http(name: str, *matches: Any, hosts: Any = ("x.example.com",), made: str = "2020") -> Any:
    """An HTTPRoute behind one Gateway, with a rule for each match."""
    spec = {
        "parentRefs": [{"name": "g"}],
        "hostnames": list(hosts),
        "rules": [
            {"matches": [match], "backendRefs": [{"name": "s", "port": 1}]} for match in matches
        ],
    }
    found = make("httproutes", name, spec=spec)
    return msgspec.structs.replace(found, created=float(made))


def taker(world: World, text: str) -> tuple[str, int]:
    """Name and rule of what takes a plain GET."""
    routing = world.state.routes.routing
    [passage] = find_passages(routing.routes(), read_address(text), routing.gateway)
    first = next(one for one in passage.candidates if one.plain)
    return first.key.name, first.number


def path(value: str, kind: str = "PathPrefix", **more: Any) -> dict[str, Any]:
    """A match of an HTTPRoute."""
    return {"path": {"type": kind, "value": value}, **more}


def test_precedence_of_the_gateway_api() -> None:
    """Exact before the longest prefix, the longer host first, then the oldest, then the name."""
    world = World(
        http("b", path("/"), path("/a"), path("/a/b", "Exact")),
        http("a", path("/a")),
        http("old", path("/c"), made="1999"),
        http("anew", path("/c"), made="2021"),
        http("star", path("/a/long/prefix"), hosts=["*.example.com"]),
    )
    assert taker(world, "x.example.com/a/b") == ("b", 2)
    assert taker(world, "x.example.com/a/c") == ("a", 0)
    assert taker(world, "x.example.com/c") == ("old", 0)
    assert taker(world, "x.example.com/z") == ("b", 0)
    assert taker(world, "x.example.com/a/long/prefix") == ("a", 0)
    assert taker(world, "y.example.com/a/long/prefix") == ("star", 0)


def test_headers_and_methods_are_only_for_requests_that_have_them() -> None:
    """They come first in the order, and take no plain GET."""
    wanting = path("/", headers=[{"name": "canary", "value": "yes"}])
    world = World(http("a", wanting, path("/")))
    assert taker(world, "x.example.com/") == ("a", 1)


def test_an_ingress_chooses_its_host_first() -> None:
    """The wildcard's rules are no fallback of the host's; the default backend is."""

    def rule(host: str, at: str) -> dict[str, Any]:
        backend = {"service": {"name": "s", "port": {"number": 1}}}
        return {
            "host": host,
            "http": {"paths": [{"path": at, "pathType": "Prefix", "backend": backend}]},
        }

    default = {"service": {"name": "s", "port": {"number": 1}}}
    spec = {
        "rules": [rule("x.example.com", "/a"), rule("*.example.com", "/")],
        "defaultBackend": default,
    }
    world = World(make("ingresses", "i", spec=spec))
    assert taker(world, "x.example.com/a/b") == ("i", 1)
    assert taker(world, "x.example.com/b") == ("i", 0)
    assert taker(world, "y.example.com/b") == ("i", 2)


def test_a_route_is_open_where_its_listeners_are() -> None:
    """Without hosts of its own it has the listener's; one of another protocol takes none."""
    gateway = make(
        "gateways",
        "g",
        spec={
            "listeners": [
                {"name": "web", "protocol": "HTTPS", "port": 443, "hostname": "*.example.com"},
                {"name": "tcp", "protocol": "TCP", "port": 9},
            ]
        },
    )
    world = World(http("a", path("/"), hosts=()), gateway)
    routing = world.state.routes.routing
    found = find_passages(routing.routes(), read_address("x.example.com"), routing.gateway)
    assert [one.door for one in found] == ["Gateway d/g/web"]
    assert find_passages(routing.routes(), read_address("x.example.net"), routing.gateway) == []


def test_what_takes_any_host_says_nothing_of_one_that_is_named() -> None:
    """Its own rules are told of, and a catch-all only where they leave something."""
    world = World(
        http("own", path("/")),
        http("part", path("/a"), hosts=["y.example.com"]),
        http("any", path("/"), hosts=()),
    )
    routing = world.state.routes.routing

    def named(host: str) -> list[str]:
        [found] = find_passages(routing.routes(), read_address(host), routing.gateway)
        return [one.key.name for one in found.named]

    assert named("x.example.com") == ["own"]
    assert named("y.example.com") == ["part"]
    assert named("z.example.com") == ["any"]
    assert taker(world, "y.example.com/b") == ("any", 0)


def test_ten_thousand_hosts_are_looked_through() -> None:
    """Only what names the host is found."""
    world = World(*(http(f"r{n}", path("/"), hosts=[f"h{n}.example.com"]) for n in range(10_000)))
    assert taker(world, "h7777.example.com") == ("r7777", 0)
