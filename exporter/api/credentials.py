"""Whom to ask and as whom: a kubeconfig, or what a Pod finds around it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from exporter.api.errors import CredentialsError
from exporter.api.proxies import proxy_for
from exporter.api.tls import Tls
from exporter.api.tokens import TokenFile, TokenSource

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEFAULT_KUBECONFIG = "~/.kube/config"


class Credentials:
    """All that a connection needs. `server` is a URL, perhaps with a path, without a final slash.

    `origin` says in a few words where they come from. `headers` go with each request.
    """

    def __init__(
        self,
        server: str,
        *,
        origin: str,
        tls: Tls,
        tokens: TokenSource,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.server = server.rstrip("/")
        self.origin = origin
        self.tls = tls
        self.tokens = tokens
        self.proxy = proxy
        self.headers = dict(headers or {})
        _check_url("server", server, origin)
        if proxy is not None:
            _check_url("proxy", proxy, origin)


def _check_url(name: str, url: str, origin: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that never closes
        usable = False
    if not usable:
        raise CredentialsError(f"the {name} {url!r} of {origin} is no http or https URL")


async def load_credentials(
    kubeconfig: str | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    account: Path = ACCOUNT,
) -> Credentials:
    """As kubectl looks for them; raises CredentialsError.

    The given kubeconfig, else $KUBECONFIG, else ~/.kube/config where it exists, else the service
    account of the Pod that we run in. `account` is the folder with its token and authority.
    """
    environ = os.environ if environ is None else environ
    paths = kubeconfig or environ.get("KUBECONFIG")
    paths = paths or _default_kubeconfig()
    if paths:
        return await _of_kubeconfig(paths, context, environ)
    if context is not None:
        raise CredentialsError(f"no kubeconfig to look for the context {context!r} in")
    if environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT"):
        return _of_account(environ, account)
    raise CredentialsError(
        "no API server to talk to: no --kubeconfig, no $KUBECONFIG, no ~/.kube/config,"
        " and not inside a Pod"
    )


def _default_kubeconfig() -> str | None:
    default = Path(DEFAULT_KUBECONFIG).expanduser()
    return str(default) if default.is_file() else None


async def _of_kubeconfig(
    paths: str, context: str | None, environ: Mapping[str, str]
) -> Credentials:
    from exporter.api import kubeconfig  # noqa: PLC0415  # 20 MB that a Pod does without

    loaded = await kubeconfig.load(paths, context)
    _check_url("server", loaded.server, f"the kubeconfig {paths}")
    return Credentials(
        loaded.server,
        origin=f"the kubeconfig {paths}",
        tls=loaded.tls,
        tokens=loaded.tokens,
        proxy=loaded.proxy or proxy_for(loaded.server, environ),
        headers=loaded.headers,
    )


def _of_account(environ: Mapping[str, str], account: Path) -> Credentials:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    authority = account / "ca.crt"
    if not authority.is_file():
        raise CredentialsError(
            f"inside a Pod, but without its service account: {authority} does not exist"
            " (automountServiceAccountToken?)"
        )
    return Credentials(
        server,
        origin="the Pod's service account",
        tls=Tls(ca_file=str(authority)),
        tokens=TokenFile(account / "token"),
        proxy=proxy_for(server, environ),
    )
