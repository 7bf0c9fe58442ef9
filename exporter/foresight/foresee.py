"""The whole answer: what becomes of each Service, what holds a drain up, who else is hit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from exporter.analysis.facts import Facts
from exporter.cluster import Cluster
from exporter.foresight.budgets import Guard, find_guards, list_evicted
from exporter.foresight.callers import Caller, find_callers
from exporter.foresight.losses import Aftermath, Loss
from exporter.foresight.outcomes import Effect, Judge, Outcome, compare, weigh
from exporter.foresight.questions import Places, Question, find_loss
from exporter.foresight.worst import Method, Spread, find_worst, spread_of
from exporter.judging.places import local_policies
from exporter.model import ServiceKey, ServiceReport, ServiceView, Standing
from exporter.objects.budgets import Budget
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.resources import BUDGETS
from exporter.routing import Routing

Measured = Mapping[ServiceKey, Facts]

_WORST_FIRST = list(Outcome)


class WorstSet(msgspec.Struct, frozen=True):
    """The Nodes that are the worst to lose at once for all Services, and what falls with them."""

    nodes: tuple[str, ...]
    method: Method
    effects: tuple[Effect, ...]


class Forecast(msgspec.Struct, frozen=True):
    """What would be. `nodes` are lost, where it is asked of given ones.

    `effects` are those on Services that are harmed or touched by a Local policy, worst first;
    where the worst Nodes are asked for, each by the worst for that Service. `services` were looked
    at, of which `unknown` can't be told. `guards` is None where nothing is drained, or Pods or
    PodDisruptionBudgets can't be read. `unmanaged` are Pods to be evicted that nothing makes anew.
    `callers` fail with Services that would be down. `down` are those that are so as it is.
    """

    services: int
    nodes: tuple[str, ...]
    effects: tuple[Effect, ...]
    unknown: tuple[ServiceKey, ...]
    guards: tuple[Guard, ...] | None
    unmanaged: tuple[str, ...]
    callers: tuple[Caller, ...]
    worst: WorstSet | None
    down: tuple[ServiceKey, ...]

    @property
    def harmful(self) -> bool:
        """Whether a Service is harmed, or a drain would not get through."""
        held_up = any(guard.state.blocks for guard in self.guards or ())
        return held_up or any(effect.outcome.counts for effect in self.effects)


class World(msgspec.Struct, frozen=True):
    """What is known: the cluster, of each Service a view and a report, and who points at them."""

    cluster: Cluster
    views: Mapping[ServiceKey, ServiceView]
    reports: Mapping[ServiceKey, ServiceReport]
    places: Places
    routing: Routing


def foresee(world: World, judge: Judge, question: Question) -> Forecast:
    """What would become of all Services by what is asked; nothing comes up anew."""
    if question.worst:
        facts = {key: judge.facts(view) for key, view in world.views.items()}
        spreads = [spread_of(key, one) for key, one in facts.items()]
        worst = _find_worst_set(world, judge, facts, spreads, question.worst)
        effects = _judge_each(world, judge, facts, spreads, question.worst)
        return _tell(world, effects, worst=worst)
    loss = find_loss(question, world.cluster, world.places)
    effects = _judge_all(world, judge, {}, loss)
    guards: tuple[Guard, ...] | None = None
    unmanaged: tuple[str, ...] = ()
    if loss.drained:
        evicted = list_evicted(world.cluster.pods(), loss.drained)
        unmanaged = tuple(sorted(f"{one.namespace}/{one.name}" for one in evicted if _is_bare(one)))
        if world.cluster.knows(BUDGETS.name, None) and world.cluster.knows("pods", None):
            held = world.cluster.held(BUDGETS.name)
            guards = tuple(find_guards((one for one in held if isinstance(one, Budget)), evicted))
    return _tell(world, effects, loss=loss, guards=guards, unmanaged=unmanaged)


def _is_bare(pod: Pod) -> bool:
    return pod.candidate and not pod.owner.kind


def _tell(
    world: World,
    effects: Iterable[Effect],
    *,
    loss: Loss | None = None,
    worst: WorstSet | None = None,
    guards: tuple[Guard, ...] | None = None,
    unmanaged: tuple[str, ...] = (),
) -> Forecast:
    found = list(effects)
    down = [one.key for one in found if one.outcome is Outcome.DOWN]
    reports = {key: world.reports[key] for key in world.views}
    unknown = [key for key, one in reports.items() if weigh(one, one)[0] is Outcome.UNKNOWN]
    return Forecast(
        services=len(world.views),
        nodes=tuple(sorted(loss.nodes)) if loss is not None else (),
        effects=_order(found),
        unknown=tuple(sorted(unknown)),
        guards=guards,
        unmanaged=unmanaged,
        callers=tuple(find_callers(world.routing, world.views, down)),
        worst=worst,
        down=tuple(key for key, one in reports.items() if one.judgement.standing is Standing.DOWN),
    )


def _order(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    told = [one for one in effects if one.outcome.counts or one.blind]
    return tuple(sorted(told, key=lambda one: (_WORST_FIRST.index(one.outcome), one.key)))


def _judge_all(world: World, judge: Judge, known: Measured, loss: Loss) -> list[Effect]:
    """Each Service that the loss touches; `known` are facts that were measured already."""
    aftermath = Aftermath(loss, _nodes_of(world.views))
    return [
        compare(judge, world.reports[key], known.get(key) or judge.facts(view), aftermath)
        for key, view in world.views.items()
        if _is_touched(view, loss)
    ]


def _judge_each(
    world: World, judge: Judge, facts: Measured, spreads: Sequence[Spread], number: int
) -> list[Effect]:
    """Each Service without the Nodes that are the worst for it."""
    nodes = _nodes_of(world.views)
    made: dict[frozenset[str], Aftermath] = {}
    effects = []
    for one in spreads:
        lost = one.worst(number)
        if not lost:
            continue
        if lost not in made:
            made[lost] = Aftermath(Loss(nodes=lost), nodes)
        effects.append(compare(judge, world.reports[one.key], facts[one.key], made[lost]))
    return effects


def _find_worst_set(
    world: World, judge: Judge, facts: Measured, spreads: Sequence[Spread], number: int
) -> WorstSet:
    up = [one for one in spreads if one.reached and not world.reports[one.key].ignored]
    nodes, method = find_worst(up, number)
    effects = _judge_all(world, judge, facts, Loss(nodes=nodes))
    return WorstSet(tuple(sorted(nodes)), method, _order(effects))


def _is_touched(view: ServiceView, loss: Loss) -> bool:
    """Whether a loss can change anything of a Service."""
    namespace = view.service.namespace
    if loss.scalings or local_policies(view.service):
        return True
    if any(
        loss.takes(entry, namespace) for piece in view.slices or () for entry in piece.endpoints
    ):
        return True
    return view.pods is not None and any(pod.node in loss.nodes for pod in view.pods.selected)


def _nodes_of(views: Mapping[ServiceKey, ServiceView]) -> Mapping[str, Node] | None:
    return next((view.nodes for view in views.values()), None)
