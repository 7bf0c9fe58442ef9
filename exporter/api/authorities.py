"""aiohttp imported without the system's authorities, which it would read at once, and twice.

They are some hundred certificates, a tenth of the time to the first scrape, and for nothing: each
request of ours that meets TLS names a context of its own. One that did not would trust nobody.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_READING = ("load_default_certs", "set_default_verify_paths")


@contextmanager
def _none_read() -> Iterator[None]:
    kind = ssl.SSLContext
    own = {name: vars(kind).get(name) for name in _READING}
    for name in own:
        setattr(kind, name, lambda *_given: None)
    try:
        yield
    finally:
        for name, method in own.items():
            if method is None:
                delattr(kind, name)
            else:
                setattr(kind, name, method)


if "aiohttp" not in sys.modules:
    with _none_read():
        import aiohttp  # noqa: F401
