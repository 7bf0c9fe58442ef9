"""One set of engine and pages after the other: the old one speaks until the new one knows all."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from exporter.cli.assembling import Assembled

_log = structlog.get_logger(__name__)


class Succession:
    """Runs the engine of `current`, and of its successor beside it until that one has read all."""

    def __init__(self, first: Assembled) -> None:
        self.current = first
        self._next: Assembled | None = None
        self._wake = asyncio.Event()
        self._silent = first.state.exposition.silent

    def replace(self, fresh: Assembled) -> None:
        """Begin with another; one that has not taken over yet is given up."""
        fresh.state.exposition.silent = self._silent
        self._next = fresh
        self._wake.set()

    def silence(self, silent: bool) -> None:  # noqa: FBT001 - one word says it
        """Whether to tell of Services, now and whoever follows."""
        self._silent = silent
        for each in (self.current, self._next):
            if each is not None:
                each.state.exposition.silent = silent

    async def run(self) -> None:
        """Goes on until cancelled, or until an engine fails."""
        running = asyncio.create_task(self.current.engine.run())
        coming: asyncio.Task[None] | None = None
        following: Assembled | None = None
        try:
            while True:
                if self._next is not following:
                    await _end(coming)
                    following = self._next
                    coming = _begin(following)
                if coming is not None and following is not None and _is_ready(following):
                    self.current, self._next = following, None
                    await _end(running)
                    running, coming, following = coming, None, None
                    _log.info("settings taken over")
                for task in filter(None, (running, coming)):
                    if task.done():
                        task.result()
                        return
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.1 if coming is not None else None):
                        await self._until_something(running)
        finally:
            await _end(running)
            await _end(coming)

    async def _until_something(self, running: asyncio.Task[None]) -> None:
        waiting = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()


def _is_ready(one: Assembled) -> bool:
    snapshot = one.engine.snapshot()
    return snapshot.ready and bool(snapshot.resources)


def _begin(one: Assembled | None) -> asyncio.Task[None] | None:
    return None if one is None else asyncio.create_task(one.engine.run())


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
