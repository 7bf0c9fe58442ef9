"""JSON as the API server prints it.

Compact, `metadata` first, the fields of `metadata` in the order of the Go type, HTML characters
escaped; items of typed lists without kind and apiVersion, those of custom resources with both and
with sorted keys. It never reads the store.
"""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.sim.resources import Resource

#: One Kubernetes object, as parsed JSON.
Object = dict[str, Any]

#: metav1.ObjectMeta, in the order of its fields.
_META_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
#: Go's encoding/json escapes these and msgspec doesn't; in JSON they only occur inside strings.
_ESCAPED = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
_TYPED = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="sorted")


def escape(body: bytes) -> bytes:
    """Return JSON with the characters escaped that Go escapes."""
    for raw, escaped in _ESCAPED:
        if raw in body:
            body = body.replace(raw, escaped)
    return body


def encode_json(value: Object | list[Any]) -> bytes:
    """Return compact JSON in the order of the keys, without a newline."""
    return escape(_TYPED.encode(value))


def _ordered_metadata(metadata: Object) -> Object:
    out = {key: metadata[key] for key in _META_ORDER if key in metadata}
    out.update((key, value) for key, value in metadata.items() if key not in out)
    return out


def encode_item(resource: Resource, obj: Object) -> bytes:
    """Return an object as an element of `items`.

    `metadata.resourceVersion` must be set. Empty lists stay empty lists here: what reads back as
    null from a real server has to be None in `obj`.
    """
    if resource.custom:
        return escape(
            _SORTED.encode({**obj, "apiVersion": resource.api_version, "kind": resource.kind})
        )
    body: Object = {"metadata": _ordered_metadata(obj["metadata"])}
    for key, value in obj.items():
        if key not in ("kind", "apiVersion", "metadata"):
            body[key] = value
    return escape(_TYPED.encode(body))


def whole_object(resource: Resource, item: bytes) -> bytes:
    """Return an item with its kind and apiVersion: what GET and watch events carry."""
    if resource.custom:
        return item
    return (
        b'{"kind":"%b","apiVersion":"%b",'
        % (
            resource.kind.encode(),
            resource.api_version.encode(),
        )
        + item[1:]
    )


def at_version(item: bytes, old: int, new: int) -> bytes:
    """Return an encoded item with another resourceVersion.

    The first occurrence is the object's own: only names and the uid stand before it (and in sorted
    keys nothing that may contain the same text but labels, whose keys can't be this one).
    """
    return item.replace(b'"resourceVersion":"%d"' % old, b'"resourceVersion":"%d"' % new, 1)


def encode_list(
    resource: Resource, items: list[bytes], version: int, token: str, remaining: int | None
) -> bytes:
    """Return the body of a LIST answer.

    `token` is `metadata.continue`, empty on the last page; `remaining` is remainingItemCount, which
    a server only gives when there is a token and no selector.
    """
    metadata = b'"metadata":{"resourceVersion":"%d"' % version
    if token:
        metadata += b',"continue":"%b"' % token.encode()
    if token and remaining is not None:
        metadata += b',"remainingItemCount":%d' % remaining
    metadata += b"}"
    kind = f"{resource.kind}List".encode()
    version_of = resource.api_version.encode()
    body = b"[" + b",".join(items) + b"]"
    if resource.custom:
        # unstructured lists are printed from a map, keys sorted; `continue` stands before
        # `resourceVersion` then, which no reader minds
        return b'{"apiVersion":"%b","items":%b,"kind":"%b",%b}\n' % (
            version_of,
            body,
            kind,
            metadata,
        )
    return b'{"kind":"%b","apiVersion":"%b",%b,"items":%b}\n' % (kind, version_of, metadata, body)


def encode_event(kind: str, obj: bytes) -> bytes:
    """Return one frame of a watch stream, ended by a newline."""
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), obj)


def encode_bookmark(resource: Resource, version: int, *, initial_events_end: bool = False) -> bytes:
    """Return a BOOKMARK frame; its object is empty but for the resourceVersion.

    `initial_events_end` adds the annotation that ends the first part of a WatchList stream.
    """
    metadata = b'"metadata":{"resourceVersion":"%d"' % version
    if initial_events_end:
        metadata += b',"annotations":{"k8s.io/initial-events-end":"true"}'
    metadata += b"}"
    rest = f",{resource.empty}".encode() if resource.empty else b""
    return encode_event(
        "BOOKMARK",
        b'{"kind":"%b","apiVersion":"%b",%b%b}'
        % (resource.kind.encode(), resource.api_version.encode(), metadata, rest),
    )
