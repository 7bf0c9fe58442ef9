"""A context of a kubeconfig made into credentials: as whom to ask, by which way, whom to trust.

Importing this costs a third of a second and 20 MB (the Kubernetes client's package): credentials.py
does it when there is a kubeconfig to use, and a Pod that has its own credentials never does.
"""

# mypy: disable-error-code="no-untyped-call"
# The client's loader comes without types.

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config_from_dict

from exporter.api.credentials import Credentials
from exporter.api.entries import User, check_cluster, check_user, decode_data
from exporter.api.kubeconfig import Chosen
from exporter.api.oidc import OidcLogin
from exporter.api.plugins import Plugin, describe_cluster
from exporter.api.proxies import check_proxy, proxy_for
from exporter.api.servers import check_server
from exporter.api.tls import Tls
from exporter.api.tokens import AskedToken, FixedToken, Granted, TokenFile, TokenSource

#: What a header's name is made of (RFC 9110); all else of a key is escaped in it, and so is `%`.
_NAME_SIGNS = frozenset(
    b"!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


async def make_credentials(chosen: Chosen, environ: Mapping[str, str]) -> Credentials:
    """The credentials of a context, as kubectl would use them; raises CredentialsError.

    Nobody is asked yet: plugins run and providers are called with the first request.
    """
    cluster, user, place = chosen.cluster, chosen.user, chosen.user_place
    check_cluster(cluster, chosen.cluster_place)
    check_user(user, place)
    server = check_server(cluster.server or "", chosen.cluster_place)
    proxy = check_proxy(cluster.proxy_url, chosen.cluster_place) or proxy_for(server, environ)
    secure = server.startswith("https:")
    configuration = await _configure(chosen, server)
    tls = Tls(
        ca_file=configuration.ssl_ca_cert,
        ca_data=decode_data(
            cluster.certificate_authority_data, "certificate-authority-data", chosen.cluster_place
        ),
        verify=bool(configuration.verify_ssl),
        server_name=configuration.tls_server_name,
    )
    tokens: TokenSource = FixedToken(None)
    if secure:
        tls.cert_file, tls.key_file = configuration.cert_file, configuration.key_file
        tls.cert_data = decode_data(user.client_certificate_data, "client-certificate-data", place)
        tls.key_data = decode_data(user.client_key_data, "client-key-data", place)
        tokens = _token_source(chosen, configuration, tls, server, environ)
    return Credentials(
        server,
        origin=f"the kubeconfig {place.file}",
        tls=tls,
        tokens=tokens,
        proxy=proxy,
        headers=tuple(_impersonation(user)),
        compress=False if cluster.disable_compression else None,
    )


async def _configure(chosen: Chosen, server: str) -> Any:  # noqa: ANN401  # the client is untyped
    """The Kubernetes client's own configuration of what is plain: paths, switches, fixed tokens.

    It gets one context with absolute paths and without unset keys, which it reads as kubectl does.
    """
    cluster, user, place = chosen.cluster, chosen.user, chosen.user_place
    entries: dict[str, dict[str, Any]] = {
        "cluster": {
            "server": server,
            "certificate-authority": cluster.certificate_authority
            and str(chosen.cluster_place.resolve(cluster.certificate_authority)),
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "tls-server-name": cluster.tls_server_name,
        },
        "user": {
            "token": user.token,
            "client-certificate": user.client_certificate
            and str(place.resolve(user.client_certificate)),
            "client-key": user.client_key and str(place.resolve(user.client_key)),
        },
        "context": {"cluster": "it", "user": "it"},
    }
    document = {
        f"{kind}s": [{"name": "it", kind: {key: value for key, value in entry.items() if value}}]
        for kind, entry in entries.items()
    }
    configuration = Configuration()
    try:
        await load_kube_config_from_dict(document, "it", configuration)
    except Exception:  # noqa: BLE001  # whatever it says may quote what it was given
        raise place.error("the Kubernetes client can't use it") from None
    return configuration


def _token_source(
    chosen: Chosen,
    configuration: Any,  # noqa: ANN401  # as above
    tls: Tls,
    server: str,
    environ: Mapping[str, str],
) -> TokenSource:
    """What proves who we are, in client-go's order: what is set goes before who is to be asked."""
    user, place = chosen.user, chosen.user_place
    if user.token_file:
        return TokenFile(place.resolve(user.token_file), user.token or None)
    if user.token:
        return FixedToken(configuration.api_key["BearerToken"])
    if user.username or user.password:
        pair = f"{user.username or ''}:{user.password or ''}".encode()
        return FixedToken(f"Basic {base64.b64encode(pair).decode()}")
    if user.exec is not None and not (tls.cert_file or tls.cert_data):
        told = describe_cluster(chosen.cluster, server, tls.authority(), chosen.cluster.proxy_url)
        return AskedToken(_PluginLogin(Plugin(user.exec, place, told), tls).ask)
    if user.auth_provider is not None:
        name = user.auth_provider.name
        if name != "oidc":
            raise place.error(
                f"auth-provider {name!r} is none that is supported (oidc is): use an exec plugin"
            )
        return AskedToken(OidcLogin(user.auth_provider.config or {}, place, environ).ask)
    return FixedToken(None)


class _PluginLogin:
    """A plugin whose certificate, where it gives one, becomes the connection's."""

    def __init__(self, plugin: Plugin, tls: Tls) -> None:
        self._plugin = plugin
        self._tls = tls

    async def ask(self, _now: float) -> Granted:
        answer = await self._plugin.ask()
        self._tls.cert_data, self._tls.key_data = answer.certificate, answer.key
        return Granted(f"Bearer {answer.token}" if answer.token else None, answer.expires)


def _impersonation(user: User) -> Iterator[tuple[str, str]]:
    """The headers of `as` and its like (client-go's transport/round_trippers.go)."""
    if user.as_user:
        yield "Impersonate-User", user.as_user
    if user.as_uid:
        yield "Impersonate-Uid", user.as_uid
    for group in user.as_groups or ():
        yield "Impersonate-Group", group
    for key, values in (user.as_user_extra or {}).items():
        name = "".join(
            chr(sign) if sign in _NAME_SIGNS else f"%{sign:02X}" for sign in key.encode()
        )
        for value in values or ():
            yield f"Impersonate-Extra-{name}", value
