"""What becomes of one Service: two reports, of now and of then, compared by what judging says."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from exporter.analysis.facts import Facts, measure
from exporter.analysis.merge import ready_entries
from exporter.foresight.losses import STAYING, Aftermath, Loss
from exporter.history import Clock
from exporter.judging import Options, assess
from exporter.judging.goals import Goal, GoalKind, is_met
from exporter.judging.places import local_policies
from exporter.model import FindingCode, ServiceKey, ServiceReport, ServiceView, Standing, Weight
from exporter.objects.slices import Endpoint

_AVAILABLE = Goal("available", GoalKind.AVAILABLE)
_READY = Goal("ready", GoalKind.READY)

#: Findings that say how far controllers are behind; here they do nothing, by assumption.
_CATCHING_UP = frozenset(
    {FindingCode.REPLICAS_MISSING, FindingCode.ENDPOINTS_LAGGING, FindingCode.STALE_ENDPOINTS}
)


class Outcome(StrEnum):
    """What becomes of a Service, worst first; `fine` where nothing of the above does."""

    DOWN = "down"
    BELOW_MIN_READY = "below-min-ready"
    DEGRADED = "degraded"
    FINE = "fine"
    #: It was no better before: it had no endpoint, or its owner has it ignored.
    NOT_JUDGED = "not-judged"
    #: Its endpoints can't be read.
    UNKNOWN = "unknown"

    @property
    def counts(self) -> bool:
        """Whether the loss does harm."""
        return self in (Outcome.DOWN, Outcome.BELOW_MIN_READY, Outcome.DEGRADED)


class Effect(msgspec.Struct, frozen=True):
    """What becomes of a Service. `ready` are ready addresses now, `left` those after the loss.

    `nodes` are the Nodes whose loss it is about. `staying`: of the lost ones those that a drain
    leaves alone (DaemonSets, mirror Pods): they are there until the Node goes. `unplaced`: ready
    addresses that no Node is known of; they count as staying. `findings` are warnings that are new.
    `blind`: Nodes that are there, or are still there while they drain, and lose their last local
    endpoint; `policies` are the Local policies that make that matter.
    """

    key: ServiceKey
    outcome: Outcome
    ready: int
    left: int
    min_ready: int
    standing: Standing
    nodes: tuple[str, ...] = ()
    staying: int = 0
    unplaced: int = 0
    findings: tuple[FindingCode, ...] = ()
    blind: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()


class Judge(msgspec.Struct, frozen=True):
    """How all of them are judged: the moment, and the user's choices."""

    clock: Clock
    options: Options

    def report(self, view: ServiceView) -> ServiceReport:
        """The report on a Service that nobody has seen before."""
        return assess(None, view, self.clock, self.options)[1]

    def facts(self, view: ServiceView) -> Facts:
        """The numbers of a Service, as reports have them."""
        return measure(
            view,
            min_ready=self.options.min_ready,
            ignoring=self.options.ignoring,
            now=self.clock.now,
            lag_threshold=self.options.lag_threshold,
        )


def compare(judge: Judge, before: ServiceReport, facts: Facts, aftermath: Aftermath) -> Effect:
    """What becomes of a Service by a loss; `before` and `facts` are of it as it is."""
    view = facts.view
    after = judge.report(aftermath.view(view))
    outcome, findings = weigh(before, after)
    ready = list(ready_entries(facts.merged))
    namespace = view.service.namespace
    lost = [entry for entry in ready if aftermath.loss.takes(entry, namespace)]
    blind: tuple[str, ...] = ()
    policies = local_policies(view.service)
    staying = _list_staying(view, lost, aftermath.loss)
    if policies and after.ready:
        left = [entry for entry in ready if not aftermath.loss.takes(entry, namespace)]
        blind = _find_blind(left, lost, staying, aftermath.loss)
    return Effect(
        key=before.key,
        outcome=outcome,
        ready=before.ready,
        left=after.ready,
        min_ready=before.min_ready,
        standing=after.judgement.standing,
        nodes=tuple(sorted({entry.node for entry in lost if entry.node})),
        staying=len(staying),
        unplaced=sum(not entry.node for entry in ready),
        findings=findings,
        blind=blind,
        policies=tuple(policies) if blind else (),
    )


def weigh(before: ServiceReport, after: ServiceReport) -> tuple[Outcome, tuple[FindingCode, ...]]:
    """The outcome, and the warnings that are new: both are what the two reports say."""
    if before.ignored or before.service.type == "ExternalName":
        return Outcome.NOT_JUDGED, ()
    if not before.known:
        return Outcome.UNKNOWN, ()
    if not is_met(_AVAILABLE, before):
        return Outcome.NOT_JUDGED, ()
    held = {found.code for found in before.judgement.findings if found.weight is Weight.WARNING}
    fresh = tuple(
        found.code
        for found in after.judgement.findings
        if found.weight is Weight.WARNING
        and found.code not in held
        and found.code not in _CATCHING_UP
    )
    if not is_met(_AVAILABLE, after):
        return Outcome.DOWN, fresh
    if is_met(_READY, before) and not is_met(_READY, after):
        return Outcome.BELOW_MIN_READY, fresh
    return (Outcome.DEGRADED if fresh else Outcome.FINE), fresh


def _list_staying(view: ServiceView, lost: list[Endpoint], loss: Loss) -> list[Endpoint]:
    """Those of the lost that are there until their Node goes: a drain leaves them alone."""
    if not loss.drained:
        return []
    pods = view.pods.selected if view.pods is not None else ()
    names = {pod.name for pod in pods if pod.owner.kind in STAYING}
    return [entry for entry in lost if entry.node in loss.drained and entry.pod in names]


def _find_blind(
    left: list[Endpoint], lost: list[Endpoint], staying: list[Endpoint], loss: Loss
) -> tuple[str, ...]:
    """The Nodes that lose their last local endpoint and are there to feel it.

    A Node that is drained is still there while it is: what runs on it asks for local endpoints.
    """
    served = {entry.node for entry in (*left, *staying)}
    felt = {entry.node for entry in lost} - served - {""}
    return tuple(sorted(node for node in felt if node not in loss.nodes or node in loss.drained))
