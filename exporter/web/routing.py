"""Routes out of the state, filtered and sorted in steps: for the page and the JSON API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from exporter.explaining.routes import ROUTE_STATES, hosts_of, state_of
from exporter.model import RouteKey, RouteReport, ServiceKey
from exporter.routing.hosts import match_host, read_host_text
from exporter.web.query import MOST, USUAL, BadQuery

#: Reports looked at in one step: a few milliseconds.
STEP = 500

PARAMETERS = ("kind", "namespace", "state", "host", "q", "limit", "page")


class Routes(Protocol):
    """What is known of routes, and a number that changes whenever anything else is told of one."""

    @property
    def reports(self) -> Mapping[RouteKey, RouteReport]:
        """The reports."""

    @property
    def revision(self) -> int:
        """The number."""

    def pointing(self, service: ServiceKey) -> list[RouteReport]:
        """What refers to a Service, in order."""


class RouteQuery(msgspec.Struct, frozen=True):
    """What is asked for; empty filters keep everything. `skip` is where the page begins."""

    kinds: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    host: str = ""
    words: tuple[str, ...] = ()
    limit: int = USUAL
    skip: int = 0

    def keeps(self, report: RouteReport, state: str) -> bool:
        """Whether a route passes all filters."""
        key = report.key
        return (
            (not self.kinds or key.kind.lower() in self.kinds)
            and (not self.namespaces or key.namespace in self.namespaces)
            and (not self.states or state in self.states)
            and (not self.host or _takes_host(report, self.host))
            and (not self.words or _has_words(report, self.words))
        )


def read_route_query(query: tuple[tuple[str, str], ...]) -> RouteQuery:
    """The query; BadQuery for a parameter that can't be meant as it is."""
    found: dict[str, list[str]] = {}
    for name, value in query:
        if name not in PARAMETERS:
            raise BadQuery(name[:80], f"is unknown; there are {', '.join(PARAMETERS)}")
        found.setdefault(name, []).extend(part for part in value.split(",") if part)
    for state in found.get("state", ()):
        if state not in ROUTE_STATES:
            raise BadQuery("state", f"takes {', '.join(ROUTE_STATES)}")
    host = (found.get("host") or [""])[-1]
    return RouteQuery(
        kinds=frozenset(kind.lower() for kind in found.get("kind", ())),
        namespaces=frozenset(found.get("namespace", ())),
        states=frozenset(found.get("state", ())),
        host=read_host_text(host) if host else "",
        words=tuple(" ".join(found.get("q", ())).lower().split()[:20]),
        limit=_number(found, "limit", USUAL, 1, MOST),
        skip=_number(found, "page", 0, 0, 10_000_000),
    )


def _number(found: dict[str, list[str]], name: str, usual: int, least: int, most: int) -> int:
    text = (found.get(name) or [str(usual)])[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise BadQuery(name, f"takes a whole number from {least} to {most}")
    return int(text)


def sort_routes(
    routes: Routes, query: RouteQuery, into: list[tuple[str, RouteReport]]
) -> Iterator[bytes]:
    """Puts the routes that pass the filters `into` the list, worst first; each step gives b""."""
    found: list[tuple[int, RouteKey, str, RouteReport]] = []
    for number, report in enumerate(list(routes.reports.values()), 1):
        state = state_of(report)
        if query.keeps(report, state):
            found.append((ROUTE_STATES.index(state), report.key, state, report))
        if not number % STEP:
            yield b""
    found.sort(key=lambda one: one[:2])
    yield b""
    into += [(state, report) for _, _, state, report in found]


def _takes_host(report: RouteReport, host: str) -> bool:
    deep = report.key.kind != "Ingress"
    return any(one == "*" or match_host(one, host, deep=deep) for one in hosts_of(report))


def _has_words(report: RouteReport, words: tuple[str, ...]) -> bool:
    services = (str(one.service) for rule in report.rules for one in rule.references)
    text = "\n".join((str(report.key), *hosts_of(report), *services)).lower()
    return all(word in text for word in words)
