"""All surfaces say the same of any cluster: explain, check, get, page, API and metrics.

Each is asked through the function that serves it; none may decide anything by itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import event, given
from hypothesis import strategies as st

from exporter.cli import offline
from exporter.cli.check import check, counts
from exporter.cli.documents import describe
from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered
from exporter.cli.rows import NARROW_HEAD, narrow_row
from exporter.config import Settings
from exporter.explaining.explain import Explanation, render_text
from exporter.model import STANDING_VALUES, ServiceKey, ServiceReport, Standing
from exporter.web import Desk, Request, Site, respond
from tests.property.crowds import CROWD, READABLE, unique, write_dump
from tests.unit.apiserver import NOW, Json, lines_of, replaces, resource_of, state_of
from tests.unit.web.sites import NoStreams

QUIET = (Standing.READY, Standing.INTENDED)
CLUSTERS = st.tuples(CROWD.map(unique), READABLE)


def gathered_of(objects: list[Json], readable: tuple[str, ...], later: float = 0.0) -> Gathered:
    """A state that has listed what can be read, looked at once or again after a while."""
    held = [found for found in objects if resource_of(found) in readable]
    state = state_of(*held, read=readable)
    if later:
        for change in replaces(held, *readable):
            state.deliver(change)
        state.touch(state.growing(NOW + later))
        state.settle(NOW + later)
    return Gathered(state, NOW + later, ())


def told(gathered: Gathered) -> list[tuple[ServiceReport, Explanation]]:
    """What explain says of each Service."""
    found = [explain_service(gathered, report.key) for report in gathered.reports()]
    return [pair for pair in found if pair is not None]


def codes(report: ServiceReport) -> list[str]:
    """The findings on a Service."""
    return [str(found.code) for found in report.judgement.findings]


def site_of(gathered: Gathered) -> Site:
    """The page and the API over a state."""
    state = gathered.state
    return Site(
        version="1",
        exposition=state.exposition,
        snapshot=lambda: state.snapshot((), gathered.now),
        own_metrics=lambda *_: b"",
        own_families=(),
        view=state.view,
        pods=state.cluster.pods,
        transitions=state.transitions.of,
        asset=lambda _name: None,
        streams=NoStreams(),
        desk=Desk("x"),
    )


def ask(site: Site, path: str) -> bytes:
    """The body that is served at a path."""
    response = respond(Request("GET", path), site)
    assert response.status == 200
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


@given(CLUSTERS, st.sampled_from([0.0, 90.0, 900.0]))
def test_nothing_to_do_is_said_where_nothing_is(cluster: Any, later: float) -> None:
    """If and only if a Service is ready or meant to be empty, and there is no finding."""
    gathered = gathered_of(cluster[0], cluster[1], later)
    for report, said in told(gathered):
        quiet = report.judgement.standing in QUIET and not report.judgement.findings
        event(f"{report.judgement.standing}, {'no ' if not codes(report) else ''}findings")
        text = render_text(said)
        assert ("Nothing to do" in text) is quiet
        assert ("Nothing to do" in said.fix) is quiet
        assert said.fine is quiet


@given(CLUSTERS, st.sampled_from([0.0, 90.0, 900.0]))
def test_trouble_is_told_with_a_reason_or_a_finding(cluster: Any, later: float) -> None:
    """Pods and failures stand in the evidence of a reason alone; each finding shows its own."""
    trouble = re.compile(r"^(Pod |near miss|targetPort |.* can't make them|annotation )")
    for report, said in told(gathered_of(cluster[0], cluster[1], later)):
        if report.reason is None:
            assert [line for line in said.evidence if trouble.match(line)] == []
        assert [one.code for one in said.findings] == codes(report)
        for one in said.findings:
            assert one.message.endswith(".")
            assert one.fix
            assert 1 <= len(one.evidence) <= 6
            event(str(one.code))
        assert said.fix
        text = render_text(said)
        assert text.isprintable() or all(line.isprintable() for line in text.splitlines())
        assert len(text.splitlines()) <= 100
        assert max(map(len, text.splitlines())) <= 200


@given(CLUSTERS, st.sampled_from([0.0, 90.0, 900.0]))
def test_all_surfaces_say_the_same(cluster: Any, later: float) -> None:
    """Standing, reason and findings: explain, check, get, API, page and metrics agree."""
    gathered = gathered_of(cluster[0], cluster[1], later)
    state, site = gathered.state, site_of(gathered)
    listed = json.loads(ask(site, "/api/v1/services"))["items"]
    items = {ServiceKey(one["namespace"], one["service"]): one for one in listed}
    standings = set(lines_of(state, "k8s_service_endpoints_standing"))
    findings = set(lines_of(state, "k8s_service_endpoints_finding"))
    problems = {(one.namespace, one.service): one for one in check(gathered).problems}
    assert set(items) == set(state.reports)
    for report, said in told(gathered):
        standing, key = report.judgement.standing, report.key
        labels = f'{{namespace="{key.namespace}",service="{key.name}"'
        assert said.standing is standing
        assert (key in problems) is (not report.judgement.fine) is counts(report, strict=False)
        item = items[key]
        assert (item["standing"], item["state"], item["reason"]) == (
            standing,
            standing,
            report.reason,
        )
        assert [note["code"] for note in item["findings"]] == codes(report)
        detail = json.loads(ask(site, f"/api/v1/services/{key}"))
        assert (detail["standing"], detail["reason"]) == (standing, report.reason)
        assert [one["code"] for one in detail["findings"]] == codes(report)
        assert (detail["message"], detail["fix"]) == (said.message, said.fix)
        assert detail["evidence"] == list(said.evidence)
        page = ask(site, f"/services/{key}").decode()
        assert f'class="verdict {standing}"' in page
        assert re.findall(r"<h3>(\w+) ", page) == codes(report)
        document = describe(report, state.view(key))
        assert (document.standing, document.reason) == (standing, report.reason)
        row = dict(zip(NARROW_HEAD, narrow_row(report, gathered.now), strict=True))
        assert row["STANDING"].text == standing
        assert f"{labels}}} {STANDING_VALUES[standing]}" in standings
        own = {line for line in findings if line.startswith(f"{labels},")}
        # What its owner has ignored is in no alert: its findings are not exported.
        exported = [] if report.ignored else codes(report)
        assert own == {f'{labels},finding="{code}"}} 1' for code in exported}


@given(CLUSTERS)
def test_a_dump_of_the_state_is_told_as_the_state_is(cluster: Any) -> None:
    """Whoever saves what kubectl prints and asks the command line reads what the page shows."""
    objects, readable = cluster
    live = gathered_of(objects, readable)
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": write_dump(*cluster)})
    dumped = gather_dump(document)
    assert set(dumped.state.reports) == set(live.state.reports)
    for report, said in told(live):
        other = explain_service(dumped, report.key)
        assert other is not None
        assert other[1].answer() == said.answer()
        assert other[0].judgement == report.judgement


def gather_dump(text: str) -> Gathered:
    """What the command line makes of a file."""
    with (
        patch.object(offline, "time", SimpleNamespace(time=lambda: NOW)),
        TemporaryDirectory() as folder,
    ):
        path = Path(folder, "dump.json")
        path.write_text(text, encoding="utf-8")
        return offline.gather_offline(Settings(), (str(path),), budgets=False, exposed=False)
