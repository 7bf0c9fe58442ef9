"""Reads again what the cluster let go of and needs now: one namespace of a resource at a time.

The feed of that resource goes on as if nothing were: what it tells meanwhile counts more.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog

from exporter.api import Client
from exporter.api.errors import ApiError
from exporter.engine.feed import Lists, Telemetry, list_once
from exporter.model import Change, Fill, Missing
from exporter.reflector import Plan
from exporter.reflector.backoff import Backoff

_log = structlog.get_logger("exporter.engine")


class Filling:
    """Follows what is missing until cancelled; `look` has it look anew.

    `plans` are those of the feeds. What fails is tried again, with growing pauses: until then it
    is unknown.
    """

    def __init__(
        self,
        client: Client,
        plans: Sequence[Plan],
        missing: Callable[[], Iterable[Missing]],
        deliver: Callable[[Sequence[Change]], None],
        telemetry: Telemetry,
    ) -> None:
        self._client = client
        self._plans = plans
        self._missing = missing
        self._deliver = deliver
        self._telemetry = telemetry
        self._wake = asyncio.Event()
        self._brought: set[int] = set()
        self._backoff = Backoff()

    def look(self) -> None:
        """Something may be missing that was not before."""
        self._wake.set()

    async def run(self, lists: Lists) -> None:
        """Goes on for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            # What was brought waits in line, and is missing until it is taken.
            there = list(self._missing())
            self._brought &= {one.ticket for one in there}
            wanted = next((one for one in there if one.ticket not in self._brought), None)
            if wanted is not None:
                await self._fill(wanted, lists)
                self._wake.set()

    async def _fill(self, missing: Missing, lists: Lists) -> None:
        plan = next(
            one
            for one in self._plans
            if one.resource == missing.resource and one.namespace in ("", missing.namespace)
        )
        plan = msgspec.structs.replace(plan, namespace=missing.namespace)
        try:
            found = await list_once(
                self._client, plan, lists=lists, telemetry=self._telemetry, fresh=True
            )
        except ApiError as error:
            seconds, self._backoff = self._backoff.wait(time.monotonic(), random.random())
            if self._backoff.failures == 1:
                _log.warning(
                    "not read again yet",
                    resource=missing.resource,
                    namespace=missing.namespace,
                    error=str(error),
                )
            await asyncio.sleep(seconds)
            return
        self._backoff = Backoff()
        self._brought.add(missing.ticket)
        self._deliver((Fill(missing, found),))
