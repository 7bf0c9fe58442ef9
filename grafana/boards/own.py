"""PromQL on the exporter's own metrics, over what the Exporter board chooses. Knows no panel."""

from __future__ import annotations

from grafana.boards.queries import Selection

CHOSEN = Selection(("cluster", "job", "instance"))
ONE = "cluster, job, instance"
OWN = "endpoints_exporter_"
BUILD = CHOSEN.series(f"{OWN}build_info")
RATE = "[$__rate_interval]"
INSTANCE = "{{instance}}"


def own(name: str) -> str:
    """A selector of a metric of the exporter's own, named without its prefix."""
    return CHOSEN.series(OWN + name)


def process(name: str) -> str:
    """A metric that every program has: only of the exporters."""
    return f"{CHOSEN.series(name)} and on ({ONE}) {BUILD}"


def rate(name: str, *by: str) -> str:
    """How fast a counter of the exporter's own grows, summed by these labels."""
    labels = ", ".join(by)
    return f"sum by ({labels}) (rate({own(name)}{RATE}))"


def quantile(share: float, name: str, *by: str) -> str:
    """A quantile of a histogram of the exporter's own."""
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({own(name + '_bucket')}{RATE})))"
