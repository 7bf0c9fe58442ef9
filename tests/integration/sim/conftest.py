from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from exporter.sim.server import Settings, SimServer
from exporter.sim.store import Store
from exporter.sim.watching import Pace

Start = Callable[..., Awaitable[SimServer]]


def make_service(name: str, namespace: str = "d", **labels: str) -> dict[str, Any]:
    """A Service as small as can be."""
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name, **labels}},
        "spec": {"type": "ClusterIP", "selector": {"app": name}},
        "status": {"loadBalancer": {}},
    }


@pytest.fixture
def store() -> Store:
    """A store with five Services in two namespaces; its versions start after 100."""
    store = Store(first_version=100)
    store.load(make_service(name) for name in ("a", "b", "c", "d"))
    store.apply(make_service("e", "other"))
    return store


@pytest.fixture
async def start(store: Store) -> AsyncIterator[Start]:
    """Starts servers over the store, and stops them after the test."""
    servers = []

    async def start(**more: Any) -> SimServer:
        more.setdefault("settings", Settings(pace=Pace(fresh_wait=0.1, second=0.1)))
        server = SimServer(store, **more)
        servers.append(server)
        await server.start()
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def server(start: Start) -> SimServer:
    """A plain server over the store."""
    return await start()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client that doesn't decompress by itself and never waits for ever."""
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
        yield session
