"""The variables of the boards, always in the same order, and their annotations."""

# ruff: noqa: FBT003 - the SDK's setters take their booleans by position
from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    DatasourceVariable,
    QueryVariable,
)
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from grafana.boards.queries import IGNORED, PER, READY, SINCE

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

_QUERIES = {
    "cluster": ("Cluster", "label_values({known}, cluster)"),
    "namespace": ("Namespace", 'label_values({known}{{cluster=~"$cluster"}}, namespace)'),
    "service": (
        "Service",
        'label_values({known}{{cluster=~"$cluster", namespace=~"$namespace"}}, service)',
    ),
    "job": ("Job", 'label_values({known}{{cluster=~"$cluster"}}, job)'),
    "instance": (
        "Instance",
        'label_values({known}{{cluster=~"$cluster", job=~"$job"}}, instance)',
    ),
}

#: How far apart the points of an annotation query are, and how old an event may be to be shown.
_STEP = "60s"


def choose_source() -> DatasourceVariable:
    """The variable that says which Prometheus is asked."""
    return (
        DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
        .current(VariableOption(selected=True, text="default", value="default"))
        .description("Prometheus, or what speaks its language")
    )


def choose(name: str, known: str, *, one: bool = False) -> QueryVariable:
    """A variable over a label of the family `known`: several values, or all, or just `one`.

    Of one, the first is chosen to begin with.
    """
    label, query = _QUERIES[name]
    text = query.format(known=known)
    variable = (
        QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": text, "refId": f"Variable-{name}", "qryType": 1})
        .definition(text)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if one:
        return variable.multi(False).include_all(False)
    return (
        variable.multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def annotate(variables: tuple[str, ...], *, shown: bool) -> list[AnnotationQuery]:
    """What happened: Services that lost all endpoints, exporters that restarted.

    Switched on from the start where `shown`: a line a minute on every panel tells nobody anything.
    """
    chosen = ", ".join(f'{label}=~"${label}"' for label in variables)
    exporters = ", ".join(
        f'{label}=~"${label}"' for label in variables if label not in ("namespace", "service")
    )
    lost = (
        f"topk(20, (time() - max by ({PER}) ({SINCE}{{{chosen}}}) < 60)"
        f" and on ({PER}) (max by ({PER}) ({READY}{{{chosen}}} offset 1m) > 0)"
        f" unless on ({PER}) {IGNORED}{{{chosen}}})"
    )
    restarted = (
        f"topk(20, time() - process_start_time_seconds{{{exporters}}} < 60"
        f" and on (cluster, job, instance) endpoints_exporter_build_info{{{exporters}}})"
    )
    return [
        _annotation(
            "Service lost all endpoints",
            lost,
            color="red",
            title="{{namespace}}/{{service}} lost all endpoints",
            tags="namespace,service",
        ).enable(shown),
        _annotation(
            "Exporter restarted",
            restarted,
            color="blue",
            title="Exporter restarted: {{instance}}",
            tags="job,instance",
        ).enable(shown),
    ]


def _annotation(
    name: str, expression: str, *, color: str, title: str, tags: str
) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .icon_color(color)
        .expr(expression)
        .step(_STEP)
        .title_format(title)
        .text_format("")
        .tag_keys(tags)
    )
