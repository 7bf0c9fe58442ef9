"""Bearer tokens: from a file that is replaced now and then, from a plugin, or fixed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import msgspec

from exporter.api.errors import CredentialsError

#: Seconds for which a token read from a file is used (client-go's transport/token_source.go).
FRESH = 60.0

#: Seconds before a token expires at which the next one is asked for (client-go's oidc.go).
LEEWAY = 10.0


class TokenSource(Protocol):
    """Where the `Authorization` header comes from."""

    async def authorization(self, now: float) -> str | None:
        """The header's value, None to send none; raises CredentialsError. `now`: epoch seconds."""
        ...

    def drop(self) -> None:
        """The server did not accept it: don't use it again without having looked for a newer."""
        ...


class FixedToken:
    """A value that never changes: a token of a kubeconfig, name and password, or nothing."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    async def authorization(self, now: float) -> str | None:  # noqa: ARG002  # it does not age
        """The value."""
        return self._value

    def drop(self) -> None:
        """There is no newer one."""


class TokenFile:
    """A projected token: the kubelet replaces the file long before the token in it expires.

    `spare` is a token to use while the file gave none at all.
    """

    def __init__(self, path: Path, spare: str | None = None) -> None:
        self._path = path
        self._token = spare
        self._read_at: float | None = None

    async def authorization(self, now: float) -> str | None:
        """The file's token, read again every minute; the old one while it can't be read."""
        if self._read_at is None or not 0 <= now - self._read_at < FRESH:
            try:
                self._token = self._read()
                self._read_at = now
            except CredentialsError:
                # A volume that is being replaced is gone for a moment; the token is still good.
                if self._token is None:
                    raise
        return f"Bearer {self._token}"

    def drop(self) -> None:
        """Read the file before the next request."""
        self._read_at = None

    def _read(self) -> str:
        # A few hundred bytes from memory (a tmpfs): no thread is worth it.
        try:
            token = self._path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise CredentialsError(f"the token file {self._path} can't be read: {reason}") from None
        if not token:
            raise CredentialsError(f"the token file {self._path} is empty")
        if any(not character.isprintable() for character in token):
            raise CredentialsError(f"the token file {self._path} holds no token")
        return token


class Granted(msgspec.Struct, frozen=True):
    """What was given: the header's value, and when it expires (epoch seconds, None: not told)."""

    value: str | None = None
    expires: float | None = None


class AskedToken:
    """A token that somebody else gives (a program, an identity provider) for some time.

    It is asked for with the first request, and by one request at a time: a plugin may open a
    browser, and a refresh token is often good for one use.
    """

    def __init__(self, ask: Callable[[float], Awaitable[Granted]]) -> None:
        self._ask = ask
        self._granted: Granted | None = None
        self._asking = asyncio.Lock()

    async def authorization(self, now: float) -> str | None:
        """The value; it is asked for again when it is about to expire or was refused."""
        async with self._asking:
            granted = self._granted
            expires = granted.expires if granted is not None else None
            if granted is None or (expires is not None and now > expires - LEEWAY):
                granted = self._granted = await self._ask(now)
            return granted.value

    def drop(self) -> None:
        """Ask again before the next request."""
        self._granted = None
