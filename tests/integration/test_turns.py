"""The engine at its documented size: whatever happens to a large cluster, nothing holds the loop.

The changes are made in memory, for the simulator would take longer than all of the rest; what
reads them is the engine itself, on a real loop, and the guard looks at each of its callbacks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest

from exporter.engine import live
from exporter.engine.feed import FeedStatus
from exporter.engine.state import State
from exporter.exposition import Format
from exporter.model import Change, Delete, Forget, ObjectKey, Replace, ServiceKey, Upsert
from exporter.reflector import Plan
from tests.big import Big, build
from tests.guard import BOUND, Guard
from tests.unit.apiserver import choices

RESOURCES = ("services", "endpointslices", "pods", "nodes")
#: Seconds that any of it may take on a machine that has much else to do.
PATIENCE = 120.0
SERVICES, EACH = 10_000, 20


class Unmeasured:
    """Counts what the engine says of its pace, and nothing else."""

    def __init__(self) -> None:
        self.latencies: list[float] = []

    def programming_latency(self, seconds: float) -> None:
        """Keeps it."""
        self.latencies.append(seconds)

    def event_visible(self, seconds: float) -> None:
        """Nothing."""

    def loop_lag(self, seconds: float) -> None:
        """Nothing."""


class Running:
    """An engine whose feeds are in the test's hands."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.telemetry = Unmeasured()
        self.deliver: dict[str, Callable[[Sequence[Change]], None]] = {}
        self.statuses: dict[str, FeedStatus] = {}

    async def follow(
        self, _client: object, plan: Plan, deliver: Any, *, status: FeedStatus, **_: object
    ) -> None:
        """Stands in for a feed."""
        self.deliver[plan.resource], self.statuses[plan.resource] = deliver, status
        await asyncio.Event().wait()

    def tell(self, *changes: Change) -> None:
        """What a feed brings in one go."""
        self.deliver[changes[0].resource](changes)

    def list(self, resource: str, objects: tuple[Any, ...]) -> None:
        """A list that was read whole."""
        self.tell(Replace(resource, "", objects))
        self.statuses[resource].synced = True

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits until readers see it."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it does not come true"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[Running]:
    """An engine that runs."""
    state = State(choices(**options))
    run = Running(state)
    monkeypatch.setattr(live, "follow", run.follow)
    plans = [Plan(resource) for resource in RESOURCES]
    engine = live.Engine(None, plans, state, run.telemetry, required=RESOURCES[:2])  # type: ignore[arg-type]
    task = asyncio.create_task(engine.run())
    try:
        await run.until(lambda: len(run.deliver) == len(RESOURCES))
        yield run
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="module")
def big() -> Big:
    """10,000 Services of 20 addresses, with 200,000 Pods on 500 Nodes."""
    return build(SERVICES, EACH)


SOME = ServiceKey("ns-7", "service-7")


@pytest.mark.slow
async def test_nothing_holds_the_loop_at_the_documented_size(
    big: Big, monkeypatch: pytest.MonkeyPatch, guard: Guard
) -> None:
    """First sync, relists, lost access, Nodes that come and go, mass deletion, scrapes."""

    def said(what: str) -> None:
        guard.check()
        guard.forget()

    async with running(monkeypatch) as run:
        state, reports = run.state, run.state.reports

        run.list("services", big.services)
        run.list("endpointslices", big.slices)
        run.list("pods", big.pods)
        run.list("nodes", big.nodes)
        await run.until(lambda: len(reports) == SERVICES)
        assert reports[SOME].ready == EACH
        said("first sync")

        before = reports[SOME]
        run.list("pods", tuple(big.pods))
        run.tell(Upsert("services", msgspec.structs.replace(big.services[0], labels={"a": "b"})))
        run.tell(Delete("services", ObjectKey("ns-0", "service-0")))
        await run.until(lambda: len(reports) == SERVICES - 1)
        assert reports[SOME] is before
        said("relist of the same after a 410")

        run.tell(Forget("pods", ""))
        await run.until(lambda: reports[SOME].pods is None)
        said("Pods are forbidden")

        run.list("pods", big.pods)
        await run.until(lambda: reports[SOME].pods is not None)
        again = reports[SOME].pods
        assert again is not None
        assert again.selected == EACH
        said("Pods may be read again")

        before = reports[SOME]
        names = [found.name for found in big.nodes[100:200]]
        run.tell(*(Delete("nodes", ObjectKey("", name)) for name in names))
        await run.until(lambda: reports[SOME] is not before)
        said("100 Nodes go")
        run.tell(*(Upsert("nodes", found) for found in big.nodes[100:200]))
        run.tell(Forget("endpointslices", ""))
        await run.until(lambda: not reports[SOME].known)
        said("100 Nodes come, slices are forbidden")

        page = state.exposition.scrape(Format.TEXT_0_0_4)
        asyncio.get_running_loop().call_soon(lambda: sum(map(len, page.pieces())))
        wanted = frozenset({f"ns-{number}" for number in range(3000)})
        scrape = state.exposition.scrape
        asyncio.get_running_loop().call_soon(lambda: scrape(Format.TEXT_0_0_4, namespaces=wanted))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        said("scrapes")

        run.list("services", big.services[:100])
        await run.until(lambda: len(reports) == 100)
        said("all but a hundred Services go")


@pytest.mark.slow
async def test_services_may_be_read_after_their_pods(
    big: Big, monkeypatch: pytest.MonkeyPatch, guard: Guard
) -> None:
    """The first list of Services was refused once: their selectors meet all Pods at once."""
    async with running(monkeypatch) as run:
        for resource, objects in (
            ("endpointslices", big.slices),
            ("pods", big.pods),
            ("nodes", big.nodes),
        ):
            run.list(resource, objects)
        await run.until(lambda: run.state.cluster.count("nodes") == len(big.nodes))
        run.list("services", big.services)
        await run.until(lambda: len(run.state.reports) == SERVICES)
        report = run.state.reports[SOME]
        assert report.pods is not None
        assert report.pods.selected == EACH
        assert report.ready == EACH
    guard.check(BOUND)


async def test_latency_is_measured_once_and_never_for_a_denied_namespace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slice whose trigger stays says nothing new; a denied namespace says nothing at all."""
    small = build(2, 1, namespaces=2)
    ours, denied = (
        msgspec.structs.replace(found, triggered=time.time() - 5.0) for found in small.slices
    )
    async with running(monkeypatch, denied_namespaces=("ns-1",)) as run:
        run.list("services", small.services)
        run.list("endpointslices", ())
        for version in "abc":
            for found in (ours, denied):
                run.tell(
                    Upsert(
                        "endpointslices",
                        msgspec.structs.replace(
                            found, resource_version=version, changed=float(ord(version))
                        ),
                    )
                )
        run.list("pods", ())
        run.list("nodes", ())
        await run.until(lambda: ServiceKey("ns-0", "service-0") in run.state.reports)
        await run.until(lambda: run.telemetry.latencies)
        assert len(run.telemetry.latencies) == 1
        assert 5.0 <= run.telemetry.latencies[0] < 5.0 + PATIENCE
        assert list(run.state.reports) == [ServiceKey("ns-0", "service-0")]


def has_more(seen: list[Any], count: int) -> bool:
    """Whether more than so many things were seen."""
    return len(seen) > count


async def test_no_commit_shows_half_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a list is taken in turns nothing of it is seen: every commit is of all or of none."""
    first, second = build(2000, 1, pods=False), build(2000, 2, pods=False)
    seen_in_order: list[tuple[int, int]] = []
    async with running(monkeypatch) as run:
        run.state.observe(
            lambda _: seen_in_order.append(
                (len(run.state.reports), sum(report.ready for report in run.state.reports.values()))
            )
        )
        for resource in ("pods", "nodes"):
            run.list(resource, ())
        run.list("services", first.services)
        run.list("endpointslices", first.slices)
        await run.until(lambda: seen_in_order)
        for number, found in enumerate((second, first, second)):
            fresh = tuple(
                msgspec.structs.replace(piece, resource_version=f"v{number}")
                for piece in found.slices
            )
            run.list("endpointslices", fresh)
            await run.until(partial(has_more, seen_in_order, number + 1))
    assert seen_in_order == [(2000, 2000), (2000, 4000), (2000, 2000), (2000, 4000)]


async def test_what_goes_holds_nobody(monkeypatch: pytest.MonkeyPatch, guard: Guard) -> None:
    """Access to all Services is lost, and given back: what they were goes in small steps."""
    many = build(9_000, 1, pods=False)
    async with running(monkeypatch) as run:
        run.list("endpointslices", many.slices)
        run.list("services", many.services)
        for optional in ("pods", "nodes"):
            run.statuses[optional].forbidden = True
        await run.until(lambda: len(run.state.reports) == 9_000)
        run.tell(Forget("services", ""))
        await run.until(lambda: not run.state.reports and not run.state.pending)
        run.list("services", many.services[:2_000])
        await run.until(lambda: len(run.state.reports) == 2_000)
    guard.check()
