"""What somebody waits for a Service to be, and whether it is: decided on the report alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import msgspec

from exporter.model import (
    FindingCode,
    ResourceStatus,
    ServiceKey,
    ServiceReport,
    Snapshot,
    Standing,
)

#: How goals are written, for those who are told that theirs is none.
FORMS = "ready[=N], available, port=NAME, withdrawn or standing=STANDING"

_MOST = 1_000_000


class GoalKind(StrEnum):
    """The kinds of goals."""

    READY = "ready"
    AVAILABLE = "available"
    PORT = "port"
    WITHDRAWN = "withdrawn"
    STANDING = "standing"


class GoalError(ValueError):
    """A text that is no goal; the message says why, without the text."""


class Goal(msgspec.Struct, frozen=True):
    """What is waited for. `text` is as it was written.

    `least` is of `ready=N`, None where the Service's own min-ready counts; `port` is the name or
    the number of a port; `standing` is the one that is waited for.
    """

    text: str
    kind: GoalKind
    least: int | None = None
    port: str = ""
    standing: Standing | None = None


def read_goal(text: str) -> Goal:
    """The goal that a text stands for; raises GoalError."""
    word, given, value = text.partition("=")
    try:
        kind = GoalKind(word)
    except ValueError:
        raise GoalError(f"is nothing to wait for; takes {FORMS}") from None
    if kind is GoalKind.READY:
        return Goal(text, kind, least=_read_number(value) if given else None)
    if kind in (GoalKind.AVAILABLE, GoalKind.WITHDRAWN):
        if given:
            raise GoalError(f"has a value, and {word} takes none")
        return Goal(text, kind)
    if not value:
        raise GoalError(f"lacks a value; takes {FORMS}")
    if kind is GoalKind.PORT:
        return Goal(text, kind, port=value)
    try:
        return Goal(text, kind, standing=Standing(value))
    except ValueError:
        raise GoalError(f"is no standing; there are {', '.join(Standing)}") from None


def _read_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text, re.ASCII) or not 1 <= int(text) <= _MOST:
        raise GoalError(f"does not end in a whole number from 1 to {_MOST}")
    return int(text)


def is_met(goal: Goal, report: ServiceReport) -> bool:
    """Whether a Service is as the goal says, as far as is known: what can't be told is not met.

    `ready`: traffic reaches it, and as many as wanted are ready in the address family that has
    most (one is enough for a Service of two families). `available`: traffic reaches it at all.
    `withdrawn`: no endpoint is ready any more.
    """
    if goal.standing is not None:
        return report.judgement.standing is goal.standing
    if not report.known:
        return False
    if goal.kind is GoalKind.WITHDRAWN:
        return report.ready == 0
    if goal.kind is GoalKind.PORT:
        ports = [one for one in report.ports if goal.port in (one.name, str(one.port))]
        return bool(ports) and all(one.ready for one in ports)
    if report.reason is not None:
        return False
    if goal.kind is GoalKind.AVAILABLE:
        return True
    if goal.least is None:
        return report.judgement.find(FindingCode.BELOW_MIN_READY) is None
    return max((counts.ready for counts in report.counts), default=0) >= goal.least


class Sight(msgspec.Struct, frozen=True):
    """Services looked at together, at one moment.

    `met`: all are there and as wanted; None where that can't be told. `there` are their reports,
    `unmet` those that are not as wanted, `missing` the Services that are not there, `unread` what
    can't be read, a line each.
    """

    met: bool | None
    there: tuple[ServiceReport, ...]
    unmet: tuple[ServiceReport, ...]
    missing: tuple[ServiceKey, ...]
    unread: tuple[str, ...]


def find_unread(snapshot: Snapshot) -> tuple[str, ...]:
    """What is needed and can't be read, or is not shown yet: meanwhile nothing counts as met."""
    found = tuple(map(_tell_unread, filter(_is_unread, snapshot.resources)))
    if found:
        return found
    if not (snapshot.shown and snapshot.resources):
        return ("nothing was read yet",)
    return () if snapshot.settled else ("what was read again is not shown yet",)


def find_troubles(snapshot: Snapshot) -> tuple[str, ...]:
    """What is needed and can't be read: what merely was not read by now is none of it."""
    return tuple(_tell_unread(one) for one in snapshot.resources if one.required and one.error)


def _is_unread(status: ResourceStatus) -> bool:
    return status.required and bool(status.error or not status.synced)


def _tell_unread(status: ResourceStatus) -> str:
    return f"{status.resource}: {status.error or 'not read yet'}"


def look(
    goals: Sequence[Goal],
    keys: Sequence[ServiceKey],
    there: Iterable[ServiceReport],
    seen: Collection[ServiceKey],
    unread: tuple[str, ...],
    lost: bool = False,  # noqa: FBT001, FBT002 - one word says it
) -> Sight:
    """Whether all Services are as all goals say.

    `keys` are those that were named, () where a selector chose those that are `there`; there has to
    be one at least. `seen` were there at some time: of those that are withdrawn one that was
    deleted counts, and one that never was does not. `lost`: one of them can't be decoded.
    """
    reports = tuple(there)
    known = {report.key for report in reports}
    missing = tuple(key for key in keys if key not in known)
    unmet = tuple(one for one in reports if not all(is_met(goal, one) for goal in goals))
    awaited, some = missing, bool(reports)
    if all(goal.kind is GoalKind.WITHDRAWN for goal in goals):
        awaited = tuple(key for key in missing if key not in seen)
        some = bool(reports or seen)
    met: bool | None = some and not awaited and not unmet
    blind = any(one.judgement.standing is Standing.UNKNOWN for one in unmet)
    if unread or (not met and (lost or blind)):
        met = None
    return Sight(met, reports, unmet, awaited, unread)
