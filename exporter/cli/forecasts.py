"""What `whatif -o json` prints: the forecast, for programs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from exporter.foresight import Effect, Forecast, GuardState, Outcome, Question
from exporter.foresight.worst import Method
from exporter.model import FindingCode, Standing

#: What is assumed, whatever is asked.
ASSUMES = "worst case: nothing that is lost comes up anywhere else"


class QuestionDocument(msgspec.Struct, frozen=True):
    """What was asked. `scale` maps KIND/NAMESPACE/NAME to Pods; `nodes` is null unless asked."""

    drain: tuple[str, ...]
    zones: tuple[str, ...]
    scale: dict[str, int]
    nodes: int | None


class EffectDocument(msgspec.Struct, frozen=True):
    """What becomes of a Service.

    `ready` addresses are there now and `left` after the loss of those on `nodes`; `staying` of the
    lost ones are there until the Node goes, for a drain leaves them; `unplaced` are on no known
    Node and count as left. `standing` and `findings` (warnings that are new) are the judgement
    then. `blind_nodes` lose their last local endpoint while they are there, which `policies` make
    matter.
    """

    namespace: str
    service: str
    outcome: Outcome
    ready: int
    left: int
    min_ready: int
    standing: Standing
    nodes: tuple[str, ...]
    staying: int
    unplaced: int
    findings: tuple[FindingCode, ...]
    blind_nodes: tuple[str, ...]
    policies: tuple[str, ...]


class BudgetDocument(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget that holds the drain up: which Pods on the Nodes it guards."""

    namespace: str
    name: str
    state: GuardState
    pods: tuple[str, ...]
    allowed: int
    healthy: int
    desired: int


class CallerDocument(msgspec.Struct, frozen=True):
    """What leads to a Service that would be down; `webhooks` are those with failurePolicy Fail."""

    kind: str
    namespace: str
    name: str
    service: str
    webhooks: tuple[str, ...]


class WorstDocument(msgspec.Struct, frozen=True):
    """The Nodes that are the worst to lose at once for all Services, and how they were found."""

    nodes: tuple[str, ...]
    method: Method
    services: tuple[EffectDocument, ...]


class ForecastDocument(msgspec.Struct, frozen=True):
    """What `whatif -o json` prints. Keys are only ever added.

    `ok` is null when it can't be told; `exit` is the status. `services` were looked at. `effects`
    are those that are harmed (down, below-min-ready, degraded) or have blind Nodes, worst first;
    with `nodes` asked, each by the loss that is the worst for it. `budgets` is null where nothing
    is drained, or where they or Pods can't be read. `down_already` are no matter of the loss.
    """

    ok: bool | None
    exit: int
    asked: QuestionDocument
    assumes: str
    services: int
    lost_nodes: tuple[str, ...]
    effects: tuple[EffectDocument, ...]
    budgets: tuple[BudgetDocument, ...] | None
    unmanaged_pods: tuple[str, ...]
    callers: tuple[CallerDocument, ...]
    worst: WorstDocument | None
    down_already: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]


def describe_forecast(
    forecast: Forecast, question: Question, missing: Sequence[str], status: int
) -> ForecastDocument:
    """The document on a forecast."""
    worst = forecast.worst
    return ForecastDocument(
        ok={0: True, 1: False}.get(status),
        exit=int(status),
        asked=QuestionDocument(
            question.drained,
            question.zones,
            {f"{s.kind}/{s.namespace}/{s.name}": s.replicas for s in question.scalings},
            question.worst or None,
        ),
        assumes=ASSUMES,
        services=forecast.services,
        lost_nodes=forecast.nodes,
        effects=tuple(_describe_effect(one) for one in forecast.effects),
        budgets=(
            None
            if forecast.guards is None
            else tuple(BudgetDocument(**msgspec.structs.asdict(guard)) for guard in forecast.guards)
        ),
        unmanaged_pods=forecast.unmanaged,
        callers=tuple(
            CallerDocument(*caller.key, str(caller.service), caller.fatal)
            for caller in forecast.callers
        ),
        worst=(
            None
            if worst is None
            else WorstDocument(
                worst.nodes, worst.method, tuple(_describe_effect(one) for one in worst.effects)
            )
        ),
        down_already=tuple(map(str, forecast.down)),
        unknown=tuple(map(str, forecast.unknown)),
        missing=tuple(missing),
    )


def _describe_effect(one: Effect) -> EffectDocument:
    return EffectDocument(
        namespace=one.key.namespace,
        service=one.key.name,
        outcome=one.outcome,
        ready=one.ready,
        left=one.left,
        min_ready=one.min_ready,
        standing=one.standing,
        nodes=one.nodes,
        staying=one.staying,
        unplaced=one.unplaced,
        findings=one.findings,
        blind_nodes=one.blind,
        policies=one.policies,
    )
