"""The system's authorities: read by who needs them, and not by importing aiohttp."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import trustme

from exporter.api.connecting import make_connector
from exporter.api.tls import Tls

_TELL = """
import ssl
import exporter.api
from aiohttp import connector
from exporter.api.tls import Tls
for context in (
    connector._SSL_CONTEXT_VERIFIED,
    connector._SSL_CONTEXT_UNVERIFIED,
    ssl.create_default_context(),
    Tls().context(),
):
    print(context.cert_store_stats()["x509_ca"], end=" ")
unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
unverified.set_default_verify_paths()
print(unverified.cert_store_stats()["x509_ca"])
"""


def test_importing_aiohttp_reads_none_and_who_asks_gets_them(tmp_path: Path) -> None:
    """Aiohttp's own contexts know nobody; ours, and everybody else's, know the one there is."""
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    environment = {**os.environ, "SSL_CERT_FILE": str(file), "SSL_CERT_DIR": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-c", _TELL], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "0 0 1 1 1\n"


async def test_a_proxy_that_is_met_by_tls_has_authorities_to_be_checked_by() -> None:
    """A request that is not encrypted brings no context of its own along."""
    for proxy, context in (("https://proxy:3128", True), ("http://proxy:3128", False)):
        connector = make_connector(proxy)
        assert isinstance(connector._ssl, type(Tls().context())) is context
        await connector.close()
