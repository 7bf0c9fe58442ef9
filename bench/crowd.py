"""Hostile clients: what they do to a server on loopback, and how many of each there are."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec

HOST = "127.0.0.1"
#: Hostile clients of each kind that hold connections; more in all than there may be.
CROWD = 300


class Place(msgspec.Struct, frozen=True):
    """Where the exporter listens, and what opens it."""

    port: int
    authorization: str

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection."""
        return await asyncio.open_connection(HOST, self.port, limit=1 << 24)

    def head(self, path: str, *headers: str) -> bytes:
        """A request with the password."""
        lines = (f"GET {path} HTTP/1.1", "Host: bench", f"Authorization: {self.authorization}")
        return "\r\n".join((*lines, *headers, "", "")).encode()


async def _hold(place: Place, sent: bytes, answers: Counter[str]) -> None:
    """Open a connection, send this, keep it until it is closed."""
    reader, writer = await place.open()
    try:
        writer.write(sent)
        answers[(await reader.read(200))[9:12].decode("ascii", "replace") or "closed"] += 1
        while await reader.read(65536):
            pass
    finally:
        writer.transport.abort()


async def stay_silent(place: Place, answers: Counter[str]) -> None:
    """Hold a connection and say nothing."""
    await _hold(place, b"", answers)


async def ask_without_password(place: Place, answers: Counter[str]) -> None:
    """Ask, be refused, keep the connection."""
    await _hold(place, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", answers)


async def guess(place: Place, answers: Counter[str]) -> None:
    """Guess a password, and another."""
    word = base64.b64encode(b"prometheus:" + os.urandom(9).hex().encode()).decode()
    sent = f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {word}\r\n\r\n".encode()
    await _hold(place, sent, answers)
    await asyncio.sleep(0.2)


async def trickle(place: Place, answers: Counter[str]) -> None:
    """Send a header a byte at a time."""
    _, writer = await place.open()
    try:
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        while not writer.transport.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.5)
        answers["cut"] += 1
    finally:
        writer.transport.abort()


async def take_nothing(place: Place, answers: Counter[str]) -> None:
    """Know the password, ask for all, and read nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)  # noqa: FBT003 - it has no name
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(client, (HOST, place.port))
        await loop.sock_sendall(client, place.head("/metrics"))
        await asyncio.sleep(5.0)
        answers["held"] += 1
    finally:
        client.close()


async def vanish(place: Place, answers: Counter[str]) -> None:
    """Ask, and reset the connection."""
    client = socket.socket()
    client.setblocking(False)  # noqa: FBT003 - it has no name
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        await asyncio.get_running_loop().sock_connect(client, (HOST, place.port))
        await asyncio.get_running_loop().sock_sendall(client, place.head("/metrics"))
        await asyncio.sleep(0.05)
        answers["gone"] += 1
    finally:
        client.close()
    await asyncio.sleep(0.5)


async def filter_much(place: Place, answers: Counter[str]) -> None:
    """Know the password, and ask for the costliest list there is."""
    terms = ",".join(f"a{number}!=b" for number in range(20))
    reader, writer = await place.open()
    try:
        writer.write(place.head(f"/api/v1/services?label={terms}", "Connection: close"))
        answers[(await reader.read(200))[9:12].decode("ascii", "replace")] += 1
    finally:
        writer.transport.abort()
    await asyncio.sleep(1.0)


Client = Callable[[Place, Counter[str]], Awaitable[None]]
#: Who, and how many of them at the same time.
CLIENTS: tuple[tuple[Client, int], ...] = (
    (stay_silent, CROWD),
    (ask_without_password, CROWD),
    (guess, 20),
    (trickle, 50),
    (take_nothing, 20),
    (vanish, 5),
    (filter_much, 2),
)


async def _for_ever(client: Client, place: Place, answers: Counter[str]) -> None:
    while True:
        try:
            await client(place, answers)
        except (OSError, asyncio.IncompleteReadError):
            answers["refused"] += 1
        # A crowd as large as it is costs the machine enough; it need not be a flood besides.
        await asyncio.sleep(0.25)


async def bother(place: Place, tell: dict[str, Counter[str]]) -> None:
    """All of them, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for client, number in CLIENTS:
            answers = tell.setdefault(client.__name__, Counter())
            for _ in range(number):
                tasks.create_task(_for_ever(client, place, answers))
