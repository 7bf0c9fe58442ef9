"""Links from cells and series to what says more, with variables and time kept; and their bases."""

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

#: The addresses that links begin with, as they stand in alerts/ and in the boards. Whoever installs
#: them puts their own in place (docs/grafana.md): each is a text that stands nowhere else.
GRAFANA = "http://localhost:3000"
PAGE = "http://localhost:9769"
REPOSITORY = "https://github.com/kube-endpoints-exporter/kube-endpoints-exporter"

DOCUMENTS = f"{REPOSITORY}/blob/main/docs"
_KEPT = "${datasource:queryparam}&${cluster:queryparam}"

Link = dict[str, object]


def make_url(uid: str, variables: Mapping[str, str]) -> str:
    """The address of a board: data source, cluster and time as they are, these variables set."""
    own = "".join(f"&var-{name}={value}" for name, value in variables.items())
    return f"/d/{uid}?{_KEPT}{own}&${{__url_time_range}}"


def link_namespace(value: str) -> Link:
    """A data link to the Namespace board."""
    url = make_url(NAMESPACE, {"namespace": value})
    return {"title": "Services of this namespace", "url": url}


def link_service(namespace: str, service: str) -> Link:
    """A data link to the Service board."""
    url = make_url(SERVICE, {"namespace": namespace, "service": service})
    return {"title": "Why: this Service", "url": url}


def link_page(namespace: str, service: str) -> Link:
    """A data link to the exporter's own page of a Service."""
    url = f"{PAGE}/services/{namespace}/{service}"
    return {"title": "Evidence and commands: the exporter's page", "url": url, "targetBlank": True}


def link_document(title: str, path: str) -> Link:
    """A data link into the documents."""
    return {"title": title, "url": f"{DOCUMENTS}/{path}", "targetBlank": True}


_NAMESPACE_CELL = "${__data.fields.namespace}"
_SERVICE_CELL = "${__data.fields.service}"

#: Of cells in tables, by the field that they stand in.
CELLS: dict[str, tuple[Link, ...]] = {
    "namespace": (link_namespace(_NAMESPACE_CELL),),
    "service": (link_service(_NAMESPACE_CELL, _SERVICE_CELL),),
    "reason": (
        link_document("What to do about it", "reasons.md#${__data.fields.reason}"),
        link_page(_NAMESPACE_CELL, _SERVICE_CELL),
    ),
    "finding": (link_document("What to do about it", "reasons.md#${__data.fields.finding}"),),
    "alertname": (link_document("The runbook", "runbooks/${__data.fields.alertname}.md"),),
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
        .url(f"{DOCUMENTS}/reasons.md")
        .icon("doc")
        .tooltip("What each reason means and how to mend it")
        .target_blank(True),
    ]
