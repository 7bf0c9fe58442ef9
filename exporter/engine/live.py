"""The live engine: feeds bring changes, reports follow, commits make them seen; all of it in turns.

All of it runs on one event loop, and nothing holds that longer than a turn. What feeds bring waits
in line: while a batch is computed and committed nothing is taken, so no report sees half a list.
The engine knows no settings and no HTTP; whoever builds it gives it a client, plans and a state.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import structlog

from exporter.api import Client
from exporter.engine.feed import FeedStatus, Lists, follow
from exporter.engine.feed import Telemetry as FeedTelemetry
from exporter.engine.filling import Filling
from exporter.engine.state import State
from exporter.engine.statuses import combine_statuses
from exporter.engine.turns import in_turns
from exporter.history import Clock
from exporter.model import Change, ObjectKey, ResourceStatus, Snapshot, Upsert
from exporter.objects.resources import PODS
from exporter.objects.sharing import begin_sharing, end_sharing
from exporter.objects.slices import EndpointSlice
from exporter.reflector import Plan

_log = structlog.get_logger(__name__)

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
        # What feeds brought and when, by the monotonic clock and in seconds since the epoch.
        self._inbox: deque[tuple[float, float, Change]] = deque()
        self._came = asyncio.Event()
        # Held while changes are taken, and while a batch is made of them.
        self._busy = asyncio.Lock()
        # When the oldest change came that no commit shows yet.
        self._oldest: float | None = None
        # The same in seconds since the epoch, of what waits in line too.
        self._unshown: float | None = None
        self._wake = asyncio.Event()
        self._filling = Filling(client, plans, state.cluster.missing, self._deliver, telemetry)
        self._open = False

    # ── for readers ──────────────────────────────────────────────────────────────────────────

    def resources(self) -> tuple[ResourceStatus, ...]:
        """How reading each resource goes."""
        return combine_statuses(self._statuses, self._required)

    def snapshot(self) -> Snapshot:
        """The committed state, now."""
        settled = self._is_settled()
        return self._state.snapshot(self.resources(), time.time(), settled=settled)

    def _is_settled(self) -> bool:
        """Whether the last list of each required resource is shown: what is not came later.

        After an outage a list is read a moment before its reports are out; those that are shown
        meanwhile are of before.
        """
        lists = [one.last_sync or 0.0 for one in self._statuses if one.resource in self._required]
        return self._unshown is None or self._unshown > max(lists, default=0.0)

    # ── the tasks ────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Goes on until cancelled; what a task raises ends them all."""
        # A full collection walks a million objects that are all there to stay, and blocks as long.
        gc.disable()
        if any(plan.resource == PODS.name for plan in self._plans):
            begin_sharing()
        lists = Lists()
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
                tasks.create_task(self._filling.run(lists))
                tasks.create_task(self._absorb())
                tasks.create_task(self._refresh())
                tasks.create_task(self._tick())
                tasks.create_task(self._probe())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            gc.enable()
            end_sharing()

    def _deliver(self, changes: Sequence[Change]) -> None:
        came = (time.monotonic(), time.time())
        if self._unshown is None:
            self._unshown = came[1]
        self._inbox.extend((*came, change) for change in changes)
        self._came.set()

    async def _absorb(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            async with self._busy:
                await in_turns(self._take_all())
            self._filling.look()
            self._wake.set()

    def _take_all(self) -> Iterator[None]:
        """The work of taking what is there now, one change after another."""
        for _ in range(len(self._inbox)):
            came, at, change = self._inbox.popleft()
            if self._oldest is None:
                self._oldest = came
            if isinstance(change, Upsert) and isinstance(change.object, EndpointSlice):
                self._measure_programming(change.object, at)
            yield from self._state.take(change, Clock(at, came))
            yield

    def _measure_programming(self, fresh: EndpointSlice, at: float) -> None:
        """Tells how old the trigger of a slice was when it came by a watch."""
        cluster = self._state.cluster
        if fresh.triggered is None or not cluster.interest.measures(fresh):
            return
        known = cluster.find("endpointslices", ObjectKey(fresh.namespace, fresh.name))
        if not isinstance(known, EndpointSlice) or known.triggered != fresh.triggered:
            self._telemetry.programming_latency(at - fresh.triggered)

    async def _refresh(self) -> None:
        await self._wait_for_the_first()
        complete = self._wake.is_set()
        if not complete:
            gc.enable()  # nothing can be read yet, and failing for days must not leave its traces
        while True:
            await self._wake.wait()
            if not complete:  # else all that can be had is there, and somebody waits for it
                await asyncio.sleep(GATHER)
            complete = False
            self._wake.clear()
            async with self._busy:
                await in_turns(self._take_all())
                self._filling.look()
                oldest, self._oldest = self._oldest, None
                await self._show()
                # Meanwhile nothing was taken: all that is not shown waits in line.
                self._unshown = self._inbox[0][1] if self._inbox else None
            if oldest is not None:
                self._telemetry.event_visible(time.monotonic() - oldest)
            if not self._open:
                self._begin_steady_state()

    async def _show(self) -> None:
        """One batch: all that is pending becomes reports and lines, and those become visible."""
        await in_turns(self._state.resolving())
        self._heed_pods()
        batch = self._state.begin(time.time(), time.monotonic())
        await in_turns(self._state.computing(batch))
        await in_turns(self._state.committing(batch))

    async def _wait_for_the_first(self) -> None:
        """Until all that is required has an outcome, and what is optional too or time is up."""
        begun = time.monotonic()
        while True:
            waiting = self._find_waiting()
            if not waiting:
                return
            if not waiting & self._required and time.monotonic() - begun > PATIENCE:
                return
            await asyncio.sleep(0.005)

    def _find_waiting(self) -> set[str]:
        """The resources that have no outcome yet, neither a list nor a failure."""
        return {
            status.resource
            for status in self._statuses
            if not (status.synced or status.forbidden or status.absent or status.error)
        }

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

    def _heed_pods(self) -> None:
        """Tells how closely Pods are followed: those that are behind contradict nothing."""
        now, seconds = time.time(), self._state.lag_threshold
        pods = [status for status in self._statuses if status.resource == PODS.name]
        self._state.heed(pods_behind=any(status.is_behind(now, seconds) for status in pods))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._open and not self._find_waiting():
                end_sharing()
            self._heed_pods()
            if self._state.pending:
                self._wake.set()
            due = self._state.growing(time.time())
            if due:
                self._state.touch(due)
                self._wake.set()

    async def _probe(self) -> None:
        while True:
            due = time.monotonic() + PROBE
            await asyncio.sleep(PROBE)
            self._telemetry.loop_lag(max(time.monotonic() - due, 0.0))
