from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from exporter.dump import Dump, DumpError, read_dump
from exporter.objects.meta import Rejected
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice


def service(name: str = "s", **metadata: Any) -> dict[str, Any]:
    """A Service in namespace d."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "d", "name": name, **metadata},
        "spec": {"type": "ClusterIP", "selector": {"app": name}},
    }


def listed(*items: Any, kind: str = "List", api_version: str = "v1") -> dict[str, Any]:
    """A list of whatever kind."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {}, "items": list(items)}


def as_json(*documents: Any) -> bytes:
    """Documents as `kubectl -o json` prints them."""
    return "".join(json.dumps(document, indent=4) + "\n" for document in documents).encode()


def as_yaml(*documents: Any) -> bytes:
    """Documents as `kubectl -o yaml` prints them."""
    return yaml.safe_dump_all(documents).encode()


def names(dump: Dump, resource: str) -> list[str]:
    """The names of a resource's objects, in order."""
    return [found.name for found in dump.objects[resource]]


def one_service(data: bytes) -> Service:
    """The only Service of a dump."""
    (found,) = read_dump(data).objects["services"]
    assert isinstance(found, Service)
    return found


@pytest.mark.parametrize("write", [as_json, as_yaml])
def test_a_mixed_list_falls_apart_into_resources(write: Any) -> None:
    """`kubectl get services,endpointslices -A` gives one list; each object finds its resource."""
    piece = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": "d", "name": "s-1"},
        "addressType": "IPv4",
    }
    dump = read_dump(write(listed(service("s"), piece, service("t"))))
    assert dump.held == {"services", "endpointslices"}
    assert names(dump, "services") == ["s", "t"]
    assert names(dump, "endpointslices") == ["s-1"]
    assert dump.ignored == 0


@pytest.mark.parametrize("write", [as_json, as_yaml])
def test_an_empty_typed_list_is_held_and_an_empty_mixed_list_says_nothing(write: Any) -> None:
    """`PodList` without items: Pods can be read and there is none. `List`: nothing is known."""
    dump = read_dump(write(listed(kind="PodList"), listed()))
    assert dump.held == {"pods"}
    assert dump.objects["pods"] == ()


def test_a_typed_list_with_null_items_is_empty() -> None:
    """Go writes an empty list as null; that is a list of nothing, not a broken file."""
    dump = read_dump(b'{"apiVersion":"v1","kind":"EndpointsList","items":null}')
    assert dump.objects == {"endpoints": ()}


def test_items_of_a_typed_list_take_kind_and_version_from_it() -> None:
    """`kubectl get --raw` prints what the API sends: items that do not repeat their kind."""
    bare = {"metadata": {"namespace": "d", "name": "s-1"}, "addressType": "IPv4"}
    dump = read_dump(
        as_json(listed(bare, kind="EndpointSliceList", api_version="discovery.k8s.io/v1"))
    )
    assert names(dump, "endpointslices") == ["s-1"]


def test_typed_lists_may_be_items_of_a_list() -> None:
    """Dumps put together by scripts nest lists; what lies inside counts as if it lay outside."""
    dump = read_dump(as_json(listed(listed(service(), kind="ServiceList"), listed(service("t")))))
    assert names(dump, "services") == ["s", "t"]


def test_a_single_object_is_a_dump() -> None:
    """`kubectl get service s -o json` prints no list at all."""
    assert one_service(as_json(service())).selector == {"app": "s"}


def test_an_array_of_objects_is_a_dump() -> None:
    """`jq .items` leaves an array."""
    assert names(read_dump(as_json([service("a"), service("b")])), "services") == ["a", "b"]


@pytest.mark.parametrize("seam", ["", "\n", "---\n", "\r\n---\r\n"])
def test_several_json_documents_are_read_one_after_the_other(seam: str) -> None:
    """Two `kubectl get -o json` appended to one file are one dump, however they are parted."""
    data = seam.encode().join([as_json(service("a")), as_json(listed(service("b")))])
    assert names(read_dump(data), "services") == ["a", "b"]


def test_a_string_that_looks_like_a_seam_does_not_part_a_document() -> None:
    """An annotation may hold a whole JSON file; its line breaks are escaped and cut nothing."""
    annotations = {"note": '{"a": {}}\n{"b": {}}\n---\n{}'}
    data = as_json(service("a", annotations=annotations), service("b"))
    assert names(read_dump(data), "services") == ["a", "b"]


def test_line_endings_of_windows_and_byte_order_marks_are_read_over() -> None:
    """A dump saved by an editor or a shell of Windows is the same dump."""
    for text in (as_json(service()).decode(), as_yaml(service()).decode()):
        windows = text.replace("\n", "\r\n")
        assert one_service(windows.encode("utf-8-sig")).name == "s"
        assert one_service(windows.encode("utf-16")).name == "s"


def test_warnings_of_kubectl_before_the_output_are_read_over() -> None:
    """With `2>&1` the deprecation of Endpoints stands above the first document."""
    warning = b"Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1\n"
    assert one_service(warning + as_json(service())).name == "s"
    assert one_service(warning + as_yaml(service())).name == "s"


def test_a_kind_of_another_group_is_not_ours() -> None:
    """A Knative Service is not a Service: it is ignored and counted."""
    knative = {**service("k"), "apiVersion": "serving.knative.dev/v1"}
    dump = read_dump(as_json(listed(knative, service("s"))))
    assert names(dump, "services") == ["s"]
    assert dump.ignored == 1


def test_unknown_kinds_are_ignored_and_counted() -> None:
    """ConfigMaps, things without a kind or version, and numbers are left out, each counted."""
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    dump = read_dump(
        as_json(
            listed(config, {"metadata": {}}, {"kind": "Service"}, 7),
            listed(config, config, kind="ConfigMapList"),
        )
    )
    assert dump == Dump({}, 6)


def test_an_undecodable_object_stands_as_rejected() -> None:
    """A broken slice is named with the Service it belongs to; its neighbours are read."""
    broken = {
        "metadata": {
            "namespace": "d",
            "name": "s-1",
            "labels": {"kubernetes.io/service-name": "s"},
        },
        "addressType": "IPv4",
        "endpoints": "none",
    }
    whole = {"metadata": {"namespace": "d", "name": "s-2"}, "addressType": "IPv4"}
    dump = read_dump(
        as_json(listed(broken, whole, kind="EndpointSliceList", api_version="discovery.k8s.io/v1"))
    )
    first, second = dump.objects["endpointslices"]
    assert isinstance(first, Rejected)
    assert (first.namespace, first.name, first.service) == ("d", "s-1", "s")
    assert second.name == "s-2"


def test_several_objects_without_a_name_stay_several() -> None:
    """Nameless objects can't be told apart, so none of them replaces another."""
    dump = read_dump(as_json(listed({**service(), "metadata": {}}, {**service(), "metadata": {}})))
    assert [type(found) for found in dump.objects["services"]] == [Rejected, Rejected]


@pytest.mark.parametrize("first,second,kept", [("9", "10", "10"), ("10", "9", "10")])
def test_of_an_object_that_is_there_twice_the_newer_stays(
    first: str, second: str, kept: str
) -> None:
    """Versions are compared as numbers, wherever in the file they stand."""
    data = as_json(service(resourceVersion=first), service(resourceVersion=second))
    assert one_service(data).resource_version == kept


def test_the_same_object_twice_is_one() -> None:
    """Bundles hold a Pod in its list and in a file of its own; nothing is ambiguous about that."""
    assert one_service(as_json(service(), service())).name == "s"


@pytest.mark.parametrize("versions", [("", "3"), ("3", ""), ("", "")])
def test_two_states_of_an_object_that_nobody_can_order_are_refused(
    versions: tuple[str, str],
) -> None:
    """Without versions to compare, either could be what holds: the file can't be read."""
    one, other = versions
    data = as_json(
        service(resourceVersion=one), service(resourceVersion=other, labels={"new": "yes"})
    )
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert str(caught.value) == (
        "Service d/s is there twice, with differences, and no resourceVersion tells which is newer"
    )


def test_dumps_of_two_clusters_are_not_put_together() -> None:
    """One Service with two uids means two clusters, or two lives of it."""
    data = as_json(service(uid="a", resourceVersion="1"), service(uid="b", resourceVersion="2"))
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert str(caught.value).startswith(
        "Service d/s is there with two different uids: these are dumps of two clusters"
    )


def test_of_a_broken_and_a_whole_state_the_broken_one_counts() -> None:
    """The one that can't be read may be the newer: its Service is unknown, not what it was."""
    broken = {**service(), "spec": "nonsense"}
    for documents in ((broken, service()), (service(), broken)):
        (found,) = read_dump(as_json(*documents)).objects["services"]
        assert isinstance(found, Rejected)


def test_an_object_without_a_namespace_is_in_default() -> None:
    """Where `kubectl apply` would put it; a Node is in none."""
    bare = service()
    del bare["metadata"]["namespace"]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
    dump = read_dump(as_json(bare, node))
    assert [found.namespace for found in dump.objects["services"]] == ["default"]
    assert [found.namespace for found in dump.objects["nodes"]] == [""]


def test_yaml_keeps_text_that_looks_like_something_else() -> None:
    """Timestamps, `yes`, `on`, `1.10`-like words and octal-like numbers stay text in YAML."""
    data = b"""
apiVersion: v1
kind: Service
metadata:
  namespace: d
  name: s
  creationTimestamp: 2026-11-20T08:00:00Z
  resourceVersion: "131192"
  labels: {a: yes, b: on, c: "1.10", d: 010, e: 0x10, f: 1_000, g: 12:30:45, h: "true", i: .5}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: null
  ports:
  - port: 80
    targetPort: "8080"
"""
    found = one_service(data)
    assert found.created == 1795161600.0
    assert found.labels == {
        "a": "yes",
        "b": "on",
        "c": "1.10",
        "d": "010",
        "e": "0x10",
        "f": "1_000",
        "g": "12:30:45",
        "h": "true",
        "i": ".5",
    }
    assert found.publish_not_ready is True
    assert found.headless
    assert found.selector == {}
    assert (found.ports[0].port, found.ports[0].target) == (80, "8080")


def test_yaml_numbers_with_exponents_are_numbers() -> None:
    """A float in a field that nobody reads must not make the file unreadable."""
    text = as_yaml(service()).decode() + "status: {x: 1e3, y: -1.5, z: 1.5e+10}\n"
    assert one_service(text.encode()).name == "s"


def test_slices_of_v1beta1_give_their_zones_but_no_nodes_by_host_name() -> None:
    """The API server reads the zone out of `topology`; a host name is not a Node's name."""
    piece = {
        "apiVersion": "discovery.k8s.io/v1beta1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": "d", "name": "s-1"},
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": ["10.0.0.1"],
                "topology": {
                    "kubernetes.io/hostname": "host-1",
                    "topology.kubernetes.io/zone": "a",
                },
            },
            {"addresses": ["10.0.0.2"], "nodeName": "node-2", "topology": None},
        ],
    }
    (found,) = read_dump(as_json(piece)).objects["endpointslices"]
    assert isinstance(found, EndpointSlice)
    assert [(e.node, e.zone) for e in found.endpoints] == [("", "a"), ("node-2", "")]


@pytest.mark.parametrize(
    "data,message",
    [
        (b"", "the file is empty"),
        (b"\r\n \n", "the file is empty"),
        (b"---\n---\n", "the file holds no document"),
        (b'{"apiVersion": "v1", "kind": "List", "items": [{', "the file is not whole JSON"),
        (b'{"kind": "PodList", "apiVersion": "v1"} trailing', "the file is not whole JSON"),
        (b"NAME   TYPE\ns      ClusterIP\n", "the file is plain text, no objects"),
        (b"42", "the file is plain text, no objects"),
        (b"\x00\x01\x02", "the file is binary"),
        (b"kind: Pod\xff\n", "the file is not UTF-8: byte 0xff in line 1"),
        (b"\xff\xfeab\xd8", "the file is binary"),
        (b"kind: [", "the file is not YAML"),
        (b"a: b: c", "the file is not YAML: mapping values are not allowed in this context (line"),
        (b"a: \x07", "the file is not YAML"),
        (
            b"a: !!python/name:os.system x",
            "the file holds YAML that is no JSON: the tag tag:yaml.org",
        ),
        (b"? [1, 2]\n: x", "the file holds YAML that is no JSON: a key that is no text (line 1)"),
        (b"a: &a [*a]", "the file holds YAML that is no JSON: aliases (`*name`) are not taken"),
        (b"[" * 100_000, "the file is nested too deeply"),
        (b"[1, 2]", "the file holds no API objects"),
        (b'{"a": 1}', "the file holds no API objects (no kind)"),
        (b'{"kind": 1}', "the file holds no API objects"),
        (b'{"kind": "List", "apiVersion": "v1", "items": 5}', "the items of a List are not a list"),
        (
            b'{"kind": "PodList", "apiVersion": "v1", "items": {}}',
            "the items of a PodList are not a list",
        ),
        (b"kind: Table\napiVersion: meta.k8s.io/v1", "the file holds a table for people"),
        (
            b'{"kind": "Status", "apiVersion": "v1", "message": "pods is\\nforbidden"}',
            "the file holds an error of the API server: pods is forbidden",
        ),
        (b'{"kind": "Status", "apiVersion": "v1"}', "the file holds an error of the API server"),
    ],
)
def test_what_is_no_dump_is_told_in_one_line(data: bytes, message: str) -> None:
    """Whatever cannot be read ends in one clear line, never in a traceback or an empty result."""
    with pytest.raises(DumpError) as caught:
        read_dump(data)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
