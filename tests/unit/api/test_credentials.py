from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from exporter.api.client import connect
from exporter.api.credentials import Credentials, load_credentials
from exporter.api.errors import CredentialsError

NOWHERE: Mapping[str, str] = {}


@pytest.fixture(autouse=True)
def _no_kubeconfig_of_mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a home folder nor the environment must have a say."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def config(
    user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A kubeconfig with one context `one`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [
            {"name": "c", "cluster": {"server": "https://10.0.0.1:6443", **(cluster or {})}}
        ],
        "users": [{"name": "u", "user": dict(user or {})}],
    }


def written(tmp_path: Path, value: object) -> str:
    """A kubeconfig's path."""
    file = tmp_path / "kubeconfig"
    file.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return str(file)


def read(file: Path) -> str:
    """The text of a file."""
    return file.read_text()


async def token_of(credentials: Credentials) -> str | None:
    """The Authorization header, at a time."""
    return await credentials.authorization(1000.0)


async def test_a_pod_finds_its_service_account(tmp_path: Path) -> None:
    """Address from the environment, token and authority from the mounted folder."""
    (tmp_path / "ca.crt").write_text("PEM")
    (tmp_path / "token").write_text("abc\n")
    environ = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    found = await load_credentials(environ=environ, account=tmp_path)
    assert found.server == "https://10.96.0.1:443"
    assert await token_of(found) == "Bearer abc"
    assert found.tls.ca_file == str(tmp_path / "ca.crt")
    six = await load_credentials(
        environ={**environ, "KUBERNETES_SERVICE_HOST": "fd00::1"}, account=tmp_path
    )
    assert six.server == "https://[fd00::1]:443"


async def test_a_pod_does_without_the_kubernetes_client(tmp_path: Path) -> None:
    """Its package costs 20 MB that a Pod need not have."""
    code = (
        "import asyncio, sys, pathlib\n"
        "from exporter.api import load_credentials\n"
        "environ = {'KUBERNETES_SERVICE_HOST': 'h', 'KUBERNETES_SERVICE_PORT': '1'}\n"
        f"account = pathlib.Path({str(tmp_path)!r})\n"
        "asyncio.run(load_credentials(environ=environ, account=account))\n"
        "print('kubernetes' in sys.modules)\n"
    )
    (tmp_path / "ca.crt").write_text("PEM")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out == b"False\n"


async def test_a_pod_without_its_service_account_is_told_so(tmp_path: Path) -> None:
    """automountServiceAccountToken: false is the usual cause."""
    environ = {"KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"}
    with pytest.raises(CredentialsError, match=r"ca.crt does not exist .automountService"):
        await load_credentials(environ=environ, account=tmp_path)


async def test_without_anything_all_places_are_named() -> None:
    """Whoever reads it knows what to give."""
    with pytest.raises(CredentialsError) as caught:
        await load_credentials(environ=NOWHERE)
    assert str(caught.value) == (
        "no API server to talk to: no --kubeconfig, no $KUBECONFIG, no ~/.kube/config,"
        " and not inside a Pod"
    )
    with pytest.raises(CredentialsError, match="no kubeconfig to look for the context 'x' in"):
        await load_credentials(None, "x", environ=NOWHERE)


async def test_places_are_looked_at_in_kubectls_order(tmp_path: Path) -> None:
    """The flag, the variable, the home folder."""
    (tmp_path / "home/.kube").mkdir(parents=True)
    home = tmp_path / "home/.kube/config"
    home.write_text(yaml.safe_dump(config({"token": "home"})))
    variable, flag = tmp_path / "variable", tmp_path / "flag"
    variable.write_text(yaml.safe_dump(config({"token": "variable"})))
    flag.write_text(yaml.safe_dump(config({"token": "flag"})))
    environ = {"KUBECONFIG": str(variable)}
    assert await token_of(await load_credentials(environ=NOWHERE)) == "Bearer home"
    assert await token_of(await load_credentials(environ=environ)) == "Bearer variable"
    assert await token_of(await load_credentials(str(flag), environ=environ)) == "Bearer flag"


async def test_a_kubeconfig_gives_all_of_a_connection(tmp_path: Path) -> None:
    """Server, authority, own certificate, server name, proxy, and whom to act as."""
    authority = trustme.CA()
    mine = authority.issue_cert("me@example.com")
    (tmp_path / "me.pem").write_bytes(mine.cert_chain_pems[0].bytes())
    (tmp_path / "me.key").write_bytes(mine.private_key_pem.bytes())
    value = config(
        {"client-certificate": "me.pem", "client-key": "me.key", "as": "auditor"},
        {
            "server": "https://10.0.0.1:6443/prefix/",
            "certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode(),
            "tls-server-name": "kubernetes",
            "proxy-url": "http://proxy:3128",
        },
    )
    found = await load_credentials(written(tmp_path, value), environ=NOWHERE)
    assert found.server == "https://10.0.0.1:6443/prefix"
    assert found.tls.cert_file == str(tmp_path / "me.pem")
    assert found.tls.server_name == "kubernetes"
    assert found.proxy == "http://proxy:3128"
    assert found.headers == (("Impersonate-User", "auditor"),)
    assert await token_of(found) is None
    assert found.tls.context().check_hostname is True


async def test_verification_is_left_out_only_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    """insecure-skip-tls-verify."""
    path = written(tmp_path, config(cluster={"insecure-skip-tls-verify": True}))
    found = await load_credentials(path, environ=NOWHERE)
    assert found.tls.verify is False
    assert found.tls.context().check_hostname is False


async def test_each_way_to_give_a_token(tmp_path: Path) -> None:
    """A token, a file with one (read again as it is replaced), a name and password, nothing."""
    (tmp_path / "token").write_text("from-file\n")
    for user, expected in (
        ({"token": "fixed"}, "Bearer fixed"),
        ({"tokenFile": "token"}, "Bearer from-file"),
        ({"token": "fixed", "tokenFile": "token"}, "Bearer from-file"),
        ({"username": "me", "password": "secret"}, "Basic bWU6c2VjcmV0"),
        ({}, None),
    ):
        found = await load_credentials(written(tmp_path, config(user)), environ=NOWHERE)
        assert await token_of(found) == expected
    found = await load_credentials(written(tmp_path, config({"tokenFile": "token"})), environ={})
    await token_of(found)
    (tmp_path / "token").write_text("newer")
    assert await found.tokens.authorization(2000.0) == "Bearer newer"


async def test_a_context_without_a_user_asks_as_nobody(tmp_path: Path) -> None:
    """Legal, and what a proxy in between may want."""
    value = config()
    del value["users"], value["contexts"][0]["context"]["user"]
    found = await load_credentials(written(tmp_path, value), environ=NOWHERE)
    assert await token_of(found) is None


async def test_files_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    """Empty ones, remarks alone and missing ones; in a Pod its service account is what is left."""
    (tmp_path / "empty").write_text("")
    (tmp_path / "remark").write_text("# nothing yet\n")
    paths = f"{tmp_path}/empty:{tmp_path}/remark:{tmp_path}/missing"
    with pytest.raises(CredentialsError, match="has no current context"):
        await load_credentials(paths, environ=NOWHERE)
    pod = {"KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1", "KUBECONFIG": paths}
    (tmp_path / "ca.crt").write_text("PEM")
    found = await load_credentials(environ=pod, account=tmp_path)
    assert found.origin == "the Pod's service account"
    whole = f"{paths}:{written(tmp_path, config())}"
    assert (await load_credentials(whole, environ=pod)).server == "https://10.0.0.1:6443"


async def test_nothing_proves_who_we_are_over_plain_http(tmp_path: Path) -> None:
    """Neither tokens nor certificates are sent, and no plugin is run; as for kubectl."""
    for user in (
        {"token": "x"},
        {"username": "me", "password": "x"},
        {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "nope"}},
    ):
        path = written(tmp_path, config(user, {"server": "http://10.0.0.1"}))
        found = await load_credentials(path, environ=NOWHERE)
        assert await token_of(found) is None


async def test_a_login_in_the_servers_url_is_sent_and_not_shown(tmp_path: Path) -> None:
    """As Go's HTTP client does where nothing else proves who we are."""
    path = written(tmp_path, config({}, {"server": "https://me:p%40ss@10.0.0.1:6443/x/"}))
    found = await load_credentials(path, environ=NOWHERE)
    assert found.server == "https://10.0.0.1:6443/x"
    assert await token_of(found) == "Basic bWU6cEBzcw=="


async def test_contexts_and_several_files(tmp_path: Path) -> None:
    """--context chooses, else the first file; missing ones are left out."""
    first, second = config({"token": "one"}), config({"token": "two"})
    second["contexts"][0]["name"] = second["current-context"] = "two"
    second["contexts"][0]["context"] = {"cluster": "c2", "user": "u2"}
    second["clusters"][0]["name"], second["users"][0]["name"] = "c2", "u2"
    (tmp_path / "a").write_text(yaml.safe_dump(first))
    (tmp_path / "b").write_text(yaml.safe_dump(second))
    paths = f"{tmp_path}/a:{tmp_path}/missing:{tmp_path}/b"
    assert await token_of(await load_credentials(paths, "two", environ=NOWHERE)) == "Bearer two"
    assert await token_of(await load_credentials(paths, environ=NOWHERE)) == "Bearer one"
    assert await token_of(await load_credentials(paths, "one", environ=NOWHERE)) == "Bearer one"


def broken(**changes: Any) -> dict[str, Any]:
    """A kubeconfig with something wrong."""
    value = config()
    for key, change in changes.items():
        value[key.replace("_", "-")] = change
    return value


@pytest.mark.parametrize(
    "value,message",
    [
        ("a:\n  - [", r"is not YAML: line 2$"),
        ("a: *canary", r"is not YAML: line 1$"),
        ("a: !canary b", r"is not YAML: line 1$"),
        ("\x00", "is not YAML$"),
        ("just text", "is no kubeconfig$"),
        ("[1, 2]", "is no kubeconfig$"),
        (broken(kind="Pod"), "is no kubeconfig: it is no Config of v1"),
        (broken(contexts=5), ": contexts should be a list$"),
        (broken(contexts=[5]), r": contexts\[0\] should be a map$"),
        (broken(contexts=[]), "has no context 'one' .it has none."),
        (broken(current_context=""), "has no current context: choose one with --context .it has"),
        (broken(current_context="two"), "has no context 'two' .it has one."),
        (broken(clusters=[]), "its context 'one' names a cluster that it does not have: 'c'"),
        (broken(users=[]), "its context 'one' names a user that it does not have: 'u'"),
        (broken(users=[{"name": "u"}] * 2), "has the user 'u' twice"),
        (broken(contexts=[{"name": "one"}]), "its context 'one' names no cluster"),
        (broken(clusters=[{"name": "c", "cluster": {}}]), ": cluster 'c': it names no server"),
        (broken(clusters=[{"name": "c", "cluster": None}]), ": cluster 'c': it names no server"),
        (
            config(cluster={"server": "https://a:99999"}),
            "the server 'https://a:99999' is no http or https URL",
        ),
        (config(cluster={"server": "https://[::1"}), "is no http or https URL"),
        (config(cluster={"server": "https://"}), "is no http or https URL"),
        (config(cluster={"server": "https://a b"}), "is no http or https URL"),
        (config(cluster={"server": 5}), r": clusters\[0\].cluster.server should be text"),
        (
            config(cluster={"proxy-url": "htp://me:canary@p:1"}),
            ": cluster 'c': the proxy 'htp://p:1' is no http, https or socks5 URL",
        ),
        (
            config(cluster={"certificate-authority": "missing.pem"}),
            ": cluster 'c': certificate-authority .*/missing.pem can't be read: No such file",
        ),
        (
            config(cluster={"certificate-authority-data": "%%%"}),
            ": cluster 'c': certificate-authority-data is not base64",
        ),
        (
            config(cluster={"certificate-authority-data": "YWJj"}),
            "the authority data of the kubeconfig can't be used: no certificate in it can be read",
        ),
        (
            config(cluster={"insecure-skip-tls-verify": "yes"}),
            r"clusters\[0\].cluster.insecure-skip-tls-verify should be true or false",
        ),
        (
            config({"client-certificate": "no.pem", "client-key": "no.pem"}),
            ": user 'u': client-certificate .*/no.pem can't be read: No such file",
        ),
        (config({"client-certificate": "no.pem"}), "client-certificate needs a client-key"),
        (config({"tokenFile": "missing"}), "the token file .*/missing can't be read: No such file"),
        (config({"token": 5}), r": users\[0\].user.token should be text"),
        (config({"token": "canary\n"}), ": user 'u': token holds a line break or another sign"),
        (config({"as": "a\rcanary"}), ": user 'u': as holds a line break"),
        (config({"as-groups": ["a"]}), "as-uid, as-groups or as-user-extra need an `as`"),
        (config({"token": "a", "username": "b"}), "a token and a username are both set"),
        (config({"exec": {}}), ": user 'u': exec names no command"),
        (config({"auth-provider": {"name": "azure"}}), "auth-provider 'azure' is none that is"),
        (
            config({"auth-provider": {"name": "oidc", "config": {"client-id": "x"}}}),
            "auth-provider oidc needs idp-issuer-url",
        ),
    ],
)
async def test_a_broken_kubeconfig_is_one_clear_line(
    tmp_path: Path, value: object, message: str
) -> None:
    """It names the file and what is wrong with it; no traceback, no silent default."""
    path = written(tmp_path, value)
    with pytest.raises(CredentialsError, match=message) as caught:
        await connect(path)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


async def test_a_kubeconfig_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Most often a typing error in a flag."""
    with pytest.raises(CredentialsError, match=r"the kubeconfig .*/nope does not exist"):
        await load_credentials(str(tmp_path / "nope"), environ=NOWHERE)


async def test_a_kubeconfig_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    """A folder is none."""
    with pytest.raises(CredentialsError, match="can't be read: Is a directory"):
        await load_credentials(str(tmp_path), environ=NOWHERE)


@pytest.mark.parametrize(
    "content,message",
    [(b"nonsense", "the authority file .* can't be used"), (None, "No such file or directory")],
)
async def test_an_authority_file_that_is_none_is_told_before_the_first_request(
    tmp_path: Path, content: bytes | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start, not as a failed list."""
    file = tmp_path / "ca.pem"
    file.write_bytes(b"nonsense")
    path = written(tmp_path, config(cluster={"certificate-authority": "ca.pem"}))
    if content is None:
        found = await load_credentials(path, environ=NOWHERE)
        file.unlink()
        with pytest.raises(CredentialsError, match=message):
            found.tls.context()
        return
    with pytest.raises(CredentialsError, match=message):
        await connect(path)
