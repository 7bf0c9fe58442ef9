"""Panels that several boards have, each over the board's own selection."""

from __future__ import annotations

from grafana.boards import queries
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.meaning import DEGRADED, EMPTY, PLAIN, READY, STATE_TEXT, TERMINATING, steps
from grafana.boards.optional import needs
from grafana.boards.panels import Line, Panel, graph, number, timeline
from grafana.boards.queries import PER, Selection

WHO = "{{namespace}}/{{service}}"


def count_services(chosen: Selection) -> Panel:
    """How many Services there are."""
    return number(
        "Services",
        "Services that the exporter knows in what is chosen above. Falls when Services are "
        "deleted; No data means that the exporter is not scraped: see the board Exporter.",
        f"count({chosen.top(queries.INFO)})",
    )


def count_empty(chosen: Selection) -> Panel:
    """How many are broken."""
    return number(
        "Without endpoints",
        "Services that nothing takes traffic for and that nobody meant to be empty. Should be 0. "
        "The table below names them with the reason; open one to see why.",
        chosen.count(chosen.broken),
        colors=steps(READY, (1, EMPTY)),
    )


def count_draining(chosen: Selection) -> Panel:
    """How many live from what is going away."""
    return number(
        "Terminating only",
        "Services whose traffic goes to endpoints that are being deleted, for none is ready. They "
        "are empty as soon as those are gone: look why the new Pods do not become ready.",
        chosen.count(chosen.draining),
        colors=steps(READY, (1, TERMINATING)),
    )


def count_degraded(chosen: Selection) -> Panel:
    """How many have too little."""
    return number(
        "Degraded",
        "Services with ready endpoints, but fewer than their min-ready or fewer than half of what "
        "should be ready. Look at their unready Pods before the rest goes too.",
        chosen.count(chosen.degraded),
        colors=steps(READY, (1, DEGRADED)),
    )


def count_intended(chosen: Selection) -> Panel:
    """How many are empty because somebody wants that."""
    return number(
        "Empty on purpose",
        "Services that are scaled to zero, have no selector and no slice, or are being deleted. "
        "Nothing to do, unless it was not meant.",
        chosen.count(chosen.intended),
    )


def show_states(chosen: Selection, *, title: str, count: int = 25, height: int = 10) -> Panel:
    """The worst Services over time."""
    return timeline(
        title,
        f"The {count} Services that are worst now, over time. {STATE_TEXT} Click a line to see "
        "why. A gap means that the exporter was not scraped.",
        f"{chosen.state} and on ({PER}) topk({count}, {_badness(chosen)})",
        WHO,
        links=(SERIES_SERVICE,),
        height=height,
    )


def _badness(chosen: Selection) -> str:
    """Higher for what has been without endpoints more often in the shown time, and at its end."""
    reasons = chosen.series(queries.REASON, f'reason!~"{queries.INTENDED}"')
    known = chosen.series(queries.MIN_READY)
    return (
        f"sum by ({PER}) (count_over_time({reasons}[$__range] @ end()))"
        f" or 0 * max by ({PER}) ({known} @ end())"
    )


def count_over_time(chosen: Selection, *, width: int = 12) -> Panel:
    """How many Services are in which state."""
    return graph(
        "Services by state",
        "How many Services were ready, degraded, on terminating endpoints only, or empty. A step "
        "in red is an outage; when all lines end, the exporter is not scraped.",
        Line(chosen.count(chosen.broken), "Empty", EMPTY),
        Line(chosen.count(chosen.draining), "Terminating only", TERMINATING),
        Line(chosen.count(chosen.degraded), "Degraded", DEGRADED),
        Line(
            f"count({chosen.top(queries.READY)} > 0 unless on ({PER}) {chosen.top(queries.REASON)}"
            f" unless on ({PER}) {chosen.degraded}) or 0 * count({chosen.series(queries.INFO)})",
            "Ready",
            READY,
        ),
        Line(chosen.count(chosen.intended), "Empty on purpose", PLAIN),
        stacked=True,
        whole=True,
        width=width,
    )


def count_reasons(chosen: Selection, *, width: int = 12) -> Panel:
    """Why Services are empty, over time."""
    return graph(
        "Services without endpoints, by reason",
        "How many Services have no ready endpoint, by the reason. Many at once with one reason "
        "have one cause: a registry, a Node, a Secret. docs/reasons.md tells what to do.",
        Line(f"count by (reason) ({chosen.top(queries.REASON, by='reason')})", "{{reason}}"),
        stacked=True,
        whole=True,
        width=width,
    )


def count_unready_pods(chosen: Selection, *, width: int = 12) -> Panel:
    """Why Pods do not serve, over time."""
    pods = chosen.top("k8s_service_pods_unready", by="reason")
    return graph(
        "Pods that should serve and do not, by reason",
        "Pods that Services select and that are not ready, by the Pod's own reason; healthy "
        "Services are in here too. A Pod that two Services select counts twice. Absent where the "
        "exporter may not read Pods.",
        Line(f"sum by (reason) ({pods})", "{{reason}}"),
        stacked=True,
        whole=True,
        width=width,
    )


def count_changes(chosen: Selection, *, width: int = 12) -> Panel:
    """What comes and goes."""
    changed = chosen.series("k8s_service_endpoints_changes_total")
    return graph(
        "Changes of endpoints",
        "Addresses that came, went, became ready or not ready. Much in both directions without a "
        "rollout is flapping: a probe that is too strict, or a program that restarts."
        + needs("changes"),
        Line(
            f"sum by (change) (max by ({PER}, change) (increase({changed}[$__rate_interval])))",
            "{{change}}",
        ),
        width=width,
    )
