"""A simulated cluster in a thread of its own, and an exporter that follows it as a process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.server import SimServer
from exporter.sim.simulation import Plan, simulate
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.waiting import wait_until

Value = TypeVar("Value")

#: Nothing happens in the scenarios by itself while a test looks: it breaks and heals things.
_STILL = 0.001
_DEADLINE = 60.0


class Simulated:
    """The cluster. Whatever is done to it is done on its own loop."""

    def __init__(self, server: SimServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self.url = server.url

    def do(self, action: Callable[[SimServer], Value]) -> Value:
        """Do something to the cluster and give what it gives."""

        async def on_loop() -> Value:
            return action(self._server)

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(_DEADLINE)

    def stop_serving(self) -> None:
        """The API server is gone; connections end."""
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(_DEADLINE)

    def apply(self, document: dict[str, Any]) -> None:
        """Create or replace an object."""
        self.do(lambda server: server.store.apply(document))

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object."""
        assert self.do(lambda server: server.store.delete(kind, namespace, name))

    def set_ready(self, namespace: str, service: str, *, ready: bool) -> None:
        """Make all endpoints of a Service ready, or none of them."""
        label = "kubernetes.io/service-name"

        def change(server: SimServer) -> int:
            slices = [
                one
                for one in server.store.objects("EndpointSlice")
                if one["metadata"]["namespace"] == namespace
                and one["metadata"].get("labels", {}).get(label) == service
            ]
            for one in slices:
                for endpoint in one["endpoints"]:
                    endpoint["conditions"] = {"ready": ready, "serving": ready}
                server.store.apply(one)
            return len(slices)

        assert self.do(change) > 0


@contextmanager
def simulated(scenarios: Sequence[str]) -> Iterator[Simulated]:
    """A simulated cluster as these scenarios begin."""
    started: list[Simulated] = []
    ready = threading.Event()
    failure: list[BaseException] = []
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with simulate(Plan(scenarios=tuple(scenarios), speed=_STILL)) as server:
            started.append(Simulated(server, loop))
            ready.set()
            await stopped.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - it is told in the thread that waits
            failure.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="simulated", daemon=True)
    thread.start()
    assert ready.wait(_DEADLINE), "the simulated cluster does not start"
    if failure:
        raise failure[0]
    try:
        yield started[0]
    finally:
        stop[0]()
        thread.join(_DEADLINE)


@contextmanager
def followed(
    cluster: Simulated, folder: Path, *flags: str, prefix: str = "", deadline: float = _DEADLINE
) -> Iterator[Exporter]:
    """An exporter that follows the cluster and has read all of it."""

    def is_ready() -> bool:
        return exporter.fetch(f"{prefix}/readyz").startswith("ready")

    folder.mkdir(parents=True, exist_ok=True)
    with (
        kubeconfig_for(cluster.url) as kubeconfig,
        Exporter("page", folder, kubeconfig=Path(kubeconfig), flags=flags) as exporter,
    ):
        wait_until("the exporter is ready", is_ready, deadline=deadline)
        yield exporter
