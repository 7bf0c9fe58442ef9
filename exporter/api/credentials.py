"""Whom to ask and as whom: a kubeconfig, or what a Pod finds around it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.api.entries import expand_home
from exporter.api.errors import CredentialsError
from exporter.api.proxies import proxy_for
from exporter.api.servers import take_login
from exporter.api.tls import Tls
from exporter.api.tokens import TokenFile, TokenSource

if TYPE_CHECKING:
    from exporter.api.kubeconfig import Kubeconfig

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEFAULT_KUBECONFIG = "~/.kube/config"


class Credentials:
    """All that a connection needs. `server` is a URL, perhaps with a path, without a final slash.

    `origin` says in a few words where they come from. `headers` go with each request. `compress`
    None: by the server's address. A login that stands in the server's URL is taken out of it.
    """

    def __init__(  # all that a connection needs
        self,
        server: str,
        *,
        origin: str,
        tls: Tls,
        tokens: TokenSource,
        proxy: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        compress: bool | None = None,
    ) -> None:
        server, self._login = take_login(server)
        self.server = server.rstrip("/")
        self.origin = origin
        self.tls = tls
        self.tokens = tokens
        self.proxy = proxy
        self.headers = headers
        self.compress = compress

    async def authorization(self, now: float) -> str | None:
        """The `Authorization` header, None to send none; raises CredentialsError."""
        return await self.tokens.authorization(now) or self._login


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
    config = find_kubeconfig(kubeconfig, environ)
    if config is not None and not (config.is_empty and context is None and _is_in_pod(environ)):
        from exporter.api.kubeconfig import choose_context  # noqa: PLC0415

        chosen = choose_context(config, context)
        # 20 MB that a Pod does without.
        with _some_home():
            from exporter.api.identity import make_credentials  # noqa: PLC0415

        return await make_credentials(chosen, environ)
    if context is not None:
        raise CredentialsError(f"no kubeconfig to look for the context {context!r} in")
    if _is_in_pod(environ):
        return _of_account(environ, account)
    raise CredentialsError(
        "no API server to talk to: no --kubeconfig, no $KUBECONFIG, no ~/.kube/config,"
        " and not inside a Pod"
    )


def find_kubeconfig(kubeconfig: str | None, environ: Mapping[str, str]) -> Kubeconfig | None:
    """What the given kubeconfig says, else $KUBECONFIG, else ~/.kube/config; None without any.

    Raises CredentialsError.
    """
    paths = kubeconfig or environ.get("KUBECONFIG")
    if not paths and expand_home(DEFAULT_KUBECONFIG).is_file():
        paths = str(expand_home(DEFAULT_KUBECONFIG))
    if not paths:
        return None
    # A Pod reads none, and starts without a YAML library.
    from exporter.api.kubeconfig import read_kubeconfig  # noqa: PLC0415

    return read_kubeconfig(paths)


@contextmanager
def _some_home() -> Iterator[None]:
    """A home for as long as the Kubernetes client is imported.

    It asks for one then (kubernetes/aio/config/kube_config.py), and raises where there is none:
    for an uid that no file knows, without $HOME, as containers have.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/"
        try:
            yield
        finally:
            del os.environ["HOME"]
    else:
        yield


def _is_in_pod(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT"))


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
