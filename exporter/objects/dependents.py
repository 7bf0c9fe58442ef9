"""Dependent: what names Services and fails with them, and what it does with each of them.

Ingresses, Gateway API routes, webhooks and aggregated APIs. Of each kind the same is kept: rules
that choose backends, with what they match and how traffic is shared. How the wire spells them is
in `routes` and `callers`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.objects.meta import WireMeta, intern_labels, intern_text, parse_time

Target = tuple[str, str]

#: An object that says nothing of shares gives each backend one part (Gateway API, BackendRef).
WHOLE = 1


class Backend(msgspec.Struct, frozen=True, gc=False):
    """One reference. `port` is a number or a name, 0 when none is given.

    `weight` is its part of the rule's traffic; `mirror`: it gets copies and nobody waits for it.
    `other` is what it points at when that is no Service, as `Kind.group`.
    """

    namespace: str
    name: str
    port: int | str = 0
    weight: int = WHOLE
    mirror: bool = False
    other: str = ""


class Match(msgspec.Struct, frozen=True, gc=False):
    """One way into a rule. `kind` is Exact, PathPrefix, RegularExpression or another's own word.

    `method`, `headers` and `queries` are what a request has to have besides, as people write them.
    """

    kind: str = "PathPrefix"
    path: str = "/"
    method: str = ""
    headers: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()


#: What a rule matches that says nothing: every request (HTTPRoute, `matches`).
EVERYTHING = (Match(),)


class Rule(msgspec.Struct, frozen=True, gc=False):
    """Where requests go. `hosts` are lower case and without a dot at the end; () is any host.

    `name` is the rule's own, or the webhook's. `fallback`: it takes what no other rule takes (an
    Ingress' default backend). `answers`: it answers by itself, with a redirect. `policy` is the
    failurePolicy of a webhook, "" for all else.
    """

    backends: tuple[Backend, ...]
    matches: tuple[Match, ...] = EVERYTHING
    hosts: tuple[str, ...] = ()
    name: str = ""
    fallback: bool = False
    answers: bool = False
    policy: str = ""


class Parent(msgspec.Struct, frozen=True, gc=False):
    """What a controller says of a route: of one parent, as `Gateway infra/public`.

    `accepted` is the condition's status: True, False, Unknown, or "" while it is not told.
    """

    name: str
    accepted: str = ""
    reason: str = ""
    message: str = ""


class Door(msgspec.Struct, frozen=True, gc=False):
    """Where requests come in: an Ingress class, or a Gateway and (`section`) one listener of it."""

    kind: str
    namespace: str
    name: str
    section: str = ""


class Dependent(msgspec.Struct, frozen=True):
    """An object that points at Services. `targets` are (namespace, name), each once, sorted.

    `labels` are kept of Ingresses, which Probes select. `parents` are what the status tells of,
    `doors` what the spec asks for.
    """

    kind: str
    namespace: str
    name: str
    resource_version: str
    targets: tuple[Target, ...]
    rules: tuple[Rule, ...] = ()
    parents: tuple[Parent, ...] = ()
    doors: tuple[Door, ...] = ()
    created: float | None = None
    labels: dict[str, str] = {}

    @property
    def rejected(self) -> bool:
        """Every parent that its status tells of has said no, or nothing yet."""
        return bool(self.parents) and all(one.accepted != "True" for one in self.parents)


def make_dependent(
    kind: str,
    meta: WireMeta,
    rules: Iterable[Rule],
    *,
    parents: Iterable[Parent] = (),
    doors: Iterable[Door] = (),
    labelled: bool = False,
) -> Dependent:
    """The retained form; a reference without a name or a namespace points nowhere."""
    kept = tuple(rules)
    found = {
        (intern_text(backend.namespace), intern_text(backend.name))
        for rule in kept
        for backend in rule.backends
        if backend.namespace and backend.name and not backend.other
    }
    return Dependent(
        kind=kind,
        namespace=intern_text(meta.namespace),
        name=meta.name or "",
        resource_version=meta.resource_version or "",
        targets=tuple(sorted(found)),
        rules=kept,
        parents=tuple(parents),
        doors=tuple(dict.fromkeys(doors)),
        created=parse_time(meta.creation_timestamp),
        labels=intern_labels(meta.labels) if labelled else {},
    )


def read_host(text: str | None) -> str:
    """A host name as it is compared: lower case, without the dot at the end of a full name."""
    return intern_text((text or "").strip().lower().removesuffix("."))


def name_type(kind: str | None, group: str | None) -> str:
    """What something is that is no Service: `Kind.group`."""
    return ".".join(filter(None, (kind or "(no kind)", group)))
