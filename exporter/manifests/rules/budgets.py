"""PodDisruptionBudgets: whether one can be met, and whether it ever allows a disruption.

Percents are rounded up, of minAvailable and of maxUnavailable alike, and the number that they are
of is what the workloads want (kubernetes pkg/controller/disruption/disruption.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exporter.explaining.wording import count_of
from exporter.manifests.kinds import makes_pods
from exporter.manifests.places import Manifest
from exporter.manifests.remarks import Level, Remark, Rule, make_remark
from exporter.manifests.rules.selecting import read_selector
from exporter.manifests.templates import Template

_PERCENT = re.compile(r"[0-9]{1,9}%", re.ASCII)
_UNCOUNTED = ("Job", "CronJob", "DaemonSet", "Pod")


def judge_budgets(
    manifests: Iterable[Manifest], templates: Iterable[Template], *, blind: bool
) -> Iterator[Remark]:
    """Remarks on all budgets; `blind`: not all was read, so nothing missing proves anything."""
    made, given = tuple(templates), tuple(manifests)
    strange = {one.namespace for one in given if makes_pods(one.group, one.kind)}
    for one in given:
        if one.kind == "PodDisruptionBudget":
            yield from _judge(one, made, blind=blind or one.namespace in strange)


def _judge(one: Manifest, templates: tuple[Template, ...], *, blind: bool) -> Iterator[Remark]:
    least, most = one.get("spec", "minAvailable"), one.get("spec", "maxUnavailable")
    fault = _find_fault(least, most)
    if fault:
        yield make_remark(Level.ERROR, Rule.BUDGET_INVALID, one, fault, at=("spec",))
        return
    selector = read_selector(one.get("spec", "selector"))
    if selector.strange or one.get("spec", "selector") is None:
        return  # without one it is about no Pod, and says so
    chosen = [
        each
        for each in templates
        if each.owner.namespace == one.namespace and selector.matches(each.labels)
    ]
    if not chosen:
        yield make_remark(
            Level.UNKNOWN if blind else Level.WARNING,
            Rule.BUDGET_SELECTS_NOTHING,
            one,
            "Its selector matches the Pods of no workload: it protects nothing.",
            "Select labels that a Pod template in its namespace has.",
            at=("spec", "selector"),
        )
        return
    if any(each.owner.kind in _UNCOUNTED or each.scale.high is None for each in chosen):
        return  # how many are expected can't be known, or is not counted at all
    low = sum(each.scale.low for each in chosen)
    high = sum(each.scale.high or 0 for each in chosen)
    yield from _compare(one, least, most, low, high)


def _compare(one: Manifest, least: object, most: object, low: int, high: int) -> Iterator[Remark]:
    if high == 0:
        return
    field = "maxUnavailable" if most is not None else "minAvailable"
    at = ("spec", field)
    shown = most if most is not None else least
    total = count_of(high, "Pod")
    if _needed(least, most, high) > high:
        yield make_remark(
            Level.WARNING,
            Rule.BUDGET_NEVER_MET,
            one,
            f"minAvailable is {least}, and there will be {total} at most: it can never be met, "
            "and no Pod of it can be evicted.",
            "Ask for fewer than there are.",
            at=at,
        )
    elif _needed(least, most, high) == high:
        yield make_remark(
            Level.WARNING,
            Rule.BUDGET_NEVER_ALLOWS,
            one,
            f"With {field} {shown} of {total} it never allows a disruption: no Node that runs one "
            "of them can be drained.",
            "Let at least one be missing, or run more of them.",
            at=at,
        )
    elif 0 < low < high and _needed(least, most, low) >= low:
        yield make_remark(
            Level.NOTE,
            Rule.BUDGET_MAY_BLOCK,
            one,
            f"With {field} {shown} it allows no disruption while the autoscaler runs "
            f"{count_of(low, 'Pod')}, its least.",
            "Raise the least number of replicas, or let one be missing.",
            at=at,
        )


def _needed(least: object, most: object, total: int) -> int:
    """How many have to be healthy at any time."""
    if most is not None:
        return max(total - _scaled(most, total), 0)
    return _scaled(1 if least is None else least, total)  # neither given: one is to be available


def _scaled(value: object, total: int) -> int:
    if isinstance(value, int):
        return value
    return -(-int(str(value)[:-1]) * total // 100)


def _find_fault(least: object, most: object) -> str:
    if least is not None and most is not None:
        return "minAvailable and maxUnavailable exclude each other."
    for name, value in (("minAvailable", least), ("maxUnavailable", most)):
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        percent = isinstance(value, str) and _PERCENT.fullmatch(value) and int(value[:-1]) <= 100
        if value is not None and not whole and not percent:
            return f"{name} is {str(value)[:40]!r}: it takes a whole number or a percentage."
    return ""
