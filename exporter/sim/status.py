"""Error answers: `Status` objects with the wording of a real API server.

Sources: apimachinery pkg/api/errors/errors.go, apiserver pkg/storage/errors.go and etcd3/errors.go.
It never sends anything.
"""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.sim.encoding import encode_event, encode_json
from exporter.sim.resources import Resource

INCONSISTENT_CONTINUE = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)
_TOO_LARGE = "Too large resource version"
EXPIRED_LIST = "The resourceVersion for the provided list is too old."


class Status(msgspec.Struct, frozen=True):
    """A failure, as the API server puts it.

    `token` becomes `metadata.continue`; `retry_after` (seconds) becomes
    `details.retryAfterSeconds` and, as an HTTP answer, the Retry-After header.
    """

    code: int
    reason: str
    message: str
    details: dict[str, Any] | None = None
    token: str = ""
    retry_after: int = 0

    def body(self) -> bytes:
        """Return the JSON of the Status object, without a newline."""
        details = dict(self.details or {})
        if self.retry_after:
            details["retryAfterSeconds"] = self.retry_after
        out: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.token} if self.token else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            out["reason"] = self.reason
        if details:
            out["details"] = details
        out["code"] = self.code
        return encode_json(out)

    def event(self) -> bytes:
        """Return the ERROR frame that says the same within a watch stream."""
        return encode_event("ERROR", self.body())


class StatusError(Exception):
    """Raised where a request can't be answered; carries what to answer instead."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def expired(message: str, token: str = "") -> Status:
    """410 Expired."""
    return Status(410, "Expired", message, token=token)


def too_old(requested: int, oldest: int) -> Status:
    """410 Expired, as the watch cache says it."""
    return expired(f"too old resource version: {requested} ({oldest})")


def too_large(requested: int, current: int) -> Status:
    """504 Timeout: the server doesn't know so new a resourceVersion yet."""
    return Status(
        504,
        "Timeout",
        f"Timeout: {_TOO_LARGE}: {requested}, current: {current}",
        {"causes": [{"reason": "ResourceVersionTooLarge", "message": _TOO_LARGE}]},
        retry_after=1,
    )


def bad_request(message: str) -> Status:
    """400 BadRequest."""
    return Status(400, "BadRequest", message)


def unauthorized() -> Status:
    """401 Unauthorized."""
    return Status(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource, verb: str, namespace: str, name: str, user: str) -> Status:
    """403 Forbidden, as RBAC says it; an empty namespace is the cluster scope."""
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    details = {"group": resource.group, "kind": resource.plural, "name": name}
    return Status(
        403,
        "Forbidden",
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{resource.plural}" in API '
        f'group "{resource.group}" {scope}',
        {key: value for key, value in details.items() if value},
    )


def not_found(resource: Resource, name: str) -> Status:
    """404 NotFound for one object."""
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return Status(
        404,
        "NotFound",
        f'{resource.qualified} "{name}" not found',
        {key: value for key, value in details.items() if value},
    )


def method_not_allowed() -> Status:
    """405: the simulated cluster is changed from Python, not over HTTP."""
    return Status(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
    )


def invalid_options(errors: list[tuple[str, str, str]]) -> Status:
    """422 Invalid ListOptions; each error is (cause, field, message)."""
    causes = [{"reason": c, "message": m, "field": f} for c, f, m in errors]
    lines = [f"{f}: {m}" for _, f, m in errors]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    return Status(
        422,
        "Invalid",
        f'ListOptions.meta.k8s.io "" is invalid: {text}',
        {"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes},
    )


def internal_error(message: str, code: int = 500) -> Status:
    """500 InternalError, or another 5xx in the same form."""
    reason = {503: "ServiceUnavailable", 504: "Timeout"}.get(code, "InternalError")
    return Status(code, reason, f"Internal error occurred: {message}")
