"""A shard that lets Pods and workloads go says what one says that keeps all, whenever it knows."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter.cluster.gaps import SHED
from exporter.cluster.shard import Shard
from exporter.engine.state import State
from exporter.exposition import Format
from exporter.model import Change, Delete, Fill, Forget, Missing, ObjectKey
from tests.property.clusters import OBJECTS, READ
from tests.unit.apiserver import (
    ALL_GROUPS,
    HISTORICAL,
    NOW,
    Json,
    at_version,
    choices,
    decode,
    key_of,
    pod,
    replace,
    resource_of,
    service,
    text_of,
    upsert,
)

#: Shards that own some of d/s, d/t, e/s and e/t, and of one namespace often none.
SHARDS = st.sampled_from([Shard(1, 2), Shard(1, 3), Shard(2, 3)])

#: Few objects that often meet: Services of Shard(1, 3), and Pods that they select.
SMALL = st.one_of(
    st.just(service("s", "e", selector={"app": "s"})),
    st.builds(pod, st.sampled_from(["p", "q"]), st.sampled_from(["10.0.0.1", ""]), st.just("e")),
)


def shown(state: State) -> str:
    """All families that tell what is, not what was."""
    names = frozenset(family.name for family in state.exposition.families) - HISTORICAL
    return text_of(state, Format.OPENMETRICS_1_0_0, families=names)


class Server:
    """What is true, what watches have still to tell of it, and two that are told: `state` sheds."""

    def __init__(self, shard: Shard) -> None:
        chosen = choices(groups=ALL_GROUPS, labels=("*",), annotations=("*",), shard=shard)
        self.state = State(msgspec.structs.replace(chosen, refills=True))
        self.twin = State(chosen)
        self.objects: dict[tuple[str, ObjectKey], Json] = {}
        self._queues: dict[str, deque[Change]] = {name: deque() for name in READ}
        self._read = set[str]()
        self._fills = list[tuple[Missing, tuple[Json, ...]]]()
        self._versions = itertools.count(1)

    def deliver(self, change: Change) -> None:
        """Both are told."""
        self.state.deliver(change)
        self.twin.deliver(change)

    def members(self, resource: str, namespace: str = "") -> list[Json]:
        """The objects of a resource as they are, of all or of one namespace."""
        return [
            found
            for (name, key), found in self.objects.items()
            if name == resource and namespace in ("", key.namespace)
        ]

    def put(self, found: Json) -> None:
        """An object comes or changes; the watch has yet to tell."""
        fresh = at_version(found, str(next(self._versions)))
        self.objects[resource_of(found), key_of(found)] = fresh
        self._tell(resource_of(found), upsert(fresh))

    def drop(self, found: Json) -> None:
        """An object goes, if it is there."""
        if self.objects.pop((resource_of(found), key_of(found)), None) is not None:
            self._tell(resource_of(found), Delete(resource_of(found), key_of(found)))

    def _tell(self, resource: str, change: Change) -> None:
        if resource in self._read:
            self._queues[resource].append(change)

    def hear(self, found: Json) -> None:
        """One event of the resource arrives."""
        queue = self._queues[resource_of(found)]
        if queue:
            self.deliver(queue.popleft())

    def hear_all(self, _found: Json) -> None:
        """All events arrive, one resource after the other."""
        for queue in self._queues.values():
            while queue:
                self.deliver(queue.popleft())

    def list(self, found: Json) -> None:
        """The resource is listed; its watch begins anew."""
        self._list(resource_of(found))

    def _list(self, resource: str) -> None:
        self._queues[resource].clear()
        self._read.add(resource)
        self.deliver(replace(resource, *self.members(resource)))

    def miss(self, found: Json) -> None:
        """Access is lost until the next list."""
        self._queues[resource_of(found)].clear()
        self._read.discard(resource_of(found))
        self.deliver(Forget(resource_of(found), ""))

    def ask(self, _found: Json) -> None:
        """What is missing is read as it is now; the answer is on its way."""
        asked = {missing for missing, _ in self._fills}
        for missing in self.state.cluster.missing():
            if missing not in asked:
                there = tuple(self.members(missing.resource, missing.namespace))
                self._fills.append((missing, there))

    def answer(self, _found: Json) -> None:
        """An answer arrives, which may be newer or older than what the watch has told."""
        if self._fills:
            missing, there = self._fills.pop(0)
            self.state.deliver(Fill(missing, tuple(decode(found) for found in there)))

    def settle(self, _found: Json) -> None:
        """All that is pending is computed and shown."""
        for state in (self.state, self.twin):
            state.settle(NOW)
        self._compare()

    def _compare(self) -> None:
        """What is told of Pods is right or unknown: never of some of them."""
        if any(self._queues.values()):
            return  # an answer may be ahead of the watch
        for key, report in self.state.reports.items():
            other = self.twin.reports[key]
            assert report.pods in (None, other.pods)

    def finish(self) -> None:
        """All is listed that was not, all events and answers arrive."""
        for resource in READ:
            if resource not in self._read:
                self._list(resource)
        self.hear_all({})
        self.settle({})
        for _ in range(3):
            self.ask({})
            while self._fills:
                self.answer({})
            self.settle({})
        assert not list(self.state.cluster.missing())


STEPS = st.tuples(
    st.sampled_from(
        [
            Server.put,
            Server.put,
            Server.put,
            Server.drop,
            Server.drop,
            Server.hear,
            Server.hear_all,
            Server.hear_all,
            Server.list,
            Server.miss,
            Server.ask,
            Server.ask,
            Server.answer,
            Server.settle,
            Server.settle,
        ]
    ),
    st.one_of(SMALL, SMALL, OBJECTS),
)


@given(
    st.one_of(st.just(Shard(1, 3)), SHARDS),
    st.permutations(READ),
    st.lists(OBJECTS, min_size=8, max_size=16),
    st.lists(STEPS, min_size=10, max_size=40),
)
def test_what_is_let_go_is_not_missed(
    shard: Shard,
    order: list[str],
    first: list[Json],
    steps: list[tuple[Callable[[Server, Json], None], Json]],
) -> None:
    """At rest both say the same, and one holds Pods and workloads only where it has Services."""
    server = Server(shard)
    for found in first:
        server.put(found)
    for resource in order:
        server._list(resource)
    for act, found in steps:
        act(server, found)
    server.finish()
    assert shown(server.state) == shown(server.twin)
    ours = {key.namespace for key in server.state.cluster.services() if shard.owns(key)}
    for resource in SHED:
        held = {found.namespace for found in server.state.cluster.held(resource)}
        assert held <= ours
