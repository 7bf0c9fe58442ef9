"""What a failure is, and what the one table of verdicts says of it."""

from __future__ import annotations

import pytest

from exporter.reflector import Failure, FailureKind, List, Watch
from exporter.reflector.verdicts import VERDICTS, Asked, Fault, Move, Verdict, asked_by, fault_of

FIRST = List("0", 500)
NEWEST = List("", 500)
FURTHER = List(None, 500, "token")
WATCH = Watch("7", 300)
STREAM = Watch("7", 300, initial=True)


@pytest.mark.parametrize(
    "order, asked",
    [
        (FIRST, Asked.FIRST),
        (NEWEST, Asked.FIRST),
        (FURTHER, Asked.FURTHER),
        (WATCH, Asked.WATCH),
        (STREAM, Asked.STREAM),
    ],
)
def test_an_order_says_what_is_asked(order: List | Watch, asked: Asked) -> None:
    """The column of the table follows from the order under way."""
    assert asked_by(order) is asked


@pytest.mark.parametrize(
    "code, retry_after, fault",
    [
        (400, None, Fault.UNSUPPORTED),
        (401, None, Fault.UNAUTHORIZED),
        (403, None, Fault.FORBIDDEN),
        (404, None, Fault.ABSENT),
        (405, None, Fault.UNSUPPORTED),
        (410, None, Fault.EXPIRED),
        (422, None, Fault.UNSUPPORTED),
        (429, None, Fault.THROTTLED),
        (429, 2.0, Fault.THROTTLED),
        (500, None, Fault.OTHER),
        (501, 2.0, Fault.UNSUPPORTED),
        (503, None, Fault.OTHER),
        (503, 2.0, Fault.PASSING),
    ],
)
def test_an_answer_is_told_by_its_code(code: int, retry_after: float | None, fault: Fault) -> None:
    """A 5xx is passing only where the server asks to be asked later."""
    failure = Failure(FailureKind.ANSWER, "no", code=code, retry_after=retry_after)
    assert fault_of(failure, FIRST) is fault


@pytest.mark.parametrize(
    "kind, fault",
    [
        (FailureKind.REFUSED, Fault.REFUSED),
        (FailureKind.BROKEN, Fault.BROKEN),
        (FailureKind.CREDENTIALS, Fault.CREDENTIALS),
        (FailureKind.UNREADABLE, Fault.OTHER),
    ],
)
def test_what_was_no_answer_is_told_by_its_kind(kind: FailureKind, fault: Fault) -> None:
    """Without a status there is only where the request failed."""
    assert fault_of(Failure(kind, "no"), WATCH) is fault


def test_too_new_a_version_is_expired_and_the_newest_can_be_no_better() -> None:
    """A server behind us is asked for what it has; one without that contradicts itself."""
    ahead = Failure(FailureKind.ANSWER, "no", code=504, retry_after=1.0, too_large=True)
    assert fault_of(ahead, FIRST) is Fault.EXPIRED
    assert fault_of(ahead, FURTHER) is Fault.EXPIRED
    assert fault_of(ahead, NEWEST) is Fault.NEWEST_EXPIRED


def test_every_fault_has_a_verdict_for_whatever_was_asked() -> None:
    """The table has no hole: 12 faults in 5 columns, each in words that are counted."""
    assert set(VERDICTS) == {(fault, asked) for fault in Fault for asked in Asked}
    assert len(VERDICTS) == 60
    assert {verdict.word for (_, asked), verdict in VERDICTS.items() if asked.lists} == {
        "gone",
        "unauthorized",
        "forbidden",
        "absent",
        "error",
    }
    assert {verdict.word for (_, asked), verdict in VERDICTS.items() if not asked.lists} == {
        "gone",
        "unauthorized",
        "forbidden",
        "unsupported",
        "throttled",
        "refused",
        "error",
    }


@pytest.mark.parametrize(
    "fault, asked, verdict",
    [
        (Fault.EXPIRED, Asked.FIRST, Verdict(Move.NEWEST, "gone")),
        (Fault.EXPIRED, Asked.FURTHER, Verdict(Move.WHOLE, "gone")),
        (Fault.EXPIRED, Asked.WATCH, Verdict(Move.OVER, "gone")),
        (Fault.FORBIDDEN, Asked.FIRST, Verdict(Move.DENIED, "forbidden")),
        (Fault.FORBIDDEN, Asked.STREAM, Verdict(Move.PAGES, "forbidden")),
        (Fault.FORBIDDEN, Asked.WATCH, Verdict(Move.UNWATCHABLE, "forbidden")),
        (Fault.FORBIDDEN, Asked.OPEN, Verdict(Move.OVER, "error")),
        (Fault.REFUSED, Asked.WATCH, Verdict(Move.SAME, "refused")),
        (Fault.BROKEN, Asked.FURTHER, Verdict(Move.PATIENT, "error")),
        (Fault.THROTTLED, Asked.OPEN, Verdict(Move.SAME, "throttled")),
    ],
)
def test_the_same_fault_is_judged_by_what_was_asked(
    fault: Fault, asked: Asked, verdict: Verdict
) -> None:
    """What may be concluded from a failure depends on the request that met it."""
    assert VERDICTS[fault, asked] == verdict
