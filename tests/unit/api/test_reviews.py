from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.api import AccessReviews, ApiError, Client, ForbiddenError, UnauthorizedError
from exporter.api.errors import UnreadableError

KNOWN = {
    "status": {
        "authenticated": True,
        "user": {
            "username": "system:serviceaccount:monitoring:prometheus",
            "uid": "u",
            "groups": ["system:authenticated"],
            "extra": {"a": ["b"]},
        },
    }
}


class Server(Client):
    """Answers in turn: a document, or what is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, Any]] = []
        self.dropped = 0

    @property
    def server(self) -> str:
        """Its name."""
        return "https://server"

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        form: str = "",  # noqa: ARG002
    ) -> bytes:
        """The next answer."""
        self.sent.append((method, path, json.loads(body or b"null")))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.dumps(answer).encode()

    def drop_token(self) -> None:
        """Counted."""
        self.dropped += 1


@pytest.mark.parametrize(
    "answers,expected",
    [
        ((KNOWN, {"status": {"allowed": True}}), True),
        ((KNOWN, {"status": {"allowed": False, "reason": "no"}}), False),
        ((KNOWN, {"status": {"allowed": True, "denied": True}}), False),
        (({"status": {"authenticated": False, "error": "expired"}},), None),
        (({"status": {}},), None),
        (({"status": {"authenticated": True, "user": {}}},), None),
    ],
)
async def test_what_the_server_says(answers: tuple[Any, ...], expected: bool | None) -> None:
    """Nobody's token is None; else what is allowed and not denied."""
    assert await AccessReviews(Server(*answers)).judge("token", "get", "/metrics") is expected


async def test_what_is_asked() -> None:
    """The token alone first, then all that is known of the account, with path and verb."""
    server = Server(KNOWN, {"status": {"allowed": True}})
    await AccessReviews(server).judge("token", "get", "/metrics")
    assert server.sent == [
        (
            "POST",
            "/apis/authentication.k8s.io/v1/tokenreviews",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenReview",
                "spec": {"token": "token"},
            },
        ),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {
                    "user": "system:serviceaccount:monitoring:prometheus",
                    "uid": "u",
                    "groups": ["system:authenticated"],
                    "extra": {"a": ["b"]},
                    "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
                },
            },
        ),
    ]


async def test_an_answer_that_is_none_lets_nobody_in() -> None:
    """Another document, or a fault: an error, never a yes."""
    answers: tuple[Any, ...] = ({}, [], {"status": []}, {"status": {"authenticated": "yes"}})
    for answer in answers:
        with pytest.raises(UnreadableError):
            await AccessReviews(Server(answer)).judge("token", "get", "/metrics")


async def test_a_missing_right_is_named() -> None:
    """Which of the two questions may not be asked, without the names of our account."""
    server = Server(ForbiddenError("canary may not", 403))
    with pytest.raises(ApiError, match=r"^may not create tokenreviews; see rbac\.md$"):
        await AccessReviews(server).judge("token", "get", "/metrics")


async def test_our_own_token_is_renewed_once() -> None:
    """A 401 is about us: the token is looked for again, and the question asked once more."""
    server = Server(UnauthorizedError("no", 401), {"status": {}})
    assert await AccessReviews(server).judge("token", "get", "/metrics") is None
    assert server.dropped == 1
