"""Plays scenarios into a store in real time.

Timestamps of objects follow the clock, so nothing lies in the future at any speed. It never waits
for anyone who watches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from exporter.sim.scenario import Scenario
from exporter.sim.store import Store
from exporter.sim.timeline import Difference

#: Told of each step: the scenario's name and what happens.
Witness = Callable[[str, str], None]


def carry_out(store: Store, differences: Iterable[Difference]) -> None:
    """Apply what a timeline has changed: deletions first, then objects in their order."""
    for difference in differences:
        for kind, namespace, name in difference.delete:
            store.delete(kind, namespace, name)
        for obj in difference.apply:
            store.apply(obj)


async def play(  # noqa: PLR0913 - the knobs of a player
    store: Store,
    scenario: Scenario,
    *,
    speed: float = 1.0,
    rounds: int | None = 1,
    rest: Callable[[], float] = lambda: 30.0,
    delay: float = 0.0,
    first_pod: int = 0,
    witness: Witness | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Load a scenario and play its steps, `rounds` times (None: until cancelled).

    Its steps come `speed` times as fast as they say, the first `delay` seconds later; between
    rounds it rests for what `rest` says, in seconds, and goes back to the start. `clock` gives Unix
    seconds.
    """
    begun = clock()
    if scenario.generated:
        store.load(scenario.objects)
        return
    timeline = scenario.timeline(begun, first_pod=first_pod)
    store.load(timeline.objects)
    done = 0
    loop = asyncio.get_running_loop()
    start = loop.time() + delay / speed
    while True:
        for at, say, change in scenario.changes:
            await asyncio.sleep(max(0.0, start + at / speed - loop.time()))
            carry_out(store, [timeline.change(change, clock() - begun)])
            if witness is not None:
                witness(scenario.name, say)
        done += 1
        if done == rounds:
            return
        await asyncio.sleep(max(1.0, rest()) / speed)
        if scenario.changes:
            carry_out(store, scenario.rewind(timeline, clock() - begun))
            if witness is not None:
                witness(scenario.name, "From the start again.")
        start = loop.time()
