from __future__ import annotations

import pytest

from exporter.cli.assembling import find_prefix
from exporter.config import Settings
from exporter.config.kinds import BadValue, Kind
from exporter.config.links import LinkPattern, PathPrefix, Receiver, WebAddress


@pytest.mark.parametrize(
    "text,value",
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/a/b/", "https://example.com/a/b"),
        ("http://[::1]:9769/", "http://[::1]:9769"),
        ("example.com", None),
        ("ftp://example.com", None),
        ("https://", None),
        ("https://example.com/?a=b", None),
        ("https://example.com/#a", None),
        ("https://user:secret@example.com/", None),
        ('https://example.com/"', None),
        ("https://example.com/a b", None),
        ("https://example.com:443/a", "https://example.com:443/a"),
        ("https://example.com:0", None),
        ("https://example.com:65536", None),
        ("https://example.com:", None),
        ("https://example.com:8o", None),
        ("https://[::1", None),
        ("https://[::1]x", None),
        ("https://[fe80::1%25eth0]", None),
        ("https://[192.0.2.1]", None),
        ("https://::1", None),
        ("https://192.0.2.1:80", "https://192.0.2.1:80"),
        ("https://300.0.2.1", None),
        ("https://exa_mple.com", None),
        ("https://example..com", None),
        ("https://example.com/%2e%2e/a", None),
        ("https://example.com/a/../b", None),
        ("https://example.com/a%2", None),
        ("https://example.com/é", None),
        ("https://example.com/a//b", None),
        ("https://example.com/\x1b[31m", None),
    ],
)
def test_external_urls(text: str, value: str | None) -> None:
    """An http or https URL without query, fragment and password."""
    check(WebAddress(), text, value)


@pytest.mark.parametrize(
    "text,value",
    [
        ("/a/b", "/a/b"),
        ("a/", "/a"),
        ("/", "/"),
        ("", "/"),
        ("/a//b", None),
        ("/../a", None),
        ("/a b", None),
        ("/a?b", None),
        ("/ä", None),
    ],
)
def test_route_prefixes(text: str, value: str | None) -> None:
    """A plain path; slashes at its ends don't matter."""
    check(PathPrefix(), text, value)


@pytest.mark.parametrize(
    "text,value",
    [
        ("https://g/d/x?var-service={service}", "https://g/d/x?var-service={service}"),
        ("https://g/{service}/{service}#a", "https://g/{service}/{service}#a"),
        ("https://g/{name}", None),
        ("https://g/{service", None),
        ("javascript:alert(1)", None),
        ('https://g/"', None),
    ],
)
def test_links(text: str, value: str | None) -> None:
    """An http or https URL with known placeholders, and no other scheme."""
    check(LinkPattern(("service",)), text, value)


def check(kind: Kind, text: str, value: str | None) -> None:
    """Fail unless the text is read as this value, or refused for None."""
    if value is None:
        with pytest.raises(BadValue):
            kind.parse(text)
    else:
        assert kind.parse(text) == value
        assert kind.show(value) == value


@pytest.mark.parametrize(
    "url,prefix,found",
    [
        (None, None, ""),
        ("https://example.com", None, ""),
        ("https://example.com/a/b", None, "/a/b"),
        ("https://example.com/a/b", "/", ""),
        ("https://example.com/a/b", "/b", "/b"),
        (None, "/b", "/b"),
    ],
)
def test_the_prefix_is_the_path_unless_it_is_set(
    url: str | None, prefix: str | None, found: str
) -> None:
    """The route prefix wins over the path of the external URL."""
    assert find_prefix(Settings(web_external_url=url, web_route_prefix=prefix)) == found


@pytest.mark.parametrize("kind", [WebAddress(), LinkPattern(("service",))])
def test_a_password_in_a_url_is_refused_and_not_repeated(kind: Kind) -> None:
    """Everybody who sees the page would see it, and the line of the error stands in a log."""
    with pytest.raises(BadValue) as caught:
        kind.parse("https://me:canary@example.com/")
    assert "canary" not in f"{caught.value.text} {caught.value.problem}"


@pytest.mark.parametrize(
    "text,value",
    [
        ("https://me:secret@example.com/hook?a=b#c", "https://me:secret@example.com/hook?a=b"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("ftp://secret.example.com", None),
        ("https:///secret", None),
        ("https://host:secret/", None),
        ("https://host:0/", None),
        ("https://host/a secret", None),
        ("https://hóst/secret", None),
        ("secret", None),
        ("", None),
    ],
)
def test_receivers(text: str, value: str | None) -> None:
    """A login, a path and a query are its own; what is no such URL is not repeated."""
    if value is not None:
        assert Receiver().parse(text) == value
        assert Receiver().show(value) == "…"
        return
    with pytest.raises(BadValue) as raised:
        Receiver().parse(text)
    assert raised.value.text == "…"
