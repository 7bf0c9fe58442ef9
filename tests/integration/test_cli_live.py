"""The one-shot commands against the simulated API server, over sockets, as a user runs them."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.access import Deny
from exporter.sim.server import SimServer
from exporter.sim.simulation import Plan, simulate
from tests.integration.commandline import DEADLINE, finish, read_until, run, started


@asynccontextmanager
async def cluster(*scenarios: str) -> AsyncIterator[tuple[SimServer, str]]:
    """A simulated cluster that stands still, and a kubeconfig for it."""
    async with simulate(Plan(scenarios=scenarios, speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            yield server, kubeconfig


async def test_scrape_reads_a_cluster_once() -> None:
    """The exposition comes from list requests over sockets; nothing is watched."""
    async with cluster("web-shop") as (server, kubeconfig):
        status, out, err = await run("scrape", "--kubeconfig", kubeconfig, "--page-size", "2")
        assert (status, err) == (0, "")
        ready = 'k8s_service_endpoints_ready{namespace="shop",service="catalog",'
        assert f'{ready}address_type="IPv4"}} 2\n' in out
        assert not server.seen("services", "watch")
        assert server.seen("endpointslices", "list")


async def test_lists_of_one_reading_are_under_way_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None is answered before services, slices, Pods and Nodes have all been asked for."""
    gate, answer = asyncio.Barrier(4), SimServer._list

    async def wait(server: SimServer, *given: Any) -> Any:
        await gate.wait()
        return await answer(server, *given)

    monkeypatch.setattr(SimServer, "_list", wait)
    async with cluster("web-shop") as (_, kubeconfig):
        words = ("get", "-A", "--kubeconfig", kubeconfig, "--workloads", "off")
        status, out, err = await run(*words, "--no-headers")
    assert (status, err) == (0, "")
    assert "catalog" in out


async def test_get_shows_one_namespace_and_reads_no_more() -> None:
    """With -n only that namespace is asked for, so that a Role in it is enough."""
    async with cluster("web-shop") as (server, kubeconfig):
        status, out, _ = await run("get", "-n", "shop", "--kubeconfig", kubeconfig, "--no-headers")
        assert status == 0
        assert {line.split()[0] for line in out.splitlines()} >= {"catalog", "storefront"}
        asked = [one for one in server.requests if one.resource == "services"]
        assert {one.namespace for one in asked} == {"shop"}


async def test_get_without_a_namespace_is_the_contexts() -> None:
    """As with kubectl the default namespace is shown, which here is empty."""
    async with cluster("web-shop") as (_, kubeconfig):
        assert await run("get", "--kubeconfig", kubeconfig) == (
            0,
            "",
            "kube-endpoints-exporter: no Services found in namespace default\n",
        )


async def test_explain_finds_near_misses_in_other_namespaces() -> None:
    """The namespace is read first; only a selector without Pods makes it look elsewhere."""
    async with cluster("selector-elsewhere") as (server, kubeconfig):
        _, out, _ = await run("get", "-A", "-o", "json", "--kubeconfig", kubeconfig)
        down = [one for one in json.loads(out)["items"] if one["standing"] == "down"]
        target = f"{down[0]['namespace']}/{down[0]['service']}"
        status, out, _ = await run("explain", target, "-o", "json", "--kubeconfig", kubeconfig)
        document: dict[str, Any] = json.loads(out)
        assert (status, document["reason"]) == (1, "SelectorMatchesNoPods")
        assert document["detail"] == "OtherNamespace"
        namespaces = [one.namespace for one in server.seen("pods", "list")]
        assert namespaces[-2:] == [down[0]["namespace"], ""]


async def test_check_tells_by_its_status() -> None:
    """0 for a healthy cluster, 1 for a broken one."""
    async with cluster("web-shop") as (_, kubeconfig):
        assert (await run("check", "--kubeconfig", kubeconfig))[0] == 0
    async with cluster("web-shop", "reason-crash-loop") as (_, kubeconfig):
        status, out, _ = await run("check", "--kubeconfig", kubeconfig)
        assert status == 1
        assert ": down, CrashLoopBackOff, 0/" in out


def budget(namespace: str, app: str, allowed: int) -> dict[str, Any]:
    """A PodDisruptionBudget, as its controller counted it."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": app, "namespace": namespace},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}},
        "status": {
            "observedGeneration": 1,
            "disruptionsAllowed": allowed,
            "currentHealthy": 4,
            "desiredHealthy": 4 - allowed,
        },
    }


async def test_whatif_asks_a_cluster() -> None:
    """Nodes, zones and budgets are read as they are; without budgets the rest is told."""
    words = ("whatif", "--zone", "cdn-a", "cdn-b", "-o", "json")
    drain = ("whatif", "--drain", "cdn-a1", "-o", "json")
    async with cluster("zone-lost", "routes-callers") as (server, kubeconfig):
        server.store.apply(budget("cdn", "cache", 0))
        status, out, err = await run(*words, "--kubeconfig", kubeconfig)
        found: dict[str, Any] = json.loads(out)
        assert (status, err) == (0, "")
        assert found["lost_nodes"] == ["cdn-a1", "cdn-a2", "cdn-b1"]
        status, out, _ = await run(*drain, "--kubeconfig", kubeconfig)
        blocked: dict[str, Any] = json.loads(out)
        assert status == 1
        assert [(one["name"], one["state"]) for one in blocked["budgets"]] == [("cache", "blocks")]
        server.access.denied = [Deny("poddisruptionbudgets")]
        status, out, err = await run(*drain, "--kubeconfig", kubeconfig)
        assert (status, err, json.loads(out)["budgets"]) == (0, "", None)


async def test_optional_resources_that_are_denied_are_done_without() -> None:
    """Without Pods, Nodes and workloads the reasons are those that slices tell."""
    async with cluster("reason-crash-loop") as (server, kubeconfig):
        server.access.denied = [Deny("pods"), Deny("nodes"), Deny("deployments")]
        status, out, err = await run("get", "-A", "-o", "json", "--kubeconfig", kubeconfig)
        assert (status, err) == (0, "")
        reasons = {one["reason"] for one in json.loads(out)["items"]}
        assert "EndpointsNotReady" in reasons
        assert "CrashLoopBackOff" not in reasons


async def test_required_resources_that_are_denied_are_told() -> None:
    """Without slices nothing is claimed: unknown in the table, 2 from check."""
    async with cluster("web-shop") as (server, kubeconfig):
        server.access.denied = [Deny("endpointslices")]
        status, out, err = await run("get", "-A", "--kubeconfig", kubeconfig)
        assert status == 0
        assert "<unknown>" in out
        assert err.startswith("kube-endpoints-exporter: endpointslices: ")
        assert err.count("\n") == 1
        status, _, err = await run("check", "--kubeconfig", kubeconfig)
        assert status == 2
        assert "endpointslices: " in err


@pytest.mark.parametrize("command", ["scrape", "check", "get", "explain"])
async def test_a_server_that_is_not_there_is_one_line(command: str) -> None:
    """Nobody listens: status 2, a line that names the address, no traceback."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        words = ["d/s"] if command == "explain" else []
        status, out, err = await run(command, *words, "--kubeconfig", kubeconfig)
    assert (status, out) == (2, "")
    assert err.startswith("kube-endpoints-exporter: services")
    assert "127.0.0.1:9" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "content,told",
    [
        (None, "does not exist"),
        ("{", "is not YAML"),
        ("[]", "no kubeconfig"),
        ("contexts: []\n", "no current context"),
    ],
)
async def test_a_broken_kubeconfig_is_one_line(
    tmp_path: Any, content: str | None, told: str
) -> None:
    """What is wrong with the file, with its name."""
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    status, out, err = await run("get", "-A", "--kubeconfig", str(path))
    assert (status, out) == (2, "")
    assert str(path) in err
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("get", "-n", "a/../b"), ("get", "-nA b", "--watch"), ("explain", "..\x1b/web")]
)
async def test_what_is_no_namespace_is_never_asked_for(words: tuple[str, ...]) -> None:
    """It would be another path of the API; it is told in a line, and nothing is sent."""
    async with cluster("web-shop") as (server, kubeconfig):
        status, _, err = await run(*words, "--kubeconfig", kubeconfig)
        assert status == 2
        assert "is not the name of a namespace" in err
        assert err.count("\n") == 1
        assert err.replace("\n", "").isprintable()
        assert not server.requests


async def test_watch_prints_a_row_for_each_change_until_interrupted() -> None:
    """First the table, then a Service again when it changes and when it is gone; 130 at Ctrl-C."""
    async with (
        cluster("web-shop") as (server, kubeconfig),
        started("get", "-n", "shop", "--watch", "--kubeconfig", kubeconfig) as process,
    ):
        await read_until(process.stdout, "catalog ")
        async with asyncio.timeout(DEADLINE):
            while not server.seen("endpointslices", "watch"):  # noqa: ASYNC110 - see below
                await asyncio.sleep(0.05)  # the log has no event to wait for
        server.store.delete("Service", "shop", "catalog")
        row = await read_until(process.stdout, "(deleted)")
        assert row.startswith("catalog ")
        process.send_signal(signal.SIGINT)
        status, _, err = await finish(process)
        assert (status, err) == (130, "")
