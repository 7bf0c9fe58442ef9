"""The pieces that PromQL is put together from. Knows no panel.

Two replicas of the exporter must not double anything: every value is a maximum over them before it
is counted or summed. Matchers are `=~` only, so that a label that is missing does no harm.
"""

from __future__ import annotations

import msgspec

from exporter.model import INTENDED as MEANT
from exporter.model import Reason

#: The labels that make a Service one; `cluster` is missing where Prometheus sets none.
PER = "cluster, namespace, service"

#: Reasons that somebody meant: they are shown, and not as something broken.
INTENDED = "|".join(reason.value for reason in Reason if reason in MEANT)

READY = "k8s_service_endpoints_ready"
NOT_READY = "k8s_service_endpoints_not_ready"
TERMINATING = "k8s_service_endpoints_terminating"
SERVING = "k8s_service_endpoints_serving"
ROUTABLE = "k8s_service_endpoints_routable"
REASON = "k8s_service_endpoints_reason"
SINCE = "k8s_service_endpoints_unavailable_since_timestamp_seconds"
MIN_READY = "k8s_service_endpoints_min_ready"
INFO = "k8s_service_info"
IGNORED = "k8s_service_endpoints_ignored"


class Selection(msgspec.Struct, frozen=True):
    """The series that a board's variables choose."""

    variables: tuple[str, ...]

    def series(self, name: str, *more: str) -> str:
        """A selector with a `=~` matcher for each variable, and further matchers."""
        matchers = [f'{label}=~"${label}"' for label in self.variables]
        return f"{name}{{{', '.join([*matchers, *more])}}}"

    def top(self, name: str, *more: str, by: str = "") -> str:
        """The maximum over replicas, for each Service and the further labels `by`."""
        labels = f"{PER}, {by}" if by else PER
        return f"max by ({labels}) ({self.series(name, *more)})"

    def judged(self, expression: str) -> str:
        """Leave out Services that an annotation keeps out of alerts."""
        return f"(({expression}) unless on ({PER}) {self.series(IGNORED)})"

    @property
    def routed(self) -> str:
        """Services that something takes traffic for."""
        return f"({self.top(ROUTABLE)} > 0)"

    @property
    def broken(self) -> str:
        """A series for each Service that is empty and not meant to be."""
        reasons = self.top(REASON, f'reason!~"{INTENDED}"')
        return f"({reasons} unless on ({PER}) {self.routed})"

    @property
    def draining(self) -> str:
        """A series for each Service whose traffic goes to terminating endpoints only."""
        return f"({self.top(REASON)} and on ({PER}) {self.routed})"

    @property
    def intended(self) -> str:
        """A series for each Service that is empty on purpose."""
        reasons = self.top(REASON, f'reason=~"{INTENDED}"')
        return f"({reasons} unless on ({PER}) {self.routed})"

    @property
    def degraded(self) -> str:
        """Ready addresses of Services that have some, but too few."""
        ready = self.top(READY)
        below = f"{ready} < on ({PER}) {self.top(MIN_READY)}"
        half = f"{ready} < on ({PER}) ({self.top(NOT_READY)} - on ({PER}) {self.top(TERMINATING)})"
        return self.judged(f"({below} or {half}) unless on ({PER}) {self.top(REASON)}")

    @property
    def state(self) -> str:
        """The state of each Service as a code of `meaning.STATES`."""
        return (
            f"(4 + 0 * {self.intended}"
            f" or 1 + 0 * {self.draining}"
            f" or 0 * {self.top(REASON)}"
            f" or 2 + 0 * {self.degraded}"
            f" or 3 + 0 * ({self.top(READY)} > 0)"
            f" or 5 + 0 * {self.top(READY)})"
        )

    def count(self, expression: str, known: str = INFO) -> str:
        """How many series there are: 0 when there is none, nothing when the exporter is silent."""
        return f"count({expression}) or 0 * count({self.series(known)})"

    def total(self, expression: str, known: str = INFO) -> str:
        """A sum, under the same rule as `count`."""
        return f"sum({expression}) or 0 * count({self.series(known)})"


def worst(expression: str, count: int, state: str) -> str:
    """Keep the Services of `expression` that are among the worst now, by state."""
    return f"{expression} and on ({PER}) bottomk({count}, {state})"
