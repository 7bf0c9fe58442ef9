"""Label and field selectors: their grammar and what they match.

Follows apimachinery pkg/labels/selector.go and pkg/fields/selector.go for the forms that `kubectl`
and clients send: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, and for fields
`a=b`, `a==b`, `a!=b`. It never sees whole objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_SET = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_PAIR = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()<>]*)$")
_BOUND = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<op>[<>])\s*(?P<value>-?\d+)$")
_EXISTS = re.compile(r"^(?P<op>!?)\s*(?P<key>[^\s!=,()<>]+)$")
#: The name part of a label key, and a label value.
_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")
_PREFIX = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")


class SelectorError(ValueError):
    """The text is no selector; the message is fit for a 400 answer."""


class Requirement(msgspec.Struct, frozen=True):
    """One term: `op` is `in`, `notin`, `exists`, `absent`, `<` or `>`."""

    key: str
    op: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """True when an object with these labels (or fields) fulfils the term."""
        value = labels.get(self.key)
        match self.op:
            case "in":
                return value in self.values
            case "notin":
                # an object without the key matches, as `!=` and `notin` are documented
                return value not in self.values
            case "exists":
                return value is not None
            case "absent":
                return value is None
        if value is None or not value.lstrip("-").isdigit():
            return False
        bound = int(next(iter(self.values)))
        return int(value) > bound if self.op == ">" else int(value) < bound


Selector = tuple[Requirement, ...]


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """True when every term holds; the empty selector matches everything."""
    return all(requirement.matches(labels) for requirement in selector)


def _terms(text: str) -> list[str]:
    """Split at the commas outside parentheses."""
    out: list[str] = []
    depth = start = 0
    for at, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            out.append(text[start:at])
            start = at + 1
    out.append(text[start:])
    if depth:
        raise SelectorError(f"unable to parse requirement: unbalanced parentheses in '{text}'")
    return [term.strip() for term in out]


def _check_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.match(name) or (slash and not _PREFIX.match(prefix)):
        raise SelectorError(f'unable to parse requirement: key: Invalid value: "{key}"')
    return key


def _check_value(value: str) -> str:
    if value and not _NAME.match(value):
        raise SelectorError(f'unable to parse requirement: values: Invalid value: "{value}"')
    return value


def _label_term(term: str) -> Requirement:
    if found := _SET.match(term):
        values = frozenset(_check_value(v.strip()) for v in found["values"].split(","))
        return Requirement(_check_key(found["key"]), found["op"], values)
    if found := _PAIR.match(term):
        op = "notin" if found["op"] == "!=" else "in"
        return Requirement(_check_key(found["key"]), op, frozenset({_check_value(found["value"])}))
    if found := _BOUND.match(term):
        return Requirement(_check_key(found["key"]), found["op"], frozenset({found["value"]}))
    if found := _EXISTS.match(term):
        return Requirement(_check_key(found["key"]), "absent" if found["op"] else "exists")
    raise SelectorError(f"unable to parse requirement: found '{term}', expected: identifier")


def parse_labels(text: str) -> Selector:
    """Parse a `labelSelector`; raises SelectorError."""
    if not text.strip():
        return ()
    return tuple(_label_term(term) for term in _terms(text))


def parse_fields(text: str, selectable: frozenset[str]) -> Selector:
    """Parse a `fieldSelector`; raises SelectorError for bad text and for unknown fields."""
    out = []
    for term in text.split(","):
        if not term.strip():
            continue
        key, op, value = re.split(r"(==|!=|=)", term, maxsplit=1) if "=" in term else (term, "", "")
        if not op:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        if key.strip() not in selectable:
            raise SelectorError(f"field label not supported: {key.strip()}")
        out.append(Requirement(key.strip(), "notin" if op == "!=" else "in", frozenset({value})))
    return tuple(out)
