"""One resource of the simulated etcd: its entries in key order and their history.

It numbers nothing: versions are given to it. It never opens a socket.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

import msgspec

#: Past states kept for the further pages of running lists.
_KEPT_STATES = 16


class Entry(msgspec.Struct, frozen=True):
    """One object as stored.

    `key` is `namespace/name` (or the name) and sorts as in etcd; `fields` holds the values that
    field selectors ask for; `item` is the JSON without kind and apiVersion.
    """

    key: str
    namespace: str
    name: str
    version: int
    labels: Mapping[str, str]
    fields: Mapping[str, str]
    item: bytes


class Change(msgspec.Struct, frozen=True):
    """One write: `kind` is ADDED, MODIFIED or DELETED.

    `entry` is the new state; of a DELETED object the last state with the version of the deletion.
    `before` is the state before the write, None for ADDED.
    """

    kind: str
    version: int
    entry: Entry
    before: Entry | None = None


Listener = Callable[[Change], None]


class Table:
    """The entries of one resource; `history` is how many changes are kept."""

    def __init__(self, history: int) -> None:
        self.entries: dict[str, Entry] = {}
        self.changes: deque[Change] = deque()
        self.limit = history
        #: Changes up to this version are gone.
        self.dropped = 0
        self.listeners: list[Listener] = []
        self.states: OrderedDict[int, list[Entry]] = OrderedDict()
        # Every entry in key order, None after a write: a list of many pages asks again and again.
        self._present: list[Entry] | None = None

    @property
    def latest(self) -> int:
        """The version of the last change, 0 when there was none."""
        return self.changes[-1].version if self.changes else self.dropped

    def put(self, entry: Entry) -> None:
        """Add an entry, or replace the one with its key."""
        self._present = None
        self.entries[entry.key] = entry

    def remove(self, key: str) -> None:
        """Remove the entry with this key."""
        self._present = None
        del self.entries[key]

    def record(self, change: Change) -> None:
        """Keep a change and tell everyone who listens."""
        self.changes.append(change)
        while len(self.changes) > self.limit:
            self.forget_first()
        # a listener may take itself off the list while it is called
        for listener in tuple(self.listeners):
            listener(change)

    def forget_first(self) -> None:
        """Drop the oldest change, and the states from before it: nobody can ask for them."""
        self.dropped = self.changes.popleft().version
        for version in [version for version in self.states if version < self.dropped]:
            del self.states[version]

    def state(self, version: int) -> list[Entry]:
        """Return the entries as of a version that the history still reaches; not to be changed."""
        if version >= self.latest:
            if self._present is None:
                self._present = [self.entries[key] for key in sorted(self.entries)]
            return self._present
        if version in self.states:
            self.states.move_to_end(version)
            return self.states[version]
        past = dict(self.entries)
        for change in reversed(self.changes):
            if change.version <= version:
                break
            if change.before is None:
                past.pop(change.entry.key, None)
            else:
                past[change.entry.key] = change.before
        out = [past[key] for key in sorted(past)]
        self.states[version] = out
        while len(self.states) > _KEPT_STATES:
            self.states.popitem(last=False)
        return out
