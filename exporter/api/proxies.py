"""Which proxy a kubeconfig or the environment names for a server. It connects to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from exporter.api.entries import Place
from exporter.api.errors import CredentialsError
from exporter.api.servers import split_url
from exporter.urls import show_url

_SCHEMES = ("http", "https", "socks5")


def check_proxy(url: str | None, place: Place) -> str | None:
    """`proxy-url` of a kubeconfig, None for unset; raises CredentialsError."""
    if not url:
        return None
    parts = split_url(url)
    if parts is None or parts.scheme not in _SCHEMES:
        raise place.error(f"the proxy {show_url(url)!r} is no http, https or socks5 URL")
    return url


def proxy_for(server: str, environ: Mapping[str, str]) -> str | None:
    """The proxy of $HTTPS_PROXY or $HTTP_PROXY unless $NO_PROXY exempts the server.

    Raises CredentialsError for one that can't be asked.

    As Go does it, which every other client of the cluster uses: networks in NO_PROXY count
    (`10.0.0.0/8` exempts the API server of a Pod; Python's own functions don't know them), and
    this machine is never asked through a proxy.
    """
    parts = urlsplit(server)
    name = f"{parts.scheme}_proxy"
    proxy = environ.get(name.upper()) or environ.get(name)
    if not proxy:
        return None
    exempt = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if is_loopback(parts.hostname) or _is_exempt(parts.hostname or "", parts.port, exempt):
        return None
    url = proxy if "://" in proxy else f"http://{proxy}"
    found = split_url(url)
    if found is None or found.scheme not in (*_SCHEMES, "socks5h"):
        raise CredentialsError(
            f"the proxy {show_url(proxy)!r} of ${name.upper()} is no http, https or socks5 URL"
        )
    return url


def is_loopback(host: str | None) -> bool:
    """Whether a host of a URL is this machine."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_exempt(host: str, port: int | None, exempt: str) -> bool:
    for entry in exempt.split(","):
        pattern = entry.strip().lower()
        if pattern == "*":
            return True
        name, colon, number = pattern.rpartition(":")
        if colon and number.isdecimal() and "]" not in number and ":" not in name:
            if str(port) != number:
                continue
            pattern = name
        if pattern and _matches(host.lower(), pattern):
            return True
    return False


def _matches(host: str, pattern: str) -> bool:
    try:
        return ip_address(host) in ip_network(pattern, strict=False)
    except ValueError:
        pass  # one of them is a name
    if pattern.startswith("*."):
        pattern = pattern[1:]
    if pattern.startswith("."):
        return host.endswith(pattern)
    return host == pattern or host.endswith(f".{pattern}")
