"""Requests to the API server and the bytes of its answers, as they arrive.

It follows no redirect (the token would go with it) and decodes nothing. It never asks again, but
for aiohttp's second try on a connection that died before a byte of the answer came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from exporter import __version__
from exporter.api.connecting import foreign_errors, is_socks, make_connector
from exporter.api.credentials import Credentials, load_credentials
from exporter.api.errors import ApiError, OverdueError, UnreadableError
from exporter.api.hiding import hide_login
from exporter.api.pacing import Pace
from exporter.api.proxies import is_loopback
from exporter.api.tls import Tls
from exporter.api.tokens import FixedToken
from exporter.api.translation import answer_error, translate
from exporter.api.unpacking import unpack

#: Seconds to a connection, TLS included.
CONNECT = 10.0

#: Seconds without a byte of a list: the server itself gives up after 60.
LIST_IDLE = 75.0

#: client-go takes no larger frame of a watch either.
LARGEST_FRAME = 16 * 1024 * 1024

#: Bytes of an answer to a small request, and of an error's body.
LARGEST_ANSWER = 4 * 1024 * 1024
LARGEST_REFUSAL = 64 * 1024


class Client:
    """A connection to one API server. Closed by `close()` or by `async with`.

    `compress`: ask for lists in gzip; None decides by the server's address (what does not leave
    the machine is not worth the CPU). `warned` hears each distinct warning of the server once.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        compress: bool | None = None,
        warned: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._warned = warned
        self._warnings: set[str] = set()
        self._login = ""
        if compress is None:
            compress = credentials.compress
        if compress is None:
            compress = not is_loopback(urlsplit(credentials.server).hostname)
        self._list_encoding = "gzip" if compress else "identity"

    @property
    def server(self) -> str:
        """The server's URL, for messages: it holds no login."""
        return self._credentials.server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection, running watches too."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def hide(self, text: str) -> str:
        """What the server has to say, without our own login in it."""
        return hide_login(text, self._login)

    def drop_token(self) -> None:
        """The server refused our token: the next request looks for a newer one."""
        self._credentials.tokens.drop()

    @asynccontextmanager
    async def list_page(
        self, path: str, params: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """A page of a list, as chunks of at most some hundred kB; raises ApiError."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT, sock_read=LIST_IDLE, connect=None
        )
        answer = await self._open(path, params, timeout, self._list_encoding)
        try:
            async with aclosing(self._chunks(answer)) as chunks:
                yield chunks
        finally:
            # An answer read to its end has given its connection back; any other dies with it.
            answer.close()

    @asynccontextmanager
    async def watch(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        idle: float,
        cap: float,
        may_wait: Callable[[], bool] = lambda: False,
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """A watch, as the whole frames that came with each read; raises ApiError.

        `may_wait`, asked after each read: whether frames that come often may wait a moment for
        each other. `idle` seconds without a byte raise IdleError, `cap` seconds in all
        OverdueError. A frame that is cut off by the end of the stream is dropped.
        """
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT, sock_read=idle, connect=None
        )
        # Plain watches are never compressed, streaming lists are in a form (one gzip member a
        # flush) that needs care, and small frames gain nothing.
        answer = await self._open(path, params, timeout, "identity")
        overdue, pace = _Overdue(answer, cap), Pace(answer)
        try:
            async with aclosing(self._frames(answer, overdue)) as frames:
                yield pace.slowing(frames, may_wait)
        finally:
            overdue.cancel()
            pace.release()
            answer.close()

    async def send(
        self, method: str, path: str, body: bytes | None = None, *, form: str = "application/json"
    ) -> bytes:
        """One small request, `body` in the `form` named; the answer's body. Raises ApiError."""
        timeout = aiohttp.ClientTimeout(total=LIST_IDLE, sock_connect=CONNECT)
        answer = await self._open(
            path, {}, timeout, "identity", method=method, body=body, form=form
        )
        body = b""
        try:
            async with aclosing(self._chunks(answer)) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise UnreadableError(f"{self.server} sends an answer without an end")
        finally:
            answer.close()
        return body

    async def _open(
        self,
        path: str,
        params: Mapping[str, str],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's own
        encoding: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        form: str = "application/json",
    ) -> aiohttp.ClientResponse:
        credentials = self._credentials
        headers = [("Accept-Encoding", encoding), *credentials.headers]
        if body is not None:
            headers.append(("Content-Type", form))
        authorization = await credentials.authorization(self._clock())
        if authorization is not None:
            headers.append(("Authorization", authorization))
            self._login = authorization
        secure = credentials.server.startswith("https:")
        try:
            answer = await self._connected().request(
                method,
                URL(credentials.server + path, encoded=True).with_query(dict(params)),
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                proxy=None if is_socks(credentials.proxy) else credentials.proxy,
                ssl=credentials.tls.context() if secure else True,
            )
        except foreign_errors() as error:
            raise translate(error, credentials.server) from None
        for warning in answer.headers.getall("Warning", ()):
            self._hear(self.hide(warning))
        if answer.status not in (200, 201):
            raise await self._refusal(answer)
        return answer

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=make_connector(self._credentials.proxy),
                auto_decompress=False,  # it knows no bounds; `unpack` does
                headers={
                    "Accept": "application/json",
                    "User-Agent": f"kube-endpoints-exporter/{__version__}",
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=2**16,
            )
        return self._session

    async def _refusal(self, answer: aiohttp.ClientResponse) -> ApiError:
        body = b""
        try:
            async with asyncio.timeout(CONNECT), aclosing(self._chunks(answer)) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= LARGEST_REFUSAL:
                        break
        except (ApiError, TimeoutError):
            pass  # the status alone says enough
        finally:
            answer.close()
        return answer_error(answer.status, body, answer.headers.get("Retry-After"), self.hide)

    def _chunks(self, answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
        """The body, unpacked; raises ApiError."""
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        return unpack(self._read(answer), encoding, self.server)

    async def _read(self, answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
        try:
            while chunk := await answer.content.readany():
                yield chunk
        except foreign_errors() as error:
            raise translate(error, self.server) from None

    async def _frames(
        self, answer: aiohttp.ClientResponse, overdue: _Overdue
    ) -> AsyncGenerator[list[bytes]]:
        """Frames are parted by line feeds alone: other line breaks occur inside of strings."""
        pieces: list[bytes] = []
        held = 0
        async for data in self._until(overdue, self._chunks(answer)):
            cut = data.rfind(b"\n")
            if cut < 0:
                pieces.append(data)
                held += len(data)
                if held > LARGEST_FRAME:
                    raise UnreadableError(f"{self.server} sends a frame without an end")
                continue
            whole = b"".join([*pieces, data[:cut]]) if pieces else data[:cut]
            pieces = [data[cut + 1 :]] if cut + 1 < len(data) else []
            held = len(data) - cut - 1
            frames = [line for line in whole.split(b"\n") if line and not line.isspace()]
            if frames:
                yield frames

    async def _until(
        self, overdue: _Overdue, chunks: AsyncGenerator[bytes]
    ) -> AsyncGenerator[bytes]:
        try:
            async for chunk in chunks:
                yield chunk
        except ApiError:
            if overdue.passed:
                raise OverdueError(f"{self.server} did not end the watch in time") from None
            raise

    def _hear(self, warning: str) -> None:
        if self._warned is not None and warning not in self._warnings and len(self._warnings) < 100:
            self._warnings.add(warning)
            self._warned(warning)


class _Overdue:
    """Breaks a watch that outlives its time: a server may ignore `timeoutSeconds` and die."""

    def __init__(self, answer: aiohttp.ClientResponse, cap: float) -> None:
        self.passed = False
        self._answer = answer
        self._handle = asyncio.get_running_loop().call_later(cap, self._pass)

    def _pass(self) -> None:
        self.passed = True
        self._answer.close()

    def cancel(self) -> None:
        self._handle.cancel()


def connect_openly(url: str, origin: str) -> Client:
    """A client of a server that lets everybody in; `origin` says in a few words what it is."""
    return Client(Credentials(url, origin=origin, tls=Tls(), tokens=FixedToken(None)))


async def connect(
    kubeconfig: str | None = None,
    context: str | None = None,
    *,
    compress: bool | None = None,
    warned: Callable[[str], None] | None = None,
) -> Client:
    """A client with the credentials that kubectl would use; raises CredentialsError.

    Nothing is asked of the server yet.
    """
    credentials = await load_credentials(kubeconfig, context)
    await credentials.authorization(time.time())
    if credentials.server.startswith("https:"):
        credentials.tls.context()  # a bad certificate file is told now, not with the first list
    return Client(credentials, compress=compress, warned=warned)
