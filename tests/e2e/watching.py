"""What the tests ask the cluster and the exporter again and again, with a deadline each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.harness.control_plane import ControlPlane
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.samples import Samples, keep_prefix, select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.truth import FAMILIES, PREFIX, expect_samples

REASON = "k8s_service_endpoints_reason"


class Cluster:
    """The control plane, and what an independent reader finds on it."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.kubectl = plane.kubectl

    def expect_samples(self, namespace: str | None = None) -> Samples:
        """Compute the expected samples from `kubectl get services,endpointslices -o json`."""
        scope = "--all-namespaces" if namespace is None else f"--namespace={namespace}"
        return expect_samples(self.kubectl.list_items("services,endpointslices", scope))

    def count_ready(self, namespace: str, service: str) -> int:
        """Return how many endpoints of a Service's slices are ready, as kubectl shows them."""
        label = f"--selector=kubernetes.io/service-name={service}"
        slices = self.kubectl.list_items("endpointslices", f"--namespace={namespace}", label)
        endpoints = [one for each in slices for one in each.get("endpoints") or []]
        return sum(one["conditions"]["ready"] for one in endpoints)


def read_reason(samples: Samples, namespace: str, service: str) -> str | None:
    """Return the one reason of a Service, or None; more than one series is an error."""
    reasons = select(samples, REASON, namespace=namespace, service=service)
    assert len(reasons) <= 1, f"more than one reason: {sorted(reasons)}"
    for labels, value in reasons.items():
        assert value == 1.0
        return dict(labels)["reason"]
    return None


def read_service(samples: Samples, namespace: str, service: str) -> dict[str, float | None]:
    """Return the plain numbers of a single-stack Service by their short names."""
    where = {"namespace": namespace, "service": service}
    names = ("ready", "not_ready", "serving", "terminating", "routable")
    return {name: select_one(samples, PREFIX + name, **where) for name in names}


def wait_for_service(
    exporter: Exporter,
    namespace: str,
    service: str,
    wanted: Mapping[str, Any],
    *,
    deadline: float = 30.0,
) -> Samples:
    """Wait until a Service shows these numbers (`reason` None: has none); return that scrape."""

    def probe() -> Samples:
        samples = exporter.read_samples()
        got: dict[str, Any] = dict(read_service(samples, namespace, service))
        got["reason"] = read_reason(samples, namespace, service)
        seen = {key: got[key] for key in wanted}
        assert seen == dict(wanted), f"wanted {dict(wanted)}, seen {seen}"
        return samples

    return wait_until(f"{namespace}/{service} of {exporter.process.name}", probe, deadline=deadline)


def select_families(samples: Samples, namespace: str | None = None) -> Samples:
    """Return the samples that the independent computation covers."""
    return {
        (name, labels): value
        for (name, labels), value in samples.items()
        if name in FAMILIES and (namespace is None or dict(labels)["namespace"] == namespace)
    }


def keep_state(samples: Samples) -> Samples:
    """Return the domain samples that follow from the objects alone: no times and no counters."""
    kept = keep_prefix(samples, "k8s_service_", "k8s_endpointslices_")
    observed = ("_total", "_timestamp_seconds")
    return {key: value for key, value in kept.items() if not key[0].endswith(observed)}


def wait_for_truth(
    cluster: Cluster,
    exporter: Exporter,
    namespace: str | None = None,
    *,
    deadline: float = 30.0,
) -> Samples:
    """Wait until the exporter and the independent computation agree; return the last scrape."""

    def probe() -> Samples:
        wanted = cluster.expect_samples(namespace)
        samples = exporter.read_samples()
        got = select_families(samples, namespace)
        assert wanted, "there is nothing to compare"
        assert got == wanted, explain_difference(got, wanted)
        return samples

    what = f"{exporter.process.name} agrees with kubectl"
    return wait_until(what, probe, deadline=deadline, pause=0.2)


def explain_difference(got: Samples, wanted: Samples, most: int = 8) -> str:
    """Return the first differences between two sets of samples, one a line."""
    lines = [
        f"{name}{dict(labels)}: got {got.get((name, labels))}, wanted {wanted.get((name, labels))}"
        for name, labels in sorted(got.keys() | wanted.keys())
        if got.get((name, labels)) != wanted.get((name, labels))
    ]
    return "\n".join([f"{len(lines)} samples differ", *lines[:most]])
