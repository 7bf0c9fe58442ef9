"""Error budgets of the Services that have an objective, and what was least available."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.links import SLO as UID
from grafana.boards.meaning import DEGRADED, EMPTY, READY, steps
from grafana.boards.optional import OBJECTIVES, RULES
from grafana.boards.panels import FEW_POINTS, Line, Panel, graph, number, timeline
from grafana.boards.queries import PER, Selection, among
from grafana.boards.tables import WHO, Column, table

_CHOSEN = Selection(("cluster", "namespace", "service"))
#: Of what is counted by namespace, no Service can be chosen.
_ALL = Selection(("cluster", "namespace"))
_BURN = "cluster_namespace_service:k8s_service_error_budget_burn:rate"
_OBJECTIVE = f"max by ({PER}) (" + (
    _CHOSEN.series("cluster_namespace_service:k8s_service_slo_objective:ratio") + ")"
)
_NO_OBJECTIVE = "No Service has an objective, or nothing was scraped"
_FAST = steps(READY, (6, DEGRADED), (14.4, EMPTY))
_SLOW = steps(READY, (1, DEGRADED), (3, EMPTY))
_DOWN = _CHOSEN.top(queries.DOWN)


def _burn(window: str) -> str:
    return _CHOSEN.top(f"{_BURN}{window}")


_LEFT = f"1 - {_burn('30d')}"

_NUMBERS = Section(
    "Right now",
    (
        number(
            "Objectives",
            "How many Services have an objective." + OBJECTIVES,
            f"count({_OBJECTIVE})",
        ),
        number(
            "Used up",
            "Services that have spent more than their error budget of 30 days. Stop what is risky "
            "until it recovers." + OBJECTIVES,
            f"count({_LEFT} < 0) or 0 * count({_OBJECTIVE})",
            colors=steps(READY, (1, EMPTY)),
        ),
        number(
            "Least left",
            "The smallest share of a 30-day error budget that is left; below 0 it is overspent. "
            "Hours that were not recorded count as good." + OBJECTIVES,
            f"min({_LEFT})",
            colors=steps(EMPTY, (0, DEGRADED), (0.25, READY)),
            unit="percentunit",
        ),
        number(
            "Burn 1 h",
            "How many times faster than allowed the budget is used, of the Service that is worst "
            "over an hour. From 14.4 on, 2 % of the month's budget goes in an hour: page."
            + OBJECTIVES,
            f"max({_burn('1h')})",
            colors=_FAST,
            decimals=1,
        ),
        number(
            "Burn 1 d",
            "As the panel at the left, over a day. From 3 on the budget lasts ten days: a ticket."
            + OBJECTIVES,
            f"max({_burn('1d')})",
            colors=_SLOW,
            decimals=1,
        ),
        number(
            "Down",
            "Services, with an objective or without, that nothing takes traffic for now; what was "
            "meant is not counted.",
            _CHOSEN.have(5),
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
            Column(
                "Objective",
                expression=f"topk(100, {_OBJECTIVE})",
                unit="percentunit",
                decimals=2,
                width=90,
            ),
            Column(
                "Budget left",
                expression=f"bottomk(100, {_LEFT})",
                unit="percentunit",
                colors=((0, EMPTY), (0.0, DEGRADED), (0.25, READY)),
                width=110,
            ),
            *(
                Column(
                    title,
                    expression=f"topk(100, {_burn(window)})",
                    decimals=1,
                    colors=((0, READY), *colors),
                    width=90,
                )
                for title, window, colors in (
                    ("Burn 1 h", "1h", ((6, DEGRADED), (14.4, EMPTY))),
                    ("Burn 6 h", "6h", ((3, DEGRADED), (6, EMPTY))),
                    ("Burn 1 d", "1d", ((1, DEGRADED), (3, EMPTY))),
                    ("Burn 3 d", "3d", ((1, EMPTY),)),
                )
            ),
            nothing=_NO_OBJECTIVE,
            sort="Budget left",
            descending=False,
        ),
    ),
)


def _rates(title: str, text: str, window: str, mark: float) -> Panel:
    return graph(
        title,
        text + OBJECTIVES,
        Line(f"topk(10, {_burn(window)})", common.SERVICE),
        marks=steps(READY, (mark, EMPTY)),
        nothing=_NO_OBJECTIVE,
        points=FEW_POINTS,
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

#: How often a range is looked at for outages: as often as rules are evaluated by default.
_STEP = 60
_LONGEST = f"topk(20, sum_over_time({_DOWN}[$__range:$__interval] @ end()))"
_LOST = f"count_over_time({_DOWN}[$__range:{_STEP}s])"

_AVAILABILITY = Section(
    "Availability of all Services",
    (
        table(
            "Longest down",
            "How much of the shown time a Service was down (the 50 longest, Services without an "
            "objective too), and its share of it. Click one to see why." + RULES,
            *WHO,
            Column("Down for", expression=f"topk(50, {_STEP} * {_LOST})", unit="s", width=100),
            Column(
                "Share",
                expression=f"topk(50, clamp_max({_STEP} * {_LOST} / $__range_s, 1))",
                unit="percentunit",
                decimals=2,
                colors=((0, DEGRADED), (0.01, EMPTY)),
                width=80,
            ),
            nothing="No Service was down in the shown time, or nothing was recorded",
            sort="Down for",
            width=11,
            height=10,
        ),
        timeline(
            "Outages",
            "When the Services that were down longest were down (at most 20). 'No data': nothing "
            "was scraped." + RULES,
            among(
                f"({_CHOSEN.standing} == bool 5)",
                f"topk(20, sum_over_time({_DOWN}[$__range:$__interval] @ end()))",
            ),
            common.SERVICE,
            words=((0, "Not down", READY), (1, "Down", EMPTY)),
            nothing="No Service was down in the shown time, or nothing was recorded",
            links=(SERIES_SERVICE,),
            width=13,
            height=10,
        ),
        graph(
            "Services that are not down",
            "The share of the namespaces' Services that are not down, those that are empty on "
            "purpose left out. A dip is an outage of many at once." + RULES,
            Line(
                "1 - sum(" + _ALL.series(queries.COUNTS, 'standing="down"') + ")"
                " / sum(" + _ALL.series(queries.COUNTS, 'standing!="intended"') + ")",
                "Not down",
                READY,
            ),
            unit="percentunit",
            points=FEW_POINTS,
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
    sections=(_NUMBERS, _BUDGETS, _AVAILABILITY, _RATES),
    since="now-24h",
)
