"""`run`, `simulate` and `demo` as processes: what they print, what they serve, how they stop."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.simulation import Plan, simulate
from tests.integration.commandline import DEADLINE, finish, read_until, run, started

LOCAL = ("--web.listen-address", "127.0.0.1:0", "--log.format", "json")


@contextmanager
def busy_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


async def fetch(url: str) -> tuple[int, str]:
    """Status and text of a page."""
    timeout = aiohttp.ClientTimeout(total=DEADLINE)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
        return answer.status, await answer.text()


def is_there(path: str) -> bool:
    """Whether there is a file."""
    return Path(path).exists()


def url_of(line: str) -> str:
    """Where the exporter listens, out of its start line."""
    event: dict[str, Any] = json.loads(line)
    return str(event["urls"][0])


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_run_serves_a_cluster_until_it_is_stopped(by: signal.Signals) -> None:
    """One start line with the address; metrics of both kinds; either signal ends it with 0."""
    async with simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            async with started("run", "--kubeconfig", kubeconfig, *LOCAL) as process:
                url = url_of(await read_until(process.stderr, "listening"))
                await read_until(process.stderr, "first reports are out")
                status, text = await fetch(f"{url}/metrics")
                assert status == 200
                assert 'k8s_service_endpoints_ready{namespace="shop",service="catalog",' in text
                assert 'endpoints_exporter_resource_synced{resource="services"} 1' in text
                assert (await fetch(f"{url}/readyz"))[0] == 200
                process.send_signal(by)
                status, out, err = await finish(process)
    assert (status, out) == (0, "")
    assert "Traceback" not in err


async def test_run_logs_each_change_of_a_service_and_not_the_first_reports() -> None:
    """The slice of a Service is deleted: one line says how it stood, how it stands, and why."""
    async with simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            async with started("run", "--kubeconfig", kubeconfig, *LOCAL) as process:
                await read_until(process.stderr, "first reports are out")
                (name,) = (
                    one["metadata"]["name"]
                    for one in server.store.objects("EndpointSlice")
                    if one["metadata"]["labels"].get("kubernetes.io/service-name") == "catalog"
                )
                server.store.delete("EndpointSlice", "shop", name)
                line = json.loads(await read_until(process.stderr, "service_changed"))
                process.send_signal(signal.SIGTERM)
                status, _, err = await finish(process)
    assert status == 0
    assert line.pop("since").endswith("Z")
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "service_changed",
        "logger": "exporter.services",
        "namespace": "shop",
        "service": "catalog",
        "before": "ready",
        "after": "down",
        "reason": "EndpointSlicesMissing",
        "findings": ["EndpointsLagging"],
        "ready": 0,
    }
    assert "service_changed" not in err


async def test_run_shows_a_change_that_was_watched() -> None:
    """What changes in the cluster is in the next scrape that comes after it."""
    async with simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            async with started("run", "--kubeconfig", kubeconfig, *LOCAL) as process:
                url = url_of(await read_until(process.stderr, "listening"))
                await read_until(process.stderr, "first reports are out")
                server.store.delete("Service", "shop", "catalog")
                async with asyncio.timeout(DEADLINE):
                    while 'service="catalog"' in (await fetch(f"{url}/metrics"))[1]:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)


async def test_run_lives_without_an_api_server() -> None:
    """Alive but not ready, and it says once what is wrong."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        async with started("run", "--kubeconfig", kubeconfig, *LOCAL) as process:
            url = url_of(await read_until(process.stderr, "listening"))
            line = await read_until(process.stderr, "can't be read")
            assert "127.0.0.1:9" in line
            assert (await fetch(f"{url}/livez"))[0] == 200
            assert (await fetch(f"{url}/readyz"))[0] == 503
            process.terminate()
            assert (await finish(process))[0] == 0


async def test_a_port_in_use_is_one_line() -> None:
    """The address is named, and nothing is left running."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig, busy_port() as port:
        status, out, err = await run(
            "run", "--kubeconfig", kubeconfig, "--web.listen-address", f"127.0.0.1:{port}"
        )
        assert (status, out) == (2, "")
        assert err == (
            f"kube-endpoints-exporter: can't listen on 127.0.0.1:{port}: Address already in use\n"
        )


async def test_a_web_configuration_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """The file is named."""
    missing = str(tmp_path / "web.yaml")
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        status, _, err = await run(
            "run", "--kubeconfig", kubeconfig, *LOCAL, "--web.config.file", missing
        )
    assert status == 2
    assert err == f"kube-endpoints-exporter: {missing}: can't be read: No such file or directory\n"


@pytest.mark.parametrize(
    "words,told",
    [
        (("run", "--kubeconfig", "/nonexistent/kubeconfig"), "does not exist"),
        (("run", "--web.listen-address", "nonsense"), "--web.listen-address: nonsense is not an"),
        (("simulate", "--port", "x", "nonsense"), "nonsense: no such scenario"),
        (("simulate", "--host", "192.0.2.1", "web-shop"), "simulate: can't listen on 192.0.2.1:0"),
        (("demo", "--speed", "x"), "--speed: x is no factor"),
    ],
)
async def test_what_can_not_be_started_is_told_and_status_2(
    words: tuple[str, ...], told: str
) -> None:
    """Before anything is served: lines, and no traceback."""
    status, out, err = await run(*words)
    assert (status, out) == (2, "")
    assert told in err.splitlines()[0]
    assert all(line.startswith("kube-endpoints-exporter: ") for line in err.splitlines())


async def test_simulate_prints_what_works_against_it() -> None:
    """The URL answers and the kubeconfig leads to it; both are gone afterwards."""
    async with started("simulate", "web-shop", "--log.level", "error") as process:
        url = (await read_until(process.stdout, "simulated API server: ")).split()[-1]
        kubeconfig = (await read_until(process.stdout, "kubeconfig: ")).split()[-1]
        assert (await fetch(f"{url}/version"))[0] == 200
        status, out, _ = await run("get", "-n", "shop", "-o", "json", "--kubeconfig", kubeconfig)
        assert status == 0
        assert "catalog" in {one["service"] for one in json.loads(out)["items"]}
        process.terminate()
        assert (await finish(process))[0] == 0
    assert not is_there(kubeconfig)


async def test_demo_prints_what_to_open_and_what_to_type() -> None:
    """The printed URL shows the families, the printed commands work; Ctrl-C ends it with 0."""
    async with started("demo", "--log.level", "error", "--web.listen-address", "127.0.0.1:0") as (
        process
    ):
        line = await read_until(process.stdout, "/metrics")
        url = line.split()[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", url)
        kubeconfig = (await read_until(process.stdout, "export KUBECONFIG=")).split("=")[1].strip()
        explain = (await read_until(process.stdout, " explain ")).split()[-1]
        status, text = await fetch(url)
        assert status == 200
        assert text.count("k8s_service_info{") > 30
        assert "k8s_service_endpoints_zone_ready{" in text
        assert (await run("explain", explain, "--kubeconfig", kubeconfig))[0] in (0, 1)
        process.send_signal(signal.SIGINT)
        status, _, err = await finish(process)
    assert (status, err) == (0, "")
    assert not is_there(kubeconfig)


async def test_demo_takes_another_port_when_the_usual_one_is_taken() -> None:
    """A demo beside a running exporter still starts; an address that was asked for is an order."""
    with busy_port() as port:
        words = ("demo", "web-shop", "--log.level", "error")
        status, out, err = await run(*words, "--web.listen-address", f"127.0.0.1:{port}")
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
    try:
        usual = socket.create_server(("127.0.0.1", 9769))
    except OSError:
        usual = None  # somebody has it: just as well
    try:
        async with started(*words) as process:
            line = await read_until(process.stdout, "/metrics")
            assert not line.split()[0].startswith("http://127.0.0.1:9769/")
            process.terminate()
            assert (await finish(process))[0] == 0
    finally:
        if usual is not None:
            usual.close()
