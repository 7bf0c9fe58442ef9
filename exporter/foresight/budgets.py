"""Which PodDisruptionBudgets hold a drain up: the rules of the API server's eviction, applied."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from exporter.foresight.losses import STAYING
from exporter.objects.budgets import Budget
from exporter.objects.pods import Pod


class GuardState(StrEnum):
    """How a PodDisruptionBudget answers evictions, worst first."""

    #: It allows none: the drain stands still until more Pods are ready.
    BLOCKS = "blocks"
    #: Its controller has not looked at it as it is now: the API server refuses until it has.
    UNOBSERVED = "unobserved"
    #: A Pod has several of them, and the API server evicts none of those.
    SEVERAL = "several"
    #: It allows some now: the others wait until Pods are ready elsewhere.
    WAITS = "waits"

    @property
    def blocks(self) -> bool:
        """Whether not even the first Pod may go."""
        return self is not GuardState.WAITS


class Guard(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget that holds a drain up, and the Pods on the Nodes that it guards.

    `allowed` is how many may go now; `healthy` and `desired` are what its status says.
    """

    namespace: str
    name: str
    state: GuardState
    pods: tuple[str, ...]
    allowed: int
    healthy: int
    desired: int


def list_evicted(pods: Iterable[Pod], drained: frozenset[str]) -> list[Pod]:
    """The Pods that a drain of these Nodes evicts: not those of DaemonSets, nor mirror Pods."""
    return [pod for pod in pods if pod.node in drained and pod.owner.kind not in STAYING]


def find_guards(budgets: Iterable[Budget], evicted: Iterable[Pod]) -> list[Guard]:
    """The budgets that hold evictions up, worst first.

    As kubernetes pkg/registry/core/pod/storage/eviction.go: a Pod that has ended, ends or is
    Pending goes unasked; more than one budget is an error; one that is not ready may go where the
    policy says so or enough are healthy; else one of those that are allowed is taken.
    """
    by_namespace: dict[str, list[Budget]] = {}
    for budget in budgets:
        if budget.selector is not None and not budget.selector.strange:
            by_namespace.setdefault(budget.namespace, []).append(budget)
    guarded: dict[tuple[str, str], tuple[Budget, list[str]]] = {}
    several: dict[tuple[str, str], tuple[Budget, list[str]]] = {}
    for pod in evicted:
        if not pod.candidate or pod.facts.phase == "Pending":
            continue
        mine = [
            budget
            for budget in by_namespace.get(pod.namespace, ())
            if budget.selector is not None and budget.selector.matches(pod.labels)
        ]
        for budget in mine:
            held = several if len(mine) > 1 else guarded
            if len(mine) == 1 and _lets_unready_go(budget, pod):
                continue
            held.setdefault((budget.namespace, budget.name), (budget, []))[1].append(pod.name)
    found = [_tell(budget, names, GuardState.SEVERAL) for budget, names in several.values()]
    for budget, names in guarded.values():
        state = _answer(budget, len(names))
        if state is not None:
            found.append(_tell(budget, names, state))
    order = list(GuardState)
    return sorted(found, key=lambda one: (order.index(one.state), one.namespace, one.name))


def _lets_unready_go(budget: Budget, pod: Pod) -> bool:
    if pod.facts.ready == "True":
        return False
    return budget.always or budget.healthy >= budget.desired > 0


def _answer(budget: Budget, asked: int) -> GuardState | None:
    if not budget.observed:
        return GuardState.UNOBSERVED
    if budget.allowed <= 0:
        return GuardState.BLOCKS
    return GuardState.WAITS if budget.allowed < asked else None


def _tell(budget: Budget, pods: list[str], state: GuardState) -> Guard:
    return Guard(
        namespace=budget.namespace,
        name=budget.name,
        state=state,
        pods=tuple(sorted(pods)),
        allowed=max(0, budget.allowed),
        healthy=budget.healthy,
        desired=budget.desired,
    )
