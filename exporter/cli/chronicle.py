"""A line of the log for each change of a Service, in bounds."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from exporter.engine.news import Ration, read_news
from exporter.engine.transitions import Story
from exporter.explaining.durations import show_time
from exporter.model import ServiceKey, ServiceReport

_log = structlog.get_logger("exporter.services")


class Chronicle:
    """Writes what stories tell. `ticks`: seconds on a clock that nobody sets."""

    def __init__(
        self, ration: Ration | None = None, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._ration = Ration() if ration is None else ration
        self._ticks = ticks

    def tell(self, key: ServiceKey, story: Story, report: ServiceReport | None) -> None:
        """The line on one Service; `report` is the one that holds now."""
        news = read_news(key, story)
        if news is None:
            return
        self.settle()
        if not self._ration.take(self._ticks()):
            return
        _log.info(
            "service_changed",
            namespace=news.namespace,
            service=news.service,
            before=news.before.value,
            after=news.after.value,
            reason=news.reason.value if news.reason is not None else None,
            findings=[code.value for code in news.findings],
            since=show_time(report.since) if report is not None else None,
            ready=news.ready,
        )

    def settle(self) -> None:
        """Tell how many lines were left out in a window that is over."""
        left_out = self._ration.settle(self._ticks())
        if left_out:
            _log.info("service_changes_left_out", count=left_out)
