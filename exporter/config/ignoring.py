"""The kind of setting that says which Services are ignored."""

from __future__ import annotations

import re

import msgspec

from exporter.config.kinds import BadValue
from exporter.model import IgnoreRule
from exporter.objects.selector_text import find_fault, read_selector

#: A name in which `*` and `?` stand for anything and for one character.
_PATTERN = re.compile(r"[a-z0-9*?](?:[-a-z0-9.*?]{0,252})", re.ASCII)


class Ignoring(msgspec.Struct, frozen=True):
    """Rules such as `kube-system/*-etcd,release=monitoring`, parted by semicolons."""

    metavar: str = "NAMESPACE/NAME[,SELECTOR];…"
    takes: str = (
        "namespace and name of Services, both with * and ? as wildcards, and labels where wanted,"
        " such as kube-system/*-etcd,release=monitoring; several separated by semicolons"
    )

    def parse(self, text: str) -> tuple[IgnoreRule, ...]:
        """The rules, in the order given; an empty text is none."""
        parts = [part.strip() for part in text.split(";")]
        return tuple(dict.fromkeys(self._parse_one(part) for part in parts if part))

    def _parse_one(self, text: str) -> IgnoreRule:
        place, _, labels = text.partition(",")
        namespace, slash, name = place.strip().partition("/")
        if not (slash and _PATTERN.fullmatch(namespace) and _PATTERN.fullmatch(name)):
            raise BadValue(place.strip(), "names no Services as NAMESPACE/NAME")
        fault = find_fault(labels)
        selector = None if fault is not None else read_selector(labels)
        if selector is None:
            raise BadValue(fault or labels.strip(), "is no label selector that can be matched here")
        return IgnoreRule(namespace, name, selector, text)

    def show(self, value: object) -> str:
        """As they were written."""
        return ";".join(rule.text for rule in value) if isinstance(value, tuple) else ""
