from __future__ import annotations

import pytest

from exporter.urls import is_web_url, join_port, show_origin, show_url


@pytest.mark.parametrize(
    "url,shown",
    [
        ("https://10.0.0.1:6443/prefix", "https://10.0.0.1:6443/prefix"),
        ("https://[::1]:6443", "https://[::1]:6443"),
        ("http://bob:secret@host:1", "http://host:1"),
        ("http://bob:se/cr@et@host:1/x", "http://host:1/x"),
        ("htp://bob:secret@host:1", "htp://host:1"),
        ("bob:secret@host:1", "host:1"),
        ("//bob:secret@host", "host"),
        ("http://secret@", "http://"),
        ("https://host/path?token=secret#secret", "https://host/path?…"),
        ("https://host/#secret", "https://host/#…"),
        ("https://[::1\n\x1b[31m", "https://[::1……[31m"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_login(url: str, shown: str) -> None:
    """Whatever was meant to be a URL: no name, no password, no query, one line."""
    assert show_url(url) == shown


def test_an_ipv6_address_stands_in_brackets_before_its_port() -> None:
    """Else nobody could tell where the address ends; without a host only the port is left."""
    assert join_port("10.0.0.1", 80) == "10.0.0.1:80"
    assert join_port("fd00::1", 80) == "[fd00::1]:80"
    assert join_port("", 9769) == ":9769"


@pytest.mark.parametrize(
    "url,origin",
    [
        ("https://hooks.example.com/services/SECRET?a=secret", "https://hooks.example.com"),
        ("http://me:se/cr@et@host:1/secret", "http://host:1"),
        ("https://[::1]:8443/secret#secret", "https://[::1]:8443"),
        ("secret", "…"),
    ],
)
def test_of_a_secret_url_only_its_origin_is_shown(url: str, origin: str) -> None:
    """The path of some is the secret itself."""
    assert show_origin(url) == origin


@pytest.mark.parametrize(
    "url,fine",
    [
        ("https://host", True),
        ("http://me:secret@[::1]:80/a?b#c", True),
        ("HTTPS://host/", True),
        ("ftp://host/", False),
        ("https:///path", False),
        ("https://host:99999/", False),
        ("https://host:x/", False),
        ("https://[::1/", False),
        ("https://host/\n", False),
        ("https://h\u00f6st/", False),
        ("", False),
    ],
)
def test_what_is_a_url_of_the_web(url: str, fine: bool) -> None:
    """A scheme of the web, a host, a port that can be; one line of ASCII."""
    assert is_web_url(url) is fine
