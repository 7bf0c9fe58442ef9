"""Basic authentication against bcrypt hashes.

A hash is slow on purpose: it is never computed on the event loop, and what was right once is not
computed again.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import importlib
import secrets
from collections.abc import Callable, Mapping

from exporter.server.errors import ServerError

# Guessing must not take all the processor's cores from scrapes.
_AT_ONCE = 1


def load_bcrypt() -> Callable[[bytes, bytes], bool]:
    """Bcrypt's check(password, hash); ServerError when the package is not installed."""
    try:
        check: Callable[[bytes, bytes], bool] = importlib.import_module("bcrypt").checkpw
    except ImportError as error:
        raise ServerError(
            ["basic_auth_users needs the Python package bcrypt, which is not installed"]
        ) from error
    return check


def parse_basic(header: str) -> tuple[str, str] | None:
    """User and password of an Authorization header, None when it is nothing of the kind."""
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


class Gate:
    """Who may ask. Without users everybody may."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)
        self._check = load_bcrypt() if users else None
        # Only what was right is remembered, so guesses can't push it out: one entry for each user.
        self._right: set[bytes] = set()
        self._key = secrets.token_bytes(32)
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def admits(self, header: str) -> bool:
        """Whether a request with this Authorization header ("" for none) may be answered."""
        if self._check is None:
            return True
        parsed = parse_basic(header)
        if parsed is None:
            return False
        user, password = parsed
        seal = hashlib.blake2b(f"{user}:{password}".encode(), key=self._key).digest()
        if seal in self._right:
            return True
        # An unknown user costs as much time as a known one: nobody learns who there is.
        digest = self._users.get(user) or next(iter(self._users.values()))
        async with self._turn:
            same = await asyncio.to_thread(_compare, self._check, password, digest)
        if not same or user not in self._users:
            return False
        self._right.add(seal)
        return True


def _compare(check: Callable[[bytes, bytes], bool], password: str, digest: str) -> bool:
    try:
        return check(password.encode(), digest.encode())
    except ValueError:
        return False  # longer than bcrypt takes, or with a NUL: no hash was made of it
