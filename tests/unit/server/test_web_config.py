from __future__ import annotations

import pytest

from exporter.server import ServerError
from exporter.server.tls import names_allowed_san
from exporter.server.web_config import TlsConfig, WebConfig, parse_web_config

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
FILES = "cert_file: a.pem, key_file: a.key"


def parse(text: str) -> WebConfig:
    """Read a file that lies in /etc/web."""
    return parse_web_config(text.encode(), "/etc/web/web.yaml")


def faults(text: str | bytes) -> tuple[str, ...]:
    """What is wrong with a file called w."""
    with pytest.raises(ServerError) as caught:
        parse_web_config(text if isinstance(text, bytes) else text.encode(), "w")
    return caught.value.lines


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "{}", "tls_server_config:\nbasic_auth_users: {}\n", "\ufeff"]
)
def test_empty_file_is_plain_http_for_everybody(text: str) -> None:
    """A file that says nothing changes nothing."""
    assert parse(text) == WebConfig()


def test_everything_that_can_be_said() -> None:
    """Each setting of the format arrives; paths are relative to the file."""
    config = parse(
        f"""
        tls_server_config:
          cert_file: server.pem
          key_file: /keys/server.key
          client_auth_type: RequireAndVerifyClientCert
          client_ca_file: ../ca.pem
          client_allowed_sans: [prometheus, 10.0.0.1]
          min_version: TLS12
          max_version: TLS12
          cipher_suites:
            - TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
            - TLS_AES_128_GCM_SHA256
            - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
          prefer_server_cipher_suites: false
        http_server_config:
          http2: true
          headers:
            Strict-Transport-Security: max-age=60
            X-Frame-Options: DENY
            X-Content-Type-Options: ""
        basic_auth_users:
          anna: {HASH}
          1234: {HASH.replace("2y", "2a")}
          on: {HASH.replace("2y", "2b")}
        """
    )
    assert config == WebConfig(
        tls=TlsConfig(
            cert_file="/etc/web/server.pem",
            key_file="/keys/server.key",
            client_auth="RequireAndVerifyClientCert",
            client_ca_file="/etc/web/../ca.pem",
            allowed_sans=("prometheus", "10.0.0.1"),
            min_version="TLS12",
            max_version="TLS12",
            ciphers=("ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"),
            prefer_server_ciphers=False,
        ),
        users={
            "anna": HASH,
            "1234": HASH.replace("2y", "2a"),
            "on": HASH.replace("2y", "2b"),
        },
        headers={
            "Strict-Transport-Security": "max-age=60",
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "",
        },
    )


def test_defaults_of_tls() -> None:
    """Without more, TLS 1.2 and 1.3, no client certificates, OpenSSL's choice of ciphers."""
    assert parse(f"tls_server_config: {{{FILES}}}").tls == TlsConfig(
        cert_file="/etc/web/a.pem",
        key_file="/etc/web/a.key",
        client_auth="NoClientCert",
        client_ca="",
        client_ca_file="",
        allowed_sans=(),
        min_version="TLS12",
        max_version="TLS13",
        ciphers=(),
        prefer_server_ciphers=True,
    )


@pytest.mark.parametrize(
    "inside,line",
    [
        ("key_file: a", "cert_file is missing"),
        ("cert_file: a", "key_file is missing"),
        (f"{FILES}, cert: x", "cert and cert_file can't both be given"),
        (f"{FILES}, key: x", "key and key_file can't both be given"),
        (
            f"{FILES}, curve_preferences: [X25519]",
            "curve_preferences can't be chosen here; leave it out",
        ),
        (
            f"{FILES}, cert_fil: x",
            "cert_fil is no such setting; did you mean tls_server_config.cert_file?",
        ),
        (f"{FILES}, zzz: x", "zzz is no such setting"),
        (
            f"{FILES}, min_version: TLS14",
            "min_version is TLS14; takes TLS10, TLS11, TLS12 or TLS13",
        ),
        (
            f"{FILES}, min_version: TLS13, max_version: TLS12",
            "min_version is above max_version TLS12",
        ),
        (
            f"{FILES}, client_auth_type: RequireAnyClientCert, client_ca_file: c",
            (
                "client_auth_type is RequireAnyClientCert; takes NoClientCert, "
                "VerifyClientCertIfGiven or RequireAndVerifyClientCert"
            ),
        ),
        (
            f"{FILES}, client_auth_type: VerifyClientCertIfGiven",
            "client_auth_type VerifyClientCertIfGiven needs client_ca_file",
        ),
        (f"{FILES}, client_ca_file: c", "client_ca_file is of no use without client_auth_type"),
        (
            f"{FILES}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: c, client_ca: d",
            "client_ca and client_ca_file can't both be given",
        ),
        (
            (
                f"{FILES}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: c, "
                "client_allowed_sans: [x]"
            ),
            "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert",
        ),
        (f"{FILES}, client_allowed_sans: x", "client_allowed_sans must be a list of texts"),
        ("key_file: a, cert_file: [x]", "cert_file must be a plain text"),
        (
            f"{FILES}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25]",
            (
                "cipher_suites does not take TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA25; did you mean "
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256?"
            ),
        ),
        (f"{FILES}, cipher_suites: [RC4]", "cipher_suites does not take RC4"),
        (
            f"{FILES}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]",
            "cipher_suites names no suite of max_version TLS12",
        ),
        (
            f"{FILES}, prefer_server_cipher_suites: maybe",
            "prefer_server_cipher_suites is maybe; takes true or false",
        ),
    ],
)
def test_bad_tls_settings(inside: str, line: str) -> None:
    """What is wrong, missing, contradictory or not to be had here is named."""
    assert faults(f"tls_server_config: {{{inside}}}") == (f"w: tls_server_config.{line}",)


@pytest.mark.parametrize(
    "text,line",
    [
        ("a: [", "w line 1: is not YAML: expected the node content, but found '<stream end>'"),
        (b"\xff\xfe\xff", "w: is not UTF-8 text"),
        ("[" * 100000, "w line 1: is nested too deeply"),
        ("- a", "w line 1: must hold `key: value` lines"),
        ("a: {b: {c: 1, c: 2}}", "w line 1: a.b.c stands in line 1 already"),
        (
            f"basic_auth_users:\n  a: {HASH}\nbasic_auth_users:\n",
            "w line 3: basic_auth_users stands in line 1 already",
        ),
        ("a: &a x\nb: *a", "w line 2: is not taken: it has an alias (*)"),
        ("a: *secret", "w line 1: is not taken: it has an alias (*)"),
        ("a: b\n---\nc: d", "w line 2: is not YAML: but found another document"),
        ("? [a]\n: b", "w line 1: a key must be a plain word"),
        ('a: "secret\\q"', "w line 1: is not YAML: found unknown escape character 'q'"),
        ("tls_server_config: on", "w: tls_server_config must hold `key: value` lines"),
        (
            "basic_auth_user: {}",
            "w: basic_auth_user is no such setting; did you mean basic_auth_users?",
        ),
        ("rate_limit: {burst: 3}", "w: rate_limit is not limited here; leave it out"),
        (
            "http_server_config: {http2: 1}",
            "w: http_server_config.http2 is 1; takes true or false",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: always}}",
            "w: http_server_config.headers.X-Frame-Options is always; takes deny or sameorigin",
        ),
        (
            "http_server_config: {headers: {X-Powered-By: me}}",
            "w: http_server_config.headers.X-Powered-By is no such setting",
        ),
        (
            'http_server_config: {headers: {Content-Security-Policy: "a\\nSet-Cookie: b"}}',
            (
                "w: http_server_config.headers.Content-Security-Policy must be one line of "
                "printable text"
            ),
        ),
        (
            "basic_auth_users: {anna: secret}",
            "w: basic_auth_users.anna is not a bcrypt hash ($2y$…)",
        ),
        (
            f"basic_auth_users: {{anna: {HASH[:-1]}}}",
            "w: basic_auth_users.anna is not a bcrypt hash ($2y$…)",
        ),
        (
            f"basic_auth_users: {{'a:b': {HASH}}}",
            "w: basic_auth_users.a:b has a colon, which no user can send",
        ),
    ],
)
def test_bad_files(text: str | bytes, line: str) -> None:
    """A file that is wrong anywhere is told in one line, without any password."""
    assert faults(text) == (line,)
    assert "secret" not in line


def test_all_faults_are_told_at_once() -> None:
    """Each thing that is wrong has its line."""
    assert len(faults("zzz: 1\ntls_server_config: {min_version: x}\nbasic_auth_users: {a: b}")) == 5


@pytest.mark.parametrize(
    "names,allowed,expected",
    [
        ((("DNS", "a.example"),), ("a.example",), True),
        ((("DNS", "b.example"), ("DNS", "a.example")), ("a.example",), True),
        ((("DNS", "x.a.example"),), ("a.example",), False),
        ((("DNS", "A.example"),), ("a.example",), False),
        ((("IP Address", "2001:DB8:0:0:0:0:0:1"),), ("2001:db8::1",), True),
        ((("email", "me@example.org"),), ("me@example.org",), True),
        ((("URI", "spiffe://a/b"),), ("spiffe://a/b",), True),
        ((), ("a.example",), False),
    ],
)
def test_alternative_names(
    names: tuple[tuple[str, str], ...], allowed: tuple[str, ...], expected: bool
) -> None:
    """One name of the certificate has to equal one that is allowed."""
    assert names_allowed_san({"subjectAltName": names}, allowed) is expected


def test_no_certificate_names_nothing() -> None:
    """A client that showed no certificate is not allowed by its name."""
    assert names_allowed_san(None, ("a",)) is False
    assert names_allowed_san({}, ("a",)) is False
