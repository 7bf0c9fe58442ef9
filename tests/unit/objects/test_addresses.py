from __future__ import annotations

import pytest

from exporter.objects.addresses import canonical_address


@pytest.mark.parametrize(
    "text,canonical",
    [
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.0", "10.0.0.0"),
        ("010.0.0.5", "10.0.0.5"),
        ("10.00.000.05", "10.0.0.5"),
        ("10.0.0.0005", "10.0.0.5"),
        ("192.168.001.255", "192.168.1.255"),
        ("fd00::1", "fd00::1"),
        ("FD00::1", "fd00::1"),
        ("fd00:0:0:0:0:0:0:1", "fd00::1"),
        ("fd00:0000::0001", "fd00::1"),
        ("::", "::"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("::FFFF:a00:5", "10.0.0.5"),
        ("::ffff:010.0.0.5", "10.0.0.5"),
        ("0:0:0:0:0:ffff:10.0.0.5", "10.0.0.5"),
        ("64:ff9b::10.0.0.5", "64:ff9b::a00:5"),
    ],
)
def test_equal_addresses_share_one_spelling(text: str, canonical: str) -> None:
    """Leading zeros, upper case, long forms and IPv4 mapped into IPv6 are spelled as Go does."""
    assert canonical_address(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.256",
        "10.0.0.0.1",
        "10.0.0.5:80",
        "10.0.0.5\n",
        "010.0.0.5 ",
        "\u0660.\u0661.\u0662.\u0663",
        "0\u0663.0.0.1",
        "0" + "1" * 5000 + ".1.1.1",
        "fd00:::1",
        "::ffff:10.0.0.256",
        "fd00::1/64",
        ":",
        "db.example.com",
        "0.example.com",
        "\x00",
    ],
)
def test_what_is_no_address_stays_as_it_is(text: str) -> None:
    """Text that Go would not parse keeps its spelling, so that it still counts as one key."""
    assert canonical_address(text) == text
