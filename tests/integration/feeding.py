"""A feed between a simulated server and a plain dict: what tests of feeds look at."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from exporter.api import Client, Credentials
from exporter.api.tls import Tls
from exporter.api.tokens import FixedToken, TokenSource
from exporter.engine.feed import FeedStatus, Lists, follow
from exporter.model import Change, Delete, Forget, Replace, SyncMode, Upsert
from exporter.objects.meta import Rejected
from exporter.reflector import Plan
from exporter.sim.server import SimServer
from exporter.sim.store import Store

PATIENCE = 20.0


def service(name: str, **labels: str) -> dict[str, Any]:
    """A Service of namespace d."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "d", "name": name, "labels": labels},
        "spec": {"type": "ClusterIP", "ports": [{"port": 80}]},
    }


class Counts:
    """The self-metrics of one feed, as counters."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.lists: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.undecodable = 0
        self.bytes = 0

    def list_ended(self, resource: str, result: str) -> None:
        """Counts."""
        assert resource == self.resource
        self.lists[result] += 1

    def watch_event(self, resource: str, type: str, count: int = 1) -> None:  # noqa: A002
        """Counts."""
        assert resource == self.resource
        self.events[type] += count

    def watch_restarted(self, resource: str, cause: str) -> None:
        """Counts."""
        assert resource == self.resource
        self.restarts[cause] += 1

    def rejected(self, resource: str, count: int = 1) -> None:
        """Counts."""
        assert resource == self.resource
        self.undecodable += count

    def request_ended(self, resource: str, verb: str, code: str, seconds: float) -> None:
        """Counts."""
        assert resource == self.resource
        assert seconds >= 0
        self.requests[verb, code] += 1

    def received(self, resource: str, size: int) -> None:
        """Counts."""
        assert resource == self.resource
        self.bytes += size


class Following:
    """One running feed: `view` is what it has told so far, by name; None: nothing is known."""

    def __init__(self, plan: Plan) -> None:
        self.view: dict[str, Any] | None = None
        self.views: list[frozenset[str]] = []
        self.counts = Counts(plan.resource)
        self.status = FeedStatus(plan.resource, plan.namespace)

    @property
    def names(self) -> set[str] | None:
        """The names of what is known."""
        return None if self.view is None else set(self.view)

    def deliver(self, changes: Sequence[Change]) -> None:
        """Takes changes as the engine does."""
        for change in changes:
            match change:
                case Replace():
                    self.view = {found.name: found for found in change.objects}
                    self.views.append(frozenset(self.view))
                case Forget():
                    self.view = None
                case Upsert(object=found):
                    assert self.view is not None
                    self.view[found.name] = found
                case Delete():
                    assert self.view is not None
                    self.view.pop(change.key.name, None)


async def until(condition: Callable[[], object]) -> None:
    """Waits for something to become true; fails when it does not in good time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not come true"
        await asyncio.sleep(0.01)


def client_of(url: str, tokens: TokenSource | None = None, tls: Tls | None = None) -> Client:
    """A client without a kubeconfig."""
    return Client(
        Credentials(url, origin="the test", tls=tls or Tls(), tokens=tokens or FixedToken(None))
    )


@contextlib.asynccontextmanager
async def serving(*names: str, **settings: Any) -> AsyncIterator[SimServer]:
    """A simulated server that holds these Services."""
    store = Store()
    store.load(service(name) for name in names)
    server = SimServer(store, **settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def following(
    server: SimServer,
    *,
    mode: SyncMode = SyncMode.WATCH,
    client: Client | None = None,
    **plan: Any,
) -> AsyncIterator[Following]:
    """A feed of Services, cancelled at the end."""
    chosen = Plan("services", mode=mode, denied_pause=0.05, interval=0.1, probe=0.3)
    chosen = msgspec.structs.replace(chosen, **plan)
    seen = Following(chosen)
    async with client or client_of(server.url) as asked:
        task = asyncio.create_task(
            follow(
                asked,
                chosen,
                seen.deliver,
                status=seen.status,
                lists=Lists(),
                telemetry=seen.counts,
            )
        )
        try:
            yield seen
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled(), task.exception()


def undecodable(view: dict[str, Any] | None) -> list[str]:
    """The names of what could not be decoded."""
    return [name for name, found in (view or {}).items() if isinstance(found, Rejected)]
