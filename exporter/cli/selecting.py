"""Label selectors, matched here: a dump has no API server that would do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_BETWEEN = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"(?P<key>\S+)\s+(?P<verb>in|notin)\s*\((?P<values>[^)]*)\)")
_PAIR = re.compile(r"(?P<key>[^\s=!<>]+)\s*(?P<verb>==?|!=|<|>)\s*(?P<value>\S*)")


def compile_selector(selector: str) -> Test:
    """A test for labels out of a well-formed selector, by the API server's rules.

    `!=` and `notin` hold for an absent key too; `<` and `>` compare whole numbers.
    """
    tests = [_requirement(part.strip()) for part in _BETWEEN.split(selector) if part.strip()]
    return lambda labels: all(test(labels) for test in tests)


def _requirement(text: str) -> Test:
    found = _SET.fullmatch(text)
    if found is not None:
        key, wanted = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["verb"] == "in":
            return lambda labels: key in labels and labels[key] in wanted
        return lambda labels: key not in labels or labels[key] not in wanted
    found = _PAIR.fullmatch(text)
    if found is not None:
        return _pair(found["key"], found["verb"], found["value"])
    if text.startswith("!"):
        absent = text[1:].strip()
        return lambda labels: absent not in labels
    return lambda labels: text in labels


def _pair(key: str, verb: str, value: str) -> Test:
    if verb == "!=":
        return lambda labels: labels.get(key) != value
    if verb in ("<", ">"):
        limit = int(value)

        def compare(labels: Labels) -> bool:
            text = labels.get(key, "")
            if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
                return False
            return int(text) < limit if verb == "<" else int(text) > limit

        return compare
    return lambda labels: key in labels and labels[key] == value
