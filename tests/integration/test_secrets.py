"""Secrets never show: a distinct one in every place that can hold one, and every way to fail."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest
import trustme
import yaml

from exporter.api import ApiError, plugins
from exporter.api.client import Client
from exporter.api.credentials import load_credentials
from exporter.engine.feed import list_once
from exporter.reflector import Plan
from exporter.sim.simulation import Plan as SimulationPlan
from exporter.sim.simulation import simulate
from tests.integration.commandline import environment, finish, read_until
from tests.integration.receiving import Receiver

#: Whatever contains it is a secret, in plain or in base64 at any of its three offsets.
MARK = "canary"
MARKS = (MARK, "Y2FuYXJ5", "NhbmFye", "jYW5hcn")

Json = dict[str, Any]


def secret(name: str) -> str:
    """A secret that says where it was planted."""
    return f"{MARK}-{name}"


def shown(text: str) -> list[str]:
    """The lines of a text that show a secret."""
    return [line for line in text.splitlines() if any(mark in line for mark in MARKS)]


def kubeconfig(server: str, user: Json, **cluster: Any) -> Json:
    """A kubeconfig with one context."""
    return {
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user}],
    }


def encoded(name: str) -> str:
    """A secret as a `…-data` key has it."""
    return base64.b64encode(secret(name).encode()).decode()


LOGIN = f"{secret('url-user')}:{secret('url-password')}@"

USERS: Mapping[str, Json] = {
    "token": {"token": secret("token")},
    "token and file": {"token": secret("token"), "tokenFile": "no-file"},
    "password": {"username": "me", "password": secret("password")},
    "certificate": {
        "client-certificate-data": encoded("certificate"),
        "client-key-data": encoded("key"),
    },
    "plugin": {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "command": "./plugin",
            "args": ["--password", secret("argument")],
            "env": [{"name": "PASSWORD", "value": secret("variable")}],
            "provideClusterInfo": True,
        }
    },
    "oidc": {
        "auth-provider": {
            "name": "oidc",
            "config": {
                "idp-issuer-url": f"https://{LOGIN}127.0.0.1:1/",
                "client-id": "cli",
                "client-secret": secret("client-secret"),
                "id-token": secret("id-token"),
                "refresh-token": secret("refresh-token"),
            },
        }
    },
    "azure": {"auth-provider": {"name": "azure", "config": {"access-token": secret("azure")}}},
}
CLUSTER: Json = {
    "server": f"https://{LOGIN}127.0.0.1:1/?token={secret('query')}",
    "proxy-url": f"http://{LOGIN}127.0.0.1:1",
    "certificate-authority-data": encoded("authority"),
    "extensions": [
        {"name": "client.authentication.k8s.io/exec", "extension": {"key": secret("extension")}}
    ],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document, inner ones too."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


#: What a value may be instead; the last two stand for a second line and for none at all.
CHANGES = (None, 5, True, "", [secret("list")], {"x": secret("map")}, "\n", ...)


def spoilt(whole: Json) -> Iterator[Json]:
    """The document with one value missing, of another type, or mistyped; for each value of it."""
    for path in places(whole):
        for change in CHANGES:
            made = copy.deepcopy(whole)
            at = made
            for key in path[:-1]:
                at = at[key]
            if change is ...:
                del at[path[-1]]
            elif change == "\n" and isinstance(at[path[-1]], str):
                at[path[-1]] = f"{at[path[-1]]}\nsecond line"
            else:
                at[path[-1]] = change
            yield made


async def complaint(path: Path) -> str:
    """What is said when all of a kubeconfig is used, "" when nothing is wrong with it."""
    try:
        found = await load_credentials(str(path), environ={})
        await found.authorization(0.0)
        if found.server.startswith("https:"):
            found.tls.context()
        async with Client(found) as client:
            await list_once(client, Plan("services"), patience=0.0)
    except ApiError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
async def test_no_kubeconfig_however_spoilt_shows_a_secret(user: Json, tmp_path: Path) -> None:
    """Bad types, missing keys, line breaks: each line names the file, the entry and the key."""
    (tmp_path / "plugin").write_text(f"#!/bin/sh\necho {secret('printed')} >&2\nexit 3\n")
    (tmp_path / "plugin").chmod(0o700)
    file = tmp_path / "kubeconfig"
    seen: set[str] = set()
    for whole in (
        kubeconfig(CLUSTER["server"], user, **{k: v for k, v in CLUSTER.items() if k != "server"}),
        kubeconfig("https://127.0.0.1:1", user),
    ):
        for made in (whole, *spoilt(whole)):
            file.write_text(json.dumps(made))
            told = await complaint(file)
            assert not shown(told)
            assert "\n" not in told
            seen.add(told)
    assert len(seen) > 10


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
async def test_no_kubeconfig_that_is_no_yaml_shows_a_secret(user: Json, tmp_path: Path) -> None:
    """Cut off, or with a sign that YAML gives a meaning: its parser would quote what it read."""
    text = yaml.safe_dump(kubeconfig("https://127.0.0.1:1", user))
    file = tmp_path / "kubeconfig"
    for sign in ("@", "*", "&", "!", "%", "{", "[", "'", '"', "\t", "\x00", "- ", ": ", "? ", "|"):
        file.write_text(text.replace(MARK, sign + MARK))
        assert not shown(await complaint(file)), sign
    for at in range(0, len(text), 7):
        file.write_text(text[:at] + "\n]")
        assert not shown(await complaint(file)), at


@pytest.mark.parametrize(
    "status",
    ["200 OK", "302 Found", "401 Unauthorized", "403 Forbidden", "407 Proxy", "500 Oops", "503 No"],
)
@pytest.mark.parametrize("form", ["status", "text", "json", "html", "header"])
async def test_a_server_that_repeats_what_it_was_sent_is_not_believed(
    status: str, form: str, tmp_path: Path
) -> None:
    """Its message is shown, and our login in it is not."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = base64.b64encode(authority.cert_pem.bytes()).decode()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            found = re.search("authorization: (.*)\r", head, re.IGNORECASE)
            sent = found[1] if found else "nothing"
            body = {
                "status": json.dumps({"kind": "Status", "message": f"bad {sent}"}),
                "text": f"bad {sent}",
                "json": json.dumps({"error": f"bad {sent}"}),
                "html": f"<title>bad {sent}</title>",
                "header": "",
            }[form]
            more = f"Warning: 299 - {sent}\r\nX: {sent}\r\nLocation: /{sent}\r\n"
            writer.write(f"HTTP/1.1 {status}\r\n{more}Connection: close\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    data = {"certificate-authority-data": trusted}
    file = tmp_path / "kubeconfig"
    try:
        for made in (
            kubeconfig(url, USERS["token"], **data),
            kubeconfig(url, USERS["password"], **data),
            kubeconfig(url.replace("//", f"//{LOGIN}"), {}, **data),
        ):
            file.write_text(json.dumps(made))
            told = await complaint(file)
            assert told
            assert not shown(told)
    finally:
        server.close()


async def test_a_plugin_that_hangs_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what it printed nor what it was given."""
    monkeypatch.setattr(plugins, "PLUGIN_PATIENCE", 0.5)
    (tmp_path / "plugin").write_text(f"#!/bin/sh\necho {secret('printed')}\nexec sleep 60\n")
    (tmp_path / "plugin").chmod(0o700)
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(kubeconfig("https://127.0.0.1:1", USERS["plugin"])))
    told = await complaint(file)
    assert "gave no answer" in told
    assert not shown(told)


# ── the program itself ───────────────────────────────────────────────────────────────────────

PASSWORD = secret("web-password")
LOGGED_IN = f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}"
PAGES = ("/", "/metrics", "/readyz?verbose", "/healthz", "/livez", "/api/v1/services", "/nowhere")


@contextlib.asynccontextmanager
async def program(*words: str, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program with this environment, killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exporter",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**env),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_running_exporter_shows_no_secret(tmp_path: Path) -> None:
    """Log, pages, metrics and API, while nothing can be read and each reload of a file fails."""
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig(f"https://{LOGIN}127.0.0.1:1", USERS["token"])))
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    web = tmp_path / "web.yaml"
    good = yaml.safe_dump({"basic_auth_users": {"me": hashed}})
    web.write_text(good)
    words = ("--kubeconfig", str(path), "--web.config.file", str(web), "--log.level", "debug")
    gathered: list[str] = []
    async with (
        program("run", *words, "--web.listen-address", "127.0.0.1:0") as process,
        aiohttp.ClientSession() as session,
    ):
        line = await read_until(process.stderr, "listening")
        gathered.append(line)
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", line)
        for broken in (
            good,
            f"basic_auth_users: {{me: '{secret('no-hash')}'}}\n",
            f"basic_auth_users: [{secret('list')}]\n",
            f"basic_auth_users: *{secret('alias')}\n",
            f"tls_server_config: {{cert: '{secret('cert')}', key: '{secret('key')}'}}\n",
        ):
            web.write_text(broken)
            for page in PAGES:
                for headers in ({}, {"Authorization": LOGGED_IN}):
                    async with session.get(url + page, headers=headers) as answer:
                        gathered += [await answer.text(), repr(answer.headers)]
        process.terminate()
        _, out, err = await finish(process)
        gathered += [out, err]
    text = "\n".join(gathered).replace(hashed, secret("hash"))
    assert "127.0.0.1:1 refuses the connection" in text
    assert not shown(text)


@pytest.mark.parametrize("command", [("run", "--web.listen-address", "127.0.0.1:0"), ("get", "-A")])
async def test_proxies_and_settings_show_no_secret(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """A proxy of the environment, mistyped or away; settings and their files that are wrong."""
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig("https://192.0.2.1:6443", {})))
    settings = tmp_path / "settings.yaml"
    for content, env in (
        ("", {"HTTPS_PROXY": f"htp://{LOGIN}127.0.0.1:1"}),
        ("", {"HTTPS_PROXY": f"http://{LOGIN}127.0.0.1:port"}),
        (f"web.external-url: http://{LOGIN}host:port\n", {}),
        (f"web.external-url: [http://{LOGIN}host]\n", {}),
        (f"web.external-url: *{secret('alias')}\n", {}),
        ("", {"ENDPOINTS_EXPORTER_WEB_EXTERNAL_URL": f"https://{LOGIN}host"}),
        (f"notify.url: htp://{LOGIN}host/{secret('path')}\n", {}),
        (f"notify.url: 'https://host:port/{secret('path')}'\n", {}),
        (f"notify.url: [https://host/{secret('path')}, https://{LOGIN}host/]\n", {}),
        (f"notify.url: https://{LOGIN}host/\nnotify.token-file: token\n", {}),
        ("", {"ENDPOINTS_EXPORTER_NOTIFY_URL": secret("no-url")}),
    ):
        settings.write_text(content)
        words = (*command, "--kubeconfig", str(path), "--config", str(settings))
        async with program(*words, **env) as process:
            status, out, err = await finish(process)
        assert status != 0
        assert err
        assert not shown(out + err), content or env


@pytest.mark.parametrize("place", ["flag", "file"])
async def test_a_receiver_that_can_not_be_told_shows_no_secret(place: str, tmp_path: Path) -> None:
    """Login, path, query and token of a receiver that refuses, moves and echoes, and is away."""
    (tmp_path / "token").write_text(secret("token"))
    echo = f"302 Found\r\nLocation: http://{LOGIN}127.0.0.1:1/{secret('moved')}"
    answers = (f"500 {secret('phrase')}", echo)
    async with (
        Receiver(*answers).listening() as receiver,
        simulate(SimulationPlan(scenarios=("web-shop",), speed=0.01)) as server,
    ):
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(kubeconfig(server.url, {})))
        where = f"127.0.0.1:{receiver.port}/{secret('path')}?key={secret('query')}"
        (tmp_path / "url").write_text(f"http://{where}")
        told = ["--notify.url", f"http://{LOGIN}{where}"]
        if place == "file":
            told = ["--notify.url-file", str(tmp_path / "url")]
            told += ["--notify.token-file", str(tmp_path / "token")]
        words = ["run", "--kubeconfig", str(path), "--log.level", "debug"]
        words += [*told, "--notify.interval", "100ms", "--web.listen-address", "127.0.0.1:0"]
        async with program(*words) as process:
            first = await read_until(process.stderr, "first reports are out")
            (name,) = (
                one["metadata"]["name"]
                for one in server.store.objects("EndpointSlice")
                if one["metadata"]["labels"].get("kubernetes.io/service-name") == "catalog"
            )
            server.store.delete("EndpointSlice", "shop", name)
            kept = await read_until(process.stderr, "can't be told, and are kept")
            refused = await read_until(process.stderr, "changes are refused")
            process.terminate()
            _, out, err = await finish(process)
    assert all(f"/{secret('path')}?key={secret('query')} " in head for head in receiver.heads)
    sent = "Basic" if place == "flag" else f"Bearer {secret('token')}"
    assert all(f"uthorization: {sent}" in head for head in receiver.heads)
    assert f"http://127.0.0.1:{receiver.port} answers 500" in kept
    assert f"http://127.0.0.1:{receiver.port} answers 302" in refused
    assert not shown(first + kept + refused + out + err)
