"""What a run is held against: each budget with its figure, where the run has what it is set for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from bench.subjects import OURS, PEER

Results = dict[str, Any]


class Budget(msgspec.Struct, frozen=True):
    """At most so much of something, in a unit; `read` finds it in results, None where it isn't."""

    title: str
    limit: float
    unit: str
    read: Callable[[Results], float | None]
    #: Services, addresses of each and Pods of the cluster it is set for; None: any that is not
    #: so small that what it costs to be there at all decides.
    at: tuple[int, int, bool] | None = None


class Verdict(msgspec.Struct, frozen=True):
    """A budget and what was measured, in its unit."""

    title: str
    measured: float
    limit: float
    unit: str

    @property
    def met(self) -> bool:
        """True when it is not above the limit as both are printed."""
        return round(self.measured, 2) <= self.limit


def _own(key: str, factor: float = 1.0) -> Callable[[Results], float | None]:
    def read(results: Results) -> float | None:
        found = results["subjects"][OURS].get(key)
        return None if found is None else found * factor

    return read


def _ratio(key: str) -> Callable[[Results], float | None]:
    def read(results: Results) -> float | None:
        own, peer = (results["subjects"][name].get(key) for name in (OURS, PEER))
        return own / peer if own is not None and peer else None

    return read


def _against_download(results: Results) -> float:
    own, floor = results["subjects"][OURS], results["download"]["identity"]
    return float(own["start_seconds"] / floor["seconds"])


def _first_of_many(results: Results) -> float:
    crowd = results["crowd"]
    return float(crowd["first_seconds"] / crowd["alone_seconds"])


def _longest_hold(results: Results) -> float:
    return 1e3 * max(float(hold["seconds"]) for hold in results["holds"].values())


_PLAIN, _WITH_PODS, _MANY_PODS = (10_000, 20, False), (2_000, 20, True), (10_000, 20, True)

BUDGETS = (
    Budget("first complete scrape, against the peer", 0.9, "×", _ratio("start_seconds"), _PLAIN),
    Budget("first complete scrape, against a plain download", 2.0, "×", _against_download, _PLAIN),
    Budget("CPU per slice update, against the peer", 1.0, "×", _ratio("cpu_per_slices")),
    Budget("CPU per Pod update, against the peer", 1.0, "×", _ratio("cpu_per_pods")),
    Budget(
        "CPU with updates and a scrape a second, against the peer",
        0.7,
        "×",
        _ratio("updating_identity_share"),
    ),
    Budget("the same with gzip scrapes, against the peer", 0.7, "×", _ratio("updating_gzip_share")),
    Budget("unchanged scrape", 20, "ms", _own("unchanged_identity_seconds", 1e3), _PLAIN),
    Budget("unchanged scrape, gzip", 9, "ms", _own("unchanged_gzip_seconds", 1e3), _PLAIN),
    Budget("scrape of one namespace, CPU", 5, "ms", _own("namespace_cpu", 1e3)),
    Budget("first of 20 scrapes at a time, against one alone", 2.0, "×", _first_of_many),
    Budget("resident memory, against the peer", 0.4, "×", _ratio("memory_mib"), _PLAIN),
    Budget("resident memory, against the peer", 0.3, "×", _ratio("memory_mib"), _WITH_PODS),
    Budget("resident memory, against the peer", 0.3, "×", _ratio("memory_mib"), _MANY_PODS),
    Budget("resident memory", 160, "MiB", _own("memory_mib"), _PLAIN),
    Budget("resident memory", 220, "MiB", _own("memory_mib"), _MANY_PODS),
    Budget("longest hold of the event loop", 20, "ms", _longest_hold),
    Budget("small cluster, as in a Pod", 0.6, "s", lambda results: results["small"]["own"]),
)

#: Services from which on a run is held against budgets.
SMALLEST = 1_000
#: Of the growth: how its CPU may grow with the Services, and what the largest may take.
SLOPE_LIMIT, GROWN_MEMORY_LIMIT, GROWN_HOLD_LIMIT = 1.05, 700, 20
GROWN_SERVICES = 100_000


def judge(results: Results) -> Iterator[Verdict]:
    """Each budget that this run can tell of."""
    options = results["options"]
    here = (options["services"], options["addresses"], options["pods"])
    for budget in BUDGETS:
        applies = budget.at == here if budget.at else here[0] >= SMALLEST
        measured = budget.read(results) if applies else None
        if measured is not None:
            yield Verdict(budget.title, measured, budget.limit, budget.unit)


def judge_growth(results: Results) -> Iterator[Verdict]:
    """The budgets of a run of growth."""
    for step in results["steps"][1:]:
        name = f"slope of CPU up to {step['services']:,} Services"
        yield Verdict(name, step["slope"], SLOPE_LIMIT, "")
    largest = results["steps"][-1]
    if largest["services"] == GROWN_SERVICES:
        memory = largest["memory_mib"]
        yield Verdict("resident memory of the largest", memory, GROWN_MEMORY_LIMIT, "MiB")
    hold = 1e3 * max(
        hold["seconds"] for step in results["steps"] for hold in step["holds"].values()
    )
    yield Verdict("longest hold of the event loop", hold, GROWN_HOLD_LIMIT, "ms")
