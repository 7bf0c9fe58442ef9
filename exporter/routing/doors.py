"""Through which doors a host is reached, and what each of them makes of a request. Pure.

A door is an Ingress class, or a listener of a Gateway: each has routes of its own, and rules of
different doors never compete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from exporter.model import RouteKey
from exporter.objects.dependents import Dependent, Door, Match
from exporter.objects.gateways import Gateway
from exporter.routing.hosts import HOST_KINDS, Address, Candidate, find_rules, match_host

FindGateway = Callable[[str, str], Gateway | None]

#: Which protocols of a listener a kind of route speaks (Gateway API, Listener).
_SPEAKS = {
    "HTTPRoute": frozenset({"HTTP", "HTTPS"}),
    "GRPCRoute": frozenset({"HTTP", "HTTPS"}),
    "TLSRoute": frozenset({"TLS"}),
}


class Passage(msgspec.Struct, frozen=True):
    """What a door makes of a request: the rules that may take it, the first of them first.

    `named` are the rules for this host, whatever the path: its own, and what gets the rest.
    """

    door: str
    candidates: tuple[Candidate, ...]
    named: tuple[Candidate, ...]


def find_passages(
    routes: Iterator[tuple[RouteKey, Dependent]], address: Address, find_gateway: FindGateway
) -> list[Passage]:
    """Every door that knows the host, by name; routes that no parent accepts are left out."""
    behind: dict[str, list[tuple[RouteKey, Dependent, tuple[str, ...] | None]]] = {}
    for key, route in routes:
        if key.kind in HOST_KINDS and not route.rejected:
            for door, hosts in _open(key, route, find_gateway):
                behind.setdefault(door, []).append((key, route, hosts))
    found = []
    for door in sorted(behind):
        named = find_rules(behind[door], address, any_path=True)
        taking = find_rules(behind[door], address)
        best = min((one.rank[1:3] for one in named if not one.rank[0]), default=None)
        own = [one for one in named if not one.rank[0] and one.rank[1:3] == best]
        covered = any(one.plain and one.match == Match() for one in own)
        # What takes any host, and a default backend, get what the host's own rules leave.
        named = own if covered else own + [one for one in named if one.rank[0]]
        if door.startswith("IngressClass"):
            # A controller chooses the host first; only the default backend takes what is left.
            taking = [one for one in taking if one.rank[0] or one.rank[1:3] == best]
        if named:
            found.append(Passage(door, tuple(taking), tuple(named)))
    return found


def name_door(door: Door) -> str:
    """`Gateway infra/public/https`, `IngressClass nginx`."""
    places = "/".join(filter(None, (door.namespace, door.name, door.section)))
    return f"{door.kind} {places or '(default)'}"


def _open(
    key: RouteKey, route: Dependent, find_gateway: FindGateway
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    apart = " (TLS)" if key.kind == "TLSRoute" else ""
    if not route.doors:
        yield f"no Gateway{apart}", None
    for door in route.doors:
        gateway = find_gateway(door.namespace, door.name) if door.kind == "Gateway" else None
        if gateway is None:
            yield f"{name_door(door)}{apart}", None
            continue
        hosts = tuple(dict.fromkeys(host for rule in route.rules for host in rule.hosts))
        for listener in gateway.listeners:
            if door.section not in ("", listener.name):
                continue
            if listener.protocol not in _SPEAKS[key.kind]:
                continue
            shared = _share(hosts, listener.host)
            if shared:
                name = name_door(msgspec.structs.replace(door, section=listener.name))
                yield name, shared


def _share(hosts: tuple[str, ...], listener: str) -> tuple[str, ...]:
    """The hosts that a route and a listener both mean: the narrower of each two."""
    if not listener:
        return hosts or ("",)
    if not hosts:
        return (listener,)
    found = []
    for host in hosts:
        if match_host(listener, host, deep=True):
            found.append(host)
        elif match_host(host, listener, deep=True):
            found.append(listener)
    return tuple(found)
