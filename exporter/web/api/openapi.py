"""The description of the API (OpenAPI 3.1), made out of the documents themselves."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import msgspec

from exporter.explaining.routes import ROUTE_STATES
from exporter.judging import STANDINGS
from exporter.judging.goals import FORMS
from exporter.model import FindingCode, Reason
from exporter.web.api.documents import (
    Changed,
    NamespaceList,
    Readiness,
    ServiceDetail,
    ServicePage,
    Status,
    Summary,
)
from exporter.web.api.ready import LONGEST
from exporter.web.api.routes import RoutePage
from exporter.web.messages import Request, Response, Site
from exporter.web.query import MOST, NO_REASON, SORTS, TYPES, USUAL
from exporter.web.sending import JSON, PROBLEM, Problem, send_whole

_DOCUMENTS = (
    ServicePage,
    ServiceDetail,
    Summary,
    NamespaceList,
    Changed,
    Status,
    Problem,
    Readiness,
    RoutePage,
)
_TEMPLATE = "#/components/schemas/{name}"

#: Keys that have another name by now: they are told for one release more.
_FORMER = (
    ("Item", "state"),
    ("ServiceDetail", "state"),
    ("Summary", "states"),
    ("Namespace", "states"),
)

_SEVERAL = "Can be given several times, or with commas."


def answer_openapi(request: Request, _site: Site) -> Response:
    """The description."""
    return send_whole(request, JSON, render_openapi())


@cache
def render_openapi() -> bytes:
    """The description as indented JSON, the same for every exporter of this version."""
    return msgspec.json.format(msgspec.json.encode(describe_api()), indent=2) + b"\n"


def describe_api() -> dict[str, Any]:
    """The description as a document."""
    _, schemas = msgspec.json.schema_components(_DOCUMENTS, ref_template=_TEMPLATE)
    schemas = outdent(schemas)
    for name, former in _FORMER:
        schemas[name]["properties"][former]["deprecated"] = True
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kube-endpoints-exporter",
            "version": "1",
            "description": (
                "Whether the Services of a Kubernetes cluster have endpoints that can take "
                "traffic, and if not why. Keys are only ever added; null is 'can't be known'."
            ),
        },
        # Relative: the API lies where its description lies.
        "servers": [{"url": "."}],
        "paths": {
            "/services": {
                "get": _operation("listServices", "Services", "ServicePage", _list_parameters())
            },
            "/services/{namespace}/{name}": {
                "get": _operation(
                    "readService",
                    "All about one Service",
                    "ServiceDetail",
                    [_in_path("namespace"), _in_path("name")],
                    missing=True,
                )
            },
            "/services/{namespace}/{name}/ready": {"get": _readiness(of_one=True)},
            "/ready": {"get": _readiness(of_one=False)},
            "/routes": {
                "get": _operation(
                    "listRoutes",
                    "Routes, webhooks and monitors, worst first",
                    "RoutePage",
                    _route_parameters(),
                )
            },
            "/summary": {"get": _operation("readSummary", "Numbers over all Services", "Summary")},
            "/namespaces": {
                "get": _operation("listNamespaces", "Numbers by namespace", "NamespaceList")
            },
            "/events": {"get": _events()},
            "/openapi.json": {
                "get": {
                    "operationId": "describe",
                    "summary": "This description",
                    "responses": {"200": {"description": "OpenAPI 3.1", "content": {JSON: {}}}},
                }
            },
        },
        "components": {"schemas": {name: schemas[name] for name in sorted(schemas)}},
    }


def outdent(found: Any) -> Any:  # noqa: ANN401 - any JSON
    """A schema with descriptions free of the indentation of the docstrings they come from.

    Python 3.13 takes it off when it compiles, older ones don't: the file has to be the same.
    """
    if isinstance(found, dict):
        return {
            key: inspect.cleandoc(value)
            if key == "description" and isinstance(value, str)
            else outdent(value)
            for key, value in found.items()
        }
    return [outdent(one) for one in found] if isinstance(found, list) else found


def _operation(
    name: str,
    summary: str,
    document: str,
    parameters: list[dict[str, Any]] | None = None,
    *,
    missing: bool = False,
) -> dict[str, Any]:
    responses: dict[str, Any] = {
        "200": {
            "description": summary,
            "headers": {"ETag": {"schema": {"type": "string"}}},
            "content": {JSON: {"schema": _refer(document)}},
        },
        "304": {"description": "What If-None-Match names is what there is"},
        "400": _problem("A parameter can't be meant as it is"),
    }
    if missing:
        responses["404"] = _problem("There is no such Service")
    found: dict[str, Any] = {"operationId": name, "summary": summary}
    if parameters:
        found["parameters"] = parameters
    return {**found, "responses": responses}


def _events() -> dict[str, Any]:
    return {
        "operationId": "followChanges",
        "summary": "What changes, as server-sent events",
        "description": (
            "Events: `services` (data: Changed), `status` (data: Status; at the start and every "
            "few seconds) and `reset` (something was missed: read the list again). After a break "
            "Last-Event-ID goes on where it was."
        ),
        "responses": {
            "200": {
                "description": "The stream; it ends when either side ends it",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "400": _problem("A parameter can't be meant as it is"),
            "503": _problem("Too many streams are open"),
        },
    }


def _readiness(*, of_one: bool) -> dict[str, Any]:
    waiting = [
        _in_query(
            "wait",
            "How long to wait until it is so: seconds or a duration such as 30s, up to "
            f"{LONGEST:g} s. Without it the answer is at once.",
        ),
        _in_query(
            "after", "The `seen` of an answer: wait no longer than until anything is otherwise."
        ),
    ]
    parameters = [
        _in_path("namespace"),
        _in_path("name"),
        _in_query("min", "So many endpoints; without it what the Service's min-ready says."),
        _in_query("port", "A ready endpoint behind this port, by name or number."),
    ]
    if not of_one:
        parameters = [
            _in_query("service", "A Service as NAMESPACE/NAME. Can be given several times."),
            _in_query("selector", "Instead: all Services with these labels, at least one."),
            _in_query("namespace", "With selector: only in this one. Can be given several times."),
            _in_query("for", f"{FORMS}; ready without it. All that are given have to hold."),
            _in_query("was", "NAMESPACE/NAME that was there before: deleted it is withdrawn."),
        ]
    document = {JSON: {"schema": _refer("Readiness")}}
    return {
        "operationId": "isReady" if of_one else "areReady",
        "summary": (
            "Whether a Service is ready, now or within a while"
            if of_one
            else "Whether Services are as wanted, all at one moment, now or within a while"
        ),
        "parameters": [*parameters, *waiting],
        "responses": {
            "200": {"description": "It is so", "content": document},
            "400": _problem("A parameter can't be meant as it is"),
            "404": {
                "description": "There is no such Service, and `wait` was not given",
                "content": document,
            },
            "503": {
                "description": "It is not so, or nobody can tell; or (a Problem) too many wait",
                "content": document,
            },
        },
    }


def _route_parameters() -> list[dict[str, Any]]:
    return [
        _in_query("kind", f"Only of these kinds, in any case. {_SEVERAL}"),
        _in_query("namespace", f"Only of these namespaces. {_SEVERAL}"),
        _in_query("state", f"Only in these states. {_SEVERAL}", ROUTE_STATES),
        _in_query("host", "Only what names this host, or takes it by a wildcard."),
        _in_query("q", "Only where each of these words is in name, hosts or Services."),
        {
            **_in_query("limit", "How many at most."),
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        },
        _in_query("page", "The `next` of the page before."),
    ]


def _list_parameters() -> list[dict[str, Any]]:
    reasons = [NO_REASON, *(reason.value for reason in Reason)]
    return [
        _in_query("namespace", f"Only of these namespaces. {_SEVERAL}"),
        _in_query("type", f"Only of these types. {_SEVERAL}", TYPES),
        _in_query("standing", f"Only those that stand so. {_SEVERAL}", STANDINGS),
        {
            **_in_query("state", "The former name of standing; goes with the next release."),
            "deprecated": True,
        },
        _in_query("reason", f"Only for these reasons; none: those without. {_SEVERAL}", reasons),
        _in_query("finding", f"Only with one of these findings. {_SEVERAL}", tuple(FindingCode)),
        _in_query(
            "label", f"Only with these labels: key=value, key!=value, key or !key. {_SEVERAL}"
        ),
        _in_query(
            "q",
            "Only where each of these words is in name, reason, finding, standing, type or labels.",
        ),
        _in_query("sort", "The order; worst first unless said otherwise.", list(SORTS)),
        {
            **_in_query("limit", "How many at most."),
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        },
        _in_query("page", "The `next` of the page before."),
    ]


def _in_query(name: str, text: str, words: Any = None) -> dict[str, Any]:  # noqa: ANN401
    schema: dict[str, Any] = {"type": "string"}
    if words is not None and name != "sort":
        text += f" One of: {', '.join(words)}."
    elif words is not None:
        schema["enum"] = list(words)
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {PROBLEM: {"schema": _refer("Problem")}}}


def _refer(name: str) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(name=name)}
