"""Whole simulations: a server, a cluster and what happens in it, until they are stopped.

Either chosen scenarios or the demo: a lively mix in which things break and heal over minutes, the
same for the same seed, without an end. It never prints anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence

import msgspec

from exporter.sim.access import Deny
from exporter.sim.player import Witness, play
from exporter.sim.roster import ADDRESSES
from exporter.sim.scenario import load_scenario
from exporter.sim.server import Settings, SimServer
from exporter.sim.store import Store

#: The scenarios of the demo: some sixty Services, most of them well most of the time.
DEMO = (
    "web-shop",
    "udp-and-tcp",
    "foreign-slices",
    "rollout",
    "rollout-bad-image",
    "scale-to-zero",
    "selector-typo",
    "named-port-missing",
    "publish-not-ready",
    "dual-stack",
    "headless-statefulset",
    "node-lost",
    "zone-lost",
    "lb-pending",
    "external-name",
    "churn",
    "annotations",
    "topology-hints",
    "traffic-local",
    "dependents",
    "routes-ingress",
    "routes-gateway",
    "routes-callers",
    "orphan-slices",
    "frozen-slices",
    "reason-crash-loop",
    "reason-readiness-probe",
    "reason-image-pull",
    "reason-unschedulable",
    "reason-init-not-complete",
    "reason-endpoints-lagging",
    "withdrawn-endpoints",
    "quota-exceeded",
    "half-unready",
)
#: A real cluster compacts its store every five minutes.
_COMPACTION = 300.0
#: Changes kept of each resource, as in a real server's window for watches: at any speed, and
#: however long it runs, its memory stays what it is.
_WINDOW = 1_024


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation is to be.

    `scenarios` are names, none for the demo. `speed` is how many times as fast things happen,
    `seed` decides when in the demo. `repeat` plays chosen scenarios again and again, as the demo
    always does; otherwise the cluster stays as their last step leaves it.
    """

    scenarios: Sequence[str] = ()
    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 1
    speed: float = 1.0
    repeat: bool = False
    tokens: Iterable[str] = ()
    server: Settings = Settings()


async def _compact(store: Store) -> None:
    """Forget what is older than five minutes, as a real cluster does."""
    marks: deque[int] = deque([store.resource_version])
    while True:
        await asyncio.sleep(_COMPACTION)
        store.compact(marks.popleft())
        marks.append(store.resource_version)


def _players(
    store: Store, plan: Plan, witness: Witness | None
) -> list[Coroutine[None, None, None]]:
    names = list(plan.scenarios) or list(DEMO)
    lively = not plan.scenarios
    dice = random.Random(plan.seed)
    now = time.time()
    out = []
    for number, name in enumerate(names):
        scenario = load_scenario(name, now)
        # one source of chance per scenario: what one does can't change when another does it
        own = random.Random(dice.random())
        player = play(
            store,
            scenario,
            speed=plan.speed * (own.uniform(0.7, 1.3) if lively else 1.0),
            rounds=None if lively or plan.repeat else 1,
            rest=functools.partial(own.uniform, 40.0, 240.0),
            delay=own.uniform(5.0, 120.0) if lively else 0.0,
            first_pod=number * ADDRESSES,
            witness=witness,
        )
        out.append(player)
    return out


@contextlib.asynccontextmanager
async def simulate(
    plan: Plan,
    *,
    ssl_context: ssl.SSLContext | None = None,
    witness: Witness | None = None,
) -> AsyncIterator[SimServer]:
    """Run a simulation while the context is open; yields its server, which has a `url`.

    `witness` is told of each step: the scenario and what happens. KeyError: no such scenario;
    OSError: the port is taken.
    """
    store = Store(history=_WINDOW)
    now = time.time()
    denied = {plural for name in plan.scenarios for plural in load_scenario(name, now).denied}
    server = SimServer(
        store,
        denied=[Deny(plural) for plural in sorted(denied)],
        host=plan.host,
        port=plan.port,
        tokens=plan.tokens,
        ssl_context=ssl_context,
        settings=plan.server,
    )
    owner = asyncio.current_task()
    failures: list[BaseException] = []

    def surface(task: asyncio.Task[None]) -> None:
        # a player that fails ends the simulation: a cluster that stands still would deceive
        if not task.cancelled() and (failure := task.exception()) is not None:
            failures.append(failure)
            if owner is not None:
                owner.cancel()

    tasks = [asyncio.create_task(c) for c in [*_players(store, plan, witness), _compact(store)]]
    try:
        await asyncio.sleep(0)  # every player has loaded its cluster before anyone can list it
        for task in tasks:
            task.add_done_callback(surface)
        await server.start()
        yield server
    except asyncio.CancelledError:
        if failures and owner is not None:
            owner.uncancel()
            raise failures[0] from None
        raise
    finally:
        for task in tasks:
            task.remove_done_callback(surface)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.stop()


async def run_simulation(
    plan: Plan,
    *,
    ssl_context: ssl.SSLContext | None = None,
    started: Callable[[str], None] | None = None,
    witness: Witness | None = None,
) -> None:
    """Run a simulation until it is cancelled; `started` is told the URL once it serves."""
    async with simulate(plan, ssl_context=ssl_context, witness=witness) as server:
        if started is not None:
            started(server.url)
        await asyncio.Event().wait()
