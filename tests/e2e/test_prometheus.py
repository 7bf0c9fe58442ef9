"""A real Prometheus has scraped the exporter over the whole run; this looks at what it says."""

from __future__ import annotations

from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.samples import keep_prefix
from tests.e2e.harness.waiting import wait_until

JOB = '{job="kube-endpoints-exporter"}'
# Prometheus' own counters of samples that it would not take.
REJECTED = (
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
    "prometheus_target_scrapes_exceeded_sample_limit_total",
    "prometheus_target_scrape_pool_exceeded_label_limits_total",
)


def test_every_scrape_of_the_run_was_good(prometheus: Prometheus, exporter: Exporter) -> None:
    """`up` was 1 in every scrape, each had samples, and the target shows no error."""

    def has_scraped() -> bool:
        return (prometheus.query_value(f"count_over_time(up{JOB}[2h])") or 0) >= 5

    wait_until("five scrapes", has_scraped)
    assert prometheus.query_value(f"min_over_time(up{JOB}[2h])") == 1
    least = prometheus.query_value(f"min_over_time(scrape_samples_scraped{JOB}[2h])")
    assert least is not None
    assert least > 50
    [target] = prometheus.list_targets()
    assert (target["health"], target["lastError"]) == ("up", "")
    assert exporter.process.is_running()


def test_no_sample_was_rejected(prometheus: Prometheus) -> None:
    """Prometheus counted no duplicate, no out-of-order sample, and logged no warning."""
    own = prometheus.read_own_metrics()
    assert {name: own[name, ()] for name in REJECTED} == dict.fromkeys(REJECTED, 0.0)
    assert prometheus.read_errors() == []


def test_prometheus_stores_what_the_exporter_shows(
    prometheus: Prometheus, exporter: Exporter
) -> None:
    """The Services that Prometheus knows now, under their own labels, are those of /metrics."""

    def compare() -> bool:
        shown = len([name for name, _ in keep_prefix(exporter.read_samples(), "k8s_service_info")])
        stored = prometheus.query_value('count(k8s_service_info{namespace!="",service!=""})')
        assert stored == shown, f"Prometheus has {stored}, the exporter shows {shown}"
        return True

    wait_until("as many Services here as there", compare)
    assert prometheus.query('count by (__name__) ({exported_namespace!=""})') == []
