"""What can go wrong between us and the API server. Each message is one line for a person."""

from __future__ import annotations

from exporter.objects.codec import Status

_LONGEST = 400


class ApiError(Exception):
    """Any failure to read from the API server."""


class CredentialsError(ApiError):
    """There is nothing to ask with: a kubeconfig, context, token, certificate or plugin fails."""


class RefusedError(ApiError):
    """Nobody listens at the server's address."""


class BrokenError(ApiError):
    """No connection, or it broke: name not found, time-out, reset, not HTTP."""


class UntrustedError(BrokenError):
    """TLS failed: one side does not trust the other's certificate."""


class IdleError(BrokenError):
    """The server was silent for longer than a live one is."""


class OverdueError(BrokenError):
    """The server did not end a watch when it was asked to."""


class UnreadableError(ApiError):
    """The answer is not what the API sends."""


class AnswerError(ApiError):
    """The server answered with an error status.

    `code` is the HTTP status, `status` the API's own error object where the body was one, and
    `retry_after` (seconds) what the server asked for.
    """

    def __init__(
        self,
        message: str,
        code: int,
        status: Status | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after = retry_after


class UnauthorizedError(AnswerError):
    """401: the credentials are not accepted (any more)."""


class ForbiddenError(AnswerError):
    """403: we are known, and may not read this."""


class AbsentError(AnswerError):
    """404: the server has no such resource."""


def one_line(text: str) -> str:
    """`text` without line breaks, control characters and excess."""
    told = " ".join("".join(c if c.isprintable() else " " for c in text[: _LONGEST * 4]).split())
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"
