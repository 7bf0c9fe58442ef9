"""A receiver of messages on loopback: it keeps what comes, and answers as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any, Self

from tests.integration.commandline import DEADLINE


class Receiver:
    """`answers` are given one after the other, then "204 No Content"; None answers never."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.messages: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.port = 0
        self._came = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(
        self, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Self]:
        """Takes messages as long as the context is open."""
        server = await asyncio.start_server(self._handle, "127.0.0.1", port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """All messages, once there are so many."""
        async with asyncio.timeout(DEADLINE), self._came:
            await self._came.wait_for(lambda: len(self.messages) >= count)
        return self.messages

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = next(
                    int(line.partition(":")[2])
                    for line in head.splitlines()
                    if line.lower().startswith("content-length:")
                )
                body = await reader.readexactly(size)
                answer = self.answers.pop(0) if self.answers else "204 No Content"
                async with self._came:
                    self.heads.append(head)
                    self.messages.append(json.loads(body))
                    self._came.notify_all()
                if answer is None:
                    await asyncio.sleep(3600)
                writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()
        self._tasks.discard(task)
