"""Credentials of a kubeconfig, read by the Kubernetes client's own loader.

Importing this costs a third of a second and 20 MB (the client's package): credentials.py does it
when there is a kubeconfig to read, and a Pod that has its own credentials never does.
"""

# mypy: disable-error-code="no-untyped-call"
# The client's loaders come without types.

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.exec_provider import ExecProvider
from kubernetes.aio.config.kube_config import (
    FileOrData,
    KubeConfigLoader,
    KubeConfigMerger,
)

from exporter.api.errors import CredentialsError, one_line
from exporter.api.tls import Tls
from exporter.api.tokens import FixedToken, PluginToken, TokenFile, TokenSource
from exporter.objects.meta import parse_time

#: Seconds that a credential plugin may take: it may talk to a cloud, but not wait for a person.
PLUGIN_PATIENCE = 60.0

# What the client's loader raises on files that are YAML but no kubeconfig.
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, IndexError)


class _Loader(KubeConfigLoader):
    """The client's loader, with plugin failures told instead of logged and forgotten."""

    _user: Any
    _cluster: Any
    expires: float | None = None

    def user(self) -> Mapping[str, Any]:
        """The user's settings, {} for a context without one."""
        return self._user.value if self._user is not None else {}

    def cluster(self) -> Mapping[str, Any]:
        """The cluster's settings."""
        return dict(self._cluster.value or {})

    def path_of(self, name: str) -> Path:
        """A file that the user's settings name, relative to the kubeconfig they stand in."""
        return Path(self._get_base_path(self._user.path)) / name

    def _load_cluster_info(self) -> None:
        # A context without a user is legal; the client takes None apart there.
        if self._user is None:
            self._user = type(self._cluster)("user", {}, self._cluster.path)
        super()._load_cluster_info()

    async def load_from_exec_plugin(self) -> bool:
        """Ask the plugin; the token or the certificate files are then the loader's."""
        settings = self._user["exec"]
        command = str(settings.safe_get("command") or "")
        try:
            async with asyncio.timeout(PLUGIN_PATIENCE):
                status = await ExecProvider(settings).run()
        except FileNotFoundError:
            hint = one_line(str(settings.safe_get("installHint") or ""))
            told = f"the credential plugin {command!r} of the kubeconfig is not installed"
            raise CredentialsError(f"{told}: {hint}" if hint else told) from None
        except TimeoutError:
            raise CredentialsError(
                f"the credential plugin {command!r} gave no answer in {PLUGIN_PATIENCE:.0f} s"
            ) from None
        except (ConfigException, OSError, *_MALFORMED) as error:
            told = one_line(str(error)).removeprefix("exec: ")
            raise CredentialsError(f"the credential plugin {command!r} failed: {told}") from None
        self._take_status(command, status)
        return True

    def _take_status(self, command: str, status: object) -> None:
        if not isinstance(status, dict) or not (
            status.get("token") or (status.get("clientCertificateData"))
        ):
            raise CredentialsError(
                f"the credential plugin {command!r} gave neither a token nor a certificate"
            )
        if status.get("token"):
            self.token = f"Bearer {status['token']}"
        if status.get("clientCertificateData"):
            if not status.get("clientKeyData"):
                raise CredentialsError(
                    f"the credential plugin {command!r} gave a certificate without its key"
                )
            self.cert_file = _as_file(status, "clientCertificateData")
            self.key_file = _as_file(status, "clientKeyData")
        self.expires = _epoch(status.get("expirationTimestamp"))


def _as_file(status: Mapping[str, str], key: str) -> str:
    written = FileOrData(status, None, data_key_name=key, base64_file_content=False).as_file()
    return str(written)


def _epoch(text: object) -> float | None:
    return parse_time(text) if isinstance(text, str) else None


class Loaded:
    """What a kubeconfig gives: server, TLS, tokens, proxy and headers."""

    def __init__(self, loader: _Loader, configuration: Configuration) -> None:
        self._loader = loader
        self.server = str(configuration.host)
        self.proxy: str | None = configuration.proxy
        self.tls = Tls(
            ca_file=configuration.ssl_ca_cert,
            verify=bool(configuration.verify_ssl),
            server_name=configuration.tls_server_name,
        )
        self.headers = _impersonation(loader.user())
        self._take_certificate()
        self.tokens = self._token_source()

    def _take_certificate(self) -> None:
        self.tls.cert_file = getattr(self._loader, "cert_file", None)
        self.tls.key_file = getattr(self._loader, "key_file", None)

    def _token_source(self) -> TokenSource:
        user, loader = self._loader.user(), self._loader
        value: str | None = getattr(loader, "token", None)
        if "exec" in user or "auth-provider" in user:
            return PluginToken(self._ask, (value, loader.expires))
        if user.get("tokenFile") and not user.get("token"):
            return TokenFile(loader.path_of(str(user["tokenFile"])))
        return FixedToken(value)

    async def _ask(self) -> tuple[str | None, float | None]:
        await _authenticate(self._loader)
        self._take_certificate()
        return getattr(self._loader, "token", None), self._loader.expires


async def load(paths: str, context: str | None) -> Loaded:
    """The context (None: the current one) of one or more kubeconfigs; raises CredentialsError.

    `paths` is as in $KUBECONFIG: several are joined by the system's path separator.
    """
    loader = _open(paths, context)
    if not loader.cluster().get("server"):
        raise CredentialsError(f"the kubeconfig {paths} names no server for its cluster")
    await _authenticate(loader)
    configuration = Configuration()
    try:
        loader._load_cluster_info()  # noqa: SLF001  # load_and_set would ask the plugin once more
        loader._set_config(configuration)  # noqa: SLF001
    except (ConfigException, OSError, *_MALFORMED) as error:
        raise CredentialsError(f"the kubeconfig {paths}: {_told(error)}") from None
    return Loaded(loader, configuration)


def _open(paths: str, context: str | None) -> _Loader:
    found = [path for path in paths.split(os.pathsep) if path and Path(path).expanduser().exists()]
    if not found:
        raise CredentialsError(f"the kubeconfig {paths} does not exist")
    try:
        merger = KubeConfigMerger(os.pathsep.join(found))
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise CredentialsError(
            f"the kubeconfig {paths} is not YAML: {error.problem}{where}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CredentialsError(f"the kubeconfig {paths} is not YAML") from None
    except OSError as error:
        raise CredentialsError(
            f"the kubeconfig {paths} can't be read: {error.strerror or error}"
        ) from None
    except _MALFORMED:
        raise CredentialsError(f"the kubeconfig {paths} is no kubeconfig") from None
    merged = merger.config
    try:
        wanted = context if context is not None else _current_context(merger)
        names = sorted(str(entry["name"]) for entry in _entries(merged, "contexts"))
    except (ConfigException, *_MALFORMED):
        raise CredentialsError(f"the kubeconfig {paths} is no kubeconfig") from None
    if not wanted:
        raise CredentialsError(
            f"the kubeconfig {paths} has no current context: choose one with --context"
            f" ({_listed(names)})"
        )
    if wanted not in names:
        raise CredentialsError(
            f"the kubeconfig {paths} has no context {wanted!r} ({_listed(names)})"
        )
    try:
        return _Loader(config_dict=merged, active_context=wanted, config_base_path=None)
    except (ConfigException, *_MALFORMED) as error:
        raise CredentialsError(f"the kubeconfig {paths}: {_told(error)}") from None


def _current_context(merger: KubeConfigMerger) -> str:
    """That of the first file that has one, as for kubectl; the client would take the last."""
    named = [config.get("current-context") for config in merger.config_files.values()]
    return str(next((name for name in named if name), ""))


def _entries(merged: Any, key: str) -> list[Any]:  # noqa: ANN401  # the client's ConfigNode
    return list(merged.value.get(key) or [])


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return f"it has {shown}" if names else "it has none"


async def _authenticate(loader: _Loader) -> None:
    try:
        await loader._load_authentication()  # noqa: SLF001  # see load()
    except CredentialsError:
        raise
    except Exception as error:  # noqa: BLE001  # providers bring libraries of their own
        raise CredentialsError(f"the kubeconfig's user: {_told(error)}") from None


def _told(error: Exception) -> str:
    if isinstance(error, KeyError | AttributeError | TypeError | IndexError):
        return "an entry has not the form it should have"
    if isinstance(error, base64.binascii.Error):  # type: ignore[attr-defined]
        return "data in it is not base64"
    return one_line(str(error)).removeprefix("Invalid kube-config file. ")


def _impersonation(user: Mapping[str, Any]) -> dict[str, str]:
    """`as` of a kubeconfig's user: whoever it names is who kubectl would ask as."""
    return {"Impersonate-User": str(user["as"])} if user.get("as") else {}
