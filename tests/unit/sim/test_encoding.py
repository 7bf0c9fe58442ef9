from __future__ import annotations

import json

from exporter.sim.encoding import (
    at_version,
    encode_bookmark,
    encode_event,
    encode_item,
    encode_list,
    whole_object,
)
from exporter.sim.resources import resource_named

_SERVICE = resource_named("services")
_SLICE = resource_named("endpointslices")
_ROUTE = resource_named("httproutes")


def test_items_have_metadata_first_and_no_kind() -> None:
    """An element of a typed list begins with metadata, whose fields stand as in the Go type."""
    item = encode_item(
        _SERVICE,
        {
            "apiVersion": "v1",
            "spec": {"type": "ClusterIP"},
            "kind": "Service",
            "metadata": {
                "labels": {"a": "b"},
                "resourceVersion": "7",
                "namespace": "d",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "uid": "u",
                "name": "s",
            },
        },
    )
    assert item == (
        b'{"metadata":{"name":"s","namespace":"d","uid":"u","resourceVersion":"7",'
        b'"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"a":"b"}},'
        b'"spec":{"type":"ClusterIP"}}'
    )
    assert whole_object(_SERVICE, item).startswith(b'{"kind":"Service","apiVersion":"v1","metadata')


def test_empty_lists_of_a_slice_are_null() -> None:
    """None is printed as null, as the API server prints the lists of a placeholder slice."""
    metadata = {"name": "s-1", "namespace": "d", "resourceVersion": "7"}
    item = encode_item(
        _SLICE,
        {"metadata": metadata, "addressType": "IPv4", "endpoints": None, "ports": None},
    )
    assert item.endswith(b'"addressType":"IPv4","endpoints":null,"ports":null}')


def test_html_characters_are_escaped_as_go_does() -> None:
    """The characters <, > and & and the two line separators never appear raw; others stay UTF-8."""
    metadata = {"name": "s", "namespace": "d", "annotations": {"a": "<&>\u2028\u2029é\u0085"}}
    item = encode_item(_SERVICE, {"metadata": metadata})
    assert b'"\\u003c\\u0026\\u003e\\u2028\\u2029' + "é\u0085".encode() in item
    assert json.loads(item)["metadata"]["annotations"]["a"] == "<&>\u2028\u2029é\u0085"


def test_custom_resources_are_printed_from_a_map() -> None:
    """Items of a CRD's list carry kind and apiVersion, and keys are sorted."""
    item = encode_item(_ROUTE, {"metadata": {"name": "r", "namespace": "d"}, "spec": {}})
    assert item == (
        b'{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",'
        b'"metadata":{"name":"r","namespace":"d"},"spec":{}}'
    )
    body = encode_list(_ROUTE, [item], 9, "", None)
    assert body.startswith(b'{"apiVersion":"gateway.networking.k8s.io/v1","items":[{"apiVersion"')
    assert whole_object(_ROUTE, item) == item


def test_lists_have_their_metadata_before_their_items() -> None:
    """A page says its version, how to go on and how much is left, in this order."""
    assert encode_list(_SERVICE, [b'{"metadata":{}}'], 12, "abc", 3) == (
        b'{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"12",'
        b'"continue":"abc","remainingItemCount":3},"items":[{"metadata":{}}]}\n'
    )
    assert encode_list(_SLICE, [], 12, "", 3) == (
        b'{"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1",'
        b'"metadata":{"resourceVersion":"12"},"items":[]}\n'
    )


def test_bookmarks_carry_an_empty_object_of_the_kind() -> None:
    """A bookmark has a version and what Go prints of an empty object; the special one says so."""
    assert encode_bookmark(_SLICE, 5) == (
        b'{"type":"BOOKMARK","object":{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1",'
        b'"metadata":{"resourceVersion":"5"},"addressType":"","endpoints":null,"ports":null}}\n'
    )
    assert b'"annotations":{"k8s.io/initial-events-end":"true"}' in encode_bookmark(
        _SERVICE, 5, initial_events_end=True
    )


def test_only_the_objects_own_version_is_changed() -> None:
    """Another number in the same form further back stays as it is."""
    item = b'{"metadata":{"name":"s","resourceVersion":"7","annotations":{"x":""}},"a":'
    item += b'{"resourceVersion":"7"}}'
    changed = at_version(item, 7, 12)
    assert changed.count(b'"resourceVersion":"12"') == 1
    assert changed.endswith(b'"a":{"resourceVersion":"7"}}')


def test_frames_end_with_one_newline() -> None:
    """An event is one JSON value and one newline byte."""
    frame = encode_event("ADDED", b'{"kind":"Service"}')
    assert frame == b'{"type":"ADDED","object":{"kind":"Service"}}\n'
