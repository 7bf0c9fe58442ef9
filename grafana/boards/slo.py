"""Error budgets of the Services that have an objective, and what was least available."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.links import SLO as UID
from grafana.boards.meaning import DEGRADED, EMPTY, READY, steps
from grafana.boards.optional import OBJECTIVES, RULES
from grafana.boards.panels import WHO, Column, Line, Panel, graph, number, table, timeline
from grafana.boards.queries import PER, Selection

_CHOSEN = Selection(("cluster", "namespace", "service"))
_BURN = "cluster_namespace_service:k8s_service_error_budget_burn:rate"
_OBJECTIVE_RULE = "cluster_namespace_service:k8s_service_slo_objective:ratio"
_LOST = _CHOSEN.series("cluster_namespace_service:k8s_service_endpoints_lost:bool")
_UNAVAILABLE = _CHOSEN.series("cluster_namespace_service:k8s_service_endpoints_unavailable:bool")
_OBJECTIVE = _CHOSEN.series(_OBJECTIVE_RULE)
_FAST = steps(READY, (6, DEGRADED), (14.4, EMPTY))
_SLOW = steps(READY, (1, DEGRADED), (3, EMPTY))


def _burn(window: str) -> str:
    return _CHOSEN.series(f"{_BURN}{window}")


#: A day's burn rate, averaged over thirty of them, is the share of the 30-day budget that is used.
_LEFT = f"1 - avg_over_time({_burn('1d')}[30d:1d])"
#: The day's own rate, where the budget's thirty days hold no sample yet.
_BUDGET = f"({_LEFT} or 1 - {_burn('1d')} / 30)"

_NUMBERS = Section(
    "Right now",
    (
        number(
            "Services with an objective",
            "How many Services have an objective." + OBJECTIVES,
            f"count({_OBJECTIVE})",
        ),
        number(
            "Budgets used up",
            "Services that have spent more than their error budget of 30 days. Stop what is risky "
            "until it recovers." + OBJECTIVES,
            f"count({_BUDGET} < 0) or 0 * count({_OBJECTIVE})",
            colors=steps(READY, (1, EMPTY)),
            trend=False,
        ),
        number(
            "Least budget left",
            "The smallest share of a 30-day error budget that is left; below 0 it is overspent."
            + OBJECTIVES,
            f"min({_BUDGET})",
            colors=steps(EMPTY, (0, DEGRADED), (0.25, READY)),
            unit="percentunit",
            trend=False,
        ),
        number(
            "Fastest burn, 1 h",
            "How many times faster than allowed the budget is used, of the Service that is worst "
            "over an hour. From 14.4 on, 2 % of the month's budget goes in an hour: page."
            + OBJECTIVES,
            f"max({_burn('1h')})",
            colors=_FAST,
        ),
        number(
            "Fastest burn, 1 d",
            "As the panel at the left, over a day. From 3 on the budget lasts ten days: a ticket."
            + OBJECTIVES,
            f"max({_burn('1d')})",
            colors=_SLOW,
        ),
        number(
            "Lost now",
            "Services, with an objective or without, that had endpoints and have none now; what "
            "was meant is not counted." + RULES,
            f"sum({_LOST})",
            colors=steps(READY, (1, EMPTY)),
        ),
    ),
)

_BUDGETS = Section(
    "Error budgets",
    (
        table(
            "Objectives and budgets",
            "Each Service with an objective (at most 100, least budget first): what is left of 30 "
            "days' budget, and how fast it goes. Above 14.4 over 1 h or above 6 over 6 h wakes "
            "somebody; above 3 over 1 d or 1 over 3 d is a ticket." + OBJECTIVES,
            *WHO,
            Column("Objective", expression=f"topk(100, {_OBJECTIVE})", unit="percentunit"),
            Column(
                "Budget left",
                expression=f"bottomk(100, {_BUDGET})",
                unit="percentunit",
                colors=((0, EMPTY), (0.0, DEGRADED), (0.25, READY)),
            ),
            Column(
                "Burn 1 h",
                expression=f"topk(100, {_burn('1h')})",
                colors=((0, READY), (6, DEGRADED), (14.4, EMPTY)),
            ),
            Column(
                "Burn 6 h",
                expression=f"topk(100, {_burn('6h')})",
                colors=((0, READY), (3, DEGRADED), (6, EMPTY)),
            ),
            Column(
                "Burn 1 d",
                expression=f"topk(100, {_burn('1d')})",
                colors=((0, READY), (1, DEGRADED), (3, EMPTY)),
            ),
            Column(
                "Burn 3 d",
                expression=f"topk(100, {_burn('3d')})",
                colors=((0, READY), (1, EMPTY)),
            ),
            sort="Budget left",
            descending=False,
        ),
    ),
)


def _rates(title: str, text: str, window: str, mark: float) -> Panel:
    return graph(
        title,
        text + OBJECTIVES,
        Line(f"topk(10, {_burn(window)})", common.WHO),
        marks=steps(READY, (mark, EMPTY)),
        links=(SERIES_SERVICE,),
    )


_RATES = Section(
    "Burn rates",
    (
        _rates(
            "Burn rate, 1 h",
            "1 uses the budget up exactly in 30 days; above the dashed line (14.4), together with "
            "the last five minutes, it pages. The ten fastest.",
            "1h",
            14.4,
        ),
        _rates(
            "Burn rate, 6 h",
            "Above the dashed line (6), together with the last half hour, it pages. The ten "
            "fastest.",
            "6h",
            6,
        ),
        _rates(
            "Burn rate, 1 d",
            "Above the dashed line (3), together with the last two hours, it is a ticket. The ten "
            "fastest.",
            "1d",
            3,
        ),
        _rates(
            "Burn rate, 3 d",
            "Above the dashed line (1), together with the last six hours, it is a ticket. The ten "
            "fastest.",
            "3d",
            1,
        ),
        _rates(
            "Burn rate, 5 min",
            "The shortest window: it tells whether what burned the budget still goes on.",
            "5m",
            14.4,
        ),
        _rates(
            "Burn rate, 30 min",
            "The short window of the six hours: back under the line means that it is over.",
            "30m",
            6,
        ),
    ),
)

_AVAILABILITY = Section(
    "Availability of all Services",
    (
        table(
            "Least available Services",
            "The share of the shown time in which a Service that had endpoints still had some (the "
            "50 lowest, Services without an objective too). Click one to see why." + RULES,
            *WHO,
            Column(
                "Available",
                expression=f"bottomk(50, 1 - avg_over_time({_LOST}[$__range:$__interval]))",
                unit="percentunit",
                colors=((0, EMPTY), (0.99, DEGRADED), (0.999, READY)),
            ),
            sort="Available",
            descending=False,
            width=10,
            height=10,
        ),
        timeline(
            "Outages",
            "When the Services with most lost time had endpoints, and when they had lost them all "
            "(at most 20)." + RULES,
            f"{_LOST} and on ({PER}) topk(20, sum_over_time("
            + _CHOSEN.series("cluster_namespace_service:k8s_service_endpoints_lost:bool")
            + "[$__range:$__interval] @ end()))",
            common.WHO,
            words=((0, "Available", READY), (1, "Lost", EMPTY)),
            links=(SERIES_SERVICE,),
            width=14,
            height=10,
        ),
        graph(
            "Services available",
            "The share of Services that traffic reaches, those that are empty on purpose left out. "
            "A dip is an outage of many at once." + RULES,
            Line(f"1 - avg({_UNAVAILABLE})", "Available", READY),
            Line(f"1 - avg({_LOST})", "Had endpoints and still has"),
            unit="percentunit",
            width=24,
        ),
    ),
)

BOARD = Board(
    uid=UID,
    title="Service endpoints / SLO",
    description="Error budgets and burn rates of Services with an objective, and the availability "
    "of all of them.",
    variables=("cluster", "namespace", "service"),
    known=queries.INFO,
    sections=(_NUMBERS, _AVAILABILITY, _BUDGETS, _RATES),
    since="now-24h",
)
