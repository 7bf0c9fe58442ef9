"""IP addresses in the one spelling that equal addresses share."""

from __future__ import annotations

import ipaddress
import re

_PLAIN_V4 = re.compile(r"(?:(?:[1-9][0-9]{0,2}|0)\.){3}(?:[1-9][0-9]{0,2}|0)").fullmatch
_DOTTED = re.compile(r"0*([0-9]{1,3})\.0*([0-9]{1,3})\.0*([0-9]{1,3})\.0*([0-9]{1,3})").fullmatch


def canonical_address(text: str) -> str:
    """The canonical form of an IP address, or the text itself where it is none.

    Like Go's ParseIPSloppy + String: leading zeros of a dotted quad are dropped, an IPv4 address
    mapped into IPv6 is that IPv4 address, IPv6 is compressed. Python alone would refuse the first
    and print the second in another form, and one address would count twice.
    """
    if ":" not in text and ".0" not in text and text[:1] != "0":
        return text  # neither IPv6 nor a leading zero: most there are, and no regular expression
    if _PLAIN_V4(text):
        return text
    dotted = _DOTTED(text)
    if dotted:
        octets = [int(part) for part in dotted.groups()]
        return ".".join(map(str, octets)) if max(octets) <= 255 else text
    head, colon, tail = text.rpartition(":")
    if colon and "." in tail:
        tail = canonical_address(tail)
    try:
        address = ipaddress.IPv6Address(head + colon + tail)
    except ValueError:
        return text
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else address.compressed
