from __future__ import annotations

import gc
import sys
from typing import Any

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.containers import ContainerKind, ContainerPort, ContainerState, Probe
from exporter.objects.meta import Rejected
from exporter.objects.pods import Pod, pod_from_metadata
from exporter.objects.resources import PODS
from tests.unit.kubelet import (
    READINESS,
    RUNNING,
    SINCE_SECONDS,
    STARTUP,
    UNREADY,
    condition,
    conditions,
    container,
    make_pod,
    pod_json,
    read_pod,
    status,
    terminated,
    unready_json,
    waiting,
)


def test_a_healthy_pod_keeps_what_selection_and_diagnosis_ask() -> None:
    """Identity, labels, addresses, Node, the time of Ready and the owner are read."""
    pod = make_pod()
    assert (pod.namespace, pod.name, pod.resource_version) == ("d", "s-1", "252072")
    assert pod.labels == {"app": "s", "pod-template-hash": "7c9d8b6f5"}
    assert pod.ips == ("10.0.0.1",)
    assert (pod.node, pod.changed, pod.deleted) == ("n1", SINCE_SECONDS, None)
    assert (pod.owner.kind, pod.owner.name) == ("ReplicaSet", "s-7c9d8b6f5")
    assert (pod.candidate, pod.finished, pod.terminating) == (True, False, False)
    assert (pod.facts.phase, pod.facts.ready, pod.facts.bound) == ("Running", "True", True)


def test_equal_parts_of_pods_are_the_same_objects() -> None:
    """Labels, owner and facts of two Pods of a workload are held once."""
    one, other = make_pod("s-1", "10.0.0.1"), make_pod("s-2", "10.0.0.2")
    assert one.labels is other.labels
    assert one.owner is other.owner
    assert one.facts is other.facts


def test_what_no_pod_holds_any_more_is_let_go() -> None:
    """Facts and labels of a state that nobody is in any more don't stay behind for ever."""
    from exporter.objects import pod_facts, pods  # noqa: PLC0415  # tables, seen from inside

    kept = make_pod(metadata={"labels": {"only": "here"}}, status={"reason": "OnlyHere"})
    assert any("only" in key for key in list(pods._LABELS))
    del kept
    gc.collect()
    assert not any("only" in key for key in list(pods._LABELS))
    assert not any(facts.reason == "OnlyHere" for facts in list(pod_facts._FACTS))


def raw_pod(name: str, volume: str, *, ready: bool = True, **spec: Any) -> bytes:
    """A Pod as a kubelet tells of it: its token's volume and its container's id are its own."""
    truth = "True" if ready else "False"
    return msgspec.json.encode(
        {
            "metadata": {"name": name, "namespace": "d", "resourceVersion": name},
            "spec": {
                "containers": [
                    {"name": "app", "volumeMounts": [{"name": f"kube-api-access-{volume}"}], **spec}
                ]
            },
            "status": {
                "phase": "Running",
                "conditions": [
                    {"type": "Ready", "status": truth, "lastTransitionTime": "2026-01-01T00:00:00Z"}
                ],
                "containerStatuses": [
                    {"name": "app", "ready": ready, "containerID": name, "state": {"running": {}}}
                ],
            },
        }
    )


def test_alike_pods_are_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a Pod's own (ids, its token's volume) does not make its facts others."""
    from exporter.objects import containers, pod_facts  # noqa: PLC0415

    packed = []
    pack = containers.pack_containers

    def count(*parts: Any) -> Any:
        packed.append(parts)
        return pack(*parts)

    monkeypatch.setattr(pod_facts, "pack_containers", count)
    port = [{"name": "only-in-this-test", "containerPort": 8080}]
    found = [decode_object(PODS, raw_pod(f"p{n}", f"abcd{n}", ports=port)) for n in range(9)]
    assert all(isinstance(pod, Pod) for pod in found)
    assert len({id(pod.facts) for pod in found if isinstance(pod, Pod)}) == 1
    assert len(packed) == 1
    other = decode_object(PODS, raw_pod("q", "abcde", ready=False, ports=port))
    assert isinstance(other, Pod)
    assert (other.facts.ready, other.facts.containers[0].ready) == ("False", False)
    assert other.facts.containers[0].ports == (ContainerPort("only-in-this-test", "TCP", 8080),)
    assert len(packed) == 2


@pytest.mark.parametrize("spoilt", [7, "x", {"name": "app"}, [{"name": 7}], [7]])
def test_containers_of_the_wrong_shape_spoil_their_own_pod_alone(spoilt: Any) -> None:
    """Containers are decoded later than the rest; the object is rejected all the same."""
    body = msgspec.json.encode(
        {"metadata": {"name": "p", "namespace": "d"}, "spec": {"containers": spoilt}}
    )
    for _ in range(2):
        assert isinstance(decode_object(PODS, body), Rejected)


def test_what_is_remembered_of_pods_is_bounded() -> None:
    """Pods that are all different push out what was remembered; huge specs are not remembered."""
    from exporter.objects import containers, pod_facts  # noqa: PLC0415

    for number in range(3000):
        image: Any = {"image": f"{number:0400}"}
        found = decode_object(PODS, raw_pod(f"p{number}", "abcde", **image))
        assert isinstance(found, Pod)
    decode_object(PODS, raw_pod("p", "abcde", image="x" * 100_000))
    assert len(pod_facts._SEEN) <= pod_facts._MOST_SEEN
    assert 0 < sum(map(len, containers._SPECS)) <= containers._REMEMBERED


def test_a_pod_is_small() -> None:
    """Beyond its strings and what it shares, a Pod with one address is at most 150 bytes."""
    pod = make_pod()
    assert not gc.is_tracked(pod)
    assert sys.getsizeof(pod) + sys.getsizeof(pod.changed) <= 150


@pytest.mark.parametrize(
    "status_field",
    [None, {}, {"conditions": None, "containerStatuses": None, "podIPs": None, "phase": None}],
)
def test_a_pod_without_a_status_is_a_candidate_without_addresses(
    status_field: dict[str, Any] | None,
) -> None:
    """A Pod that was just created, or whose status is null, is read all the same."""
    loose = pod_json()
    loose["status"] = status_field
    pod = read_pod(loose)
    assert pod.ips == ()
    assert pod.candidate
    assert pod.facts.known
    assert (pod.facts.phase, pod.facts.ready) == ("", "")
    # Without a Ready condition its creation is the last that is known to have happened.
    assert pod.changed == SINCE_SECONDS - 60


@pytest.mark.parametrize(
    "given,expected",
    [
        ({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "FD00::0:1"}]}, ("10.0.0.1", "fd00::1")),
        ({"podIPs": None, "podIP": "010.0.0.7"}, ("10.0.0.7",)),
        ({"podIPs": [{}], "podIP": ""}, ()),
        ({"podIPs": [{"ip": None}], "podIP": None}, ()),
    ],
)
def test_addresses_are_canonical(given: dict[str, Any], expected: tuple[str, ...]) -> None:
    """Addresses are spelled as slices have them; podIP counts where podIPs is missing."""
    assert make_pod(status=given).ips == expected


@pytest.mark.parametrize(
    "phase,deleted,expected",
    [
        ("Running", None, "candidate"),
        ("Pending", None, "candidate"),
        ("Sleeping", None, "candidate"),
        ("Running", "2026-11-22T10:00:20Z", "terminating"),
        ("Running", "yesterday", "terminating"),
        ("Succeeded", None, "finished"),
        ("Failed", "2026-11-22T10:00:20Z", "finished"),
    ],
)
def test_a_pod_is_a_candidate_or_terminating_or_finished(
    phase: str, deleted: str | None, expected: str
) -> None:
    """Exactly one of the three holds; a deletion time that can't be read is still one."""
    pod = make_pod(
        metadata={**pod_json()["metadata"], "deletionTimestamp": deleted}, status={"phase": phase}
    )
    states = {
        "candidate": pod.candidate,
        "terminating": pod.terminating,
        "finished": pod.finished,
    }
    assert [name for name, holds in states.items() if holds] == [expected]


def test_an_unreadable_deletion_time_is_zero() -> None:
    """Nonsense in deletionTimestamp says that it is deleted, and not when."""
    assert make_pod(metadata={"deletionTimestamp": "soon"}).deleted == 0.0


@pytest.mark.parametrize("text", ["", "later", "0001-01-01T00:00:00Z", "2026-13-40T00:00:00Z"])
def test_a_transition_time_that_is_nonsense_is_none_at_all(text: str) -> None:
    """Nothing is concluded from a time that can't be read: the next best one is taken."""
    unclear = [{**condition("Ready", "True"), "lastTransitionTime": text}]
    pod = make_pod(status={"conditions": unclear})
    assert pod.changed == SINCE_SECONDS - 60


def test_containers_are_read_with_kind_state_and_probes() -> None:
    """Init containers and sidecars come first; states, reasons, probes and ports are theirs."""
    loose = pod_json(
        spec={
            "containers": [container(**READINESS, **STARTUP)],
            "initContainers": [
                container("migrate", ports=None),
                container("proxy", ports=[{"containerPort": 15001}], restartPolicy="Always"),
            ],
        },
        status={
            "conditions": conditions(**UNREADY),
            "containerStatuses": [
                status(
                    waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=app"),
                    started=False,
                    restarts=37,
                    last=terminated("OOMKilled", 137),
                )
            ],
            "initContainerStatuses": [
                status(terminated("Completed", 0), name="migrate", ready=True),
                status(RUNNING, name="proxy", ready=True),
            ],
        },
    )
    migrate, proxy, app = read_pod(loose).facts.containers
    assert (migrate.name, migrate.kind, migrate.state) == (
        "migrate",
        ContainerKind.INIT,
        ContainerState.TERMINATED,
    )
    assert (migrate.why, migrate.exit_code, migrate.ready) == ("Completed", 0, True)
    assert (proxy.kind, proxy.state, proxy.started) == (
        ContainerKind.SIDECAR,
        ContainerState.RUNNING,
        True,
    )
    assert proxy.ports == (ContainerPort("", "TCP", 15001),)
    assert (app.kind, app.state, app.why) == (
        ContainerKind.APP,
        ContainerState.WAITING,
        "CrashLoopBackOff",
    )
    assert app.message == ""
    assert (app.last_reason, app.last_exit_code, app.restarts) == ("OOMKilled", 137, 20)
    assert app.readiness == Probe(8080, "GET /ready on port 8080")
    assert app.startup


@pytest.mark.parametrize(
    "probe,expected",
    [
        ({"httpGet": {"port": "http"}}, Probe("http", "GET / on port http")),
        (
            {"httpGet": {"port": 8443, "path": "/z", "scheme": "HTTPS"}},
            Probe(8443, "HTTPS GET /z on port 8443"),
        ),
        ({"tcpSocket": {"port": 5432}}, Probe(5432, "TCP connect to port 5432")),
        ({"grpc": {"port": 9000}}, Probe(9000, "gRPC health check on port 9000")),
        ({"exec": {"command": ["pg_isready", "-q"]}}, Probe(0, "command pg_isready -q")),
        ({}, Probe(0, "a probe of a kind not known here")),
        (None, None),
    ],
)
def test_readiness_probes_are_told_as_people_write_them(
    probe: dict[str, Any] | None, expected: Probe | None
) -> None:
    """What a readiness probe asks, and at which port, is kept for the explanation."""
    pod = make_pod(spec={"containers": [container(readinessProbe=probe)]})
    assert pod.facts.containers[0].readiness == expected


@pytest.mark.parametrize(
    "count,kept", [(0, 0), (5, 5), (6, 5), (19, 10), (20, 20), (99999, 1000), (-3, 0)]
)
def test_restarts_are_kept_in_steps(count: int, kept: int) -> None:
    """Each restart more must not give a crashing Pod facts of its own."""
    pod = read_pod(unready_json(statuses=[status(waiting("CrashLoopBackOff"), restarts=count)]))
    assert pod.facts.containers[0].restarts == kept


def test_a_status_without_its_container_counts() -> None:
    """A dump whose spec was cut still shows the container that fails."""
    pod = make_pod(
        spec={"containers": None},
        status={"containerStatuses": [status(waiting("ErrImagePull", "not found"))]},
    )
    (found,) = pod.facts.containers
    assert (found.name, found.why, found.message) == ("app", "ErrImagePull", "not found")


def test_gates_without_a_true_condition_are_unmet() -> None:
    """A readiness gate is met by a condition of its type that is True, and by nothing else."""
    pod = make_pod(
        spec={
            "readinessGates": [
                {"conditionType": "a/met"},
                {"conditionType": "b/missing"},
                {"conditionType": "c/false"},
            ]
        },
        status={
            "conditions": [
                *conditions(),
                condition("a/met", "True"),
                condition("c/false", "False"),
            ]
        },
    )
    assert pod.facts.unmet == ("b/missing", "c/false")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"status": {"phase": 7}},
        {"status": "Running"},
        {"spec": {"containers": "none", "nodeName": "n1"}},
        {"status": {"containerStatuses": [{"restartCount": "many"}]}},
    ],
)
def test_of_an_undecodable_pod_the_metadata_is_left(spoilt: dict[str, Any]) -> None:
    """A Pod whose status is nonsense is still there: labels and name are known, facts are not."""
    loose = {**pod_json(), **spoilt}
    pod = pod_from_metadata(msgspec.json.decode(msgspec.json.encode(loose)))
    assert isinstance(pod, Pod)
    assert (pod.namespace, pod.name, pod.labels["app"]) == ("d", "s-1", "s")
    assert (pod.node, pod.ips, pod.facts.known, pod.candidate) == ("n1", (), False, True)


@pytest.mark.parametrize(
    "loose",
    [None, 5, [], {}, {"metadata": None}, {"metadata": {}}, {"metadata": {"name": 5}}],
)
def test_without_a_name_there_is_no_pod(loose: object) -> None:
    """Where not even the metadata can be read, nothing is made up."""
    assert pod_from_metadata(loose) is None


def test_foreign_and_cyclic_owners_are_just_names() -> None:
    """Only the controller counts, and nobody follows it anywhere."""
    owners = [
        {"kind": "Sponsor", "name": "x"},
        {"kind": "Pod", "name": "s-1", "uid": "uid-s-1", "controller": True},
    ]
    pod = make_pod(metadata={"ownerReferences": owners})
    assert (pod.owner.kind, pod.owner.name) == ("Pod", "s-1")
    assert make_pod(metadata={"ownerReferences": owners[:1]}).owner.kind == ""


def test_a_decoded_pod_has_the_key_and_version_of_its_object() -> None:
    """Decoding goes through the codec as for every other resource."""
    found = decode_object(PODS, b'{"metadata":{"name":"p","namespace":"d","resourceVersion":"9"}}')
    assert isinstance(found, Pod)
    assert (found.namespace, found.name, found.resource_version) == ("d", "p", "9")
