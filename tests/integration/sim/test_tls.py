from __future__ import annotations

import ssl

import aiohttp
import pytest
import trustme

from tests.integration.sim.conftest import Start


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def _client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_https_with_an_own_authority(
    client: aiohttp.ClientSession, start: Start, authority: trustme.CA
) -> None:
    """With a TLS context the URL is https, and the certificate proves itself to who trusts it."""
    server = await start(ssl_context=_server_context(authority))
    assert server.url.startswith("https://127.0.0.1:")
    url = server.url + "/api/v1/services"
    async with client.get(url, ssl=_client_context(authority)) as response:
        assert response.status == 200
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await client.get(url, ssl=_client_context(trustme.CA()))


async def test_a_client_certificate_is_a_credential(
    client: aiohttp.ClientSession, start: Start, authority: trustme.CA
) -> None:
    """Who shows a certificate of the authority needs no token."""
    context = _server_context(authority)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = await start(ssl_context=context, tokens=["secret"])
    url = server.url + "/api/v1/services"
    async with client.get(url, ssl=_client_context(authority)) as response:
        assert response.status == 401
    mine = _client_context(authority)
    authority.issue_cert("exporter@example.com").configure_cert(mine)
    async with client.get(url, ssl=mine) as response:
        assert response.status == 200
