"""A JSON list taken apart while its bytes arrive, whatever its shape. It decodes no object.

Every byte is looked at once, so that a list that a proxy has pretty-printed costs no more than in
proportion to its size, and no single step costs more than the bytes it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

import msgspec

from exporter.objects.meta import DecodeError

#: Bytes of one item. etcd takes requests of 1.5 MiB; a body without any borders must end somewhere.
LARGEST_ITEM = 16 * 1024 * 1024

#: Bytes of all that stands around the items: a kind, a version, a token.
LARGEST_HEAD = 1024 * 1024

_SPACE = b" \t\r\n"
_QUOTE, _OPEN_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b'"{[]'
_OPENING = (_OPEN_OBJECT, _OPEN_ARRAY)

# Whole strings and whatever is neither a string nor a bracket; then the rest of a string that
# began in bytes before. Possessive, so that no input makes them try again.
_BETWEEN_BRACKETS = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_INSIDE_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


class _Place(Enum):
    HEAD = 1
    ITEMS = 2
    TAIL = 3


class Cutter:
    """Cuts the members of the top level's `items` out of the bytes; the rest is kept.

    With `head` it begins inside of a list: `head` ends behind the opening bracket of `items`.
    `follows`: what is fed first follows an item that somebody else has taken.
    """

    def __init__(self, head: bytes = b"", *, follows: bool = False) -> None:
        self._buffer = bytearray()
        self._outside = bytearray(head)
        self._place = _Place.ITEMS if head else _Place.HEAD
        self._depth = 2 if head else 0
        self._follows = follows
        self._begin = 0  # of the item under way, or of what stands between two of them
        self._at = 0  # what stands before it has been looked at
        self._in_string = False

    def feed(self, chunk: bytes | bytearray) -> Iterator[bytes]:
        """The items that are complete with these bytes; raises DecodeError for excess."""
        self._buffer += chunk
        while (at := self._next_bracket()) >= 0:
            if self._place is _Place.ITEMS:
                yield from self._in_items(at)
            else:
                self._around_items(at)
        del self._buffer[: self._begin]
        self._at -= self._begin
        self._begin = 0
        self._bound()

    def _bound(self) -> None:
        what, most = "what stands around its items", LARGEST_HEAD
        if self._place is _Place.ITEMS:
            what, most = "an item", LARGEST_ITEM
        if len(self._buffer) > most:
            raise DecodeError(f"{what} is larger than {most // 2**20} MiB")

    def finish(self) -> bytes:
        """The list without what was cut out of it; raises DecodeError where it broke off."""
        if self._place is _Place.ITEMS:
            raise DecodeError("it broke off")
        return bytes(self._outside + self._buffer)

    def _next_bracket(self) -> int:
        """Where the next bracket stands that is none of a text; -1 for not yet."""
        buffer = self._buffer
        if self._in_string:
            self._at = self._end_of(_INSIDE_STRING)
            if self._at == len(buffer) or buffer[self._at] != _QUOTE:
                return -1
            self._in_string = False
            self._at += 1
        self._at = self._end_of(_BETWEEN_BRACKETS)
        if self._at == len(buffer):
            return -1
        self._at += 1
        if buffer[self._at - 1] != _QUOTE:
            return self._at - 1
        # Had that text an end among these bytes, it would have been passed.
        self._in_string = True
        self._at = self._end_of(_INSIDE_STRING)
        return -1

    def _end_of(self, pattern: re.Pattern[bytes]) -> int:
        match = pattern.match(self._buffer, self._at)
        return match.end() if match else self._at

    def _in_items(self, at: int) -> Iterator[bytes]:
        kind = self._buffer[at]
        if kind in _OPENING:
            if self._depth == 2:
                yield from self._scalars(at, last=False)
                self._begin = at
            self._depth += 1
            return
        self._depth -= 1
        if self._depth == 2:
            yield bytes(self._buffer[self._begin : at + 1])
            self._follows = True
            self._begin = at + 1
        elif self._depth < 2:
            if kind != _CLOSE_ARRAY:
                raise DecodeError("its brackets don't match")
            yield from self._scalars(at, last=True)
            self._outside += b"]"
            self._place = _Place.TAIL
            self._begin = at + 1

    def _around_items(self, at: int) -> None:
        kind = self._buffer[at]
        if kind not in _OPENING:
            self._depth -= 1
            return
        self._depth += 1
        if kind != _OPEN_ARRAY or self._depth != 2 or not self._is_items(at):
            return
        if self._place is _Place.TAIL:
            raise DecodeError("it has items twice")
        self._outside += self._buffer[: at + 1]
        self._place = _Place.ITEMS
        self._begin = at + 1

    def _is_items(self, at: int) -> bool:
        before = bytes(self._buffer[max(at - 256, 0) : at]).rstrip(_SPACE)
        key = before.removesuffix(b":").rstrip(_SPACE)
        return before.endswith(b":") and key.endswith(b'"items"') and key[-8:-7] != b"\\"

    def _scalars(self, at: int, *, last: bool) -> list[bytes]:
        """The members between two items: numbers, texts and null, which are no objects."""
        text = bytes(self._buffer[self._begin : at]).strip(_SPACE)
        if not text and (last or not self._follows):
            return []
        inner = text
        if self._follows:
            inner = text[1:] if text.startswith(b",") else b"?"
        if not last and inner.strip(_SPACE):
            inner = inner[:-1] if inner.endswith(b",") else b"?"
        elif not last:
            return []  # the comma between two objects
        self._follows = True
        try:
            members = msgspec.json.decode(b"[" + inner + b"]", type=list[msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            members = []
        if not members:
            raise DecodeError("what stands between its items is no JSON")
        return [bytes(member) for member in members]
