"""What comes and goes leaves nothing behind, in any table, however often: counted, not weighed."""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from collections.abc import Iterator
from weakref import WeakValueDictionary

import pytest

from exporter.cluster import gaps
from exporter.cluster.shard import Shard
from exporter.engine.state import State
from exporter.exposition import Format, fragments
from exporter.model import Delete, Fill
from tests.unit.apiserver import (
    ALL_GROUPS,
    NOW,
    Json,
    choices,
    endpoint,
    key_of,
    meta,
    node,
    pod,
    replace,
    resource_of,
    service,
    slice_of,
    upsert,
)

ROUNDS = 60
#: The round of which the last one is compared: of the same kind, see `churn`.
WARM = 6
READ = ("services", "endpointslices", "pods", "nodes", "deployments", "ingresses")

#: What belongs to everybody, and is not a state's.
_SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType)
#: Small numbers are one object, greater ones are not: what holds them is counted.
_NUMBERS = (int, float)


def count(*roots: object) -> Counter[str]:
    """How many objects of each type hang on these, and how long all containers are together."""
    gc.collect()
    seen: dict[int, object] = {}
    queue = list(roots)
    found: Counter[str] = Counter()
    while queue:
        one = queue.pop()
        if id(one) in seen or isinstance(one, (*_SHARED, *_NUMBERS)):
            continue
        seen[id(one)] = one
        name = type(one).__name__
        found[name] += 1
        if isinstance(one, dict | set | list | tuple | frozenset):
            found[f"in {name}"] += len(one)
        queue += gc.get_referents(one)
    return found


def tables() -> dict[str, int]:
    """How many entries the tables of our modules have that are no state's, by their names."""
    return {
        f"{module.__name__}.{name}": len(table)
        for module in list(sys.modules.values())
        if module.__name__.startswith("exporter.")
        for name, table in vars(module).items()
        if isinstance(table, dict | set | WeakValueDictionary) and not name.startswith("__")
    }


def lasting() -> Iterator[Json]:
    """What is there all the time: a Service with its slice and Pod, and a Node."""
    yield node("n1")
    yield from a_service("lasting", "s")


def a_service(namespace: str, name: str) -> Iterator[Json]:
    """A Service, a slice, a Pod, a Deployment and an Ingress; the Pod is not ready."""
    labels = {"app": name}
    yield service(name, namespace, selector=labels, metadata={"uid": f"{namespace}-{name}"})
    entry = endpoint("10.0.0.1", "FTF", targetRef={"kind": "Pod", "name": f"{name}-p"})
    yield slice_of(entry, name=f"{name}-x", namespace=namespace, service=name)
    yield slice_of(name=f"{name}-orphan", namespace=namespace, service=f"{name}-gone")
    yield pod(f"{name}-p", "", namespace, **labels)
    yield {
        "kind": "Deployment",
        "metadata": {**meta(name, namespace), "uid": f"deployment-{namespace}-{name}"},
        "spec": {"replicas": 1, "template": {"metadata": {"labels": labels}}},
    }
    yield {
        "kind": "Ingress",
        "metadata": meta(name, namespace),
        "spec": {"defaultBackend": {"service": {"name": name, "port": {"number": 80}}}},
    }


def churn(state: State, number: int) -> None:
    """Services, slices, Pods and namespaces with names of their own come, change and go."""
    now = NOW + 100 * number
    objects = [
        one
        for place in (f"a-{number}", f"b-{number}", "lasting")
        for one in a_service(place, f"s-{number}")
    ]
    objects.append(node(f"node-{number}"))
    for found in objects:
        state.deliver(upsert(found))
    show(state, now)
    broken = {**objects[0], "spec": 7}
    for found in (broken, objects[0]):
        state.deliver(upsert(found))
        show(state, now + 20)
    for found in objects if number % 2 else reversed(objects):
        state.deliver(Delete(resource_of(found), key_of(found)))
        if number % 3 == 0:
            show(state, now + 40)
    show(state, now + 40)


def show(state: State, now: float) -> None:
    """All that is pending is shown, what is missing is read, and somebody scrapes."""
    state.touch(state.growing(now))
    state.settle(now)
    for missing in list(state.cluster.missing()):
        state.deliver(Fill(missing, ()))
    state.settle(now)


def scrape(state: State) -> None:
    """All is asked for, compressed."""
    for _ in state.exposition.scrape(Format.TEXT_0_0_4).compressed():
        pass


@pytest.mark.parametrize("shard", [Shard(), Shard(1, 2)])
def test_churn_leaves_nothing_behind(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    """After sixty rounds every index, memory and table holds what it held after the first few."""
    monkeypatch.setattr(fragments, "_REMEMBERED", 1)  # a bounded memory, which is full soon
    monkeypatch.setattr(gaps, "MOST", 1)  # likewise
    state = State(choices(groups=ALL_GROUPS, shard=shard, refills=True))
    for resource in READ:
        state.deliver(
            replace(resource, *(one for one in lasting() if resource_of(one) == resource))
        )
    show(state, NOW)
    counts = []
    for number in range(1, ROUNDS + 1):
        churn(state, number)
        scrape(state)
        if number in (WARM, ROUNDS):
            counts.append((count(state), tables()))
    (things, entries), (things_after, entries_after) = counts
    assert things_after - things == Counter()
    assert entries_after == entries
