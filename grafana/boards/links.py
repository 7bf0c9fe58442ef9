"""Links from cells and series to the boards that say more, with variables and time kept."""

# ruff: noqa: FBT003 - the SDK's setters take their booleans by position
from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

TAG = "kube-endpoints-exporter"
OVERVIEW = "kube-endpoints-overview"
NAMESPACE = "kube-endpoints-namespace"
SERVICE = "kube-endpoints-service"
RESILIENCE = "kube-endpoints-resilience"
SLO = "kube-endpoints-slo"
EXPORTER = "kube-endpoints-exporter"

REPOSITORY = "https://github.com/kube-endpoints-exporter/kube-endpoints-exporter"
_KEPT = "${datasource:queryparam}&${cluster:queryparam}"


def make_url(uid: str, variables: Mapping[str, str]) -> str:
    """The address of a board: data source, cluster and time as they are, these variables set."""
    own = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return f"/d/{uid}?{_KEPT}{own}&${{__url_time_range}}"


def link_namespace(value: str) -> dict[str, object]:
    """A data link to the Namespace board."""
    url = make_url(NAMESPACE, {"namespace": value})
    return {"title": "Services of this namespace", "url": url}


def link_service(namespace: str, service: str) -> dict[str, object]:
    """A data link to the Service board."""
    url = make_url(SERVICE, {"namespace": namespace, "service": service})
    return {"title": "Why: this Service", "url": url}


#: Of cells in tables, by the field that they stand in.
CELLS: dict[str, dict[str, object]] = {
    "namespace": link_namespace("${__data.fields.namespace}"),
    "service": link_service("${__data.fields.namespace}", "${__data.fields.service}"),
}
#: Of series, by their labels.
SERIES_SERVICE = link_service("${__field.labels.namespace}", "${__field.labels.service}")


def board_links() -> list[DashboardLink]:
    """What stands at the top of every board."""
    return [
        DashboardLink("Service endpoints")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .icon("external link")
        .tooltip("The other boards, with the same choice and time"),
        DashboardLink("Reasons explained")
        .type(DashboardLinkType.LINK)
        .url(f"{REPOSITORY}/blob/main/docs/reasons.md")
        .icon("doc")
        .tooltip("What each reason means and how to mend it")
        .target_blank(True),
    ]
