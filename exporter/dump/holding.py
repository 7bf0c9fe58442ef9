"""What a dump holds: objects by resource, each of them once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.dump.errors import ADVICE, DumpError, NoObjectsError
from exporter.dump.json_values import HOSTILE
from exporter.objects.codec import Retained, decode_object, decode_status
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import BY_KIND, Resource
from exporter.objects.services import Service

Found = Retained | Rejected

# Where an object lives that names no namespace: where `kubectl apply` would put it.
_DEFAULT = msgspec.Raw(b'"default"')


class StatusError(DumpError):
    """An error of the API server stands where objects should be."""


class Dump(msgspec.Struct, frozen=True):
    """What a dump holds. `ignored` counts objects of kinds that nobody here reads.

    `objects` has a key for each resource of which the dump holds an object or a typed list; an
    empty typed list (`PodList` without items) says 'can be read, and there is none'. A resource
    without a key counts as not readable. `notes` says, in a line each, what was left out.
    """

    objects: Mapping[str, tuple[Found, ...]]
    ignored: int
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> frozenset[str]:
        """Names of the resources that the dump holds."""
        return frozenset(self.objects)


_ABSENT = msgspec.Raw(b"")


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


class Gathering:
    """Objects as they come out of the documents: by resource, then by namespace and name."""

    def __init__(self) -> None:
        self.documents = 0
        self.taken = 0  # objects and typed lists that are read here
        self._found: dict[str, dict[tuple[str, ...], Found]] = {}
        self._ignored = 0
        self._notes: list[str] = []

    def finish(self) -> Dump:
        """All that was taken."""
        objects = {name: tuple(found.values()) for name, found in self._found.items()}
        return Dump(objects, self._ignored, tuple(self._notes))

    def take_document(self, raw: msgspec.Raw | bytes) -> None:
        """All objects of one JSON value; raises DumpError for one that holds none."""
        self.documents += 1
        try:
            value = msgspec.json.decode(raw, type=_Shape | list[msgspec.Raw])
        except HOSTILE:
            raise NoObjectsError(f"the file holds no API objects: {ADVICE}") from None
        if isinstance(value, list):  # what `jq .items` leaves of a list
            if not all(bytes(item).startswith(b"{") for item in value):
                raise NoObjectsError(f"the file holds no API objects: {ADVICE}")
            self._take_items(value, _Shape())
            return
        if value.kind == "Status" and value.api_version == "v1":
            status = decode_status(bytes(raw))
            told = " ".join((status.message or "").split()) if status else ""
            raise StatusError(f"the file holds an error of the API server: {told or 'no message'}")
        if value.kind == "Table":
            raise NoObjectsError(f"the file holds a table for people: {ADVICE}")
        if value.kind is None and value.items is _ABSENT:
            raise NoObjectsError(f"the file holds no API objects (no kind): {ADVICE}")
        self._take(raw, value, _Shape())

    def take_found(self, raw: msgspec.Raw | bytes, name: str) -> None:
        """The same for a document out of many files, of which most are no dumps: it may be none."""
        try:
            self.take_document(raw)
        except StatusError as error:
            self._notes.append(f"{name}: left out: {error}")
        except NoObjectsError:
            self._ignored += 1

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
            self._ignored += 1
            return
        resource = BY_KIND.get((group, kind))
        if resource is not None:
            self._keep(resource, _read_object(resource, shape.api_version or "", raw))
            return
        resource = BY_KIND.get((group, kind.removesuffix("List")))
        if resource is None:
            # A list of a kind that nobody reads is as many ignored objects as it holds.
            self._ignored += len(_items_of(shape, kind)) if kind.endswith("List") else 1
            return
        self.taken += 1
        self._found.setdefault(resource.name, {})
        self._take_items(_items_of(shape, kind), shape)

    def _take_items(self, items: list[msgspec.Raw], around: _Shape) -> None:
        for item in items:
            try:
                shape = msgspec.json.decode(item, type=_Shape)
            except HOSTILE:
                self._ignored += 1  # a number, or a kind that is no text
                continue
            self._take(item, shape, around)

    def _keep(self, resource: Resource, found: Found) -> None:
        self.taken += 1
        known = self._found.setdefault(resource.name, {})
        if not found.name:  # undecodable beyond its name: each of them is one of its own
            known["", "", str(len(known))] = found
            return
        key = (found.namespace, found.name)
        known[key] = _choose(resource, known[key], found) if key in known else found


def _items_of(shape: _Shape, kind: str) -> list[msgspec.Raw]:
    if shape.items is _ABSENT:
        return []
    try:
        return msgspec.json.decode(shape.items, type=list[msgspec.Raw] | None) or []
    except HOSTILE:
        raise DumpError(f"the items of a {kind} are not a list") from None


def _choose(resource: Resource, one: Found, other: Found) -> Found:
    """Which of two states of an object holds; raises DumpError where that can't be told."""
    if one == other:
        return one
    name = f"{resource.kind} {'/'.join(filter(None, (one.namespace, one.name)))}"
    if isinstance(one, Service) and isinstance(other, Service):
        uids = {one.uid, other.uid} - {""}
        if len(uids) == 2:
            raise DumpError(
                f"{name} is there with two different uids: these are dumps of two clusters, or of "
                "one before and after it was made anew; give one of them"
            )
    if isinstance(one, Rejected) or isinstance(other, Rejected):
        # The one that can't be read may be the newer: what depends on it is unknown.
        return one if isinstance(one, Rejected) else other
    left, right = one.resource_version, other.resource_version
    # Versions of one resource are decimal: the longer is the larger (apimachinery,
    # pkg/util/resourceversion). No int(): a dump may hold thousands of digits.
    if not (left.isdecimal() and right.isdecimal()):
        raise DumpError(
            f"{name} is there twice, with differences, and no resourceVersion tells which is newer"
        )
    return other if (len(left), left) < (len(right), right) else one


def _read_object(resource: Resource, api_version: str, raw: msgspec.Raw | bytes) -> Found:
    try:
        if api_version == "discovery.k8s.io/v1beta1":
            raw = _with_zones(raw)
        found = decode_object(resource, raw)
        if resource.namespaced and found.name and not found.namespace:
            found = decode_object(resource, _with_namespace(raw))
    except (DecodeError, *HOSTILE) as error:
        return Rejected(resource.name, "", "", "", str(error))
    return found


def _with_namespace(raw: msgspec.Raw | bytes) -> bytes:
    """The same object with the namespace that it does not name; manifests leave it out."""
    value = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    meta = msgspec.json.decode(value["metadata"], type=dict[str, msgspec.Raw])
    meta["namespace"] = _DEFAULT
    return msgspec.json.encode({**value, "metadata": meta})


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
