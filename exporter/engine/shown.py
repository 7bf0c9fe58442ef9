"""What readers see: a mapping that shows another state from one step to the next.

What it takes to change a hundred thousand entries, and to let go of what they were, is done in
short steps before that step and after it.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import islice
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")
_W = TypeVar("_W")

#: So many entries are changed where they are: that takes less than a millisecond.
_FEW = 1024
#: Entries that are dealt with between two pauses.
_STRIDE = 256
#: The same of those that go: each may be the last to hold a Service with all its addresses.
_FREED = 64


class Shown(Mapping[_K, _V]):
    """Values by key, as of the last `publish`."""

    def __init__(self) -> None:
        self._held: dict[_K, _V] = {}
        self._next: dict[_K, _V] | None = None
        self._gone: dict[_K, _V] = {}

    # ── for readers ──────────────────────────────────────────────────────────────────────────

    def __getitem__(self, key: _K) -> _V:
        return self._held[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[_K]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: _K, default: _V | None = None) -> _V | None:  # type: ignore[override]  # as it is used
        """The value of a key."""
        return self._held.get(key, default)

    def values(self) -> ValuesView[_V]:
        """All values."""
        return self._held.values()

    def items(self) -> ItemsView[_K, _V]:
        """All keys and their values."""
        return self._held.items()

    # ── changing ─────────────────────────────────────────────────────────────────────────────

    def prepare(self, fresh: Mapping[_K, _V | None]) -> Iterator[None]:
        """Makes ready, in short steps, what is many: nobody sees it before `publish`."""
        self._next = None
        if len(fresh) <= _FEW:
            return
        made: dict[_K, _V] = {}
        for kept in _parts(self._held.items()):
            made.update([entry for entry in kept if entry[0] not in fresh])
            yield
        for come in _parts(fresh.items()):
            made.update([(key, value) for key, value in come if value is not None])
            yield
        self._next = made

    def publish(self, fresh: Mapping[_K, _V | None]) -> None:
        """Shows what came (None: nothing any more); what is many was prepared."""
        if self._next is not None:
            self._gone, self._held, self._next = self._held, self._next, None
            return
        for key, value in fresh.items():
            if value is None:
                self._held.pop(key, None)
            else:
                self._held[key] = value

    def release(self) -> Iterator[None]:
        """Lets go, in short steps, of what was shown before."""
        gone, self._gone = self._gone, {}
        yield from let_go(gone)


def let_go(held: dict[_K, _V]) -> Iterator[None]:
    """Empties a dict in short steps: who held the last reference to much would hold others up."""
    while held:
        for _ in range(min(_FREED, len(held))):
            held.popitem()
        yield


def _parts(entries: Iterable[tuple[_K, _W]]) -> Iterator[list[tuple[_K, _W]]]:
    several = iter(entries)
    while part := list(islice(several, _STRIDE)):
        yield part
