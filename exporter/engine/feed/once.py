"""One reading of a resource: the same protocol, but whoever waits for it wants to know soon."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from exporter.api.client import Client
from exporter.api.errors import BrokenError
from exporter.engine.feed.following import Feed
from exporter.engine.feed.lists import Lists
from exporter.engine.feed.status import FeedStatus, Telemetry, Unmeasured
from exporter.model import Change, Replace, SyncMode
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.reflector import Plan, Rest


async def list_once(
    client: Client,
    plan: Plan,
    *,
    lists: Lists | None = None,
    telemetry: Telemetry | None = None,
    patience: float = 60.0,
    fresh: bool = False,
) -> tuple[Retained | Rejected, ...]:
    """All objects of a resource in a scope; raises ApiError where they can't be read.

    ForbiddenError and AbsentError tell what another may do without. A server that asks for
    patience (429, or 5xx with Retry-After) is given `patience` seconds from then on; any other
    failure is final, for it is told to a person who can do something about it. `lists` are shared
    by those that are read together. `fresh`: as of now, not as the server has it in its cache.
    """
    plan = msgspec.structs.replace(plan, mode=SyncMode.POLL)
    found: list[tuple[Retained | Rejected, ...]] = []

    def take(changes: Sequence[Change]) -> None:
        found.extend(change.objects for change in changes if isinstance(change, Replace))

    feed = Feed(
        client,
        plan,
        take,
        status=FeedStatus(plan.resource, plan.namespace),
        lists=lists or Lists(),
        telemetry=telemetry or Unmeasured(),
        quiet=True,
        fresh=fresh,
    )
    until: float | None = None  # what waits in line for others is not refused yet
    order = feed.begin()
    while not found:
        if isinstance(order, Rest) and order.failure is not None:
            now = time.monotonic()
            until = now + patience if until is None else until
            if not order.failure.passing or now + order.seconds >= until:
                raise feed.error or BrokenError(order.failure.message)
        order = await feed.carry_out(order)
    return found[-1]
