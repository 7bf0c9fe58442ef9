"""Bytes of whatever encoding a shell wrote become UTF-8, or are refused by name.

A file may be made of pieces in several encodings: PowerShell's `>` writes UTF-16, its `>>` goes on
in UTF-16 (with or without a mark) behind what another program wrote in UTF-8, and `cat` leaves byte
order marks wherever files meet.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from exporter.dump.errors import ADVICE, DumpError, count_lines

MARK = codecs.BOM_UTF8
_LE, _BE = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE

# What a document begins with; here it tells that UTF-16 is over and plain bytes go on.
_BEGIN = rb"(?:\xef\xbb\xbf|---|apiVersion:|kind:|items:|Warning: |[{\[][ \t\r\n]*[\"{])"
_AFTER_LE = re.compile(rb"\xfe\xff|(?<=\n\0)(?=%s)" % _BEGIN)
_AFTER_BE = re.compile(rb"\xff\xfe|(?<=\0\n)(?=%s)" % _BEGIN)

# Neither byte of these can stand in UTF-8; a NUL can, but in no text.
_AFTER_UTF8 = re.compile(rb"\xff\xfe|\xfe\xff|\0")

# A mark at the begin of a line is no text: JSON strings hold no raw line breaks, and what YAML
# folds or keeps stands indented.
_MARKS = re.compile(rb"^(?:\xef\xbb\xbf)+", re.MULTILINE)


def to_utf8(data: bytes) -> bytes:
    """The same text in UTF-8, without byte order marks at the begin of lines; raises DumpError."""
    if _AFTER_UTF8.search(data) is not None:
        data = b"\n".join(_decode(*piece) for piece in _cut(data))
    _require_utf8(data)
    return _MARKS.sub(b"", data) if MARK in data else data


def _cut(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Pieces of one encoding each: its name and the bytes without their mark."""
    at = 0
    while at < len(data):
        encoding, begin = _recognise(data, at)
        at = _find_end(data, begin, encoding)
        if at > begin:
            yield encoding, data[begin:at]


def _recognise(data: bytes, at: int) -> tuple[str, int]:
    """The encoding that begins here, and where its text does."""
    if data.startswith(_LE, at):
        return "utf-16-le", at + 2
    if data.startswith(_BE, at):
        return "utf-16-be", at + 2
    pair = data[at : at + 2]
    if len(pair) == 2 and pair[0] and not pair[1]:
        return "utf-16-le", at
    if len(pair) == 2 and pair[1] and not pair[0]:
        return "utf-16-be", at
    return "utf-8", at


def _find_end(data: bytes, begin: int, encoding: str) -> int:
    if encoding != "utf-8":
        seam = _AFTER_LE if encoding == "utf-16-le" else _AFTER_BE
        ends = (found.start() for found in seam.finditer(data, begin))
        return next((end for end in ends if (end - begin) % 2 == 0), len(data))
    found = _AFTER_UTF8.search(data, begin)
    if found is None:
        return len(data)
    end = found.start()
    if found.group() != b"\0" or data[end - 1 : end] in (b"", b"\n", b"\r", b"}", b"]", b" "):
        return max(end, begin + 1)
    # The first character of a UTF-16 text without a mark stands before its own NUL.
    return max(end - 1, begin + 1)


def _decode(encoding: str, piece: bytes) -> bytes:
    if encoding == "utf-8":
        return piece
    try:
        text = piece.decode(encoding)
    except UnicodeError:
        raise DumpError(f"the file is binary: {ADVICE}") from None
    if "\0" in text:
        raise DumpError(f"the file is binary: {ADVICE}")
    return text.encode()


_STEP = 1 << 20


def _require_utf8(data: bytes) -> None:
    if b"\0" in data:
        raise DumpError(f"the file is binary: {ADVICE}")
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for at in range(0, len(data), _STEP):  # as a whole it would be there a second time
            decode(data[at : at + _STEP], at + _STEP >= len(data))
    except UnicodeDecodeError:
        at = _find_fault(data)
        raise DumpError(
            f"the file is not UTF-8: byte 0x{data[at]:02x} in line {count_lines(data, at)} (saved "
            "as Windows-1252 or Latin-1?); convert it to UTF-8, or have kubectl write it again"
        ) from None


def _find_fault(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
