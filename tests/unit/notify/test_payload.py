from __future__ import annotations

import json

from exporter.notify.gathering import Gathering
from exporter.notify.payload import write_change
from tests.unit.apiserver import NOW
from tests.unit.notify.stories import DOWN, Play


def test_a_change_as_it_is_sent() -> None:
    """Every field, and times as RFC 3339 in UTC."""
    gathered = Gathering(lambda _outcome, _count: None)
    gathered.add(*Play().become(DOWN), NOW)
    (change,) = gathered.take(1)
    assert json.loads(bytes(write_change(change, "https://example.com/endpoints"))) == {
        "namespace": "d",
        "service": "s",
        "before": "ready",
        "after": "down",
        "reason": "EndpointsNotReady",
        "findings": [],
        "since": "2023-11-14T22:13:20Z",
        "ready": 0,
        "at": "2023-11-14T22:13:20Z",
        "changes": 1,
        "returned": False,
        "summary": "The Service has endpoints, but none is ready. Pods can't be read, so why is "
        "not known.",
        "url": "https://example.com/endpoints/services/d/s",
    }
    assert json.loads(bytes(write_change(change, None)))["url"] is None
