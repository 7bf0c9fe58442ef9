"""YAML documents become JSON, node by node: nothing is ever held of one but its bytes.

Only the YAML that stands for JSON is taken. Aliases and merge keys are refused (kubectl prints
none, and 400 bytes of them can stand for gigabytes), and so are tags and keys that stand twice.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import msgspec

from exporter.dump.errors import ADVICE, DumpError, NoObjectsError

#: Objects nest a few dozen levels; schemas in CustomResourceDefinitions up to a hundred.
MOST_LEVELS = 500

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")

# What else an unquoted word can be. PyYAML's own rules make dates of timestamps, True of `yes` and
# `on`, and 8 of `010`: labels that kubectl prints without quotes would not be what they are.
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)
_TEXT = "tag:yaml.org,2002:str"

# Files without a last line break that were put together: a byte order mark inside of a line.
_MARK = re.compile(rb"(?:\xef\xbb\xbf)+(?=---|apiVersion:|kind:|items:)")


def convert(data: bytes, first_line: int = 1) -> Iterator[bytes]:
    """Each document as JSON; raises DumpError, with the line as counted from `first_line`."""
    import yaml  # noqa: PLC0415  # only who reads a dump in YAML pays for it

    if BOM_UTF8 in data:
        data = _MARK.sub(b"\n", data)
    # With libyaml's parser 30 MB take seconds, in Python alone minutes.
    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    try:
        yield from Reader(parser, yaml, first_line).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + first_line})" if mark else ""
        raise DumpError(f"the file is not YAML: {error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", None) or str(error).partition("\n")[0]
        raise DumpError(f"the file is not YAML: {reason}") from None
    except UnicodeError:
        raise DumpError(f"the file is not text: {ADVICE}") from None
    finally:
        parser.dispose()


class Reader:
    """Events of a parser become values. PyYAML's types are of two families: hence Any."""

    def __init__(self, parser: Any, yaml: Any, first_line: int) -> None:  # noqa: ANN401  # see above
        self._next = parser.get_event
        self._first_line = first_line
        self._scalar = yaml.ScalarEvent
        self._mapping = yaml.MappingStartEvent
        self._mapping_end = yaml.MappingEndEvent
        self._sequence = yaml.SequenceStartEvent
        self._sequence_end = yaml.SequenceEndEvent
        self._document = yaml.DocumentStartEvent
        self._stream_end = yaml.StreamEndEvent

    def read(self) -> Iterator[bytes]:
        """Each document of the stream."""
        while True:
            event = self._next()
            kind = type(event)
            if kind is self._stream_end:
                return
            if kind is self._document:
                yield from self._read_document(self._next())

    def _read_document(self, event: Any) -> Iterator[bytes]:  # noqa: ANN401  # an event
        kind = type(event)
        if kind is self._mapping:
            self._check_tag(event)
            yield from self._read_objects(event)
        elif kind is self._sequence:
            self._check_tag(event)
            yield _encode(self._read_items())
        elif self._value(event, 1) is not None:  # nothing between two `---` is nothing
            raise NoObjectsError(f"the file is plain text, no objects: {ADVICE}")

    def _read_objects(self, begin: Any) -> Iterator[bytes]:  # noqa: ANN401  # an event
        """The mapping at the top of a document: one object, or several that were put together.

        Files appended without `---` are one mapping to a parser, in which each object begins with
        the same key again: what a reader of YAML would overwrite silently is the next object.
        """
        found: dict[str, Any] = {}
        first = ""
        while type(event := self._next()) is not self._mapping_end:
            key = self._key(event)
            if key in found:
                if key != first or begin.flow_style or not found.keys() >= {"apiVersion", "kind"}:
                    raise self._fault(event, f"the key {_show(key)} is there twice")
                yield _encode(found)
                found = {}
            first = first if found else key
            event = self._next()
            if key == "items" and type(event) is self._sequence:
                self._check_tag(event)
                found[key] = self._read_items()
            else:
                found[key] = self._value(event, 2)
        yield _encode(found)

    def _read_items(self) -> list[msgspec.Raw]:
        """Elements, each as its bytes: a list of 10,000 Pods is never there as Python's objects."""
        items = []
        while type(event := self._next()) is not self._sequence_end:
            items.append(msgspec.Raw(_encode(self._value(event, 3))))
        return items

    def _value(self, event: Any, level: int) -> Any:  # noqa: ANN401  # any JSON value
        kind = type(event)
        if kind is self._scalar:
            if event.implicit[0]:
                return _resolve(event.value)
            return event.value if event.tag is None else self._tagged(event)
        if level > MOST_LEVELS:
            raise DumpError("the file is nested too deeply")
        if kind is self._mapping:
            self._check_tag(event)
            found: dict[str, Any] = {}
            while type(event := self._next()) is not self._mapping_end:
                key = self._key(event)
                if key in found:
                    raise self._fault(event, f"the key {_show(key)} is there twice")
                found[key] = self._value(self._next(), level + 1)
            return found
        if kind is self._sequence:
            self._check_tag(event)
            items = []
            while type(event := self._next()) is not self._sequence_end:
                items.append(self._value(event, level + 1))
            return items
        raise self._fault(event, "aliases (`*name`) are not taken, kubectl prints none")

    def _key(self, event: Any) -> str:  # noqa: ANN401  # an event
        if type(event) is not self._scalar:
            raise self._fault(event, "a key that is no text")
        text: str = event.value
        if text == "<<" and event.implicit[0]:
            raise self._fault(event, "merge keys (`<<`) are not taken, kubectl prints none")
        return text

    def _tagged(self, event: Any) -> Any:  # noqa: ANN401  # an event
        self._check_tag(event)
        return event.value if event.tag == _TEXT else _resolve(event.value)

    def _check_tag(self, event: Any) -> None:  # noqa: ANN401  # an event
        if event.tag is not None and event.tag not in _TAGS:
            raise self._fault(
                event, f"the tag {_show(event.tag)} is not taken, kubectl prints none"
            )

    def _fault(self, event: Any, why: str) -> DumpError:  # noqa: ANN401  # an event
        line = event.start_mark.line + self._first_line
        return DumpError(f"the file holds YAML that is no JSON: {why} (line {line})")


def _resolve(text: str) -> Any:  # noqa: ANN401  # any JSON scalar
    """What an unquoted word is: null, true, false, a JSON number or a text."""
    if text in _WORDS:
        return _WORDS[text]
    # Digits stay as they are: a number beyond all bounds breaks the one object that it stands in.
    if text[0] in "-0123456789" and _NUMBER.fullmatch(text):
        return msgspec.Raw(text.encode())
    return text


def _show(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value)
