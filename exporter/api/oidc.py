"""The `oidc` auth-provider: an id-token, and a new one from the identity provider when it is old.

As client-go's plugin/pkg/client/auth/oidc, but for one thing: what is refreshed stays in memory,
and the kubeconfig is not written. No answer of the provider is shown: it holds tokens.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import msgspec

from exporter.api.connecting import foreign_errors, is_socks, make_connector
from exporter.api.entries import Place, decode_data
from exporter.api.errors import ApiError, CredentialsError
from exporter.api.proxies import proxy_for
from exporter.api.tls import Tls
from exporter.api.tokens import LEEWAY, Granted
from exporter.api.translation import translate
from exporter.urls import show_url

_TIMEOUT = aiohttp.ClientTimeout(total=30.0)
_LARGEST = 1024 * 1024


class _Claims(msgspec.Struct):
    exp: float = 0.0


class _Discovery(msgspec.Struct):
    token_endpoint: str | None = None


class _Tokens(msgspec.Struct):
    id_token: str | None = None
    refresh_token: str | None = None


class OidcLogin:
    """The state of one login: the tokens of the kubeconfig, and those that replaced them."""

    def __init__(
        self, config: Mapping[str, str | None], place: Place, environ: Mapping[str, str]
    ) -> None:
        for key in ("idp-issuer-url", "client-id"):
            if not config.get(key):
                raise place.error(f"auth-provider oidc needs {key}")
        self._config = {key: value for key, value in config.items() if value}
        self._place = place
        self._environ = environ
        authority = self._config.get("idp-certificate-authority-data")
        self._tls = Tls(
            ca_file=None if authority else self._config.get("idp-certificate-authority"),
            ca_data=decode_data(authority, "idp-certificate-authority-data", place),
        )

    async def ask(self, now: float) -> Granted:
        """A token that is good now (epoch seconds); raises CredentialsError."""
        token = self._config.get("id-token")
        if token:
            expires = self._expiry(token)
            if now + LEEWAY < expires:
                return Granted(f"Bearer {token}", expires)
        refresh = self._config.get("refresh-token")
        if not refresh:
            raise self._place.error("its id-token has expired, and it has no refresh-token")
        issuer = self._config["idp-issuer-url"].removesuffix("/")
        connector = make_connector(proxy_for(issuer, self._environ))
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            endpoint = await self._find_endpoint(session, issuer)
            tokens = await self._refresh(session, endpoint, refresh)
        if not tokens.id_token:
            raise self._error("gave no id_token (was the scope openid asked for at login?)")
        self._config["id-token"] = tokens.id_token
        self._config["refresh-token"] = tokens.refresh_token or refresh
        return Granted(f"Bearer {tokens.id_token}", self._expiry(tokens.id_token))

    def _error(self, problem: str) -> CredentialsError:
        issuer = show_url(self._config["idp-issuer-url"])
        return self._place.error(f"the identity provider {issuer} {problem}")

    def _expiry(self, token: str) -> float:
        parts = token.split(".")
        try:
            if len(parts) != 3 or not token.isprintable():
                raise ValueError  # noqa: TRY301  # as if it had not decoded
            payload = base64.b64decode(
                parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True
            )
            return msgspec.json.decode(payload, type=_Claims).exp
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            raise self._place.error("its id-token is no JSON web token") from None

    async def _find_endpoint(self, session: aiohttp.ClientSession, issuer: str) -> str:
        url = f"{issuer}/.well-known/openid-configuration"
        status, body = await self._request(session, "GET", url)
        if status != 200:
            raise self._error(f"answers {status} where it should describe itself")
        try:
            found = msgspec.json.decode(body, type=_Discovery).token_endpoint
        except (msgspec.MsgspecError, ValueError):
            found = None
        if not found:
            raise self._error("does not say where tokens are to be had")
        return found

    async def _refresh(
        self, session: aiohttp.ClientSession, endpoint: str, refresh: str
    ) -> _Tokens:
        name, secret = self._config["client-id"], self._config.get("client-secret", "")
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        # As golang.org/x/oauth2: in the header first, and in the form for those who want it there.
        login = base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
        status, body = await self._request(
            session, "POST", endpoint, data=form, headers={"Authorization": f"Basic {login}"}
        )
        if not 200 <= status < 300:
            form |= {"client_id": name} | ({"client_secret": secret} if secret else {})
            status, body = await self._request(session, "POST", endpoint, data=form)
        if not 200 <= status < 300:
            raise self._error(f"refuses to refresh the token ({status}): log in again")
        try:
            return msgspec.json.decode(body, type=_Tokens)
        except (msgspec.MsgspecError, ValueError):
            raise self._error("gave no tokens that can be read") from None

    async def _request(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        **more: Any,  # noqa: ANN401  # aiohttp's
    ) -> tuple[int, bytes]:
        shown = show_url(url)
        proxy = proxy_for(url, self._environ)
        try:
            async with session.request(
                method,
                url,
                ssl=self._tls.context() if url.lower().startswith("https:") else True,
                proxy=None if is_socks(proxy) else proxy,
                allow_redirects=method == "GET",
                **more,
            ) as answer:
                return answer.status, await answer.content.read(_LARGEST)
        except foreign_errors() as error:
            told: ApiError = translate(error, shown)
            raise self._place.error(f"the identity provider: {told}") from None
