"""A demo that runs for weeks: what it keeps doesn't grow, and whoever watches it is told right."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import aiohttp
import pytest

from exporter.engine.live import Engine
from exporter.engine.state import State
from exporter.exposition import Format
from exporter.model import SyncMode
from exporter.reflector import Plan as Following
from exporter.sim import roster, simulation, watching
from exporter.sim.player import play
from exporter.sim.resources import RESOURCES
from exporter.sim.scenario import load_scenario
from exporter.sim.server import Settings, SimServer
from exporter.sim.simulation import Plan, simulate
from exporter.sim.store import Store
from exporter.sim.watching import Pace
from exporter.telemetry import Telemetry
from tests.integration.feeding import client_of, until
from tests.integration.sim.conftest import Start, make_service
from tests.unit.apiserver import choices
from tests.unit.sim.counting import count, parse_sample

KINDS = [resource.kind for resource in RESOURCES]


def _kept(store: Store) -> int:
    return sum(map(store.kept, KINDS))


def _objects(store: Store) -> int:
    return sum(map(store.count, KINDS))


async def test_many_rounds_keep_what_one_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """At any speed so many changes of a resource are kept, and each round begins with as much."""
    assert simulation._WINDOW == 1_024
    monkeypatch.setattr(simulation, "_WINDOW", 100)
    rounds: Counter[str] = Counter()
    objects: set[int] = set()

    def witness(scenario: str, say: str) -> None:
        if say == "From the start again.":
            rounds[scenario] += 1
            objects.add(_objects(server.store))

    plan = Plan(scenarios=["churn", "rollout"], speed=100_000, repeat=True)
    async with simulate(plan, witness=witness) as server:
        objects.add(_objects(server.store))
        await until(lambda: min(rounds["churn"], rounds["rollout"]) >= 12)
        assert server.store.kept("Pod") == 100
        assert _kept(server.store) <= 600
        assert max(objects) - min(objects) <= 20


def test_addresses_of_pods_that_are_gone_are_given_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After any number of Pods a scenario's addresses are its own, and no two Pods share one."""
    monkeypatch.setattr(roster, "ADDRESSES", 20)
    scenario = load_scenario("rollout", 1_800_000_000.0)
    timeline = scenario.timeline(1_800_000_000.0, first_pod=4_096)
    given: set[str] = set()
    for turn in range(20):
        for _, _, change in scenario.changes:
            timeline.change(change, turn + 1.0)
            pods = [obj for obj in timeline.objects if obj["kind"] == "Pod"]
            held = [pod["status"]["podIP"] for pod in pods if pod["status"].get("podIP")]
            assert len(set(held)) == len(held)
            given.update(held)
        scenario.rewind(timeline, turn + 1.5)
    assert given == {f"10.128.16.{number}" for number in range(1, 21)}


async def test_the_store_is_compacted_as_time_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than the period is gone: a list's token from then is 410 with another one."""
    monkeypatch.setattr(simulation, "_COMPACTION", 0.05)
    async with (
        simulate(Plan(scenarios=["churn"], speed=1000, repeat=True)) as server,
        aiohttp.ClientSession() as client,
    ):
        url = f"{server.url}/api/v1/pods"
        async with client.get(url, params={"limit": "1"}) as answer:
            token = (await answer.json())["metadata"]["continue"]
        before = server.store.resource_version
        await until(lambda: server.store.compacted > before)
        async with client.get(url, params={"limit": "1", "continue": token}) as answer:
            told = await answer.json()
            assert (answer.status, told["reason"]) == (410, "Expired")
        offered = {"limit": "500", "continue": told["metadata"]["continue"]}
        async with client.get(url, params=offered) as answer:
            assert answer.status == 200
        query = {"watch": "1", "resourceVersion": str(before)}
        async with client.get(url, params=query) as answer:
            assert b'"code":410' in await answer.content.readline()


async def test_a_client_that_takes_nothing_is_let_go(
    start: Start, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too much waits for a stopped client its watch ends, and what waited is dropped."""
    monkeypatch.setattr(watching, "_BACKLOG", 50)
    server = await start(settings=Settings(pace=Pace(bookmarks=3600)))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    try:
        writer.write(
            b"GET /api/v1/services?watch=1&resourceVersion=105 HTTP/1.1\r\nHost: sim\r\n\r\n"
        )
        await until(lambda: store.watchers("Service") == 1)
        # the sockets' buffers take some megabytes before the server has to wait
        for number in range(400):
            store.apply(make_service("long", note="x" * 60_000, at=str(number)))
            if number % 20 == 0:
                await asyncio.sleep(0)
        taken = b""
        async with asyncio.timeout(20):
            while b"\r\n0\r\n\r\n" not in taken:
                taken = taken[-10:] + await reader.read(1 << 20)
        await until(lambda: store.watchers("Service") == 0)
    finally:
        writer.transport.abort()


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _said(state: State) -> Samples:
    found: Samples = {}
    for line in b"".join(state.exposition.scrape(Format.TEXT_0_0_4).pieces()).splitlines():
        if line and not line.startswith(b"#"):
            name, labels, value = parse_sample(line.decode())
            assert value is not None
            found[name, frozenset(labels.items())] = value
    return found


def _gone(telemetry: Telemetry) -> int:
    """Watches that ended because what they asked for was compacted away."""
    told = telemetry.exposition(openmetrics=False, families=None).decode()
    return sum(map(int, re.findall(r'watch_restarts_total\{[^}]*cause="gone"\} (\d+)', told)))


async def test_an_exporter_that_watches_through_compactions_has_the_right_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Watches end, what they ask for then is gone, lists follow, and the numbers are right."""
    monkeypatch.setattr(simulation, "_COMPACTION", 0.02)
    store = Store(history=16)
    # no bookmarks: versions of what changes seldom grow old
    server = SimServer(store, settings=Settings(pace=Pace(second=0.0005, bookmarks=3600)))
    await server.start()
    names = ("churn", "rollout", "scale-to-zero", "node-lost")
    playing = [
        asyncio.create_task(
            play(
                store,
                load_scenario(name, 1_800_000_000.0),
                speed=300,
                rounds=None,
                first_pod=number * roster.ADDRESSES,
            )
        )
        for number, name in enumerate(names)
    ]
    client, telemetry = client_of(server.url), Telemetry("0")
    state = State(choices(groups=("core", "ports", "slices")))
    read = ("services", "endpointslices")
    plans = [Following(resource, mode=SyncMode.WATCH) for resource in read]
    engine = Engine(client, plans, state, telemetry, required=read)
    tasks = [asyncio.create_task(work) for work in (engine.run(), simulation._compact(store))]
    try:
        await until(lambda: _gone(telemetry) >= 1)
        for player in playing:
            player.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
        objects = [obj for kind in ("Service", "EndpointSlice") for obj in store.objects(kind)]
        right = count(objects)
        assert len(right) > 30
        await until(lambda: right.items() <= _said(state).items())
        assert store.kept("EndpointSlice") <= 16
    finally:
        for task in (*tasks, *playing):
            task.cancel()
        await asyncio.gather(*tasks, *playing, return_exceptions=True)
        await client.close()
        await server.stop()
