from __future__ import annotations

from functools import partial

import pytest

from exporter.api.errors import (
    AbsentError,
    AnswerError,
    ForbiddenError,
    UnauthorizedError,
    one_line,
)
from exporter.api.hiding import hide_login
from exporter.api.translation import answer_error

STATUS = (
    b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is\\nforbidden",'
    b'"reason":"Forbidden","details":{"kind":"pods","retryAfterSeconds":7},"code":403}'
)


def test_the_apis_own_error_object_is_told() -> None:
    """Its message in one line, and what it asks for."""
    error = answer_error(403, STATUS, None)
    assert isinstance(error, ForbiddenError)
    assert str(error) == "the API server answers 403 Forbidden: pods is forbidden"
    assert error.code == 403
    assert error.retry_after == 7.0
    assert error.status is not None
    assert error.status.reason == "Forbidden"


@pytest.mark.parametrize(
    "body,told",
    [
        (b"", ""),
        (b"Too many requests, please try again later.\n", ": Too many requests, please try again"),
        (b"<html><body>upstream error</body></html>", ""),
        (b"<html><title>Down for\n repairs</title><body>", ": Down for repairs"),
        (b'{"error":"maintenance until 5"}', ": maintenance until 5"),
        (b'{"message":"no such tenant"}', ": no such tenant"),
        (b'{"error":{"code":7}}', ""),
        (b'{"kind":"Status","message":7}', ""),
        (b"\xff\x00\x1b[31m", ": \ufffd [31m"),
    ],
)
def test_bodies_of_others_are_told_where_they_are_text(body: bytes, told: str) -> None:
    """Overload protection sends text, proxies send HTML, anyone may send anything."""
    error = answer_error(429, body, "3")
    assert str(error).startswith(f"the API server answers 429 Too Many Requests{told}")
    assert str(error).isprintable()
    assert error.retry_after == 3.0


def test_our_own_login_is_never_repeated() -> None:
    """A proxy that quotes what it refuses would put the token into a log."""
    login = "Basic bWU6c2VjcmV0LXdvcmQ="
    hide = partial(hide_login, login=login)
    body = b"bad bWU6c2VjcmV0LXdvcmQ= (me:secret-word, secret-word)"
    told = str(answer_error(401, body, None, hide))
    assert told == "the API server answers 401 Unauthorized: bad [hidden] ([hidden], [hidden])"
    assert hide_login("no abcdefg here", "Bearer abcdefg") == "no [hidden] here"
    assert hide_login("a short one", "Bearer a") == "a short one"
    assert hide_login("nobody", "") == "nobody"


def test_a_status_without_a_name_is_told_as_a_number() -> None:
    """A proxy may invent one."""
    assert str(answer_error(599, b"", None)) == "the API server answers 599 (no known status)"


@pytest.mark.parametrize(
    "code,kind",
    [(401, UnauthorizedError), (403, ForbiddenError), (404, AbsentError), (500, AnswerError)],
)
def test_what_others_decide_by_has_its_own_kind(code: int, kind: type[AnswerError]) -> None:
    """Denied and absent are no failures for who can do without."""
    assert type(answer_error(code, b"", None)) is kind


@pytest.mark.parametrize(
    "header,seconds",
    [("5", 5.0), ("0", 0.0), ("soon", None), ("-1", None), ("1.5", None), ("9" * 400, 999999999.0)],
)
def test_retry_after_is_seconds_or_nothing(header: str, seconds: float | None) -> None:
    """Whatever a server writes there, it is a number or it is left out."""
    assert answer_error(429, b"", header).retry_after == seconds


def test_a_message_is_one_line_of_bounded_length() -> None:
    """It goes into logs, tables and a metric's page."""
    assert one_line("a\r\n  b\tc\x1b[0m") == "a b c [0m"
    assert len(one_line("x" * 10_000)) == 400
