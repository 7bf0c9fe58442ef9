"""The syntax of label selectors: whether one can be sent, and what it says.

The grammar is the API server's own (`labels.Parse`), so that a slip is told at start, by name,
and not as a 400 for every list afterwards. Each character is looked at a few times at most: a
text of any length is judged at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporter.objects.selectors import LabelSelector, Requirement

# No pattern here can match the same text in two ways, so none of them ever looks back far.
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,252})", re.ASCII)
_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)", re.ASCII)

#: Characters of a key's domain (RFC 1123).
_LONGEST_DOMAIN = 253


def find_fault(selector: str) -> str | None:
    """The first requirement that the API server would refuse, or None when all are well-formed.

    An empty selector selects everything and has no fault.
    """
    if not selector.strip():
        return None
    for requirement in _split(selector):
        if not _is_requirement(requirement.strip()):
            return requirement.strip()
    return None


def read_selector(selector: str) -> LabelSelector | None:
    """What a selector without fault chooses; None where it compares numbers (`<`, `>`)."""
    requirements = []
    for text in filter(None, (part.strip() for part in _split(selector))):
        found = _SET.fullmatch(text)
        if found is not None:
            operator = "In" if found[2] == "in" else "NotIn"
            values = tuple(each.strip() for each in found[3].split(","))
            requirements.append(Requirement(found[1], operator, values))
        elif text.startswith("!"):
            requirements.append(Requirement(text[1:].lstrip(), "DoesNotExist", ()))
        elif "<" in text or ">" in text:
            return None
        elif "!=" in text:
            key, _, value = text.partition("!=")
            requirements.append(Requirement(key.rstrip(), "NotIn", (value.strip(),)))
        elif "=" in text:
            key, _, value = text.replace("==", "=").partition("=")
            requirements.append(Requirement(key.rstrip(), "In", (value.strip(),)))
        else:
            requirements.append(Requirement(text, "Exists", ()))
    return LabelSelector(requirements=tuple(requirements))


def _split(selector: str) -> Iterator[str]:
    """The parts between commas; a comma in parentheses separates values, not requirements."""
    begin = depth = 0
    for at, letter in enumerate(selector):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            yield selector[begin:at]
            begin, depth = at + 1, 0
    yield selector[begin:]


def _is_requirement(text: str) -> bool:
    if text.startswith("!"):
        return _is_key(text[1:].lstrip())
    found = _SET.fullmatch(text)
    if found is not None:
        return _is_key(found[1]) and all(_is_value(each.strip()) for each in found[3].split(","))
    for sign in ("!=", "==", "=", "<", ">"):
        key, given, value = text.partition(sign)
        if given:
            value = value.strip()
            fine = _NUMBER.fullmatch(value) is not None if sign in "<>" else _is_value(value)
            return fine and _is_key(key.rstrip())
    return _is_key(text)


def _is_value(text: str) -> bool:
    return not text or _NAME.fullmatch(text) is not None


def _is_key(text: str) -> bool:
    domain, slash, name = text.rpartition("/")
    if slash and not (
        len(domain) <= _LONGEST_DOMAIN
        and all(_LABEL.fullmatch(part) and not part.endswith("-") for part in domain.split("."))
    ):
        return False
    return _NAME.fullmatch(name) is not None
