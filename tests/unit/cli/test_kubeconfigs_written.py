from __future__ import annotations

import json
import pwd
import tempfile
from pathlib import Path

import pytest

from exporter.api.entries import expand_home
from exporter.cli.kubeconfigs import kubeconfig_for, kubeconfig_if_possible


def test_a_kubeconfig_leads_to_the_server_and_goes_with_it() -> None:
    """While the context lasts the file names the server, and nothing is left behind."""
    with kubeconfig_for("http://127.0.0.1:8001") as path:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    assert found["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:8001"}
    assert not Path(path).exists()


def test_without_a_place_for_it_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a disk where nothing can be written the simulated cluster goes on without a file."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with kubeconfig_if_possible("http://127.0.0.1:8001") as path:
        assert path is None
    assert capsys.readouterr().err == (
        "no kubeconfig: a temporary file can't be written (No such file or directory)\n"
    )


def test_a_uid_without_a_home_keeps_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container under a random uid nobody knows what `~` is, and that is no error."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert expand_home("~/.kube/config") == Path("~/.kube/config")
