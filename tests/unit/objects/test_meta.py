from __future__ import annotations

import msgspec
import pytest

from exporter.objects import meta
from exporter.objects.meta import WireMeta, intern_labels, keep_annotations, parse_time


@pytest.mark.parametrize(
    "text,seconds",
    [
        ("2023-11-14T22:13:20Z", 1700000000.0),
        ("2023-11-14T22:13:20.5Z", 1700000000.5),
        ("2023-11-14T22:13:20.123456789Z", 1700000000.123456),
        ("2023-11-14T22:13:20.1Z", 1700000000.1),
        ("2023-11-14T23:13:20+01:00", 1700000000.0),
    ],
)
def test_times_are_read_to_the_microsecond(text: str, seconds: float) -> None:
    """RFC 3339 with up to nine digits of a second and any offset becomes seconds of the epoch."""
    assert parse_time(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "0001-01-01T00:00:00Z",
        "2023-11-14T22:13:20",
        "2023-11-14",
        "2023-13-14T22:13:20Z",
        "2023-11-14T25:13:20Z",
        "9999-12-31T23:59:59-23:59" * 2,
        "1699999999",
        "2023-11-14T22:13:20.\u0661Z",
    ],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    """Nothing, nonsense, Go's zero time and times without an offset are all unknown."""
    assert parse_time(text) is None


def test_the_last_write_is_the_newest_of_the_managed_fields() -> None:
    """Of several managers the latest time counts, and entries without a time don't."""
    meta = msgspec.json.decode(
        b"""{"name": "s", "managedFields": [
            {"manager": "kubectl", "time": "2023-11-14T22:13:20Z"},
            {"manager": "kube-controller-manager", "time": "2023-11-14T22:14:20Z"},
            {"manager": "old", "time": null}, {"manager": "older"}]}""",
        type=WireMeta,
    )
    assert meta.written() == 1700000060.0


@pytest.mark.parametrize(
    "fields",
    [b"", b', "managedFields": null', b', "managedFields": []', b', "managedFields": [{}]'],
)
def test_without_managed_fields_the_last_write_is_unknown(fields: bytes) -> None:
    """Objects whose managed fields were stripped don't say when they were written."""
    meta = msgspec.json.decode(b'{"name": "s"' + fields + b"}", type=WireMeta)
    assert meta.written() is None


def test_the_copy_of_the_object_in_its_annotations_is_dropped() -> None:
    """The last-applied annotation is not kept, the others are; null and absent are {}."""
    kept = keep_annotations(
        {"kubectl.kubernetes.io/last-applied-configuration": "{}", "owner": "team-a"}
    )
    assert kept == {"owner": "team-a"}
    assert keep_annotations(None) == {}


def test_labels_share_their_texts() -> None:
    """Equal keys and values of different objects are one object in memory; null is {}."""
    one = intern_labels({str(b"app", "ascii"): str(b"web", "ascii")})
    other = intern_labels({str(b"app", "ascii"): str(b"web", "ascii")})
    [(key, value)], [(same_key, same_value)] = one.items(), other.items()
    assert (key, value) == ("app", "web")
    assert key is same_key
    assert value is same_value
    assert intern_labels(None) == {}


def test_times_read_lately_are_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods of a rollout share the number; the table is bounded, by entries and by their length."""
    monkeypatch.setattr(meta, "_TIMES", {})
    monkeypatch.setattr(meta, "_MOST_TIMES", 2)
    first = parse_time("2026-01-01T00:00:00Z")
    assert parse_time("2026-01-01T00:00:00Z") is first
    assert parse_time("nonsense") is parse_time("nonsense") is None
    assert parse_time("2026-01-01T00:00:01Z") == 1_767_225_601.0
    assert set(meta._TIMES) == {"2026-01-01T00:00:01Z"}
    assert parse_time("2026-01-01T00:00:00." + "0" * 40 + "Z") == first
    assert set(meta._TIMES) == {"2026-01-01T00:00:01Z"}
