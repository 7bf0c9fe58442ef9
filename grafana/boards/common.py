"""Panels that several boards have, each over the board's own selection."""

from __future__ import annotations

from grafana.boards import queries
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.meaning import (
    DEGRADED,
    EMPTY,
    NEW,
    PLAIN,
    READY,
    STANDING_TEXT,
    STANDINGS,
    UNKNOWN,
    steps,
)
from grafana.boards.optional import RULES, needs
from grafana.boards.panels import FEW_POINTS, Line, Panel, graph, number, timeline
from grafana.boards.queries import PER, Selection, among
from grafana.boards.tables import REASON, WHO, Column, table

SERVICE = "{{namespace}}/{{service}}"
#: Said by an empty list: it is a good sign only while the numbers above are there.
ALL_WELL = "All Services are as they should be (unless the numbers above are missing)"

_TEXTS = {
    "Down": (
        "Services that nothing takes traffic for, and that somebody wants. Should be 0. The table "
        "below names them with the reason; open one to see why."
    ),
    "Degraded": (
        "Services that work with a fault: too few ready, a port or a family without endpoints, "
        "addresses of Pods that are gone. Mend them before the rest goes too."
    ),
    "Unknown": (
        "Services of which the exporter can't read what it needs: nobody can say how they are. "
        "The board Exporter tells what is forbidden or missing."
    ),
    "New": (
        "Services that are not ready and younger than the grace period. They become Ready, or "
        "Down, by themselves."
    ),
    "Ready": "Services that are as they should be: traffic to them is taken.",
    "Intended": (
        "Services that are empty because somebody wants that: scaled to zero, no selector and no "
        "slice, being deleted, or annotated with ignore. Nothing to do, unless it was not meant."
    ),
}
_COLORS = {
    "Down": steps(READY, (1, EMPTY)),
    "Degraded": steps(READY, (1, DEGRADED)),
    "Unknown": steps(READY, (1, UNKNOWN)),
    "New": steps(PLAIN, (1, NEW)),
    "Ready": steps(PLAIN),
    "Intended": steps(PLAIN),
}
#: The order in which people ask.
_ORDER = ("Down", "Degraded", "Unknown", "New", "Ready", "Intended")


def count_standings(chosen: Selection) -> tuple[Panel, ...]:
    """How many Services have each standing, now."""
    codes = {word: code for code, word, _ in STANDINGS}
    return tuple(
        number(word, _TEXTS[word], chosen.have(codes[word]), colors=_COLORS[word])
        for word in _ORDER
    )


def list_troubled(chosen: Selection, *, title: str, count: int = 50, height: int = 10) -> Panel:
    """The Services that are not as they should be, worst first, each with its reason."""
    worst = f"topk({count}, {chosen.troubled})"
    return table(
        title,
        f"The Services that are not as they should be (at most {count}), worst first. "
        f"{STANDING_TEXT} The reason leads to what to do about it; click the Service to see why.",
        *WHO,
        Column("Standing", expression=chosen.explained(worst), words=STANDINGS, width=100),
        REASON,
        Column(
            "Down for",
            expression=among(f"time() - {chosen.top(queries.SINCE)}", worst),
            unit="s",
            width=80,
        ),
        Column("Ready", expression=among(chosen.top(queries.READY), worst)),
        Column("Not ready", expression=among(chosen.top(queries.NOT_READY), worst), width=90),
        Column("Min ready", expression=among(chosen.top(queries.MIN_READY), worst), width=90),
        nothing=ALL_WELL,
        sort="Standing",
        height=height,
    )


def show_standings(chosen: Selection, *, title: str, count: int = 25, height: int = 10) -> Panel:
    """The Services that were in trouble, over time."""
    return timeline(
        title,
        f"The {count} Services that were in trouble for most of the shown time. {STANDING_TEXT} "
        "'No data': nothing was scraped. Click a line to see why.",
        among(chosen.standing, chosen.often_troubled(count)),
        SERVICE,
        nothing="No Service was in trouble in the shown time, or nothing was scraped",
        links=(SERIES_SERVICE,),
        height=height,
    )


def count_over_time(chosen: Selection, *, width: int = 12) -> Panel:
    """How many Services have which standing."""
    return graph(
        "Services by standing",
        "How many Services had which standing. A step in red is an outage; when all lines end, the "
        "exporter is not scraped. Uses the recording rules in alerts/ where they are loaded.",
        Line(
            f"sum by (standing) ({chosen.series(queries.COUNTS)}) or {chosen.count_by_standing}",
            "{{standing}}",
        ),
        colors=tuple((word.lower(), color) for _, word, color in STANDINGS),
        stacked=True,
        whole=True,
        points=FEW_POINTS,
        width=width,
    )


def count_reasons(chosen: Selection, *, width: int = 12) -> Panel:
    """Why Services are empty, over time."""
    raw = chosen.top(queries.REASON, by="reason")
    return graph(
        "Without ready endpoints, by reason",
        "How many Services have no ready endpoint, by the reason. Many at once with one reason "
        "have one cause: a registry, a Node, a Secret. docs/reasons.md tells what to do. Blue ones "
        "are meant. Uses the recording rules in alerts/ where they are loaded.",
        Line(
            f"sum by (reason) ({chosen.series(queries.COUNTED_REASONS)})"
            f" or count by (reason) (topk by ({PER}) (1, {raw}))",
            "{{reason}}",
        ),
        stacked=True,
        whole=True,
        reasons=True,
        points=FEW_POINTS,
        nothing="No Service is without ready endpoints, or nothing was scraped",
        width=width,
    )


def count_unready_pods(chosen: Selection, *, width: int = 12) -> Panel:
    """Why Pods do not serve, over time."""
    pods = chosen.top("k8s_service_pods_unready", by="reason")
    return graph(
        "Pods that should serve and do not",
        "Pods that Services select and that are not ready, by the Pod's own reason; healthy "
        "Services are in here too. A Pod that two Services select counts twice. Absent where the "
        "exporter may not read Pods.",
        Line(f"sum by (reason) ({pods})", "{{reason}}"),
        stacked=True,
        whole=True,
        reasons=True,
        points=FEW_POINTS,
        nothing="No Pod is unready, or nothing was scraped",
        width=width,
    )


def count_changes(chosen: Selection, *, width: int = 12) -> Panel:
    """What comes and goes."""
    return graph(
        "Changes of endpoints",
        "Addresses that came, went, became ready or not ready, a second. Much in both directions "
        "without a rollout is flapping: a probe that is too strict, or a program that restarts."
        + RULES
        + needs("changes"),
        Line(f"sum by (change) ({chosen.series(queries.CHANGES)})", "{{change}}"),
        unit="ops",
        points=FEW_POINTS,
        width=width,
    )


def list_doors(doors: str, *columns: Column, to: str = "", height: int = 8) -> Panel:
    """What leads to Services and reaches nothing: the columns are labels, the share comes last.

    `doors` are matchers of the objects, `to` further ones of the Services that they lead to.
    """
    labels = ", ".join(column.label for column in columns)
    broken = f"max by ({labels}) (k8s_route_backend_broken{{{doors}{to}}})"
    keys = ", ".join(label for label in labels.split(", ") if label in _DOOR)
    share = f"max by ({keys}) (k8s_route_broken_share{{{doors}}})"
    return table(
        "Front doors that lead nowhere",
        "Ingresses, Gateway routes, webhooks, APIServices and monitors that refer to a Service or "
        "port that can't answer (at most 50 rows), with the problem and the part of the worst "
        "rule's traffic that fails. explain of the Service tells how to mend it." + needs("routes"),
        *columns,
        Column("Broken", expression=f"topk(50, {broken})", words=((1, "Broken", EMPTY),), width=80),
        Column(
            "Share",
            expression=f"topk(50, {broken} * on ({keys}) group_left () {share})",
            unit="percentunit",
            width=80,
        ),
        nothing="Every front door leads somewhere, or the group routes is off",
        sort="Share",
        height=height,
    )


_DOOR = ("cluster", "kind", "namespace", "name")
