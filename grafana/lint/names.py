"""Which metrics there are and which labels they have: the catalogue, our rules, Prometheus."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from exporter.catalogue import DEFAULT_GROUPS, FAMILIES, Kind
from exporter.catalogue.family import Scope
from exporter.telemetry import OWN_FAMILIES
from tools.promql import Schema

RULES = Path(__file__).resolve().parents[2] / "alerts"

#: What Prometheus adds to everything that it scrapes; `cluster` where it is told to.
TARGET = frozenset({"cluster", "job", "instance"})
#: What it calls our label `namespace` when honor_labels is not set.
_RENAMED = frozenset({"exported_namespace"})
_ROUTE = frozenset({"namespace", "service"})
_ALERT = frozenset({"alertname", "alertstate", "severity", "cluster", "namespace", "service"})


class Metric(msgspec.Struct, frozen=True):
    """One series name: its labels, whether it only grows, and what has to be there for it."""

    labels: frozenset[str]
    counter: bool = False
    #: The group that has to be switched on, or nothing.
    group: str = ""
    recorded: bool = False
    #: Other programs have it as well: it says nothing without a join with ours.
    shared: bool = False
    #: Labels that some of its series lack.
    optional: frozenset[str] = frozenset()


Families = dict[str, Metric]


def read_families(rules: Path = RULES) -> Families:
    """Every series name that a query may ask for."""
    found: Families = {
        "up": Metric(TARGET, shared=True),
        "ALERTS": Metric(_ALERT, optional=frozenset({"namespace", "service"})),
    }
    for family in FAMILIES:
        group = "" if family.group in DEFAULT_GROUPS else family.group.value
        labels = frozenset((*family.scope.labels, *family.labels)) | TARGET
        # What is in no namespace has an empty one, and its Services may be in another.
        optional = _ROUTE if family.scope is Scope.ROUTE else frozenset[str]()
        found[family.name] = Metric(labels, family.kind is Kind.COUNTER, group, optional=optional)
    info = found["k8s_service_info"]
    found["k8s_service_info"] = msgspec.structs.replace(info, labels=info.labels | _RENAMED)
    for own in OWN_FAMILIES:
        labels = frozenset(own.labels) | TARGET
        shared = not own.name.startswith("endpoints_exporter_")
        if own.kind is Kind.HISTOGRAM:
            found[f"{own.name}_bucket"] = Metric(labels | {"le"}, counter=True)
            found[f"{own.name}_sum"] = Metric(labels, counter=True)
            found[f"{own.name}_count"] = Metric(labels, counter=True)
        else:
            found[own.name] = Metric(labels, own.kind is Kind.COUNTER, shared=shared)
    found.update(_read_recorded(rules))
    return found


def _read_recorded(folder: Path) -> Families:
    """Recorded series with the labels that their expressions give them."""
    schema = Schema()
    found: Families = {}
    for path in sorted(folder.glob("*.rules.yaml"), key=lambda path: "recording" not in path.name):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if name := rule.get("record"):
                    schema.record(name, rule["expr"])
                    found[name] = Metric(schema.labels[name] | {"cluster"}, recorded=True)
    return found
