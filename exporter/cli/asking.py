"""The waiting of `wait --from-url`: a running exporter is asked, and answers when it is otherwise.

It decides nothing: whether it is as wanted is for the exporter to say.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from exporter.api.errors import CredentialsError
from exporter.api.tls import Tls
from exporter.api.tokens import TokenFile
from exporter.cli.errors import CommandError, Exit
from exporter.cli.telling import Ended, Telling, Wanted
from exporter.explaining.explanation import Explanation
from exporter.explaining.told import Told
from exporter.explaining.wording import escape_text
from exporter.model import Reason, ServiceKey, Standing
from exporter.objects.meta import parse_time
from exporter.urls import show_url
from exporter.web.api.documents import Awaited, Readiness

#: Seconds that one request waits: proxies between often allow no more than 60.
_WAIT = 30.0
#: Seconds beyond, for connecting and for the answer on its way.
_PATIENCE = 15.0
#: Seconds between two tries; they double up to the second, and each is up to a half shorter.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
#: Explanations that are fetched.
_MOST_EXPLAINED = 20
_LARGEST = 16 * 1024 * 1024


class _Problem(msgspec.Struct, frozen=True):
    title: str
    detail: str


class _Detail(msgspec.Struct, frozen=True):
    """What an explanation is made of, out of the API's document on a Service."""

    namespace: str
    service: str
    standing: Standing
    reason: Reason | None
    message: str
    detail: str | None
    fix: str
    ready: int | None
    not_ready: int | None
    evidence: tuple[str, ...]
    commands: tuple[str, ...]
    findings: tuple[Told, ...]
    since: str | None
    since_seen: bool
    now: str | None
    severity: str
    owner: str


class _NoAnswer(Exception):  # noqa: N818 - it is tried again
    """Nothing that can be used came back; the text says why."""


def read_url(text: str) -> URL:
    """Where the exporter is; CommandError, in which no password is shown."""
    try:
        url = URL(text)
        if url.scheme in ("http", "https") and url.host and url.port is not None:
            return url.with_query(None).with_fragment(None)
    except ValueError:
        pass
    raise CommandError(
        f"wait: --from-url: {escape_text(show_url(text))} is no URL; takes one such as "
        "http://endpoints-exporter.monitoring:9769"
    )


class Asking:
    """One wait. `status` is None until it has ended by itself."""

    def __init__(
        self,
        url: URL,
        wanted: Wanted,
        selector: str | None,
        telling: Telling,
        token_file: str | None = None,
    ) -> None:
        self.status: Exit | None = None
        self._url = url.with_user(None)
        self._auth = None if url.user is None else aiohttp.BasicAuth(url.user, url.password or "")
        self._wanted = wanted
        self._selector = selector
        self._telling = telling
        self._token = TokenFile(Path(token_file)) if token_file is not None else None
        self._shown = escape_text(show_url(str(self._url)))

    async def run(self) -> None:
        """Ask until it is met or the time is up; CommandError for what is never answered."""
        # What the environment says of proxies holds, as for curl.
        connector = aiohttp.TCPConnector(ssl=Tls().context())
        async with aiohttp.ClientSession(
            connector=connector, trust_env=True, auth=self._auth
        ) as session:
            await self._follow(session)

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        seen, pause, must_exist = "", _FIRST_PAUSE, self._wanted.must_exist
        while True:
            left = self._telling.left
            wait = min(_WAIT, max(left, 0.0)) if seen else 0.0
            try:
                answer = await self._ask(session, wait, seen)
            except _NoAnswer as no:
                trouble = f"{self._shown}: {no}"
                self._telling.tell_trouble((trouble,))
                if self._telling.left <= 0:
                    self._end(Ended(Exit.FAILED, unread=(trouble,)))
                    return
                await asyncio.sleep(min(pause * random.uniform(0.5, 1.0), self._telling.left))
                seen, pause = "", min(2 * pause, _LONGEST_PAUSE)
                continue
            seen, pause = answer.seen, _FIRST_PAUSE
            self._telling.tell_trouble(tuple(map(escape_text, answer.unread)))
            if not answer.unread:
                self._telling.tell_changes(
                    {ServiceKey(one.namespace, one.service): one.state for one in answer.services}
                )
                if must_exist:
                    self._insist(answer)
                    must_exist = False
            if answer.met or self._telling.left <= 0:
                self._end(await self._sum_up(session, answer))
                return

    def _insist(self, answer: Readiness) -> None:
        if answer.missing:
            raise CommandError(*_tell_missing(answer))
        if not answer.services:
            raise CommandError("wait: no Service matches the selector")

    async def _ask(self, session: aiohttp.ClientSession, wait: float, seen: str) -> Readiness:
        known = self._telling.seen
        query = [("for", self._wanted.goal.text), ("wait", f"{wait:.1f}"), ("after", seen)]
        if self._selector is not None:
            query += [("selector", self._selector)]
            query += [("namespace", one) for one in self._wanted.namespaces]
            known = set(sorted(known)[:1])  # that there was one is all that matters
        query += [("service", str(key)) for key in self._wanted.keys]
        query += [("was", str(key)) for key in sorted(known)]
        status, body = await self._get(session, "ready", query, wait + _PATIENCE)
        if status in (401, 403):
            raise CommandError(
                f"wait: --from-url: {self._shown}: {status}: it does not let us in; a name and a "
                "password go into the URL, a token into --token-file"
            )
        try:
            if status in (200, 404, 503):
                return msgspec.json.decode(body, type=Readiness)
        except msgspec.MsgspecError:
            pass
        try:
            problem = escape_text(msgspec.json.decode(body, type=_Problem).detail)
        except msgspec.MsgspecError:
            problem = "not the answer of an exporter"
        if status == 400:
            raise CommandError(f"wait: --from-url: {self._shown}: {problem}")
        raise _NoAnswer(f"{status}: {problem}")

    async def _get(
        self,
        session: aiohttp.ClientSession,
        path: str,
        query: list[tuple[str, str]],
        seconds: float,
    ) -> tuple[int, bytes]:
        url = self._url.with_path(f"{self._url.path.rstrip('/')}/api/v1/{path}", encoded=True)
        try:
            async with session.get(
                url.with_query(query),
                headers=await self._authorize(),
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                body = await answer.content.read(_LARGEST)
                while not answer.content.at_eof():
                    if len(body) >= _LARGEST:
                        raise _NoAnswer("the answer is too large")
                    body += await answer.content.read(_LARGEST)
                return answer.status, body
        except TimeoutError:
            raise _NoAnswer(f"no answer within {seconds:.0f} s") from None
        except aiohttp.ClientResponseError as error:
            # Its text may hold the URL of a proxy, with a password.
            raise _NoAnswer(f"{error.status}: {escape_text(error.message)}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise _NoAnswer(escape_text(show_url(text) if "://" in text else text)) from None

    async def _authorize(self) -> dict[str, str]:
        try:
            header = None if self._token is None else await self._token.authorization(time.time())
        except CredentialsError as error:
            raise CommandError(f"wait: --token-file: {escape_text(str(error))}") from None
        return {} if header is None else {"Authorization": header}

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def _end(self, ended: Ended) -> None:
        self.status = ended.status
        self._telling.tell_end(ended)

    async def _sum_up(self, session: aiohttp.ClientSession, answer: Readiness) -> Ended:
        services = tuple(answer.services)
        if answer.met:
            return Ended(Exit.FINE, services)
        unmet = [one for one in services if not one.met]
        explanations = [await self._explain(session, one) for one in unmet[:_MOST_EXPLAINED]]
        return Ended(
            Exit.FAILED if answer.met is None else Exit.NOT_FINE,
            services,
            [one for one in explanations if one is not None],
            len(unmet),
            tuple(_tell_missing(answer)),
            tuple(map(escape_text, answer.unread)),
        )

    async def _explain(self, session: aiohttp.ClientSession, one: Awaited) -> Explanation | None:
        path = f"services/{quote(one.namespace, safe='')}/{quote(one.service, safe='')}"
        try:
            status, body = await self._get(session, path, [], _PATIENCE)
            detail = msgspec.json.decode(body, type=_Detail) if status == 200 else None
        except (_NoAnswer, msgspec.MsgspecError):
            return None
        if detail is None:
            return None
        return Explanation(
            namespace=detail.namespace,
            service=detail.service,
            standing=detail.standing,
            reason=detail.reason,
            message=detail.message,
            detail=detail.detail,
            fix=detail.fix,
            ready=detail.ready,
            not_ready=detail.not_ready,
            evidence=detail.evidence,
            commands=detail.commands,
            findings=detail.findings,
            since=parse_time(detail.since),
            seen=detail.since_seen,
            now=parse_time(detail.now) or 0.0,
            severity=detail.severity,
            owner=detail.owner,
        )


def _tell_missing(answer: Readiness) -> Iterator[str]:
    return (f"no Service {escape_text(key)}" for key in answer.missing)
