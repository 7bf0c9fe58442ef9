"""Whether what may be scaled can fall short of what its owner wants."""

from __future__ import annotations

from exporter.model import ServiceReport


def may_fall_short(report: ServiceReport, least: int, most: int) -> bool:
    """Whether between `least` and `most` Pods there are fewer at times than min-ready asks for.

    Not where it is met always, or never: the finding BelowMinReady tells that.
    """
    return report.min_ready > 1 and least < report.min_ready <= most
