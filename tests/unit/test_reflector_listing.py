from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.model import SyncMode
from exporter.objects.codec import ListHead
from exporter.reflector import (
    TABLE,
    Begin,
    Commit,
    DropToken,
    Failed,
    Failure,
    FailureKind,
    FeedState,
    Forgotten,
    Input,
    List,
    ListEnded,
    Opened,
    PageRead,
    Phase,
    Plan,
    Rest,
    Step,
    Watch,
    Woke,
    step,
)

PLAN = Plan("services", mode=SyncMode.WATCH)
POLLING = Plan("services", mode=SyncMode.POLL, interval=30.0)


BEGUN = FeedState()


def run(*inputs: Input, plan: Plan = PLAN, state: FeedState = BEGUN, now: float = 0.0) -> Step:
    """The last step of a sequence of inputs at one moment, without jitter."""
    done = step(plan, state, inputs[0], now, 0.0)
    for given in inputs[1:]:
        done = step(plan, done.state, given, now, 0.0)
    return done


def answer(code: int, **more: Any) -> Failed:
    """An error answer with this status."""
    return Failed(Failure(FailureKind.ANSWER, f"answered {code}", code=code, **more))


def page(version: str = "7", token: str = "") -> PageRead:
    """A page that came."""
    return PageRead(ListHead(version, token))


TOO_LARGE = answer(504, too_large=True, retry_after=1.0)
REFUSED = Failed(Failure(FailureKind.REFUSED, "nobody listens"))
BROKEN = Failed(Failure(FailureKind.BROKEN, "broke off"))
SYNCED = run(Begin(), page("7")).state
LISTING_AGAIN = run(
    Opened(), answer(500), Woke(), state=run(Begin(), page("7")).state
)  # a watch that failed, the rest, and the relist under way


def test_the_first_list_may_come_from_the_cache_and_in_pages() -> None:
    """Any server answers version 0 at once from what it has; 500 is what client-go asks for."""
    done = run(Begin())
    assert done.order == List("0", 500)
    assert done.effects == ()
    assert done.state.synced is False


def test_pages_go_on_by_token_alone_and_count_when_the_last_has_come() -> None:
    """A version beside a continue token is refused; half a list must never be shown."""
    second = run(Begin(), page("7", "t1"))
    assert second.order == List(None, 500, "t1")
    assert second.effects == ()
    third = run(page("7", "t2"), state=second.state)
    assert third.order == List(None, 500, "t2")
    assert third.effects == ()
    assert third.state.synced is False
    last = run(page("7"), state=third.state)
    assert last.effects == (Commit(), ListEnded("success"))
    assert last.order == Watch("7", 300)
    assert last.state.synced is True


def test_the_version_of_a_list_is_that_of_its_first_page() -> None:
    """A watch must begin where the first page stood, or changes between pages are lost."""
    assert run(Begin(), page("7", "t1"), page("9")).order == Watch("7", 300)


def test_a_relist_asks_for_the_last_version_and_no_limit() -> None:
    """Version 0 could go back in time; a limit would mean exactly that version."""
    assert LISTING_AGAIN.order == List("7", None)


@pytest.mark.parametrize("failed", [answer(410), TOO_LARGE])
def test_a_version_that_can_not_be_served_is_given_up_at_once(failed: Failed) -> None:
    """410, or a server that is behind: whatever is newest, without waiting."""
    done = run(failed, state=LISTING_AGAIN.state)
    assert done.order == List("", 500)
    assert done.effects == (ListEnded("gone"),)


def test_a_given_up_version_stays_so_until_a_list_succeeds() -> None:
    """The retry fails too: the next list must not ask for the dead version again."""
    failed = run(answer(410), answer(500), state=LISTING_AGAIN.state)
    assert isinstance(failed.order, Rest)
    assert run(Woke(), state=failed.state).order == List("", 500)
    again = run(Woke(), page("9"), answer(500), Woke(), state=failed.state)
    assert again.order == List("9", None)


def test_gone_without_a_version_is_an_error_like_others() -> None:
    """Nothing newer than "newest" can be asked for: waiting is all that is left."""
    done = run(answer(410), answer(410), state=LISTING_AGAIN.state)
    assert done.order == Rest(0.8 * 2, Failure(FailureKind.ANSWER, "answered 410", code=410))
    assert done.effects == (ListEnded("gone"),)


def test_a_token_that_expired_between_pages_leads_to_all_in_one() -> None:
    """The pages so far are of a version that is gone: the whole list once, as first asked."""
    done = run(Begin(), page("7", "t1"), answer(410))
    assert done.order == List("0", None)
    assert done.effects == (ListEnded("gone"),)
    assert run(page("8"), state=done.state).order == Watch("8", 300)


def test_an_expired_token_of_a_newest_list_keeps_asking_for_the_newest() -> None:
    """The full list asks for the version that the first page was asked with."""
    done = run(answer(410), page("9", "t1"), answer(410), state=LISTING_AGAIN.state)
    assert done.order == List("", None)


@pytest.mark.parametrize(
    "failed", [answer(429), answer(503, retry_after=1.0), answer(500, retry_after=0.0)]
)
def test_a_server_that_asks_for_patience_is_asked_for_the_same_page_again(failed: Failed) -> None:
    """Overload costs a wait, not the pages that came already."""
    done = run(Begin(), page("7", "t1"), failed)
    assert isinstance(done.order, Rest)
    assert done.effects == (ListEnded("error"),)
    assert run(Woke(), state=done.state).order == List(None, 500, "t1")


def test_retry_after_is_a_lower_bound_and_has_a_limit() -> None:
    """The server knows best how long it needs, but nobody waits for an hour."""
    assert run(Begin(), answer(429, retry_after=5.0)).order == Rest(
        5.0, answer(429, retry_after=5.0).failure
    )
    done = run(Begin(), answer(429, retry_after=86_400.0))
    assert isinstance(done.order, Rest)
    assert done.order.seconds == 300.0


def test_after_ten_repeats_of_a_page_the_list_begins_anew() -> None:
    """A server that never serves one page must not hold the list there for ever."""
    done = run(Begin(), page("7", "t1"))
    for _ in range(10):
        done = run(answer(429), Woke(), state=done.state)
        assert done.order == List(None, 500, "t1")
    assert run(answer(429), Woke(), state=done.state).order == List("0", 500)


def test_a_page_that_broke_off_is_fetched_again() -> None:
    """A reset connection between two pages costs one page, not those before it."""
    assert run(Begin(), page("7", "t1"), BROKEN, Woke()).order == List(None, 500, "t1")
    assert run(Begin(), BROKEN, Woke()).order == List("0", 500)


def test_after_other_failures_the_list_begins_anew_after_a_rest() -> None:
    """The error is visible, what was known stays."""
    done = run(answer(500), state=LISTING_AGAIN.state)
    assert isinstance(done.order, Rest)
    assert done.state.error == "answered 500"
    assert done.state.synced is True
    assert done.effects == (ListEnded("error"),)
    assert run(Woke(), state=done.state).order == List("7", None)


def test_401_drops_the_token_and_tries_once_at_once() -> None:
    """A rotated token is good for the next request; a dead one must not be hammered with."""
    done = run(Begin(), answer(401))
    assert done.order == List("0", 500)
    assert done.effects == (DropToken(), ListEnded("unauthorized"))
    done = run(answer(401), state=done.state)
    assert isinstance(done.order, Rest)
    assert done.effects == (DropToken(), ListEnded("unauthorized"))
    assert run(Woke(), page("7"), state=done.state).order == Watch("7", 300)


@pytest.mark.parametrize("code,result", [(403, "forbidden"), (404, "absent")])
def test_what_may_not_be_read_is_forgotten_and_asked_for_slowly(code: int, result: str) -> None:
    """Denied is a state that anyone can see, and in which nothing is concluded."""
    done = run(Begin(), answer(code))
    assert done.effects == (ListEnded(result), Forgotten())
    assert done.order == Rest(30.0, answer(code).failure)
    assert (done.state.forbidden, done.state.absent) == (code == 403, code == 404)
    assert done.state.synced is False
    again = run(Woke(), answer(code), state=done.state)
    assert again.effects == (ListEnded(result),)
    recovered = run(Woke(), page("7"), state=again.state)
    assert recovered.effects == (Commit(), ListEnded("success"))
    assert (recovered.state.forbidden, recovered.state.absent) == (False, False)
    assert recovered.state.synced is True


def test_one_denial_alone_does_not_void_what_is_known() -> None:
    """A server that has just started denies for a second what it allows in the next."""
    once = run(answer(403), state=LISTING_AGAIN.state)
    assert once.effects == (ListEnded("forbidden"),)
    assert (once.state.synced, once.state.forbidden) == (True, False)
    assert isinstance(once.order, Rest)
    assert once.order.seconds < 30
    twice = run(Woke(), answer(403), state=once.state)
    assert twice.effects == (ListEnded("forbidden"), Forgotten())
    assert (twice.state.synced, twice.state.forbidden) == (False, True)
    back = run(Woke(), page("9"), answer(500), Woke(), answer(403), state=once.state)
    assert back.state.synced is True


def test_a_401_on_the_way_takes_nothing_of_the_patience_with_a_403() -> None:
    """A server that has just started rotates tokens and denies for a second what it will allow."""
    rejected = run(answer(401), state=LISTING_AGAIN.state)
    once = run(answer(403), state=rejected.state)
    assert once.effects == (ListEnded("forbidden"),)
    assert once.state.synced is True
    denied = run(answer(403), state=LISTING_AGAIN.state)
    again = run(Woke(), answer(401), state=denied.state)
    assert again.effects == (DropToken(), ListEnded("unauthorized"))
    assert isinstance(again.order, List)


def test_polling_lists_every_interval_from_start_to_start() -> None:
    """`--interval 30s` means 30 s between two states, however long a list takes."""
    begun = step(POLLING, FeedState(), Begin(), 100.0, 0.0)
    done = step(POLLING, begun.state, page("7"), 104.0, 0.0)
    assert done.order == Rest(26.0)
    assert done.effects == (Commit(), ListEnded("success"))
    again = step(POLLING, done.state, Woke(), 130.0, 0.0)
    assert again.order == List("7", None)
    slow = step(POLLING, again.state, page("8"), 190.0, 0.0)
    assert slow.order == Rest(3.0)


def test_polling_shows_no_error_once_a_list_succeeded() -> None:
    """The error of the last poll is not that of this one."""
    done = run(Begin(), answer(500), Woke(), page("7"), plan=POLLING)
    assert done.state.error == ""


@pytest.mark.parametrize(
    "failed,seconds",
    [
        (answer(500), [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]),
        (REFUSED, [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]),
    ],
)
def test_rests_grow_to_half_a_minute(failed: Failed, seconds: list[float]) -> None:
    """A server in trouble is left alone, longer each time."""
    done = run(Begin(), failed)
    rests = []
    for _ in seconds:
        assert isinstance(done.order, Rest)
        rests.append(done.order.seconds)
        done = run(Woke(), failed, state=done.state)
    assert rests == pytest.approx(seconds)


def test_jitter_makes_a_rest_up_to_twice_as_long() -> None:
    """A thousand clients that lost the same server must not come back in step."""
    begun = run(Begin())
    done = step(PLAN, begun.state, answer(500), 0.0, 0.5)
    assert isinstance(done.order, Rest)
    assert done.order.seconds == pytest.approx(1.2)


def test_rests_begin_anew_two_minutes_after_they_last_did() -> None:
    """Under continuous failure too, as client-go does, so a server that is back is found soon."""
    begun = run(Begin())
    state = begun.state
    seconds = []
    for now in (0.0, 10.0, 119.0, 121.0, 130.0, 240.0, 242.0):
        done = step(PLAN, state, answer(500), now, 0.0)
        assert isinstance(done.order, Rest)
        seconds.append(done.order.seconds)
        state = step(PLAN, done.state, Woke(), now, 0.0).state
    assert seconds == pytest.approx([0.8, 1.6, 3.2, 0.8, 1.6, 3.2, 0.8])


def test_each_phase_answers_each_input_that_can_come_in_it() -> None:
    """A rule that is missing would end a feed for good."""
    ways = {"Opened", "Received", "Ended", "Failed"}
    expected = {
        Phase.START: {"Begin"},
        Phase.LISTING: {"PageRead", "Failed"},
        Phase.STREAMING: ways,
        Phase.WATCHING: ways,
        Phase.RESTING: {"Woke"},
    }
    found: dict[Phase, set[str]] = {}
    for phase, kind in TABLE:
        found.setdefault(phase, set()).add(kind.__name__)
    assert found == expected
    assert all(issubclass(kind, msgspec.Struct) for _, kind in TABLE)
