"""Which rule takes a request for a host and a path, by each kind's own rules of precedence.

Gateway API (HTTPRoute, `hostnames` and `matches`): the longest host, then exact paths, the longest
prefix, a method, the most headers, the most queries, the oldest route, its name, the first rule.
Ingress: the host, then exact paths, the longest prefix, the oldest, its name. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from exporter.model.routes import RouteKey
from exporter.objects.dependents import Dependent, Match, Rule

#: Kinds that are chosen by host name.
HOST_KINDS = frozenset({"Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute"})

#: Kinds of paths that mean the same everywhere, the first one to be tried first. What all others
#: mean is their controller's affair.
_DECIDED = {"Exact": 0, "PathPrefix": 1}


class Address(msgspec.Struct, frozen=True):
    """What is asked for. `host` is lower case and without a dot at the end.

    `whole`: no path was given, so that all of the host is meant.
    """

    host: str
    path: str
    whole: bool = False


class BadAddressError(ValueError):
    """What was given is no host and path; the message is one line."""


def read_address(text: str) -> Address:
    """The host and the path out of `HOST[/PATH]` or a URL; raises BadAddressError."""
    rest = text.strip()
    scheme, colon, after = rest.partition("://")
    if colon and scheme.isalnum():
        rest = after
    host, slash, path = rest.partition("/")
    path = (slash + path).partition("?")[0].partition("#")[0]
    host = host.partition("?")[0].partition("#")[0].rpartition("@")[2].partition(":")[0]
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise BadAddressError("it is no host name") from None
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    # Of a wildcard one asks what becomes of the names that nothing else takes.
    if labels[0] == "*" and len(labels) > 1:
        labels = labels[1:]
    good = all(
        0 < len(label) < 64
        and "-" not in (label[0], label[-1])
        and label.replace("-", "a").replace("_", "a").isalnum()
        for label in labels
    )
    if not good or len(host) > 253:
        raise BadAddressError("it is no host name")
    return Address(host, path or "/", whole=not path)


def read_host_text(text: str) -> str:
    """A host name in the form that hosts are compared in, whatever it is."""
    return text.strip().lower().removesuffix(".")


def is_decided(match: Match) -> bool:
    """Whether it can be told which paths are meant; patterns are their controller's affair."""
    return match.kind in _DECIDED


def match_host(pattern: str, host: str, *, deep: bool) -> bool:
    """Whether a host name is meant by a pattern: itself, or `*.` and its domain; "" is any.

    `deep`: the star stands for one or more labels (Gateway API), else for exactly one (Ingress).
    """
    if not pattern or pattern == host:
        return True
    if not pattern.startswith("*."):
        return False
    first, dot, _ = host.partition(".")
    if not dot or not host.endswith(pattern[1:]) or len(host) < len(pattern):
        return False
    return deep or host == first + pattern[1:]


def match_path(match: Match, path: str) -> bool:
    """Whether a path is meant; a prefix is one of whole elements, and of text where undecided."""
    if match.kind == "Exact":
        return path == match.path
    if match.kind == "RegularExpression":
        return True
    if not is_decided(match):
        return path.startswith(match.path)
    prefix = match.path.rstrip("/")
    return not prefix or path == prefix or path.startswith(prefix + "/")


class Candidate(NamedTuple):
    """A rule that may take the request, through one of its matches. The first of several wins.

    `plain`: it takes every GET; otherwise only what has the method, headers or queries it wants.
    """

    rank: tuple[object, ...]
    key: RouteKey
    number: int
    host: str
    match: Match

    @property
    def plain(self) -> bool:
        """Whether it wants nothing of the request but host and path."""
        match = self.match
        return match.method in ("", "GET") and not match.headers and not match.queries


def find_rules(
    routes: Iterable[tuple[RouteKey, Dependent, tuple[str, ...] | None]],
    address: Address,
    *,
    any_path: bool = False,
) -> list[Candidate]:
    """The rules that may take a request, the one that comes first first.

    Each route comes with the hosts it is open to: None are its own. `any_path`: all rules for the
    host, whatever is asked of it.
    """
    found = [
        candidate
        for key, route, hosts in routes
        for number, rule in enumerate(route.rules)
        for candidate in _candidates(key, route, number, rule, hosts, address)
        if any_path or _takes(candidate, rule, address)
    ]
    found.sort(key=lambda one: one.rank)
    return found


def _takes(candidate: Candidate, rule: Rule, address: Address) -> bool:
    free = candidate.key.kind == "TLSRoute" or rule.fallback
    return free or match_path(candidate.match, address.path)


def _candidates(
    key: RouteKey,
    route: Dependent,
    number: int,
    rule: Rule,
    hosts: tuple[str, ...] | None,
    address: Address,
) -> Iterator[Candidate]:
    deep = key.kind != "Ingress"
    open_to = rule.hosts if hosts is None else hosts
    meant = [host for host in open_to or ("",) if match_host(host, address.host, deep=deep)]
    if not meant:
        return
    host = max(meant, key=lambda one: (one != "" and not one.startswith("*"), len(one)))
    for match in rule.matches:
        rank = (
            rule.fallback,
            host.startswith("*") or not host,
            -len(host),
            _DECIDED.get(match.kind, len(_DECIDED)),
            -len(match.path),
            not match.method,
            -len(match.headers),
            -len(match.queries),
            route.created is None,
            route.created or 0.0,
            key.namespace,
            key.name,
            number,
        )
        yield Candidate(rank, key, number, host, match)
