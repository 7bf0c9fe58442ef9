"""TLS as configured: a context out of values and files, and what a client's certificate names."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from exporter.server.errors import ServerError
from exporter.server.web_config import CLIENT_AUTH, TlsConfig

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_VERIFY = dict(zip(CLIENT_AUTH, (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED), strict=True))


class _EncryptedKeyError(Exception):
    """The key is encrypted."""


def _refuse_password() -> NoReturn:
    # Without this OpenSSL would ask for the password on the terminal, and wait.
    raise _EncryptedKeyError


def make_context(tls: TlsConfig, path: str) -> ssl.SSLContext:
    """The context that serves this; ServerError names the file, and `path`, which asks for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    if tls.prefer_server_ciphers:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    for name in tls.files:
        _check_readable(name, path)
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, _refuse_password)
    except _EncryptedKeyError:
        raise ServerError(
            [f"{path}: {tls.key_file} is encrypted; takes a key without password"]
        ) from None
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ServerError(
            [f"{path}: {tls.cert_file} and {tls.key_file} can't be used: {_reason(error)}"]
        ) from error
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    if tls.client_ca or tls.client_ca_file:
        try:
            context.load_verify_locations(
                cafile=tls.client_ca_file or None, cadata=tls.client_ca or None
            )
        except (ssl.SSLError, OSError, ValueError) as error:
            name = tls.client_ca_file or "tls_server_config.client_ca"
            raise ServerError([f"{path}: {name} can't be used: {_reason(error)}"]) from error
    context.verify_mode = _VERIFY[tls.client_auth]
    return context


def _check_readable(name: str, path: str) -> None:
    try:
        Path(name).read_bytes()
    except OSError as error:
        raise ServerError([f"{path}: {name} can't be read: {error.strerror}"]) from error


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(reason).replace("_", " ").lower()


def names_allowed_san(certificate: Mapping[str, Any] | None, allowed: tuple[str, ...]) -> bool:
    """Whether a client's certificate has a subject alternative name that is allowed.

    DNS names, IP addresses, e-mail addresses and URIs have to be equal; an IP address may be
    written in any way.
    """
    for _, value in (certificate or {}).get("subjectAltName", ()):
        if value in allowed or _canonical(value) in map(_canonical, allowed):
            return True
    return False


def _canonical(text: str) -> object:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return text
