"""The real kube-proxy (v1.37.2, nftables) is the judge of where the exporter says traffic goes."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.kube_proxy import Door, KubeProxy, Targets
from tests.e2e.harness.samples import Samples, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import SERVICE_NAME_LABEL, Manifest
from tests.e2e.random_services import (
    NODES,
    is_undefined,
    make_random_service,
    make_random_slices,
)
from tests.e2e.truth import PREFIX, find_targets
from tests.e2e.watching import Cluster, wait_for_truth

SERVICES = 120
ROUNDS = 3
SEED = 20261125
_SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"


@pytest.fixture(scope="module", params=["node-1", "node-3"])
def proxy(request: pytest.FixtureRequest, cluster: Cluster, workspace: Path) -> Iterator[KubeProxy]:
    """kube-proxy as it runs on one Node, in a network namespace of its own."""
    folder = workspace / f"kube-proxy-{request.param}"
    with KubeProxy(cluster.plane, request.param, folder, python=sys.executable) as running:
        yield running


def test_its_rules_lead_where_the_exporter_says(
    cluster: Cluster, exporter: Exporter, proxy: KubeProxy, namespace: str
) -> None:
    """Over random Services and slices, its rules have the addresses of routable and port_ready."""
    # Traffic policy Local and hints are followed as on this Node; where several entries of one
    # address leave open what is meant, nothing is compared.
    dice = random.Random(f"{SEED} {proxy.node}")
    services = [make_random_service(namespace, f"s{n}", dice) for n in range(SERVICES)]
    path = f"/api/v1/namespaces/{namespace}/services"
    created = [json.loads(cluster.plane.request("POST", path, one)) for one in services]
    held: dict[str, Manifest] = {}
    compared = left_out = 0
    for _ in range(ROUNDS):
        for service in created:
            if not held or dice.random() < 0.7:
                _write_slices(cluster, held, service, make_random_slices(service, dice))
        defined = [one for one in created if not is_undefined(_slices_of(one, held))]
        left_out += len(created) - len(defined)
        samples = wait_for_truth(cluster, exporter, namespace, deadline=60)
        wanted = {
            door: targets for one in defined for door, targets in _expect(proxy, one, held).items()
        }
        found = wait_until("kube-proxy agrees", lambda: _compare(proxy, wanted), deadline=60)  # noqa: B023
        for service in defined:
            _compare_numbers(service, _slices_of(service, held), found, samples)
        compared += len(defined)
    print(f"{proxy.node}: {compared} Services compared, {left_out} left out as undefined")
    assert compared > SERVICES


def _write_slices(
    cluster: Cluster, held: dict[str, Manifest], service: Manifest, wanted: list[Manifest]
) -> None:
    """Make the slices of a Service be the wanted ones; `held` has all that are there, by name."""
    path = _SLICES.format(service["metadata"]["namespace"])
    names = {one["metadata"]["name"] for one in wanted}
    for old in _slices_of(service, held):
        if old["metadata"]["name"] not in names:
            cluster.plane.request("DELETE", f"{path}/{old['metadata']['name']}")
            del held[old["metadata"]["name"]]
    for one in wanted:
        name = one["metadata"]["name"]
        if name in held:
            cluster.plane.request("PUT", f"{path}/{name}", one)
        else:
            cluster.plane.request("POST", path, one)
        held[name] = one


def _slices_of(service: Mapping[str, Any], held: Mapping[str, Manifest]) -> list[Manifest]:
    name = service["metadata"]["name"]
    return [one for one in held.values() if one["metadata"]["labels"][SERVICE_NAME_LABEL] == name]


def _expect(
    proxy: KubeProxy, service: Mapping[str, Any], held: Mapping[str, Manifest]
) -> dict[Door, Targets]:
    slices = _slices_of(service, held)
    found = find_targets(service, slices, node=proxy.node, zone=NODES[proxy.node])
    return {Door(*door): targets for door, targets in found.items()}


def _compare(proxy: KubeProxy, wanted: Mapping[Door, Targets]) -> dict[Door, Targets]:
    found = proxy.read_targets()
    wrong = [
        f"{door}: kube-proxy has {sorted(found.get(door, ()))}, wanted {sorted(targets)}"
        for door, targets in sorted(wanted.items())
        if door not in found or found[door] != targets
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(wanted)} doors differ", *wrong[:6]])
    return found


def _compare_numbers(
    service: Mapping[str, Any],
    slices: Sequence[Manifest],
    found: Mapping[Door, Targets],
    samples: Samples,
) -> None:
    """The exporter's numbers against the rules alone, where these show the whole Service."""
    spec = service["spec"]
    hinted = any("hints" in endpoint for one in slices for endpoint in one["endpoints"])
    if spec.get("internalTrafficPolicy") == "Local" or hinted:
        return  # this Node's rules are not all there is; they were compared one by one above
    where = {"namespace": service["metadata"]["namespace"], "service": service["metadata"]["name"]}
    routable: set[str] = set()
    for port in spec["ports"]:
        doors = [Door(address, port["protocol"], port["port"]) for address in spec["clusterIPs"]]
        targets = [target for door in doors for target in found[door]]
        routable.update(address for address, _ in targets)
        ready = select_one(
            samples,
            PREFIX + "port_ready",
            port_name=port["name"],
            protocol=port["protocol"],
            port=str(port["port"]),
            **where,
        )
        draining = _may_drain(slices)
        assert ready == len(targets) or (draining and ready is not None and ready < len(targets))
    assert select_one(samples, PREFIX + "routable", **where) == len(routable), where


def _may_drain(slices: Sequence[Manifest]) -> bool:
    """Whether an endpoint that is not ready may be used, for it serves while it terminates."""
    return any(
        endpoint["conditions"].get("terminating") is True
        and endpoint["conditions"].get("ready") is False
        for one in slices
        for endpoint in one["endpoints"]
    )
