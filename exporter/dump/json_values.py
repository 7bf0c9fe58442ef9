"""JSON values that stand in a file one after the other, however they are parted, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from exporter.dump.errors import DumpError, count_lines

#: What msgspec raises on hostile bytes: its own errors, invalid UTF-8, numbers beyond all bounds.
HOSTILE = (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, ValueError)

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)

# What may stand between two values: blanks, byte order marks, YAML's `---`, warnings of kubectl
# (with `2>&1`), and what containers logged, in the middle of `kubectl cluster-info dump`.
_BETWEEN = re.compile(
    rb"(?:\s++|\xef\xbb\xbf|---(?=\s)|Warning: [^\n]*+(?:\n|\Z)"
    rb"|==== START logs (?P<whose>for [^\n]*+)\n(?s:.*?)==== END logs (?P=whose)(?:\n|\Z))*+"
)

# A line that begins a YAML document.
_YAML = re.compile(rb"(?:apiVersion|kind|items):")


def skip_between(data: bytes, at: int = 0) -> int:
    """Where the next value begins, or the end of the data."""
    found = _BETWEEN.match(data, at)
    return found.end() if found else at


class Rest(msgspec.Struct, frozen=True):
    """What follows the JSON is YAML: where it begins."""

    at: int


def split_values(data: bytes, at: int) -> Iterator[msgspec.Raw | Rest]:
    """Each value, whole; raises DumpError where one is not, and RecursionError for a deep one.

    Ends with a Rest where YAML begins.
    """
    first = data[at:] if at else data
    try:
        yield msgspec.json.decode(first, type=msgspec.Raw)
    except HOSTILE:
        pass  # several values, or none that is whole
    else:
        return
    while at < len(data):
        if _YAML.match(data, at):
            yield Rest(at)
            return
        end = _find_end(data, at)
        try:
            yield msgspec.json.decode(data[at:end], type=msgspec.Raw)
        except HOSTILE as error:
            line = count_lines(data, at)
            raise DumpError(
                f"the file is not whole JSON: {error}, in what begins in line {line}"
            ) from None
        at = skip_between(data, end)


def _find_end(data: bytes, at: int) -> int:
    """The end of the value that begins here; brackets in strings don't count."""
    if data[at : at + 1] not in (b"{", b"["):
        raise DumpError(
            f"the file is not whole JSON: line {count_lines(data, at)} begins no object and no list"
        )
    depth = 0
    for token in _TOKEN.finditer(data, at):
        sign = token.group()
        if sign in (b"{", b"["):
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return token.end()
    raise DumpError(
        f"the file is not whole JSON: what begins in line {count_lines(data, at)} has no end"
    )
