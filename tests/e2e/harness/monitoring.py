"""Prometheus and Alertmanager as processes on loopback, and the few API calls that tests need."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.harness.control_plane import find_binary
from tests.e2e.harness.processes import LOOPBACK, Process, choose_port
from tests.e2e.harness.samples import Samples, parse_samples
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request

_START_SECONDS = 60.0


class _Server:
    """A process with a health page; subclasses know its arguments and its API."""

    def __init__(self, name: str, folder: Path, flags: Sequence[str | Path]) -> None:
        self.folder = folder
        self.process = Process(name, [find_binary(name), *flags], log_folder=folder)
        self.url = f"http://{LOOPBACK}:{self.port}"

    port: int

    def __enter__(self) -> Self:
        self.process.start()

        def is_ready() -> bool:
            self.process.check_running()
            return bool(send_request(f"{self.url}/-/ready"))

        wait_until(f"{self.process.name} is ready", is_ready, deadline=_START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.stop()

    def _read(self, path: str) -> Any:
        """Return the decoded JSON at a path of the server's API."""
        return json.loads(send_request(self.url + path))


class Prometheus(_Server):
    """A Prometheus with the given scrape configuration and rules, data in `folder`.

    `targets` maps a job name to addresses (host:port). `rules` are rule files, `alertmanagers`
    addresses, `jobs` are further ones as its
    configuration has them; `interval` is the scrape and evaluation interval in its notation.
    """

    def __init__(
        self,
        folder: Path,
        *,
        targets: Mapping[str, Sequence[str]],
        jobs: Sequence[Mapping[str, Any]] = (),
        interval: str = "1s",
        rules: Sequence[Path] = (),
        alertmanagers: Sequence[str] = (),
    ) -> None:
        self.port = choose_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "prometheus.json"
        document = {
            "global": {"scrape_interval": interval, "evaluation_interval": interval},
            "scrape_configs": [
                {
                    "job_name": job,
                    "honor_labels": True,
                    "static_configs": [{"targets": list(addresses)}],
                }
                for job, addresses in targets.items()
            ]
            + [dict(job) for job in jobs],
            "rule_files": [str(path) for path in rules],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]
                if alertmanagers
                else []
            },
        }
        config.write_text(json.dumps(document, indent=2), encoding="utf-8")
        super().__init__(
            "prometheus",
            folder,
            [
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                "--log.format=json",
            ],
        )

    def query(self, expression: str) -> list[Any]:
        """Evaluate an instant query now; return the list of results (`metric`, `value`)."""
        encoded = urllib.parse.urlencode({"query": expression})
        answer = self._read(f"/api/v1/query?{encoded}")
        assert answer["status"] == "success", answer
        result: list[Any] = answer["data"]["result"]
        return result

    def query_value(self, expression: str) -> float | None:
        """Return the value of a query with at most one result, or None when it has none."""
        result = self.query(expression)
        assert len(result) <= 1, f"{expression} has {len(result)} results"
        return float(result[0]["value"][1]) if result else None

    def list_targets(self) -> list[Any]:
        """Return the active targets with their last error."""
        targets: list[Any] = self._read("/api/v1/targets")["data"]["activeTargets"]
        return targets

    def list_alerts(self) -> list[Any]:
        """Return the alerts that are pending or firing."""
        alerts: list[Any] = self._read("/api/v1/alerts")["data"]["alerts"]
        return alerts

    def read_own_metrics(self) -> Samples:
        """Return what Prometheus says of itself at /metrics."""
        return parse_samples(send_request(f"{self.url}/metrics").decode())

    def read_errors(self) -> list[str]:
        """Return the lines of its log that are warnings or errors."""
        marks = ('"level":"WARN"', '"level":"ERROR"')
        return [
            line
            for line in self.process.read_log().splitlines()
            if any(mark in line for mark in marks)
        ]


class Alertmanager(_Server):
    """An Alertmanager with a configuration document (its own YAML, as a mapping or a file)."""

    def __init__(self, folder: Path, config: Mapping[str, Any] | Path) -> None:
        self.port = choose_port()
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(config, Path):
            path = config
        else:
            path = folder / "alertmanager.json"
            path.write_text(json.dumps(config), encoding="utf-8")
        super().__init__(
            "alertmanager",
            folder,
            [
                f"--config.file={path}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                "--cluster.listen-address=",  # alone: it opens no port to others
            ],
        )

    @property
    def address(self) -> str:
        """What Prometheus is told: host and port."""
        return f"{LOOPBACK}:{self.port}"

    def list_alerts(self) -> list[Any]:
        """Return all alerts with their status (state, inhibitedBy, silencedBy)."""
        alerts: list[Any] = self._read("/api/v2/alerts")
        return alerts

    def post_alerts(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Send alerts as Prometheus would."""
        send_request(f"{self.url}/api/v2/alerts", method="POST", body=list(alerts))
