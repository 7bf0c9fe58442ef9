from __future__ import annotations

import pytest

from exporter.api.errors import (
    ApiError,
    BrokenError,
    CredentialsError,
    IdleError,
    RefusedError,
    UnreadableError,
)
from exporter.api.translation import answer_error
from exporter.engine.feed.causes import failure_of
from exporter.reflector import FailureKind


@pytest.mark.parametrize(
    "error,kind",
    [
        (RefusedError("no"), FailureKind.REFUSED),
        (BrokenError("no"), FailureKind.BROKEN),
        (IdleError("no"), FailureKind.BROKEN),
        (UnreadableError("no"), FailureKind.UNREADABLE),
        (CredentialsError("no"), FailureKind.CREDENTIALS),
        (ApiError("no"), FailureKind.BROKEN),
        (answer_error(500, b"", None), FailureKind.ANSWER),
    ],
)
def test_each_error_has_its_kind_and_keeps_its_message(error: ApiError, kind: FailureKind) -> None:
    """The reflector decides by the kind; people read the message."""
    failure = failure_of(error)
    assert (failure.kind, failure.message) == (kind, str(error))


def test_an_answer_keeps_its_status_and_what_it_asks_for() -> None:
    """Both decide what comes next."""
    failure = failure_of(answer_error(429, b"busy", "7"))
    assert (failure.code, failure.retry_after, failure.too_large) == (429, 7.0, False)


@pytest.mark.parametrize(
    "body,too_large",
    [
        (
            b'{"reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}}',
            True,
        ),
        (b'{"reason":"Timeout","message":"Too large resource version: 9, current: 1"}', True),
        (b'{"reason":"Timeout","message":"the server was slow"}', False),
        (b'{"reason":"Timeout","details":{"causes":null}}', False),
        (b"gateway time-out", False),
    ],
)
def test_a_server_that_is_behind_is_told_from_one_that_is_slow(
    body: bytes, too_large: bool
) -> None:
    """Both are 504; only one of them has to be asked for another version."""
    assert failure_of(answer_error(504, body, "1")).too_large is too_large
