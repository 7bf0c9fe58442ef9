"""The simulated etcd: objects with resourceVersions, their history, and who watches them.

Objects are kept as the bytes that are sent, so ten thousand large ones cost little and a LIST only
joins. One counter numbers every write of every resource, as in etcd. It never opens a socket and
is used from one event loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from exporter.sim.encoding import Object, at_version, encode_item, whole_object
from exporter.sim.resources import RESOURCES, Resource, resource_named, resource_of
from exporter.sim.status import EXPIRED_LIST, StatusError, expired, too_old
from exporter.sim.table import Change, Entry, Listener, Table

#: uid5 namespace of the uids that the store makes up itself.
_UIDS = uuid.UUID("7f1d8c52-8ed7-5f0c-8a3e-0d3f0d6b2a11")
_DECODER = msgspec.json.Decoder(dict[str, Any])


def _read_field(obj: Object, path: str) -> str:
    value: object = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _spec_of(resource: Resource, obj: Object) -> Object:
    """What a change of counts as a new generation."""
    out = {k: v for k, v in obj.items() if k not in ("kind", "apiVersion", "metadata", "status")}
    if resource.kind == "EndpointSlice":  # registry/discovery/endpointslice/strategy.go:81-83
        out["metadata.labels"] = obj["metadata"].get("labels")
    return out


class Store:
    """All objects of the simulated cluster.

    `clock` gives Unix seconds for timestamps that objects don't bring along. `history` is how many
    changes are kept per resource; who asks for older ones gets 410. `first_version` is the
    resourceVersion before the first write.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        history: int = 20_000,
        first_version: int = 1_000,
    ) -> None:
        self.resource_version = first_version
        self.compacted = first_version
        self._clock = clock
        self._tables = {r.qualified: Table(history) for r in RESOURCES}
        self._created = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    # --- writing --------------------------------------------------------------------------------

    def apply(self, obj: Object) -> int:
        """Create or replace one object; return its resourceVersion.

        uid, creationTimestamp and generation are kept or filled in as the API server does. A write
        that changes nothing makes no event. Another uid under the same name is a deletion and a
        creation. KeyError: the kind isn't served; ValueError: name or namespace is missing.
        """
        resource = resource_of(obj["apiVersion"], obj["kind"])
        table = self._tables[resource.qualified]
        metadata = dict(obj["metadata"])
        namespace = str(metadata.get("namespace") or "")
        name = str(metadata.get("name") or "")
        if not name or bool(namespace) != resource.namespaced:
            raise ValueError(f"{resource.kind} {namespace}/{name}: bad name or namespace")
        key = f"{namespace}/{name}" if namespace else name
        before = table.entries.get(key)
        new = {**obj, "metadata": metadata}
        if before is not None:
            old = _DECODER.decode(before.item)
            if metadata.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
                self.delete(resource.kind, namespace, name)
                before = None
            else:
                self._carry_over(resource, old, new)
        if before is None:
            self._fill_in(resource, metadata)
        if before is not None:
            metadata["resourceVersion"] = str(before.version)
            if encode_item(resource, new) == before.item:
                return before.version
        version = self._next_version()
        metadata["resourceVersion"] = str(version)
        fields = {path: _read_field(new, path) for path in resource.fields}
        fields |= {"metadata.name": name, "metadata.namespace": namespace}
        labels = metadata.get("labels") or {}
        item = encode_item(resource, new)
        entry = Entry(key, namespace, name, version, labels, fields, item)
        table.put(entry)
        self._record(table, Change("MODIFIED" if before else "ADDED", version, entry, before))
        return version

    def load(self, objects: Iterable[Object]) -> int:
        """Apply many objects; return how many."""
        count = 0
        for count, obj in enumerate(objects, 1):  # noqa: B007 - the number is what is returned
            self.apply(obj)
        return count

    def patch(self, kind: str, namespace: str, name: str, patch: Object) -> int:
        """Apply a JSON merge patch to one object; KeyError when it doesn't exist."""
        current = self.get(kind, namespace, name)
        if current is None:
            raise KeyError(f"{kind} {namespace}/{name}")
        current["metadata"].pop("resourceVersion")
        current["metadata"].pop("generation", None)
        return self.apply(merge_patch(current, patch))

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Delete one object; False when there was none."""
        table = self._tables[resource_named(kind).qualified]
        key = f"{namespace}/{name}" if namespace else name
        before = table.entries.get(key)
        if before is None:
            return False
        version = self._next_version()
        item = at_version(before.item, before.version, version)
        last = msgspec.structs.replace(before, version=version, item=item)
        table.remove(key)
        self._record(table, Change("DELETED", version, last, before))
        return True

    def compact(self, version: int | None = None) -> int:
        """Forget every change up to a version (default: all); return that version.

        Continue tokens, exact lists and watches from before it are answered with 410 from now on;
        watches that run already go on, as with a real server.
        """
        self.compacted = max(self.compacted, version or self.resource_version)
        for table in self._tables.values():
            while table.changes and table.changes[0].version <= self.compacted:
                table.forget_first()
            for state in [v for v in table.states if v < self.compacted]:
                del table.states[state]
        return self.compacted

    # --- reading --------------------------------------------------------------------------------

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return one object with kind and apiVersion, a copy; None when there is none."""
        resource = resource_named(kind)
        entry = self.entry(resource, namespace, name)
        return None if entry is None else _DECODER.decode(whole_object(resource, entry.item))

    def objects(self, kind: str) -> list[Object]:
        """Return every object of a kind, copies, in key order."""
        resource = resource_named(kind)
        entries = self._tables[resource.qualified].state(self.resource_version)
        return [_DECODER.decode(whole_object(resource, entry.item)) for entry in entries]

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return len(self._tables[resource_named(kind).qualified].entries)

    def kept(self, kind: str) -> int:
        """Return how many changes of a kind are kept."""
        return len(self._tables[resource_named(kind).qualified].changes)

    def entry(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        """Return one stored entry."""
        key = f"{namespace}/{name}" if namespace else name
        return self._tables[resource.qualified].entries.get(key)

    def entries(
        self, resource: Resource, namespace: str, version: int | None, start: str = ""
    ) -> list[Entry]:
        """Return entries in key order, as of a version (None: now), from the key `start` on.

        StatusError 410 when the version is compacted away.
        """
        table = self._tables[resource.qualified]
        if version is not None and version < self._oldest(table):
            raise StatusError(expired(EXPIRED_LIST))
        state = table.state(self.resource_version if version is None else version)
        lowest, highest = 0, len(state)
        if namespace:
            lowest = bisect_left(state, f"{namespace}/", key=_key_of)
            highest = bisect_left(state, f"{namespace}0", key=_key_of)  # "0" follows "/"
        if start:
            lowest = max(lowest, bisect_left(state, start, key=_key_of))
        return state[lowest:highest]

    def changes_since(self, resource: Resource, version: int) -> list[Change]:
        """Return the changes after a version, oldest first; StatusError 410 when some are gone."""
        table = self._tables[resource.qualified]
        oldest = self._oldest(table)
        if version < oldest:
            raise StatusError(too_old(version, oldest))
        out: list[Change] = []
        for change in reversed(table.changes):
            if change.version <= version:
                break
            out.append(change)
        return out[::-1]

    @contextlib.contextmanager
    def listen(self, resource: Resource, listener: Listener) -> Iterator[None]:
        """Call `listener` with each change of a resource while the context is open."""
        listeners = self._tables[resource.qualified].listeners
        listeners.append(listener)
        try:
            yield
        finally:
            listeners.remove(listener)

    def watchers(self, kind: str) -> int:
        """Return how many watches of a kind are running."""
        return len(self._tables[resource_named(kind).qualified].listeners)

    async def reached(self, version: int, timeout: float) -> bool:  # noqa: ASYNC109 - part of the protocol
        """Wait until a version exists, at most `timeout` seconds; False when it doesn't."""
        if version <= self.resource_version:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((version, future))
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiters.remove((version, future))
        return True

    # --- inside ---------------------------------------------------------------------------------

    def _oldest(self, table: Table) -> int:
        return max(self.compacted, table.dropped)

    def _next_version(self) -> int:
        self.resource_version += 1
        return self.resource_version

    def _record(self, table: Table, change: Change) -> None:
        table.record(change)
        for version, future in self._waiters:
            if version <= change.version and not future.done():
                future.set_result(None)

    def _fill_in(self, resource: Resource, metadata: Object) -> None:
        self._created += 1
        seed = f"{resource.qualified}/{metadata.get('namespace')}/{metadata['name']}"
        metadata.setdefault("uid", str(uuid.uuid5(_UIDS, f"{seed}#{self._created}")))
        if "creationTimestamp" not in metadata:
            now = datetime.fromtimestamp(self._clock(), UTC)
            metadata["creationTimestamp"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        if resource.generation:
            metadata.setdefault("generation", 1)

    def _carry_over(self, resource: Resource, old: Object, new: Object) -> None:
        metadata = new["metadata"]
        for key in ("uid", "creationTimestamp"):
            metadata.setdefault(key, old["metadata"][key])
        if resource.generation and "generation" not in metadata:
            generation = old["metadata"].get("generation", 1)
            changed = _spec_of(resource, old) != _spec_of(resource, new)
            metadata["generation"] = generation + changed


def _key_of(entry: Entry) -> str:
    return entry.key


def merge_patch(target: Object, patch: Object) -> Object:
    """Return `target` with a JSON merge patch (RFC 7396) applied; neither is changed."""
    out = dict(target)
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict):
            below = out.get(key)
            out[key] = merge_patch(below if isinstance(below, dict) else {}, value)
        else:
            out[key] = value
    return out
