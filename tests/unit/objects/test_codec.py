from __future__ import annotations

import msgspec
import pytest

from exporter.objects.codec import (
    Event,
    Status,
    StatusCause,
    decode_event,
    decode_object,
    decode_status,
)
from exporter.objects.meta import DecodeError, Rejected
from exporter.objects.resources import ENDPOINTS, RESOURCES, SERVICES, SLICES
from exporter.objects.services import Service
from tests.unit.apiserver import Json, service, slice_of

# ── single objects ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_metadata_alone_is_an_object_or_rejected(resource: object) -> None:
    """Every resource takes an object with little in it; one without a name is never kept."""
    name = resource.name  # type: ignore[attr-defined]
    found = decode_object(RESOURCES[name], b'{"metadata": {"name": "x", "namespace": "d"}}')
    assert found.name == "x"
    nameless = decode_object(RESOURCES[name], b'{"metadata": {}, "addressType": "IPv4"}')
    assert isinstance(nameless, Rejected)
    assert nameless.name == ""


@pytest.mark.parametrize(
    "spoilt",
    [
        {"addressType": None},
        {"addressType": 4},
        {"endpoints": {}},
        {"endpoints": [7]},
        {"endpoints": [{"addresses": "10.0.0.1"}]},
        {"endpoints": [{"addresses": [1]}]},
        {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": "yes"}}]},
        {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": []}]},
        {"ports": [{"port": "http"}]},
        {"ports": [{"port": 80.5}]},
    ],
)
def test_a_wrong_type_is_rejected_with_what_is_known(spoilt: Json) -> None:
    """What can't be decoded says which object it is and which Service it speaks of."""
    found = decode_object(SLICES, msgspec.json.encode(slice_of(**spoilt)))
    assert isinstance(found, Rejected)
    assert (found.resource, found.namespace, found.name, found.service) == (
        "endpointslices",
        "d",
        "s-1",
        "s",
    )
    assert found.why


@pytest.mark.parametrize(
    "raw,expected",
    [
        (b"[]", ("", "", "")),
        (b"null", ("", "", "")),
        (b"7", ("", "", "")),
        (b'"text"', ("", "", "")),
        (b"{}", ("", "", "")),
        (b'{"metadata": null}', ("", "", "")),
        (b'{"metadata": []}', ("", "", "")),
        (b'{"metadata": {"name": 7, "namespace": "d"}}', ("d", "", "")),
        (b'{"metadata": {"name": "x", "labels": {"a": 1}}}', ("", "x", "")),
        (b'{"metadata": {"name": "x", "labels": 1}}', ("", "x", "")),
        (
            b'{"metadata": {"name": "x", "labels": {"kubernetes.io/service-name": 1}}}',
            ("", "x", ""),
        ),
    ],
)
def test_json_of_another_shape_is_rejected(raw: bytes, expected: tuple[str, str, str]) -> None:
    """Whatever JSON it is, the result names as much as can be told and is no error."""
    found = decode_object(SLICES, raw)
    assert isinstance(found, Rejected)
    assert (found.namespace, found.name, found.service) == expected


def test_a_broken_service_or_endpoints_object_speaks_of_the_service_of_its_name() -> None:
    """Only slices name their Service by a label."""
    raw = b'{"metadata": {"name": "s", "namespace": "d"}, "spec": 7, "subsets": 7}'
    for resource in (SERVICES, ENDPOINTS):
        found = decode_object(resource, raw)
        assert isinstance(found, Rejected)
        assert (found.resource, found.service) == (resource.name, "s")


@pytest.mark.parametrize(
    "inside",
    [b'"spec": 1' + b"0" * 5000, b'"spec": 1e999', b'"spec": "\xff"'],
    ids=["huge integer", "huge float", "not UTF-8"],
)
def test_a_value_that_python_cannot_hold_is_one_broken_object(inside: bytes) -> None:
    """A number beyond all bounds is JSON: its object is rejected by name, nothing else suffers."""
    raw = b'{"metadata": {"name": "s", "namespace": "d"}, ' + inside + b"}"
    found = decode_object(SERVICES, raw)
    assert isinstance(found, Rejected)
    assert (found.namespace, found.name, found.service) == ("d", "s", "s")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b'{"metadata": {"name": "s"}',
        b'{"metadata": {"name": "s"}}}',
        b'{"metadata": {"name": "s"}} {}',
        b"Too many requests",
        b"\x00",
        b"[" * 100_000,
        b'{"a": ' * 100_000,
    ],
)
def test_what_is_no_json_is_a_decode_error(raw: bytes) -> None:
    """Half an object, two objects, plain text and endless nesting raise our error alone."""
    with pytest.raises(DecodeError, match="not JSON"):
        decode_object(SERVICES, raw)


# ── watch events ─────────────────────────────────────────────────────────────────────────────


def frame(kind: str, found: object) -> bytes:
    """One line of a watch."""
    return msgspec.json.encode({"type": kind, "object": found}) + b"\n"


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
def test_events_bring_their_object(kind: str) -> None:
    """The object is decoded, and its version is where the watch goes on."""
    event = decode_event(SERVICES, frame(kind, service(metadata={"resourceVersion": "9"})))
    assert event.type == kind
    assert isinstance(event.object, Service)
    assert (event.object.name, event.resource_version) == ("s", "9")


def test_an_event_with_a_broken_object_still_has_its_version() -> None:
    """The watch goes on from the version of an object that can't be decoded."""
    event = decode_event(
        SLICES, frame("MODIFIED", slice_of(endpoints=7, metadata={"resourceVersion": "9"}))
    )
    assert isinstance(event.object, Rejected)
    assert event.resource_version == "9"


@pytest.mark.parametrize("found", [7, None, [], {}, {"metadata": 7}])
def test_an_event_with_no_object_is_rejected_without_a_version(found: object) -> None:
    """Nothing to decode is nothing to go on from."""
    event = decode_event(SLICES, frame("ADDED", found))
    assert isinstance(event.object, Rejected)
    assert event.resource_version == ""


def test_an_event_that_lacks_its_object_is_rejected() -> None:
    """A frame without `object` is like one with null."""
    assert isinstance(decode_event(SLICES, b'{"type": "ADDED"}').object, Rejected)


@pytest.mark.parametrize(
    "found,expected",
    [
        ({"metadata": {"resourceVersion": "12"}}, Event("BOOKMARK", resource_version="12")),
        (
            {"kind": "Service", "metadata": {"resourceVersion": "12"}, "spec": {"ports": None}},
            Event("BOOKMARK", resource_version="12"),
        ),
        (
            {
                "metadata": {
                    "resourceVersion": "12",
                    "annotations": {"k8s.io/initial-events-end": "true"},
                },
                "endpoints": None,
            },
            Event("BOOKMARK", resource_version="12", initial_end=True),
        ),
        (
            {
                "metadata": {
                    "resourceVersion": "12",
                    "annotations": {"k8s.io/initial-events-end": "false"},
                }
            },
            Event("BOOKMARK", resource_version="12"),
        ),
        ({"metadata": {}}, Event("BOOKMARK")),
        ({"metadata": None}, Event("BOOKMARK")),
        ({}, Event("BOOKMARK")),
    ],
)
def test_bookmarks_bring_a_version_and_no_object(found: Json, expected: Event) -> None:
    """A bookmark's otherwise empty object is never taken for data."""
    assert decode_event(SLICES, frame("BOOKMARK", found)) == expected


def test_an_error_brings_its_status() -> None:
    """Expiry arrives inside HTTP 200, as an ERROR with a Status and without a version."""
    status = {
        "kind": "Status",
        "metadata": {},
        "code": 410,
        "reason": "Expired",
        "message": "too old resource version: 1 (5)",
    }
    assert decode_event(SLICES, frame("ERROR", status)) == Event(
        "ERROR", status=Status(410, "Expired", "too old resource version: 1 (5)")
    )


@pytest.mark.parametrize("found", [None, 7, "down", {"code": "410"}])
def test_an_error_with_a_strange_status_is_an_error_still(found: object) -> None:
    """A Status that can't be read is an empty one."""
    assert decode_event(SLICES, frame("ERROR", found)) == Event("ERROR", status=Status())


def test_an_unknown_type_is_told_and_nothing_more() -> None:
    """Types of later versions are for the reader to skip."""
    assert decode_event(SLICES, frame("COMPACTED", slice_of())) == Event("COMPACTED")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b'{"type": null}',
        b'{"type": 1, "object": {}}',
        b'{"type": "ADDED", "object": {"metadata": {"name": "s"}}',
        b'{"type": "ADDED", "object": {"metadata": {"name": "s"}}}}',
        b'{"type": "BOOKMARK", "object": 7}',
        b'{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": 12}}}',
        b"Service Unavailable",
        b"\xff\xfe",
        b'{"type": "ADDED", "object": ' + b"[" * 100_000,
    ],
)
def test_a_frame_that_cannot_be_read_is_a_decode_error(line: bytes) -> None:
    """Frames of another shape, cut ones and plain text raise our error alone."""
    with pytest.raises(DecodeError):
        decode_event(SERVICES, line)


# ── error bodies ─────────────────────────────────────────────────────────────────────────────


def test_an_error_body_is_read_as_a_status() -> None:
    """Code, reason, message, causes and the time to wait come through."""
    body = b"""{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "Timeout: Too large resource version", "reason": "Timeout", "code": 504,
        "details": {"retryAfterSeconds": 1, "causes": [
            {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}}"""
    status = decode_status(body)
    assert status is not None
    assert (status.code, status.reason) == (504, "Timeout")
    assert status.details is not None
    assert status.details.retry_after_seconds == 1
    assert status.details.causes == [
        StatusCause("ResourceVersionTooLarge", "Too large resource version")
    ]


@pytest.mark.parametrize(
    "body", [b"", b"Too many requests, please try again later.\n", b"<html>", b"\xff", b"[1]"]
)
def test_an_error_body_that_is_no_status_is_none(body: bytes) -> None:
    """Overload protection and proxies answer in plain text or HTML."""
    assert decode_status(body) is None
