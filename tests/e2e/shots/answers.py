"""What a real Prometheus says to each query of a board, over the demo's cluster.

The exporter follows the simulated cluster of `make demo`; Prometheus scrapes it and evaluates the
rules of `alerts/` until there is something to see. Draws nothing.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.demo import run_demo, wait_for_readiness
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK, choose_port
from tests.e2e.harness.web import send_request

BOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((REPOSITORY / "alerts").glob("*.rules.yaml"))
_SLO = "endpoints-exporter.io/slo"
#: What is chosen on the boards of one namespace or Service; elsewhere everything.
CHOSEN = {
    "kube-endpoints-namespace": {"namespace": "payments"},
    "kube-endpoints-service": {"namespace": "payments", "service": "entry"},
}
_SCRAPES = 2


@contextmanager
def watched(folder: Path, seconds: int) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the exporter of the demo for so many seconds."""
    port = choose_port()
    with ExitStack() as exits:
        words = (f"--annotations-allowlist={_SLO}",)
        demo = exits.enter_context(run_demo(folder, "demo", words, port))
        wait_for_readiness(demo, port)
        targets = {"kube-endpoints-exporter": [f"{LOOPBACK}:{port}"]}
        running = exits.enter_context(
            Prometheus(folder, targets=targets, rules=RULES, interval=f"{_SCRAPES}s")
        )
        time.sleep(seconds)
        demo.check_running()
        yield running


def answer(prometheus: Prometheus, board: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """The results of all queries of a board by panel and target, and the time they are of."""
    now = int(time.time())
    found = {
        f"{panel['id']} {target['refId']}": _ask(prometheus, board, panel, target, now, seconds)
        for panel in board["panels"]
        for target in panel.get("targets", ())
    }
    return {"results": found, "from": (now - seconds) * 1000, "to": now * 1000}


def _ask(
    prometheus: Prometheus,
    board: Mapping[str, Any],
    panel: Mapping[str, Any],
    target: Mapping[str, Any],
    now: int,
    seconds: int,
) -> list[Any]:
    step = max(_SCRAPES, seconds // panel.get("maxDataPoints", seconds))
    values = {
        "__rate_interval": f"{4 * _SCRAPES}s",
        "__interval": f"{step}s",
        "__range_s": str(seconds),
        "__range": f"{seconds}s",
        **CHOSEN.get(board["uid"], {}),
    }
    text = re.sub(r"\$(\w+)", lambda found: values.get(found[1], ".*"), target["expr"])
    # Grafana asks all queries of a table for the same moment: its rows join by the time too.
    parameters = {"query": text, "time": str(now)}
    path = "query"
    if not target["instant"]:
        path = "query_range"
        times = {"start": now - seconds, "end": now, "step": step}
        parameters = {"query": text} | {name: str(value) for name, value in times.items()}
    url = f"{prometheus.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    reply = json.loads(send_request(url))
    assert reply["status"] == "success", reply
    series: list[Any] = reply["data"]["result"]
    return series
