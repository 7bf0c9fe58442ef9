"""The live engine: feeds bring changes, reports follow in slices of time, commits make them seen.

All of it runs on one event loop, and nothing holds that longer than a slice. The engine knows no
settings and no HTTP; whoever builds it gives it a client, plans and a state.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from exporter.api import Client
from exporter.engine.feed import FeedStatus, follow
from exporter.engine.feed import Telemetry as FeedTelemetry
from exporter.engine.state import Batch, State
from exporter.engine.statuses import combine_statuses
from exporter.model import Change, ObjectKey, ResourceStatus, ServiceKey, Snapshot, Upsert
from exporter.objects.slices import EndpointSlice
from exporter.reflector import Plan

_log = structlog.get_logger(__name__)

#: Seconds of computing at a stretch; then whatever else waits on the loop has its turn.
SLICE = 0.010

#: Seconds that changes are gathered before reports follow: many slices change in one rollout, and
#: a commit for each would cost as much again as the change.
GATHER = 0.050

#: Seconds that the first reports wait for resources that are optional: reasons without Pods would
#: show for a moment, and be others as soon as the Pods are read.
PATIENCE = 10.0

#: Seconds between looks at what changes by time alone.
TICK = 5.0

#: New objects between two collections. Nothing here lives in cycles but what libraries make.
YOUNG = 50_000

#: Seconds between two measurements of how late the loop is.
PROBE = 0.25


class Telemetry(FeedTelemetry, Protocol):
    """The self-metrics that the engine moves."""

    def event_visible(self, seconds: float) -> None:
        """From a change's arrival to the commit that shows it."""

    def loop_lag(self, seconds: float) -> None:
        """How late the event loop was."""

    def programming_latency(self, seconds: float) -> None:
        """From what triggered a slice's change to its arrival."""


class Engine:
    """Follows the API server and keeps a State in step until cancelled.

    `required` are the resources without which nothing can be said of addresses.
    """

    def __init__(
        self,
        client: Client,
        plans: Sequence[Plan],
        state: State,
        telemetry: Telemetry,
        *,
        required: Collection[str],
    ) -> None:
        self._client = client
        self._plans = plans
        self._state = state
        self._telemetry = telemetry
        self._required = frozenset(required)
        self._statuses = [FeedStatus(plan.resource, plan.namespace) for plan in plans]
        self._arrived: float | None = None
        self._wake = asyncio.Event()
        self._open = False

    # ── for readers ──────────────────────────────────────────────────────────────────────────

    def resources(self) -> tuple[ResourceStatus, ...]:
        """How reading each resource goes."""
        return combine_statuses(self._statuses, self._required)

    def snapshot(self) -> Snapshot:
        """The committed state, now."""
        return self._state.snapshot(self.resources(), time.time())

    # ── the tasks ────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Goes on until cancelled; what a task raises ends them all."""
        # A full collection walks a million objects that are all there to stay, and blocks as long.
        gc.disable()
        lists = asyncio.Semaphore()
        try:
            async with asyncio.TaskGroup() as tasks:
                for plan, status in zip(self._plans, self._statuses, strict=True):
                    tasks.create_task(
                        follow(
                            self._client,
                            plan,
                            self._deliver,
                            status=status,
                            lists=lists,
                            telemetry=self._telemetry,
                        )
                    )
                tasks.create_task(self._refresh())
                tasks.create_task(self._tick())
                tasks.create_task(self._probe())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            gc.enable()

    def _deliver(self, changes: Sequence[Change]) -> None:
        if self._arrived is None:
            self._arrived = time.monotonic()
        for change in changes:
            if isinstance(change, Upsert) and isinstance(change.object, EndpointSlice):
                self._measure_programming(change.object)
            self._state.deliver(change)
        self._wake.set()

    def _measure_programming(self, fresh: EndpointSlice) -> None:
        """Tells how old the trigger of a slice is that came by a watch."""
        if fresh.triggered is None or not self._state.shard.owns(
            ServiceKey(fresh.namespace, fresh.service)
        ):
            return
        key = ObjectKey(fresh.namespace, fresh.name)
        known = self._state.cluster.find("endpointslices", key)
        if not isinstance(known, EndpointSlice) or known.triggered != fresh.triggered:
            self._telemetry.programming_latency(time.time() - fresh.triggered)

    async def _refresh(self) -> None:
        await self._wait_for_the_first()
        if not self._wake.is_set():
            gc.enable()  # nothing can be read yet, and failing for days must not leave its traces
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER)
            self._wake.clear()
            arrived, self._arrived = self._arrived, None
            batch = await self._compute()
            self._state.commit(batch)
            if arrived is not None:
                self._telemetry.event_visible(time.monotonic() - arrived)
            if not self._open:
                self._begin_steady_state()

    async def _compute(self) -> Batch:
        batch = self._state.refresh(time.time(), _slice_of_time(), ticks=time.monotonic())
        while not batch.finished:
            await asyncio.sleep(0)
            self._state.work(batch, _slice_of_time())
        return batch

    async def _wait_for_the_first(self) -> None:
        """Until all that is required has an outcome, and what is optional too or time is up."""
        begun = time.monotonic()
        while True:
            waiting = {
                status.resource
                for status in self._statuses
                if not (status.synced or status.forbidden or status.absent or status.error)
            }
            if not waiting:
                return
            if not waiting & self._required and time.monotonic() - begun > PATIENCE:
                return
            await asyncio.sleep(0.005)

    def _begin_steady_state(self) -> None:
        """What was read at the start stays: no later collection needs to look at it."""
        self._open = True
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()
        _log.info(
            "first reports are out",
            services=self._state.cluster.count("services"),
            resources={
                status.resource: status.objects for status in self.resources() if status.synced
            },
        )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            due = self._state.growing(time.time())
            if due:
                self._state.touch(due)
                self._wake.set()

    async def _probe(self) -> None:
        while True:
            due = time.monotonic() + PROBE
            await asyncio.sleep(PROBE)
            self._telemetry.loop_lag(max(time.monotonic() - due, 0.0))


class _slice_of_time:  # noqa: N801  # it is used as a function, and called at every Service
    """Tells whether the slice that began with it still has time."""

    __slots__ = ("_end",)

    def __init__(self) -> None:
        self._end = time.monotonic() + SLICE

    def __call__(self) -> bool:
        return time.monotonic() < self._end
