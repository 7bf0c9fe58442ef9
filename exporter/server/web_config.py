"""The web configuration file that Prometheus exporters share: text in, values out.

The format is that of exporter-toolkit's docs/web-configuration.md. What can't be had here is
refused by name: to ignore a line about security silently would be worse. It reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from exporter.server.errors import ServerError
from exporter.spelling import find_close

#: How Python's TLS can treat client certificates, by the names that Go gives to it.
CLIENT_AUTH = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
TLS_VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")

#: Cipher suites up to TLS 1.2, by Go's names and OpenSSL's. Those of TLS 1.3 are always on.
CIPHERS = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
}
_TLS13_CIPHERS = frozenset(
    {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
)

_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")

#: The headers that may be set, and what they may be set to (None: anything). Blank takes it away.
_HEADERS: dict[str, tuple[str, ...] | None] = {
    "Content-Security-Policy": None,
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Content-Type-Options": ("nosniff",),
    "X-XSS-Protection": None,
    "Strict-Transport-Security": None,
}

_TLS_KEYS = (
    "cert",
    "cert_file",
    "key",
    "key_file",
    "client_auth_type",
    "client_ca",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
)
_NOT_HERE = {
    "tls_server_config.curve_preferences": "can't be chosen here; leave it out",
    "rate_limit": "is not limited here; leave it out",
}


class TlsConfig(msgspec.Struct, frozen=True):
    """How connections are encrypted. Paths are those of the file, joined to its folder.

    Certificate, key and the clients' authority are each a file or the text (PEM) itself.
    `client_auth` is one of CLIENT_AUTH, versions are of TLS_VERSIONS. `ciphers` are OpenSSL's
    names, () for its own choice. `allowed_sans`: a client's certificate has to name one of them.
    """

    cert_file: str = ""
    key_file: str = ""
    cert: str = ""
    key: str = ""
    client_auth: str = "NoClientCert"
    client_ca: str = ""
    client_ca_file: str = ""
    allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    ciphers: tuple[str, ...] = ()
    prefer_server_ciphers: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """The files it needs."""
        return tuple(filter(None, (self.cert_file, self.key_file, self.client_ca_file)))


class WebConfig(msgspec.Struct, frozen=True):
    """What the file says. No `tls`: plain HTTP. No `users`: everybody may ask.

    `headers` replace ours; a blank one takes ours away.
    """

    tls: TlsConfig | None = None
    users: Mapping[str, str] = msgspec.field(default_factory=dict)
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


def parse_web_config(content: bytes, path: str) -> WebConfig:
    """What the file at `path` says; ServerError with a line for everything that is wrong."""
    # Servers without such a file start without a YAML library.
    from exporter.plain_yaml import YamlFault, compose_map, make_plain  # noqa: PLC0415

    try:
        found = make_plain(compose_map(content))
    except YamlFault as fault:
        where = "" if fault.line is None else f" line {fault.line}"
        raise ServerError([f"{path}{where}: {fault.problem}"]) from None
    reader = _Reader(path)
    config = reader.read(found)
    if reader.lines:
        raise ServerError(reader.lines)
    return config


class _Reader:
    """Reads the parts of a file, and gathers what is wrong with them."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.lines: list[str] = []

    def _complain(self, key: str, problem: str) -> None:
        self.lines.append(f"{self._path}: {key} {problem}")

    def read(self, found: object) -> WebConfig:
        parts = self._map(
            found, "", ("tls_server_config", "http_server_config", "basic_auth_users")
        )
        return WebConfig(
            tls=self._tls(parts.get("tls_server_config")),
            users=self._users(parts.get("basic_auth_users")),
            headers=self._headers(parts.get("http_server_config")),
        )

    def _map(self, found: object, place: str, known: Iterable[str] | None) -> dict[str, Any]:
        if found in (None, ""):
            return {}
        if not isinstance(found, dict):
            self._complain(place.rstrip(".") or "the file", "must hold `key: value` lines")
            return {}
        if known is None:
            return dict(found)
        taken = {}
        for key, value in found.items():
            full = f"{place}{key}"
            if key in known:
                taken[key] = value
            elif full in _NOT_HERE:
                self._complain(full, _NOT_HERE[full])
            else:
                self._complain(full, f"is no such setting{_guess(str(key), known, place)}")
        return taken

    def _text(self, found: dict[str, Any], place: str, key: str) -> str:
        value = found.get(key, "")
        if isinstance(value, str):
            return value
        self._complain(place + key, "must be a plain text")
        return ""

    def _texts(self, found: dict[str, Any], place: str, key: str) -> tuple[str, ...]:
        value = found.get(key) or []
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self._complain(place + key, "must be a list of texts")
        return ()

    def _choice(
        self, found: dict[str, Any], place: str, key: str, choices: tuple[str, ...], default: str
    ) -> str:
        value = self._text(found, place, key) or default
        if value in choices:
            return value
        words = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
        self._complain(place + key, f"is {value}; takes {words}")
        return default

    def _tls(self, found: object) -> TlsConfig | None:
        place = "tls_server_config."
        keys = self._map(found, place, _TLS_KEYS)
        if not keys:
            return None
        folder = PurePath(self._path).parent

        def file(key: str) -> str:
            name = self._text(keys, place, key)
            return str(folder / name) if name else ""

        for key in ("cert", "key"):
            if keys.get(key) and keys.get(f"{key}_file"):
                self._complain(f"{place}{key}", f"and {key}_file can't both be given")
            elif not keys.get(key) and not keys.get(f"{key}_file"):
                self._complain(f"{place}{key}_file", "is missing")
        switch = self._choice(keys, place, "prefer_server_cipher_suites", ("true", "false"), "true")
        tls = TlsConfig(
            cert_file=file("cert_file"),
            key_file=file("key_file"),
            cert=self._text(keys, place, "cert"),
            key=self._text(keys, place, "key"),
            client_auth=self._choice(keys, place, "client_auth_type", CLIENT_AUTH, CLIENT_AUTH[0]),
            client_ca=self._text(keys, place, "client_ca"),
            client_ca_file=file("client_ca_file"),
            allowed_sans=self._texts(keys, place, "client_allowed_sans"),
            min_version=self._choice(keys, place, "min_version", TLS_VERSIONS, "TLS12"),
            max_version=self._choice(keys, place, "max_version", TLS_VERSIONS, "TLS13"),
            ciphers=self._ciphers(self._texts(keys, place, "cipher_suites")),
            prefer_server_ciphers=switch == "true",
        )
        if keys.get("cipher_suites") and not tls.ciphers:
            # Only suites of TLS 1.3: what is older has none left.
            tls = msgspec.structs.replace(tls, min_version="TLS13")
        self._check_clients(tls, asked="client_auth_type" in keys)
        if TLS_VERSIONS.index(tls.min_version) > TLS_VERSIONS.index(tls.max_version):
            named = "cipher_suites" if keys.get("cipher_suites") and not tls.ciphers else ""
            problem = f"names no suite of max_version {tls.max_version}"
            above = f"is above max_version {tls.max_version}"
            self._complain(place + (named or "min_version"), problem if named else above)
        return tls

    def _check_clients(self, tls: TlsConfig, *, asked: bool) -> None:
        place = "tls_server_config."
        authority = bool(tls.client_ca or tls.client_ca_file)
        if tls.client_ca and tls.client_ca_file:
            self._complain(f"{place}client_ca", "and client_ca_file can't both be given")
        if authority and tls.client_auth == CLIENT_AUTH[0] and not asked:
            self._complain(f"{place}client_ca_file", "is of no use without client_auth_type")
        if not authority and tls.client_auth != CLIENT_AUTH[0]:
            self._complain(f"{place}client_auth_type", f"{tls.client_auth} needs client_ca_file")
        if tls.allowed_sans and tls.client_auth != CLIENT_AUTH[-1]:
            self._complain(
                f"{place}client_allowed_sans", f"needs client_auth_type {CLIENT_AUTH[-1]}"
            )

    def _ciphers(self, names: tuple[str, ...]) -> tuple[str, ...]:
        chosen = []
        for name in names:
            if name in CIPHERS:
                chosen.append(CIPHERS[name])
            elif name not in _TLS13_CIPHERS:
                guess = _guess(name, CIPHERS)
                self._complain("tls_server_config.cipher_suites", f"does not take {name}{guess}")
        return tuple(chosen)

    def _users(self, found: object) -> dict[str, str]:
        users = self._map(found, "basic_auth_users.", None)
        for name, value in users.items():
            if not isinstance(value, str) or not _BCRYPT.fullmatch(value):
                # Never show the value: somebody may have written the password itself.
                self._complain(f"basic_auth_users.{name}", "is not a bcrypt hash ($2y$…)")
            if ":" in name:
                self._complain(f"basic_auth_users.{name}", "has a colon, which no user can send")
        return users

    def _headers(self, found: object) -> dict[str, str]:
        place = "http_server_config."
        keys = self._map(found, place, ("http2", "headers"))
        # Read so that a mistake is told. HTTP/2 is not spoken; clients then speak HTTP/1.1.
        self._choice(keys, place, "http2", ("true", "false"), "true")
        place += "headers."
        headers = self._map(keys.get("headers"), place, tuple(_HEADERS))
        chosen = {}
        for name in headers:
            value = self._text(headers, place, name).strip()
            allowed = _HEADERS[name]
            if value and allowed is not None and value.lower() not in allowed:
                self._complain(place + name, f"is {value}; takes {' or '.join(allowed)}")
            elif not value.isprintable():
                self._complain(place + name, "must be one line of printable text")
            chosen[name] = value
        return chosen


def _guess(word: str, known: Iterable[str], prefix: str = "") -> str:
    close = find_close(word, known)
    return f"; did you mean {prefix}{close}?" if close else ""
