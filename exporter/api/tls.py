"""TLS towards the API server: whom we trust, and what we show. Files are followed as they change.

It makes contexts and opens no connection.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from pathlib import Path
from typing import Any

from exporter.api.errors import CredentialsError, one_line
from exporter.api.private_files import path_of

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Tls:
    """The files or data, and the context made of them; made anew when one of them is another.

    Neither `ca_file` nor `ca_data`: the system's authorities. `cert_…` and `key_…`: our own
    certificate, or None. `server_name`: the name that the server's certificate must bear, None for
    that of the URL. Data are PEM.
    """

    def __init__(  # each of the three comes as a file or as data
        self,
        ca_file: str | None = None,
        cert_file: str | None = None,
        key_file: str | None = None,
        *,
        ca_data: bytes | None = None,
        cert_data: bytes | None = None,
        key_data: bytes | None = None,
        verify: bool = True,
        server_name: str | None = None,
    ) -> None:
        self.ca_file = ca_file
        self.ca_data = ca_data
        self.cert_file = cert_file
        self.cert_data = cert_data
        self.key_file = key_file
        self.key_data = key_data
        self.verify = verify
        self.server_name = server_name
        self._context: ssl.SSLContext | None = None
        self._made_of: object = None

    def context(self) -> ssl.SSLContext:
        """The context for the next request; raises CredentialsError while there is none at all.

        A file that is being replaced may be half there: then the last good context stays.
        """
        files = [_fingerprint(name) for name in (self.ca_file, self.cert_file, self.key_file)]
        made_of = (files, self.ca_data, self.cert_data, self.key_data)
        if self._context is not None and made_of == self._made_of:
            return self._context
        try:
            self._context = self._make()
        except CredentialsError:
            if self._context is None:
                raise
        else:
            self._made_of = made_of
        return self._context

    def authority(self) -> bytes | None:
        """The authorities of our own choice as PEM, None for the system's."""
        if self.ca_file is None:
            return self.ca_data
        try:
            return Path(self.ca_file).read_bytes()
        except OSError as error:
            raise CredentialsError(
                f"the authority file {self.ca_file} can't be used: {_told(error)}"
            ) from None

    def _make(self) -> ssl.SSLContext:
        context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.name = self.server_name
        self._trust(context)
        # An authority in the middle of a chain may be trusted alone, as Go has it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # Python 3.13 also insists on extensions that authorities of older clusters don't have and
        # that Go, and so kubectl, never asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self._show(context)
        return context

    def _trust(self, context: ssl.SSLContext) -> None:
        found = self.authority()
        if found is None:
            context.load_default_certs()
            return
        name = f"file {self.ca_file}" if self.ca_file else "data of the kubeconfig"
        # What stands around the certificates is for people, in whatever encoding.
        pem = b"\n".join(_CERTIFICATE.findall(found))
        try:
            if not pem:
                raise ssl.SSLError  # noqa: TRY301  # as if OpenSSL had said so
            context.load_verify_locations(cadata=pem.decode("ascii"))
        except (ssl.SSLError, ValueError):
            raise CredentialsError(
                f"the authority {name} can't be used: no certificate in it can be read"
            ) from None

    def _show(self, context: ssl.SSLContext) -> None:
        with contextlib.ExitStack() as stack:
            cert, key = self.cert_file, self.key_file
            if self.cert_data is not None:
                cert = stack.enter_context(path_of(self.cert_data))
            if self.key_data is not None:
                key = stack.enter_context(path_of(self.key_data))
            if cert is None:
                return
            try:
                # Without a password of ours OpenSSL would ask whoever sits at the terminal.
                context.load_cert_chain(cert, key, password=b"")
            except (OSError, ValueError) as error:
                shown = self.cert_file or "of the kubeconfig or its plugin"
                raise CredentialsError(
                    f"the client certificate {shown} can't be used: {_told(error)}"
                ) from None


class _NamedContext(ssl.SSLContext):
    """A context that expects the server to bear one name, whoever opens the connection.

    Not everybody on the way (a SOCKS connector) has a parameter for it.
    """

    name: str | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002  # its own signature
        server_hostname: str | bytes | None = None,
        session: Any = None,  # noqa: ANN401  # its own signature
    ) -> ssl.SSLObject:
        return super().wrap_bio(
            incoming, outgoing, server_side, self.name or server_hostname, session
        )


def _told(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return one_line((error.reason or "it is not PEM").replace("_", " ").lower())
    return getattr(error, "strerror", None) or "it is not PEM"


def _fingerprint(name: str | None) -> tuple[str, int, int] | None:
    """Enough to see that a file was replaced: in a projected volume the link's target changes."""
    if name is None:
        return None
    try:
        found = Path(name).stat()
    except OSError:
        return (name, 0, 0)
    return (name, found.st_mtime_ns, found.st_ino)
