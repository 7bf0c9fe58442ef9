"""Rendered lines in sorted chunks: text and its deflated form, each made once and kept.

A chunk holds neighbouring keys (Services in order of namespace and name). Per family it keeps one
text and where each key's lines end in it, so a scrape only joins, and a change of one Service
costs one small splice. No object is kept per Service and family: 140,000 of them would cost more
than the text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter
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
_FEW = 24

#: Keys that are dealt with between two pauses.
_STRIDE = 256
#: Keys of one chunk that are dealt with together: when all is new, that is all there are.
_PORTION = 1024

_K = TypeVar("_K", bound=Key)
#: A key and its lines; None takes it out.
Pair = tuple[_K, Fragment | None]

_key_of = itemgetter(0)


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
        self._gone: list[Chunk] = []
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
        for _ in self.prepare(list(batch.items())):
            pass
        changed = self.publish()
        for _ in self.release():
            pass
        return changed

    def prepare(self, batch: MutableSequence[Pair[_K]]) -> Iterator[None]:
        """Makes, in short steps, the chunks that `publish` shows. Readers see nothing of it.

        The batch is used up: to let a hundred thousand fragments go at once would take as long as
        to make some thousand.
        """
        self._next, self._gone = None, []
        shown = self._shown
        edition = _Edition([], [], list(shown.series))
        pairs: list[Pair[_K]] = []
        yield from _sort(batch, pairs)
        changed = False
        at = taken = 0  # `taken`: so many of the chunks that are shown are dealt with
        while at < len(pairs):
            index = max(bisect_right(shown.firsts, pairs[at][0]) - 1, 0)
            limit = len(pairs)
            if index + 1 < len(shown.firsts):
                limit = bisect_left(pairs, shown.firsts[index + 1], at, key=_key_of)
            edition.chunks += shown.chunks[taken:index]
            taken = index + 1
            old = shown.chunks[index] if shown.chunks else Chunk([], [])
            fresh = []
            for chunk in self._change(old, pairs[at:limit], edition.series):
                if chunk is not None:
                    fresh.append(chunk)
                yield
            edition.chunks += fresh
            at = limit
            if fresh != shown.chunks[index : index + 1]:
                changed = True
                self._gone.append(old)
            if sum(len(chunk.keys) for chunk in fresh) < len(old.keys):
                _merge_last(edition.chunks)
                if at == len(pairs) or bisect_right(shown.firsts, pairs[at][0]) - 1 > taken:
                    # The one behind it does not have its turn next: it may be small as well.
                    edition.chunks += shown.chunks[taken : taken + 1]
                    taken = min(taken + 1, len(shown.chunks))
                    _merge_last(edition.chunks)
                yield
        if changed:
            edition.chunks += shown.chunks[taken:]
            edition.firsts = [chunk.keys[0] for chunk in edition.chunks]
            self._next = edition
        while pairs:
            del pairs[-_STRIDE:]
            yield

    def publish(self) -> bool:
        """Shows what was prepared; returns whether that is anything new."""
        edition, self._next = self._next, None
        if edition is not None:
            self._shown = edition
        return edition is not None

    def release(self) -> Iterator[None]:
        """Lets go, in short steps, of the chunks in whose place others are shown now."""
        while self._gone:
            self._gone.pop()
            yield

    def _change(
        self, old: Chunk, pairs: Sequence[Pair[_K]], series: list[int]
    ) -> Iterator[Chunk | None]:
        """The chunks that stand in place of one: itself when nothing changed. None is a pause."""
        if all(lines is None and old.find(key) is None for key, lines in pairs):
            yield from [old] if old.keys else []
            return
        spliced = _splice(old, pairs, series)
        if spliced is not None and (
            spliced.largest <= 2 * LARGEST or len(spliced.keys) == 1 or spliced is old
        ):
            yield spliced
            return
        chunk = spliced or old
        before = chunk.fragments()
        if len(pairs) <= _PORTION:
            after = _put(pairs, before, dict(before))
            if after == before and spliced is None:
                yield from [old] if old.keys else []
                return
        chunk.count(series, -1)
        for begin in range(0, len(pairs), _PORTION):
            end = begin + _PORTION
            kept = before
            if len(pairs) > _PORTION:
                # What lies between this portion's keys, or beyond all of them.
                first = bisect_left(chunk.keys, pairs[begin][0]) if begin else 0
                last = bisect_left(chunk.keys, pairs[end][0]) if end < len(pairs) else None
                kept = {key: before[key] for key in chunk.keys[first:last]}
            for fresh in build_chunks(_put(pairs[begin:end], before, dict(kept)), self._families):
                fresh.count(series, 1)
                yield fresh
            yield None

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def pieces(self, family: int) -> list[Piece]:
        """The pieces of one family, in order."""
        return [chunk.pieces[family] for chunk in self._shown.chunks if chunk.pieces[family].size]

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


def _sort(batch: MutableSequence[Pair[_K]], into: list[Pair[_K]]) -> Iterator[None]:
    """All pairs by key: namespace by namespace, for to sort all at once would hold others up."""
    grouped: dict[str, list[Pair[_K]]] = {}
    while batch:
        pair = batch.pop()
        grouped.setdefault(pair[0][0], []).append(pair)
        if not len(batch) % _PORTION:
            yield
    for namespace in sorted(grouped):
        group = grouped.pop(namespace)
        if len(group) <= 2 * _PORTION:
            into += sorted(group, key=_key_of)
            yield
            continue
        runs = []
        for begin in range(0, len(group), 2 * _PORTION):
            runs.append(sorted(group[begin : begin + 2 * _PORTION], key=_key_of))
            yield
        for number, pair in enumerate(merge(*runs, key=_key_of), 1):
            into.append(pair)
            if not number % _PORTION:
                yield


def _put(
    pairs: Sequence[Pair[_K]], before: Mapping[Key, Whole], into: dict[Key, Whole]
) -> dict[Key, Whole]:
    """Puts complete fragments in, or takes them out."""
    for key, fragment in pairs:
        if fragment is None:
            into.pop(key, None)
        else:
            into[key] = _complete(fragment, before.get(key))
    return into


def _splice(chunk: Chunk, pairs: Sequence[Pair[_K]], series: list[int]) -> Chunk | None:
    """The chunk with other lines for a few keys that it has; None when it has to be built anew."""
    if len(pairs) > _FEW:
        return None
    places = [chunk.find(key) for key, _ in pairs]
    if None in places or any(fragment is None for _, fragment in pairs):
        return None
    for place, (_, fragment) in zip(places, pairs, strict=True):
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
