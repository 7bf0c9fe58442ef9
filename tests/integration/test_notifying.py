"""Who is told, as settings and the lease say: over real sockets, and by the program itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp

from exporter.api import connect_openly
from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.cli.notifying import Notifying
from exporter.config import Settings
from exporter.sim.simulation import Plan, simulate
from exporter.telemetry import Telemetry
from tests.integration.commandline import DEADLINE, finish, read_until, run, started
from tests.integration.receiving import Receiver
from tests.unit.notify.stories import DOWN, READY, Play


async def test_only_who_may_speak_tells() -> None:
    """Silent it gathers nothing; speaking it does; falling silent it tells what it still has."""
    play, telemetry = Play(), Telemetry("1.2.3")
    async with (
        connect_openly("http://127.0.0.1:9", "nobody") as client,
        Receiver().listening() as receiver,
    ):
        notifying = Notifying(client, telemetry, None, silent=True)
        notifying.configure(Settings(notify_url=receiver.url, notify_interval=3600.0))
        notifying.tell(*play.become(DOWN))
        notifying.silence(False)
        await asyncio.sleep(0)
        notifying.tell(*play.become(READY))
        notifying.silence(True)
        (message,) = await receiver.wait_for(1)
        notifying.tell(*play.become(DOWN))
        await notifying.close()
    (change,) = message["changes"]
    assert (change["before"], change["after"]) == ("down", "ready")
    assert len(receiver.messages) == 1


async def test_another_receiver_is_told_from_now_on() -> None:
    """The old one gets what it had, the new one what comes; the same settings change nothing."""
    play, telemetry = Play(), Telemetry("1.2.3")
    async with (
        connect_openly("http://127.0.0.1:9", "nobody") as client,
        Receiver().listening() as old,
        Receiver().listening() as new,
    ):
        notifying = Notifying(client, telemetry, None, silent=False)
        for receiver in (old, new):
            settings = Settings(notify_url=receiver.url, notify_interval=3600.0)
            notifying.configure(settings)
            await asyncio.sleep(0)
            notifying.tell(*play.become(DOWN if receiver is old else READY))
            notifying.configure(settings)
        await notifying.close()
        (first,), (second,) = old.messages, new.messages
    assert [one["changes"][0]["after"] for one in (first, second)] == ["down", "ready"]


async def test_a_receiver_can_be_named_while_it_runs(tmp_path: Path) -> None:
    """The settings file gets a receiver; nothing is read anew, and the next change is told."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("log.format: json\n")
    async with (
        Receiver().listening() as receiver,
        simulate(Plan(scenarios=("web-shop",), speed=0.01)) as server,
        aiohttp.ClientSession() as session,
    ):
        with kubeconfig_for(server.url) as kubeconfig:
            words = ("--kubeconfig", kubeconfig, "--config", str(settings))
            async with started("run", *words, "--web.listen-address", "127.0.0.1:0") as process:
                line = await read_until(process.stderr, "listening")
                url = json.loads(line)["urls"][0]
                await read_until(process.stderr, "first reports are out")
                settings.write_text(
                    f"log.format: json\nnotify: {{url: '{receiver.url}', interval: 100ms}}\n"
                )
                async with asyncio.timeout(DEADLINE):
                    text = ""
                    while 'notify_changes_total{outcome="sent"} 0' not in text:
                        await asyncio.sleep(0.2)
                        async with session.get(f"{url}/metrics") as answer:
                            text = await answer.text()
                (name,) = (
                    one["metadata"]["name"]
                    for one in server.store.objects("EndpointSlice")
                    if one["metadata"]["labels"].get("kubernetes.io/service-name") == "catalog"
                )
                server.store.delete("EndpointSlice", "shop", name)
                (message,) = await receiver.wait_for(1)
                process.terminate()
                status, _, err = await finish(process)
    assert status == 0
    assert "settings taken over" not in err
    (change,) = message["changes"]
    assert (change["service"], change["reason"]) == ("catalog", "EndpointSlicesMissing")


async def test_a_file_that_is_missing_is_one_line() -> None:
    """Exit status 2 and the file's name."""
    with kubeconfig_for("http://127.0.0.1:9") as kubeconfig:
        words = ("--kubeconfig", kubeconfig, "--notify.url-file", "/nowhere/url")
        status, out, err = await run("run", *words)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].endswith(
        "the URL file /nowhere/url can't be read: No such file or directory"
    )
