"""The parts that a scrape is joined from: lines of one family, and chunks of neighbouring keys.

None is ever changed: a change makes another in its place, so whoever holds one holds one state.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from exporter.exposition.fragments import Fragment

#: How many keys a chunk holds at most; twice what a fresh one has.
CAPACITY = 128

#: How many bytes of one family a fresh chunk holds at most (a single key may have more): so much
#: is copied when a line changes, and deflated in one go.
LARGEST = 65_536

_WELL = 6
_QUICK = 1
#: Bits of the window, and how much memory for the rest (zlib's deflateInit2).
_SMALL = (12, 5)
_USUAL = (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
_FITS_SMALL = 1 << 14
#: How often a changed piece is asked for before it is packed well.
_PATIENCE = 5

#: How many changes gather beside a text: each is an object of its own.
_GATHERED = 8
_NOTHING: dict[int, bytes] = {}

Key = tuple[str, ...]
#: A fragment with all its lines.
Whole = tuple[bytes, ...]


def deflate(text: bytes, level: int = _QUICK) -> bytes:
    """The text as raw deflate, ended by a full flush.

    That ends at a byte's border and forgets what came before: pieces join freely. To clear the
    tables of the usual window takes five times as long as to pack six kilobytes of lines, and lines
    repeat what stands right above them.
    """
    window, memory = _SMALL if len(text) <= _FITS_SMALL else _USUAL
    packer = zlib.compressobj(level, zlib.DEFLATED, -window, memory)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


class Piece:
    """The lines of one family in one chunk. Never changed: a change makes a new one.

    What came of another by a change may be gone as soon. It keeps the other's text and what is new
    beside it, and is written out when somebody reads it or much has gathered: of a text that is
    read every fifteen seconds no copy is made for each change in between.
    """

    __slots__ = ("_deflated", "_ends", "_fleeting", "_fresh", "_text", "size")

    def __init__(self, text: bytes, ends: array[int]) -> None:
        #: Bytes of the text.
        self.size = len(text)
        self._text = text
        self._ends = ends
        self._fresh = _NOTHING
        self._deflated: bytes | None = None
        self._fleeting = 0

    @property
    def text(self) -> bytes:
        """All lines."""
        if self._fresh:
            self._write_out()
        return self._text

    @property
    def ends(self) -> array[int]:
        """Where each key's lines end in the text."""
        if self._fresh:
            self._write_out()
        return self._ends

    def _write_out(self) -> None:
        parts: list[bytes | memoryview] = []
        old, held = self._ends, memoryview(self._text)
        ends = array("I")
        copied = shift = 0
        for index in sorted(self._fresh):
            lines = self._fresh[index]
            begin, end = old[index - 1] if index else 0, old[index]
            parts += (held[copied:begin], lines)
            ends.extend(_shifted(old[len(ends) : index], shift))
            shift += len(lines) - (end - begin)
            ends.append(end + shift)
            copied = end
        parts.append(held[copied:])
        ends.extend(_shifted(old[len(ends) :], shift))
        self._text, self._ends, self._fresh = b"".join(parts), ends, _NOTHING

    def lines(self, index: int) -> bytes:
        """The lines of the key at this index."""
        fresh = self._fresh.get(index)
        if fresh is not None:
            return fresh
        return self._text[self._ends[index - 1] if index else 0 : self._ends[index]]

    def range(self, begin: int, end: int) -> bytes:
        """The lines of the keys from one index up to another."""
        text, ends = self.text, self.ends
        return text[ends[begin - 1] if begin else 0 : ends[end - 1]]

    def deflated(self) -> bytes:
        """The text as raw deflate, ended so that any other may follow it.

        A piece that keeps changing is packed quickly; once it has lasted for some scrapes it is
        packed well.
        """
        if self._fleeting:
            self._fleeting -= 1
            if not self._fleeting:
                self._deflated = None
        if self._deflated is None:
            level = _QUICK if self._fleeting else _WELL
            self._deflated = deflate(self.text, level)
        return self._deflated

    @property
    def settled(self) -> bool:
        """Whether it is packed as it will stay."""
        return not self._fleeting

    def spliced(self, index: int, lines: bytes) -> Piece:
        """The piece with other lines for one key."""
        if len(self._fresh) >= _GATHERED:
            self._write_out()
        piece = Piece(self._text, self._ends)
        piece.size = self.size + len(lines) - len(self.lines(index))
        piece._fresh = {**self._fresh, index: lines}
        piece._fleeting = _PATIENCE
        return piece

    def joined(self, other: Piece) -> Piece:
        """The piece with another's lines behind its own."""
        text, ends = self.text + other.text, array("I", self.ends)
        ends.extend([self.size + end for end in other.ends])
        return Piece(text, ends)


def _shifted(ends: array[int], shift: int) -> Iterable[int]:
    return map(shift.__add__, ends) if shift else ends


def lone_piece(text: bytes) -> Piece:
    """A piece that belongs to no key: what stands above a family's samples."""
    return Piece(text, array("I", [len(text)]))


def _join_lines(parts: list[bytes]) -> Piece:
    return Piece(b"".join(parts), array("I", accumulate(map(len, parts))))


class Chunk:
    """Neighbouring keys and their pieces, one per family."""

    __slots__ = ("keys", "pieces")

    def __init__(self, keys: list[Key], pieces: list[Piece]) -> None:
        self.keys = keys
        self.pieces = pieces

    @property
    def largest(self) -> int:
        """Bytes of the family that has most of them."""
        return max([piece.size for piece in self.pieces], default=0)

    def fragments(self) -> dict[Key, Whole]:
        """Every key's lines, taken apart again."""
        return {
            key: tuple(piece.lines(index) for piece in self.pieces)
            for index, key in enumerate(self.keys)
        }

    def find(self, key: Key) -> int | None:
        """The index of a key, None when it is not here."""
        at = bisect_left(self.keys, key)
        return at if at < len(self.keys) and self.keys[at] == key else None

    def spliced(self, index: int, fragment: Fragment, series: list[int]) -> Chunk:
        """The chunk with other lines for one key, itself when they are the same.

        What that adds to the lines of each family is added to `series`.
        """
        pieces = self.pieces
        for number, lines in enumerate(fragment):
            if lines is None:
                continue
            old = self.pieces[number].lines(index)
            if old != lines:
                if pieces is self.pieces:
                    pieces = list(pieces)
                pieces[number] = self.pieces[number].spliced(index, lines)
                series[number] += lines.count(b"\n") - old.count(b"\n")
        return self if pieces is self.pieces else Chunk(self.keys, pieces)

    def joined(self, other: Chunk) -> Chunk:
        """The chunk with another's keys, which come after its own."""
        pairs = zip(self.pieces, other.pieces, strict=True)
        return Chunk(self.keys + other.keys, [left.joined(right) for left, right in pairs])

    def count(self, series: list[int], sign: int) -> None:
        """Adds its lines to each family's number, or takes them away (-1)."""
        for number, piece in enumerate(self.pieces):
            series[number] += sign * piece.text.count(b"\n")


def build_chunks(fragments: Mapping[Key, Whole], families: int) -> Iterator[Chunk]:
    """Fresh chunks, in order."""
    for keys in _cut(fragments):
        yield Chunk(
            keys,
            [_join_lines([fragments[key][number] for key in keys]) for number in range(families)],
        )


def _cut(fragments: Mapping[Key, Whole]) -> Iterator[list[Key]]:
    """The keys of fresh chunks, so that each may grow, and none has too much text in a family."""
    keys = sorted(fragments)
    most = CAPACITY if len(keys) <= CAPACITY else CAPACITY // 2
    part: list[Key] = []
    sizes: list[int] = []
    for key in keys:
        more = [len(lines) for lines in fragments[key]]
        sizes = [old + new for old, new in zip(sizes, more, strict=True)] if part else more
        if part and (len(part) == most or max(sizes, default=0) > LARGEST):
            yield part
            part, sizes = [], more
        part.append(key)
    if part:
        yield part
