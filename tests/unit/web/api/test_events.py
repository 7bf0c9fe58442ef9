from __future__ import annotations

import json

import msgspec

from exporter.model import Reason, ServiceKey
from exporter.web.api.events import render_changes, render_status
from tests.unit.web.sites import report, site

A, B = ServiceKey("a", "one"), ServiceKey("a", "two")


def test_changed_and_gone_are_told_once() -> None:
    """What changed comes with its item, what went with its name; what is as it was not at all."""
    shown = site([report("a", "one")])
    data, revision = render_changes(shown, {A, B}, 0)
    said = json.loads(data)
    assert [item["service"] for item in said["changed"]] == ["one"]
    assert said["gone"] == [{"namespace": "a", "service": "two"}]
    assert render_changes(shown, {A}, revision) == (b"", revision)


def test_a_report_that_says_the_same_is_no_change() -> None:
    """A Service is looked at again every few seconds; only what shows is told."""
    shown = site([report("a", "one")])
    _, revision = render_changes(shown, {A}, 0)
    snapshot = shown.snapshot()
    for said, told in (
        (report("a", "one"), False),
        (report("a", "one", ready=0, reason=Reason.NO_ENDPOINTS), True),
    ):
        known = {said.key: said}
        later = msgspec.structs.replace(
            shown,
            snapshot=lambda known=known: msgspec.structs.replace(snapshot, reports=known),
        )
        data, revision = render_changes(later, {A}, revision)
        assert bool(data) is told


def test_status_says_how_old_it_is() -> None:
    """The event for those who only listen."""
    assert json.loads(render_status(site()))["stale"] is False
