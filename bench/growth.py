"""Growth: the exporter before simulated clusters of more and more Services."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import msgspec

from bench.machine import Watch, describe_machine
from bench.measure import measure_crowd, measure_start_holds
from bench.subject import Subject
from bench.subjects import Reads, make_exporter, make_peer
from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.sim.generated import generate_cluster
from exporter.sim.server import SimServer
from exporter.sim.store import Store

_SCRAPES = 5
_CLIENT = aiohttp.ClientTimeout(total=600)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes; the peer is measured up to `peer_up_to` Services."""

    sizes: tuple[int, ...]
    addresses: int
    peer_up_to: int
    settle: float


async def grow(options: Options, folder: Path) -> dict[str, Any]:
    """Every size in turn; returns what is written as JSON."""
    machine = describe_machine()
    watch = Watch(machine["load"], machine["cores"])
    steps: list[dict[str, Any]] = []
    for services in options.sizes:
        print(f"simulating {services:,} Services × {options.addresses} …", flush=True)
        step = await _measure(services, options, folder)
        if steps:
            step["slope"] = math.log(step["start_cpu"] / steps[-1]["start_cpu"]) / math.log(
                services / steps[-1]["services"]
            )
        steps.append(step)
    return {
        "machine": machine,
        "options": msgspec.to_builtins(options),
        "steps": steps,
        "quiet": watch.judge(),
    }


async def _measure(services: int, options: Options, folder: Path) -> dict[str, Any]:
    reads = Reads(services, options.addresses, pods=False)
    step: dict[str, Any] = {"services": services, "addresses": services * options.addresses}
    async with (
        _simulated(services, options.addresses) as url,
        aiohttp.ClientSession(auto_decompress=False, timeout=_CLIENT) as session,
    ):
        with kubeconfig_for(url) as kubeconfig:
            path = Path(kubeconfig)
            step |= await _measure_one(make_exporter(path, reads, folder), session, options.settle)
            watched = make_exporter(path, reads, folder, holds=True)
            try:
                step["holds"] = await measure_start_holds(watched, session)
                await measure_crowd(watched, session)
                step["holds"]["20 scrapes at a time"] = await watched.read_hold()
            finally:
                watched.process.stop()
            if services <= options.peer_up_to:
                step["peer"] = await _measure_one(
                    make_peer(path, reads, folder), session, options.settle
                )
    return step


async def _measure_one(
    subject: Subject, session: aiohttp.ClientSession, settle: float
) -> dict[str, Any]:
    try:
        start = await subject.start(session)
        await asyncio.sleep(settle)
        found: dict[str, Any] = {
            "start_seconds": start.seconds,
            "start_cpu": start.cpu,
            "memory_mib": subject.read_memory(),
        }
        for encoding in ("identity", "gzip"):
            await subject.scrape(session, encoding)
            scrapes = [(await subject.scrape(session, encoding))[0] for _ in range(_SCRAPES)]
            found[f"{encoding}_seconds"] = median(scrape.seconds for scrape in scrapes)
            found[f"{encoding}_bytes"] = scrapes[-1].size
        found["memory_highest_mib"] = subject.read_memory("VmHWM")
        return found
    finally:
        subject.process.stop()


# ── the cluster ──────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def _simulated(services: int, addresses: int) -> AsyncIterator[str]:
    """The URL of a simulated API server, in a process of its own as a real one is."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.growth", str(services), str(addresses)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise RuntimeError("the simulated API server did not start")
        yield url
    finally:
        process.kill()
        await process.wait()


async def _serve(services: int, addresses: int) -> None:
    store = Store(history=100)
    gc.disable()  # a million objects that are there to stay
    store.load(generate_cluster(services=services, addresses=addresses, now=time.time()))
    server = SimServer(store)
    print(await server.start(), flush=True)
    await asyncio.Event().wait()


def main(words: Sequence[str]) -> None:
    """Serve a cluster of so many Services and addresses of each, until killed."""
    services, addresses = map(int, words)
    asyncio.run(_serve(services, addresses))


if __name__ == "__main__":
    main(sys.argv[1:])
