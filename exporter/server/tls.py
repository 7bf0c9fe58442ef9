"""TLS as configured: a context out of values and files, and what a client's certificate names."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from exporter.regular_files import UnreadableFileError, read_regular
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
    """The context that serves this; ServerError names the file, and `path`, which asks for it.

    It reads files and tries a handshake: nothing for the loop.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.maximum_version = _VERSIONS[tls.max_version]
    if not tls.prefer_server_ciphers:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE  # Python sets it
    _load_certificate(context, tls, path)
    if tls.ciphers:
        context.set_ciphers(":".join(tls.ciphers))
    _try_handshake(context, path)
    if tls.client_ca or tls.client_ca_file:
        name = tls.client_ca_file or "tls_server_config.client_ca"
        try:
            with _as_file(_content(tls.client_ca, tls.client_ca_file, path)) as file:
                context.load_verify_locations(cafile=file)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ServerError([f"{path}: {name} can't be used: {_reason(error)}"]) from error
    context.verify_mode = _VERIFY[tls.client_auth]
    return context


def _load_certificate(context: ssl.SSLContext, tls: TlsConfig, path: str) -> None:
    certificate = _content(tls.cert, tls.cert_file, path)
    key = _content(tls.key, tls.key_file, path)
    named = tls.key_file or "tls_server_config.key"
    try:
        with _as_file(certificate) as first, _as_file(key) as second:
            context.load_cert_chain(first, second, _refuse_password)
    except _EncryptedKeyError:
        raise ServerError([f"{path}: {named} is encrypted; takes a key without password"]) from None
    except (ssl.SSLError, OSError, ValueError) as error:
        both = f"{tls.cert_file or 'tls_server_config.cert'} and {named}"
        raise ServerError([f"{path}: {both} can't be used: {_reason(error)}"]) from error


def _content(text: str, name: str, path: str) -> bytes:
    if not name:
        return text.encode()
    try:
        return read_regular(name)
    except UnreadableFileError as error:
        raise ServerError([f"{path}: {name} can't be read: {error}"]) from None


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A name under which OpenSSL, which takes nothing else, reads this; the disk never sees it."""
    if hasattr(os, "memfd_create"):
        opened = os.memfd_create("pem")
        try:
            os.write(opened, content)
            yield f"/proc/self/fd/{opened}"
        finally:
            os.close(opened)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name


def _try_handshake(context: ssl.SSLContext, path: str) -> None:
    """ServerError when versions and suites leave nothing that any client could speak."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        context.wrap_bio(one, other, server_side=True),
        client.wrap_bio(other, one),
    )
    finished = [False, False]
    while not all(finished):
        for number in (1, 0):
            try:
                sides[number].do_handshake()
                finished[number] = True
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                told = "no client can connect with these versions, suites and this certificate"
                raise ServerError(
                    [f"{path}: tls_server_config: {told}: {_reason(error)}"]
                ) from None


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
