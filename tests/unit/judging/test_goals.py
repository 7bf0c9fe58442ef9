from __future__ import annotations

import msgspec
import pytest

from exporter.judging.goals import Goal, GoalError, GoalKind, is_met, read_goal
from exporter.model import (
    AddressCounts,
    Finding,
    FindingCode,
    PortReady,
    Reason,
    ServiceReport,
    Standing,
    Weight,
)
from tests.unit.web.sites import report

UP = report("d", "s", ready=2)
DOWN = report("d", "s", ready=0, not_ready=2, reason=Reason.IMAGE_PULL)
UNKNOWN = report("d", "s", ready=0, known=False)
SHORT = report(
    "d", "s", findings=(Finding(FindingCode.BELOW_MIN_READY, Weight.WARNING, count=1, total=3),)
)
#: Ready addresses that no port reaches.
UNUSABLE = report("d", "s", ready=1, reason=Reason.NAMED_PORT_MISSING)
DUAL = msgspec.structs.replace(
    UP, counts=(AddressCounts("IPv4", 2, 0, 2, 0), AddressCounts("IPv6", 1, 0, 1, 0))
)
PORTS = msgspec.structs.replace(
    UP,
    ports=(
        PortReady("dns", "UDP", 53, 2),
        PortReady("dns-tcp", "TCP", 53, 0),
        PortReady("http", "TCP", 80, 2),
    ),
)


@pytest.mark.parametrize(
    "text,goal",
    [
        ("ready", Goal("ready", GoalKind.READY)),
        ("ready=3", Goal("ready=3", GoalKind.READY, least=3)),
        ("available", Goal("available", GoalKind.AVAILABLE)),
        ("withdrawn", Goal("withdrawn", GoalKind.WITHDRAWN)),
        ("port=http", Goal("port=http", GoalKind.PORT, port="http")),
        ("standing=down", Goal("standing=down", GoalKind.STANDING, standing=Standing.DOWN)),
    ],
)
def test_goals_are_read(text: str, goal: Goal) -> None:
    """Each form says what it says."""
    assert read_goal(text) == goal


@pytest.mark.parametrize(
    "text,why",
    [
        ("redy", "is nothing to wait for; takes ready[=N], available, port=NAME, withdrawn"),
        ("", "is nothing to wait for"),
        ("Ready", "is nothing to wait for"),
        ("ready=", "does not end in a whole number from 1 to 1000000"),
        ("ready=0", "does not end in a whole number from 1 to 1000000"),
        ("ready=٣", "does not end in a whole number from 1 to 1000000"),
        ("ready=1000001", "does not end in a whole number from 1 to 1000000"),
        ("available=2", "has a value, and available takes none"),
        ("port", "lacks a value"),
        ("port=", "lacks a value"),
        ("standing=fine", "is no standing; there are down, degraded, unknown, new, ready"),
    ],
)
def test_what_is_no_goal_is_told(text: str, why: str) -> None:
    """A slip is told with what there is, and is never taken for another goal."""
    with pytest.raises(GoalError, match="^" + why.replace("[", r"\[").replace("]", r"\]")):
        read_goal(text)


@pytest.mark.parametrize(
    "text,one,met",
    [
        ("ready", UP, True),
        ("ready", DOWN, False),
        ("ready", UNKNOWN, False),
        ("ready", SHORT, False),
        ("ready", UNUSABLE, False),
        ("ready=1", SHORT, True),
        ("ready=2", UP, True),
        ("ready=3", UP, False),
        ("ready=2", DUAL, True),
        ("ready=3", DUAL, False),
        ("ready=1", UNUSABLE, False),
        ("available", SHORT, True),
        ("available", UNUSABLE, False),
        ("available", DOWN, False),
        ("available", UNKNOWN, False),
        ("withdrawn", DOWN, True),
        ("withdrawn", UP, False),
        ("withdrawn", UNUSABLE, False),
        ("withdrawn", UNKNOWN, False),
        ("port=http", PORTS, True),
        ("port=80", PORTS, True),
        ("port=dns", PORTS, True),
        ("port=53", PORTS, False),
        ("port=dns-tcp", PORTS, False),
        ("port=grpc", PORTS, False),
        ("standing=down", DOWN, True),
        ("standing=ready", DOWN, False),
        ("standing=unknown", UNKNOWN, True),
    ],
)
def test_goals_are_met(text: str, one: ServiceReport, met: bool) -> None:
    """Two families are not added up, what can't be told is not met, of ports all count."""
    assert is_met(read_goal(text), one) is met
