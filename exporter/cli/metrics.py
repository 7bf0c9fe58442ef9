"""`metrics`: the catalogue of all families, for people and for programs.

docs/metrics.md is what this prints.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, FAMILIES, Group
from exporter.cli.errors import Exit
from exporter.cli.output import to_json
from exporter.config import Settings

_OWN = "own"

_ABOUT = {
    Group.CORE: "Always on.",
    Group.PORTS: "What each port of a Service reaches.",
    Group.TOPOLOGY: "Where the ready addresses are, and where they are missing.",
    Group.SLICES: "The EndpointSlices themselves, and those that serve no Service as they should.",
    Group.CHANGES: "What changed, and for how long a Service was without ready endpoints.",
    Group.PODS: "The Pods behind a Service; absent where Pods can't be read.",
    Group.DEPENDENTS: "What points at a Service.",
    Group.ROUTES: "Routes, webhooks and monitors, and where they lead nowhere; see "
    "[routes](routes.md).",
    Group.LABELS: "Labels and annotations of Services, by `--labels-allowlist` and "
    "`--annotations-allowlist`; naming one switches the group on.",
    Group.ADDRESSES: "One series an address: mind the number of series.",
    Group.COMPATIBILITY: "What kube-state-metrics exported up to 2.13, for dashboards that still "
    "ask for it.",
}

_HEAD = """\
# Metrics

<!-- Made by `make generate` from exporter/catalogue and exporter/telemetry; edit those. -->

A number that can't be known is absent; a number that is known to be zero is an explicit 0. Series
vanish with their object. Groups are switched on with `--groups` and off with `--no-groups`.
"""


class MetricDocument(msgspec.Struct, frozen=True):
    """One family in `metrics -o json`. `group` is "own" for the exporter's own metrics.

    `default` says whether it is on unless switched off. `free_labels`: further labels are named
    after what is exported (label_…, annotation_…).
    """

    name: str
    type: str
    help: str
    labels: tuple[str, ...]
    group: str
    stability: str
    default: bool
    free_labels: bool = False


def list_metrics() -> tuple[MetricDocument, ...]:
    """All families: those about Services in the catalogue's order, then the exporter's own."""
    from exporter.telemetry import OWN_FAMILIES

    domain = [
        MetricDocument(
            name=family.name,
            type=family.kind.value,
            help=family.help,
            labels=family.all_labels,
            group=family.group.value,
            stability=family.stability.value,
            default=family.group in DEFAULT_GROUPS,
            free_labels=family.free,
        )
        for family in FAMILIES
    ]
    own = [
        MetricDocument(
            name=family.name,
            type=family.kind.value,
            help=family.help,
            labels=family.labels,
            group=_OWN,
            stability=family.stability.value,
            default=True,
        )
        for family in OWN_FAMILIES
    ]
    return (*domain, *own)


def run(args: argparse.Namespace, _settings: Settings) -> int:
    """Print the catalogue."""
    if args.output == "json":
        sys.stdout.write(to_json(list_metrics()))
    else:
        sys.stdout.write(render_metrics_markdown())
    return Exit.FINE


def render_metrics_markdown() -> str:
    """The text of docs/metrics.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    metrics = list_metrics()
    for group in Group:
        state = "on by default" if group in DEFAULT_GROUPS else "off by default"
        if group is Group.CORE:
            state = "always on"
        yield f"## Group `{group.value}` ({state})"
        yield ""
        if group is not Group.CORE:
            yield _ABOUT[group]
            yield ""
        yield from _table([metric for metric in metrics if metric.group == group.value])
    yield "## The exporter's own metrics"
    yield ""
    yield ("Always there, under `/metrics` only: `scrape` leaves them out.")
    yield ""
    yield from _table([metric for metric in metrics if metric.group == _OWN])


def _table(metrics: list[MetricDocument]) -> Iterator[str]:
    yield "| name | type | labels | meaning |"
    yield "| --- | --- | --- | --- |"
    for metric in metrics:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        if metric.free_labels:
            prefix = "label" if metric.name.endswith("_labels") else "annotation"
            labels += f", `{prefix}_…`"
        meaning = metric.help.replace("|", r"\|")
        if metric.stability != "stable":
            meaning += f" ({metric.stability})"
        yield f"| `{metric.name}` | {metric.type} | {labels} | {meaning} |"
    yield ""
