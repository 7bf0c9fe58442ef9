from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest

from exporter.sim.scenario import list_scenarios, load_scenario
from exporter.sim.simulation import DEMO, Plan, run_simulation, simulate

_NOW = 1_800_000_000.0


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nothing announces it; the deadline is above
            await asyncio.sleep(0.01)


async def test_a_scenario_is_played_to_its_end() -> None:
    """Steps are told in their order, and the cluster is left as the last one makes it."""
    told: list[str] = []
    plan = Plan(scenarios=["selector-typo"], speed=1000)
    async with simulate(plan, witness=lambda _, say: told.append(say)) as server:
        before = server.store.get("Service", "shop", "checkout")
        assert before is not None
        assert before["spec"]["selector"]["app"] == "checkuot"
        await _until(lambda: bool(told))
        after = server.store.get("Service", "shop", "checkout")
        assert after is not None
        assert after["spec"]["selector"]["app"] == "checkout"
    assert told == ["The typo is found."]


async def test_the_demo_lives_and_never_ends() -> None:
    """Some forty Services are there at once, and after the last step things start over."""
    told: list[tuple[str, str]] = []
    async with simulate(Plan(speed=2000), witness=lambda *what: told.append(what)) as server:
        assert 40 <= server.store.count("Service") <= 100
        async with aiohttp.ClientSession() as client, client.get(f"{server.url}/readyz") as answer:
            assert answer.status == 200
        await _until(lambda: any(say == "From the start again." for _, say in told))
        assert server.store.count("Service") >= 40


async def test_no_two_pods_of_the_demo_share_an_address() -> None:
    """Scenarios that are played side by side give out different addresses."""
    async with simulate(Plan(speed=0.001)) as server:
        ips = [p["status"].get("podIP") for p in server.store.objects("Pod")]
    given = [ip for ip in ips if ip is not None]
    assert len(given) > 50
    assert len(set(given)) == len(given)


def test_the_demo_is_made_of_scenarios_for_it() -> None:
    """Every name in the mix exists and is meant to be played."""
    assert set(DEMO) <= set(list_scenarios())
    assert all(load_scenario(name, _NOW).demo for name in DEMO)


async def test_an_unknown_scenario_is_refused_before_anything_runs() -> None:
    """A wrong name is an error of the caller, with the names that exist."""
    with pytest.raises(KeyError, match="no scenario 'nope'"):
        async with simulate(Plan(scenarios=["nope"])):
            pytest.fail("it must not start")


async def test_a_simulation_runs_until_it_is_cancelled() -> None:
    """The URL is told once the server listens, and cancelling frees the port."""
    urls: asyncio.Queue[str] = asyncio.Queue()
    plan = Plan(scenarios=["web-shop"], tokens=("secret",))
    running = asyncio.create_task(run_simulation(plan, started=urls.put_nowait))
    url = await asyncio.wait_for(urls.get(), 10)
    headers = {"Authorization": "Bearer secret"}
    async with aiohttp.ClientSession(headers=headers) as client:
        async with client.get(f"{url}/api/v1/namespaces/shop/services") as answer:
            names = [item["metadata"]["name"] for item in json.loads(await answer.read())["items"]]
        assert names == ["cart-db", "catalog", "storefront"]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(f"{url}/readyz")


async def test_what_a_scenario_denies_can_not_be_read() -> None:
    """A scenario about missing permissions is played by a server that refuses them."""
    async with (
        simulate(Plan(scenarios=["pods-forbidden"])) as server,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"{server.url}/api/v1/pods") as answer:
            assert answer.status == 403
        async with session.get(f"{server.url}/api/v1/services") as answer:
            assert answer.status == 200
