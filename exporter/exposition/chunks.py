"""Rendered lines in sorted chunks: text and its deflated form, each made once and kept.

A chunk holds neighbouring keys (Services in order of namespace and name). Per family it keeps one
text and where each key's lines end in it, so a scrape only joins, and a change of one Service
costs one small splice. No object is kept per Service and family: 140,000 of them would cost more
than the text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

import msgspec

from exporter.exposition.fragments import Fragment
from exporter.exposition.pieces import (
    CAPACITY,
    LARGEST,
    Chunk,
    Key,
    Piece,
    Whole,
    build_chunks,
)

#: Up to so many keys are spliced; to build the chunk anew is cheaper for more.
_FEW = 4

#: Keys that are completed between two pauses.
_STRIDE = 256

_K = TypeVar("_K", bound=Key)


class _Edition(msgspec.Struct):
    """All chunks at one commit."""

    chunks: list[Chunk]
    firsts: list[Key]
    series: list[int]


class ChunkStore:
    """All fragments of one scope of families, in order of their keys."""

    def __init__(self, families: int) -> None:
        self._families = families
        self._shown = _Edition([], [], [0] * families)
        self._next: _Edition | None = None
        # What was asked for last is asked for family by family: it is found once.
        self._asked: frozenset[str] | None = None
        self._answer: _Edition | None = None
        self._ranges: list[tuple[Chunk, int, int]] = []

    def __len__(self) -> int:
        return sum(len(chunk.keys) for chunk in self._shown.chunks)

    @property
    def series(self) -> list[int]:
        """How many lines each family has."""
        return self._shown.series

    # ── putting in ───────────────────────────────────────────────────────────────────────────

    def apply(self, batch: Mapping[_K, Fragment | None]) -> bool:
        """Puts new fragments in (None: takes the key out); returns whether anything changed."""
        for _ in self.prepare(batch):
            pass
        return self.publish()

    def prepare(self, batch: Mapping[_K, Fragment | None]) -> Iterator[None]:
        """Makes, in short steps, the chunks that `publish` shows. Readers see nothing of it."""
        self._next = None
        if not batch:
            return
        shown = self._shown
        edition = _Edition([], [], list(shown.series))
        keys: list[_K] = []
        yield from _sort(batch, keys)
        changed = moved = False
        at = taken = 0  # `taken`: so many of the chunks that are shown are dealt with
        while at < len(keys):
            index = max(bisect_right(shown.firsts, keys[at]) - 1, 0)
            limit = len(keys)
            if index + 1 < len(shown.firsts):
                limit = bisect_left(keys, shown.firsts[index + 1], at)
            edition.chunks += shown.chunks[taken:index]
            taken = index + 1
            old = shown.chunks[index] if shown.chunks else Chunk([], [])
            fresh = []
            for chunk in self._change(old, keys[at:limit], batch, edition.series):
                if chunk is not None:
                    fresh.append(chunk)
                yield
            edition.chunks += fresh
            at = limit
            changed |= fresh != shown.chunks[index : index + 1]
            if len(fresh) == 1 and fresh[0].keys is old.keys:
                continue
            moved = True
            if sum(len(chunk.keys) for chunk in fresh) < len(old.keys):
                _merge_last(edition.chunks)
                if at == len(keys) or bisect_right(shown.firsts, keys[at]) - 1 > taken:
                    # The one behind it does not have its turn next: it may be small as well.
                    edition.chunks += shown.chunks[taken : taken + 1]
                    taken = min(taken + 1, len(shown.chunks))
                    _merge_last(edition.chunks)
        if changed:
            edition.chunks += shown.chunks[taken:]
            edition.firsts = [chunk.keys[0] for chunk in edition.chunks] if moved else shown.firsts
            self._next = edition

    def publish(self) -> bool:
        """Shows what was prepared; returns whether that is anything new."""
        edition, self._next = self._next, None
        if edition is not None:
            self._shown = edition
        return edition is not None

    def _change(
        self, old: Chunk, keys: list[_K], batch: Mapping[_K, Fragment | None], series: list[int]
    ) -> Iterator[Chunk | None]:
        """The chunks that stand in place of one: itself when nothing changed. None is a pause."""
        spliced = _splice(old, keys, batch, series)
        if spliced is not None and (
            spliced.largest <= 2 * LARGEST or len(spliced.keys) == 1 or spliced is old
        ):
            yield spliced
            return
        chunk = spliced or old
        before = chunk.fragments()
        after = dict(before)
        for number, key in enumerate(keys, 1):
            fragment = batch[key]
            if fragment is None:
                after.pop(key, None)
            else:
                after[key] = _complete(fragment, before.get(key))
            if not number % _STRIDE:
                yield None
        if after == before and spliced is None:
            yield from [old] if old.keys else []
            return
        chunk.count(series, -1)
        for fresh in build_chunks(after, self._families):
            fresh.count(series, 1)
            yield fresh

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def pieces(self, family: int) -> list[Piece]:
        """The pieces of one family, in order."""
        return [chunk.pieces[family] for chunk in self._shown.chunks if chunk.pieces[family].text]

    def lines_of(self, family: int, namespaces: frozenset[str]) -> bytes:
        """The lines of one family for keys in these namespaces, in order."""
        if self._asked is not namespaces or self._answer is not self._shown:
            self._ranges = list(self._find_ranges(namespaces))
            self._asked, self._answer = namespaces, self._shown
        return b"".join(
            [chunk.pieces[family].range(begin, end) for chunk, begin, end in self._ranges]
        )

    def _find_ranges(self, namespaces: frozenset[str]) -> Iterator[tuple[Chunk, int, int]]:
        """Where keys of these namespaces are: neighbours, so they are found and not looked for."""
        shown = self._shown
        for namespace in sorted(namespaces):
            at = max(bisect_left(shown.firsts, (namespace,)) - 1, 0)
            for chunk in islice(shown.chunks, at, None):
                begin = bisect_left(chunk.keys, (namespace,))
                end = bisect_left(chunk.keys, (f"{namespace}\0",), begin)
                if begin < end:
                    yield chunk, begin, end
                if end < len(chunk.keys):
                    break

    def keys(self) -> Iterator[Key]:
        """All keys, in order."""
        for chunk in self._shown.chunks:
            yield from chunk.keys


def _sort(batch: Mapping[_K, Fragment | None], into: list[_K]) -> Iterator[None]:
    """All keys in order: namespace by namespace, for to sort all at once would hold others up."""
    grouped: dict[str, list[_K]] = {}
    for number, key in enumerate(batch, 1):
        grouped.setdefault(key[0], []).append(key)
        if not number % 4096:
            yield
    for namespace in sorted(grouped):
        into += sorted(grouped[namespace])
        if len(grouped) > 1:
            yield


def _splice(
    chunk: Chunk, keys: list[_K], batch: Mapping[_K, Fragment | None], series: list[int]
) -> Chunk | None:
    """The chunk with other lines for a few keys that it has; None when it has to be built anew."""
    if len(keys) > _FEW:
        return None
    places = [chunk.find(key) for key in keys]
    fragments = [batch[key] for key in keys]
    if None in places or None in fragments:
        return None
    for place, fragment in zip(places, fragments, strict=True):
        chunk = chunk.spliced(place, fragment, series)  # type: ignore[arg-type]
    return chunk


def _merge_last(chunks: list[Chunk]) -> None:
    """Joins the last two chunks where both together are no more than a fresh one."""
    if len(chunks) < 2 or len(chunks[-2].keys) + len(chunks[-1].keys) > CAPACITY // 2:
        return
    joined = chunks[-2].joined(chunks[-1])
    if joined.largest <= LARGEST:
        chunks[-2:] = [joined]


def _complete(fragment: Fragment, before: Whole | None) -> Whole:
    """The fragment with the lines that it leaves as they were."""
    return tuple(
        (before[number] if before is not None else b"") if lines is None else lines
        for number, lines in enumerate(fragment)
    )
