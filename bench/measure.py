"""What is measured, in which order. Each subject has the machine to itself while it is."""

from __future__ import annotations

import asyncio
import ssl
import time
from statistics import median
from typing import Any

import aiohttp
import msgspec

from bench.load import Size, Writer, flip, flip_pod
from bench.subject import Subject
from tests.e2e.harness.control_plane import ControlPlane

_SETTLE = 5.0  # seconds after the first scrape; then memory is what it stays at
_LATENCY_TRIES = 5
_LATENCY_LIMIT = 30.0


class Plan(msgspec.Struct, frozen=True):
    """Slice updates per second, and seconds of each phase with updates."""

    rate: int
    seconds: int


async def measure_download(cluster: ControlPlane, *, pods: bool) -> dict[str, Any]:
    """The floor: seconds and bytes to fetch the same lists and do nothing with them."""
    paths = ["/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices"]
    if pods:
        paths.append("/api/v1/pods")
    found: dict[str, Any] = {}
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    headers = {"Authorization": f"Bearer {cluster.admin_token}", "Accept": "application/json"}
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(ssl=context), auto_decompress=False
    ) as session:
        for encoding in ("identity", "gzip"):
            began, size = time.perf_counter(), 0
            for path in paths:
                async with session.get(
                    f"{cluster.url}{path}?resourceVersion=0",
                    headers={"Accept-Encoding": encoding},
                ) as answer:
                    async for chunk in answer.content.iter_any():
                        size += len(chunk)
            found[encoding] = {"seconds": time.perf_counter() - began, "bytes": size}
    return found


async def measure_subject(
    subject: Subject, writer: Writer, size: Size, plan: Plan
) -> dict[str, Any]:
    """All figures of one subject; starts and stops its process."""
    timeout = aiohttp.ClientTimeout(total=60)
    try:
        async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session:
            found: dict[str, Any] = {
                "first_scrape_seconds": await subject.wait_until_complete(session, size.services)
            }
            await asyncio.sleep(_SETTLE)
            found["start_cpu"] = subject.read_cpu()
            found["memory_mib"] = subject.read_memory()
            found["unchanged"] = await subject.measure_scrapes(session, "identity")
            found["unchanged_gzip"] = await subject.measure_scrapes(session, "gzip")
            found["cpu_per_update"] = await _measure_updates(subject, writer, size, plan)
            if size.pods:
                found["cpu_per_pod_update"] = await _measure_pod_updates(
                    subject, writer, size, plan
                )
            found["updating"] = await _scrape_under_load(
                subject, session, writer, size, plan, "identity"
            )
            found["updating_gzip"] = await _scrape_under_load(
                subject, session, writer, size, plan, "gzip"
            )
            found["visible_seconds"] = await _measure_latency(subject, session, writer, size)
            found["memory_after_mib"] = subject.read_memory()
            found["memory_highest_mib"] = subject.read_memory("VmHWM")
            found["own"] = await _read_own(subject, session)
            return found
    finally:
        subject.process.stop()


async def _update_for(writer: Writer, size: Size, plan: Plan, *, pods: bool = False) -> int:
    """Updates at the planned rate; returns how many there were. Each changes a readiness."""
    sent = 0
    began = time.perf_counter()
    pending: set[asyncio.Task[None]] = set()
    while (elapsed := time.perf_counter() - began) < plan.seconds:
        while sent < elapsed * plan.rate:
            number, turn = sent % size.services, sent // size.services
            if pods:
                change = flip_pod(writer, size, number, 0, ready=bool(turn % 2))
            else:
                change = flip(writer, size, number, unready=None if turn % 2 else 0)
            task = asyncio.create_task(change)
            pending.add(task)
            task.add_done_callback(pending.discard)
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*pending)
    return sent


async def _heal(writer: Writer, size: Size, plan: Plan) -> None:
    touched = min(size.services, plan.rate * plan.seconds + plan.rate)
    await writer.send_all(
        lambda n=n: flip(writer, size, n, unready=None)  # type: ignore[misc]
        for n in range(touched)
    )
    await asyncio.sleep(1)


async def _measure_updates(subject: Subject, writer: Writer, size: Size, plan: Plan) -> float:
    before = subject.read_cpu()
    sent = await _update_for(writer, size, plan)
    await asyncio.sleep(1)
    used = subject.read_cpu() - before
    await _heal(writer, size, plan)
    return used / sent


async def _measure_pod_updates(subject: Subject, writer: Writer, size: Size, plan: Plan) -> float:
    before = subject.read_cpu()
    sent = await _update_for(writer, size, plan, pods=True)
    await asyncio.sleep(1)
    return (subject.read_cpu() - before) / sent


async def _scrape_under_load(
    subject: Subject,
    session: aiohttp.ClientSession,
    writer: Writer,
    size: Size,
    plan: Plan,
    encoding: str,
) -> dict[str, float]:
    """Median scrape, once a second, while slices change."""
    load = asyncio.create_task(_update_for(writer, size, plan))
    scrapes = []
    before = subject.read_cpu()
    while not load.done():
        scrapes.append((await subject.scrape(session, encoding))[0])
        await asyncio.sleep(1)
    used = subject.read_cpu() - before
    await load
    await _heal(writer, size, plan)
    return {
        "seconds": median(scrape.seconds for scrape in scrapes),
        "bytes": scrapes[-1].size,
        "cpu_share": used / plan.seconds,
    }


async def _measure_latency(
    subject: Subject, session: aiohttp.ClientSession, writer: Writer, size: Size
) -> float:
    """Median seconds from a write's answer to the end of the first scrape that shows it.

    One address is taken out, so the bytes of the scrape change. Whole scrapes are the only common
    measure; the time of one is part of the figure.
    """
    found = []
    for attempt in range(_LATENCY_TRIES):
        _, old = await subject.scrape(session, "identity")
        await flip(writer, size, attempt, unready=0)
        began = time.perf_counter()
        while _domain(old) == _domain((await subject.scrape(session, "identity"))[1]):
            if time.perf_counter() - began > _LATENCY_LIMIT:
                raise TimeoutError(f"{subject.name} does not show an update")
        found.append(time.perf_counter() - began)
    return median(found)


def _domain(body: bytes) -> bytes:
    """The scrape without the exporter's metrics about itself, which change all the time."""
    return body.partition(b"# HELP endpoints_exporter_")[0]


async def _read_own(subject: Subject, session: aiohttp.ClientSession) -> dict[str, float]:
    """The exporter's own word on latency and loop lag; nothing for its peer."""
    _, body = await subject.scrape(session, "identity")
    found = {}
    for name in ("event_to_visible_seconds", "loop_lag_seconds"):
        for line in body.decode().splitlines():
            key, _, value = line.rpartition(" ")
            if key.startswith(f"endpoints_exporter_{name}") and not line.startswith("#"):
                found[key.removeprefix("endpoints_exporter_")] = float(value)
    return found
