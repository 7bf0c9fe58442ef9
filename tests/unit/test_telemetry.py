from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from exporter.catalogue import Kind
from exporter.model import ResourceStatus
from exporter.notify import Outcome, Verdict, WriteOutcome
from exporter.telemetry import OWN_FAMILIES, Telemetry

PREFIX = "endpoints_exporter_"

parse_openmetrics: Any = openmetrics_parser.text_string_to_metric_families


def status(
    resource: str = "services",
    *,
    synced: bool = True,
    forbidden: bool = False,
    last_sync: float | None = 1.5e9,
    last_event: float | None = None,
) -> ResourceStatus:
    """How reading a resource goes; well unless said otherwise."""
    return ResourceStatus(
        resource=resource,
        required=True,
        mode="watch",
        synced=synced,
        forbidden=forbidden,
        objects=3,
        last_sync=last_sync,
        last_event=last_event,
    )


def busy() -> Telemetry:
    """A telemetry that was told of everything once."""
    telemetry = Telemetry("1.2.3", leader=True)
    telemetry.show_resources([status(last_event=1.6e9), status("pods", last_event=1.6e9)])
    telemetry.show_annotations(2)
    telemetry.show_series({"core": 12, "ports": 0})
    telemetry.list_ended("services", "success")
    telemetry.watch_event("services", "ADDED", 5)
    telemetry.watch_restarted("services", "end")
    telemetry.rejected("services", 2)
    telemetry.request_ended("services", "list", "200", 0.3)
    telemetry.received("services", 4096)
    telemetry.scrape_ended(0.004, 20_000)
    telemetry.event_visible(0.02)
    telemetry.loop_lag(0.0005)
    telemetry.programming_latency(3.0)
    telemetry.start_notifying(Outcome, Verdict)
    telemetry.start_writing(WriteOutcome)
    telemetry.change_told("sent", 3)
    telemetry.message_ended("accepted")
    telemetry.event_written("forbidden", 2)
    return telemetry


def lines(telemetry: Telemetry, families: Iterable[str] | None = None) -> set[str]:
    """The sample lines about the exporter."""
    chosen = None if families is None else frozenset(families)
    text = telemetry.exposition(openmetrics=False, families=chosen).decode()
    return {line for line in text.splitlines() if line.startswith(PREFIX)}


def test_what_is_told_is_counted() -> None:
    """Each method adds to the family it is for, under the labels it was given."""
    assert {
        f'{PREFIX}lists_total{{resource="services",result="success"}} 1',
        f'{PREFIX}watch_events_total{{resource="services",type="ADDED"}} 5',
        f'{PREFIX}watch_restarts_total{{resource="services",cause="end"}} 1',
        f'{PREFIX}objects_rejected_total{{resource="services"}} 2',
        f'{PREFIX}api_request_duration_seconds_bucket{{verb="list",code="200",le="0.25"}} 0',
        f'{PREFIX}api_request_duration_seconds_bucket{{verb="list",code="200",le="0.5"}} 1',
        f'{PREFIX}api_request_duration_seconds_bucket{{verb="list",code="200",le="+Inf"}} 1',
        f'{PREFIX}api_request_duration_seconds_sum{{verb="list",code="200"}} 0.3',
        f'{PREFIX}api_received_bytes_total{{resource="services"}} 4096',
        f"{PREFIX}scrape_duration_seconds_sum 0.004",
        f'{PREFIX}scrape_size_bytes_bucket{{le="10000.0"}} 0',
        f'{PREFIX}scrape_size_bytes_bucket{{le="100000.0"}} 1',
        f"{PREFIX}scrape_size_bytes_sum 20000",
        f"{PREFIX}event_to_visible_seconds_count 1",
        f"{PREFIX}loop_lag_seconds_sum 0.0005",
        f"{PREFIX}programming_latency_seconds_sum 3",
        f'{PREFIX}resource_synced{{resource="services"}} 1',
        f'{PREFIX}resource_forbidden{{resource="services"}} 0',
        f'{PREFIX}resource_objects{{resource="services"}} 3',
        f'{PREFIX}resource_last_sync_timestamp_seconds{{resource="services"}} 1500000000',
        f'{PREFIX}resource_last_event_timestamp_seconds{{resource="services"}} 1600000000',
        f"{PREFIX}annotations_rejected 2",
        f'{PREFIX}series{{group="core"}} 12',
        f'{PREFIX}series{{group="ports"}} 0',
        f'{PREFIX}notify_changes_total{{outcome="sent"}} 3',
        f'{PREFIX}notify_changes_total{{outcome="dropped"}} 0',
        f'{PREFIX}notify_messages_total{{verdict="accepted"}} 1',
        f'{PREFIX}events_written_total{{outcome="created"}} 0',
        f'{PREFIX}events_written_total{{outcome="forbidden"}} 2',
    } <= lines(busy())


@pytest.mark.parametrize("openmetrics", [False, True])
def test_every_family_is_rendered_as_declared(openmetrics: bool) -> None:
    """The declarations and what is rendered agree on names, kinds, help and labels, in order."""
    text = busy().exposition(openmetrics).decode()
    if openmetrics:
        parsed = list(parse_openmetrics(text + "# EOF\n"))
    else:
        parsed = list(text_string_to_metric_families(text))
    found = [(each.name, each.type, each.documentation) for each in parsed]
    expected = []
    for family in OWN_FAMILIES:
        name, kind = family.name, family.kind.value
        if family.kind is Kind.COUNTER:
            name = name.removesuffix("_total")
        elif family.kind is Kind.INFO and openmetrics:
            name = name.removesuffix("_info")
        elif family.kind is Kind.INFO:
            kind = "gauge"
        expected.append((name, kind, family.help))
    assert sorted(found) == sorted(expected)
    for each, family in zip(
        sorted(parsed, key=lambda metric: metric.name),
        sorted(OWN_FAMILIES, key=lambda known: known.name),
        strict=True,
    ):
        for sample in each.samples:
            assert tuple(label for label in sample.labels if label != "le") == family.labels


def test_the_leader_is_told_only_where_there_is_one() -> None:
    """With a lease 0 until it is held, then 1; without one no such family."""
    telemetry = Telemetry("1", leader=True)
    assert lines(telemetry, [f"{PREFIX}leader"]) == {f"{PREFIX}leader 0"}
    telemetry.show_leader(True)
    assert lines(telemetry, [f"{PREFIX}leader"]) == {f"{PREFIX}leader 1"}

    without = Telemetry("1")
    without.show_leader(True)
    assert lines(without, [f"{PREFIX}leader"]) == set()


def test_names_are_the_published_ones() -> None:
    """Dashboards and alerts of users ask for these names: they are a contract."""
    assert [family.name.removeprefix(PREFIX) for family in OWN_FAMILIES] == [
        "build_info",
        "leader",
        "resource_synced",
        "resource_forbidden",
        "resource_last_sync_timestamp_seconds",
        "resource_last_event_timestamp_seconds",
        "resource_objects",
        "lists_total",
        "watch_events_total",
        "watch_restarts_total",
        "objects_rejected_total",
        "api_request_duration_seconds",
        "api_received_bytes_total",
        "scrape_duration_seconds",
        "scrape_size_bytes",
        "event_to_visible_seconds",
        "loop_lag_seconds",
        "programming_latency_seconds",
        "annotations_rejected",
        "series",
        "notify_changes_total",
        "notify_messages_total",
        "events_written_total",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "python_info",
    ]


def test_counters_of_a_resource_start_at_zero() -> None:
    """Once a resource is read, every way it can go is counted from 0: the first has an increase."""
    telemetry = Telemetry("1")
    assert not {line for line in lines(telemetry) if "{resource=" in line}
    telemetry.show_resources([status()])
    assert {
        f'{PREFIX}lists_total{{resource="services",result="{result}"}} 0'
        for result in ("success", "gone", "forbidden", "absent", "unauthorized", "error")
    } | {
        f'{PREFIX}watch_restarts_total{{resource="services",cause="gone"}} 0',
        f'{PREFIX}watch_events_total{{resource="services",type="BOOKMARK"}} 0',
        f'{PREFIX}objects_rejected_total{{resource="services"}} 0',
        f'{PREFIX}api_received_bytes_total{{resource="services"}} 0',
    } <= lines(telemetry)


def test_showing_resources_again_resets_no_counter() -> None:
    """Counters only grow, however often the state of their resource is told."""
    telemetry = Telemetry("1")
    for _ in range(2):
        telemetry.show_resources([status()])
        telemetry.list_ended("services", "success")
    assert f'{PREFIX}lists_total{{resource="services",result="success"}} 2' in lines(telemetry)


def test_what_is_not_known_of_a_resource_is_absent() -> None:
    """Before the first sync there is no time of it and no number of objects, not a 0."""
    telemetry = Telemetry("1")
    telemetry.show_resources([status(synced=False, forbidden=True, last_sync=None)])
    about = {line for line in lines(telemetry) if line.startswith(f"{PREFIX}resource_")}
    assert about == {
        f'{PREFIX}resource_synced{{resource="services"}} 0',
        f'{PREFIX}resource_forbidden{{resource="services"}} 1',
    }


def test_resources_and_groups_that_are_gone_leave_no_gauge() -> None:
    """What was shown before and is not shown now has no series."""
    telemetry = busy()
    telemetry.show_resources([status("pods")])
    telemetry.show_series({"core": 1})
    gauges = {
        line
        for line in lines(telemetry)
        if line.startswith((f"{PREFIX}resource_", f"{PREFIX}series"))
    }
    assert gauges == {
        f'{PREFIX}resource_synced{{resource="pods"}} 1',
        f'{PREFIX}resource_forbidden{{resource="pods"}} 0',
        f'{PREFIX}resource_objects{{resource="pods"}} 3',
        f'{PREFIX}resource_last_sync_timestamp_seconds{{resource="pods"}} 1500000000',
        f'{PREFIX}series{{group="core"}} 1',
    }


def test_families_without_samples_are_left_out() -> None:
    """A family of which nothing is known has no head either."""
    text = Telemetry("1").exposition(openmetrics=False)
    assert b"resource_last_sync" not in text
    assert b"# TYPE endpoints_exporter_loop_lag_seconds histogram\n" in text


def test_only_named_families_are_rendered() -> None:
    """Families go by the name they have in the text format, in both formats."""
    chosen = frozenset({f"{PREFIX}lists_total", f"{PREFIX}build_info", "k8s_service_info"})
    for openmetrics, heads in (
        (False, [b"build_info gauge", b"lists_total counter"]),
        (True, [b"build info", b"lists counter"]),
    ):
        text = busy().exposition(openmetrics, chosen)
        types = [line for line in text.splitlines() if line.startswith(b"# TYPE")]
        assert types == [b"# TYPE endpoints_exporter_" + head for head in heads]
    assert busy().exposition(openmetrics=True, families=frozenset()) == b""


def test_build_tells_the_version() -> None:
    """`build_info` has the exporter's version and Python's."""
    assert lines(Telemetry("1.2.3"), [f"{PREFIX}build_info"]) == {
        f'{PREFIX}build_info{{version="1.2.3",python="{platform.python_version()}"}} 1'
    }


def test_programming_latency_is_absent_when_it_is_not_measured() -> None:
    """Without its group the family is not there, and telling of it is no error."""
    telemetry = Telemetry("1", programming_latency=False)
    telemetry.programming_latency(1.0)
    assert b"programming_latency" not in telemetry.exposition(openmetrics=False)


def test_negative_times_count_as_zero() -> None:
    """A clock that jumped back takes nothing away from a sum."""
    telemetry = Telemetry("1")
    for tell in (telemetry.event_visible, telemetry.loop_lag, telemetry.programming_latency):
        tell(-5.0)
    telemetry.scrape_ended(-1.0, 0)
    telemetry.request_ended("pods", "list", "200", -1.0)
    sums = {line for line in lines(telemetry) if "_sum" in line}
    assert all(line.endswith(" 0") for line in sums)
    assert len(sums) == 6


def test_values_and_labels_survive_parsing() -> None:
    """Odd label values are escaped, large and fractional values keep their digits."""
    telemetry = Telemetry('1"\\\n')
    telemetry.received("pods", 123_456_789_012_345)
    telemetry.received("nodes", 10**16)
    telemetry.loop_lag(0.1 + 0.2)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(telemetry.exposition(False).decode())
        for sample in family.samples
    }
    assert samples[f"{PREFIX}api_received_bytes_total", "pods"] == 123_456_789_012_345
    assert samples[f"{PREFIX}api_received_bytes_total", "nodes"] == 1e16
    assert samples[f"{PREFIX}loop_lag_seconds_sum",] == 0.1 + 0.2
    assert any(key[:2] == (f"{PREFIX}build_info", '1"\\\n') for key in samples)


def test_two_telemetries_share_nothing() -> None:
    """Each has its own registry: tests, and a demo beside the exporter, can't mix."""
    one, other = Telemetry("1"), Telemetry("1")
    one.received("pods", 7)
    assert f'{PREFIX}api_received_bytes_total{{resource="pods"}} 7' in lines(one)
    assert not {line for line in lines(other) if "received" in line}
