from __future__ import annotations

import pytest

from exporter.model import SyncMode, Upsert
from exporter.objects.codec import Event, ListHead, Status, decode_event
from exporter.objects.resources import SERVICES
from exporter.objects.services import Service
from exporter.reflector import (
    Apply,
    Begin,
    Commit,
    DropToken,
    Ended,
    EventsSeen,
    Failed,
    Failure,
    FailureKind,
    FeedState,
    Gather,
    Input,
    List,
    ListEnded,
    Opened,
    PageRead,
    Plan,
    Read,
    Received,
    Rest,
    Step,
    Watch,
    WatchRestarted,
    Woke,
    step,
)

PLAN = Plan("services", mode=SyncMode.WATCH, streaming=True)
END = Event("BOOKMARK", resource_version="20", initial_end=True)


def run(*inputs: Input, state: FeedState = FeedState(), now: float = 0.0) -> Step:  # noqa: B008  # frozen
    """The last step of a sequence of inputs at one moment, without jitter."""
    done = step(PLAN, state, inputs[0], now, 0.0)
    for given in inputs[1:]:
        done = step(PLAN, done.state, given, now, 0.0)
    return done


def event(kind: str, name: str) -> Event:
    """A frame with a Service."""
    frame = (
        f'{{"type":"{kind}","object":{{"metadata":{{"name":"{name}","resourceVersion":"21"}}}}}}'
    )
    return decode_event(SERVICES, frame.encode())


def service(given: Event) -> Service:
    """The Service of a frame."""
    assert isinstance(given.object, Service)
    return given.object


def answer(code: int) -> Failed:
    """A request that was not granted."""
    return Failed(Failure(FailureKind.ANSWER, f"answered {code}", code=code))


OPEN = run(Begin(), Opened()).state
A, B, C = event("ADDED", "a"), event("ADDED", "b"), event("MODIFIED", "c")


def test_a_streaming_list_counts_when_its_bookmark_has_come_and_goes_on_as_a_watch() -> None:
    """Objects are gathered, nothing is shown; then all at once, on the same stream."""
    assert run(Begin()).order == Watch("", 300, initial=True)
    first = run(Received([A]), state=OPEN)
    assert first.effects == (Gather((service(A),)),)
    assert first.order == Read()
    assert first.state.synced is False
    done = run(Received([B, END, C]), state=first.state)
    assert done.effects == (
        Gather((service(B),)),
        Commit(),
        ListEnded("success"),
        Apply((Upsert("services", service(C)),)),
        EventsSeen({"MODIFIED": 1}),
    )
    assert done.state.synced is True
    assert done.state.resource_version == "21"
    assert run(Ended("end"), state=done.state).order == Watch("21", 300)


def test_an_ordinary_bookmark_does_not_end_the_beginning() -> None:
    """Only the annotated one says that all is there."""
    done = run(Received([A, Event("BOOKMARK", resource_version="5")]), state=OPEN)
    assert done.effects == (Gather((service(A),)),)


def test_a_relist_streams_from_the_last_version() -> None:
    """Not older than what was seen; 410 and a server that is behind lead to the newest."""
    watching = run(Received([END]), state=OPEN).state
    again = run(Received([Event("ERROR", status=Status(code=410))]), Woke(), state=watching)
    assert again.order == Watch("20", 300, initial=True)
    assert run(answer(410), state=again.state).order == Watch("", 300, initial=True)
    late = run(Opened(), Received([Event("ERROR", status=Status(code=410))]), state=again.state)
    assert late.order == Watch("", 300, initial=True)
    assert late.effects == (ListEnded("gone"),)


def test_a_stream_that_ends_too_soon_is_tried_once_more_and_then_given_up() -> None:
    """What was gathered is void: the order begins anew."""
    once = run(Received([A]), Ended("end"), state=OPEN)
    assert isinstance(once.order, Rest)
    assert once.effects == (ListEnded("error"),)
    again = run(Woke(), state=once.state)
    assert again.order == Watch("", 300, initial=True)
    assert run(Opened(), Ended("reset"), state=again.state).order == List("0", 500)


@pytest.mark.parametrize(
    "given",
    [
        Received([A, C]),
        Received([event("DELETED", "a")]),
        Ended("idle"),
        answer(422),
        answer(403),
        answer(404),
        answer(500),
        Failed(Failure(FailureKind.BROKEN, "broke off")),
        Failed(Failure(FailureKind.UNREADABLE, "garbage")),
    ],
)
def test_any_doubt_ends_in_ordinary_lists_for_good(given: Input) -> None:
    """A server that does not know the parameter sends changes, or nothing, and never the end."""
    done = run(given, state=OPEN)
    assert done.order == List("0", 500)
    watching = run(PageRead(ListHead("7", "")), Opened(), state=done.state).state
    assert run(answer(500), Woke(), state=watching).order == List("7", None)


def test_a_server_that_sends_objects_for_minutes_without_an_end_is_given_up() -> None:
    """A lively stream would never be idle."""
    state = run(Received([A]), state=OPEN, now=119.0).state
    assert run(Received([B]), state=state, now=121.0).order == List("0", 500)


def test_a_server_that_is_away_or_busy_is_asked_for_the_same_stream_again() -> None:
    """That says nothing of what it can do."""
    for failed in (Failed(Failure(FailureKind.REFUSED, "nobody")), answer(429)):
        done = run(Begin(), failed)
        assert isinstance(done.order, Rest)
        assert run(Woke(), state=done.state).order == Watch("", 300, initial=True)


def test_401_on_a_stream_drops_the_token_and_tries_once_at_once() -> None:
    """As on any other request."""
    done = run(Begin(), answer(401))
    assert done.order == Watch("", 300, initial=True)
    assert done.effects == (DropToken(), ListEnded("unauthorized"))


def test_polling_never_streams() -> None:
    """A poll is a list and nothing stays open after it."""
    plan = Plan("services", mode=SyncMode.POLL, streaming=True)
    assert step(plan, FeedState(), Begin(), 0.0, 0.0).order == List("0", 500)


def test_a_stream_that_was_complete_restarts_as_a_plain_watch() -> None:
    """Once all is known there is no need for the beginning again."""
    watching = run(Received([END]), state=OPEN).state
    assert watching.order == Watch("20", 300)
    ended = run(Ended("end"), state=watching, now=400.0)
    assert ended.order == Watch("20", 300)
    assert ended.effects == (WatchRestarted("end"),)
