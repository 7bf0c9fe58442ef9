from __future__ import annotations

import sys
from pathlib import Path

import pytest

from exporter.cli.invocation import name_program

NAME = "kube-endpoints-exporter"


def test_a_module_is_named_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m exporter` is told with the interpreter that has the package."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/exporter/__main__.py"])
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python")
    assert name_program() == "'/opt/my python/bin/python' -m exporter"


def test_a_script_is_named_by_its_path_unless_a_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on the PATH needs no path, what is not can't do without."""
    script = tmp_path / NAME
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "/nonexistent")
    assert name_program() == str(script)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert name_program() == NAME


@pytest.mark.parametrize("path", ["", "/usr/bin/pytest"])
def test_anything_else_is_named_by_the_program(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An embedding program's own name would not do."""
    monkeypatch.setattr(sys, "argv", [path])
    assert name_program() == NAME
