"""The demo as a process: a simulated cluster and the exporter that follows it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.harness.exporter import make_environment
from tests.e2e.harness.processes import LOOPBACK, Process
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request


def run_demo(folder: Path, name: str, words: Sequence[str], port: int) -> Process:
    """The simulated cluster and the exporter that follows it, as one process."""
    address = f"--web.listen-address={LOOPBACK}:{port}"
    command = [sys.executable, "-m", "exporter", "demo", *words, address, "--log.format=json"]
    return Process(name, command, log_folder=folder, environment=make_environment(folder))


def wait_for_readiness(process: Process, port: int) -> None:
    """Wait until the exporter of a demo has read everything."""

    def is_ready() -> bool:
        process.check_running()
        return bool(send_request(f"http://{LOOPBACK}:{port}/readyz"))

    wait_until(f"{process.name} is ready", is_ready, deadline=150)
