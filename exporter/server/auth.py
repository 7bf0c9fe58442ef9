"""Who may ask: everybody, or who knows a password.

A bcrypt hash is slow on purpose: it is never computed on the event loop, and what was right once
is not computed again.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import importlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from exporter.server.errors import ServerError
from exporter.server.turns import CrowdedError, Turns
from exporter.web import Response, say

# Guessing must not take all the processor's cores from scrapes.
_AT_ONCE = 1
#: Passwords that wait to be checked: of one address, and in all.
_EACH = 16
_IN_ALL = 128

Check = Callable[[bytes, bytes], bool]


class Asked(msgspec.Struct, frozen=True):
    """What a gate is told of a request. `authorization`: the header's value, "" for none."""

    method: str
    path: str
    authorization: str
    address: str


class Gate(Protocol):
    """Decides who is answered."""

    async def refuse(self, asked: Asked) -> Response | None:
        """What to answer instead of the page, None to answer it."""


class Everybody:
    """Nobody is refused."""

    async def refuse(self, _asked: Asked) -> Response | None:
        """None."""
        return None


def load_bcrypt() -> Check:
    """Bcrypt's check(password, hash); ServerError when the package is not installed."""
    try:
        check: Check = importlib.import_module("bcrypt").checkpw
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


class Passwords:
    """Lets in who knows the password of a user; `users` are names and bcrypt hashes."""

    def __init__(self, users: Mapping[str, str], check: Check) -> None:
        self._users = dict(users)
        self._check = check
        # Only what was right is remembered, so guesses can't push it out: one entry for each user.
        self._right: dict[str, bytes] = {}
        self._key = secrets.token_bytes(32)
        self._turns = Turns(_AT_ONCE, _EACH, _IN_ALL)

    def change(self, users: Mapping[str, str]) -> None:
        """Other users. Who was let in and has the same hash need not wait behind guesses again."""
        before, self._users = self._users, dict(users)
        self._right = {
            user: seal
            for user, seal in self._right.items()
            if before.get(user) == self._users.get(user)
        }

    async def refuse(self, asked: Asked) -> Response | None:
        """A 401; or a 503 while too many passwords wait to be checked."""
        parsed = parse_basic(asked.authorization)
        if parsed is None:
            return _unauthorized()
        user, password = parsed
        seal = hashlib.blake2b(f"{user}:{password}".encode(), key=self._key).digest()
        if self._right.get(user) == seal:
            return None
        users = self._users
        try:
            async with self._turns.take(asked.address):
                same = await asyncio.to_thread(compare, self._check, users, user, password)
        except CrowdedError:
            return say(503, "too many passwords wait to be checked", ("Retry-After", "1"))
        if not same:
            return _unauthorized()
        if self._users.get(user) == users[user]:  # it may have changed meanwhile
            self._right[user] = seal
        return None


def compare(check: Check, users: Mapping[str, str], user: str, password: str) -> bool:
    """Whether it is this user's password. What is wrong costs the same for every user.

    Each step of a hash's cost doubles the work, so a wrong password of a user with a cheaper hash
    is made as dear as one of nobody: 2^c + (2^c + … + 2^(most-1)) = 2^most.
    """
    most = max(map(_cost, users.values()))
    own = users.get(user)
    if own is None:
        _find(check, password, [_blank(most)])
        return False
    if _find(check, password, [own]):
        return True
    _find(check, password, [_blank(cost) for cost in range(_cost(own), most)])
    return False


def _unauthorized() -> Response:
    return say(401, "unauthorized", ("WWW-Authenticate", 'Basic realm="exporter"'))


def _cost(digest: str) -> int:
    return int(digest.split("$")[2])


def _blank(cost: int) -> str:
    """A hash of no password, at a cost."""
    return f"$2b${cost:02d}${'.' * 53}"


def _find(check: Check, password: str, digests: Sequence[str]) -> bool:
    try:
        return any(check(password.encode(), digest.encode()) for digest in digests)
    except ValueError:
        return False  # longer than bcrypt takes, or with a NUL: no hash was made of it
