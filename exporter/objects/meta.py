"""What every object has: metadata. It is read leniently, for null and absent mean the same."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import msgspec

# It can be megabytes of the object's own text, and nothing here ever reads it.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class DecodeError(Exception):
    """Bytes that are not the object they should be: the only error that decoding raises."""


class Rejected(msgspec.Struct, frozen=True):
    """An object that could not be decoded: counted, skipped, and its Service marked by it.

    `service` is the Service it would have spoken of, where that can still be told. `stand_in` is
    what can be held of it all the same: a Pod of which only the metadata is known.
    """

    resource: str
    namespace: str
    name: str
    service: str
    why: str
    stand_in: Any = None


class OwnerReference(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One entry of `metadata.ownerReferences`."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class _WireManagedFields(msgspec.Struct, frozen=True, gc=False):
    time: str | None = None


class LeanMeta(msgspec.Struct, frozen=True, rename="camel"):
    """What is needed of the `metadata` of Pods: of 200,000 what is not decoded shows."""

    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class WireMeta(LeanMeta, frozen=True, rename="camel"):
    """`metadata` as the wire has it."""

    uid: str | None = None
    generation: int | None = None
    annotations: dict[str, str] | None = None
    managed_fields: list[_WireManagedFields] | None = None

    def written(self) -> float | None:
        """When the object was last written, as its managed fields tell; None when they don't."""
        return _find_latest(self.managed_fields)


_MANAGED_FIELDS = msgspec.json.Decoder(list[_WireManagedFields] | None)


def find_latest(managed_fields: msgspec.Raw) -> float | None:
    """When an object was last written, out of the bytes of its managed fields."""
    return _find_latest(_MANAGED_FIELDS.decode(managed_fields))


def _find_latest(managed_fields: list[_WireManagedFields] | None) -> float | None:
    times = [entry.time for entry in managed_fields or () if entry.time]
    # RFC 3339 in UTC, whole seconds, as the API server writes them: text order is time order.
    return parse_time(max(times)) if times else None


#: Times read lately: Pods of a rollout, and objects made together, have the same.
_TIMES: dict[str, float | None] = {}
_MOST_TIMES = 4096
#: Letters of a time with nine digits of a second and an offset.
_LONGEST_TIME = 35


def parse_time(text: str | None) -> float | None:
    """Seconds since the epoch of an RFC 3339 time, None when there is none or it is nonsense.

    Nine digits of a second (`RFC3339Nano` is what controllers write) are cut to six. Go's zero
    time (year 1) stands for 'not set' and is None.
    """
    if not text:
        return None
    try:
        return _TIMES[text]
    except KeyError:
        pass
    if len(text) > _LONGEST_TIME:
        return _read_time(text)
    if len(_TIMES) >= _MOST_TIMES:
        _TIMES.clear()
    seconds = _TIMES[text] = _read_time(text)
    return seconds


def _read_time(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        seconds = moment.timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def intern_text(text: str | None) -> str:
    """The same string object for equal texts: names of nodes and namespaces repeat thousandfold."""
    return sys.intern(text) if text else ""


#: What has no labels or annotations. Nobody changes those of an object.
_NONE: dict[str, str] = {}


def intern_labels(labels: dict[str, str] | None) -> dict[str, str]:
    """Labels with shared keys and values; {} for null and absent."""
    if not labels:
        return _NONE
    return {sys.intern(key): sys.intern(value) for key, value in labels.items()}


def keep_annotations(annotations: dict[str, str] | None) -> dict[str, str]:
    """Annotations without the one that repeats the whole object; {} for null and absent."""
    if not annotations:
        return _NONE
    return {sys.intern(key): value for key, value in annotations.items() if key != _LAST_APPLIED}
