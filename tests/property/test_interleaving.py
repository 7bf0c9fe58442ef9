"""Whatever happened on the way, the exposition is that of the objects as they are now."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable

from hypothesis import given
from hypothesis import strategies as st

from exporter.engine.state import State
from exporter.exposition import Format
from exporter.model import Delete, Forget, ObjectKey, Source
from tests.property.clusters import OBJECTS, READ
from tests.unit.apiserver import (
    ALL_GROUPS,
    HISTORICAL,
    NOW,
    Json,
    at_version,
    choices,
    key_of,
    replace,
    resource_of,
    text_of,
    upsert,
)

SOURCES = st.sampled_from(Source)


def new_state(source: Source) -> State:
    """A state that says all it can."""
    return State(choices(groups=ALL_GROUPS, source=source, labels=("*",), annotations=("*",)))


def shown(state: State) -> str:
    """All families that tell what is, not what was."""
    names = frozenset(family.name for family in state.exposition.families) - HISTORICAL
    return text_of(state, Format.OPENMETRICS_1_0_0, families=names)


def listed(source: Source, objects: Iterable[Json], shuffle: Callable[[list[Json]], None]) -> State:
    """A state that lists these objects, resource by resource, in any order."""
    state = new_state(source)
    for resource in READ:
        members = [found for found in objects if resource_of(found) == resource]
        shuffle(members)
        state.deliver(replace(resource, *members))
    state.settle(NOW)
    return state


class World:
    """What is true, and a state that is told of it by events, lists and repetitions."""

    def __init__(self, source: Source) -> None:
        self.objects: dict[tuple[str, ObjectKey], Json] = {}
        self.state = new_state(source)
        self._versions = itertools.count(1)
        self._read: set[str] = set()

    def members(self, resource: str) -> list[Json]:
        """The objects of a resource as they are."""
        return [found for (name, _), found in self.objects.items() if name == resource]

    def put(self, found: Json) -> None:
        """An object comes or changes."""
        fresh = at_version(found, str(next(self._versions)))
        self.objects[resource_of(found), key_of(found)] = fresh
        self.state.deliver(upsert(fresh))

    def drop(self, found: Json) -> None:
        """An object goes, if it is there; it is deleted twice, for a delete may be replayed."""
        self.objects.pop((resource_of(found), key_of(found)), None)
        for _ in range(2):
            self.state.deliver(Delete(resource_of(found), key_of(found)))

    def recreate(self, found: Json) -> None:
        """Another object under the same name, without a delete between."""
        self.put({**found, "metadata": {**found["metadata"], "uid": f"uid-{next(self._versions)}"}})

    def replay(self, found: Json) -> None:
        """All objects of the same kind are told once more, as they are."""
        for known in self.members(resource_of(found)):
            self.state.deliver(upsert(known))

    def relist(self, found: Json) -> None:
        """The resource is listed again."""
        self.list(resource_of(found))

    def list(self, resource: str) -> None:
        """The resource is listed."""
        self._read.add(resource)
        self.state.deliver(replace(resource, *self.members(resource)))

    def miss(self, found: Json) -> None:
        """Access is lost; until the next list nothing is told of the resource."""
        self._read.discard(resource_of(found))
        self.state.deliver(Forget(resource_of(found), ""))

    def settle(self, _found: Json) -> None:
        """All that is pending is computed and shown."""
        self.state.settle(NOW)

    def work(self, found: Json) -> None:
        """A batch is worked on step by step, and the object comes in the middle of it."""
        batch = self.state.refresh(NOW, lambda: False)
        self.put(found)
        while not batch.finished:
            self.state.work(batch, lambda: False)
        self.state.commit(batch)

    def finish(self) -> None:
        """What was not listed since it was last unreadable is listed at last."""
        for resource in READ:
            if resource not in self._read:
                self.list(resource)
        self.state.settle(NOW)


STEPS = st.tuples(
    st.sampled_from(
        [
            World.put,
            World.put,
            World.put,
            World.put,
            World.drop,
            World.recreate,
            World.replay,
            World.relist,
            World.miss,
            World.settle,
            World.work,
        ]
    ),
    OBJECTS,
)


@given(
    SOURCES,
    st.lists(OBJECTS, min_size=8, max_size=16),
    st.lists(STEPS, min_size=8, max_size=25),
    st.randoms(),
)
def test_any_way_leads_to_the_same_exposition(
    source: Source,
    first: list[Json],
    steps: list[tuple[Callable[[World, Json], None], Json]],
    chance: random.Random,
) -> None:
    """Events, replays, relists, lost access and half batches end in what a fresh list shows."""
    world = World(source)
    for found in first:
        world.put(found)
    for act, found in steps:
        act(world, found)
    world.finish()
    fresh = listed(source, world.objects.values(), chance.shuffle)
    assert shown(world.state) == shown(fresh)
    assert set(world.state.reports) == set(fresh.reports)


@given(SOURCES, st.lists(OBJECTS, max_size=15))
def test_what_goes_leaves_nothing_behind(source: Source, objects: list[Json]) -> None:
    """When the last object is gone nothing is told but that there is none, nor remembered."""
    world = World(source)
    for resource in READ:
        world.list(resource)
    for found in objects:
        world.put(found)
        world.settle(found)
    for found in objects:
        world.drop(found)
    world.finish()
    told = [line for line in text_of(world.state).splitlines() if not line.startswith("#")]
    # Kinds that can be read and have no object are an explicit zero, one series of each family.
    assert set(told) <= {'k8s_routes{kind="Ingress"} 0', 'k8s_route_backends{kind="Ingress"} 0'}
    series = world.state.exposition.series()
    assert {group for group, count in series.items() if count} <= {"routes"}
    assert not world.state.routes.reports
    assert list(world.state.cluster.namespaces()) == []
    assert list(world.state.cluster.broken()) == []
    assert set(world.state.growing(float("inf"))) == set()


@given(SOURCES, st.lists(OBJECTS, max_size=15))
def test_replays_change_nothing(source: Source, objects: list[Json]) -> None:
    """With all told a second and a third time, counters of changes included, no byte differs."""
    world = World(source)
    for resource in READ:
        world.list(resource)
    for found in objects:
        world.put(found)
    world.finish()
    before = text_of(world.state)
    for found in objects:
        world.replay(found)
        world.relist(found)
    world.finish()
    assert text_of(world.state) == before
