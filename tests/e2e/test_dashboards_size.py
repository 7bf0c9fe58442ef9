"""What the boards cost where there are 10,000 Services, and what they say when all is silent.

Samples a query reads are told by a real Prometheus for one point; a panel asks for as many points
as it has pixels, or fewer where it says so. What a query asks `@ end()` is read once and counted at
every point here: the real cost is lower.
"""

from __future__ import annotations

import json
import math
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.backfill import RANGE, REPLICAS, SCRAPES, write_blocks
from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.web import send_request

BOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
#: How many samples one load of a board may read, over six hours on a screen of 1,600 pixels.
BUDGET = 10_000_000
SCREEN = 1600
COLUMNS = 24
#: A Prometheus refuses a query that holds more samples at a time than this by default.
LARGEST = 50_000_000
SILENCE = 600
#: What a link to the drill-down chooses; elsewhere everything is chosen.
ONE = {"namespace": "team-0", "service": "service-0"}


class Cost(msgspec.Struct, frozen=True):
    """What one query of a panel reads."""

    panel: str
    samples: int
    points: int

    @property
    def total(self) -> int:
        """Samples of one load."""
        return self.samples * self.points


@pytest.fixture(scope="module")
def end() -> int:
    """When the exporter was heard last: ten minutes ago."""
    return int(time.time()) // SCRAPES * SCRAPES - SILENCE


# Under this name it also stands in for the Prometheus of the whole run, which is not needed here.
@pytest.fixture(scope="module", autouse=True)
def prometheus(tmp_path_factory: pytest.TempPathFactory, end: int) -> Iterator[Prometheus]:
    """A Prometheus that once knew 10,000 Services, from two replicas, and scrapes nothing now."""
    folder = tmp_path_factory.mktemp("large")
    write_blocks(folder, end, replicas=len(REPLICAS))
    with Prometheus(folder, targets={}) as running:
        yield running


def ask(prometheus: Prometheus, expression: str, moment: int) -> tuple[list[Any], int]:
    """The result of a query at a moment, and how many samples it read."""
    parameters = {"query": expression, "time": str(moment), "stats": "all"}
    url = f"{prometheus.url}/api/v1/query?{urllib.parse.urlencode(parameters)}"
    answer = json.loads(send_request(url, deadline=60))
    assert answer["status"] == "success", answer
    data = answer["data"]
    return data["result"], data["stats"]["samples"]["totalQueryableSamples"]


def fill(text: str, board: Any, interval: int) -> str:
    """A query as Grafana sends it when a board is opened."""
    single = not all(one.get("includeAll", True) for one in board["templating"]["list"][1:])
    values = {
        "$__rate_interval": f"{max(interval + SCRAPES, 4 * SCRAPES)}s",
        "$__interval": f"{interval}s",
        "$__range_s": str(RANGE),
        "$__range": f"{RANGE}s",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    for name in ("cluster", "namespace", "service", "job", "instance"):
        text = text.replace(f"${name}", ONE.get(name, ".*") if single else ".*")
    return text


def measure(prometheus: Prometheus, board: Any, moment: int) -> list[Cost]:
    """What each query of a board costs, annotations that are shown included."""
    found = []
    for panel in board["panels"]:
        pixels = panel["gridPos"]["w"] * SCREEN // COLUMNS
        wanted = panel.get("maxDataPoints") or pixels
        interval = max(SCRAPES, math.ceil(RANGE / wanted))
        for target in panel.get("targets", ()):
            points = 1 if target["instant"] else RANGE // interval + 1
            _, samples = ask(prometheus, fill(target["expr"], board, interval), moment)
            found.append(Cost(f"{panel['title']} {target['refId']}", samples, points))
    for annotation in board["annotations"].get("list", ()):
        if annotation["enable"]:
            _, samples = ask(prometheus, fill(annotation["expr"], board, 60), moment)
            found.append(Cost(annotation["name"], samples, RANGE // 60 + 1))
    return found


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_load_of_a_board_reads_few_samples(
    prometheus: Prometheus, end: int, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No board reads more than ten million samples; the costliest queries are printed."""
    costs = measure(prometheus, json.loads(path.read_text(encoding="utf-8")), end)
    total = sum(cost.total for cost in costs)
    worst = sorted(costs, key=lambda cost: -cost.total)[:5]
    with capsys.disabled():
        print(f"\n{path.stem}: {total:,} samples a load, {len(costs)} queries")
        for cost in worst:
            print(f"  {cost.total:>12,} = {cost.samples:>9,} x {cost.points:<5} {cost.panel}")
    assert total <= BUDGET
    assert max(cost.samples for cost in costs) < LARGEST


def list_numbers(path: Path) -> list[tuple[str, str]]:
    """Where it stands and the query of each single number of a board."""
    board = json.loads(path.read_text(encoding="utf-8"))
    return [
        (f"{panel['title']} {target['refId']}", fill(target["expr"], board, SCRAPES))
        for panel in board["panels"]
        if panel["type"] in ("stat", "bargauge")
        for target in panel["targets"]
    ]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_an_exporter_that_was_stopped_empties_every_number(
    prometheus: Prometheus, end: int, path: Path
) -> None:
    """Ten minutes after the last sample no number is shown, and before that every one was."""
    numbers = list_numbers(path)
    before = {title for title, text in numbers if ask(prometheus, text, end)[0]}
    after = {title for title, text in numbers if ask(prometheus, text, end + SILENCE)[0]}
    assert before == set(dict(numbers))
    assert after == set()


def test_a_number_that_outlives_its_exporter_would_be_seen(
    prometheus: Prometheus, end: int
) -> None:
    """Asked for over the shown time, as once, the number of Services would stand for hours."""
    now = end + SILENCE
    known = "max by (namespace, service) (last_over_time(k8s_service_info[6h]))"
    result, _ = ask(prometheus, f"count({known})", now)
    assert [one["value"][1] for one in result] == ["10000"]
