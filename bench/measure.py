"""What is measured of programs that run, in which order.

Both run at the same time and see the same updates; each one's CPU is taken by its own clock.
Scrapes alternate, A B A B, so that a machine that drifts can't decide.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import aiohttp
import msgspec

from bench.subject import Subject
from bench.updates import Kind, Updates

_REST = 1.5  # seconds after updates; then both have told of them all
_LATENCY_TRIES = 5
_LATENCY_LIMIT = 30.0
_PARALLEL = 20
_ENCODINGS = ("identity", "gzip")
_TERMS = ",".join(f"label{number}!=value" for number in range(20))
#: Requests that look at every Service, with as many terms as a filter takes.
_COSTLY = (
    f"/?label={_TERMS}",
    f"/api/v1/services?label={_TERMS}&limit=1000",
    "/api/v1/services?q=" + "+".join("abcdefghijklmnopqrst"),
    f"/api/v1/services?sort=since&label={_TERMS}",
    "/metrics?namespace=" + ",".join(f"bench-{number}" for number in range(50)),
)

Figures = dict[str, float]


class Plan(msgspec.Struct, frozen=True):
    """How long each phase with updates is, in seconds, and scrapes of each phase without.

    `settle` is seconds after the first scrape, until memory is what it stays at.
    """

    seconds: float
    settle: float
    scrapes: int
    pods: bool


async def measure_running(
    subjects: Sequence[Subject], session: aiohttp.ClientSession, updates: Updates, plan: Plan
) -> dict[str, Figures]:
    """All figures of programs that have just told all; they go on running."""
    found: dict[str, Figures] = {subject.name: {} for subject in subjects}
    await asyncio.sleep(plan.settle)
    for subject in subjects:
        found[subject.name]["memory_mib"] = subject.read_memory()
    for encoding in _ENCODINGS:
        await _scrape_unchanged(subjects, session, encoding, plan.scrapes, found)
    kinds = [Kind.SLICES, Kind.SLICE_BEATS]
    kinds += [Kind.PODS, Kind.POD_BEATS] if plan.pods else []
    for kind in kinds:
        await _measure_updates(subjects, updates, kind, plan.seconds, found)
    for encoding in _ENCODINGS:
        await _scrape_while_updating(subjects, session, updates, plan.seconds, encoding, found)
    for subject in subjects:
        mine = found[subject.name]
        mine["visible_seconds"] = await _measure_latency(subject, session, updates)
        mine["memory_after_mib"] = subject.read_memory()
        mine["memory_highest_mib"] = subject.read_memory("VmHWM")
    return found


async def measure_crowd(subject: Subject, session: aiohttp.ClientSession) -> Figures:
    """Scrapes at the same time: seconds of one alone, of the first answer and of the last.

    `refused` were told to come again.
    """

    async def ask() -> float | None:
        try:
            scrape, _ = await subject.scrape(session)
        except aiohttp.ClientResponseError:
            return None
        return scrape.seconds

    alone = median([(await subject.scrape(session))[0].seconds for _ in range(5)])
    crowd = await asyncio.gather(*(ask() for _ in range(_PARALLEL)))
    took = sorted(seconds for seconds in crowd if seconds is not None)
    return {
        "alone_seconds": alone,
        "first_seconds": took[0],
        "last_seconds": took[-1],
        "refused": len(crowd) - len(took),
    }


async def measure_query(
    subject: Subject, session: aiohttp.ClientSession, query: str, times: int
) -> float:
    """Median CPU seconds of a scrape that asks for a part."""
    spent = []
    for _ in range(times):
        before = subject.read_cpu()
        await subject.scrape(session, query=query)
        spent.append(subject.read_cpu() - before)
    return median(spent)


async def measure_start_holds(
    subject: Subject, session: aiohttp.ClientSession
) -> dict[str, dict[str, Any]]:
    """The longest hold from the first answer to the first complete scrape.

    What comes before (imports) is nobody's wait but the start's, and part of its time.
    """
    await subject.start(session, listening=subject.read_hold)
    return {"first sync": await subject.read_hold()}


async def measure_holds(
    subject: Subject, session: aiohttp.ClientSession, updates: Updates, plan: Plan
) -> dict[str, dict[str, Any]]:
    """The longest hold of the loop in each phase: of an exporter started so that it tells."""
    found = await measure_start_holds(subject, session)
    for _ in range(5):
        for encoding in _ENCODINGS:
            await subject.scrape(session, encoding)
    found["unchanged scrapes"] = await subject.read_hold()
    await measure_crowd(subject, session)
    found[f"{_PARALLEL} scrapes at a time"] = await subject.read_hold()
    for kind in [Kind.SLICES, *([Kind.PODS] if plan.pods else [])]:
        load = asyncio.create_task(updates.run(kind, plan.seconds))
        while not load.done():
            await subject.scrape(session, "gzip")
            await asyncio.sleep(1)
        await load
        await asyncio.sleep(_REST)
        found[f"updates of {kind}, a scrape a second"] = await subject.read_hold()
    root = subject.url.removesuffix("/metrics")
    for path in _COSTLY:
        async with session.get(root + path) as answer:
            await answer.read()
    found["the costliest requests"] = await subject.read_hold()
    return found


# ── phases ───────────────────────────────────────────────────────────────────────────────────


async def _scrape_unchanged(
    subjects: Sequence[Subject],
    session: aiohttp.ClientSession,
    encoding: str,
    times: int,
    found: dict[str, Figures],
) -> None:
    """Median seconds, CPU seconds and bytes of scrapes while nothing changes."""
    seen: dict[str, list[tuple[float, float, int]]] = {one.name: [] for one in subjects}
    for attempt in range(times + 1):
        for subject in subjects:
            before = subject.read_cpu()
            scrape, _ = await subject.scrape(session, encoding)
            if attempt:  # the first one compresses what the following find compressed
                spent = subject.read_cpu() - before
                seen[subject.name].append((scrape.seconds, spent, scrape.size))
    for name, scrapes in seen.items():
        seconds, cpu, size = (median(column) for column in zip(*scrapes, strict=True))
        found[name] |= {
            f"unchanged_{encoding}_seconds": seconds,
            f"unchanged_{encoding}_cpu": cpu,
            f"unchanged_{encoding}_bytes": size,
        }


async def _measure_updates(
    subjects: Sequence[Subject],
    updates: Updates,
    kind: Kind,
    seconds: float,
    found: dict[str, Figures],
) -> None:
    """CPU per update while nobody scrapes."""
    before = {subject.name: subject.read_cpu() for subject in subjects}
    sent = await updates.run(kind, seconds)
    await asyncio.sleep(_REST)
    for subject in subjects:
        used = subject.read_cpu() - before[subject.name]
        found[subject.name][f"cpu_per_{kind.replace(' ', '_')}"] = used / sent


async def _scrape_while_updating(
    subjects: Sequence[Subject],
    session: aiohttp.ClientSession,
    updates: Updates,
    seconds: float,
    encoding: str,
    found: dict[str, Figures],
) -> None:
    """A scrape of each a second while slices change: its median, and the share of a core."""
    took: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    before = {subject.name: subject.read_cpu() for subject in subjects}
    began = time.perf_counter()
    load = asyncio.create_task(updates.run(Kind.SLICES, seconds))
    turn = 0
    while not load.done():
        turn += 1
        due = time.perf_counter() + 1
        for subject in subjects if turn % 2 else list(subjects)[::-1]:
            took[subject.name].append((await subject.scrape(session, encoding))[0].seconds)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await load
    passed = time.perf_counter() - began
    for subject in subjects:
        mine = found[subject.name]
        mine[f"updating_{encoding}_seconds"] = median(took[subject.name])
        mine[f"updating_{encoding}_share"] = (subject.read_cpu() - before[subject.name]) / passed


async def _measure_latency(
    subject: Subject, session: aiohttp.ClientSession, updates: Updates
) -> float:
    """Median seconds from a write's answer to the end of the first scrape that shows it.

    Whole scrapes are the only common measure; the time of one is part of the figure.
    """
    found = []
    for _ in range(_LATENCY_TRIES):
        _, old = await subject.scrape(session)
        await updates.flip_one()
        began = time.perf_counter()
        while _domain(old) == _domain((await subject.scrape(session))[1]):
            if time.perf_counter() - began > _LATENCY_LIMIT:
                raise TimeoutError(f"{subject.name} does not show an update")
        found.append(time.perf_counter() - began)
    return median(found)


def _domain(body: bytes) -> bytes:
    """The scrape without the exporter's metrics about itself, which change all the time."""
    return body.partition(b"# HELP endpoints_exporter_")[0]
