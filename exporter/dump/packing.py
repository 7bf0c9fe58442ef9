"""Compressed bytes and archives: what is in them, within bounds."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from exporter.dump.errors import ADVICE, DumpError

#: Bytes that one file may expand to: a dump of 100,000 Pods is half of it, a bomb is a thousand
#: times larger than what it came in.
MOST_BYTES = 1 << 30

_GZIP = b"\x1f\x8b"
_STEP = 1 << 20

_OTHERS = {
    b"PK\x03\x04": "a zip archive",
    b"\xfd7zXZ\0": "compressed by xz",
    b"BZh": "compressed by bzip2",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"7z\xbc\xaf": "a 7z archive",
}


def unpack(data: bytes) -> bytes:
    """The same bytes, or what gzip made them of; raises DumpError for other compressions."""
    for begin, what in _OTHERS.items():
        if data.startswith(begin):
            raise DumpError(f"the file is {what}: unpack it first")
    return _gunzip(data) if data.startswith(_GZIP) else data


def _gunzip(data: bytes) -> bytes:
    out = bytearray()
    rest = data
    while rest.startswith(_GZIP):  # `cat a.gz b.gz` is two members
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while not member.eof:
                piece = member.decompress(rest, _STEP)
                rest = member.unconsumed_tail
                out += piece
                if len(out) > MOST_BYTES:
                    raise DumpError(f"the file expands to more than {MOST_BYTES >> 20} MiB")
                if not piece and not rest and not member.eof:
                    raise DumpError("the file is cut short: its gzip data has no end")
        except zlib.error as error:
            raise DumpError(f"the file is broken gzip: {str(error).partition(':')[0]}") from None
        rest = member.unused_data
    if rest.strip(b"\0"):
        raise DumpError(f"the file is gzip with other bytes behind it: {ADVICE}")
    return bytes(out)


def unpack_head(head: bytes) -> bytes:
    """The begin of what `unpack` would give of bytes that begin so; empty for broken ones."""
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, len(head))
    except zlib.error:
        return b""


def is_archive(data: bytes) -> bool:
    """Whether these are the bytes of a tar archive."""
    return data[257:262] == b"ustar"


def open_archive(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the plain files in a tar archive; raises DumpError."""
    import tarfile  # noqa: PLC0415 - few dumps are one

    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                # A sparse file can be any number of zeros, and is no text.
                plain = member.isreg() and not member.issparse()
                content = archive.extractfile(member) if plain else None
                if content is None:
                    continue
                found = content.read()
                if len(found) < member.size:
                    raise DumpError(f"the archive is cut short in {member.name}")
                yield member.name, found
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise DumpError(f"the archive is broken: {error}") from None
