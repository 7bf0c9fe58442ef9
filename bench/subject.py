"""A program under measurement: its process, its scrapes, its memory and its CPU time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import aiohttp
import msgspec

from tests.e2e.harness.processes import Process

_TICK = os.sysconf("SC_CLK_TCK")


class Scrape(msgspec.Struct, frozen=True):
    """One scrape as a client sees it: seconds to the last byte, and bytes on the wire."""

    seconds: float
    size: int


class Subject:
    """One of the programs: how it is started and how a complete scrape of it is known.

    A scrape is complete when `marker` occurs in it at least `expected` times.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        url: str,
        marker: bytes,
        folder: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.marker = marker
        self.process = Process(name, command, log_folder=folder, environment=environment)

    def read_cpu(self) -> float:
        """CPU seconds used so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def read_memory(self, field: str = "VmRSS") -> float:
        """Resident memory now (VmRSS) or at its highest (VmHWM), in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise LookupError(field)

    async def scrape(self, session: aiohttp.ClientSession, encoding: str) -> tuple[Scrape, bytes]:
        """One scrape with this Accept-Encoding; the body comes as it is on the wire."""
        began = time.perf_counter()
        async with session.get(
            self.url, headers={"Accept-Encoding": encoding, "Accept": "text/plain;version=0.0.4"}
        ) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise aiohttp.ClientError(f"{answer.status}")
        return Scrape(time.perf_counter() - began, len(body)), body

    async def wait_until_complete(
        self, session: aiohttp.ClientSession, expected: int, deadline: float = 600
    ) -> float:
        """Seconds from the start of the process to the end of its first complete scrape."""
        began = time.perf_counter()
        self.process.start()
        while time.perf_counter() - began < deadline:
            try:
                _, body = await self.scrape(session, "identity")
            except (aiohttp.ClientError, OSError):
                body = b""
            if body.count(self.marker) >= expected:
                return time.perf_counter() - began
            self.process.check_running()
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{self.name} gave no complete scrape in {deadline} s")

    async def measure_scrapes(
        self, session: aiohttp.ClientSession, encoding: str, times: int = 10
    ) -> dict[str, float]:
        """Median seconds, bytes and CPU seconds of scrapes while nothing changes."""
        await self.scrape(session, encoding)
        before = self.read_cpu()
        scrapes = [(await self.scrape(session, encoding))[0] for _ in range(times)]
        return {
            "seconds": median(scrape.seconds for scrape in scrapes),
            "bytes": scrapes[-1].size,
            "cpu": (self.read_cpu() - before) / times,
        }
