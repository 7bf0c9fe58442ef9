"""Pieces that changes follow each other in: each is what it was, and reads as if written anew."""

from __future__ import annotations

from array import array
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.pieces import Piece

LINES = st.sampled_from([b"", b"a 1\n", b"a 12\n", b"a 1\nb 2\n"])
#: Each key's lines at first, and which is replaced by what.
STORIES = st.lists(LINES, min_size=1, max_size=5).flatmap(
    lambda first: st.tuples(
        st.just(first), st.lists(st.tuples(st.integers(0, len(first) - 1), LINES), max_size=30)
    )
)


def piece_of(parts: list[bytes]) -> Piece:
    """A piece that was made of these lines, key by key."""
    return Piece(b"".join(parts), array("I", accumulate(map(len, parts))))


def tell(piece: Piece, keys: int) -> tuple[object, ...]:
    """All that can be read of a piece; its lines before anything has it written out."""
    lines = [piece.lines(index) for index in range(keys)]
    size = piece.size
    parts = [piece.range(begin, keys) for begin in range(keys)]
    return lines, size, parts, piece.text


@given(STORIES, st.booleans())
def test_changed_piece_reads_as_one_made_anew(
    story: tuple[list[bytes], list[tuple[int, bytes]]],
    read: bool,
) -> None:
    """Whether it is read after each change or at the end; those before stay as they were."""
    parts, changes = story
    states = [list(parts)]
    pieces = [piece_of(parts)]
    for index, lines in changes:
        states.append(list(states[-1]))
        states[-1][index] = lines
        pieces.append(pieces[-1].spliced(index, lines))
        if read:
            assert pieces[-1].text == b"".join(states[-1])
    for piece, state in zip(reversed(pieces), reversed(states), strict=True):
        fresh = piece_of(state)
        assert tell(piece, len(state)) == tell(fresh, len(state))


@given(STORIES, STORIES)
def test_changed_pieces_join(
    left: tuple[list[bytes], list[tuple[int, bytes]]],
    right: tuple[list[bytes], list[tuple[int, bytes]]],
) -> None:
    """Two that were changed read, joined, as their lines one after the other."""
    made, lines = [], []
    for parts, changes in (left, right):
        piece, state = piece_of(parts), list(parts)
        for index, fresh in changes:
            piece = piece.spliced(index, fresh)
            state[index] = fresh
        made.append(piece)
        lines += state
    joined = made[0].joined(made[1])
    assert tell(joined, len(lines)) == tell(piece_of(lines), len(lines))
