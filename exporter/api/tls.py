"""TLS towards the API server: whom we trust, and what we show. Files are followed as they change.

It makes contexts and opens no connection.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from exporter.api.errors import CredentialsError, one_line


class Tls:
    """The files, and the context made of them; made anew when one of them was replaced.

    `ca_file` None: the system's authorities. `cert_file` and `key_file`: our own certificate, or
    None. `server_name`: the name that the server's certificate must bear, None for that of the URL.
    """

    def __init__(
        self,
        ca_file: str | None = None,
        cert_file: str | None = None,
        key_file: str | None = None,
        *,
        verify: bool = True,
        server_name: str | None = None,
    ) -> None:
        self.ca_file = ca_file
        self.cert_file = cert_file
        self.key_file = key_file
        self.verify = verify
        self.server_name = server_name
        self._context: ssl.SSLContext | None = None
        self._made_of: object = None

    def context(self) -> ssl.SSLContext:
        """The context for the next request; raises CredentialsError while there is none at all.

        A file that is being replaced may be half there: then the last good context stays.
        """
        made_of = [_fingerprint(name) for name in (self.ca_file, self.cert_file, self.key_file)]
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

    def _make(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise CredentialsError(
                f"the authority file {self.ca_file} can't be used: {_told(error)}"
            ) from None
        # Python 3.13 also insists on extensions that authorities of older clusters don't have and
        # that Go, and so kubectl, never asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.cert_file:
            try:
                context.load_cert_chain(self.cert_file, self.key_file)
            except OSError as error:
                raise CredentialsError(
                    f"the client certificate {self.cert_file} can't be used: {_told(error)}"
                ) from None
        return context


def _told(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return one_line((error.reason or "it is not PEM").replace("_", " ").lower())
    return error.strerror or str(error)


def _fingerprint(name: str | None) -> tuple[str, int, int] | None:
    """Enough to see that a file was replaced: in a projected volume the link's target changes."""
    if name is None:
        return None
    try:
        found = Path(name).stat()
    except OSError:
        return (name, 0, 0)
    return (name, found.st_mtime_ns, found.st_ino)
