from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from collections.abc import Iterator

import pytest

from exporter.server import Server, ServerError
from exporter.server.descriptors import fit_connections
from exporter.web import Request, Response, respond
from tests.guard import Guard
from tests.integration.serving import PATIENCE, ask_on, hello, read_answer, serving, wait_until
from tests.unit.web.sites import report, site

SHOP = site([report("shop", f"s{number}", ready=number) for number in range(300)])


def shop(request: Request) -> Response:
    """The real pages."""
    return respond(request, SHOP)


async def test_metrics_plain_and_compressed() -> None:
    """The same text comes plain with its length, or as gzip to those who take it."""
    async with serving(shop) as run:
        plain = await run.ask("/metrics")
        packed = await run.ask("/metrics", headers={"Accept-Encoding": "gzip"})
    assert plain.status == packed.status == 200
    assert int(plain.headers["content-length"]) == len(plain.body)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert b'k8s_service_endpoints_ready{namespace="shop",service="s299"' in plain.body


async def test_scrapes_are_measured_as_sent() -> None:
    """Each whole scrape is told with the bytes of its body; other pages and HEAD are not."""
    async with serving(shop) as run:
        plain = await run.ask("/metrics")
        packed = await run.ask("/metrics", headers={"Accept-Encoding": "gzip"})
        await run.ask("/metrics", method="HEAD")
        await run.ask("/metrics?family=nonsense")
        await run.ask("/livez")
        sizes = [size for _, size in run.scrapes]
    assert sizes == [len(plain.body), len(packed.body)]
    assert all(seconds >= 0 for seconds, _ in run.scrapes)


async def test_query_and_headers_reach_the_page() -> None:
    """Queries are decoded, repeated parameters kept, repeated headers joined."""
    async with serving() as run, run.open() as (reader, writer):
        writer.write(
            b"GET /m%C3%A9trics?namespace=a%2Cb&name%5B%5D=x&namespace=c+d&verbose HTTP/1.1\r\n"
            b"Host: h\r\nAccept: text/plain;q=0.5\r\nAccept: */*\r\n"
            b"Accept-Encoding: gzip\r\n\r\n"
        )
        await read_answer(reader)
        (request,) = run.requests
    assert request.path == "/métrics"
    assert request.query == (
        ("namespace", "a,b"),
        ("name[]", "x"),
        ("namespace", "c d"),
        ("verbose", ""),
    )
    assert request.headers == {"accept": "text/plain;q=0.5, */*", "accept-encoding": "gzip"}


@pytest.mark.parametrize("path", ["/", "/metrics", "/readyz", "/nothing"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_head_is_get_without_a_body(path: str, encoding: str) -> None:
    """HEAD has the status and headers of GET, no body, and the connection goes on as after it."""
    headers = {"Accept-Encoding": encoding}
    async with serving(shop) as run:
        got = await run.ask(path, headers=headers)
        async with run.open() as (reader, writer):
            head = await ask_on(reader, writer, path, method="HEAD", headers=headers)
            if path == "/nothing":
                assert await reader.read() == b""
            else:
                after = await ask_on(reader, writer, "/livez")
                assert (after.status, after.body) == (200, b"ok\n")
    for answer in (got, head):
        answer.headers.pop("date")
        answer.headers.pop("transfer-encoding", None)  # how a body travels, not what it is
    assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods_are_405(method: str) -> None:
    """A method that no page takes is told which there are; a body that was sent is dropped."""
    async with serving(shop) as run, run.open() as (reader, writer):
        body = {"Content-Length": "5", "Content-Type": "text/plain"}
        writer.write(
            "\r\n".join(
                [
                    f"{method} /metrics HTTP/1.1",
                    "Host: h",
                    *(f"{name}: {value}" for name, value in body.items()),
                    "",
                    "hello",
                ]
            ).encode()
        )
        answer = await read_answer(reader)
        after = await ask_on(reader, writer, "/livez")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body == b"this page takes GET, HEAD only\n"
    assert after.status == 200


async def test_connections_are_kept() -> None:
    """Many requests go over one connection, as Prometheus does."""
    async with serving(shop) as run:
        async with run.open() as (reader, writer):
            answers = [await ask_on(reader, writer, "/livez") for _ in range(5)]
            assert run.server.connections == 1
        await wait_until(lambda: run.server.connections == 0)
    assert [answer.status for answer in answers] == [200] * 5


async def test_http_1_0_is_answered_to_the_end() -> None:
    """An old client gets the whole body, without chunks, and the connection is closed."""
    async with serving(shop) as run, run.open() as (reader, writer):
        writer.write(b"GET /metrics HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
        answer = await read_answer(reader)
        plain = await run.ask("/metrics")
    assert "transfer-encoding" not in answer.headers
    assert gzip.decompress(answer.body) == plain.body


@pytest.mark.parametrize("line", [b"GET / HTTP/2.0", b"GET / HTTP/0.9", b"GET /"])
async def test_versions_that_are_not_spoken_are_a_505(line: bytes) -> None:
    """HTTP/0.9 and 2.0 are answered in HTTP/1.1, no page sees them, and the connection ends."""
    async with serving() as run, run.open() as (reader, writer):
        writer.write(line + b"\r\nHost: h\r\n\r\n"[: 2 if line == b"GET /" else None] + b"\r\n")
        sent = await reader.readuntil(b"\r\n")
        assert sent == b"HTTP/1.1 505 HTTP Version Not Supported\r\n"
        assert b"Connection: close" in await reader.read()
        assert run.requests == []


async def test_no_answer_names_the_software() -> None:
    """Neither a page nor an error says what it was made with."""
    async with serving() as run, run.open() as (reader, writer):
        page = await run.ask()
        writer.write(b"NONSENSE\r\n\r\n")
        fault = await read_answer(reader)
    assert "server" not in page.headers
    assert "server" not in fault.headers


async def test_the_system_keeps_a_long_queue_of_connections() -> None:
    """Connections that come while others are served wait with the system: more than a hundred."""
    async with serving() as run:
        clients = []
        # None of them is accepted while this test does not let the loop run.
        for _ in range(400):
            client = socket.create_connection((run.host, run.port), timeout=PATIENCE)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            clients.append(client)
        await wait_until(lambda: len(run.requests) == 400)
        for client in clients:
            client.close()


@pytest.mark.parametrize("soft,hard,fits", [(300, 300, 172), (128, 4096, 512), (64, 100, 1)])
def test_connections_fit_the_limit_of_open_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, fits: int
) -> None:
    """The limit is raised as far as it may be; what does not fit is not promised, and told."""
    limits = [(soft, hard)]
    monkeypatch.setattr("resource.getrlimit", lambda _which: limits[-1])
    monkeypatch.setattr("resource.setrlimit", lambda _which, to: limits.append(to))
    assert fit_connections(512) == fits
    assert limits[-1][0] <= hard


@pytest.mark.parametrize(
    "sent,status,line",
    [
        (b"NONSENSE\r\n\r\n", 400, b"bad request\n"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, b"bad request\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 400, b"bad request\n"),
        (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n", 400, b"bad request\n"),
    ],
)
async def test_what_is_no_request_gets_one_line(
    sent: bytes, status: int, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Broken or oversized requests end with one line of plain text, and none in the log."""
    async with serving() as run, run.open() as (reader, writer):
        writer.write(sent)
        answer = await read_answer(reader)
        assert await reader.read() == b""
        assert run.requests == []
    assert (answer.status, answer.body) == (status, line)
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []


async def test_page_that_fails_is_a_500(capsys: pytest.CaptureFixture[str], guard: Guard) -> None:
    """A fault of ours is one line for the client, is logged, and takes nobody else along."""

    def fail(request: Request) -> Response:
        if request.path == "/":
            message = "secret"
            raise ValueError(message)
        return hello(request)

    async with serving(fail) as run:
        broken = await run.ask("/")
        fine = await run.ask("/fine")
    assert (broken.status, broken.body) == (
        500,
        b"internal error: ValueError; the log says more\n",
    )
    assert fine.status == 200
    assert "no answer" in capsys.readouterr().out
    guard.forget()  # without our logging set up a traceback is painted, which takes long


async def test_body_that_fails_half_way_is_cut() -> None:
    """A fault in the middle of a body can't be told any more: the client sees it is not whole."""

    def steps() -> Iterator[bytes]:
        yield b"x" * 100_000
        message = "half way"
        raise ValueError(message)

    async with (
        serving(lambda _request: Response(200, (), steps())) as run,
        run.open() as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await read_answer(reader)


async def test_long_bodies_leave_turns_for_others() -> None:
    """While a body of many slow steps is made, another client is answered."""
    other: asyncio.Event = asyncio.Event()

    def steps() -> Iterator[bytes]:
        loop = asyncio.get_running_loop()
        while not other.is_set():
            end = loop.time() + 0.006
            while loop.time() < end:
                pass
            yield b"."

    def respond_slowly(request: Request) -> Response:
        return Response(200, (), steps()) if request.path == "/long" else hello(request)

    async with serving(respond_slowly) as run:
        long = asyncio.create_task(run.ask("/long"))
        await wait_until(lambda: bool(run.requests))
        quick = await run.ask("/quick")
        assert not long.done()
        other.set()
        assert set((await long).body) == {ord(".")}
    assert quick.body == b"hello /quick\n"


async def test_several_addresses_and_ipv6() -> None:
    """Each address is listened on; without a host both IPv4 and IPv6 are."""
    server = Server(hello, [("127.0.0.1", 0), ("::1", 0), ("localhost", 0), ("", 0)])
    urls = await server.start()
    try:
        assert urls[0].startswith("http://127.0.0.1:")
        assert urls[1].startswith("http://[::1]:")
        everywhere = int(urls[-1].rpartition(":")[2])
        for host in ("127.0.0.1", "::1"):
            reader, writer = await asyncio.open_connection(host, everywhere)
            assert (await ask_on(reader, writer)).status == 200
            writer.close()
    finally:
        await server.stop()


async def test_port_in_use_is_one_line_each() -> None:
    """All addresses that can't be had are told at once; none is left open."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        port, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        server = Server(
            hello, [("127.0.0.1", port), ("127.0.0.1", other), ("no-such-host.invalid", 1)]
        )
        with pytest.raises(ServerError) as caught:
            await server.start()
        first, second = caught.value.lines
        assert first == f"can't listen on 127.0.0.1:{port}: Address already in use"
        assert second.startswith("can't listen on no-such-host.invalid:1: ")
        with socket.create_server(("127.0.0.1", other)):
            pass  # it was given back


async def test_restart_on_the_same_port() -> None:
    """A server that stopped leaves its port to the next, even with connections just closed."""
    async with serving() as run:
        await run.ask()
        port = run.port
    server = Server(hello, [("127.0.0.1", port)])
    assert await server.start() == (f"http://127.0.0.1:{port}",)
    await server.stop()


async def test_stop_lets_answers_end_and_closes_idle_connections() -> None:
    """An answer under way is finished; who only waits is closed at once; nobody new gets in."""
    go = asyncio.Event()

    def steps() -> Iterator[bytes]:
        yield b"begin "
        while not go.is_set():
            yield b""
        yield b"end"

    def slow(request: Request) -> Response:
        return Response(200, (), steps()) if request.path == "/slow" else hello(request)

    async with serving(slow) as run, run.open() as (idle_reader, idle_writer):
        await ask_on(idle_reader, idle_writer)
        busy = asyncio.create_task(run.ask("/slow"))
        await wait_until(lambda: len(run.requests) == 2)
        stopping = asyncio.create_task(run.server.stop(20.0))
        assert await idle_reader.read() == b""
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(run.host, run.port)
        assert not stopping.done()
        go.set()
        assert (await busy).body == b"begin end"
        await stopping


async def test_stop_cuts_what_does_not_end() -> None:
    """A client that never takes its answer holds the stop up for the grace only."""

    def endless(_request: Request) -> Response:
        return Response(200, (), iter(lambda: b"x" * 65536, b""))

    async with serving(endless, stop_after=0.05) as run, run.open() as (_reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await wait_until(lambda: bool(run.requests))
        await run.server.stop(0.05)
        assert run.server.connections == 0


async def test_stop_without_start_and_twice() -> None:
    """Stopping is safe in every state."""
    server = Server(hello, [("127.0.0.1", 0)])
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
