"""Waiting at a running exporter: over HTTP as an init container does, and by `wait --from-url`."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import trustme

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.server import SimServer
from exporter.sim.simulation import Plan, simulate
from tests.integration.commandline import DEADLINE, finish, read_until, run, started
from tests.integration.test_cli_serving import LOCAL, url_of

PROGRAM = "kube-endpoints-exporter"


class Exporter(msgspec.Struct, frozen=True):
    """A running exporter, the API server behind it, and the URL of its API."""

    server: SimServer
    process: asyncio.subprocess.Process
    url: str

    async def ask(self, path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
        """Status and document."""
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, f"{self.url}/api/v1/{path}") as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else {}


@asynccontextmanager
async def exporter(*scenarios: str, flags: Sequence[str] = ()) -> AsyncIterator[Exporter]:
    """It has read everything."""
    async with simulate(Plan(scenarios=scenarios, speed=0.01)) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            async with started("run", "--kubeconfig", kubeconfig, *LOCAL, *flags) as process:
                url = url_of(await read_until(process.stderr, "listening"))
                await read_until(process.stderr, "first reports are out")
                yield Exporter(server, process, url)


def take_away(server: SimServer) -> dict[str, Any]:
    """Deletes the catalogue's Service; gives what brings it back."""
    catalog = server.store.get("Service", "shop", "catalog")
    assert catalog is not None
    server.store.delete("Service", "shop", "catalog")
    spec = {key: catalog["spec"][key] for key in ("ports", "selector")}
    labels = catalog["metadata"].get("labels", {})
    metadata = {"name": "catalog", "namespace": "shop", "labels": labels}
    return {**catalog, "metadata": metadata, "spec": spec}


async def test_a_request_waits_and_is_answered_when_it_is_so_or_the_exporter_stops() -> None:
    """200 at once, after the Service has come, 404 and 503 meanwhile; nobody holds up the stop."""
    one = "services/shop/catalog/ready"
    async with exporter("web-shop") as shown:
        assert (await shown.ask(f"{one}?min=2&port=http"))[0] == 200
        assert await shown.ask(one, "HEAD") == (200, {})
        lost = take_away(shown.server)
        gone = await shown.ask("ready?service=shop/catalog&for=withdrawn&was=shop/catalog&wait=20")
        assert gone[0] == 200
        assert (await shown.ask(one))[0] == 404
        status, found = await shown.ask(f"{one}?wait=100ms")
        assert (status, found["message"]) == (503, "no Service shop/catalog")
        waiting = asyncio.create_task(shown.ask(f"{one}?wait=25s"))
        chosen = asyncio.create_task(shown.ask("ready?selector=app=catalog&wait=25s"))
        await asyncio.sleep(0)
        shown.server.store.apply(lost)
        assert (await waiting)[0] == 200
        assert (await chosen)[0] == 200
        waiting = asyncio.create_task(shown.ask(f"{one}?min=9&wait=5m"))
        assert (await shown.ask(f"{one}?min=9"))[0] == 503
        shown.process.send_signal(signal.SIGTERM)
        status, found = await waiting
        assert status == 503
        assert found["message"].endswith("; the exporter is stopping")
        assert (await finish(shown.process))[0] == 0


async def test_while_data_is_stale_nobody_is_told_that_it_is_ready() -> None:
    """503 with the cause while the API server is away; whoever waits hears when it is back."""
    one = "services/shop/catalog/ready"
    async with exporter("web-shop") as shown:
        await shown.server.pause()
        status = 200
        found: dict[str, Any] = {}
        async with asyncio.timeout(DEADLINE):
            while status == 200:
                status, found = await shown.ask(one)
        assert (status, found["met"]) == (503, None)
        assert any(line.startswith(("services: ", "endpointslices: ")) for line in found["unread"])
        waiting = asyncio.create_task(shown.ask(f"{one}?wait=25s"))
        await shown.server.resume()
        assert (await waiting)[0] == 200


async def test_an_exporter_is_asked_in_place_of_the_api_server() -> None:
    """The same lines and status as without; at the time-out what it would explain."""
    async with exporter("web-shop") as shown:
        asked = ("--from-url", shown.url)
        status, out, err = await run("wait", "shop/catalog", "shop/storefront", *asked)
        assert (status, err) == (0, "")
        lines = out.splitlines()
        assert "shop/catalog: ready, 2/2 ready" in lines
        assert lines[-1].startswith("ready after ")
        status, out, err = await run("wait", "shop/no", "--must-exist", *asked)
        assert (status, out) == (2, "shop/no: not there yet\n")
        assert err == f"{PROGRAM}: no Service shop/no\n"
        status, out, err = await run(
            "wait", "-A", "-l", "app=catalog", "--for", "ready=9", "--timeout", "0", *asked
        )
        assert status == 1
        assert "\n\nshop/catalog: " in out
        assert "\nWhat to do\n" in out or "Nothing to do" in out
        assert err.endswith(": 1 Service is not ready=9\n")
        lost = take_away(shown.server)
        async with started("wait", "shop/catalog", *asked) as process:
            await read_until(process.stdout, "shop/catalog: not there yet")
            shown.server.store.apply(lost)
            await read_until(process.stdout, "shop/catalog: ready, 2/2 ready")
            assert (await finish(process))[0] == 0


async def test_an_exporter_behind_tls_is_checked_by_the_systems_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that OpenSSL is told of; whoever none of them vouches for is no answer."""
    authority = trustme.CA()
    pair = tmp_path / "pair.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pair)
    config = tmp_path / "web.yaml"
    config.write_text(f"tls_server_config: {{cert_file: {pair}, key_file: {pair}}}\n")
    words = ("wait", "shop/catalog", "--for", "available", "--timeout", "2s")
    async with exporter("web-shop", flags=("--web.config.file", str(config))) as shown:
        for issuer, status in ((trustme.CA(), 2), (authority, 0)):
            issuer.cert_pem.write_to_path(tmp_path / "ca.pem")
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
            assert (await run(*words, "--from-url", shown.url))[0] == status


async def test_an_exporter_that_is_not_there_is_tried_until_the_time_out() -> None:
    """Status 2; the last line says why, and no password is shown."""
    status, out, err = await run(
        "wait", "a/b", "--timeout", "3s", "--from-url", "http://me:secret@127.0.0.1:9/x"
    )
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"{PROGRAM}: can't tell after ")
    assert "http://127.0.0.1:9/x: " in err.splitlines()[-1]
    assert "secret" not in err
    for url in ("ftp://me:secret@x", "me:secret@x", "http://me:secret@:x/"):
        status, out, err = await run("wait", "a/b", "--from-url", url)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "secret" not in err
