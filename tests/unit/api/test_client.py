"""The client against servers that are a few lines of bytes."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from exporter.api import (
    AnswerError,
    ApiError,
    BrokenError,
    Client,
    Credentials,
    IdleError,
    OverdueError,
    UnreadableError,
    UntrustedError,
)
from exporter.api import client as client_module
from exporter.api.tls import Tls
from exporter.api.tokens import FixedToken

Write = Callable[[bytes], Awaitable[None]]
Serve = Callable[[str, Write], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(
    serve: Serve, context: ssl.SSLContext | None = None, banner: bytes = b""
) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that hands each request's head to `serve`; its address, and all heads.

    A `banner` is what it says before it is asked anything.
    """
    heads: list[str] = []
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            if banner:
                await write(banner)
                await reader.read(1)
                return
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heads.append(head)
            await serve(head, write)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        running.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}", heads
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def answering(*pieces: bytes, head: bytes = b"", status: bytes = b"200 OK") -> Serve:
    """Serves these pieces of a body, one write each, and closes."""

    async def serve(_head: str, write: Write) -> None:
        await write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + head + b"\r\n")
        for piece in pieces:
            await asyncio.sleep(0.01)
            await write(piece)

    return serve


def client_of(url: str, *, compress: bool | None = None, tls: Tls | None = None) -> Client:
    """A client with a token."""
    credentials = Credentials(
        url, origin="the test", tls=tls or Tls(), tokens=FixedToken("Bearer secret")
    )
    return Client(credentials, compress=compress)


async def frames_of(url: str, *, idle: float = 5.0, cap: float = 5.0) -> list[bytes]:
    """All frames of a watch."""
    found: list[bytes] = []
    async with (
        client_of(url) as client,
        client.watch("/watch", {}, idle=idle, cap=cap) as batches,
    ):
        async for frames in batches:
            found += frames
    return found


async def body_of(client: Client, **params: str) -> bytes:
    """The body of a list, got by a client that is closed then."""
    async with client, client.list_page("/list", params) as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize(
    "pieces,frames",
    [
        ([b'{"a":1}\n{"b":2}\n'], [b'{"a":1}', b'{"b":2}']),
        ([b'{"a"', b":1", b"}\n"], [b'{"a":1}']),
        ([b'{"a":1}\n{"b"', b":2}\n{"], [b'{"a":1}', b'{"b":2}']),
        ([b'{"a":1}\n{"half":'], [b'{"a":1}']),
        ([b'{"a":1}\r\n\n \n{"b":2}\n'], [b'{"a":1}\r', b'{"b":2}']),
        (['{"a":"x\u0085y\u2028"}\n'.encode()], ['{"a":"x\u0085y\u2028"}'.encode()]),
        ([b"\n"], []),
        ([], []),
    ],
)
async def test_frames_are_parted_by_line_feeds_alone(
    pieces: list[bytes], frames: list[bytes]
) -> None:
    """However they are cut on the wire; a last one without its end is dropped."""
    async with serving(answering(*pieces)) as (url, _):
        assert await frames_of(url) == frames


async def test_a_frame_may_be_large_but_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never ends a frame must not fill the memory."""
    monkeypatch.setattr(client_module, "LARGEST_FRAME", 100_000)
    large = b'"' + b"x" * 90_000 + b'"\n'
    async with serving(answering(large[:30_000], large[30_000:])) as (url, _):
        assert await frames_of(url) == [large[:-1]]
    async with serving(answering(*[b"x" * 30_000] * 5)) as (url, _):
        with pytest.raises(UnreadableError, match="sends a frame without an end"):
            await frames_of(url)


async def test_what_is_asked_is_what_was_ordered() -> None:
    """The path below the server's, parameters with all their signs, token and encodings."""
    async with serving(answering(b"{}")) as (url, heads):
        client = client_of(f"{url}/prefix")
        assert await body_of(client, **{"continue": "a+/=&b", "x": "ü"}) == b"{}"
        assert heads[0].startswith("GET /prefix/list?continue=a%2B/%3D%26b&x=%C3%BC HTTP/1.1\r\n")
        assert "Authorization: Bearer secret\r\n" in heads[0]
        assert "Accept: application/json\r\n" in heads[0]
        assert "Accept-Encoding: identity\r\n" in heads[0]


async def test_lists_are_compressed_where_it_pays() -> None:
    """Not on the machine itself unless told to; watches never."""
    body = gzip.compress(b'{"items":[]}' * 1000)
    head = b"Content-Encoding: gzip\r\n"
    async with serving(answering(body, head=head)) as (url, heads):
        assert await body_of(client_of(url, compress=True)) == b'{"items":[]}' * 1000
        assert "Accept-Encoding: gzip\r\n" in heads[0]
        async with (
            client_of(url, compress=True) as client,
            client.watch("/watch", {}, idle=5, cap=5),
        ):
            pass
        assert "Accept-Encoding: identity\r\n" in heads[1]


async def test_a_redirect_is_not_followed() -> None:
    """The token would go to whoever is named there."""
    head = b"Location: http://127.0.0.1:1/elsewhere\r\n"
    async with serving(answering(b"", head=head, status=b"302 Found")) as (url, heads):
        with pytest.raises(AnswerError, match="answers 302 Found") as caught:
            await body_of(client_of(url))
        assert caught.value.code == 302
        assert len(heads) == 1


async def test_a_body_that_breaks_off_is_told() -> None:
    """A short list must not pass for a whole one."""
    async with serving(answering(b"{}", head=b"Content-Length: 100\r\n")) as (url, _):
        with pytest.raises(BrokenError, match="broke the connection off"):
            await body_of(client_of(url))


async def test_silence_is_told_apart_from_a_watch_that_never_ends() -> None:
    """The one is a dead peer, the other a server that ignores the time-out."""

    async def silent(_head: str, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\n\r\n{}\n")
        await asyncio.sleep(60)

    async def talking(_head: str, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await write(b"{}\n")
            await asyncio.sleep(0.02)

    async with serving(silent) as (url, _):
        with pytest.raises(IdleError):
            await frames_of(url, idle=0.1)
    async with serving(talking) as (url, _):
        with pytest.raises(OverdueError, match="did not end the watch in time"):
            await frames_of(url, cap=0.2)


async def test_a_server_that_speaks_something_else_is_told() -> None:
    """A wrong port is a frequent mistake."""

    async def mute(_head: str, _write: Write) -> None:
        pass

    async with serving(mute, banner=b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as (url, _):
        with pytest.raises(UnreadableError, match="does not speak HTTP"):
            await body_of(client_of(url))
        with pytest.raises(UntrustedError, match="failed: it does not speak TLS"):
            await body_of(client_of(url.replace("http:", "https:")))
    async with serving(mute) as (url, _):
        with pytest.raises(BrokenError, match="broke the connection off"):
            await body_of(client_of(url))


async def test_a_name_that_does_not_exist_is_told() -> None:
    """One line that names the server."""
    with pytest.raises(BrokenError) as caught:
        await body_of(client_of("http://does-not-exist.invalid"))
    assert str(caught.value) == "the name of http://does-not-exist.invalid can't be resolved"


async def test_the_proxy_is_asked_for_the_server() -> None:
    """Plain requests carry the whole URL; a proxy that is away is told as such."""
    async with serving(answering(b"{}")) as (proxy, heads):
        credentials = Credentials(
            "http://kubernetes.invalid", origin="x", tls=Tls(), tokens=FixedToken(None), proxy=proxy
        )
        async with Client(credentials) as client, client.list_page("/list", {}) as chunks:
            assert [chunk async for chunk in chunks] == [b"{}"]
        assert heads[0].startswith("GET http://kubernetes.invalid/list HTTP/1.1\r\n")
    with pytest.raises(ApiError, match=r"the proxy for http://kubernetes.invalid can't be rea"):
        await body_of(Client(credentials))


async def test_certificates_are_checked_both_ways() -> None:
    """An unknown authority, another name, no certificate of ours: each is told."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("kubernetes").configure_cert(context)

    def trusting(**more: str) -> Tls:
        tls = Tls(**more)  # type: ignore[arg-type]
        authority.configure_trust(tls.context())
        return tls

    async with serving(answering(b"{}"), context) as (url, _):
        for tls, message in (
            (Tls(), "is not trusted: unable to get local issuer certificate"),
            (trusting(), "is not trusted: IP address mismatch"),
        ):
            with pytest.raises(UntrustedError, match=message):
                await body_of(client_of(url, tls=tls))
        named = trusting(server_name="kubernetes")
        assert await body_of(client_of(url, tls=named)) == b"{}"


async def test_our_own_certificate_is_shown(tmp_path: Path) -> None:
    """Who shows none where one is needed gets no answer."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    mine = authority.issue_cert("me@example.com")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine.private_key_and_cert_chain_pem.write_to_path(tmp_path / "me.pem")
    trusted, shown = str(tmp_path / "ca.pem"), str(tmp_path / "me.pem")
    async with serving(answering(b"{}"), context) as (url, _):
        with pytest.raises(BrokenError):
            await body_of(client_of(url, tls=Tls(trusted)))
        assert await body_of(client_of(url, tls=Tls(trusted, shown, shown))) == b"{}"


async def test_a_warning_of_the_server_is_heard_once() -> None:
    """Each answer about Endpoints repeats that they are deprecated."""
    head = b'Warning: 299 - "v1 Endpoints is deprecated"\r\n'
    heard: list[str] = []
    async with serving(answering(b"{}", head=head)) as (url, _):
        credentials = Credentials(url, origin="x", tls=Tls(), tokens=FixedToken(None))
        client = Client(credentials, warned=heard.append)
        for _ in range(2):
            await body_of(client)
    assert heard == ['299 - "v1 Endpoints is deprecated"']


async def test_a_small_request_is_sent_with_its_body_and_our_token() -> None:
    """`send` puts JSON with the token, and returns what came back, of 201 too."""
    async with (
        serving(answering(b'{"a":1}', status=b"201 Created")) as (url, heads),
        client_of(url) as client,
    ):
        assert await client.send("PUT", "/leases/x", b"{}") == b'{"a":1}'
    (head,) = heads
    lines = head.lower().splitlines()
    assert lines[0] == "put /leases/x http/1.1"
    assert {
        "content-type: application/json",
        "content-length: 2",
        "authorization: bearer secret",
    } <= set(lines)


async def test_a_refused_request_is_our_error() -> None:
    """A conflict tells its status, whatever its body holds."""
    async with (
        serving(answering(b"no", status=b"409 Conflict")) as (url, _),
        client_of(url) as client,
    ):
        with pytest.raises(AnswerError) as caught:
            await client.send("PUT", "/leases/x", b"{}")
    assert caught.value.code == 409
