"""What a kubeconfig can say, entry by entry, as the `v1` Config of client-go's clientcmd has it.

Null and absent mean the same everywhere, and so do they and the empty text. It opens no file but to
see whether it can be opened. No message holds a value that could be a secret.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Any

import msgspec

from exporter.api.errors import CredentialsError

#: Under this name a cluster's extension is meant for its users' credential plugins.
PLUGIN_EXTENSION = "client.authentication.k8s.io/exec"

PLUGIN_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


def expand_home(path: str) -> Path:
    """A path with `~` at its begin filled in; as it is where nobody knows a home.

    In a container under a uid that no file knows, pathlib raises instead.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - as said


class Extension(msgspec.Struct, frozen=True):
    """An entry of `extensions`."""

    name: str | None = None
    extension: Any = None


class Cluster(msgspec.Struct, frozen=True, rename="kebab"):
    """Where the API server is, and how it proves who it is."""

    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    disable_compression: bool | None = None
    extensions: list[Extension] | None = None


class PluginVariable(msgspec.Struct, frozen=True):
    """An entry of `exec.env`."""

    name: str | None = None
    value: str | None = None


class PluginEntry(msgspec.Struct, frozen=True, rename="camel"):
    """A user's `exec`: the program that knows the credentials."""

    command: str | None = None
    args: list[str] | None = None
    env: list[PluginVariable] | None = None
    api_version: str | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class AuthProvider(msgspec.Struct, frozen=True):
    """A user's `auth-provider`."""

    name: str | None = None
    config: dict[str, str | None] | None = None


class User(msgspec.Struct, frozen=True, rename="kebab"):
    """How we prove who we are."""

    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    token: str | None = None
    token_file: str | None = msgspec.field(default=None, name="tokenFile")
    as_user: str | None = msgspec.field(default=None, name="as")
    as_uid: str | None = None
    as_groups: list[str] | None = None
    as_user_extra: dict[str, list[str] | None] | None = None
    username: str | None = None
    password: str | None = None
    auth_provider: AuthProvider | None = None
    exec: PluginEntry | None = None


class Context(msgspec.Struct, frozen=True):
    """Which cluster as which user, and the namespace that is meant without -n."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where an entry stands: `file` as it was named, and what the entry is called there."""

    file: str
    entry: str

    def resolve(self, path: str) -> Path:
        """A path of the entry; relative ones are meant from the folder of its own file."""
        return expand_home(self.file).absolute().parent / path

    def error(self, problem: str) -> CredentialsError:
        """What is wrong with the entry, in one line."""
        return CredentialsError(f"the kubeconfig {self.file}: {self.entry}: {problem}")


def decode_data(text: str | None, key: str, place: Place) -> bytes | None:
    """The bytes of a `…-data` key, None for unset; raises CredentialsError."""
    if not text:
        return None
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise place.error(f"{key} is not base64") from None


def check_cluster(cluster: Cluster, place: Place) -> None:
    """What kubectl refuses of a cluster (clientcmd/validation.go); raises CredentialsError."""
    if not cluster.server:
        raise place.error("it names no server")
    if cluster.certificate_authority and cluster.certificate_authority_data:
        raise place.error(
            "certificate-authority and certificate-authority-data are both set: keep one of them"
        )
    if cluster.insecure_skip_tls_verify and (
        cluster.certificate_authority or cluster.certificate_authority_data
    ):
        raise place.error(
            "insecure-skip-tls-verify and a certificate authority are both set: keep one of them"
        )
    _check_file(cluster.certificate_authority, "certificate-authority", place)


def check_user(user: User, place: Place) -> None:
    """What kubectl refuses of a user (clientcmd/validation.go); raises CredentialsError."""
    if (user.username or user.password) and (user.token or user.token_file):
        raise place.error("a token and a username are both set: keep one of them")
    if user.client_certificate or user.client_certificate_data:
        _check_certificate(user, place)
    if user.exec is not None:
        if user.auth_provider is not None:
            raise place.error("exec and auth-provider are both set: keep one of them")
        _check_plugin(user.exec, place)
    if (user.as_uid or user.as_groups or user.as_user_extra) and not user.as_user:
        raise place.error("as-uid, as-groups or as-user-extra need an `as`")
    for key, value in (
        ("token", user.token),
        ("as", user.as_user),
        ("as-uid", user.as_uid),
        *(("as-groups", group) for group in user.as_groups or ()),
        *(
            ("as-user-extra", one)
            for all_ in (user.as_user_extra or {}).values()
            for one in all_ or ()
        ),
    ):
        if not all(" " <= character != "\x7f" for character in value or ""):
            raise place.error(f"{key} holds a line break or another sign that no header can hold")


def _check_certificate(user: User, place: Place) -> None:
    for one, other in (
        ("client-certificate", user.client_certificate and user.client_certificate_data),
        ("client-key", user.client_key and user.client_key_data),
    ):
        if other:
            raise place.error(f"{one} and {one}-data are both set: keep one of them")
    if not (user.client_key or user.client_key_data):
        raise place.error("client-certificate needs a client-key")
    _check_file(user.client_certificate, "client-certificate", place)
    _check_file(user.client_key, "client-key", place)


def _check_plugin(plugin: PluginEntry, place: Place) -> None:
    if not plugin.command:
        raise place.error("exec names no command")
    if plugin.api_version not in PLUGIN_VERSIONS:
        raise place.error(f"exec needs an apiVersion: one of {' and '.join(PLUGIN_VERSIONS)}")
    if any(not variable.name for variable in plugin.env or ()):
        raise place.error("exec has a variable without a name")
    mode = plugin.interactive_mode
    # The older version defaults to IfAvailable (clientcmd/api/v1/defaults.go).
    if not mode and plugin.api_version == PLUGIN_VERSIONS[0]:
        raise place.error("exec needs an interactiveMode: Never, IfAvailable or Always")
    if mode and mode not in ("Never", "IfAvailable", "Always"):
        raise place.error("interactiveMode of exec is none of Never, IfAvailable and Always")


def _check_file(path: str | None, key: str, place: Place) -> None:
    if not path:
        return
    try:
        with place.resolve(path).open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise place.error(f"{key} {place.resolve(path)} can't be read: {reason}") from None
