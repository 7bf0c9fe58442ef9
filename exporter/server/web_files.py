"""The web configuration as it is on disk: read, checked against what holds, watched for changes.

Everything here reads files, some of it computes; none of it belongs on the event loop.
"""

from __future__ import annotations

import msgspec

from exporter.regular_files import (
    Fingerprint,
    UnreadableFileError,
    read_regular,
    take_fingerprint,
)
from exporter.server.auth import Check, load_bcrypt
from exporter.server.connections import Encryption
from exporter.server.errors import ServerError
from exporter.server.tls import make_context
from exporter.server.web_config import CLIENT_AUTH, WebConfig, parse_web_config


class Loaded(msgspec.Struct, frozen=True):
    """A configuration that can be served; `check` compares passwords where there are users."""

    config: WebConfig
    encryption: Encryption | None = None
    check: Check | None = None


class WebFiles:
    """The file, and those that it names. `path` is None where there is no file: nothing is read.

    `users_elsewhere`: somebody else says who may ask; users in the file are then a fault.
    """

    def __init__(self, path: str | None, *, users_elsewhere: bool = False) -> None:
        self._path = path
        self._users_elsewhere = users_elsewhere
        self._watched: tuple[str, ...] = ()
        self._fingerprint: Fingerprint = ()
        self._faulty = False

    @property
    def changed(self) -> bool:
        """Whether to read again: something changed, or could not be used the last time."""
        return self._path is not None and (
            self._faulty or take_fingerprint((self._path, *self._watched)) != self._fingerprint
        )

    def load(self, before: WebConfig | None = None) -> Loaded:
        """What the files say; ServerError with a line for all that is wrong.

        `before` is what holds. It is not given up: neither TLS, nor the last user, nor that
        clients have to show a certificate. An emptied file must not open the door.
        """
        if self._path is None:
            return Loaded(WebConfig())
        self._faulty = True
        # Taken before anything is read: what changes meanwhile is then seen as a change.
        own = take_fingerprint((self._path,))
        try:
            content = read_regular(self._path)
        except UnreadableFileError as error:
            raise ServerError([f"{self._path}: can't be read: {error}"]) from None
        config = parse_web_config(content, self._path)
        # Watched even if they can't be used: one of them may be mended.
        self._watched = config.tls.files if config.tls is not None else ()
        self._fingerprint = (*own, *take_fingerprint(self._watched))
        if config.users and self._users_elsewhere:
            raise ServerError([f"{self._path}: basic_auth_users and --web.auth can't both be used"])
        lost = find_lost(before, config) if before is not None else []
        if lost:
            raise ServerError([f"{self._path}: {each}" for each in lost])
        encryption = None
        if config.tls is not None:
            context = make_context(config.tls, self._path)
            encryption = Encryption(context, config.tls.allowed_sans)
        check = load_bcrypt() if config.users else None
        self._faulty = False
        return Loaded(config, encryption, check)


def find_lost(before: WebConfig, after: WebConfig) -> list[str]:
    """What protects now and would not any more, each as the end of a line."""
    lost = []
    restart = "what protects is not taken away while it serves; restart for that"
    if before.tls is not None and after.tls is None:
        lost.append(f"tls_server_config is gone; {restart}")
    if before.users and not after.users:
        lost.append(f"basic_auth_users is gone; {restart}")
    if before.tls is not None and after.tls is not None:
        old, new = before.tls, after.tls
        if CLIENT_AUTH.index(new.client_auth) < CLIENT_AUTH.index(old.client_auth):
            lost.append(f"tls_server_config.client_auth_type asks for less; {restart}")
        elif old.allowed_sans and not new.allowed_sans:
            lost.append(f"tls_server_config.client_allowed_sans is gone; {restart}")
    return lost
