from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from exporter.cli import main, offline
from tests.unit.cli.dumps import NOW

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings and no cluster from around the tests; the time is NOW."""
    for name in list(os.environ):
        if name.startswith(("ENDPOINTS_EXPORTER_", "KUBE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KUBECONFIG", os.devnull)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(offline, "time", SimpleNamespace(time=lambda: NOW))


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the program with these arguments: (exit status, stdout, stderr)."""

    def run_program(*words: str) -> tuple[int, str, str]:
        status = main(words)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run_program
