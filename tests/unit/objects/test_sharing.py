"""Names and addresses that slices and Pods have in common are held once, while all are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exporter.objects import sharing
from tests.unit.apiserver import decode, endpoint, pod, slice_of

NAME = "web-7c9d8b6f5-x2x4z"


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    sharing.end_sharing()


def read() -> tuple[Any, Any]:
    """A Pod and the endpoint that names it, each out of bytes of its own."""
    entry = endpoint("10.0.0.1", targetRef={"kind": "Pod", "name": NAME})
    found: Any = decode(slice_of(entry))
    return decode(pod(NAME, "10.0.0.1")), found.endpoints[0]


def test_what_is_read_at_first_shares_its_texts() -> None:
    """The same objects, whichever comes first; they stay so when the table is gone."""
    sharing.begin_sharing()
    one, entry = read()
    _, another = read()
    sharing.end_sharing()
    assert one.name is entry.pod
    assert one.ip is entry.address
    assert another.pod is entry.pod


def test_nothing_is_shared_later() -> None:
    """A table for good would cost as much as it saves."""
    one, entry = read()
    assert one.name is not entry.pod
    assert (one.name, one.ip) == (entry.pod, entry.address)


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it is shared on; nothing more is put in."""
    monkeypatch.setattr(sharing, "MOST", 1)
    sharing.begin_sharing()
    first = sharing.share(b"ab".decode())
    assert sharing.share(b"ab".decode()) is first
    other = b"cd".decode()
    assert sharing.share(other) is other
    assert sharing.share(b"cd".decode()) is not other
