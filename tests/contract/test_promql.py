"""The check of queries against the catalogue, and the queries of the runbooks."""

from __future__ import annotations

from pathlib import Path

import promql_parser
import pytest

from tests.contract.rules import make_schema, read_runbooks
from tools.promql import find_bare_counters, find_problems, infer_labels

READY = "k8s_service_endpoints_ready"
CHANGES = "k8s_service_endpoints_changes_total"


@pytest.mark.parametrize(
    "query, problem",
    [
        ("k8s_service_endpoints_redy", "k8s_service_endpoints_redy is in no catalogue"),
        (f'{READY}{{adress_type="IPv4"}}', f"{READY} has no label adress_type"),
        (f"sum by (zone) ({READY})", "zone is aggregated by, and not there"),
        (f"{READY} and on (zone) {READY}", "zone is matched on, and not on both sides"),
        (f"rate({READY}[5m])", f"rate of {READY}, which is no counter"),
        ('{job="x"}', '{job="x"} selects by no metric name'),
    ],
)
def test_what_is_not_there_is_found(query: str, problem: str) -> None:
    """A wrong metric, matcher, grouping, join or rate is named in one line."""
    assert find_problems(query, make_schema()) == [problem]


def test_a_query_that_does_not_parse_is_a_problem() -> None:
    """Broken syntax is reported, not raised."""
    [problem] = find_problems(f"sum by ({READY}", make_schema())
    assert problem.startswith("does not parse: ")


@pytest.mark.parametrize(
    "query",
    [
        f'max by (cluster, namespace, service) ({READY}{{address_type!="FQDN"}})',
        f'rate({CHANGES}{{change="added"}}[5m])',
        "histogram_quantile(1, sum by (le) (rate(endpoints_exporter_loop_lag_seconds_bucket[1h])))",
        'k8s_service_annotations{annotation_team="a"}',
        'k8s_service_info{exported_namespace!=""}',
        "cluster_namespace_service:k8s_service_endpoints_lost:bool == 1",
    ],
)
def test_what_is_there_is_no_problem(query: str) -> None:
    """Families, histograms' parts, free labels and recorded names are known."""
    assert find_problems(query, make_schema()) == []


def test_counters_shown_bare_are_found() -> None:
    """A counter stands inside rate or increase, or it is reported."""
    schema = make_schema()
    assert find_bare_counters(f"increase({CHANGES}[5m]) > 0", schema) == []
    assert find_bare_counters(f"{CHANGES} > 0", schema) == [f"{CHANGES}{{}}"]


@pytest.mark.parametrize(
    "query, labels",
    [
        (f"max by (cluster, namespace) ({READY})", {"cluster", "namespace"}),
        (
            f"sum without (instance, job, cluster) ({READY})",
            {"namespace", "service", "address_type"},
        ),
        (f"sum({READY})", set()),
        (f"max by (namespace) ({READY}) or max by (service) ({READY})", set()),
        (f"max by (namespace) ({READY}) unless on (namespace) {READY}", {"namespace"}),
        (
            f"max by (namespace) ({READY}) * on (namespace) group_right () {READY}",
            {"namespace", "service", "address_type", "job", "instance", "cluster"},
        ),
        ("absent(up{job='x'})", {"job"}),
    ],
)
def test_labels_of_results_are_inferred(query: str, labels: set[str]) -> None:
    """Aggregations, joins, set operators and absent() say which labels are left."""
    assert infer_labels(promql_parser.parse(query), make_schema()) == labels


@pytest.mark.parametrize("runbook", read_runbooks(), ids=lambda runbook: runbook.stem)
def test_queries_of_runbooks_are_right(runbook: Path) -> None:
    """Each runbook has queries, and each of them asks for what there is."""
    queries = [
        block.partition("```")[0].strip()
        for block in runbook.read_text(encoding="utf-8").split("```promql\n")[1:]
    ]
    assert queries
    schema = make_schema()
    assert [(query, find_problems(query, schema)) for query in queries] == [
        (query, []) for query in queries
    ]
