"""Objects out of a file: what `kubectl get … -o json` or `-o yaml` prints.

Takes bytes and asks nobody: it opens no file and never contacts an API server.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from exporter.objects.codec import Retained, decode_object, decode_status
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import RESOURCES, Resource

Found = Retained | Rejected

_ADVICE = "give what `kubectl get … -o json` or `-o yaml` prints"

# Where one JSON document ends and the next begins. Inside a document a brace after a brace needs
# a comma between them, and a string can't hold a raw line break: this never cuts one in two.
_SEAM = re.compile(rb"(?<=[}\]])[ \t\r]*\n\s*(?:---[ \t\r]*\n\s*)?(?=[{\[])")

# kubectl's warnings (Endpoints are deprecated …) precede its output when people write `2>&1`.
_WARNINGS = re.compile(rb"(?:Warning: [^\n]*\n)*")

_HOSTILE = (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, ValueError)


class DumpError(Exception):
    """The bytes are no dump. The message is one line, made to stand after `NAME: `."""


class Dump(msgspec.Struct, frozen=True):
    """What a dump holds. `ignored` counts objects of kinds that nobody here reads.

    `objects` has a key for each resource of which the dump holds an object or a typed list; an
    empty typed list (`PodList` without items) says 'can be read, and there is none'. A resource
    without a key counts as not readable.
    """

    objects: Mapping[str, tuple[Found, ...]]
    ignored: int

    @property
    def held(self) -> frozenset[str]:
        """Names of the resources that the dump holds."""
        return frozenset(self.objects)


def read_dump(data: bytes) -> Dump:
    """All objects in JSON or YAML, one document or several; raises DumpError.

    Objects match by API group and kind, in any version of the group. What can't be decoded
    becomes a Rejected; of an object that is there twice the newer resourceVersion stays.
    """
    data = _as_utf8(data)
    data = data[_WARNINGS.match(data).end() :]  # type: ignore[union-attr]  # matches always
    first = data.lstrip()[:1]
    if not first:
        raise DumpError(f"the file is empty: {_ADVICE}")
    gathering = _Gathering()
    try:
        for document in _json_documents(data) if first in b"{[" else _yaml_documents(data):
            gathering.take_document(document)
    except RecursionError:
        raise DumpError("the file is nested too deeply") from None
    if not gathering.documents:
        raise DumpError(f"the file holds no document: {_ADVICE}")
    objects = {name: tuple(found.values()) for name, found in gathering.found.items()}
    return Dump(objects, gathering.ignored)


def _as_utf8(data: bytes) -> bytes:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = data.decode("utf-16").encode()  # what PowerShell's `>` writes
    except UnicodeError:
        raise DumpError(f"the file is not text: {_ADVICE}") from None
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        raise DumpError(f"the file is binary: {_ADVICE}")
    return data


# ── documents ────────────────────────────────────────────────────────────────────────────────


def _json_documents(data: bytes) -> Iterator[msgspec.Raw]:
    try:
        yield msgspec.json.decode(data, type=msgspec.Raw)
    except _HOSTILE:
        pass  # several documents, or none that is whole
    else:
        return
    for piece in _SEAM.split(data):
        try:
            yield msgspec.json.decode(piece, type=msgspec.Raw)
        except _HOSTILE as error:
            raise DumpError(f"the file is not whole JSON: {error}") from None


def _yaml_documents(data: bytes) -> Iterator[bytes]:
    import yaml  # noqa: PLC0415  # only who reads a dump in YAML pays for it

    try:
        for value in yaml.load_all(data.decode(), Loader=_json_types_loader()):
            if value is None:
                continue  # nothing between two `---`
            if not isinstance(value, dict | list):
                raise DumpError(f"the file is plain text, no objects: {_ADVICE}")
            yield msgspec.json.encode(value)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1})" if mark else ""
        raise DumpError(f"the file is not YAML: {error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        reason = getattr(error, "reason", None) or str(error).partition("\n")[0]
        raise DumpError(f"the file is not YAML: {reason}") from None
    except UnicodeDecodeError:
        raise DumpError(f"the file is not text: {_ADVICE}") from None
    except (TypeError, ValueError, OverflowError) as error:
        # Keys that are mappings, numbers beyond all bounds: YAML, but not an API object.
        raise DumpError(f"the file holds no API objects: {error}") from None


@cache
def _json_types_loader() -> Any:  # noqa: ANN401  # a class of either of two families
    """A loader for which unquoted text is null, true, false, a JSON number or a string.

    PyYAML's own makes dates of timestamps, True of `yes` and `on`, and 8 of `010`: labels that
    kubectl prints without quotes would no longer be what they are.
    """
    import yaml  # noqa: PLC0415  # as above

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class JsonTypesLoader(base):  # type: ignore[misc]  # which of the two is known only here
        """See above."""

        yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's

    for tag, pattern, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
        ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", None),
        ("merge", r"<<", ["<"]),
    ):
        JsonTypesLoader.add_implicit_resolver(
            f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first or list("-0123456789")
        )
    # `1e3` has no dot, which PyYAML's own constructor for floats takes as well.
    return JsonTypesLoader


# ── what a document holds ────────────────────────────────────────────────────────────────────

_ABSENT = msgspec.Raw(b"")

_BY_KIND = {(resource.group, resource.kind): resource for resource in RESOURCES.values()}


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    """As much of a value as tells what it is. `items` is _ABSENT or any JSON value."""

    kind: str | None = None
    api_version: str | None = None
    items: msgspec.Raw = _ABSENT

    @property
    def group(self) -> str | None:
        """The API group, "" for the core group, None when the value does not say."""
        if not self.api_version:
            return None
        return self.api_version.rpartition("/")[0]


class _Gathering:
    """Objects as they come out of the documents: by resource, then by namespace and name."""

    def __init__(self) -> None:
        self.documents = 0
        self.found: dict[str, dict[tuple[str, ...], Found]] = {}
        self.ignored = 0

    def take_document(self, raw: msgspec.Raw | bytes) -> None:
        self.documents += 1
        try:
            value = msgspec.json.decode(raw, type=_Shape | list[msgspec.Raw])
        except _HOSTILE:
            raise DumpError(f"the file holds no API objects: {_ADVICE}") from None
        if isinstance(value, list):  # what `jq .items` leaves of a list
            if not all(bytes(item).startswith(b"{") for item in value):
                raise DumpError(f"the file holds no API objects: {_ADVICE}")
            self._take_items(value, _Shape())
            return
        if value.kind == "Status" and value.api_version == "v1":
            status = decode_status(bytes(raw))
            told = " ".join((status.message or "").split()) if status else ""
            raise DumpError(f"the file holds an error of the API server: {told or 'no message'}")
        if value.kind == "Table":
            raise DumpError(f"the file holds a table for people: {_ADVICE}")
        if value.kind is None and value.items is _ABSENT:
            raise DumpError(f"the file holds no API objects (no kind): {_ADVICE}")
        self._take(raw, value, _Shape())

    def _take(self, raw: msgspec.Raw | bytes, shape: _Shape, around: _Shape) -> None:
        """One value; `around` is the typed list it is an item of, whose kind it may leave out."""
        kind, group = shape.kind, shape.group
        if kind is None and around.kind:
            kind = around.kind.removesuffix("List")
        if group is None:
            group = around.group
        if kind in (None, "List") and shape.items is not _ABSENT:
            self._take_items(_items_of(shape, "List"), _Shape())
            return
        if group is None or kind is None:
            self.ignored += 1
            return
        resource = _BY_KIND.get((group, kind))
        if resource is not None:
            self._keep(resource, _read_object(resource, shape.api_version or "", raw))
            return
        resource = _BY_KIND.get((group, kind.removesuffix("List")))
        if resource is None:
            # A list of a kind that nobody reads is as many ignored objects as it holds.
            self.ignored += len(_items_of(shape, kind)) if kind.endswith("List") else 1
            return
        self.found.setdefault(resource.name, {})
        self._take_items(_items_of(shape, kind), shape)

    def _take_items(self, items: list[msgspec.Raw], around: _Shape) -> None:
        for item in items:
            try:
                shape = msgspec.json.decode(item, type=_Shape)
            except _HOSTILE:
                self.ignored += 1  # a number, or a kind that is no text
                continue
            self._take(item, shape, around)

    def _keep(self, resource: Resource, found: Found) -> None:
        known = self.found.setdefault(resource.name, {})
        if not found.name:  # undecodable beyond its name: each of them is one of its own
            known["", "", str(len(known))] = found
            return
        key = (found.namespace, found.name)
        if key not in known or not _is_older(found, known[key]):
            known[key] = found


def _items_of(shape: _Shape, kind: str) -> list[msgspec.Raw]:
    if shape.items is _ABSENT:
        return []
    try:
        return msgspec.json.decode(shape.items, type=list[msgspec.Raw] | None) or []
    except _HOSTILE:
        raise DumpError(f"the items of a {kind} are not a list") from None


def _is_older(one: Found, other: Found) -> bool:
    """Whether `one` has the smaller resourceVersion; False where the two can't be compared."""
    if isinstance(one, Rejected) or isinstance(other, Rejected):
        return False
    left, right = one.resource_version, other.resource_version
    # Versions of one resource are decimal: the longer is the larger (apimachinery,
    # pkg/util/resourceversion). No int(): a dump may hold thousands of digits.
    if not (left.isdecimal() and right.isdecimal()):
        return False
    return (len(left), left) < (len(right), right)


def _read_object(resource: Resource, api_version: str, raw: msgspec.Raw | bytes) -> Found:
    try:
        if api_version == "discovery.k8s.io/v1beta1":
            raw = _with_zones(raw)
        return decode_object(resource, raw)
    except (DecodeError, *_HOSTILE) as error:
        return Rejected(resource.name, "", "", "", str(error))


def _with_zones(raw: msgspec.Raw | bytes) -> bytes:
    """A v1beta1 slice with zones where v1 has them.

    v1beta1 has them in `topology`, which the API server's own conversion reads the same way; the
    host name in there is none it takes for a Node's name, for the two may differ.
    """
    value = msgspec.json.decode(raw)
    endpoints = value.get("endpoints")
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        topology = endpoint.get("topology") if isinstance(endpoint, dict) else None
        if isinstance(topology, dict) and "topology.kubernetes.io/zone" in topology:
            endpoint.setdefault("zone", topology["topology.kubernetes.io/zone"])
    return msgspec.json.encode(value)
