"""The API's errors as the reflector's failures. It judges none of them."""

from __future__ import annotations

from exporter.api.errors import (
    AnswerError,
    ApiError,
    BrokenError,
    CredentialsError,
    IdleError,
    OverdueError,
    RefusedError,
    UnreadableError,
)
from exporter.reflector import Failure, FailureKind


def failure_of(error: ApiError) -> Failure:
    """What the reflector has to know of an error."""
    message = str(error)
    if isinstance(error, AnswerError):
        return Failure(
            FailureKind.ANSWER,
            message,
            code=error.code,
            retry_after=error.retry_after,
            too_large=_is_too_large(error),
        )
    if isinstance(error, RefusedError):
        return Failure(FailureKind.REFUSED, message)
    if isinstance(error, UnreadableError):
        return Failure(FailureKind.UNREADABLE, message)
    if isinstance(error, CredentialsError):
        return Failure(FailureKind.CREDENTIALS, message)
    return Failure(FailureKind.BROKEN, message)


def cause_of(error: BrokenError) -> str:
    """Why an open watch is over: idle, timeout or reset."""
    if isinstance(error, IdleError):
        return "idle"
    return "timeout" if isinstance(error, OverdueError) else "reset"


def _is_too_large(error: AnswerError) -> bool:
    """Whether we asked for a version that the server has not seen yet.

    A 504 with a cause; servers before 1.17 only say so in the message.
    """
    status = error.status
    if status is None or status.reason != "Timeout":
        return False
    causes = (status.details.causes if status.details else None) or ()
    return any(cause.reason == "ResourceVersionTooLarge" for cause in causes) or (
        "Too large resource version" in (status.message or "")
    )
