"""Whether a Service is as it should be: one rule for `check`, `explain` and the colours of `get`.

Pure: it takes the report, the time and what the user asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from exporter.analysis.families import reported_families
from exporter.analysis.policy import read_policy
from exporter.model import INTENDED, Reason, ServiceReport


class Standing(StrEnum):
    """How a Service stands, worst first."""

    DOWN = "down"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    NEW = "new"
    READY = "ready"
    INTENDED = "intended"


_ORDER = tuple(Standing)
_FINE = frozenset({Standing.NEW, Standing.READY, Standing.INTENDED})
_SEVERITIES = {"critical": 0, "": 1, "warning": 1, "info": 2}


class Judgement(msgspec.Struct, frozen=True):
    """How a Service stands, and what is remarkable about it besides.

    `words` say what the reason does not: "" or as in "below min-ready 3". `notes` are the same for
    what does not count unless somebody is strict; what follows a colon in one is the finer detail.
    """

    standing: Standing
    words: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether the Service is as it should be."""
        return self.standing in _FINE


def judge(report: ServiceReport, now: float, grace: float) -> Judgement:
    """The judgement on a Service at this time.

    `grace`: for how many seconds after it was made a Service may be without endpoints.
    """
    service = report.service
    if report.reason is Reason.EXTERNAL_NAME:
        return Judgement(Standing.INTENDED)
    notes = tuple(_notes(report))
    if report.ignored:
        return Judgement(Standing.INTENDED, "ignored", notes)
    if not report.known:
        return Judgement(Standing.UNKNOWN, "its endpoints can't be read", notes)
    if report.reason in INTENDED:
        return Judgement(Standing.INTENDED, "", notes)
    below = _best_family(report) < report.min_ready
    if report.reason is None and not below:
        return Judgement(Standing.READY, "", notes)
    words = "" if report.reason is not None else f"below min-ready {report.min_ready}"
    # A time to come (another clock, a dump made up) would make it new for ever.
    if service.created is not None and 0 <= now - service.created < grace:
        return Judgement(Standing.NEW, words, notes)
    standing = Standing.DEGRADED if report.reason is None else Standing.DOWN
    return Judgement(standing, words, notes)


def rank(report: ServiceReport, judgement: Judgement) -> tuple[object, ...]:
    """A sort key: worst first, then by the owner's severity, then by name."""
    severity = read_policy(report.service, 1).severity
    return (_ORDER.index(judgement.standing), _SEVERITIES[severity], report.key)


def _best_family(report: ServiceReport) -> int:
    # Of a dual-stack Service each Pod has two addresses: the sum would hide that half are gone.
    return max((counts.ready for counts in report.counts), default=0)


def _notes(report: ServiceReport) -> Iterator[str]:
    service = report.service
    if report.known and report.reason is None:
        if not service.headless:
            for port in report.ports:
                if not port.ready:
                    name = port.name or str(port.port)
                    yield f"port {name} has no ready endpoint"
        if service.selector:
            for counts in report.counts:
                if not counts.ready and counts.address_type in reported_families(service):
                    yield f"no ready {counts.address_type} endpoint"
    if service.type == "LoadBalancer" and not service.ingress:
        yield "load balancer pending"
    if report.truncated:
        yield "Endpoints truncated at 1,000 addresses"
    yield from (f"bad annotation: {bad}" for bad in report.bad_annotations)
