from __future__ import annotations

import pytest

from exporter.api.proxies import is_loopback, proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    "server,environ,expected",
    [
        ("https://10.96.0.1:443", {}, None),
        ("https://10.96.0.1:443", PROXY, "http://proxy:3128"),
        ("http://10.96.0.1", PROXY, None),
        ("http://10.96.0.1", {"http_proxy": "proxy:3128"}, "http://proxy:3128"),
        ("https://a", {"https_proxy": "http://low:1", **PROXY}, "http://proxy:3128"),
        ("https://127.0.0.1:6443", PROXY, None),
        ("https://[::1]:6443", PROXY, None),
        ("https://localhost:6443", PROXY, None),
        ("https://10.96.0.1", {**PROXY, "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.96.0.1", {**PROXY, "NO_PROXY": "10.0.0.0/8"}, "http://proxy:3128"),
        ("https://10.96.0.1", {**PROXY, "NO_PROXY": "x, 10.96.0.1"}, None),
        ("https://[fd00::1]:443", {**PROXY, "NO_PROXY": "fd00::/8"}, None),
        ("https://api.example.com", {**PROXY, "NO_PROXY": "example.com"}, None),
        ("https://api.example.com", {**PROXY, "NO_PROXY": ".example.com"}, None),
        ("https://example.com", {**PROXY, "NO_PROXY": ".example.com"}, "http://proxy:3128"),
        ("https://api.example.com", {**PROXY, "NO_PROXY": "*.example.com"}, None),
        ("https://badexample.com", {**PROXY, "NO_PROXY": "example.com"}, "http://proxy:3128"),
        ("https://API.example.com", {**PROXY, "no_proxy": "EXAMPLE.com"}, None),
        ("https://a:6443", {**PROXY, "NO_PROXY": "a:6443"}, None),
        ("https://a:6443", {**PROXY, "NO_PROXY": "a:443"}, "http://proxy:3128"),
        ("https://a", {**PROXY, "NO_PROXY": "*"}, None),
        ("https://a", {**PROXY, "NO_PROXY": ",, "}, "http://proxy:3128"),
    ],
)
def test_the_environment_names_the_proxy_as_for_other_clients(
    server: str, environ: dict[str, str], expected: str | None
) -> None:
    """Networks in NO_PROXY exempt the API server, as Go's clients have it."""
    assert proxy_for(server, environ) == expected


@pytest.mark.parametrize(
    "host,expected",
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), (None, False)],
)
def test_what_does_not_leave_the_machine_is_known(host: str | None, expected: bool) -> None:
    """It is asked without a proxy and without compression."""
    assert is_loopback(host) is expected
