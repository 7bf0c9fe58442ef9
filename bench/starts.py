"""Starts: the time and the CPU to the first complete scrape, each with the machine to itself."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from bench.subject import Start, Subject
from bench.subjects import Reads, make_exporter_in_pod, make_peer
from tests.e2e.harness.control_plane import ControlPlane


async def measure_starts(
    subjects: Sequence[Subject], session: aiohttp.ClientSession, rounds: int
) -> dict[str, dict[str, float]]:
    """Start them in turns, A B A B, one at a time; the median of each."""
    found: dict[str, list[Start]] = {subject.name: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:
            try:
                found[subject.name].append(await subject.start(session))
            finally:
                subject.process.stop()
    return {
        name: {
            "start_seconds": median(start.seconds for start in starts),
            "start_cpu": median(start.cpu for start in starts),
        }
        for name, starts in found.items()
    }


async def measure_small(
    cluster: ControlPlane, session: aiohttp.ClientSession, services: int, folder: Path, rounds: int
) -> dict[str, float]:
    """Seconds to the first complete scrape of a cluster of so many Services, by name.

    The exporter has a Pod's credentials. The peer takes those from one fixed place only, and has a
    kubeconfig.
    """
    account = folder / "account"
    account.mkdir()
    (account / "token").write_text(cluster.admin_token, encoding="utf-8")
    (account / "ca.crt").write_bytes(cluster.ca_file.read_bytes())
    (account / "namespace").write_text("default", encoding="utf-8")
    reads = Reads(services, 0, pods=False)
    pair = [
        make_exporter_in_pod(cluster.url, account, reads, folder),
        make_peer(cluster.kubeconfig, reads, folder),
    ]
    # Nobody times the first one, which compiles what an image has compiled.
    await measure_starts(pair[:1], session, 1)
    found = await measure_starts(pair, session, rounds)
    own, peer = (found[subject.name] for subject in pair)
    return {
        "services": services,
        "own": own["start_seconds"],
        "peer": peer["start_seconds"],
        "own_cpu": own["start_cpu"],
        "peer_cpu": peer["start_cpu"],
    }


async def measure_download(
    cluster: ControlPlane, *, pods: bool, rounds: int
) -> dict[str, dict[str, float]]:
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
            took, size = [], 0
            for _ in range(rounds):
                began, size = time.perf_counter(), 0
                for path in paths:
                    async with session.get(
                        f"{cluster.url}{path}?resourceVersion=0",
                        headers={"Accept-Encoding": encoding},
                    ) as answer:
                        async for chunk in answer.content.iter_any():
                            size += len(chunk)
                took.append(time.perf_counter() - began)
            found[encoding] = {"seconds": median(took), "bytes": size}
    return found
