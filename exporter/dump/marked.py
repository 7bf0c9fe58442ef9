"""YAML and JSON as people write them: values, and the line that each part stands in.

What `yaml_documents` refuses because kubectl prints none is taken here, for people write it:
aliases and merge keys, within bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from exporter.dump.errors import DumpError
from exporter.dump.json_values import HOSTILE
from exporter.dump.yaml_documents import MOST_LEVELS, Reader

#: Where a part stands in a value: keys and indexes from the top.
Path = tuple[str | int, ...]

#: Values that one document may expand to: 400 bytes of aliases can stand for gigabytes.
MOST_VALUES = 500_000


class Marked(msgspec.Struct, frozen=True):
    """One document. `lines` has the line of each key and item, from 1; `line` is the first one."""

    value: Any
    lines: dict[Path, int]
    line: int


class MarkedError(DumpError):
    """A document can't be read; `line` is where."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


_PART = re.compile(r"^---(?=[ \t\r]|$)", re.MULTILINE)
_BLANK = re.compile(r"(?:---|\.\.\.|%[^\n]*|#[^\n]*|\s)*")


def split_documents(text: str) -> Iterator[tuple[str, int]]:
    """Each YAML document by itself, and the line it begins in: one that is broken spoils no other.

    A line that begins with `---` is never part of a value (YAML 1.2, 9.1.4).
    """
    starts = [0, *(found.start() for found in _PART.finditer(text) if found.start())]
    line = 1
    for begin, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[begin:end]
        if not _BLANK.fullmatch(part):
            yield part, line
        line += part.count("\n")


def read_marked(text: str, line: int = 1) -> Iterator[Marked]:
    """All values of one YAML document or of JSON that begins in this line; raises MarkedError."""
    try:
        if text.lstrip()[:1] in ("{", "["):
            yield from _read_json(text, line)
        else:
            yield from _read_yaml(text, line)
    except RecursionError:
        raise MarkedError("it is nested too deeply", line) from None


def _read_json(text: str, line: int) -> Iterator[Marked]:
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip())
    while at < len(text):
        here = line + text.count("\n", 0, at)
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            # In braces it may be YAML all the same: {kind: Pod}.
            where = line + error.lineno - 1
            yield from _read_flow(text[at:], here, f"it is not JSON: {error.msg}", where)
            return
        except ValueError as error:
            raise MarkedError(f"it is not JSON: {str(error).partition(';')[0]}", here) from None
        try:
            lines = next(_read_yaml(text[at:end], here)).lines
        except (DumpError, StopIteration):
            lines = {}  # JSON that YAML's parser does not take, such as tabs: the begin has to do
        yield Marked(value, lines, here)
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _read_flow(text: str, line: int, why: str, at: int) -> Iterator[Marked]:
    try:
        yield from _read_yaml(text, line)
    except DumpError:
        raise MarkedError(why, at) from None


def _read_yaml(text: str, line: int) -> Iterator[Marked]:
    import yaml  # noqa: PLC0415  # only who reads YAML pays for it

    reader = None
    try:
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            reader = _MarkingReader(parser, yaml, line)
            yield from reader.read_values()
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = mark.line + line if mark else line
        raise MarkedError(f"it is not YAML: {error.problem or error.context}", where) from None
    except (yaml.YAMLError, UnicodeError) as error:
        why = getattr(error, "reason", None) or str(error).partition("\n")[0]
        raise MarkedError(f"it is not YAML: {why}", line) from None
    except MarkedError:
        raise
    except DumpError as error:
        raise MarkedError(str(error), reader.line if reader else line) from None


class _MarkingReader(Reader):
    """Keeps the lines, and what anchors stand for."""

    def __init__(self, parser: Any, yaml: Any, first_line: int) -> None:  # noqa: ANN401  # see Reader
        super().__init__(parser, yaml, first_line)
        self._alias = yaml.AliasEvent
        self._path: list[str | int] = []
        self._lines: dict[Path, int] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self.line = first_line

    def read_values(self) -> Iterator[Marked]:
        """Each document that holds anything."""
        while type(event := self._next()) is not self._stream_end:
            if type(event) is not self._document:
                continue
            self._lines, self._anchors, self._count = {}, {}, 0
            event = self._next()
            line = event.start_mark.line + self._first_line
            value = self._value(event, 1)
            try:
                plain = msgspec.json.decode(msgspec.json.encode(value))
            except HOSTILE as error:
                raise MarkedError(f"it holds what JSON can't: {error}", line) from None
            if plain is not None:
                yield Marked(plain, self._lines, line)

    def _value(self, event: Any, level: int) -> Any:  # noqa: ANN401  # any JSON value
        self._count_one(event)
        kind = type(event)
        if kind is self._alias:
            return self._expand(event)
        if level > MOST_LEVELS:
            raise self._fault(event, "it is nested too deeply")
        before, anchor = self._count, event.anchor
        if kind is self._mapping:
            value: Any = self._read_mapping(event, level)
        elif kind is self._sequence:
            value = self._read_sequence(event, level)
        else:
            value = super()._value(event, level)
        if anchor is not None:
            self._anchors[anchor] = value, self._count - before + 1
        return value

    def _count_one(self, event: Any, more: int = 1) -> None:  # noqa: ANN401  # an event
        self.line = event.start_mark.line + self._first_line
        self._count += more
        if self._count > MOST_VALUES:
            raise self._fault(event, "its aliases stand for too much")

    def _expand(self, event: Any) -> Any:  # noqa: ANN401  # any JSON value
        if event.anchor not in self._anchors:
            raise self._fault(event, f"nothing above is called &{event.anchor}")
        value, size = self._anchors[event.anchor]
        self._count_one(event, size)
        return value

    def _read_mapping(self, event: Any, level: int) -> dict[str, Any]:  # noqa: ANN401  # an event
        self._check_tag(event)
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while type(event := self._next()) is not self._mapping_end:
            if type(event) is self._scalar and event.value == "<<" and event.implicit[0]:
                self._merge(self._value(self._next(), level + 1), merged, event)
                continue
            key = self._key(event)
            if key in found:
                raise self._fault(event, f"the key {key[:60]!r} is there twice")
            self._path.append(key)
            self._lines[tuple(self._path)] = event.start_mark.line + self._first_line
            found[key] = self._value(self._next(), level + 1)
            self._path.pop()
        return {**merged, **found}

    def _merge(self, value: Any, merged: dict[str, Any], event: Any) -> None:  # noqa: ANN401  # a value, an event
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise self._fault(event, "a merge key (`<<`) takes mappings alone")
            for key, inner in one.items():
                merged.setdefault(key, inner)  # the first one named holds (YAML's merge type)

    def _read_sequence(self, event: Any, level: int) -> list[Any]:  # noqa: ANN401  # an event
        self._check_tag(event)
        items: list[Any] = []
        while type(event := self._next()) is not self._sequence_end:
            self._path.append(len(items))
            self._lines[tuple(self._path)] = event.start_mark.line + self._first_line
            items.append(self._value(event, level + 1))
            self._path.pop()
        return items

    def _fault(self, event: Any, why: str) -> DumpError:  # noqa: ANN401  # an event
        return MarkedError(why, event.start_mark.line + self._first_line)
