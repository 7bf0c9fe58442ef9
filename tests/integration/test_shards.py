"""The engine before a simulated server: what a shard holds and asks for, and what is shared."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from exporter.cluster.shard import Shard
from exporter.engine import live
from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.model import ServiceKey, SyncMode
from exporter.objects import sharing
from exporter.reflector import Plan, backoff
from exporter.sim.faults import Fault, FaultKind
from exporter.sim.server import SimServer
from exporter.sim.store import Store
from exporter.telemetry import Telemetry
from tests.integration.feeding import client_of, until
from tests.unit.apiserver import choices, endpoint, pod, service, slice_of

RESOURCES = ("services", "endpointslices", "pods")
SHARD = Shard(1, 3)
NAMESPACES = [f"team-{number}" for number in range(30)]
#: Namespaces whose Service is this shard's, and others.
OURS = [name for name in NAMESPACES if SHARD.owns(ServiceKey(name, "s"))]
OTHERS = [name for name in NAMESPACES if name not in OURS]


def fill_store(store: Store) -> None:
    """A Service in every namespace, with four Pods that it selects."""
    for namespace in NAMESPACES:
        store.load([service("s", namespace, selector={"app": "s"})])
        store.load([pod(f"p{number}", "10.0.0.1", namespace) for number in range(4)])


@contextlib.asynccontextmanager
async def running(store: Store, *faults: Fault) -> AsyncIterator[State]:
    """A shard that follows a server of these objects."""
    server = SimServer(store, faults=list(faults))
    await server.start()
    client, telemetry = client_of(server.url), Telemetry("0")
    state = State(choices(shard=SHARD, refills=True))
    plans = [Plan(resource, mode=SyncMode.WATCH) for resource in RESOURCES]
    engine = Engine(client, plans, state, telemetry, required=RESOURCES[:2])
    task = asyncio.create_task(engine.run())
    try:
        yield state
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
        await server.stop()


def find_mine(place: str) -> ServiceKey:
    """A Service of this namespace that is this shard's."""
    return next(key for key in (ServiceKey(place, str(n)) for n in range(99)) if SHARD.owns(key))


def selected(state: State, key: ServiceKey) -> int | None:
    """How many Pods a report counts; None: they are not known, or nothing is reported."""
    report = state.reports.get(key)
    return None if report is None or report.pods is None else report.pods.selected


async def test_a_shard_holds_the_pods_of_its_namespaces_alone() -> None:
    """A third of all; a Service that comes elsewhere gets its Pods by a list of its namespace."""
    store = Store()
    fill_store(store)
    told = set[int | None]()
    async with running(store) as state:
        await until(lambda: len(state.reports) == len(OURS))
        await until(lambda: state.cluster.count("pods") == 4 * len(OURS))
        assert 0 < len(OURS) < len(NAMESPACES) / 2
        assert {selected(state, ServiceKey(name, "s")) for name in OURS} == {4}

        place = OTHERS[0]
        mine = find_mine(place)
        state.observe(lambda _keys: told.add(selected(state, mine)))
        store.load([service(mine.name, place, selector={"app": "s"})])
        await until(lambda: selected(state, mine) == 4)
        assert state.cluster.count("pods") == 4 * len(OURS) + 4
        assert told <= {None, 4}

        store.delete("Service", place, mine.name)
        await until(lambda: state.cluster.count("pods") == 4 * len(OURS))


async def test_what_fails_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the answer comes the Pods are unknown, and all else goes on."""
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)
    store = Store()
    fill_store(store)
    place = OTHERS[0]
    fault = Fault(FaultKind.ERROR_500, resource="pods", verb="list", namespace=place, times=2)
    mine, told = find_mine(place), list[int | None]()
    async with running(store, fault) as state:
        await until(lambda: state.cluster.count("pods") == 4 * len(OURS))
        state.observe(lambda _keys: told.append(selected(state, mine)))
        store.load([service(mine.name, place, selector={"app": "s"})])
        await until(lambda: selected(state, mine) == 4)
        assert set(told) == {None, 4}


async def test_slices_and_pods_share_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of Pods are held once; the table that sees to it goes when all is read."""
    monkeypatch.setattr(live, "TICK", 0.05)
    store = Store()
    fill_store(store)
    entry = endpoint("10.0.0.1", targetRef={"kind": "Pod", "name": "p0"})
    store.load([slice_of(entry, name="x", namespace=OURS[0], service="s")])
    async with running(store) as state:
        await until(lambda: selected(state, ServiceKey(OURS[0], "s")) == 4)
        view = state.cluster.view(ServiceKey(OURS[0], "s"))
        assert view is not None
        assert view.pods is not None
        assert view.slices is not None
        named = view.slices[0].endpoints[0].pod
        assert any(one.name is named for one in view.pods.selected)
        first, second = (b"nobody".decode() for _ in range(2))
        await until(lambda: sharing.share(first) is not sharing.share(second))
