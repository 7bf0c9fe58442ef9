"""What the exporter says of each simulated scenario, at its start and after each of its steps.

The texts are kept beside this file as NAME.prom, `python -m tests.golden` writes them anew: what
that changes is what a reviewer has to look at. The start is there in full; a step is told in
comments, by the lines that went (-) and came (+), so that a file is ordinary exposition text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import msgspec

from exporter.catalogue import DEFAULT_GROUPS, Group
from exporter.engine.state import Choices, State
from exporter.exposition import Format
from exporter.model import Delete, ObjectKey, Replace, Source, Upsert
from exporter.objects.codec import Retained, decode_object
from exporter.objects.meta import Rejected
from exporter.objects.resources import ENDPOINTS, RESOURCES, SLICES
from exporter.sim.scenario import Expect, Scenario, list_scenarios, load_scenario

FOLDER = Path(__file__).parent
NOW = 1_800_000_000.0

#: Twenty thousand objects out of two numbers: a long text to read, and long to make.
TOO_LARGE = frozenset({"ten-thousand"})
SCENARIOS = tuple(name for name in list_scenarios() if name not in TOO_LARGE)

#: The one scenario whose text has HELP and TYPE lines; in all of them they would only be noise.
WITH_HEADS = "web-shop"

GROUPS = DEFAULT_GROUPS | {Group.TOPOLOGY, Group.CHANGES, Group.DEPENDENTS}

#: Whoever can't read Pods is given neither Nodes nor workloads: those are for the Pods' sake.
WITHOUT_PODS = frozenset(
    {
        "pods",
        "nodes",
        "deployments",
        "replicasets",
        "statefulsets",
        "replicationcontrollers",
        "daemonsets",
    }
)

_PLURALS = {resource.kind: resource.name for resource in RESOURCES.values()}


class Moment(msgspec.Struct):
    """A state at a moment of its scenario: `at` seconds after the start; the objects there are."""

    at: float
    say: str
    expect: Expect | None
    state: State
    objects: tuple[dict[str, Any], ...]


def source_of(scenario: Scenario) -> Source:
    """What the scenario's arguments say."""
    return Source.ENDPOINTS if "endpoints" in scenario.args else Source.ENDPOINTSLICES


def play(name: str, *, unreadable: Iterable[str] = ()) -> Iterator[Moment]:
    """The moments of a scenario. One state goes through all of them: look before going on.

    The start is listed; steps come as events, at their time.
    """
    scenario = load_scenario(name, NOW)
    source = source_of(scenario)
    groups = GROUPS | {Group(group) for group in scenario.groups}
    state = State(Choices(source=source, groups=frozenset(group.value for group in groups)))
    other = ENDPOINTS if source is Source.ENDPOINTSLICES else SLICES
    read = RESOURCES.keys() - {other.name, *scenario.denied, *unreadable}
    held = {_key(found): found for found in scenario.objects}
    for resource in RESOURCES:
        if resource in read:
            listed = tuple(_decode(o) for o in held.values() if _plural(o) == resource)
            state.deliver(Replace(resource, "", listed))
    state.settle(NOW)
    yield Moment(0.0, scenario.title, scenario.expect, state, tuple(held.values()))
    for step in scenario.steps:
        for kind, namespace, gone in step.delete:
            held.pop((kind, namespace, gone), None)
            if _PLURALS.get(kind) in read:
                state.deliver(Delete(_PLURALS[kind], ObjectKey(namespace, gone)))
        for found in step.apply:
            held[_key(found)] = found
            if _plural(found) in read:
                state.deliver(Upsert(_PLURALS[found["kind"]], _decode(found)))
        state.touch(state.growing(NOW + step.at))
        state.settle(NOW + step.at)
        yield Moment(step.at, step.say, step.expect, state, tuple(held.values()))


def _key(found: dict[str, Any]) -> tuple[str, str, str]:
    metadata = found["metadata"]
    return found["kind"], metadata.get("namespace", ""), metadata["name"]


def _plural(found: dict[str, Any]) -> str:
    return _PLURALS.get(found["kind"], "")


def _decode(found: dict[str, Any]) -> Retained | Rejected:
    return decode_object(RESOURCES[_plural(found)], msgspec.json.encode(found))


def text_of(state: State) -> str:
    """The exposition of the state."""
    return b"".join(state.exposition.scrape(Format.TEXT_0_0_4).pieces()).decode()


def render(name: str) -> str:
    """The text that is kept of a scenario."""
    out: list[str] = []
    before: list[str] = []
    for moment in play(name):
        lines = text_of(moment.state).splitlines()
        if name != WITH_HEADS:
            lines = [line for line in lines if line[0] != "#"]
        if not out:
            out = [f"# {' '.join(moment.say.split())}", "", *lines]
        else:
            out += ["", f"# after {moment.at:g} s: {' '.join(moment.say.split())}"]
            out += _changes(before, lines)
        before = lines
    return "\n".join(out) + "\n"


def _changes(before: list[str], after: list[str]) -> Iterator[str]:
    """The sample lines that went and came, in order; heads tell nothing new."""
    old, new = ([line for line in lines if line[0] != "#"] for lines in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_begin, old_end, new_begin, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield from (f"# - {line}" for line in old[old_begin:old_end])
            yield from (f"# + {line}" for line in new[new_begin:new_end])
