"""Compressed bodies, unpacked in bounded pieces: a bomb ends the answer and not the memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from exporter.api.errors import UnreadableError

#: Bytes that are unpacked at once.
PIECE = 256 * 1024

#: What a body may always expand to, and to how many times its size beyond that. The API's JSON
#: shrinks to a tenth, a list of copies to a hundredth; only bombs come near the thousandth.
HARMLESS = 64 * 1024 * 1024
LARGEST_RATIO = 300

_GZIP = 16 + zlib.MAX_WBITS


class Unpacker:
    """Unpacks gzip, several members too (a server that flushes may end one each time)."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._member = zlib.decompressobj(_GZIP)
        self._taken = 0
        self._given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that come out of these bytes; raises UnreadableError."""
        self._taken += len(data)
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            try:
                piece = self._member.decompress(data, PIECE)
            except zlib.error:
                raise UnreadableError(f"{self._server} sends what is no gzip as gzip") from None
            data = self._member.unconsumed_tail or self._member.unused_data
            self._given += len(piece)
            if self._given > max(HARMLESS, self._taken * LARGEST_RATIO):
                raise UnreadableError(
                    f"{self._server} sends a body that unpacks to more than {LARGEST_RATIO} times"
                    " its size"
                )
            if piece:
                yield piece

    @property
    def is_whole(self) -> bool:
        """Whether the body ended where a member ends."""
        return self._member.eof or not self._taken


async def unpack(chunks: AsyncIterator[bytes], encoding: str, server: str) -> AsyncGenerator[bytes]:
    """The bytes of a body with this `Content-Encoding`; raises UnreadableError."""
    if encoding in ("", "identity"):
        async for chunk in chunks:
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip"):
        raise UnreadableError(f"{server} answers in an encoding that it was not asked for")
    unpacker = Unpacker(server)
    async for chunk in chunks:
        for piece in unpacker.feed(chunk):
            yield piece
    if not unpacker.is_whole:
        raise UnreadableError(f"{server} broke off in the middle of a gzip body")
