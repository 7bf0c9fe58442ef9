"""`run` as a process: an address apart, sockets of systemd, tokens, settings that change."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import aiohttp

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.simulation import Plan, simulate
from tests.integration.commandline import (
    DEADLINE,
    environment,
    finish,
    read_until,
    run,
    started,
)
from tests.integration.test_cli_serving import LOCAL, fetch, url_of

FIRST = "first reports are out"

#: Becomes the program, as systemd would start it: with a socket as its first descriptor.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


async def test_health_and_own_metrics_on_an_address_apart(tmp_path: Path) -> None:
    """They need no password there, and nothing else is served; the port for all stays locked."""
    web = tmp_path / "web.yaml"
    web.write_text(f"basic_auth_users: {{a: $2b$04${'.' * 53}}}")
    async with simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            words = ("run", "--kubeconfig", kubeconfig, *LOCAL, "--web.config.file", str(web))
            apart = ("--web.telemetry-address", "127.0.0.1:0", "--web.route-prefix", "/x")
            async with started(*words, *apart) as process:
                line = await read_until(process.stderr, "listening")
                await read_until(process.stderr, FIRST)
                urls = [part for part in line.split('"') if part.startswith("http://127")]
                assert (await fetch(f"{urls[0]}/x/livez"))[0] == 401
                for path, expected in (
                    ("/livez", 200),
                    ("/readyz", 200),
                    ("/-/healthy", 200),
                    ("/-/ready", 200),
                    ("/", 404),
                    ("/api/v1/services", 404),
                    ("/x/metrics", 404),
                ):
                    assert (await fetch(urls[1] + path))[0] == expected, path
                status, text = await fetch(f"{urls[1]}/metrics")
                assert status == 200
                assert 'endpoints_exporter_resource_synced{resource="services"} 1' in text
                assert "k8s_service" not in text


async def test_sockets_of_systemd_take_the_place_of_addresses() -> None:
    """What systemd listens on is served, and only that; without it one line says why not."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        words = ["run", "--kubeconfig", kubeconfig, "--web.systemd-socket", "--log.format", "json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            HAND_OVER,
            str(listening.fileno()),
            sys.executable,
            "-m",
            "exporter",
            *words,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(listening.fileno(),),
            env=environment(),
        )
        try:
            line = await read_until(process.stderr, "listening")
            assert url_of(line) == f"http://127.0.0.1:{port}"
            assert (await fetch(f"http://127.0.0.1:{port}/livez"))[0] == 200
        finally:
            process.terminate()
            await process.wait()
            listening.close()
        status, _, err = await run(*words)
    assert status == 2
    assert err == (
        "kube-endpoints-exporter: --web.systemd-socket: systemd hands over no socket (LISTEN_PID)\n"
    )


async def test_settings_that_change_while_it_runs(tmp_path: Path) -> None:
    """Namespaces and groups hold within seconds; the rest is told, and a fault changes nothing."""
    file = tmp_path / "settings.yaml"
    file.write_text("namespaces: [nowhere]\n")
    async with simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            words = ("run", "--kubeconfig", kubeconfig, *LOCAL, "--config", str(file))
            async with started(*words) as process:
                url = url_of(await read_until(process.stderr, "listening"))
                await read_until(process.stderr, FIRST)
                before = (await fetch(f"{url}/metrics"))[1]
                assert "k8s_service_info{" not in before
                file.write_text("groups: [topology]\nlog.format: console\nsync: nonsense\n")
                assert "sync" in await read_until(process.stderr, "settings not taken over")
                assert "k8s_service_info{" not in (await fetch(f"{url}/metrics"))[1]
                file.write_text("groups: [topology]\nweb.max-connections: 7\n")
                told = await read_until(process.stderr, "need a restart")
                assert "web.max-connections" in told
                await read_until(process.stderr, "settings taken over")
                after = (await fetch(f"{url}/metrics"))[1]
                assert "k8s_service_endpoints_zone_ready{" in after
                assert 'k8s_service_info{namespace="shop"' in after
                assert (await fetch(f"{url}/readyz"))[0] == 200
                process.terminate()
                status, _, err = await finish(process)
    assert status == 0
    assert "Traceback" not in err


async def test_tokens_are_asked_of_the_api_server() -> None:
    """Without one a client is refused; while the API server can't be asked nobody is let in."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        words = ("run", "--kubeconfig", kubeconfig, *LOCAL, "--web.auth", "kubernetes")
        async with started(*words) as process:
            assert "unencrypted" in await read_until(process.stderr, "tokens come")
            url = url_of(await read_until(process.stderr, "listening"))
            assert (await fetch(f"{url}/metrics"))[0] == 401
            headers = {"Authorization": "Bearer canary"}
            timeout = aiohttp.ClientTimeout(total=DEADLINE)
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.get(f"{url}/metrics") as answer,
            ):
                assert answer.status == 503
                assert answer.headers["Retry-After"] == "5"
            process.terminate()
            _, _, err = await finish(process)
    assert err.count("access can't be checked") == 1
    assert "canary" not in err
