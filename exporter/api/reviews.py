"""What the API server says of a client of ours: whose token it shows, and what that one may do.

The shapes are those of authentication.k8s.io/v1 TokenReview and authorization.k8s.io/v1
SubjectAccessReview. It changes nothing in the cluster; both are questions that are sent by POST.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from exporter.api.client import Client
from exporter.api.errors import ApiError, ForbiddenError, UnauthorizedError, UnreadableError

_TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"
_ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

_Shape = TypeVar("_Shape")


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _TokenStatus(msgspec.Struct, frozen=True):
    authenticated: bool = False
    user: _User = _User()


class _TokenReview(msgspec.Struct, frozen=True):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct, frozen=True):
    allowed: bool = False
    denied: bool = False


class _AccessReview(msgspec.Struct, frozen=True):
    status: _AccessStatus


class AccessReviews:
    """Asks both questions of one API server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def judge(self, token: str, verb: str, path: str) -> bool | None:
        """Whether the token's account may do that with a path; None when it is nobody's.

        Raises ApiError when the API server can't be asked.
        """
        found = await self._ask(_TOKENS, "TokenReview", {"token": token}, _TokenReview)
        user = found.status.user
        if not found.status.authenticated or not user.username:
            return None
        spec = {
            "user": user.username,
            "uid": user.uid,
            "groups": user.groups or [],
            "extra": user.extra or {},
            "nonResourceAttributes": {"path": path, "verb": verb},
        }
        said = await self._ask(_ACCESS, "SubjectAccessReview", spec, _AccessReview)
        return said.status.allowed and not said.status.denied

    async def _ask(
        self, path: str, kind: str, spec: Mapping[str, Any], shape: type[_Shape]
    ) -> _Shape:
        group = path.split("/")[2]
        body = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        try:
            answer = await self._send(path, msgspec.json.encode(body))
        except ForbiddenError:
            # Its own text would repeat the names of our account to every reader of the log.
            raise ApiError(f"may not create {path.rpartition('/')[2]}; see rbac.md") from None
        try:
            return msgspec.json.decode(answer, type=shape)
        except msgspec.MsgspecError:
            raise UnreadableError(f"{self._client.server} answers no {kind}") from None

    async def _send(self, path: str, body: bytes) -> bytes:
        try:
            return await self._client.send("POST", path, body)
        except UnauthorizedError:
            self._client.drop_token()  # ours has expired: the next one is tried once
            return await self._client.send("POST", path, body)
