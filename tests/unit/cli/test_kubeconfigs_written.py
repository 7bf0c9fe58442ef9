from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
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


def test_a_uid_without_a_home_may_use_a_kubeconfig(tmp_path: Path) -> None:
    """The Kubernetes client asks for a home when it is imported; without one that is no error."""
    file = tmp_path / "kubeconfig"
    file.write_text(
        json.dumps(
            {
                "current-context": "a",
                "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
                "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:9"}}],
                "users": [{"name": "a", "user": {}}],
            }
        )
    )
    program = """
import os, pwd, sys
def unknown(uid):
    raise KeyError(uid)
pwd.getpwuid = unknown
from exporter.__main__ import main
sys.argv = ["kube-endpoints-exporter", "get", "--kubeconfig", sys.argv[1]]
try:
    main()
finally:
    print("HOME" in os.environ)
"""
    without = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=without,
    )

    assert "127.0.0.1:9" in done.stderr
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == "False\n"
