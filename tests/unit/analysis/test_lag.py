from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.analysis.facts import measure
from exporter.model import Lag, LagKind, PodsView, ServiceView, Source
from exporter.objects.codec import decode_object
from exporter.objects.pods import Pod, pod_from_metadata
from exporter.objects.resources import SLICES
from exporter.objects.slices import EndpointSlice
from tests.unit.kubelet import (
    RUNNING,
    SINCE_SECONDS,
    make_pod,
    make_service,
    pod_json,
    read_pod,
    status,
    unready_json,
)

NOW = SINCE_SECONDS + 100
CONTROLLER = "endpointslice-controller.k8s.io"


def endpoint(
    address: str = "10.0.0.1", pod: str = "s-1", *, ready: bool = True, **more: bool
) -> dict[str, Any]:
    """An endpoint as the controller writes it."""
    return {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": ready, "terminating": False, **more},
        "targetRef": {"kind": "Pod", "name": pod},
    }


def make_slice(*endpoints: dict[str, Any], manager: str = CONTROLLER) -> EndpointSlice:
    """A slice of Service d/s."""
    loose = {
        "metadata": {
            "name": "s-abc",
            "namespace": "d",
            "labels": {
                "kubernetes.io/service-name": "s",
                "endpointslice.kubernetes.io/managed-by": manager,
            },
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }
    found = decode_object(SLICES, msgspec.json.encode(loose))
    assert isinstance(found, EndpointSlice)
    return found


def find(pods: list[Pod], *slices: EndpointSlice, behind: bool = False, **spec: Any) -> list[Lag]:
    """All disagreements, however young."""
    seen = PodsView(tuple(pods), None, None, behind)
    service = make_service(**spec)
    view = ServiceView(service, Source.ENDPOINTSLICES, slices, 0, seen, None, None)
    return list(measure(view, now=NOW).lags)


READY = make_pod()
UNREADY = read_pod(unready_json(statuses=[status(RUNNING)]))


def test_slices_and_pods_that_agree_do_not_lag() -> None:
    """A ready Pod in a ready entry and an unready one in an unready entry are as they should be."""
    assert find([READY], make_slice(endpoint())) == []
    assert find([UNREADY], make_slice(endpoint(ready=False))) == []


@pytest.mark.parametrize(
    "pods,entry,expected",
    [
        ([], endpoint(), Lag(LagKind.POD_GONE, "s-1", "10.0.0.1", True, False, None)),
        (
            [make_pod(status={"phase": "Succeeded"})],
            endpoint(),
            Lag(LagKind.POD_GONE, "s-1", "10.0.0.1", True, False, None),
        ),
        (
            [READY],
            endpoint(ready=False),
            Lag(LagKind.READINESS_DIFFERS, "s-1", "10.0.0.1", False, True, SINCE_SECONDS),
        ),
        (
            [UNREADY],
            endpoint(),
            Lag(LagKind.READINESS_DIFFERS, "s-1", "10.0.0.1", True, False, SINCE_SECONDS),
        ),
    ],
)
def test_an_entry_that_disagrees_with_its_pod_lags(
    pods: list[Pod], entry: dict[str, Any], expected: Lag
) -> None:
    """A Pod that is gone, and readiness that differs."""
    assert find(pods, make_slice(entry)) == [expected]


def test_a_pod_with_another_address_lags() -> None:
    """The slice still has the old address, and the new one is in no slice."""
    pod = make_pod(ip="10.0.0.2")
    assert find([pod], make_slice(endpoint())) == [
        Lag(LagKind.OTHER_ADDRESS, "s-1", "10.0.0.1", True, True, SINCE_SECONDS),
        Lag(LagKind.MISSING, "s-1", "", False, True, SINCE_SECONDS),
    ]


def test_a_disagreement_begins_with_the_later_of_both_changes() -> None:
    """A slice that was just written speaks of now, however long the Pod has been as it is."""
    fresh = msgspec.structs.replace(make_slice(endpoint(ready=False)), changed=NOW - 1)
    assert [lag.since for lag in find([READY], fresh)] == [NOW - 1]
    old = msgspec.structs.replace(fresh, changed=SINCE_SECONDS - 1000)
    assert [lag.since for lag in find([READY], old)] == [SINCE_SECONDS]


def test_pods_that_are_behind_contradict_nothing() -> None:
    """While Pods are not followed closely, slices know better."""
    assert find([READY], make_slice(endpoint(ready=False)), behind=True) == []


def test_a_wrong_address_is_one_disagreement_however_the_pod_flaps() -> None:
    """Its key has nothing of the Pod's readiness in it; that of a readiness has."""
    one = Lag(LagKind.OTHER_ADDRESS, "s-1", "10.0.0.1", True, True, 1.0)
    assert one.key == msgspec.structs.replace(one, pod_ready=False, since=2.0).key
    other = msgspec.structs.replace(one, kind=LagKind.READINESS_DIFFERS)
    assert other.key != msgspec.structs.replace(other, pod_ready=False).key


def test_a_ready_pod_in_no_slice_lags() -> None:
    """It should be there since it became ready; with an address of another family it never will."""
    assert find([READY], make_slice()) == [
        Lag(LagKind.MISSING, "s-1", "", False, True, SINCE_SECONDS)
    ]
    assert find([READY], make_slice(), ipFamilies=["IPv6"]) == []
    assert find([UNREADY], make_slice()) == []


def test_published_addresses_are_compared_by_serving() -> None:
    """With publishNotReadyAddresses only serving tells what the controller knows of the Pod."""
    entry = endpoint(ready=True, serving=False)
    assert find([UNREADY], make_slice(entry), publishNotReadyAddresses=True) == []
    assert len(find([UNREADY], make_slice(endpoint()), publishNotReadyAddresses=True)) == 1


def test_a_terminating_pod_may_still_serve() -> None:
    """Not ready and serving is what the controller writes for it: nothing lags."""
    metadata = {"deletionTimestamp": "2026-11-22T10:00:20Z"}
    entry = endpoint(ready=False, serving=True, terminating=True)
    assert find([make_pod(metadata=metadata)], make_slice(entry)) == []


def test_slices_of_others_and_unreadable_pods_are_not_held_to_account() -> None:
    """Who writes slices by hand may write what he likes; an undecodable Pod contradicts nothing."""
    assert find([], make_slice(endpoint(), manager="foo")) == []
    assert find([], make_slice(endpoint()), selector=None) == []
    pod = pod_from_metadata({**pod_json(), "status": 5})
    assert pod is not None
    assert find([pod], make_slice(endpoint())) == []
