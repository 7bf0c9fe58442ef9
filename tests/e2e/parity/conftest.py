"""One API server, one identity provider of each kind and one proxy of each kind, for all cases."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from socketserver import BaseServer

import pytest
import trustme

from tests.e2e.parity.kubeconfigs import World
from tests.e2e.parity.servers import (
    LOOPBACK,
    Seen,
    http_proxy,
    identity_provider,
    identity_server,
    running,
    socks_proxy,
)


@pytest.fixture(scope="session", autouse=True)
def prometheus() -> None:
    """No test here needs a control plane: the one of the folder above stays away."""


@pytest.fixture(scope="session")
def seen() -> dict[str, Seen]:
    """What each kind of server saw."""
    return {kind: Seen() for kind in ("server", "provider", "proxy")}


@pytest.fixture(scope="session")
def world(seen: dict[str, Seen]) -> Iterator[World]:
    """The servers, running."""
    authority, clients, other = trustme.CA(), trustme.CA(), trustme.CA()

    def context(*names: str, ask: bool = False) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(made)
        if ask:
            made.verify_mode = ssl.CERT_OPTIONAL
            clients.configure_trust(made)
        return made

    alice = clients.issue_cert("alice@example.com", common_name="alice")
    bob = clients.issue_cert("bob@example.com", common_name="bob")
    with contextlib.ExitStack() as stack:

        def start(server: BaseServer) -> int:
            return stack.enter_context(running(server))

        names = (LOOPBACK, "localhost", "kubernetes.test")
        https = start(identity_server(seen["server"], context(*names, ask=True)))
        plain = start(identity_server(seen["server"], None))
        issuer = start(identity_provider(seen["provider"], context(LOOPBACK)))
        form = start(identity_provider(seen["provider"], context(LOOPBACK), in_form=True))
        way = start(http_proxy(seen["proxy"], https))
        secure_way = start(http_proxy(seen["proxy"], https, context(LOOPBACK)))
        socks = start(socks_proxy(seen["proxy"], https))
        yield World(
            https=f"https://{LOOPBACK}:{https}",
            http=f"http://{LOOPBACK}:{plain}",
            socks=f"socks5://{LOOPBACK}:{socks}",
            http_proxy=f"http://{LOOPBACK}:{way}",
            https_proxy=f"https://{LOOPBACK}:{secure_way}",
            issuer=f"https://{LOOPBACK}:{issuer}",
            form_issuer=f"https://{LOOPBACK}:{form}",
            authority=authority.cert_pem.bytes(),
            other_authority=other.cert_pem.bytes(),
            alice=alice.cert_chain_pems[0].bytes(),
            alice_key=alice.private_key_pem.bytes(),
            bob=bob.cert_chain_pems[0].bytes(),
            bob_key=bob.private_key_pem.bytes(),
        )
