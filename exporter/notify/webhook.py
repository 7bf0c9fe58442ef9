"""One message to a receiver: where it goes, what is shown of that, and how it was taken.

The URL is a secret: nothing but its scheme, host and port is ever told. Redirects are not followed
and what the receiver answers is not repeated.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from exporter import __version__
from exporter.api import ApiError, CredentialsError
from exporter.api.connecting import foreign_errors, is_socks, make_connector
from exporter.api.proxies import proxy_for
from exporter.api.tls import Tls
from exporter.api.tokens import TokenFile
from exporter.api.translation import translate
from exporter.notify.verdicts import Verdict, judge_status, read_retry_after
from exporter.regular_files import UnreadableFileError, read_regular
from exporter.urls import is_web_url, show_origin

#: Seconds for a whole message, connection and answer included.
PATIENCE = 10.0


class Target(msgspec.Struct, frozen=True):
    """Where messages go: a URL, or a file that holds one; a file with a token; authorities."""

    url: str | None = None
    url_file: str | None = None
    token_file: str | None = None
    ca_file: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """How a message was taken; `trouble` says in a line why it was not, "" if it was."""

    verdict: Verdict
    trouble: str = ""
    retry_after: float | None = None


class Webhook:
    """Sends messages to one target. Closed by `close`."""

    def __init__(
        self,
        target: Target,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._target = target
        self._environ = environ
        self._clock = clock
        self._patience = patience
        self._tls = Tls(ca_file=target.ca_file)
        self._token = TokenFile(Path(target.token_file)) if target.token_file else None
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None

    async def check(self) -> str:
        """Read all files once and give the receiver's origin; raises CredentialsError."""
        url = await self._find_url()
        await self._authorize(urlsplit(url).netloc)
        if self._target.ca_file is not None:
            self._tls.context()
        return show_origin(url)

    async def send(self, body: bytes) -> Answer:
        """POST the message; whatever goes wrong is an Answer."""
        origin = "the receiver"
        try:
            url = await self._find_url()
            origin = show_origin(url)
            return await self._post(url, origin, body)
        except ApiError as error:
            return Answer(Verdict.RETRY, str(error))
        except foreign_errors() as error:
            return Answer(Verdict.RETRY, str(translate(error, origin)))

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, url: str, origin: str, body: bytes) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"kube-endpoints-exporter/{__version__}",
        }
        parts = urlsplit(url)
        authorization = await self._authorize(parts.netloc)
        if authorization is not None:
            headers["Authorization"] = authorization
        proxy = proxy_for(url, self._environ)
        session = await self._connect(proxy)
        # The system's authorities are some hundred certificates: 80 ms that the loop does not have.
        secure = await asyncio.to_thread(self._tls.context) if parts.scheme == "https" else True
        answer = await session.post(
            # As it was written: a receiver may sign its query.
            URL(url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self._patience),
            proxy=None if is_socks(proxy) else proxy,
            ssl=secure,
        )
        retry_after = read_retry_after(answer.headers.get("Retry-After"), self._clock())
        # What it has to say besides is not waited for: it may have no end.
        answer.close()
        verdict = judge_status(answer.status)
        if verdict is Verdict.ACCEPTED:
            return Answer(verdict)
        moved = 300 <= answer.status < 400
        trouble = f"{origin} answers {answer.status}"
        return Answer(
            verdict, f"{trouble}: redirects are not followed" if moved else trouble, retry_after
        )

    async def _find_url(self) -> str:
        target = self._target
        if target.url_file is None:
            return target.url or ""
        try:
            found = await asyncio.to_thread(read_regular, target.url_file)
        except UnreadableFileError as error:
            raise CredentialsError(
                f"the URL file {target.url_file} can't be read: {error}"
            ) from None
        url = found.decode(errors="replace").strip()
        if not is_web_url(url):
            raise CredentialsError(f"the URL file {target.url_file} holds no http or https URL")
        return url.partition("#")[0]

    async def _authorize(self, netloc: str) -> str | None:
        if self._token is None:
            return None
        if "@" in netloc:
            # Two logins: aiohttp would refuse, and quote nothing that helps.
            raise CredentialsError("the receiver's URL has a login, and there is a token file too")
        return await self._token.authorization(self._clock())

    async def _connect(self, proxy: str | None) -> aiohttp.ClientSession:
        if self._session is not None and proxy != self._proxy:
            await self.close()
        if self._session is None:
            self._proxy = proxy
            self._session = aiohttp.ClientSession(
                connector=make_connector(proxy), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session
