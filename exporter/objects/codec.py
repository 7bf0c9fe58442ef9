"""Bytes to objects: single objects and watch events.

Whatever the bytes: the result is a value, a Rejected in its place, or a DecodeError; nothing else.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from exporter.objects.budgets import WireBudget
from exporter.objects.callers import CALLER_WIRES
from exporter.objects.gateways import GATEWAY_WIRES
from exporter.objects.ingresses import WireIngress
from exporter.objects.legacy import WireEndpoints
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.monitors import MONITOR_WIRES
from exporter.objects.nodes import WireNode
from exporter.objects.pods import WirePod, pod_from_metadata
from exporter.objects.resources import PODS, SLICES, Resource
from exporter.objects.routes import ROUTE_WIRES
from exporter.objects.services import WireService
from exporter.objects.slices import LONG, SERVICE_NAME_LABEL, WireLongSlice, WireSlice
from exporter.objects.workloads import WORKLOAD_WIRES


class Retained(Protocol):
    """What every retained form has: the key of its object, and its version."""

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, "" for what is in none."""

    @property
    def name(self) -> str:
        """`metadata.name`."""

    @property
    def resource_version(self) -> str:
        """`metadata.resourceVersion`."""


class _Wire(Protocol):
    def compact(self) -> Retained: ...


WIRES: dict[str, type[_Wire]] = {
    "services": WireService,
    "endpointslices": WireSlice,
    "endpoints": WireEndpoints,
    "pods": WirePod,
    "nodes": WireNode,
    **WORKLOAD_WIRES,
    "poddisruptionbudgets": WireBudget,
    "ingresses": WireIngress,
    **ROUTE_WIRES,
    **GATEWAY_WIRES,
    **CALLER_WIRES,
    **MONITOR_WIRES,
}

# What msgspec can raise on hostile bytes: its own errors, invalid UTF-8, nesting, huge numbers.
HOSTILE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, ValueError)

_decoders: dict[str, msgspec.json.Decoder[Any]] = {}


def _decoder(name: str) -> msgspec.json.Decoder[Any]:
    if name not in _decoders:
        _decoders[name] = msgspec.json.Decoder(WIRES[name])
    return _decoders[name]


class ListHead(msgspec.Struct, frozen=True):
    """What a list says of itself. `token` continues it and is "" on the last page."""

    resource_version: str
    token: str


class StatusCause(msgspec.Struct, frozen=True):
    """One entry of a Status' `details.causes`."""

    reason: str = ""
    message: str = ""


class _StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    causes: list[StatusCause] | None = None
    retry_after_seconds: int | None = None


class Status(msgspec.Struct, frozen=True):
    """The API's error object (`kind: Status`), read leniently."""

    code: int | None = None
    reason: str | None = None
    message: str | None = None
    details: _StatusDetails | None = None


class Event(msgspec.Struct, frozen=True):
    """One frame of a watch: ADDED, MODIFIED or DELETED with an object, or what stands below.

    BOOKMARK: `resource_version` alone (and `initial_end` when it ends the initial events of a
    WatchList). ERROR: `status`. Any other type: nothing but the type.
    """

    type: str
    object: Retained | Rejected | None = None
    resource_version: str = ""
    status: Status | None = None
    initial_end: bool = False


class _WireEvent(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw = msgspec.Raw(b"null")


class _WireBookmarkMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str | None = None
    annotations: dict[str, str] | None = None


class _WireBookmark(msgspec.Struct, frozen=True):
    metadata: _WireBookmarkMeta | None = None


class _WireIdentityMeta(msgspec.Struct, frozen=True):
    name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] | None = None


class _WireIdentity(msgspec.Struct, frozen=True):
    metadata: _WireIdentityMeta | None = None


_LONG_SLICES = msgspec.json.Decoder(WireLongSlice)
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
_FRAMES = msgspec.json.Decoder(_WireEvent)

_frame_decoders: dict[type[_Wire], msgspec.json.Decoder[Any]] = {}


def _choose_frame(resource: Resource, line: bytes) -> msgspec.json.Decoder[Any]:
    long = resource is SLICES and len(line) > LONG
    wire = WireLongSlice if long else WIRES[resource.name]
    decoder = _frame_decoders.get(wire)
    if decoder is None:
        fields: list[tuple[str, type]] = [("type", str), ("object", wire)]
        frame = msgspec.defstruct("_WireFrame", fields, frozen=True)
        decoder = _frame_decoders[wire] = msgspec.json.Decoder(frame)
    return decoder


def decode_object(
    resource: Resource, raw: bytes | msgspec.Raw, *, again: bool = False
) -> Retained | Rejected:
    """The object that `raw` (JSON) is, or the Rejected that stands for it.

    `again`: it is likely to be much what it was when it came last. Raises DecodeError where `raw`
    is no JSON value at all.
    """
    decoder = _decoder(resource.name)
    if again and resource is SLICES and len(memoryview(raw)) > LONG:
        decoder = _LONG_SLICES
    try:
        found: Retained = decoder.decode(raw).compact()
    except HOSTILE as error:
        return _reject(resource, raw, error)
    if not found.name:
        return Rejected(resource.name, found.namespace, "", "", "it has no metadata.name")
    return found


def decode_status(raw: bytes) -> Status | None:
    """The Status in an error body, or None: proxies and overload protection send plain text."""
    try:
        return msgspec.json.decode(raw, type=Status)
    except HOSTILE:
        return None


def decode_event(resource: Resource, line: bytes) -> Event:
    """One frame of a watch. Raises DecodeError for a frame that can't be read."""
    try:
        return _decode_change(resource, line) or _decode_slowly(resource, line)
    except HOSTILE as error:
        raise DecodeError(f"a watch frame can't be read: {error}") from None


def _decode_change(resource: Resource, line: bytes) -> Event | None:
    """A frame with a sound object, in one pass; None is any other."""
    try:
        wire = _choose_frame(resource, line).decode(line)
        if wire.type not in _CHANGES:
            return None
        found: Retained = wire.object.compact()
    except HOSTILE:
        return None  # which may be a broken object in a sound frame
    if not found.name:
        return None
    return Event(wire.type, object=found, resource_version=found.resource_version)


def _decode_slowly(resource: Resource, line: bytes) -> Event:
    wire = _FRAMES.decode(line)
    if wire.type in _CHANGES:
        found = decode_object(resource, wire.object, again=True)
        version = (
            _version_of(wire.object) if isinstance(found, Rejected) else found.resource_version
        )
        return Event(wire.type, object=found, resource_version=version)
    if wire.type == "ERROR":
        return Event(wire.type, status=decode_status(bytes(wire.object)) or Status())
    if wire.type == "BOOKMARK":
        meta = msgspec.json.decode(wire.object, type=_WireBookmark).metadata
        annotations = (meta.annotations if meta else None) or {}
        return Event(
            wire.type,
            resource_version=(meta.resource_version if meta else None) or "",
            initial_end=annotations.get("k8s.io/initial-events-end") == "true",
        )
    return Event(wire.type)


def _version_of(raw: msgspec.Raw) -> str:
    try:
        meta = msgspec.json.decode(raw, type=_WireBookmark).metadata
    except HOSTILE:
        return ""
    return (meta.resource_version if meta else None) or ""


def _reject(resource: Resource, raw: bytes | msgspec.Raw, error: Exception) -> Rejected:
    try:
        loose = msgspec.json.decode(raw)
    except HOSTILE:
        loose = _read_identity(resource, raw)
    return reject(resource, loose, str(error))


def _read_identity(resource: Resource, raw: bytes | msgspec.Raw) -> object:
    # JSON that no Python value can hold (a number beyond all bounds, a string that is not UTF-8)
    # is one broken object; taken for broken bytes it would spoil the list it stands in.
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except HOSTILE as worse:
        raise DecodeError(f"{resource.kind}: not JSON: {worse}") from None
    try:
        return msgspec.to_builtins(msgspec.json.decode(raw, type=_WireIdentity))
    except HOSTILE:
        return None


def reject(resource: Resource, loose: object, why: str) -> Rejected:
    """The Rejected for a decoded but unfitting object, with what its metadata still tells."""
    meta = loose.get("metadata") if isinstance(loose, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    labels = meta.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    namespace, name = _text(meta.get("namespace")), _text(meta.get("name"))
    service = _text(labels.get(SERVICE_NAME_LABEL)) if resource.name == "endpointslices" else name
    # A Pod left out would make its Service say that the selector matches nothing.
    stand_in = pod_from_metadata(loose) if resource is PODS else None
    return Rejected(resource.name, namespace, name, service, why, stand_in)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
