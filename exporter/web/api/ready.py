"""/api/v1/services/{namespace}/{name}/ready and /api/v1/ready: whether they are, or will be soon.

The status says it: 200 they are; 503 not yet, or nobody can tell, which the document says why; 404
there is no such Service, and nobody asked to wait for it. Who waits, and who wakes, is the server's
affair; what is decided here is decided as `wait` decides it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Sequence

import msgspec

from exporter.explaining.brief import tell_state
from exporter.explaining.wording import count_of
from exporter.judging.goals import Goal, GoalError, Sight, find_unread, look, read_goal
from exporter.model import ServiceKey, ServiceReport
from exporter.objects.durations import read_seconds
from exporter.objects.selector_text import find_fault, read_selector
from exporter.objects.selectors import LabelSelector
from exporter.web.api.documents import Awaited, Readiness
from exporter.web.api.lists import refuse
from exporter.web.messages import Request, Response, Site
from exporter.web.query import BadQuery, show
from exporter.web.sending import JSON, answer_problem, send_now
from exporter.web.writing import write_json

#: Seconds that a request may wait at most; proxies between often allow no more than 60.
LONGEST = 300.0
#: Services that can be named in one request, and that are shown in one answer.
MOST_NAMED = 100
MOST_SHOWN = 1000
#: Services that are looked at in one turn.
_TURN = 500

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_OF_ONE = ("min", "port", "wait", "after")
_OF_MANY = ("service", "namespace", "selector", "for", "was", "wait", "after")


class Asked(msgspec.Struct, frozen=True):
    """A question: `named` Services, or those that `selector` chooses in `namespaces` (() for all).

    `was`: Services that were there before. `after`: the `seen` of an answer that is known.
    """

    goals: tuple[Goal, ...]
    seconds: float
    after: str = ""
    named: tuple[ServiceKey, ...] = ()
    selector: LabelSelector | None = None
    namespaces: frozenset[str] = frozenset()
    was: frozenset[ServiceKey] = frozenset()

    @property
    def keys(self) -> frozenset[ServiceKey]:
        """The Services that were named."""
        return frozenset(self.named)

    def look(self, site: Site, ending: str | None) -> Generator[None, None, Response | None]:
        """The response, or None while there is a reason to wait on."""
        snapshot = site.snapshot()
        if self.selector is None:
            there = [snapshot.reports[key] for key in self.named if key in snapshot.reports]
        else:
            there = yield from self._choose(list(snapshot.reports.values()))
        sight = look(self.goals, self.named, there, self.was, find_unread(snapshot))
        if not sight.met and ending is None and not self.after:
            return None
        told = self._tell(sight, ending or "")
        if sight.met:
            return send_now(200, JSON, write_json(told))
        if ending is None and told.seen == self.after:
            return None
        lost = sight.met is False and bool(sight.missing) and not self.seconds
        return send_now(404 if lost else 503, JSON, write_json(told))

    def _choose(
        self, reports: Sequence[ServiceReport]
    ) -> Generator[None, None, list[ServiceReport]]:
        assert self.selector is not None  # noqa: S101 - asked before
        kept = []
        for number, report in enumerate(reports, 1):
            if (
                not self.namespaces or report.key.namespace in self.namespaces
            ) and self.selector.matches(report.service.labels):
                kept.append(report)
            if not number % _TURN:
                yield
        return sorted(kept, key=lambda report: report.key)

    def _tell(self, sight: Sight, ending: str) -> Readiness:
        unmet = {report.key for report in sight.unmet}
        ordered = sorted(sight.there, key=lambda report: report.key not in unmet)
        services = tuple(
            Awaited(
                namespace=report.key.namespace,
                service=report.key.name,
                met=report.key not in unmet,
                standing=str(report.judgement.standing),
                reason=None if report.reason is None else report.reason.value,
                ready=report.ready if report.known else None,
                not_ready=report.not_ready if report.known else None,
                state=tell_state(report),
            )
            for report in ordered[:MOST_SHOWN]
        )
        missing = tuple(str(key) for key in sight.missing)
        known = write_json((sight.met, services, len(ordered), missing, sight.unread))
        return Readiness(
            met=sight.met,
            message="; ".join(filter(None, (self._sum_up(sight), ending))),
            goals=tuple(goal.text for goal in self.goals),
            services=services,
            total=len(ordered),
            missing=missing,
            unread=sight.unread,
            seen=hashlib.sha256(known).hexdigest()[:16],
        )

    def _sum_up(self, sight: Sight) -> str:
        goals = " and ".join(show(goal.text) for goal in self.goals)
        if sight.met:
            return goals
        if sight.unread:
            return "can't be told: " + "; ".join(sight.unread)
        if sight.missing:
            more = f" and {len(sight.missing) - 1} more" if len(sight.missing) > 1 else ""
            return f"no Service {sight.missing[0]}{more}"
        if not sight.unmet:
            return "no Service matches the selector"
        first = sight.unmet[0]
        word = "can't be told" if sight.met is None else f"not {goals}"
        more = f", and {count_of(len(sight.unmet) - 1, 'other')}" if len(sight.unmet) > 1 else ""
        return f"{word}: {first.key} is {tell_state(first)}{more}"


def answer_ready_of(request: Request, site: Site, key: ServiceKey) -> Response:
    """Whether one Service is ready: `min` endpoints at least, behind `port` too where it is given.

    With both, both have to be so.
    """
    try:
        given = _read(request, _OF_ONE)
        goals = []
        if given["min"] or not given["port"]:
            words = [f"ready={value}" for value in given["min"]] or ["ready"]
            goals += [_read_goal("min", word) for word in words]
        goals += [_read_goal("port", f"port={value}") for value in given["port"]]
        question = Asked(tuple(goals), *_read_wait(given), named=(key,))
    except BadQuery as bad:
        return refuse(bad)
    return _answer(request, site, question)


def answer_ready(request: Request, site: Site) -> Response:
    """Whether several Services, or all that a selector chooses, are as `for` says at one moment."""
    try:
        given = _read(request, _OF_MANY)
        goals = tuple(_read_goal("for", value) for value in given["for"] or ["ready"])
        named = tuple(dict.fromkeys(_read_keys("service", given["service"])))
        chosen = given["selector"]
        _check_scope(given)
        question = Asked(
            goals,
            *_read_wait(given),
            named=named,
            selector=_read_selector(chosen[-1]) if chosen else None,
            namespaces=frozenset(given["namespace"]),
            was=frozenset(_read_keys("was", given["was"])),
        )
    except BadQuery as bad:
        return refuse(bad)
    return _answer(request, site, question)


def _answer(request: Request, site: Site, question: Asked) -> Response:
    waits = site.waits
    if waits is None or (question.seconds and waits.is_full(request.client)):
        return answer_problem(
            503, "Too many wait", "as many requests wait as may wait", ("Retry-After", "5")
        )
    return Response(503, (), later=lambda: waits.wait(question, request.client))


def _read(request: Request, names: Sequence[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {name: [] for name in names}
    for name, value in request.query:
        if name not in given:
            raise BadQuery(show(name), f"no such parameter: {show(name)}; takes {', '.join(names)}")
        given[name].append(value)
        if len(given[name]) > MOST_NAMED:
            raise BadQuery(name, f"{name}: given more than {MOST_NAMED} times")
    return given


def _check_scope(given: dict[str, list[str]]) -> None:
    if bool(given["service"]) == bool(given["selector"]):
        raise BadQuery("service", "takes either service=NAMESPACE/NAME or selector=SELECTOR")
    if given["service"] and given["namespace"]:
        raise BadQuery("namespace", "namespace goes with selector")


def _read_goal(parameter: str, text: str) -> Goal:
    try:
        return read_goal(text)
    except GoalError as bad:
        shown = show(text if parameter == "for" else text.partition("=")[2])
        raise BadQuery(parameter, f"{parameter}: {shown or 'nothing'} {bad}") from None


def _read_wait(given: dict[str, list[str]]) -> tuple[float, str]:
    text = given["wait"][-1] if given["wait"] else "0"
    seconds = read_seconds(text[:40])
    if seconds is None or not 0 <= seconds <= LONGEST:
        raise BadQuery(
            "wait", f"wait: takes seconds or a duration such as 30s, up to 5m, not {show(text)}"
        )
    return seconds, given["after"][-1][:64] if given["after"] else ""


def _read_keys(parameter: str, values: Iterable[str]) -> list[ServiceKey]:
    keys = []
    for value in values:
        namespace, slash, name = value.partition("/")
        if not (slash and _NAME.fullmatch(namespace) and _NAME.fullmatch(name)):
            raise BadQuery(parameter, f"{parameter}: takes NAMESPACE/NAME, not {show(value)}")
        keys.append(ServiceKey(namespace, name))
    return keys


def _read_selector(text: str) -> LabelSelector:
    fault = find_fault(text)
    if fault is not None:
        raise BadQuery("selector", f"selector: {show(fault or text)} is not a label selector")
    found = read_selector(text)
    if found is None:
        raise BadQuery("selector", "selector: numbers (< and >) are not compared here")
    return found
