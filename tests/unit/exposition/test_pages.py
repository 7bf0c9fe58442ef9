from __future__ import annotations

import gzip
import zlib

import pytest

from exporter.exposition import pages
from exporter.exposition.pages import Body, Page
from exporter.exposition.pieces import LARGEST, lone_piece

TEXTS = [b"%d " % number * 2000 for number in range(30)]


def body() -> Body:
    """Lines of several families, one of them no piece and larger than what is packed in one go."""
    return Body([*map(lone_piece, TEXTS), b"x" * (2 * LARGEST + 1)])


def unpack(page: Page) -> bytes:
    """The page as a client reads it that took it compressed."""
    return gzip.decompress(b"".join(page.compressed()))


def test_scrapes_of_an_edition_share_what_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a tail of its own; the checksum of the rest is counted once, as is what it packs."""
    counted: list[int] = []

    def count(text: bytes, start: int = 0) -> int:
        counted.append(len(text))
        return zlib.crc32(text, start)

    shared = body()
    packed = []
    monkeypatch.setattr(pages, "crc32", count)
    for number in range(3):
        tail = b"own %d\n" % number
        page = Page(shared, tail)
        whole = b"".join(TEXTS) + b"x" * (2 * LARGEST + 1) + tail
        assert b"".join(page.pieces()) == whole
        assert page.size == len(whole)
        packed.append(list(page.compressed()))
        assert gzip.decompress(b"".join(packed[-1])) == whole
    assert sum(counted) == len(b"".join(TEXTS)) + 2 * LARGEST + 1 + 3 * len(b"own 0\n")
    # The head, the shared blocks, the tail and the end.
    assert [len(steps) for steps in packed[1:]] == [4, 4]


def test_scrapes_side_by_side_disturb_nobody() -> None:
    """One of them is through while the others are half sent; one is given up."""
    shared = body()
    first, second, third = (Page(shared, tail) for tail in (b"1\n", b"2\n", b"3\n"))
    begun = [iter(page.compressed()) for page in (first, second)]
    parts = [[next(steps) for _ in range(at)] for steps, at in zip(begun, (7, 12), strict=True)]
    abandoned = third.compressed()
    next(abandoned)
    assert unpack(third).endswith(b"3\n")
    for part, steps, tail in zip(parts, begun, (b"1\n", b"2\n"), strict=True):
        text = gzip.decompress(b"".join([*part, *steps]))
        assert text == unpack(Page(shared, tail))


def test_plain_blocks_are_worth_a_write() -> None:
    """Small pieces stand together; what is large stands alone, and nothing is empty."""
    sizes = [len(block) for block in body().plain()]
    assert min(sizes) > 0
    assert all(size >= LARGEST for size in sizes[:-1])
    assert list(Body(()).plain()) == []
    assert unpack(Page(Body(()))) == b""
