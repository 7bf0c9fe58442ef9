"""The bytes of one file become objects. It opens no file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from exporter.dump.encodings import to_utf8
from exporter.dump.errors import ADVICE, DumpError, NoObjectsError, count_lines
from exporter.dump.holding import Dump, Gathering
from exporter.dump.json_values import Rest, skip_between, split_values
from exporter.dump.packing import unpack
from exporter.dump.yaml_documents import convert
from exporter.objects.resources import RESOURCES

Raw = msgspec.Raw | bytes

_HEAD = 1 << 16

_JSON_OBJECTS = re.compile(
    rb'[\s\0\xef\xbb\xbf\xff\xfe]*(?:\[\s*)?\{\s*"(?:apiVersion|kind|items|metadata)"'
)
_YAML_OBJECTS = re.compile(rb"^(?:\xef\xbb\xbf)?(?:- )?(?:apiVersion|kind|items):", re.MULTILINE)
# One line a request, gigabytes of them: what they quote of objects is not what there is.
_AUDIT = re.compile(rb'"apiVersion"\s*:\s*"audit\.k8s\.io/')

_KINDS = "|".join(sorted(resource.kind for resource in RESOURCES.values()))
_OURS = re.compile(rf"""kind["']?\s*:\s*["']?(?:{_KINDS})(?:List)?\b""".encode())


def read_dump(data: bytes) -> Dump:
    """All objects in JSON or YAML, one document or several; raises DumpError.

    Objects match by API group and kind, in any version of the group. What can't be decoded
    becomes a Rejected; of an object that is there twice the newer resourceVersion stays.
    """
    gathering = Gathering()
    read_into(data, gathering.take_document)
    if not gathering.documents:
        raise NoObjectsError(f"the file holds no document: {ADVICE}")
    return gathering.finish()


def read_into(data: bytes, take: Callable[[Raw], None]) -> None:
    """Give each document to `take`; raises DumpError, for what is not whole too."""
    try:
        for document in _documents(to_utf8(unpack(data))):
            take(document)
    except RecursionError:
        raise DumpError("the file is nested too deeply") from None


def _documents(data: bytes) -> Iterator[Raw]:
    begin = skip_between(data)
    if begin == len(data) and not data.strip(b" \t\r\n-"):
        if b"---" in data:
            return  # documents, with nothing in them
        raise NoObjectsError(f"the file is empty: {ADVICE}")
    if data[begin : begin + 1] in (b"{", b"["):
        whole = 0
        try:
            for value in split_values(data, begin):
                if isinstance(value, Rest):
                    yield from convert(data[value.at :], count_lines(data, value.at))
                else:
                    yield value
                whole += 1
        except DumpError:
            if whole or b"---" not in data[:begin]:
                raise
            # Behind `---` braces may begin YAML, too: {kind: Pod}.
        else:
            return
    # YAML knows `---` itself, and what logs look like is no YAML: only warnings are skipped.
    begin = _skip_warnings(data)
    yield from convert(data[begin:] if begin else data, count_lines(data, begin))


# kubectl's warnings (Endpoints are deprecated …) precede its output when people write `2>&1`.
_WARNINGS = re.compile(rb"(?:Warning: [^\n]*\n)*")


def _skip_warnings(data: bytes) -> int:
    found = _WARNINGS.match(data)
    return found.end() if found else 0


# ── in folders ───────────────────────────────────────────────────────────────────────────────


def may_hold_objects(head: bytes) -> bool:
    """Whether a file that begins so is worth reading: text that begins as API objects do."""
    head = head[:_HEAD]
    if b"\0" in head:
        head = head.replace(b"\0", b"")  # UTF-16, as far as ASCII goes
    if _JSON_OBJECTS.match(head):
        return not _AUDIT.search(head[:400])
    return _YAML_OBJECTS.search(head) is not None


def names_our_kinds(data: bytes) -> bool:
    """Whether a kind that is read here is named anywhere in these bytes."""
    return _OURS.search(data.replace(b"\0", b"") if b"\0" in data else data) is not None
