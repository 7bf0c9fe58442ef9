"""Requests as the server logs and reads them: paths, verbs, accepted media types.

It never answers anything.
"""

from __future__ import annotations

import msgspec

from exporter.sim.resources import Resource, resource_at
from exporter.sim.status import Status, StatusError


class Request(msgspec.Struct):
    """One request as it arrived; `status` is 0 until the answer begins.

    `verb`, `resource` (plural), `namespace` and `name` are empty for paths that are no resource.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    status: int = 0


class Target(msgspec.Struct, frozen=True):
    """What a resource path names: a namespace or "", a name or ""."""

    resource: Resource
    namespace: str
    name: str


def target_of(path: str) -> Target | None:
    """Read /api/v1/…, /apis/GROUP/VERSION/…; None for any other path."""
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = name = ""
    match rest:
        case ["namespaces", namespace, plural]:
            pass
        case ["namespaces", namespace, plural, name]:
            pass
        case [plural, name]:
            pass
        case [plural]:
            pass
        case _:
            return None
    resource = resource_at(group, version, plural)
    if resource is None or (namespace and not resource.namespaced):
        return None
    if name and resource.namespaced and not namespace:
        return None
    return Target(resource, namespace, name)


def check_accept(accept: str) -> None:
    """StatusError 406 when the client takes no JSON."""
    kinds = {part.split(";")[0].strip() for part in accept.split(",")}
    if accept and not kinds & {"application/json", "application/*", "*/*"}:
        raise StatusError(
            Status(
                406,
                "NotAcceptable",
                "only the following media types are accepted: application/json",
            )
        )
