from __future__ import annotations

from typing import Any

import pytest

from exporter.model import Delete, ObjectKey, SyncMode, Upsert
from exporter.objects.codec import Event, ListHead, Status, decode_event
from exporter.objects.meta import Rejected
from exporter.objects.resources import SERVICES
from exporter.objects.services import Service
from exporter.reflector import (
    Apply,
    Begin,
    DropToken,
    Ended,
    EventsSeen,
    Failed,
    Failure,
    FailureKind,
    FeedState,
    Input,
    List,
    Opened,
    PageRead,
    Phase,
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

PLAN = Plan("services", mode=SyncMode.WATCH)
AUTO = Plan("services", mode=SyncMode.AUTO, interval=30.0, probe=300.0)


def run(*inputs: Input, state: FeedState, plan: Plan = PLAN, now: float = 0.0) -> Step:
    """The last step of a sequence of inputs at one moment, without jitter."""
    done = step(plan, state, inputs[0], now, 0.0)
    for given in inputs[1:]:
        done = step(plan, done.state, given, now, 0.0)
    return done


def event(kind: str, version: str, name: str = "s") -> Event:
    """A frame with a Service."""
    frame = (
        f'{{"type":"{kind}","object":{{"metadata":{{"namespace":"d","name":"{name}",'
        f'"resourceVersion":"{version}"}},"spec":{{}}}}}}'
    )
    return decode_event(SERVICES, frame.encode())


def bookmark(version: str) -> Event:
    """A frame that only moves the version on."""
    return Event("BOOKMARK", resource_version=version)


def fault(code: int, **more: Any) -> Event:
    """An ERROR inside of the stream."""
    return Event("ERROR", status=Status(code=code, message="so it is", **more))


def answer(code: int, **more: Any) -> Failed:
    """A watch that was not granted."""
    return Failed(Failure(FailureKind.ANSWER, f"answered {code}", code=code, **more))


LISTED = run(Begin(), PageRead(ListHead("7", "")), state=FeedState()).state
OPEN = run(Opened(), state=LISTED).state
REFUSED = Failed(Failure(FailureKind.REFUSED, "nobody listens"))
BROKEN = Failed(Failure(FailureKind.BROKEN, "broke off"))
UNREADABLE = Failed(Failure(FailureKind.UNREADABLE, "garbage"))


def test_a_watch_ends_somewhere_between_five_and_ten_minutes() -> None:
    """Spread out, so that servers are not asked by all clients in the same second."""
    begun = step(PLAN, FeedState(), Begin(), 0.0, 0.0).state
    assert step(PLAN, begun, PageRead(ListHead("7", "")), 0.0, 0.0).order == Watch("7", 300)
    assert step(PLAN, begun, PageRead(ListHead("7", "")), 0.0, 0.999).order == Watch("7", 599)


def test_events_become_changes_in_order() -> None:
    """ADDED for a known key is an upsert too: a restarted watch may repeat itself."""
    added, modified, deleted = event("ADDED", "8"), event("MODIFIED", "9"), event("DELETED", "10")
    done = run(Received([added, modified, deleted]), state=OPEN)
    assert isinstance(added.object, Service)
    assert isinstance(modified.object, Service)
    assert done.effects == (
        Apply(
            (
                Upsert("services", added.object),
                Upsert("services", modified.object),
                Delete("services", ObjectKey("d", "s")),
            )
        ),
        EventsSeen({"ADDED": 1, "MODIFIED": 1, "DELETED": 1}),
    )
    assert done.order == Read()
    assert done.state.resource_version == "10"


def test_a_bookmark_moves_the_version_and_changes_nothing() -> None:
    """Its object is empty: taken for data it would be an object without a name."""
    done = run(Received([bookmark("9")]), state=OPEN)
    assert done.effects == (EventsSeen({"BOOKMARK": 1}),)
    assert done.state.resource_version == "9"


def test_after_a_normal_end_the_watch_goes_on_at_once_from_the_last_version() -> None:
    """ADDED 5, BOOKMARK 9, clean end: no list, no rest, version 9."""
    done = run(Received([event("ADDED", "5"), bookmark("9")]), Ended("end"), state=OPEN)
    assert done.order == Watch("9", 300)
    assert done.effects == (WatchRestarted("end"),)


@pytest.mark.parametrize("cause", ["end", "idle", "timeout", "reset"])
def test_a_quiet_watch_that_lived_goes_on_from_where_it_began(cause: str) -> None:
    """Nothing happened for minutes: that is no reason to list again."""
    done = run(Ended(cause), state=OPEN, now=100.0)
    assert done.order == Watch("7", 300)
    assert done.effects == (WatchRestarted(cause),)


def test_a_watch_that_hardly_lived_leads_to_a_rest_and_a_list() -> None:
    """A server that ends each watch at once must not be asked in a tight loop."""
    done = run(Ended("end"), state=OPEN, now=0.9)
    assert isinstance(done.order, Rest)
    assert done.effects == (WatchRestarted("short"),)
    assert run(Woke(), state=done.state).order == List("7", None)


def test_a_watch_that_ended_soon_after_an_event_is_not_short() -> None:
    """It made progress; the next goes on from there."""
    done = run(Received([bookmark("8")]), Ended("end"), state=OPEN)
    assert done.order == Watch("8", 300)


def test_an_unknown_type_is_counted_and_skipped() -> None:
    """A later API may have more to say: its version is not ours to take, nothing breaks."""
    done = run(Received([Event("SPLIT", resource_version="50")]), state=OPEN)
    assert done.effects == (EventsSeen({"UNKNOWN": 1}),)
    assert (done.state.resource_version, done.order) == ("7", Read())


def test_an_object_that_can_not_be_decoded_travels_on_and_is_counted() -> None:
    """Its Service is marked by it; the watch goes on."""
    broken = Rejected("services", "d", "s", "s", "broken")
    done = run(Received([Event("MODIFIED", broken, "8")]), state=OPEN)
    assert done.effects == (
        Apply((Upsert("services", broken),)),
        EventsSeen({"MODIFIED": 1}, rejected=1),
    )
    assert done.state.resource_version == "8"


def test_the_deletion_of_what_can_not_be_decoded_is_a_deletion() -> None:
    """The key is all that a deletion needs."""
    broken = Rejected("services", "d", "s", "s", "broken")
    done = run(Received([Event("DELETED", broken, "8")]), state=OPEN)
    assert done.effects[0] == Apply((Delete("services", ObjectKey("d", "s")),))


def test_versions_of_made_up_events_are_not_taken() -> None:
    """A watch without a version begins with ADDED for all there is, in any order."""
    begun = run(Begin(), PageRead(ListHead("", "")), Opened(), state=FeedState()).state
    assert run(Received([event("ADDED", "9")]), state=begun).state.resource_version == ""
    done = run(
        Received([event("ADDED", "9"), event("MODIFIED", "11"), event("ADDED", "12")]), state=begun
    )
    assert done.state.resource_version == "12"


def test_an_event_without_a_version_leaves_the_last_one() -> None:
    """A watch from no version would begin with everything once more."""
    assert run(Received([event("MODIFIED", "")]), state=OPEN).state.resource_version == "7"


def test_expiry_inside_the_stream_leads_to_a_rest_and_a_relist() -> None:
    """Once a watch is granted, 410 comes as an event; what came before it still counts."""
    done = run(Received([event("MODIFIED", "8"), fault(410)]), state=OPEN)
    assert isinstance(done.effects[0], Apply)
    assert done.effects[1:] == (EventsSeen({"MODIFIED": 1, "ERROR": 1}), WatchRestarted("gone"))
    assert isinstance(done.order, Rest)
    assert run(Woke(), state=done.state).order == List("8", None)
    assert done.state.synced is True


def test_too_many_requests_inside_the_stream_leads_to_a_rest_and_the_same_watch() -> None:
    """The server is busy; a list would make it busier."""
    done = run(Received([fault(429)]), state=OPEN)
    assert isinstance(done.order, Rest)
    assert done.effects[-1] == WatchRestarted("throttled")
    assert run(Woke(), state=done.state).order == Watch("7", 300)


@pytest.mark.parametrize("event_", [fault(500), fault(403), Event("ERROR", status=Status())])
def test_any_other_error_inside_the_stream_leads_to_a_relist(event_: Event) -> None:
    """Whether events were lost is not known: the list tells."""
    done = run(Received([event_, event("MODIFIED", "9")]), state=OPEN)
    assert isinstance(done.order, Rest)
    assert done.effects == (EventsSeen({"ERROR": 1}), WatchRestarted("error"))
    assert run(Woke(), state=done.state).order == List("7", None)


def test_a_frame_that_can_not_be_read_leads_to_a_relist() -> None:
    """It may have been any event."""
    done = run(UNREADABLE, state=OPEN)
    assert isinstance(done.order, Rest)
    assert done.effects == (WatchRestarted("error"),)
    assert run(Woke(), state=done.state).order == List("7", None)


@pytest.mark.parametrize(
    "failed,cause",
    [
        (REFUSED, "refused"),
        (answer(429), "throttled"),
        (answer(503, retry_after=5.0), "throttled"),
    ],
)
def test_a_server_that_restarts_or_is_busy_is_asked_for_the_same_watch_again(
    failed: Failed, cause: str
) -> None:
    """What is known stays good; it must not be listed by everyone at once when it is back."""
    done = run(failed, state=LISTED)
    assert isinstance(done.order, Rest)
    assert done.effects == (WatchRestarted(cause),)
    assert run(Woke(), state=done.state).order == Watch("7", 300)


@pytest.mark.parametrize(
    "failed,cause",
    [
        (answer(410), "gone"),
        (answer(504, too_large=True, retry_after=1.0), "gone"),
        (answer(500), "error"),
        (answer(404), "error"),
        (BROKEN, "error"),
    ],
)
def test_a_watch_that_fails_otherwise_leads_to_a_rest_and_a_list(
    failed: Failed, cause: str
) -> None:
    """The list finds out what is wrong, or mends it."""
    done = run(failed, state=LISTED)
    assert isinstance(done.order, Rest)
    assert done.effects == (WatchRestarted(cause),)
    assert done.state.error == failed.failure.message
    assert run(Woke(), state=done.state).order == List("7", None)


def test_401_on_a_watch_drops_the_token_and_tries_once_at_once() -> None:
    """The token was rotated while the last watch ran."""
    done = run(answer(401), state=LISTED)
    assert done.order == Watch("7", 300)
    assert done.effects == (DropToken(), WatchRestarted("unauthorized"))
    assert isinstance(run(answer(401), state=done.state).order, Rest)
    assert run(Opened(), answer(401), state=done.state).order == Watch("7", 300)


def test_an_open_watch_means_that_all_is_well() -> None:
    """The error of an earlier attempt is gone when the server has agreed."""
    failed = run(REFUSED, Woke(), state=LISTED)
    assert failed.state.error == "nobody listens"
    assert run(Opened(), state=failed.state).state.error == ""


def test_the_first_403_of_a_watch_is_asked_again_soon() -> None:
    """A server that has just started denies what it will allow a second later."""
    done = run(answer(403), state=LISTED)
    assert done.order == Rest(0.8, answer(403).failure)
    assert done.effects == (WatchRestarted("forbidden"),)
    assert run(Woke(), state=done.state).order == Watch("7", 300)


def deny(code: int, state: FeedState, **options: Any) -> Step:
    """The watch is denied for good: a 403 counts from the second in a row on."""
    if code == 403:
        state = run(answer(403), Woke(), state=state, **options).state
    return run(answer(code), state=state, **options)


@pytest.mark.parametrize("code", [403, 405, 501])
def test_auto_polls_while_the_watch_is_denied_and_goes_back_when_it_is_allowed(code: int) -> None:
    """Lists keep the data fresh; now and then it tries to watch."""
    listed = run(Begin(), PageRead(ListHead("7", "")), state=FeedState(), plan=AUTO)
    assert listed.order == Watch("7", 300)
    denied = deny(code, listed.state, plan=AUTO, now=2.0)
    assert denied.order == Rest(28.0)
    assert (denied.state.polling, denied.state.error) == (True, "")
    polled = run(Woke(), PageRead(ListHead("8", "")), state=denied.state, plan=AUTO, now=30.0)
    assert polled.order == Rest(30.0)
    probing = run(Woke(), PageRead(ListHead("9", "")), state=polled.state, plan=AUTO, now=310.0)
    assert probing.order == Watch("9", 300)
    assert probing.state.polling is True
    still = run(answer(code), state=probing.state, plan=AUTO, now=311.0)
    assert still.order == Rest(29.0)
    assert still.state.probe_at == 611.0
    back = run(Opened(), state=probing.state, plan=AUTO, now=311.0)
    assert (back.state.polling, back.order) == (False, Read())


@pytest.mark.parametrize("code,cause", [(403, "forbidden"), (405, "unsupported")])
def test_where_only_watching_is_wanted_a_denied_watch_leads_to_slow_lists(
    code: int, cause: str
) -> None:
    """The list may be read: what is known stays, its error shows, and it is kept fresh."""
    done = deny(code, LISTED)
    assert done.order == Rest(30.0, answer(code).failure)
    assert done.effects == (WatchRestarted(cause),)
    assert (done.state.synced, done.state.forbidden) == (True, False)
    assert done.state.error == f"answered {code}"
    assert run(Woke(), state=done.state).order == List("7", None)


def test_the_phase_follows_what_the_feed_is_doing() -> None:
    """The table is read by phase: each order puts the state in the phase of its answers."""
    assert LISTED.phase is Phase.WATCHING
    assert run(REFUSED, state=LISTED).state.phase is Phase.RESTING
    assert run(UNREADABLE, Woke(), state=OPEN).state.phase is Phase.LISTING
