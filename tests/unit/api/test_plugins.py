from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

from exporter.api import plugins
from exporter.api.credentials import Credentials, load_credentials
from exporter.api.errors import CredentialsError

V1 = "client.authentication.k8s.io/v1"


def gives(status: Mapping[str, Any], **more: Any) -> str:
    """A program that prints a credential."""
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": dict(status), **more}
    return f"print({json.dumps(json.dumps(credential))})"


async def load(tmp_path: Path, body: str, **entry: Any) -> Credentials:
    """The credentials of a kubeconfig whose user has this program."""
    program = tmp_path / "plugin"
    program.write_text(f"#!{sys.executable}\n{body}\n")
    program.chmod(0o700)
    exec_ = {"apiVersion": V1, "command": "./plugin", "interactiveMode": "Never", **entry}
    config = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"}}],
        "users": [{"name": "u", "user": {"exec": exec_}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(config))
    return await load_credentials(str(file), environ={})


async def test_a_plugin_gives_a_token_and_is_asked_again_when_it_expires(tmp_path: Path) -> None:
    """As cloud providers do; it is asked with the first request, not before."""
    asked = tmp_path / "asked"
    asked.touch()
    counted = f"open({str(asked)!r}, 'a').write('x')\n"
    given = gives({"token": "abc", "expirationTimestamp": "2026-11-20T08:00:00Z"})
    found = await load(tmp_path, counted + given)
    assert asked.read_text() == ""
    assert await found.authorization(1795161600.0 - 3600) == "Bearer abc"
    assert await found.authorization(1795161600.0 - 30) == "Bearer abc"
    assert asked.read_text() == "x"
    assert await found.authorization(1795161600.0 - 5) == "Bearer abc"
    assert asked.read_text() == "xx"
    found.tokens.drop()
    await found.authorization(1795161600.0 - 3600)
    assert asked.read_text() == "xxx"


async def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    """It is used as one of the kubeconfig's own would be, and no file is left of it."""
    mine = trustme.CA().issue_cert("me@example.com")
    pair = {
        "clientCertificateData": mine.cert_chain_pems[0].bytes().decode(),
        "clientKeyData": mine.private_key_pem.bytes().decode(),
    }
    found = await load(tmp_path, gives(pair))
    before = found.tls.context()
    assert await found.authorization(0.0) is None
    assert found.tls.context() is not before
    assert found.tls.cert_data == pair["clientCertificateData"].encode()


@pytest.mark.parametrize(
    "body,told",
    [
        ("raise SystemExit(3)", "failed: it ended with status 3; run it by hand to see why"),
        (
            "import os; os.kill(os.getpid(), 15)",
            "failed: it was ended by signal 15; run it by hand",
        ),
        ("print('canary')", "failed: what it printed is no ExecCredential"),
        ("print('{}')", "failed: what it printed is no ExecCredential"),
        (gives({"token": 5}), "failed: what it printed is no ExecCredential"),
        (gives({"token": "x"}, kind="canary"), "failed: what it printed is no ExecCredential"),
        (gives({"token": "x"}, apiVersion="canary"), "failed: it did not answer in the version"),
        (gives({}), "gave neither a token nor a certificate"),
        (gives({"clientCertificateData": "canary"}), "gave only one of a certificate and its key"),
        (gives({"token": "canary\n"}), "gave a token that no header can hold"),
        ("print('x' * 2_000_000)", "failed: what it printed is no ExecCredential"),
    ],
)
async def test_a_plugin_that_fails_is_told(tmp_path: Path, body: str, told: str) -> None:
    """In one line that shows nothing of what it printed."""
    found = await load(tmp_path, "import sys; print('canary', file=sys.stderr)\n" + body)
    with pytest.raises(CredentialsError) as caught:
        await found.authorization(0.0)
    assert str(caught.value).startswith(f"the credential plugin './plugin' {told}")
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


async def test_a_plugin_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    """Its hint, in one line; and what can't be run is told apart."""
    hint = "get it\nfrom example.com"
    found = await load(tmp_path, "", command="not-there-at-all", installHint=hint)
    with pytest.raises(CredentialsError, match=r"is not installed: get it from example\.com$"):
        await found.authorization(0.0)
    found = await load(tmp_path, "", command="./kubeconfig")
    with pytest.raises(CredentialsError, match=r"can't be run: it is no program that we may run$"):
        await found.authorization(0.0)


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what another process does; a test that waits in vain hangs until its time-out."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # no event comes from another process
            await asyncio.sleep(0.01)


HANGS = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"])
open({file!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(300)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_plugin_that_hangs_is_stopped_with_all_it_started(
    tmp_path: Path, cancelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time, or when nobody waits any more: none stays behind."""
    monkeypatch.setattr(plugins, "PLUGIN_PATIENCE", 300.0 if cancelled else 2.0)
    file = tmp_path / "pids"
    found = await load(tmp_path, HANGS.format(file=str(file)))
    asking = asyncio.ensure_future(found.authorization(0.0))
    if cancelled:
        await until(lambda: file.exists() and len(file.read_text().split()) == 2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    else:
        with pytest.raises(CredentialsError, match="gave no answer in 2 s and was stopped"):
            await asking
    pids = [int(pid) for pid in file.read_text().split()]
    await until(lambda: not any(runs(pid) for pid in pids))


async def test_what_a_plugin_left_running_is_not_waited_for(tmp_path: Path) -> None:
    """A helper that keeps the output open (an agent with a cache) does not hold us up."""
    body = (
        "import subprocess\n"
        "agent = subprocess.Popen(['sleep', '300'])\n"
        f"open({str(tmp_path / 'agent')!r}, 'w').write(str(agent.pid))\n"
    )
    found = await load(tmp_path, body + gives({"token": "abc"}))
    assert await found.authorization(0.0) == "Bearer abc"
    os.kill(int((tmp_path / "agent").read_text()), 9)
