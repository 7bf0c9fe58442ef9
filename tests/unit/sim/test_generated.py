from __future__ import annotations

from collections import Counter

from exporter.sim.generated import generate_cluster
from exporter.sim.store import Store

_NOW = 1_800_000_000.0


def test_a_cluster_by_its_numbers() -> None:
    """Services, slices and endpoints are as many as asked for, and every address is another."""
    objects = list(generate_cluster(services=60, addresses=120, ready=100, now=_NOW))
    kinds = Counter(o["kind"] for o in objects)
    assert kinds == {"Namespace": 50, "Node": 30, "Service": 60, "EndpointSlice": 120}
    endpoints = [e for o in objects if o["kind"] == "EndpointSlice" for e in o["endpoints"]]
    assert len({e["addresses"][0] for e in endpoints}) == 60 * 120
    assert sum(e["conditions"]["ready"] for e in endpoints) == 60 * 100


def test_pods_go_with_their_endpoints() -> None:
    """With Pods, each endpoint names a Pod that exists and has its address and readiness."""
    store = Store()
    store.load(generate_cluster(services=2, addresses=3, ready=2, now=_NOW, pods=True))
    pods = {p["metadata"]["uid"]: p for p in store.objects("Pod")}
    seen = 0
    for piece in store.objects("EndpointSlice"):
        for endpoint in piece["endpoints"]:
            pod = pods[endpoint["targetRef"]["uid"]]
            assert pod["metadata"]["name"] == endpoint["targetRef"]["name"]
            assert pod["status"]["podIP"] == endpoint["addresses"][0]
            assert pod["spec"]["nodeName"] == endpoint["nodeName"]
            ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
            assert (ready["status"] == "True") is endpoint["conditions"]["ready"]
            seen += 1
    assert seen == 6
