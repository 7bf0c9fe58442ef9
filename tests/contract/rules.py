"""The rule files as values, for the tests that read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import yaml

from tools.promql import Schema

REPOSITORY = Path(__file__).resolve().parents[2]
ALERTS = REPOSITORY / "alerts"
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
#: The files in the order in which one builds on the other.
FILES = ("recording", "services", "resilience", "slo", "exporter")
_TEMPLATE_LABEL = re.compile(r"\$labels\.(\w+)")
_TEMPLATE_QUERY = re.compile(r'query \(printf "((?:[^"\\]|\\.)*)"')


class Alert(msgspec.Struct, frozen=True, rename={"name": "alert", "wait": "for"}):
    """One alerting rule, as it stands in a file; `group` and `file` say where."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    wait: str = "0s"
    keep_firing_for: str = "0s"
    group: str = ""
    file: str = ""

    @property
    def template_labels(self) -> set[str]:
        """The labels that its annotations show."""
        return {
            label for text in self.annotations.values() for label in _TEMPLATE_LABEL.findall(text)
        }

    @property
    def template_queries(self) -> list[str]:
        """The queries that its annotations ask, with an empty string for each label."""
        return [
            query.replace("%q", '""')
            for text in self.annotations.values()
            for query in _TEMPLATE_QUERY.findall(text)
        ]


class Record(msgspec.Struct, frozen=True, rename={"name": "record"}):
    """One recording rule."""

    name: str
    expr: str
    labels: Mapping[str, str] = {}


@cache
def read_rules() -> tuple[Alert | Record, ...]:
    """All rules, in the order of evaluation. Unknown keys are refused."""
    found: list[Alert | Record] = []
    for name in FILES:
        document = yaml.safe_load((ALERTS / f"{name}.rules.yaml").read_text(encoding="utf-8"))
        for group in document["groups"]:
            for rule in group["rules"]:
                if "record" in rule:
                    found.append(msgspec.convert(rule, Record))
                else:
                    where = {"group": group["name"], "file": f"{name}.rules.yaml"}
                    found.append(msgspec.convert({**rule, **where}, Alert))
    return tuple(found)


def read_alerts() -> list[Alert]:
    """The alerting rules."""
    return [rule for rule in read_rules() if isinstance(rule, Alert)]


@cache
def make_schema() -> Schema:
    """The catalogue with all that the recording rules add to it; not to be changed."""
    schema = Schema()
    for rule in read_rules():
        if isinstance(rule, Record):
            schema.record(rule.name, rule.expr, rule.labels)
    return schema


def read_runbooks() -> list[Path]:
    """The files of runbooks."""
    return sorted(RUNBOOKS.glob("*.md"))
