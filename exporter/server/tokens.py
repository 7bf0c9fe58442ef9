"""Who may ask, as the API server says: it knows the token's account, and what that one may get.

As kube-state-metrics does with --auth-filter: a TokenReview, then a SubjectAccessReview of the
path (`nonResourceURLs`). Answers are kept for a short time; a token itself is never kept.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol, TypeVar

import structlog

from exporter.server.auth import Asked
from exporter.server.turns import CrowdedError, Turns
from exporter.web import Response, say

_log = structlog.get_logger(__name__)

#: Seconds for which a yes and a no are kept.
YES = 60.0
NO = 10.0
#: Answers that are kept of each kind.
_MOST = 1024
#: Seconds for the API server to answer.
_PATIENCE = 10.0
#: Requests to the API server at once, and those that wait: of one address, and in all.
_AT_ONCE, _EACH, _IN_ALL = 8, 16, 128

_VERBS = {"GET": "get", "HEAD": "get"}

#: Paths of the API server that its own roles let every account get (system:discovery). What we
#: serve there is the page's data, so the right to the page is asked for.
_DISCOVERY = ("/api", "/apis", "/openapi", "/version")
_PAGE = "/"

#: What is asked of the API server: a token's seal, a verb and a path.
_Question = tuple[str, str, str]
_Value = TypeVar("_Value")


class Reviews(Protocol):
    """Asks the API server. It raises what Tokens is told to expect."""

    async def judge(self, token: str, verb: str, path: str) -> bool | None:
        """Whether the token's account may do that; None when it is nobody's (any more)."""


class Tokens:
    """Lets in whom the API server knows and allows to get the path.

    `faults` are what `reviews` raises when nobody can say: then nobody is let in.
    """

    def __init__(
        self,
        reviews: Reviews,
        faults: tuple[type[Exception], ...],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reviews = reviews
        self._faults: tuple[type[Exception], ...] = (*faults, TimeoutError)
        self._clock = clock
        self._key = secrets.token_bytes(32)
        # What is refused must not push out what is right: each has a memory of its own.
        self._allowed: dict[_Question, float] = {}
        self._refused: dict[_Question, tuple[float, HTTPStatus]] = {}
        self._turns = Turns(_AT_ONCE, _EACH, _IN_ALL)
        self._failing = False

    async def refuse(self, asked: Asked) -> Response | None:
        """401 for no known token, 403 for one that may not, 503 while the API server is away."""
        scheme, _, token = asked.authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not (token.isascii() and token.isprintable() and token):
            return _refuse(HTTPStatus.UNAUTHORIZED)
        verb = _VERBS.get(asked.method, asked.method.lower())
        seal = hashlib.blake2b(token.encode(), key=self._key).hexdigest()
        path = name_right(asked.path)
        question = (seal, verb, path)
        now = self._clock()
        if self._allowed.get(question, 0.0) > now:
            return None
        until, status = self._refused.get(question, (0.0, HTTPStatus.OK))
        if until > now:
            return _refuse(status)
        try:
            async with self._turns.take(asked.address), asyncio.timeout(_PATIENCE):
                may = await self._reviews.judge(token, verb, path)
        except CrowdedError:
            return say(503, "too many tokens wait to be checked", ("Retry-After", "1"))
        except self._faults as error:
            if not self._failing:
                _log.error("access can't be checked", reason=str(error) or type(error).__name__)
            self._failing = True
            return say(503, "access can't be checked at the moment", ("Retry-After", "5"))
        self._failing = False
        if may:
            _keep(self._allowed, question, min(now + YES, find_expiry(token)))
            return None
        status = HTTPStatus.UNAUTHORIZED if may is None else HTTPStatus.FORBIDDEN
        _keep(self._refused, question, (now + NO, status))
        return _refuse(status)


def name_right(path: str) -> str:
    """The path whose right is asked for: that of the request, or `/` for what is under /api."""
    begin = "/" + path.lstrip("/").partition("/")[0]
    return _PAGE if begin in _DISCOVERY else path


def _refuse(status: HTTPStatus) -> Response:
    if status is HTTPStatus.FORBIDDEN:
        return say(403, "forbidden")
    return say(401, "unauthorized", ("WWW-Authenticate", 'Bearer realm="exporter"'))


def _keep(memory: dict[_Question, _Value], question: _Question, value: _Value) -> None:
    memory.pop(question, None)
    while len(memory) >= _MOST:
        del memory[next(iter(memory))]
    memory[question] = value


def find_expiry(token: str) -> float:
    """When a token that is a JWT says that it expires (epoch seconds), else infinity.

    Nothing is verified here: it only shortens the time for which a yes is kept.
    """
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        return float("inf")
