"""The stack of compose.yaml, less Grafana, from native binaries in .tools/bin; until stopped.

Needs no container engine. Configuration is that of the compose file with names of containers
turned into ports of this machine; data lies in a temporary folder.
"""
# ruff: noqa: INP001, S603, T201 - a script: it runs what was built and prints where to look

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARIES = ROOT / ".tools" / "bin"
EXPORTER, PROMETHEUS, ALERTMANAGER = 9769, 9090, 9093


def adapt(text: str) -> str:
    """Prometheus' configuration of the compose file, for programs on this machine."""
    for name, local in (
        ("alertmanager:9093", f"127.0.0.1:{ALERTMANAGER}"),
        ("exporter:9769", f"127.0.0.1:{EXPORTER}"),
        ("/etc/prometheus/rules", str(ROOT / "alerts")),
    ):
        text = text.replace(name, local)
    return text


def list_commands(folder: Path) -> list[list[str]]:
    """What is to run: the simulated cluster with the exporter, Alertmanager, Prometheus."""
    return [
        [
            *(sys.executable, "-m", "exporter", "demo"),
            f"--web.listen-address=127.0.0.1:{EXPORTER}",
            "--annotations-allowlist=endpoints-exporter.io/slo",
        ],
        [
            str(BINARIES / "alertmanager"),
            f"--config.file={ROOT / 'alerts' / 'alertmanager.example.yaml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{ALERTMANAGER}",
            "--cluster.listen-address=",
        ],
        [
            str(BINARIES / "prometheus"),
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{PROMETHEUS}",
        ],
    ]


def run(commands: Sequence[Sequence[str]]) -> int:
    """Run all until one ends or the user stops; end the others. Returns the status."""
    with contextlib.ExitStack() as exits:
        running: list[subprocess.Popen[bytes]] = []
        for command in commands:
            child = subprocess.Popen(command, cwd=ROOT)
            exits.callback(child.wait)
            exits.callback(child.terminate)
            running.append(child)
        try:
            while all(child.poll() is None for child in running):
                time.sleep(0.5)
        except KeyboardInterrupt:
            return 0
        return 1


def main() -> int:
    """Start everything; returns 1 when something is missing or ends by itself."""
    missing = [name for name in ("prometheus", "alertmanager") if not (BINARIES / name).is_file()]
    if missing:
        command = f"python tools/build.py {' '.join(missing)}"
        print(f"{', '.join(missing)} not in .tools/bin; run: {command}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="kube-endpoints-exporter-") as name:
        folder = Path(name)
        text = Path(__file__).with_name("prometheus.yaml").read_text(encoding="utf-8")
        (folder / "prometheus.yaml").write_text(adapt(text), encoding="utf-8")
        print(
            f"exporter http://127.0.0.1:{EXPORTER}  Prometheus http://127.0.0.1:{PROMETHEUS}  "
            f"Alertmanager http://127.0.0.1:{ALERTMANAGER}  (Ctrl-C stops all)",
            flush=True,
        )
        return run(list_commands(folder))


if __name__ == "__main__":
    raise SystemExit(main())
