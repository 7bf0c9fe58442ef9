"""A program under measurement: its process, its scrapes, its memory and its CPU time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bench.machine import read_cpu
from tests.e2e.harness.processes import Process


class Scrape(msgspec.Struct, frozen=True):
    """One scrape as a client sees it: seconds to the last byte, and bytes on the wire."""

    seconds: float
    size: int


class Start(msgspec.Struct, frozen=True):
    """Seconds to the end of the first complete scrape, of the clock and of CPU."""

    seconds: float
    cpu: float


class Subject:
    """One of the programs: how it is started and how a complete scrape of it is known.

    A scrape is complete when each of `markers` occurs in it at least so often. `holds` is the file
    into which it tells the longest hold of its loop, where it was started so that it does.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        url: str,
        markers: Mapping[bytes, int],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        holds: Path | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.markers = markers
        self.process = Process(name, command, log_folder=folder, environment=environment)
        self._holds = holds

    def read_cpu(self) -> float:
        """CPU seconds used so far, user and system."""
        return read_cpu(self.process.pid)

    def read_memory(self, field: str = "VmRSS") -> float:
        """Resident memory now (VmRSS) or at its highest (VmHWM), in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise LookupError(field)

    async def read_hold(self) -> dict[str, Any]:
        """The longest hold of its loop since the last look: `seconds` of CPU, and whose `name`."""
        if self._holds is None:
            raise LookupError(f"{self.name} was not started so that it tells")
        self._holds.unlink(missing_ok=True)
        os.kill(self.process.pid, signal.SIGUSR1)
        async with asyncio.timeout(60):
            while not self._holds.exists():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.02)
        found: dict[str, Any] = json.loads(self._holds.read_text(encoding="utf-8"))
        return found

    async def scrape(
        self, session: aiohttp.ClientSession, encoding: str = "identity", query: str = ""
    ) -> tuple[Scrape, bytes]:
        """One scrape with this Accept-Encoding; the body comes as it is on the wire."""
        began = time.perf_counter()
        async with session.get(
            self.url + query,
            headers={"Accept-Encoding": encoding, "Accept": "text/plain;version=0.0.4"},
        ) as answer:
            answer.raise_for_status()
            body = await answer.read()
        return Scrape(time.perf_counter() - began, len(body)), body

    async def start(
        self,
        session: aiohttp.ClientSession,
        *,
        listening: Callable[[], Awaitable[object]] | None = None,
        deadline: float = 600,
    ) -> Start:
        """Start the process and wait for its first complete scrape.

        `listening` is called once, when it first answers.
        """
        began = time.perf_counter()
        self.process.start()
        while time.perf_counter() - began < deadline:
            try:
                _, body = await self.scrape(session)
            except (aiohttp.ClientError, OSError):
                body = b""
            else:
                if listening is not None:
                    await listening()
                    listening = None
            if all(body.count(marker) >= number for marker, number in self.markers.items()):
                return Start(time.perf_counter() - began, self.read_cpu())
            self.process.check_running()
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{self.name} gave no complete scrape in {deadline} s")
