"""The Events that a change is worth, as the core API has them: values, and no clock.

Not those of events.k8s.io: kubectl shows both, but sorts by fields that only the older ones have,
and everybody types `--sort-by=.lastTimestamp`. Repetitions are counted on one object, as
client-go's recorder does it (tools/record/events_cache.go).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

import msgspec

from exporter.explaining.durations import show_time
from exporter.explaining.headline import find_headline, write_headline
from exporter.model import ServiceKey, Standing
from exporter.notify.gathering import Change

_K = TypeVar("_K")
_V = TypeVar("_V")

COMPONENT = "kube-endpoints-exporter"

#: Seconds after which a repetition is an object of its own; client-go has the same.
AGGREGATED_FOR = 600.0

#: Events remembered, to count on.
MOST_REMEMBERED = 4096

#: Bytes of a message; the API takes 1,024 characters.
_LONGEST = 1000

_FINE = frozenset({Standing.READY, Standing.NEW, Standing.INTENDED})
#: How every Service begins, and what says more of our rights than of the Service.
_QUIET = frozenset({Standing.NEW, Standing.UNKNOWN})


class Writing(msgspec.Struct, frozen=True):
    """What an Event says: `kind` is Normal or Warning, `word` its reason."""

    kind: str
    word: str
    message: str


def choose_words(change: Change, *, warned: bool) -> Writing | None:
    """The Event that a change is worth, None for none.

    `warned`: a Warning was written on the Service, and nothing since; then it is told that it is
    well again, whatever lay between.
    """
    before, after, report = change.before, change.after, change.report
    if after.standing is Standing.UNKNOWN:
        return None
    fine = after.standing in _FINE
    if fine and not warned and before.standing in _QUIET:
        return None
    same = (before.standing, before.reason) == (after.standing, after.reason)
    if same and (fine or before.findings[:1] == after.findings[:1]):
        return None
    headline = find_headline(report)
    if after.reason is not None and (fine or headline is None):
        word = after.reason.value
    elif headline is not None and not fine:
        word = headline.code.value
    else:
        word = after.standing.value.capitalize()
    return Writing("Normal" if fine else "Warning", word, write_headline(report)[:_LONGEST])


class Series(msgspec.Struct, frozen=True):
    """An Event that was written: its name, how often it was meant, and when last (epoch)."""

    name: str
    count: int
    at: float


class Memory:
    """The Events written lately, by the Service's uid, kind and word; and who was warned last."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._series: OrderedDict[tuple[str, str, str], Series] = OrderedDict()
        self._warned: OrderedDict[str, bool] = OrderedDict()

    def is_warned(self, uid: str) -> bool:
        """Whether the last Event on the Service was a Warning."""
        return self._warned.get(uid, False)

    def find(self, uid: str, writing: Writing, now: float) -> Series | None:
        """The Event to count on, None where a new one is to be made."""
        found = self._series.get((uid, writing.kind, writing.word))
        return found if found is not None and now - found.at < AGGREGATED_FOR else None

    def keep(self, uid: str, writing: Writing, series: Series) -> None:
        """Remember what was written."""
        self._put(self._series, (uid, writing.kind, writing.word), series)
        self._put(self._warned, uid, writing.kind == "Warning")

    def forget(self, uid: str, writing: Writing) -> None:
        """The API server has it no more."""
        self._series.pop((uid, writing.kind, writing.word), None)

    def _put(self, table: OrderedDict[_K, _V], key: _K, value: _V) -> None:
        table[key] = value
        table.move_to_end(key)
        if len(table) > self._most:
            table.popitem(last=False)


def write_event(key: ServiceKey, uid: str, writing: Writing, name: str, at: float) -> bytes:
    """The body of a new Event, JSON."""
    when = show_time(at)
    return msgspec.json.encode(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": key.namespace},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Service",
                "namespace": key.namespace,
                "name": key.name,
                "uid": uid,
            },
            "type": writing.kind,
            "reason": writing.word,
            "message": writing.message,
            "count": 1,
            "firstTimestamp": when,
            "lastTimestamp": when,
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
        }
    )


def write_repetition(writing: Writing, series: Series, at: float) -> bytes:
    """The merge patch that counts one more on an Event."""
    return msgspec.json.encode(
        {"count": series.count + 1, "lastTimestamp": show_time(at), "message": writing.message}
    )
