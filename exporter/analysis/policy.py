"""What a Service's owner asks of the exporter through annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from exporter.model import ANNOTATION_PREFIX, IgnoreRule
from exporter.objects.services import Service

_WHOLE = re.compile(r"[1-9][0-9]*", re.ASCII).fullmatch
_KNOWN = ("ignore", "min-ready", "severity", "owner", "slo")
#: Percent of time with a usable endpoint that the SLO rules know.
OBJECTIVES = ("99", "99.5", "99.9", "99.95", "99.99")
SEVERITIES = ("critical", "warning", "info")


class Policy(msgspec.Struct, frozen=True):
    """The wishes, with defaults where there are none. `bad`: a line per value that is none.

    `explicit`: the owner said how many should be ready.
    """

    ignored: bool = False
    min_ready: int = 1
    explicit: bool = False
    severity: str = ""
    owner: str = ""
    bad: tuple[str, ...] = ()


def read_policy(
    service: Service, default_min_ready: int, ignoring: Iterable[IgnoreRule] = ()
) -> Policy:
    """The Policy of a Service; a bad value counts as not given.

    `ignoring`: which Services are ignored whatever their annotations say.
    """
    covered = any(rule.covers(service) for rule in ignoring)
    wishes = {
        key.removeprefix(ANNOTATION_PREFIX): value
        for key, value in service.annotations.items()
        if key.startswith(ANNOTATION_PREFIX)
    }
    if not wishes:
        return Policy(ignored=covered, min_ready=default_min_ready)
    bad = [f"{ANNOTATION_PREFIX}{key} is not known" for key in wishes if key not in _KNOWN]
    ignore = wishes.get("ignore", "false")
    if ignore not in ("true", "false"):
        bad.append(f'{ANNOTATION_PREFIX}ignore={ignore!r}: takes "true" or "false"')
    min_ready, wish = default_min_ready, wishes.get("min-ready")
    explicit = False
    if wish is not None:
        if _WHOLE(wish) and len(wish) < 10:
            min_ready, explicit = int(wish), True
        else:
            bad.append(f"{ANNOTATION_PREFIX}min-ready={wish!r}: takes a positive whole number")
    severity = wishes.get("severity", "")
    if severity not in ("", *SEVERITIES):
        bad.append(f"{ANNOTATION_PREFIX}severity={severity!r}: takes {', '.join(SEVERITIES)}")
        severity = ""
    if wishes.get("slo", OBJECTIVES[0]) not in OBJECTIVES:
        bad.append(f"{ANNOTATION_PREFIX}slo={wishes['slo']!r}: takes {', '.join(OBJECTIVES)}")
    return Policy(
        ignored=covered or ignore == "true",
        min_ready=min_ready,
        explicit=explicit,
        severity=severity,
        owner=wishes.get("owner", ""),
        bad=tuple(sorted(bad)),
    )
