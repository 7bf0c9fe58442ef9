"""A forecast for people: what was asked, a table of Services, and who else is hit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exporter.cli.forecasts import (
    BudgetDocument,
    CallerDocument,
    EffectDocument,
    ForecastDocument,
    QuestionDocument,
)
from exporter.cli.terminal import Cell, Colour, Table, paint
from exporter.explaining.wording import count_of, escape_text, join_some
from exporter.foresight import GuardState, Outcome

_HEAD = ("NAMESPACE", "SERVICE", "READY", "LEFT", "MIN", "OUTCOME", "LOSES")
_COLOURS = {Outcome.DOWN: Colour.EMPTY, Outcome.FINE: Colour.READY}
_MOST = 5


def tell_forecast(one: ForecastDocument, *, colours: bool) -> Iterator[str]:
    """The lines, each made safe for a terminal; the last one sums up."""
    yield f"{_ask(one.asked)} ({one.assumes}):"
    harmed = [effect for effect in one.effects if effect.outcome.counts]
    if harmed:
        yield ""
        yield from _tabulate(harmed, colours=colours)
    yield from _list("Local policies", _tell_blind(one.effects))
    if one.asked.drain:
        yield from _list("PodDisruptionBudgets", _tell_budgets(one))
        bare = escape_text(join_some(one.unmanaged_pods, _MOST))
        yield from _list(
            "Pods that nothing makes anew: kubectl drain needs --force", [bare] if bare else []
        )
    fatal = [caller for caller in one.callers if caller.webhooks]
    yield from _list("Webhooks that would stop the API server", map(_tell_webhook, fatal))
    others = [caller for caller in one.callers if not caller.webhooks]
    yield from _list("What leads to Services that would be down", map(_tell_caller, others))
    if one.worst is not None and one.worst.nodes:
        nodes = escape_text(join_some(one.worst.nodes, _MOST))
        hit = [effect for effect in one.worst.services if effect.outcome.counts]
        told = _count(hit) or "no Service would be harmed"
        line = f"{nodes}: {told} ({one.worst.method} search)"
        yield from _list("Worst for all Services at once", [line])
    yield ""
    yield _sum_up(one, harmed, colours=colours)


def _ask(asked: QuestionDocument) -> str:
    if asked.nodes:
        which = "the Node" if asked.nodes == 1 else f"the {asked.nodes} Nodes"
        return f"If each Service lost {which} worst for it"
    parts = []
    if asked.drain:
        noun = "Node" if len(asked.drain) == 1 else "Nodes"
        parts.append(f"{noun} {_name(asked.drain)} were drained and gone")
    if asked.zones:
        noun = "zone" if len(asked.zones) == 1 else "zones"
        parts.append(f"{noun} {_name(asked.zones)} were lost")
    parts += [
        f"{escape_text(name)} were scaled to {number}" for name, number in asked.scale.items()
    ]
    return f"If {' and '.join(parts)}"


def _name(names: Sequence[str]) -> str:
    return escape_text(join_some(names, _MOST))


def _tabulate(effects: Sequence[EffectDocument], *, colours: bool) -> Iterator[str]:
    table = Table(_HEAD, colours=colours)
    rows = [
        [
            Cell(escape_text(one.namespace)),
            Cell(escape_text(one.service)),
            Cell(str(one.ready)),
            Cell(str(one.left)),
            Cell(str(one.min_ready)),
            Cell(one.outcome.value, _COLOURS.get(one.outcome, Colour.DEGRADED)),
            Cell(_tell_loss(one)),
        ]
        for one in effects
    ]
    table.measure(rows)
    yield table.head_line()
    for row in rows:
        yield table.line(row)


def _tell_loss(one: EffectDocument) -> str:
    parts = [_name(one.nodes)] if one.nodes else []
    if one.outcome is Outcome.DEGRADED:
        parts.append(", ".join(one.findings))
    if one.staying:
        parts.append(f"{one.staying} of a DaemonSet until the Node is gone")
    return "; ".join(parts)


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield ""
        yield title
        for line in told:
            yield f"  {line}"


def _tell_blind(effects: Sequence[EffectDocument]) -> Iterator[str]:
    for one in effects:
        if one.blind_nodes:
            yield (
                f"{escape_text(f'{one.namespace}/{one.service}')}: {' and '.join(one.policies)} "
                f"Local, and no local endpoint on {_name(one.blind_nodes)}: what comes in there "
                "is dropped"
            )


def _tell_budgets(one: ForecastDocument) -> Iterator[str]:
    if one.budgets is None:
        yield "can't be read: whether one blocks the drain is not known"
    for budget in one.budgets or ():
        name = escape_text(f"{budget.namespace}/{budget.name}")
        yield f"{name} {_tell_guard(budget)}: {_name(budget.pods)}"


def _tell_guard(budget: BudgetDocument) -> str:
    number = count_of(len(budget.pods), "Pod")
    match budget.state:
        case GuardState.BLOCKS:
            return f"blocks ({budget.healthy} healthy, {budget.desired} wanted), {number}"
        case GuardState.UNOBSERVED:
            return f"blocks until its controller has seen it, {number}"
        case GuardState.SEVERAL:
            return f"blocks, for there is another on the same Pods, {number}"
        case GuardState.WAITS:
            return f"lets {budget.allowed} go at a time, of {number}"


def _tell_webhook(caller: CallerDocument) -> str:
    hooks = ", ".join(caller.webhooks)
    return escape_text(f"{caller.kind} {caller.name} ({hooks}): {caller.service}")


def _tell_caller(caller: CallerDocument) -> str:
    name = "/".join(filter(None, (caller.kind.lower(), caller.namespace, caller.name)))
    return escape_text(f"{name}: {caller.service}")


def _count(effects: Sequence[EffectDocument]) -> str:
    parts = []
    for outcome, words in (
        (Outcome.DOWN, "down"),
        (Outcome.BELOW_MIN_READY, "below min-ready"),
        (Outcome.DEGRADED, "degraded"),
    ):
        number = sum(effect.outcome is outcome for effect in effects)
        if number:
            parts.append(f"{count_of(number, 'Service')} would be {words}")
    return ", ".join(parts)


def _sum_up(one: ForecastDocument, harmed: Sequence[EffectDocument], *, colours: bool) -> str:
    blocking = sum(budget.state.blocks for budget in one.budgets or ())
    parts = [_count(harmed)] if harmed else []
    if blocking:
        verb = "blocks" if blocking == 1 else "block"
        parts.append(f"{count_of(blocking, 'PodDisruptionBudget')} {verb} the drain")
    if one.unknown or one.missing:
        parts.append(f"{len(one.unknown) or 'some'} can't be told")
    total = count_of(one.services, "Service")
    already = f"; {len(one.down_already)} down already" if one.down_already else ""
    if not parts:
        return paint(f"{total}, none would be harmed{already}", Colour.READY, colours=colours)
    return f"of {total}: {'; '.join(parts)}{already}"
