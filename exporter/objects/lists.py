"""Lists, read while they arrive; and what counts as one.

A gateway that answers `{"error": "maintenance"}`, a login page or another API's collection must
never be taken for an empty list: nothing would be what it was, and nobody would be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from exporter.objects.codec import HOSTILE, ListHead, Retained, decode_object
from exporter.objects.cutting import Cutter
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import Resource

_ITEMS = re.compile(rb'"items"\s*:\s*\[')
_COMPACT = b'"items":['
_BORDER = b'},{"metadata":{'

#: A Go server's items begin within the first kilobyte or two (a continue token may be long).
_HEAD_ENDS = 8 * 1024

#: Bytes without a border, and false borders in one item, after which the list is none of Go's.
_BORDERLESS = 1024 * 1024
_FALSE_BORDERS = 16


class _WireListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str | None = None
    token: str | None = msgspec.field(default=None, name="continue")


class _WireBody(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    metadata: _WireListMeta | None = None
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    message: str | None = None


class ListReader:
    """Reads one page of a list while its bytes arrive, object by object.

    A server may answer a first list with all there is in one body of a hundred megabytes; held
    and decoded at once it would cost that much memory and block everything for as long. Items
    of Go servers begin with `{"metadata":{`, so the bytes are cut at `},{"metadata":{` and every
    piece has to prove itself by decoding; a false border (nested metadata, a string that looks
    like one) does not decode and is joined with what follows. A list of any other shape (printed
    for people by a proxy, keys in another order) is cut bracket by bracket, which takes longer.

    `feed` and `rest` give one object at a step, so that whoever reads may let others in between.
    `head` is what the list says of itself, as soon as `rest` was asked for its first.
    """

    head = ListHead("", "")

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._buffer = bytearray()
        self._searched = 0
        self._misses = 0
        self._taken = False
        self._start: bytes | None = None
        self._cutter: Cutter | None = None

    def feed(self, chunk: bytes) -> Iterator[Retained | Rejected]:
        """Takes bytes, gives the objects that are complete with them.

        Raises DecodeError as soon as it is clear that they are no list that can be read.
        """
        if self._cutter is not None:
            yield from self._cut(self._cutter, chunk)
            return
        self._buffer += chunk if self._buffer else chunk.lstrip(b" \t\r\n")
        if self._start is None and not self._find_start():
            if self._is_other():
                yield from self._change_over()
            return
        yield from self._take()
        if self._misses >= _FALSE_BORDERS or len(self._buffer) > _BORDERLESS:
            yield from self._change_over()

    def rest(self) -> Iterator[Retained | Rejected]:
        """The objects that were left when all bytes are there.

        Raises DecodeError when the bytes are not the whole of a list of this resource.
        """
        if self._cutter is not None:
            try:
                whole = self._cutter.finish()
            except DecodeError as error:
                raise self._broken(error) from None
        else:
            whole = (self._start or b"") + bytes(self._buffer)
        self._buffer = bytearray()
        body = self._decode(whole)
        meta = body.metadata or _WireListMeta()
        self.head = ListHead(meta.resource_version or "", meta.token or "")
        for item in body.items or ():
            yield decode_object(self._resource, item)

    # ── what counts as a list ────────────────────────────────────────────────────────────────

    def _decode(self, whole: bytes) -> _WireBody:
        resource = self._resource
        expected = f"expected a {resource.kind}List of {resource.api_version}"
        begin = whole.lstrip()[:1]
        if begin != b"{":
            got = {b"": "nothing", b"<": "HTML"}.get(begin, "what is no JSON object")
            raise DecodeError(f"{expected}, got {got}")
        try:
            body = msgspec.json.decode(whole, type=_WireBody)
        except HOSTILE as error:
            raise self._broken(error) from None
        if body.kind != f"{resource.kind}List" or body.api_version not in resource.api_versions:
            raise DecodeError(f"{expected}, got {_describe(body)}")
        if body.items is msgspec.UNSET:
            raise DecodeError(f"{expected}, got one without items")
        if body.metadata is None or not body.metadata.resource_version:
            raise DecodeError(f"{expected}, got one without a resourceVersion")
        return body

    def _broken(self, why: Exception) -> DecodeError:
        return DecodeError(f"the list of {self._resource.name} is broken: {why}")

    # ── as Go servers write it ───────────────────────────────────────────────────────────────

    def _find_start(self) -> bool:
        at = self._buffer.find(_COMPACT, 0, _HEAD_ENDS)
        if at < 0:
            return False
        try:
            msgspec.json.decode(bytes(self._buffer[:at]) + b'"items":[]}', type=_WireBody)
        except HOSTILE:
            return False
        self._start = bytes(self._buffer[: at + len(_COMPACT)])
        del self._buffer[: len(self._start)]
        return True

    def _take(self) -> Iterator[Retained | Rejected]:
        buffer, begin, search = self._buffer, 0, self._searched
        while self._misses < _FALSE_BORDERS and (at := buffer.find(_BORDER, search)) >= 0:
            search = at + 1
            try:
                found = decode_object(self._resource, bytes(buffer[begin : at + 1]))
            except DecodeError:
                self._misses += 1
                continue  # not a border between items: the piece goes on
            begin = at + 2
            self._misses = 0
            self._taken = True
            yield found
        # A border may lie across two chunks: look again from just before the end.
        self._searched = max(search, len(buffer) - len(_BORDER), begin) - begin
        del buffer[:begin]

    # ── of any other shape ───────────────────────────────────────────────────────────────────

    def _is_other(self) -> bool:
        return len(self._buffer) > _HEAD_ENDS or bool(_ITEMS.search(self._buffer))

    def _change_over(self) -> Iterator[Retained | Rejected]:
        if self._start is None and not self._buffer.startswith(b"{"):
            self._decode(bytes(self._buffer))  # which says what it is instead
        self._cutter = Cutter(self._start or b"", follows=self._taken)
        kept, self._buffer = self._buffer, bytearray()
        # The comma went with the object before it.
        yield from self._cut(self._cutter, b"," + kept if self._taken else kept)

    def _cut(self, cutter: Cutter, chunk: bytes | bytearray) -> Iterator[Retained | Rejected]:
        try:
            for piece in cutter.feed(chunk):
                yield decode_object(self._resource, piece)
        except DecodeError as error:
            raise self._broken(error) from None


def _describe(body: _WireBody) -> str:
    if body.kind is None:
        return "an object without a kind"
    if body.kind == "Status" and body.message:
        return f"a Status: {body.message}"
    return f"a {body.kind} of {body.api_version or 'no version'}"
