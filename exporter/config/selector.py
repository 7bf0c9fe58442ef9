"""The syntax of label selectors: it says whether one can be sent, and never matches anything.

The grammar is the API server's own (`labels.Parse`), so that a slip is told at start, by name,
and not as a 400 for every list afterwards.
"""

from __future__ import annotations

import re

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_KEY = rf"(?:(?=[^/]{{1,253}}/){_DOMAIN}/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"

# One requirement each; what stands between the parentheses is a list of values.
_REQUIREMENT = re.compile(
    rf"""\s*(?:
        !\s*{_KEY}
      | {_KEY}
      | {_KEY}\s*(?:==?|!=)\s*{_VALUE}
      | {_KEY}\s*[<>]\s*[0-9]+
      | {_KEY}\s+(?:in|notin)\s*\(\s*{_VALUE}\s*(?:,\s*{_VALUE}\s*)*\)
    )\s*""",
    re.VERBOSE,
)

# A comma separates requirements unless it stands in a list of values.
_BETWEEN = re.compile(r",(?![^(]*\))")


def find_fault(selector: str) -> str | None:
    """The first requirement that the API server would refuse, or None when all are well-formed.

    An empty selector selects everything and has no fault.
    """
    if not selector.strip():
        return None
    for requirement in _BETWEEN.split(selector):
        if not _REQUIREMENT.fullmatch(requirement):
            return requirement.strip()
    return None
