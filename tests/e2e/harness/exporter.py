"""The exporter as a process of its own, asked over HTTP and through its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.processes import LOOPBACK, Process, choose_port
from tests.e2e.harness.samples import Samples, parse_samples
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request

COMMAND = (sys.executable, "-m", "exporter")


def make_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which no setting or kubeconfig of the caller can leak in."""
    own = {name: "" for name in os.environ if name.startswith("ENDPOINTS_EXPORTER_")}
    return {
        **own,
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "none"),
        "KUBERNETES_SERVICE_HOST": "",
        "PYTHONPATH": str(REPOSITORY),
        "NO_PROXY": "*",
        "NO_COLOR": "1",
    }


def run_command(
    *arguments: str | Path, folder: Path, given: str | None = None, deadline: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run one command of the exporter to its end; keep what it prints; any status is fine."""
    return subprocess.run(
        [*COMMAND, *(str(argument) for argument in arguments)],
        input=given,
        stdin=None if given is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
        env={**os.environ, **make_environment(folder)},
    )


class Exporter:
    """`kube-endpoints-exporter run` on a free port of loopback, with a kubeconfig."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        kubeconfig: Path,
        flags: Sequence[str] = (),
        niceness: int = 0,
    ) -> None:
        self.port = choose_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.folder = folder
        self.process = Process(
            name,
            [
                *COMMAND,
                "run",
                f"--kubeconfig={kubeconfig}",
                f"--web.listen-address={LOOPBACK}:{self.port}",
                "--log.format=json",
                *flags,
            ],
            log_folder=folder,
            environment=make_environment(folder),
            niceness=niceness,
        )

    def __enter__(self) -> Self:
        self.process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.stop()

    def fetch(self, path: str, accept: str = "*/*") -> str:
        """GET a path; raises StatusError for a status of 400 and up, else OSError."""
        self.process.check_running()
        return send_request(self.url + path, headers={"Accept": accept}, deadline=15).decode()

    def read_samples(self) -> Samples:
        """Scrape /metrics and return all samples."""
        return parse_samples(self.fetch("/metrics", "text/plain;version=0.0.4"))

    def is_ready(self) -> bool:
        """Tell whether /readyz answers 200."""
        try:
            self.fetch("/readyz")
        except OSError:
            return False
        return True

    def wait_until_ready(self, deadline: float = 30.0) -> None:
        """Wait until everything readable has been synced once."""
        wait_until(f"{self.process.name} is ready", self.is_ready, deadline=deadline)
