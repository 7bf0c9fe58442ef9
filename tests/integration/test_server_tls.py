from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from base64 import b64encode
from pathlib import Path

import bcrypt
import pytest
import trustme

from exporter.server import Limits, Server, ServerError
from tests.integration.serving import PATIENCE, Serving, ask_on, hello, serving, wait_until

TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"


class Folder:
    """A folder with a web configuration and certificates, and who trusts them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.authority = trustme.CA()
        self.clients = trustme.CA()
        self.clients.cert_pem.write_to_path(str(path / "clients.pem"))
        self.write_certificate()

    def write_certificate(self, name: str = "localhost") -> None:
        """Write a server certificate and its key."""
        made = self.authority.issue_cert(name, "localhost")
        made.private_key_pem.write_to_path(str(self.path / "server.key"))
        (self.path / "server.pem").write_bytes(
            b"".join(pem.bytes() for pem in made.cert_chain_pems)
        )

    def write(self, text: str) -> str:
        """Write the web configuration; gives its path."""
        file = self.path / "web.yaml"
        file.write_text(text)
        # Two writes within the clock's grain must not look like one.
        step = len(list(self.path.iterdir())) + file.stat().st_mtime_ns
        os.utime(file, ns=(step, step))
        return str(file)

    def trust(self) -> ssl.SSLContext:
        """What a client needs that trusts the server."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def present(self, name: str, by: trustme.CA | None = None) -> ssl.SSLContext:
        """What a client needs that also shows a certificate with this name."""
        context = self.trust()
        (by or self.clients).issue_cert(name).configure_cert(context)
        return context


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with certificates."""
    return Folder(tmp_path)


async def refused(run: Serving, tls: ssl.SSLContext) -> bool:
    """Whether the handshake, or what follows it, is refused."""
    try:
        await run.ask(tls=tls)
    except (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
        return True
    return False


async def serial(run: Serving, tls: ssl.SSLContext) -> str:
    """The serial number of the certificate that the server shows."""
    async with run.open(tls) as (_, writer):
        return str(writer.get_extra_info("peercert")["serialNumber"])


# ── encryption ───────────────────────────────────────────────────────────────────────────────


async def test_https(folder: Folder) -> None:
    """With a certificate the same pages are served over TLS."""
    async with serving(web_config_file=folder.write(f"{TLS}}}")) as run:
        answer = await run.ask(tls=folder.trust())
        async with run.open() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            try:
                plain = await reader.read()
            except ConnectionError:
                plain = b""
    assert (answer.status, answer.body) == (200, b"hello /\n")
    assert b"hello" not in plain


async def test_url_says_https(folder: Folder) -> None:
    """What start() gives can be pasted into a browser."""
    server = Server(hello, [("127.0.0.1", 0)], web_config_file=folder.write(f"{TLS}}}"))
    (url,) = await server.start()
    await server.stop()
    assert url.startswith("https://127.0.0.1:")


async def test_idle_tls_clients_hold_nobody_up(folder: Folder) -> None:
    """Clients that never begin their handshake block no other, and are cut in the end."""
    limits = Limits(first_request=0.5)
    async with serving(web_config_file=folder.write(f"{TLS}}}"), limits=limits) as run:
        async with run.open() as (reader, _), run.open() as (other_reader, other):
            other.write(b"\x16\x03\x01")
            await wait_until(lambda: run.server.connections == 2)
            for _ in range(3):
                assert (await run.ask(tls=folder.trust())).status == 200
            async with asyncio.timeout(PATIENCE):
                for each in (reader, other_reader):
                    try:
                        await each.read()
                    except ConnectionError:
                        continue
        await wait_until(lambda: run.server.connections == 0)


async def test_stop_does_not_wait_for_handshakes(folder: Folder) -> None:
    """A client in the middle of its handshake is cut when the server stops."""
    config = folder.write(f"{TLS}}}")
    async with serving(web_config_file=config) as run, run.open() as (reader, _):
        await wait_until(lambda: run.server.connections == 1)
        async with asyncio.timeout(PATIENCE):
            await run.server.stop(PATIENCE * 2)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        assert run.server.connections == 0


async def test_handshakes_count_as_connections(folder: Folder) -> None:
    """Clients without a finished handshake use up the same limit, and make room for others."""
    config = folder.write(f"{TLS}}}")
    async with (
        serving(web_config_file=config, limits=Limits(connections=1)) as run,
        run.open() as (reader, _),
    ):
        await wait_until(lambda: run.server.connections == 1)
        assert (await run.ask(tls=folder.trust())).status == 200
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""


async def test_request_sent_with_the_end_of_the_handshake(folder: Folder) -> None:
    """A client that asks in the same breath as it ends its handshake is heard."""
    async with serving(web_config_file=folder.write(f"{TLS}}}")) as run:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = folder.trust().wrap_bio(incoming, outgoing, server_hostname="localhost")
        async with run.open() as (reader, writer), asyncio.timeout(PATIENCE):
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    incoming.write(await reader.read(65536))
            client.write(b"GET /early HTTP/1.1\r\nHost: h\r\n\r\n")
            writer.write(outgoing.read())
            received = b""
            while b"hello /early\n" not in received:
                try:
                    received += client.read()
                except ssl.SSLWantReadError:
                    incoming.write(await reader.read(65536))


@pytest.mark.parametrize(
    "settings,client_version,accepted",
    [
        ("", ssl.TLSVersion.TLSv1_2, True),
        (", min_version: TLS13", ssl.TLSVersion.TLSv1_2, False),
        (", min_version: TLS13", ssl.TLSVersion.TLSv1_3, True),
        (", max_version: TLS12", ssl.TLSVersion.TLSv1_3, False),
    ],
)
async def test_versions(
    folder: Folder, settings: str, client_version: ssl.TLSVersion, accepted: bool
) -> None:
    """Only the versions that are configured are spoken."""
    client = folder.trust()
    client.minimum_version = client.maximum_version = client_version
    async with serving(web_config_file=folder.write(f"{TLS}{settings}}}")) as run:
        assert await refused(run, client) is not accepted


async def test_cipher_suites(folder: Folder) -> None:
    """Of the suites up to TLS 1.2 only those configured are agreed on."""
    suites = "[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]"
    client = folder.trust()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    config = folder.write(f"{TLS}, cipher_suites: {suites}}}")
    async with serving(web_config_file=config) as run:
        async with run.open(client) as (_, writer):
            assert writer.get_extra_info("cipher")[0].endswith("-AES256-GCM-SHA384")
        client.set_ciphers("ECDHE+AES128")
        assert await refused(run, client)


# ── client certificates ──────────────────────────────────────────────────────────────────────


async def test_client_certificate_required(folder: Folder) -> None:
    """Only clients with a certificate of the right authority are answered."""
    config = folder.write(
        f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem}}"
    )
    async with serving(web_config_file=config) as run:
        assert (await run.ask(tls=folder.present("me"))).status == 200
        assert await refused(run, folder.trust())
        assert await refused(run, folder.present("me", by=trustme.CA()))
        assert len(run.requests) == 1


async def test_client_certificate_verified_if_given(folder: Folder) -> None:
    """No certificate is fine, a wrong one is not; the authority may stand in the file itself."""
    authority = folder.clients.cert_pem.bytes().decode().replace("\n", "\n    ")
    config = folder.write(
        "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
        "  client_auth_type: VerifyClientCertIfGiven\n"
        f"  client_ca: |\n    {authority}\n"
    )
    async with serving(web_config_file=config) as run:
        assert (await run.ask(tls=folder.trust())).status == 200
        assert (await run.ask(tls=folder.present("me"))).status == 200
        assert await refused(run, folder.present("me", by=trustme.CA()))


async def test_client_certificate_has_to_name_one_allowed(folder: Folder) -> None:
    """With allowed names, a certificate of the right authority needs one of them."""
    config = folder.write(
        f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem, "
        "client_allowed_sans: [prometheus.example.org, '2001:db8::1']}"
    )
    async with serving(web_config_file=config) as run:
        for name in ("prometheus.example.org", "2001:db8:0::1"):
            assert (await run.ask(tls=folder.present(name))).status == 200
        assert await refused(run, folder.present("other.example.org"))
        await wait_until(lambda: run.server.connections == 0)
        assert len(run.requests) == 2


# ── authentication and headers ───────────────────────────────────────────────────────────────


def basic(text: str) -> dict[str, str]:
    """The header that browsers send for user:password."""
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


def hashed(password: str, prefix: bytes = b"2b") -> str:
    """A quick bcrypt hash."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, prefix)).decode()


@pytest.mark.parametrize(
    "headers,status",
    [
        (basic("anna:s3crét:x"), 200),
        (basic("anna:s3crét:x") | {"X-Other": "1"}, 200),
        ({"Authorization": basic("anna:s3crét:x")["Authorization"].replace("Basic", "bAsIc")}, 200),
        (basic("anna:wrong"), 401),
        (basic("anna:"), 401),
        (basic("nobody:s3crét:x"), 401),
        (basic("anna"), 401),
        (basic("anna:" + "x" * 100), 401),
        (basic("anna:\0"), 401),
        ({"Authorization": "Basic !!!"}, 401),
        ({"Authorization": "Basic /////w=="}, 401),
        ({"Authorization": "Bearer token"}, 401),
        ({"Authorization": "Basic"}, 401),
        ({}, 401),
    ],
)
async def test_basic_authentication(folder: Folder, headers: dict[str, str], status: int) -> None:
    """Only a user with the right password sees any page; all else is one line and a 401."""
    users = f"basic_auth_users: {{anna: {hashed('s3crét:x')}, '1': {hashed('y', b'2a')}}}"
    async with serving(web_config_file=folder.write(users)) as run:
        answer = await run.ask("/livez", headers=headers)
        again = await run.ask("/livez", headers=headers)
        assert len(run.requests) == (2 if status == 200 else 0)
    assert answer.status == again.status == status
    if status == 401:
        assert answer.body == b"unauthorized\n"
        assert answer.headers["www-authenticate"] == 'Basic realm="exporter"'


async def test_wrong_password_stays_wrong_after_a_right_one(folder: Folder) -> None:
    """That a user was let in once does not let in who only knows the name."""
    users = folder.write(f"basic_auth_users: {{anna: {hashed('right')}}}")
    async with serving(web_config_file=users) as run:
        statuses = [
            (await run.ask(headers=basic(f"anna:{password}"))).status
            for password in ("wrong", "right", "wrong", "right")
        ]
    assert statuses == [401, 200, 401, 200]


async def test_headers_of_the_file_replace_ours(folder: Folder) -> None:
    """A header of the file holds for every answer; a blank one takes ours away."""
    config = folder.write(
        "http_server_config:\n  http2: false\n  headers:\n"
        "    X-Frame-Options: sameorigin\n    Content-Security-Policy: ''\n"
        "    Strict-Transport-Security: max-age=31536000\n"
    )
    async with serving(web_config_file=config) as run:
        headers = (await run.ask()).headers
    assert headers["x-frame-options"] == "sameorigin"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "content-security-policy" not in headers
    assert headers["x-content-type-options"] == "nosniff"


# ── reload ───────────────────────────────────────────────────────────────────────────────────


async def test_new_certificate_is_taken_over(folder: Folder) -> None:
    """A renewed certificate is shown to new clients without a restart; old connections live on."""
    config, trust = folder.write(f"{TLS}}}"), folder.trust()
    async with (
        serving(web_config_file=config, reload_every=0.02) as run,
        run.open(trust) as kept,
    ):
        before = await serial(run, trust)
        folder.write_certificate("renewed")
        async with asyncio.timeout(PATIENCE):
            while await serial(run, trust) == before:
                continue
        assert (await ask_on(*kept)).status == 200


async def test_file_can_add_and_change_what_protects(folder: Folder) -> None:
    """Users, TLS and headers come as the file says, and are changed by it."""
    config = folder.write("")
    async with serving(web_config_file=config, reload_every=3600) as run:
        assert (await run.ask()).status == 200
        assert await run.server.reload() is False

        folder.write(f"basic_auth_users: {{anna: {hashed('x')}}}")
        assert await run.server.reload() is True
        assert (await run.ask()).status == 401
        assert (await run.ask(headers=basic("anna:x"))).status == 200

        folder.write(f"basic_auth_users: {{ben: {hashed('y')}}}")
        assert await run.server.reload() is True
        assert (await run.ask(headers=basic("anna:x"))).status == 401
        assert (await run.ask(headers=basic("ben:y"))).status == 200

        folder.write(f"basic_auth_users: {{ben: {hashed('y')}}}\n{TLS}}}")
        assert await run.server.reload() is True
        assert (await run.ask(tls=folder.trust(), headers=basic("ben:y"))).status == 200


@pytest.mark.parametrize(
    "text,told",
    [
        ("", "tls_server_config is gone; "),
        ("basic_auth_users: {anna: HASH}", "tls_server_config is gone; "),
        ("TLS, client_auth_type: RequireAndVerifyClientCert, AUTHORITY}", "basic_auth_users is "),
        ("TLS}\nbasic_auth_users:", "basic_auth_users is gone; "),
        ("TLS}\nbasic_auth_users: {anna: HASH}", "tls_server_config.client_auth_type asks for "),
        ("TLS}\nTLS}", "line 2: tls_server_config stands in line 1 already"),
        ("basic_auth_users: {anna: HASH}\nbasic_auth_users:", "basic_auth_users stands in line"),
    ],
)
async def test_a_reload_takes_no_protection_away(
    folder: Folder, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    """An emptied, halved or doubled file is told of and leaves TLS, users and certificates."""
    tls = f"{TLS}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem}}"
    digest = hashed("x")
    config = folder.write(f"{tls}\nbasic_auth_users: {{anna: {digest}}}")
    async with serving(web_config_file=config, reload_every=3600) as run:
        client = folder.present("me")
        text = text.replace("TLS", TLS).replace("AUTHORITY", "client_ca_file: clients.pem")
        folder.write(text.replace("HASH", digest))
        for _ in range(2):
            assert await run.server.reload() is False
        assert (await run.ask(tls=client)).status == 401
        assert (await run.ask(tls=client, headers=basic("anna:x"))).status == 200
        assert await refused(run, folder.trust())
    assert capsys.readouterr().out.count(told) == 1


async def test_faulty_file_changes_nothing(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is logged once; what held before holds until the fault is mended."""
    config = folder.write(f"basic_auth_users: {{anna: {hashed('x')}}}")
    async with serving(web_config_file=config, reload_every=3600) as run:
        folder.write("basic_auth_users: {anna: password}\nnonsense: 1")
        assert [await run.server.reload() for _ in range(3)] == [False] * 3
        assert (await run.ask()).status == 401
        logged = capsys.readouterr().out
        assert logged.count("is not a bcrypt hash") == 1
        assert logged.count("nonsense is no such setting") == 1
        assert "password}" not in logged

        (folder.path / "web.yaml").unlink()
        assert await run.server.reload() is False
        assert (await run.ask(headers=basic("anna:x"))).status == 200

        folder.write(f"basic_auth_users: {{ben: {hashed('y')}}}")
        assert await run.server.reload() is True
        assert (await run.ask(headers=basic("ben:y"))).status == 200


async def test_a_fault_that_nobody_foresaw_does_not_end_reloading(
    folder: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a reload raises is told once without its text, and it is tried again."""
    config = folder.write(f"basic_auth_users: {{anna: {hashed('x')}}}")
    raised = 0

    def fail(_content: bytes, _path: str) -> object:
        nonlocal raised
        raised += 1
        message = "canary"
        raise MemoryError(message)

    async with serving(web_config_file=config, reload_every=0.01) as run:
        with monkeypatch.context() as patch:
            patch.setattr("exporter.server.web_files.parse_web_config", fail)
            folder.write(f"basic_auth_users: {{ben: {hashed('y')}}}")
            await wait_until(lambda: raised >= 3)
        async with asyncio.timeout(PATIENCE):
            while (await run.ask(headers=basic("ben:y"))).status != 200:
                continue
    logged = capsys.readouterr().out
    assert logged.count("MemoryError") == 1
    assert "canary" not in logged


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "large"])
async def test_only_regular_files_are_read(folder: Folder, kind: str) -> None:
    """What is no file of a reasonable size is told in a line; a FIFO holds nobody up."""
    place = folder.path / "odd"
    problem = "is no regular file"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "device":
        place.symlink_to("/dev/zero")
    else:
        place.write_bytes(b"#" * 5_000_000)
        problem = "is larger than 4 MiB"
    for config, named in (
        (str(place), f"{place}: "),
        (folder.write("tls_server_config: {cert_file: odd, key_file: odd}"), f": {place} "),
    ):
        server = Server(hello, [("127.0.0.1", 0)], web_config_file=config)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ServerError) as caught:
                await server.start()
        (line,) = caught.value.lines
        assert f"{named}can't be read: {problem}" in line


async def test_certificate_and_key_in_the_file_itself(folder: Folder) -> None:
    """As exporter-toolkit has it, both may be texts; faults name the key, never the value."""
    made = folder.authority.issue_cert("inline", "localhost")

    def indent(text: str) -> str:
        return text.replace("\n", "\n    ")

    chain = indent("".join(pem.bytes().decode() for pem in made.cert_chain_pems))
    key = indent(made.private_key_pem.bytes().decode())
    text = f"tls_server_config:\n  cert: |\n    {chain}\n  key: |\n    {key}\n"
    async with serving(web_config_file=folder.write(text)) as run:
        assert (await run.ask(tls=folder.trust())).status == 200
    broken = folder.write("tls_server_config: {cert: canary, key: canary}")
    with pytest.raises(ServerError) as caught:
        await Server(hello, [("127.0.0.1", 0)], web_config_file=broken).start()
    (line,) = caught.value.lines
    assert "tls_server_config.cert and tls_server_config.key can't be used: " in line
    assert "canary" not in line


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    "settings",
    [
        "min_version: TLS10, max_version: TLS11",
        "max_version: TLS12, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]",
    ],
)
async def test_tls_that_nobody_can_speak_is_told_at_start(folder: Folder, settings: str) -> None:
    """Versions, suites and certificate (here of an elliptic curve) have to leave something."""
    config = folder.write(f"{TLS}, {settings}}}")
    with pytest.raises(ServerError) as caught:
        await Server(hello, [("127.0.0.1", 0)], web_config_file=config).start()
    (line,) = caught.value.lines
    assert line.startswith(f"{config}: tls_server_config: no client can connect with these ")


@pytest.mark.parametrize("preferring,chosen", [("true", 1), ("false", 2)])
async def test_who_chooses_the_cipher_suite(folder: Folder, preferring: str, chosen: int) -> None:
    """The server does by its order, or the client by its own where the file says so."""
    suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    config = folder.write(
        f"{TLS}, max_version: TLS12, cipher_suites: [{suites}], "
        f"prefer_server_cipher_suites: {preferring}}}"
    )
    agreed = set()
    async with serving(web_config_file=config) as run:
        for order in ("AES128-GCM-SHA256", "AES256-GCM-SHA384"):
            client = folder.trust()
            client.maximum_version = ssl.TLSVersion.TLSv1_2
            other = "AES256-GCM-SHA384" if "128" in order else "AES128-GCM-SHA256"
            client.set_ciphers(f"ECDHE-ECDSA-{order}:ECDHE-ECDSA-{other}")
            async with run.open(client) as (_, writer):
                agreed.add(writer.get_extra_info("cipher")[0])
    assert len(agreed) == chosen


async def test_certificate_that_is_mended_is_taken_over(folder: Folder) -> None:
    """A certificate that does not fit its key changes nothing; when it fits, it is shown."""
    config, trust = folder.write(f"{TLS}}}"), folder.trust()
    async with serving(web_config_file=config, reload_every=3600) as run:
        before = await serial(run, trust)
        key = (folder.path / "server.key").read_bytes()
        folder.write_certificate("other")
        new_key = (folder.path / "server.key").read_bytes()
        (folder.path / "server.key").write_bytes(key)
        assert await run.server.reload() is False
        assert await serial(run, trust) == before

        (folder.path / "server.key").write_bytes(new_key)
        assert await run.server.reload() is True
        assert await serial(run, trust) != before


# ── what is wrong at start ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text,line",
    [
        (
            "tls_server_config: {cert_file: none.pem, key_file: server.key}",
            "{folder}/web.yaml: {folder}/none.pem can't be read: No such file or directory",
        ),
        (
            "tls_server_config: {cert_file: clients.pem, key_file: server.key}",
            "{folder}/web.yaml: {folder}/clients.pem and {folder}/server.key can't be used: key ",
        ),
        (
            "tls_server_config: {cert_file: web.yaml, key_file: server.key}",
            "{folder}/web.yaml: {folder}/web.yaml and {folder}/server.key can't be used: ",
        ),
        (
            "tls_server_config: {cert_file: server.pem, key_file: locked.key}",
            "{folder}/web.yaml: {folder}/locked.key is encrypted; takes a key without password",
        ),
        (
            TLS + ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: web.yaml}",
            "{folder}/web.yaml: {folder}/web.yaml can't be used: ",
        ),
        ("basic_auth_users: [", "{folder}/web.yaml line 1: is not YAML: "),
    ],
)
async def test_unusable_configuration_is_one_line(folder: Folder, text: str, line: str) -> None:
    """What the server can't be started with is told in a line that names file and reason."""
    key = (folder.path / "server.key").read_bytes()
    locked = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" + (
        b"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n" + key.split(b"\n", 1)[1]
    ).replace(b" EC ", b" RSA ")
    (folder.path / "locked.key").write_bytes(locked)
    server = Server(hello, [("127.0.0.1", 0)], web_config_file=folder.write(text))
    with pytest.raises(ServerError) as caught:
        await server.start()
    (told,) = caught.value.lines
    assert told.startswith(line.format(folder=folder.path))
    assert told.isprintable()


async def test_missing_file_and_port_in_use_are_told_together(tmp_path: Path) -> None:
    """All that keeps the server from starting is told at once."""
    async with serving() as run:
        server = Server(
            hello, [("127.0.0.1", run.port)], web_config_file=str(tmp_path / "none.yaml")
        )
        with pytest.raises(ServerError) as caught:
            await server.start()
    assert caught.value.lines == (
        f"{tmp_path}/none.yaml: can't be read: No such file or directory",
        f"can't listen on 127.0.0.1:{run.port}: Address already in use",
    )
