"""Opt-in detail: labels and annotations by allow-list, single addresses, old names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate

from exporter.catalogue.family import Family, FreeSample, Group, Kind, Sample, Scope
from exporter.model import ServiceReport
from exporter.objects.slices import READY

_NOT_A_LABEL = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)


def _names(prefix: str, pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Label names for the keys: what a label can't hold is `_`, a second use gets a number.

    `app.kubernetes.io/name` and `app-kubernetes-io/name` are two keys and one label name; a
    series with one label twice is refused by Prometheus, whole scrape and all.
    """
    found: dict[str, str] = {}
    for key in sorted(pairs):
        name = wanted = prefix + _NOT_A_LABEL.sub("_", key)
        number = 0
        while name in found:
            number += 1
            name = f"{wanted}_conflict{number}"
        found[name] = pairs[key]
    return tuple(found.items())


def _allowed(patterns: Sequence[str]) -> Callable[[str], object]:
    if not patterns:
        return lambda _key: None
    return re.compile("|".join(translate(pattern) for pattern in patterns)).match


def allow_list_families(labels: Sequence[str], annotations: Sequence[str]) -> tuple[Family, Family]:
    """The two families of the labels group, for these allow-lists (`*` is a wildcard)."""
    label_allowed, annotation_allowed = _allowed(labels), _allowed(annotations)

    def label_samples(report: ServiceReport) -> list[FreeSample]:
        kept = {k: v for k, v in report.service.labels.items() if label_allowed(k)}
        return [(_names("label_", kept), 1)]

    def annotation_samples(report: ServiceReport) -> list[FreeSample]:
        kept = {k: v for k, v in report.service.annotations.items() if annotation_allowed(k)}
        return [(_names("annotation_", kept), 1)]

    return (
        Family(
            "k8s_service_labels",
            Kind.GAUGE,
            Group.LABELS,
            "Labels of the Service that the allow-list admits, as label_NAME.",
            label_samples,
            reads=("service",),
            free=True,
        ),
        Family(
            "k8s_service_annotations",
            Kind.GAUGE,
            Group.LABELS,
            "Annotations of the Service that the allow-list admits, as annotation_NAME.",
            annotation_samples,
            reads=("service",),
            free=True,
        ),
    )


def _address_ready(report: ServiceReport) -> list[Sample]:
    return [
        (
            (entry.address_type, entry.address, entry.node, entry.zone, entry.pod),
            1 if entry.flags & READY else 0,
        )
        for entry in report.addresses
    ]


DETAIL: tuple[Family, ...] = (
    Family(
        "k8s_service_endpoints_address_ready",
        Kind.GAUGE,
        Group.ADDRESSES,
        "Whether one address of the Service is ready; a series an address, so switch it on with"
        " care.",
        _address_ready,
        ("address_type", "address", "node", "zone", "pod"),
        reads=("addresses",),
    ),
)


def _available(report: ServiceReport) -> list[Sample]:
    return [((), report.pairs[0])] if report.pairs else []


def _unavailable(report: ServiceReport) -> list[Sample]:
    return [((), report.pairs[1])] if report.pairs else []


COMPATIBILITY: tuple[Family, ...] = (
    Family(
        "kube_endpoint_address_available",
        Kind.GAUGE,
        Group.COMPATIBILITY,
        "Ready (address, port) pairs, as kube-state-metrics up to 2.13 counted them.",
        _available,
        reads=("pairs",),
        scope=Scope.ENDPOINT,
    ),
    Family(
        "kube_endpoint_address_not_ready",
        Kind.GAUGE,
        Group.COMPATIBILITY,
        "Not ready (address, port) pairs, as kube-state-metrics up to 2.13 counted them.",
        _unavailable,
        reads=("pairs",),
        scope=Scope.ENDPOINT,
    ),
)
