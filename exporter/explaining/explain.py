"""Why a Service is as it is, as one value: verdict, since when, evidence, and what to do next.

All text in it is escaped: it can be printed as it is. It decides nothing, reads no clock and asks
nobody: the judgement is the report's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.analysis.hints import find_missing_ports
from exporter.analysis.near_misses import NearMiss
from exporter.analysis.policy import read_policy
from exporter.explaining.advice import DAEMON_SET_FIX, DETAILS
from exporter.explaining.commands import gather_blanks
from exporter.explaining.evidence import tell_culprits, tell_near_miss
from exporter.explaining.explanation import Explanation
from exporter.explaining.headline import advise, find_headline
from exporter.explaining.inventory import tell_addresses, tell_pods, tell_rest
from exporter.explaining.owners import name_owner, tell_owners
from exporter.explaining.render import render_text
from exporter.explaining.scene import Scene, set_scene
from exporter.explaining.told import Told, tell_all
from exporter.explaining.wording import count_of, escape_text, show_selector
from exporter.model import Reason, ServiceReport, ServiceView, Standing

__all__ = ["Explanation", "explain", "render_text"]

#: What is said when there is nothing to do, and only then.
NOTHING = "Nothing to do."


def explain(
    view: ServiceView,
    report: ServiceReport,
    *,
    now: float,
    near_misses: Sequence[NearMiss] = (),
) -> Explanation:
    """The Explanation of a Service out of its view and the report on it.

    `near_misses` are wanted for `SelectorMatchesNoPods` alone (see find_near_misses); `now` is in
    seconds since the epoch.
    """
    scene = set_scene(view, report, now)
    service, reason, detail = report.service, report.reason, report.detail
    if reason is Reason.SELECTOR_MATCHES_NO_PODS and detail is None and near_misses:
        detail = "NearMiss" if near_misses[0].key else "OtherNamespace"
    policy = read_policy(service, report.min_ready)
    blanks = gather_blanks(scene)
    findings = tuple(tell_all(scene, blanks))
    message, fix, commands = _lead(scene, detail, findings)
    evidence = [
        *tell_addresses(scene),
        *tell_pods(scene),
        *_prove_reason(scene, near_misses),
        *tell_rest(scene),
    ]
    known = report.known or reason is Reason.EXTERNAL_NAME
    return Explanation(
        namespace=service.namespace,
        service=service.name,
        standing=report.judgement.standing,
        reason=reason,
        message=escape_text(message),
        detail=None if detail is None else escape_text(detail),
        fix=escape_text(fix),
        ready=report.ready if known else None,
        not_ready=report.not_ready if known else None,
        evidence=tuple(map(escape_text, evidence)),
        commands=tuple(commands if isinstance(commands, list) else blanks.fill(commands)),
        findings=findings,
        since=report.since,
        seen=report.since_seen,
        now=now,
        severity=escape_text(policy.severity),
        owner=escape_text(policy.owner),
    )


# ── the verdict, and what to do ──────────────────────────────────────────────────────────────


def _lead(
    scene: Scene, detail: str | None, findings: tuple[Told, ...]
) -> tuple[str, str, tuple[str, ...] | list[str]]:
    """Message, fix, and commands: templates of a reason, or a finding's own (a list)."""
    report, service = scene.report, scene.service
    reason = report.reason
    headline = find_headline(report)
    first = None if headline is None else next(f for f in findings if f.code is headline.code)
    if first is not None:
        return first.message, first.fix, list(first.commands)
    advice = advise(report)
    values = {"service": service.name, "namespace": service.namespace}
    message = advice.message.format(**values, selector=show_selector(service.selector))
    addition = DETAILS.get((reason, detail)) if reason and detail else None
    owner = name_owner(scene.view)
    fix = advice.fix
    if reason is Reason.SCALED_TO_ZERO and owner.startswith("DaemonSet "):
        fix = DAEMON_SET_FIX
    fix = fix.format(**values, owner=owner or "the workload")
    standing = report.judgement.standing
    if standing in (Standing.READY, Standing.INTENDED) and not findings:
        fix = f"{NOTHING} {fix}".strip()
    return f"{message} {addition}" if addition else message, fix, advice.commands


# ── what shows the reason ────────────────────────────────────────────────────────────────────


def _prove_reason(scene: Scene, near_misses: Sequence[NearMiss]) -> Iterator[str]:
    """What there is to see of the reason besides the plain facts; nothing while there is none."""
    reason, view = scene.report.reason, scene.view
    if reason is None or view.pods is None or not scene.service.selector:
        return
    if reason is Reason.SELECTOR_MATCHES_NO_PODS:
        yield from (tell_near_miss(miss) for miss in near_misses)
    if not scene.pods:
        yield from tell_owners(view, scene.now)
    yield from tell_culprits(scene)
    for name, protocol, count in find_missing_ports(scene.service, scene.pods):
        yield f"targetPort {name} ({protocol}) is no containerPort of {count_of(count, 'Pod')}"
