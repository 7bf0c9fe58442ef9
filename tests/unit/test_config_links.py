from __future__ import annotations

import pytest

from exporter.cli.serving import find_prefix
from exporter.config import Settings
from exporter.config.kinds import BadValue, Kind
from exporter.config.links import LinkPattern, PathPrefix, WebAddress


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
