"""Lists that are read while they arrive, object by object."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from exporter.objects.codec import HOSTILE, ListHead, Retained, decode_object
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import Resource

_ITEMS = re.compile(rb'"items"\s*:\s*\[\s*')
#: What lies between two items as Go servers write them, and how with line breaks.
_BORDER = re.compile(rb'\},\{"metadata":\{')
_SPACED_BORDER = re.compile(rb'\}\s*,\s*\{\s*"metadata"\s*:\s*\{')
#: More bytes than a border or the head of the items has, line breaks and their indents included.
_OVERLAP = 256


class _WireListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str | None = None
    token: str | None = msgspec.field(default=None, name="continue")


class _WireHead(msgspec.Struct, frozen=True):
    metadata: _WireListMeta | None = None
    kind: str | None = None


class _WireBody(msgspec.Struct, frozen=True):
    metadata: _WireListMeta | None = None
    kind: str | None = None
    items: list[msgspec.Raw] | None = None


class ListReader:
    """Reads one page of a list while its bytes arrive, object by object.

    A server may answer a first list with all there is in one body of a hundred megabytes; held
    and decoded at once it would cost that much memory and block everything for as long. Items
    of Go servers begin with `{"metadata":{`, so the bytes are cut at `},{"metadata":{` and every
    piece has to prove itself by decoding; a false border (nested metadata, a string that looks
    like one) does not decode and is joined with what follows. A body of any other shape is
    decoded at the end.

    `feed` and `rest` give one object at a step, so that whoever reads may let others in between.
    `head` is what the list says of itself, as soon as `rest` was asked for its first.
    """

    head = ListHead("", "")

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._buffer = bytearray()
        self._searched = 0
        self._start: bytes | None = None
        self._border = _BORDER

    def feed(self, chunk: bytes) -> Iterator[Retained | Rejected]:
        """Takes bytes, gives the objects that are complete with them."""
        self._buffer += chunk
        if self._start is None and not self._find_start():
            return
        buffer, begin, search = self._buffer, 0, self._searched
        while (border := self._border.search(buffer, search)) is not None:
            at = border.start()
            search = at + 1
            try:
                found = decode_object(self._resource, bytes(buffer[begin : at + 1]))
            except DecodeError:
                continue  # not a border between items: the piece goes on
            begin = buffer.index(b"{", at)
            yield found
        # A border may lie across two chunks: look again from just before the end.
        self._searched = max(search, len(buffer) - _OVERLAP, begin) - begin
        del border  # it holds the buffer, which could not be cut
        if begin:
            del buffer[:begin]

    def _find_start(self) -> bool:
        """Finds where the items begin, and says whether they have begun."""
        items = _ITEMS.search(self._buffer, self._searched)
        if items is None:
            # From the end of what was searched: a body without items is searched once.
            self._searched = max(len(self._buffer) - _OVERLAP, 0)
            return False
        start = bytes(self._buffer[: items.end()])
        end, compact = items.end(), items.group() == b'"items":['
        del items
        try:
            msgspec.json.decode(start + b"]}", type=_WireHead)
        except HOSTILE:
            self._searched = end
            return False
        self._start = start
        self._border = _BORDER if compact else _SPACED_BORDER
        del self._buffer[:end]
        self._searched = 0
        return True

    def rest(self) -> Iterator[Retained | Rejected]:
        """The objects that were left when all bytes are there.

        Raises DecodeError when the bytes are not the whole of a list of this resource.
        """
        whole = (self._start or b"") + bytes(self._buffer)
        self._buffer = bytearray()
        try:
            body = msgspec.json.decode(whole, type=_WireBody)
        except HOSTILE as error:
            raise DecodeError(f"the list of {self._resource.name} is broken: {error}") from None
        expected = f"{self._resource.kind}List"
        if body.kind not in (None, expected, "List"):
            raise DecodeError(f"expected a {expected}, got a {body.kind}")
        meta = body.metadata or _WireListMeta()
        self.head = ListHead(meta.resource_version or "", meta.token or "")
        for item in body.items or ():
            yield decode_object(self._resource, item)
