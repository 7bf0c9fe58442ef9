"""Kubeconfigs as data: what people have, and what they mistype. kubectl says what is right."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.e2e.parity.servers import make_token

Json = dict[str, Any]

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"

#: Answers, after having written down what it was told.
PLUGIN = """#!/bin/sh
here=$(dirname "$0")
{
  echo "info $KUBERNETES_EXEC_INFO"
  echo "folder $PWD"
  echo "own $PLUGIN_OWN"
  for word in "$@"; do echo "word $word"; done
} >> "$here/told"
cat "$here/credential"
"""


class World(msgspec.Struct, frozen=True):
    """What kubeconfigs may speak of: addresses of servers, and certificates as PEM."""

    https: str
    http: str
    socks: str
    http_proxy: str
    https_proxy: str
    issuer: str
    form_issuer: str
    authority: bytes
    other_authority: bytes
    alice: bytes
    alice_key: bytes
    bob: bytes
    bob_key: bytes

    def config(self, user: Json | None = None, cluster: Json | None = None, **more: Any) -> Json:
        """A kubeconfig with one context, which trusts the server."""
        trusted: Json = {"server": self.https}
        trusted |= {"certificate-authority-data": encode(self.authority), **(cluster or {})}
        trusted = {key: value for key, value in trusted.items() if value is not ...}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "one",
            "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": trusted}],
            "users": [{"name": "u", "user": {"token": "abc"} if user is None else user}],
            **more,
        }


def encode(data: bytes) -> str:
    """As a `…-data` key has it."""
    return base64.b64encode(data).decode()


Files = Mapping[str, object]


class Case(msgspec.Struct, frozen=True):
    """`make` gives the files of a folder: text, bytes, or what is written as YAML.

    `paths` are those that $KUBECONFIG names, below the folder. `accepted` is what kubectl says of
    it; the test fails where it says otherwise.
    """

    name: str
    make: Callable[[World], Files]
    accepted: bool = True
    paths: tuple[str, ...] = ("config",)
    words: tuple[str, ...] = ()
    environment: Callable[[World], Mapping[str, str]] = lambda _world: {}
    flag: bool = False


def one(name: str, user: Json | None = None, accepted: bool = True, **cluster: Any) -> Case:
    """One file with one context."""
    cluster = {key.replace("_", "-"): value for key, value in cluster.items()}
    return Case(name, lambda world: {"config": world.config(user, cluster)}, accepted)


def made(name: str, make: Callable[[World], Files], accepted: bool = True, **more: Any) -> Case:
    """Files that know the world."""
    return Case(name, make, accepted, **more)


def plugin(
    name: str,
    status: Json,
    accepted: bool = True,
    *,
    version: str = V1,
    answer: object = None,
    cluster: Json | None = None,
    command: str = "./bin/plug",
    **exec_: Any,
) -> Case:
    """A user whose credentials come from a program beside the kubeconfig."""
    entry = {"apiVersion": version, "command": command, "interactiveMode": "Never", **exec_}
    entry = {key: value for key, value in entry.items() if value is not ...}
    credential = {"apiVersion": version, "kind": "ExecCredential", "status": status}
    return Case(
        name,
        lambda world: {
            "config": world.config({"exec": entry}, cluster),
            "bin/plug": PLUGIN,
            "bin/credential": credential if answer is None else answer,
        },
        accepted,
    )


def oidc(name: str, config: Callable[[World], Json], accepted: bool = True) -> Case:
    """A user with the `oidc` auth-provider."""
    return Case(
        name,
        lambda world: {
            "config": world.config(
                {
                    "auth-provider": {
                        "name": "oidc",
                        "config": {
                            "idp-issuer-url": f"{world.issuer}/realm",
                            "idp-certificate-authority-data": encode(world.authority),
                            "client-id": "cli",
                            **config(world),
                        },
                    }
                }
            )
        },
        accepted,
    )


def _two_files(world: World) -> Files:
    first = world.config(None, None, users=[], **{"current-context": "two"})
    first["contexts"] = [{"name": "two", "context": {"cluster": "c", "user": "alice"}}]
    second = {
        "users": [
            {"name": "alice", "user": {"client-certificate": "me.pem", "client-key": "me.key"}}
        ],
        "current-context": "elsewhere",
    }
    return {
        "config": first,
        "sub/config": second,
        "sub/me.pem": world.alice,
        "sub/me.key": world.alice_key,
    }


def _same_names(world: World) -> Files:
    return {
        "config": world.config({"token": "first"}),
        "sub/config": world.config({"token": "second", "as": "somebody"}),
    }


def _certificate_files(world: World) -> Files:
    return {
        "config": world.config(
            {"client-certificate": "me.pem", "client-key": "keys/me.key"},
            {"certificate-authority": "ca.pem", "certificate-authority-data": ...},
        ),
        "ca.pem": world.authority,
        "me.pem": world.alice,
        "keys/me.key": world.alice_key,
    }


def _data_and_file(world: World) -> Files:
    return {
        "config": world.config(
            None, {"certificate-authority": "ca.pem", "certificate-authority-data": ""}
        ),
        "ca.pem": world.authority,
    }


def _both(world: World) -> Files:
    return {
        "config": world.config(None, {"certificate-authority": "ca.pem"}),
        "ca.pem": world.authority,
    }


def _broken_entry(kind: str, value: Any) -> Callable[[World], Files]:
    return lambda world: {"config": world.config(**{kind: value})}


def _proxied(user: Json | None, proxy: Callable[[World], str]) -> Callable[[World], Files]:
    """The server under a name that only a proxy can find."""
    return lambda world: {
        "config": world.config(
            user, {"server": "https://kubernetes.test:6443", "proxy-url": proxy(world)}
        )
    }


def _named(world: World) -> Files:
    return {"config": world.config(None, {"server": "https://kubernetes.test:6443"})}


def _login(url: str) -> str:
    return url.replace("://", "://proxy-user:p%40ss@")


CLUSTER_TOLD = {
    "tls-server-name": "kubernetes.test",
    "extensions": [
        {"name": "other", "extension": {"not": "for it"}},
        {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x", "deep": [1]}},
    ],
}

CASES = [
    # who we are
    one("a token"),
    one("a token of signs", {"token": "a.b-c_d~e+f/g=="}),
    made("a token in a file", lambda w: {"config": w.config({"tokenFile": "t"}), "t": " filed\n"}),
    made(
        "a token and a file",
        lambda w: {"config": w.config({"token": "inline", "tokenFile": "t"}), "t": "filed"},
    ),
    made(
        "a token and a file that is not there",
        lambda w: {"config": w.config({"token": "inline", "tokenFile": "t"})},
    ),
    made(
        "a file of tokens that is not there",
        lambda w: {"config": w.config({"tokenFile": "t"})},
        False,
    ),
    one("a name and a password", {"username": "me", "password": "p:ä ss"}),
    one("a name without a password", {"username": "me"}),
    one("a token and a name", {"token": "a", "username": "me", "password": "x"}, False),
    one("nulls are unset", {"token": "abc", "username": None, "exec": None, "as-groups": None}),
    one("a token that is a number", {"token": 12345}, False),
    one("a token with a line break", {"token": "abc\n"}, False),
    one("a certificate of texts", {"client-certificate": 5}, False),
    made("certificates in files", _certificate_files),
    made(
        "certificates as data",
        lambda w: {
            "config": w.config(
                {
                    "client-certificate-data": encode(w.alice),
                    "client-key-data": encode(w.alice_key),
                }
            )
        },
    ),
    made(
        "a certificate without a key",
        lambda w: {"config": w.config({"client-certificate-data": encode(w.alice)})},
        False,
    ),
    made(
        "a certificate with another's key",
        lambda w: {
            "config": w.config(
                {"client-certificate-data": encode(w.alice), "client-key-data": encode(w.bob_key)}
            )
        },
        False,
    ),
    one("certificate data that are not base64", {"client-certificate-data": "%%%"}, False),
    one(
        "a certificate file that is not there",
        {"client-certificate": "x", "client-key": "y"},
        False,
    ),
    made(
        "a certificate and a token",
        lambda w: {
            "config": w.config(
                {
                    "token": "abc",
                    "client-certificate-data": encode(w.bob),
                    "client-key-data": encode(w.bob_key),
                }
            )
        },
    ),
    # as somebody else
    one("as a user", {"token": "a", "as": "auditor"}),
    one(
        "as a user with all of it",
        {
            "token": "a",
            "as": "auditor",
            "as-uid": "u-1",
            "as-groups": ["dev", "system:masters"],
            "as-user-extra": {"scopes": ["view", "list"], "acme.com/Team x%": ["ä"]},
        },
    ),
    one("as groups of nobody", {"token": "a", "as-groups": ["dev"]}, False),
    # the cluster
    one(
        "without verification",
        None,
        True,
        insecure_skip_tls_verify=True,
        certificate_authority_data=...,
    ),
    one("without verification but with an authority", None, False, insecure_skip_tls_verify=True),
    one("verification null", None, True, insecure_skip_tls_verify=None),
    one("verification as a text", None, False, insecure_skip_tls_verify="true"),
    one("an unknown authority", None, False, certificate_authority_data=...),
    made(
        "another's authority",
        lambda w: {
            "config": w.config(None, {"certificate-authority-data": encode(w.other_authority)})
        },
        False,
    ),
    made("empty data beside a file", _data_and_file),
    made("data and a file", _both, False),
    one("authority data that are no certificate", None, False, certificate_authority_data="YWJj"),
    made(
        "authority data in lines",
        lambda w: {
            "config": w.config(
                None, {"certificate-authority-data": base64.encodebytes(w.authority).decode()}
            )
        },
    ),
    made(
        "an authority with remarks",
        lambda w: {
            "config": w.config(
                None,
                {"certificate-authority-data": encode("Größe\n".encode() + w.authority + b"end")},
            )
        },
    ),
    one("a name of the server", None, True, tls_server_name="kubernetes.test"),
    one("a wrong name of the server", None, False, tls_server_name="other.test"),
    made(
        "a path below the server",
        lambda w: {"config": w.config(None, {"server": f"{w.https}/prefix/deep/"})},
    ),
    made("plain http", lambda w: {"config": w.config({}, {"server": w.http})}),
    made(
        "plain http never gets a token",
        lambda w: {"config": w.config({"token": "abc", "as": "auditor"}, {"server": w.http})},
    ),
    made(
        "plain http without its scheme",
        lambda w: {
            "config": w.config({}, {"server": w.http[7:], "certificate-authority-data": ...})
        },
    ),
    made(
        "a login in the URL",
        lambda w: {
            "config": w.config({"as": "x"}, {"server": w.http.replace("//", "//joe:p%40ss@")})
        },
    ),
    one("no server", None, False, server=""),
    one("a server of another scheme", None, False, server="ftp://kubernetes.test"),
    one("a server that is a number", None, False, server=5),
    # contexts
    made(
        "another context",
        lambda w: {
            "config": w.config(
                None,
                None,
                contexts=[
                    {"name": "one", "context": {"cluster": "c", "user": "nobody"}},
                    {"name": "two", "context": {"cluster": "c", "user": "u"}},
                ],
            )
        },
        words=("--context", "two"),
    ),
    made(
        "a context that does not exist",
        lambda w: {"config": w.config()},
        False,
        words=("--context", "nope"),
    ),
    made(
        "a current context that does not exist",
        lambda w: {"config": w.config(None, None, **{"current-context": "nope"})},
        False,
    ),
    made("a missing user", _broken_entry("users", []), False),
    made("a missing cluster", _broken_entry("clusters", []), False),
    made(
        "a name twice in a file",
        _broken_entry("users", [{"name": "u", "user": {"token": t}} for t in "ab"]),
        False,
    ),
    # files
    made("two files", _two_files, paths=("config", "sub/config")),
    made("the same names in two files", _same_names, paths=("config", "sub/config")),
    made("the same names the other way", _same_names, paths=("sub/config", "config")),
    made(
        "files that are not there or say nothing",
        lambda w: {"empty": "", "remark": "# nothing\n---\n", "config": w.config()},
        paths=("empty", "nowhere", "remark", "", "config"),
    ),
    made("a file named by a flag", lambda w: {"config": w.config()}, flag=True),
    made("a flag that names no file", lambda _: {}, False, flag=True),
    made("no YAML", lambda _: {"config": "a: ["}, False),
    made("no map", lambda _: {"config": "- a\n"}, False),
    made("another kind", lambda w: {"config": w.config(kind="Pod")}, False),
    made("another version", lambda w: {"config": w.config(apiVersion="v2")}, False),
    made(
        "without kind and version",
        lambda w: {
            "config": {k: v for k, v in w.config().items() if k not in ("kind", "apiVersion")}
        },
    ),
    made("unknown keys", lambda w: {"config": w.config(preferences={"x": 1}, more=[1])}),
    made("a folder", lambda w: {"config/config": w.config()}, False),
    made(
        "JSON with tabs",
        lambda w: {"config": msgspec.json.encode(w.config()).replace(b",", b",\n\t")},
    ),
    # plugins
    plugin("a plugin's token", {"token": "plugged"}),
    plugin("a plugin's token of the older version", {"token": "plugged"}, version=V1BETA1),
    plugin("an older plugin without a mode", {"token": "p"}, version=V1BETA1, interactiveMode=...),
    plugin("a plugin without a mode", {"token": "p"}, False, interactiveMode=...),
    plugin("a plugin of an odd mode", {"token": "p"}, False, interactiveMode="Sometimes"),
    plugin("a plugin that needs a person", {"token": "p"}, False, interactiveMode="Always"),
    plugin("a plugin for a person or none", {"token": "p"}, interactiveMode="IfAvailable"),
    plugin(
        "a plugin's words and variables",
        {"token": "p"},
        args=["get-token", "--a b", ""],
        env=[{"name": "PLUGIN_OWN", "value": "x y"}],
    ),
    plugin("a variable without a name", {"token": "p"}, False, env=[{"value": "x"}]),
    plugin("a plugin told of the cluster", {"token": "p"}, provideClusterInfo=True),
    plugin(
        "a plugin told of all of the cluster",
        {"token": "p"},
        provideClusterInfo=True,
        cluster=CLUSTER_TOLD,
    ),
    plugin(
        "an older plugin told of the cluster",
        {"token": "p"},
        provideClusterInfo=True,
        version=V1BETA1,
        cluster={**CLUSTER_TOLD, "disable-compression": True},
    ),
    plugin(
        "a plugin told of a cluster without verification",
        {"token": "p"},
        provideClusterInfo=True,
        cluster={"insecure-skip-tls-verify": True, "certificate-authority-data": ...},
    ),
    plugin(
        "a plugin's token that has expired",
        {"token": "p", "expirationTimestamp": "2001-01-01T00:00:00Z"},
    ),
    plugin("a plugin that gives nothing", {}, False),
    plugin(
        "a plugin of another version",
        {"token": "p"},
        False,
        answer={"apiVersion": V1BETA1, "kind": "ExecCredential", "status": {"token": "p"}},
    ),
    plugin(
        "a plugin without a status", {}, False, answer={"apiVersion": V1, "kind": "ExecCredential"}
    ),
    plugin(
        "a plugin that speaks of something else",
        {},
        False,
        answer={"apiVersion": V1, "kind": "Pod"},
    ),
    plugin("a plugin that gives no JSON", {}, False, answer=["no"]),
    plugin(
        "a plugin of an unknown version",
        {"token": "p"},
        False,
        version="client.authentication.k8s.io/v2",
    ),
    plugin("a plugin that is not installed", {"token": "p"}, False, command="no-such-plugin"),
    plugin("a plugin that is not there", {"token": "p"}, False, command="./bin/nope"),
    plugin("a plugin that can't be run", {"token": "p"}, False, command="./bin/credential"),
    made(
        "a plugin that fails",
        lambda w: {
            "config": w.config(
                {"exec": {"apiVersion": V1, "command": "bin/x", "interactiveMode": "Never"}}
            ),
            "bin/x": "#!/bin/sh\nexit 3\n",
        },
        False,
    ),
    made(
        "a plugin's certificate",
        lambda w: {
            "config": w.config(
                {"exec": {"apiVersion": V1, "command": "bin/plug", "interactiveMode": "Never"}}
            ),
            "bin/plug": PLUGIN,
            "bin/credential": {
                "apiVersion": V1,
                "kind": "ExecCredential",
                "status": {
                    "token": "beside",
                    "clientCertificateData": w.bob.decode(),
                    "clientKeyData": w.bob_key.decode(),
                },
            },
        },
    ),
    plugin("half of a plugin's certificate", {"clientCertificateData": "x"}, False),
    made(
        "a token beside a plugin",
        lambda w: {
            "config": w.config(
                {
                    "token": "set",
                    "exec": {"apiVersion": V1, "command": "bin/x", "interactiveMode": "Never"},
                }
            )
        },
    ),
    made(
        "a certificate beside a plugin",
        lambda w: {
            "config": w.config(
                {
                    "client-certificate-data": encode(w.alice),
                    "client-key-data": encode(w.alice_key),
                    "exec": {"apiVersion": V1, "command": "bin/x", "interactiveMode": "Never"},
                }
            )
        },
    ),
    made(
        "plain http asks no plugin",
        lambda w: {
            "config": w.config(
                {"exec": {"apiVersion": V1, "command": "bin/x", "interactiveMode": "Never"}},
                {"server": w.http},
            )
        },
    ),
    # identity providers
    oidc("an id-token with signs of URLs", lambda _: {"id-token": make_token("me", 3600)}),
    oidc(
        "an id-token that is good for less than a minute",
        lambda _: {"id-token": make_token("me", 50)},
    ),
    oidc("an id-token that has expired", lambda _: {"id-token": make_token("me", -60)}, False),
    oidc("an id-token that is none", lambda _: {"id-token": "abc"}, False),
    oidc(
        "a refreshed id-token",
        lambda _: {
            "id-token": make_token("me", -60),
            "refresh-token": "refresh-me",
            "client-secret": "s3cret&",
        },
    ),
    oidc("a refreshed id-token without a secret", lambda _: {"refresh-token": "refresh-me"}),
    oidc(
        "a refreshed id-token of a provider that wants a form",
        lambda w: {"refresh-token": "refresh-me", "idp-issuer-url": f"{w.form_issuer}/realm"},
    ),
    oidc("a refresh that is refused", lambda _: {"refresh-token": "used-up"}, False),
    oidc(
        "a provider that we don't trust",
        lambda w: {
            "refresh-token": "refresh-me",
            "idp-certificate-authority-data": encode(w.other_authority),
        },
        False,
    ),
    oidc(
        "a provider without a name for us",
        lambda _: {"client-id": "", "id-token": make_token("me", 60)},
        False,
    ),
    one("a provider of azure", {"auth-provider": {"name": "azure", "config": {}}}, False),
    one("a provider of gcp", {"auth-provider": {"name": "gcp"}}, False),
    one("a provider nobody knows", {"auth-provider": {"name": "acme"}}, False),
    # proxies
    made("a proxy", _proxied(None, lambda w: w.http_proxy)),
    made("a proxy with a login", _proxied(None, lambda w: _login(w.http_proxy))),
    made("a proxy behind TLS", _proxied(None, lambda w: w.https_proxy)),
    made("a SOCKS proxy", _proxied(None, lambda w: w.socks)),
    made("a SOCKS proxy with a login", _proxied(None, lambda w: _login(w.socks))),
    made(
        "a SOCKS proxy and a name of the server",
        lambda w: {
            "config": w.config(
                None,
                {
                    "server": "https://else.test:6443",
                    "proxy-url": w.socks,
                    "tls-server-name": "kubernetes.test",
                },
            )
        },
    ),
    made("a proxy of an odd scheme", _proxied(None, lambda _: "htp://proxy:1"), False),
    made("a proxy that is away", _proxied(None, lambda _: "http://127.0.0.1:1"), False),
    made("a SOCKS proxy that is away", _proxied(None, lambda _: "socks5://127.0.0.1:1"), False),
    made("a proxy of the environment", _named, environment=lambda w: {"HTTPS_PROXY": w.http_proxy}),
    made(
        "a proxy of the environment without a scheme",
        _named,
        environment=lambda w: {"https_proxy": w.http_proxy.removeprefix("http://")},
    ),
    made(
        "a SOCKS proxy of the environment",
        _named,
        environment=lambda w: {"HTTPS_PROXY": _login(w.socks)},
    ),
    made(
        "a server that needs no proxy",
        lambda w: {"config": w.config()},
        environment=lambda _: {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.0/8"},
    ),
    made(
        "a proxy of the kubeconfig goes before NO_PROXY",
        _proxied(None, lambda w: w.http_proxy),
        environment=lambda _: {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"},
    ),
]
