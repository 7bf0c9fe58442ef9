"""Bearer tokens: from a file that is replaced now and then, from a plugin, or fixed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from exporter.api.errors import CredentialsError

#: Seconds for which a token read from a file is used (client-go's transport/token_source.go).
FRESH = 60.0

#: Seconds before a plugin's token expires at which the plugin is asked for the next one.
LEEWAY = 60.0


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
    """A projected token: the kubelet replaces the file long before the token in it expires."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token: str | None = None
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


class PluginToken:
    """A token that a program outside gives, with the time until which it is good.

    `ask` returns the header's value and when it expires (epoch seconds, None for 'not told').
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[tuple[str | None, float | None]]],
        first: tuple[str | None, float | None],
    ) -> None:
        self._ask = ask
        self._value, self._expires = first
        self._dropped = False

    async def authorization(self, now: float) -> str | None:
        """The value; the plugin is asked again when it is about to expire or was refused."""
        expired = self._expires is not None and now > self._expires - LEEWAY
        if self._dropped or expired:
            self._value, self._expires = await self._ask()
            self._dropped = False
        return self._value

    def drop(self) -> None:
        """Ask the plugin before the next request."""
        self._dropped = True
