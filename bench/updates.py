"""Changes of a filled cluster, at a steady rate. Every one is an event: none repeats the last."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import StrEnum

from bench.load import (
    Manifest,
    Size,
    Writer,
    make_pod_status,
    make_slice,
    pod_name,
    slice_path,
)

_MERGE = "application/merge-patch+json"


class Kind(StrEnum):
    """What changes: a readiness, or something that nobody keeps."""

    SLICES = "slices"
    PODS = "pods"
    SLICE_BEATS = "slice heartbeats"
    POD_BEATS = "pod heartbeats"


class Updates:
    """Writes changes, so many a second; goes through the Services again and again."""

    def __init__(self, writer: Writer, size: Size, rate: int) -> None:
        self._writer = writer
        self._size = size
        self._rate = rate
        self._sent: Counter[Kind] = Counter()
        self._changes: dict[Kind, Callable[[int, int], Awaitable[None]]] = {
            Kind.SLICES: self._flip_slice,
            Kind.PODS: self._flip_pod,
            Kind.SLICE_BEATS: self._touch_slice,
            Kind.POD_BEATS: self._touch_pod,
        }

    async def run(self, kind: Kind, seconds: float) -> int:
        """Change for so long; returns how often, once all of it is written."""
        began, sent = time.perf_counter(), 0
        pending: set[asyncio.Task[None]] = set()
        while (elapsed := time.perf_counter() - began) < seconds:
            while sent < elapsed * self._rate:
                task = asyncio.create_task(self._change(kind))
                pending.add(task)
                task.add_done_callback(pending.discard)
                sent += 1
            await asyncio.sleep(0.005)
        await asyncio.gather(*pending)
        return sent

    async def flip_one(self) -> None:
        """Change the readiness that one slice tells."""
        await self._change(Kind.SLICES)

    async def _change(self, kind: Kind) -> None:
        turn, number = divmod(self._sent[kind], self._size.services)
        self._sent[kind] += 1
        await self._changes[kind](number, turn)

    async def _patch(self, path: str, body: Manifest) -> None:
        await self._writer.send("PATCH", path, body, _MERGE)

    async def _flip_slice(self, number: int, turn: int) -> None:
        """One endpoint turns not ready, or ready again."""
        made = make_slice(self._size, number, unready=None if turn % 2 else 0)
        path = slice_path(self._size, number, f"service-{number}-bench")
        await self._patch(path, {"endpoints": made["endpoints"]})

    async def _touch_slice(self, number: int, turn: int) -> None:
        """An annotation of somebody else."""
        path = slice_path(self._size, number, f"service-{number}-bench")
        await self._patch(path, {"metadata": {"annotations": {"example.com/beat": str(turn)}}})

    async def _flip_pod(self, number: int, turn: int) -> None:
        """Its status tells another readiness."""
        await self._set_status(number, ready="False" if turn % 2 == 0 else "True")

    async def _touch_pod(self, number: int, turn: int) -> None:
        """A kubelet looked again, and found what it had found before."""
        # The last Pod of a Service: the first one's readiness is changed elsewhere.
        index = self._size.addresses - 1
        body = make_pod_status(self._size, number, index)
        for condition in body["status"]["conditions"]:
            condition["lastProbeTime"] = f"2026-01-01T00:{turn // 60 % 60:02}:{turn % 60:02}Z"
        await self._patch(self._status_path(number, index), body)

    async def _set_status(self, number: int, *, ready: str) -> None:
        body = make_pod_status(self._size, number, 0)
        for condition in body["status"]["conditions"]:
            if condition["type"] in ("Ready", "ContainersReady"):
                condition["status"] = ready
        await self._patch(self._status_path(number, 0), body)

    def _status_path(self, number: int, index: int) -> str:
        root = f"/api/v1/namespaces/{self._size.namespace(number)}/pods"
        return f"{root}/{pod_name(number, index)}/status"
