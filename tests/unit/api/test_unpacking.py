from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from exporter.api.errors import UnreadableError
from exporter.api.unpacking import HARMLESS, PIECE, Unpacker, unpack


def bomb(megabytes: int) -> bytes:
    """So much of one letter in a thousandth of its size."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"a" * 2**20) for _ in range(megabytes)) + packer.flush()


async def body(data: bytes, encoding: str, cut: int = 1000) -> bytes:
    """A body that came in pieces, unpacked."""

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), cut):
            yield data[at : at + cut]

    return b"".join([piece async for piece in unpack(chunks(), encoding, "https://server")])


@pytest.mark.parametrize("cut", [1, 7, 10**6])
async def test_what_was_packed_comes_out(cut: int) -> None:
    """In whatever pieces it came, and in several members too."""
    text = b"".join(b"line %d\n" % number for number in range(2000))
    assert await body(gzip.compress(text), "gzip", cut) == text
    assert await body(gzip.compress(text) + gzip.compress(b"more"), "gzip", cut) == text + b"more"
    assert await body(text, "", cut) == text
    assert await body(b"", "gzip", cut) == b""


def test_no_piece_is_large() -> None:
    """However much a few bytes unpack to, it comes bit by bit."""
    unpacker = Unpacker("https://server")
    assert max(len(piece) for piece in unpacker.feed(bomb(20))) <= PIECE


async def test_a_bomb_ends_the_body() -> None:
    """At the bound of what is harmless, with a clear error and not with all memory."""
    given = 0
    unpacker = Unpacker("https://server")
    with pytest.raises(UnreadableError) as caught:  # noqa: PT012  # the pieces before it count
        for piece in unpacker.feed(bomb(100)):
            given += len(piece)
    assert str(caught.value) == (
        "https://server sends a body that unpacks to more than 300 times its size"
    )
    assert given <= HARMLESS


@pytest.mark.parametrize(
    "data,encoding,told",
    [
        (b"no gzip at all", "gzip", "sends what is no gzip as gzip"),
        (gzip.compress(b"x" * 5000)[:-9], "gzip", "broke off in the middle of a gzip body"),
        (b"x", "br", "answers in an encoding that it was not asked for"),
    ],
)
async def test_what_can_not_be_unpacked_is_told(data: bytes, encoding: str, told: str) -> None:
    """Half a body must not pass for a whole one."""
    with pytest.raises(UnreadableError, match=told):
        await body(data, encoding)
