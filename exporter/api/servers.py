"""The API server's URL: which ones can be asked, and the login that one of them may carry."""

from __future__ import annotations

import base64
from urllib.parse import SplitResult, unquote, urlsplit

from exporter.api.entries import Place
from exporter.urls import show_url


def check_server(text: str, place: Place) -> str:
    """`server` of a kubeconfig as a URL; raises CredentialsError.

    `host:port` alone is plain http (client-go's rest/url_utils.go). Query and fragment are no part
    of where a server is.
    """
    url = text if "://" in text else f"http://{text}"
    parts = split_url(url)
    if parts is None or parts.scheme not in ("http", "https"):
        raise place.error(f"the server {show_url(text)!r} is no http or https URL")
    return parts._replace(scheme=parts.scheme, query="", fragment="").geturl().rstrip("/")


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL with a host, None where it has none or can't be asked at all."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that never closes
        return None
    whole = url.isprintable() and not any(sign.isspace() for sign in url)
    return parts if usable and whole else None


def take_login(url: str) -> tuple[str, str | None]:
    """The URL without userinfo, and what that is as an `Authorization` header.

    Go's HTTP client sends it so where no other login is set.
    """
    parts = urlsplit(url)
    userinfo, parted, host = parts.netloc.rpartition("@")
    if not parted:
        return url, None
    name, _, password = userinfo.partition(":")
    pair = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), f"Basic {pair}"
