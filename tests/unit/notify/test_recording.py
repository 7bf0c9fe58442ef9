from __future__ import annotations

import json

import msgspec
import pytest

from exporter.model import Standing
from exporter.notify.gathering import Change
from exporter.notify.recording import (
    Memory,
    Series,
    Writing,
    choose_words,
    write_event,
    write_repetition,
)
from tests.unit.apiserver import KEY, NOW
from tests.unit.notify.stories import DOWN, HALF, READY, Play, Told


def change_of(told: Told) -> Change:
    """The change that was told."""
    key, story, report = told
    assert story.before is not None
    assert story.after is not None
    assert report is not None
    return Change(key, story.before, story.after, report, NOW)


def words(change: Change, *, warned: bool = False) -> tuple[str, str] | None:
    """Kind and reason of the Event, None for none."""
    found = choose_words(change, warned=warned)
    return None if found is None else (found.kind, found.word)


def test_a_fall_is_a_warning_with_its_reason_and_a_rise_is_normal() -> None:
    """The words are those of every other surface, so is the message."""
    play = Play()
    down, up = change_of(play.become(DOWN)), change_of(play.become(READY))
    assert choose_words(down, warned=False) == Writing(
        "Warning",
        "EndpointsNotReady",
        "The Service has endpoints, but none is ready. Pods can't be read, so why is not known.",
    )
    assert choose_words(up, warned=True) == Writing(
        "Normal", "Ready", "The Service has 2 ready addresses."
    )


def test_a_degraded_service_is_told_by_its_first_finding() -> None:
    """A Service that wants two ready endpoints and has one."""
    told = change_of(Play(min_ready=2).become(HALF))
    assert told.after.standing is Standing.DEGRADED
    assert words(told) == ("Warning", "BelowMinReady")


@pytest.mark.parametrize(
    "before,after,warned,event",
    [
        (Standing.NEW, Standing.READY, False, None),
        (Standing.UNKNOWN, Standing.READY, False, None),
        (Standing.UNKNOWN, Standing.READY, True, ("Normal", "Ready")),
        (Standing.READY, Standing.UNKNOWN, False, None),
        (Standing.READY, Standing.READY, False, None),
    ],
)
def test_what_is_worth_no_event(
    before: Standing, after: Standing, warned: bool, event: tuple[str, str] | None
) -> None:
    """How Services begin and what can't be read says nothing of them, unless one was warned of."""
    play = Play()
    play.become(DOWN)
    change = change_of(play.become(READY))
    replace = msgspec.structs.replace
    change = replace(
        change,
        before=replace(change.before, standing=before, reason=None),
        after=replace(change.after, standing=after),
    )
    assert words(change, warned=warned) == event


def test_a_repetition_is_counted_for_ten_minutes() -> None:
    """Of the same Service, kind and word; a Normal Event ends the warning."""
    memory, warning = Memory(), Writing("Warning", "NoEndpoints", "…")
    memory.keep("uid", warning, Series("s.1", 1, NOW))
    assert memory.find("uid", warning, NOW + 599) == Series("s.1", 1, NOW)
    assert memory.find("uid", warning, NOW + 600) is None
    assert memory.find("other", warning, NOW) is None
    assert memory.is_warned("uid")
    memory.keep("uid", Writing("Normal", "Ready", ""), Series("s.2", 1, NOW))
    assert not memory.is_warned("uid")
    memory.forget("uid", warning)
    assert memory.find("uid", warning, NOW) is None


def test_the_memory_is_bounded() -> None:
    """The Event that was counted longest ago is forgotten, and made anew if it comes again."""
    memory, writing = Memory(most=2), Writing("Warning", "NoEndpoints", "")
    for uid in ("a", "b", "c"):
        memory.keep(uid, writing, Series(uid, 1, NOW))
    assert [memory.find(uid, writing, NOW) is None for uid in ("a", "b", "c")] == [
        True,
        False,
        False,
    ]


def test_an_event_is_one_of_the_core_api_on_the_service() -> None:
    """Names what kubectl looks for: kind, namespace, name and uid of the Service."""
    writing = Writing("Warning", "NoEndpoints", "Nothing is there.")
    assert json.loads(write_event(KEY, "uid", writing, "s.1", NOW)) == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "s.1", "namespace": "d"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Service",
            "namespace": "d",
            "name": "s",
            "uid": "uid",
        },
        "type": "Warning",
        "reason": "NoEndpoints",
        "message": "Nothing is there.",
        "count": 1,
        "firstTimestamp": "2023-11-14T22:13:20Z",
        "lastTimestamp": "2023-11-14T22:13:20Z",
        "source": {"component": "kube-endpoints-exporter"},
        "reportingComponent": "kube-endpoints-exporter",
    }
    assert json.loads(write_repetition(writing, Series("s.1", 4, NOW), NOW + 60)) == {
        "count": 5,
        "lastTimestamp": "2023-11-14T22:14:20Z",
        "message": "Nothing is there.",
    }
