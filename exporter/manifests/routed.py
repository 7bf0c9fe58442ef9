"""What routing says of references, beside the lines of the manifests that make them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import msgspec

from exporter.explaining.references import tell_reference
from exporter.manifests.places import Manifest, dig
from exporter.manifests.remarks import Level, Remark, Rule, make_remark
from exporter.model import ReferenceReport, Result, RouteReport, ServiceKey, ServiceReport

_ABSENCES = frozenset({Result.MISSING_SERVICE, Result.NOT_PERMITTED})


class Places(msgspec.Struct, frozen=True):
    """What may be concluded from what is missing.

    `blind`: not all was read. `unknown` are Services whose Pods nobody can know. `with_pods` are
    the namespaces in which there are templates, None when the manifests are all there is.
    """

    blind: bool
    unknown: Collection[ServiceKey]
    with_pods: Collection[str] | None


def judge_route(
    report: RouteReport,
    about: Manifest,
    find: Callable[[ServiceKey], ServiceReport | None],
    places: Places,
) -> Iterator[Remark]:
    """What is to be said of the references of one object, each once."""
    said: set[tuple[Level, str, str]] = set()
    for rule in report.rules:
        for reference in rule.references:
            remark = _judge(report, reference, about, find, places)
            if remark is None:
                continue
            key = (remark.level, remark.rule, remark.message)
            if key not in said:
                said.add(key)
                yield remark


def _judge(
    report: RouteReport,
    one: ReferenceReport,
    about: Manifest,
    find: Callable[[ServiceKey], ServiceReport | None],
    places: Places,
) -> Remark | None:
    backend = one.backend
    message, fix = tell_reference(report.key, one, find(one.service))
    at = find_reference(about, backend.name, backend.port)
    name = f"{backend.namespace}/{backend.name}"
    if one.result is Result.UNKNOWN:
        if one.reason == "ServicesUnreadable":
            message = (
                f"It points at Service {name}, and no Service of that namespace is here: that "
                "can't be known."
            )
            fix = "Give its manifests too, or --complete if these are all."
        elif one.reason == "GrantsUnreadable":
            message = f"Whether a ReferenceGrant lets it point at {name} can't be known."
            fix = ""
        elif one.reason == "NotAllReadable":
            message = "What it chooses may be in namespaces of which nothing is here."
            fix = ""
        return make_remark(Level.UNKNOWN, Rule.UNKNOWN_REFERENCE, about, message, fix, at=at)
    if not one.broken:
        return None
    level = Level.ERROR
    if one.result is Result.NO_ENDPOINTS and one.service in places.unknown:
        level = Level.UNKNOWN
        message, fix = f"Whether the Service {name} has endpoints can't be known.", ""
    elif places.blind and (one.result in _ABSENCES or one.reason == "SelectsNothing"):
        level = Level.UNKNOWN
        message += " Not all that was given could be read: it may be in there."
    elif (
        one.reason == "SelectsNothing"
        and report.key.kind == "PodMonitor"
        and places.with_pods is not None
        and backend.namespace not in places.with_pods
    ):
        level = Level.UNKNOWN
        message += " No Pods of that namespace are here: that can't be known."
    return make_remark(level, one.result.value, about, message, fix, at=at)


def find_reference(about: Manifest, name: str, port: int | str) -> tuple[str | int, ...]:
    """Where an object names a Service: with this port if there is such a place, else anywhere."""
    if not name:
        return ("spec",)
    found: tuple[str | int, ...] = ()
    for path in about.lines:
        if path[-1] not in ("name", "serviceName") or path[:1] == ("metadata",):
            continue
        around = dig(about.value, *path[:-1])
        if dig(around, str(path[-1])) != name:
            continue
        spoken = dig(around, "port")
        if not port or port in (spoken, dig(spoken, "number"), dig(spoken, "name")):
            return path
        found = found or path
    return found
