"""Rendered lines in sorted chunks: text and its deflated form, each made once and kept.

A chunk holds neighbouring keys (Services in order of namespace and name). Per family it keeps one
text and where each key's lines end in it, so a scrape only joins, and a change of one Service
costs one small splice. No object is kept per Service and family: 140,000 of them would cost more
than the text.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from exporter.exposition.fragments import Fragment

#: How many keys a chunk holds at most; twice what a fresh one has.
CAPACITY = 128

_LEVEL = 6

Key = tuple[str, ...]
#: A fragment with all its lines.
Whole = tuple[bytes, ...]
_K = TypeVar("_K", bound=Key)


class Piece:
    """The lines of one family in one chunk. Never changed: a change makes a new one."""

    __slots__ = ("_deflated", "ends", "text")

    def __init__(self, text: bytes, ends: array[int]) -> None:
        self.text = text
        self.ends = ends
        self._deflated: bytes | None = None

    def lines(self, index: int) -> bytes:
        """The lines of the key at this index."""
        return self.text[self.ends[index - 1] if index else 0 : self.ends[index]]

    def deflated(self) -> bytes:
        """The text as raw deflate, ended so that any other may follow it."""
        if self._deflated is None:
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            # A full flush ends at a byte's border and forgets what came before: pieces join freely.
            self._deflated = packer.compress(self.text) + packer.flush(zlib.Z_FULL_FLUSH)
        return self._deflated

    def spliced(self, index: int, lines: bytes) -> Piece:
        """The piece with other lines for one key."""
        ends = self.ends
        begin, end = ends[index - 1] if index else 0, ends[index]
        text = b"".join((self.text[:begin], lines, self.text[end:]))
        step = len(lines) - (end - begin)
        if step:
            ends = array("I", ends)
            for at in range(index, len(ends)):
                ends[at] += step
        return Piece(text, ends)


def lone_piece(text: bytes) -> Piece:
    """A piece that belongs to no key: what stands above a family's samples."""
    return Piece(text, array("I", [len(text)]))


def _piece_of(parts: Iterable[bytes]) -> Piece:
    parts = list(parts)
    ends = array("I")
    total = 0
    for part in parts:
        total += len(part)
        ends.append(total)
    return Piece(b"".join(parts), ends)


class Chunk:
    """Neighbouring keys and their pieces, one per family."""

    __slots__ = ("keys", "pieces")

    def __init__(self, keys: list[Key], pieces: list[Piece]) -> None:
        self.keys = keys
        self.pieces = pieces

    def fragments(self) -> dict[Key, Whole]:
        """Every key's lines, taken apart again."""
        return {
            key: tuple(piece.lines(index) for piece in self.pieces)
            for index, key in enumerate(self.keys)
        }


class ChunkStore:
    """All fragments of one scope of families, in order of their keys."""

    def __init__(self, families: int) -> None:
        self._families = families
        self._chunks: list[Chunk] = []
        self._firsts: list[Key] = []
        self.series = [0] * families

    def __len__(self) -> int:
        return sum(len(chunk.keys) for chunk in self._chunks)

    def apply(self, batch: Mapping[_K, Fragment | None]) -> bool:
        """Puts new fragments in (None: takes the key out); returns whether anything changed."""
        changed = False
        keys = sorted(batch)
        at = 0
        while at < len(keys):
            index = max(bisect_right(self._firsts, keys[at]) - 1, 0)
            limit = len(keys)
            if index + 1 < len(self._firsts):
                limit = bisect_left(keys, self._firsts[index + 1], at)
            changed |= self._apply_to(index, keys[at:limit], batch)
            at = limit
        return changed

    def _apply_to(self, index: int, keys: list[_K], batch: Mapping[_K, Fragment | None]) -> bool:
        chunk = self._chunks[index] if self._chunks else Chunk([], [])
        if len(keys) <= 4:  # else it is cheaper to build the chunk anew
            places = [_find(chunk.keys, key) for key in keys]
            if all(
                place is not None and batch[key] is not None
                for key, place in zip(keys, places, strict=True)
            ):
                changed = False
                for key, place in zip(keys, places, strict=True):
                    changed |= self._splice(chunk, place, batch[key])  # type: ignore[arg-type]
                return changed
        fragments = chunk.fragments()
        before = dict(fragments)
        for key in keys:
            fragment = batch[key]
            if fragment is None:
                fragments.pop(key, None)
            else:
                fragments[key] = _completed(fragment, before.get(key))
        if fragments == before:
            return False
        self._rebuild(index, chunk, fragments)
        return True

    def _splice(self, chunk: Chunk, place: int, fragment: Fragment) -> bool:
        changed = False
        for number, lines in enumerate(fragment):
            if lines is None:
                continue
            piece = chunk.pieces[number]
            old = piece.lines(place)
            if old != lines:
                chunk.pieces[number] = piece.spliced(place, lines)
                self.series[number] += lines.count(b"\n") - old.count(b"\n")
                changed = True
        return changed

    def _rebuild(self, index: int, old: Chunk, fragments: dict[Key, Whole]) -> None:
        for number, piece in enumerate(old.pieces):
            self.series[number] -= piece.text.count(b"\n")
        keys = sorted(fragments)
        size = CAPACITY if len(keys) <= CAPACITY else CAPACITY // 2
        fresh = []
        for begin in range(0, len(keys), size):
            part = keys[begin : begin + size]
            pieces = [
                _piece_of(fragments[key][number] for key in part)
                for number in range(self._families)
            ]
            for number, piece in enumerate(pieces):
                self.series[number] += piece.text.count(b"\n")
            fresh.append(Chunk(part, pieces))
        self._chunks[index : index + 1] = fresh
        self._firsts[index : index + 1] = [chunk.keys[0] for chunk in fresh]

    def pieces(self, family: int) -> list[Piece]:
        """The pieces of one family, in order."""
        return [chunk.pieces[family] for chunk in self._chunks if chunk.pieces[family].text]

    def lines_of(self, family: int, namespaces: frozenset[str]) -> bytes:
        """The lines of one family for keys in these namespaces."""
        return b"".join(
            chunk.pieces[family].lines(index)
            for chunk in self._chunks
            for index, key in enumerate(chunk.keys)
            if key[0] in namespaces
        )

    def keys(self) -> Iterator[Key]:
        """All keys, in order."""
        for chunk in self._chunks:
            yield from chunk.keys


def _completed(fragment: Fragment, before: Whole | None) -> Whole:
    """The fragment with the lines that it leaves as they were."""
    return tuple(
        (before[number] if before is not None else b"") if lines is None else lines
        for number, lines in enumerate(fragment)
    )


def _find(keys: list[Key], key: Key) -> int | None:
    at = bisect_left(keys, key)
    return at if at < len(keys) and keys[at] == key else None
