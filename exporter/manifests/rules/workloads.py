"""Workloads by themselves: selectors that miss their own Pods, probes that can't be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.manifests.places import Manifest, dig, read_labels
from exporter.manifests.remarks import Level, Remark, Rule, make_remark
from exporter.manifests.rules.selecting import read_selector
from exporter.manifests.templates import Template

_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_SELECTING = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Rollout")


def judge_workloads(templates: Iterable[Template]) -> Iterator[Remark]:
    """Remarks on all that makes Pods."""
    for one in templates:
        yield from _judge_selector(one)
        yield from _judge_probes(one)


def _judge_selector(one: Template) -> Iterator[Remark]:
    owner = one.owner
    given = owner.get("spec", "selector")
    if owner.kind == "ReplicationController":
        wanted = read_labels(given)
        fits = wanted.items() <= one.labels.items()
    elif owner.kind in _SELECTING:
        selector = read_selector(given)
        fits = given is not None and (selector.strange or selector.matches(one.labels))
    else:
        return
    if not fits:
        yield make_remark(
            Level.ERROR,
            Rule.SELECTOR_NOT_OF_TEMPLATE,
            owner,
            "Its selector does not match the labels of its own template: the API server refuses "
            "it.",
            "Give the template the labels that the selector asks for.",
            at=("spec", "selector"),
        )


def _judge_probes(one: Template) -> Iterator[Remark]:
    for group in ("containers", "initContainers"):
        containers = one.spec.get(group)
        for number, container in enumerate(containers if isinstance(containers, list) else ()):
            for probe in _PROBES:
                yield from _judge_probe(one, container, probe, (*one.where, group, number, probe))


def _judge_probe(
    one: Template, container: object, probe: str, at: tuple[str | int, ...]
) -> Iterator[Remark]:
    for how in ("httpGet", "tcpSocket"):
        port = dig(container, probe, how, "port")
        if not isinstance(port, str) or port.isdecimal() or port in _names(container):
            continue
        what = "it never becomes ready" if probe == "readinessProbe" else "it always fails"
        yield make_remark(
            Level.ERROR,
            Rule.PROBE_PORT_MISSING,
            one.owner,
            f"The {probe} of container {dig(container, 'name')} asks port {port}, and the "
            f"container declares no port of that name: {what}.",
            "Name a port that the container declares, or give the number.",
            at=(*at, how, "port"),
        )


def _names(container: object) -> list[object]:
    ports = dig(container, "ports")
    return [dig(port, "name") for port in (ports if isinstance(ports, list) else ())]


def find_twice(manifests: Iterable[Manifest]) -> Iterator[Remark]:
    """Objects that are there more than once, and differ: the one that is applied last holds."""
    first: dict[tuple[str, str, str, str], Manifest] = {}
    for one in manifests:
        key = (one.group, one.kind, one.namespace, one.name)
        before = first.setdefault(key, one)
        if before is not one and before.value != one.value:
            yield make_remark(
                Level.NOTE,
                Rule.DEFINED_TWICE,
                one,
                f"It is there already, in {before.file} line {before.line}: whichever is applied "
                "last holds; here it is this one.",
                "Keep one of them.",
            )
