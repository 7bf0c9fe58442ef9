"""The pieces that PromQL is put together from. Knows no panel.

Two replicas of the exporter must not double anything: every value is a maximum over them before it
is counted or summed. Matchers are `=~` only, so that a label that is missing does no harm.
"""

from __future__ import annotations

import msgspec

from exporter.model import INTENDED as MEANT
from exporter.model import FindingCode, Reason
from grafana.boards.meaning import STANDINGS

#: The labels that make a Service one; `cluster` is missing where Prometheus sets none.
PER = "cluster, namespace, service"

#: Reasons that somebody meant: they are shown, and not as something broken.
INTENDED = "|".join(reason.value for reason in Reason if reason in MEANT)

#: Findings that make a Service degraded: those before the notes.
WARNINGS = "|".join(
    code.value for code in list(FindingCode)[: list(FindingCode).index(FindingCode.SOME_UNREADY)]
)

READY = "k8s_service_endpoints_ready"
NOT_READY = "k8s_service_endpoints_not_ready"
TERMINATING = "k8s_service_endpoints_terminating"
SERVING = "k8s_service_endpoints_serving"
ROUTABLE = "k8s_service_endpoints_routable"
REASON = "k8s_service_endpoints_reason"
STANDING = "k8s_service_endpoints_standing"
FINDING = "k8s_service_endpoints_finding"
SINCE = "k8s_service_endpoints_unavailable_since_timestamp_seconds"
MIN_READY = "k8s_service_endpoints_min_ready"
INFO = "k8s_service_info"
IGNORED = "k8s_service_endpoints_ignored"

#: Recorded by alerts/recording.rules.yaml: a series for each namespace, not for each Service.
COUNTS = "cluster_namespace:k8s_services:count"
COUNTED_REASONS = "cluster_namespace:k8s_service_endpoints_unavailable:count"
COUNTED_ADDRESSES = "cluster_namespace:k8s_service_endpoints:sum"
CHANGES = "cluster_namespace:k8s_service_endpoints_changes:rate5m"
#: There only while a Service is down.
DOWN = "cluster_namespace_service:k8s_service_down:bool"


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
    def standing(self) -> str:
        """The standing of each Service, as a number of `meaning.STANDINGS`."""
        return self.top(STANDING)

    @property
    def troubled(self) -> str:
        """The standing of each Service that is not as it should be."""
        return f"({self.standing} > 1)"

    @property
    def reason(self) -> str:
        """One series for each Service with the reason, or else a finding, as `reason`.

        Replicas may disagree, and a Service may have several findings: one is picked.
        """
        found = self.top(FINDING, f'finding=~"{WARNINGS}"', by="finding")
        found = f'label_replace({found}, "reason", "$1", "finding", "(.+)")'
        return (
            f"topk by ({PER}) (1, 2 * {self.top(REASON, by='reason')}"
            f" or on ({PER}) max by ({PER}, reason) ({found}))"
        )

    def explained(self, expression: str) -> str:
        """An expression of one series for each Service, with the label `reason` on each."""
        return (
            f"({expression} * on ({PER}) group_left (reason) ({self.reason} > bool 0)"
            f' or on ({PER}) label_replace({expression}, "reason", "Unknown", "", ""))'
        )

    def often_troubled(self, count: int) -> str:
        """The Services that were in trouble at most of the shown points: a series for each.

        Asks only for what is there while there is trouble, so that healthy Services cost nothing.
        """
        down = self.top(REASON, f'reason!~"{INTENDED}"')
        found = self.top(FINDING, f'finding=~"{WARNINGS}"')
        return (
            f"topk({count}, sum_over_time((5 * {down} or on ({PER}) {found})"
            "[$__range:$__interval] @ end()))"
        )

    def count(self, expression: str, known: str = STANDING) -> str:
        """How many series there are: 0 when there is none, nothing when the exporter is silent."""
        return f"count({expression}) or 0 * count({self.series(known)})"

    def total(self, expression: str, known: str = STANDING) -> str:
        """A sum, under the same rule as `count`."""
        return f"sum({expression}) or 0 * count({self.series(known)})"

    @property
    def count_by_standing(self) -> str:
        """How many Services have which `standing`, in one pass over them; no zeros."""
        counted = f'count_values("code", {self.standing})'
        for code, word, _ in STANDINGS:
            counted = f'label_replace({counted}, "standing", "{word.lower()}", "code", "{code}")'
        return f"sum by (standing) ({counted})"

    def have(self, *standings: int) -> str:
        """How many Services have one of these standings."""
        wanted = " or ".join(f"{self.standing} == {code}" for code in standings)
        return self.count(f"({wanted})")


def among(expression: str, few: str) -> str:
    """Keep the Services of `expression` that are among `few`."""
    return f"{expression} and on ({PER}) {few}"
