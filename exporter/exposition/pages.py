"""What a scrape sends: blocks of bytes, plain or as one gzip member, made where they are asked for.

What is the same for every scrape of an edition (its size, its checksum, what stands next to what)
is found once: replicas, and whoever scrapes while nothing changes, share it.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator, Sequence
from zlib import crc32

from exporter.exposition.pieces import LARGEST, Piece, deflate

# Magic, deflate, no flags, no time (a scrape of the same state is the same bytes), no system.
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_EMPTY_FINAL_BLOCK = b"\x03\x00"


class Body:
    """Pieces in a row, which never change, and what is known of them together."""

    __slots__ = ("_blocks", "_checksum", "_packed", "_pieces", "size")

    def __init__(self, pieces: Sequence[Piece | bytes]) -> None:
        self._pieces = pieces
        #: Bytes of the plain form.
        self.size = sum(map(_size, pieces))
        self._blocks: list[tuple[int, int]] | None = None
        self._checksum: int | None = None
        self._packed: list[bytes] | None = None

    def plain(self) -> Iterator[bytes]:
        """The plain form in blocks that are worth a write."""
        pieces = self._pieces
        if self._blocks is None:
            self._blocks = list(_gather(pieces))
        for begin, end in self._blocks:
            yield b"".join([_text(piece) for piece in pieces[begin:end]])

    def deflated(self) -> Generator[bytes, None, int]:
        """Raw deflate that anything may follow; a step compresses one piece at most.

        Returns the CRC-32 of the plain form.
        """
        known = self._checksum
        if self._packed is not None and known is not None:
            yield from self._packed
            return known
        packed: list[bytes] = []
        settled = True
        checksum = 0
        for piece in self._pieces:
            for part in (piece,) if isinstance(piece, Piece) else _cut(piece):
                if known is None:
                    checksum = crc32(_text(part), checksum)
                if isinstance(part, Piece):
                    packed.append(part.deflated())
                    settled &= part.settled
                else:
                    packed.append(deflate(part))
                yield packed[-1]
        self._checksum = checksum if known is None else known
        if settled:
            self._packed = list(_join(packed))
        return self._checksum


class Page:
    """One scrape's answer: what it shares with others of the same edition, and what it has alone.

    It never changes, whatever is committed while it is sent.
    """

    def __init__(self, shared: Body, tail: bytes = b"") -> None:
        self._shared = shared
        self._tail = tail

    @property
    def size(self) -> int:
        """Bytes of the plain form."""
        return self._shared.size + len(self._tail)

    def pieces(self) -> Iterator[bytes]:
        """The plain form."""
        yield from self._shared.plain()
        if self._tail:
            yield self._tail

    def compressed(self) -> Iterator[bytes]:
        """One gzip member, piece by piece; a step compresses one piece at most."""
        yield _GZIP_HEAD
        checksum = yield from self._shared.deflated()
        for part in _cut(self._tail):
            checksum = crc32(part, checksum)
            yield deflate(part)
        yield _EMPTY_FINAL_BLOCK + struct.pack("<II", checksum, self.size & 0xFFFFFFFF)


def _text(piece: Piece | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.text


def _size(piece: Piece | bytes) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.size


def _cut(text: bytes) -> Iterator[bytes]:
    return (text[begin : begin + LARGEST] for begin in range(0, len(text), LARGEST))


def _gather(pieces: Sequence[Piece | bytes]) -> Iterator[tuple[int, int]]:
    """Where blocks of some size begin and end."""
    begin = size = 0
    for end, piece in enumerate(pieces, 1):
        size += _size(piece)
        if size >= LARGEST:
            yield begin, end
            begin, size = end, 0
    if size:
        yield begin, len(pieces)


def _join(parts: list[bytes]) -> Iterator[bytes]:
    for begin, end in _gather(parts):
        yield b"".join(parts[begin:end])
