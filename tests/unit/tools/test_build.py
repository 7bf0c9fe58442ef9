"""The build of the components: what is chosen, what is skipped, and how it complains."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools import build

SCRIPT = Path(build.__file__)


def _write_go(folder: Path, version: str) -> Path:
    """Write a `go` that only tells its version."""
    go = folder / "go"
    go.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    go.chmod(0o755)
    return folder


def test_groups_tools_and_binaries_choose_the_same_tools() -> None:
    """`promtool` is built with prometheus, each tool once, whatever the order of the names."""
    names = [tool.name for tool in build.choose_tools(["promtool", "kubectl", "prometheus"])]

    assert names == ["kubernetes", "prometheus"]


def test_the_end_to_end_tests_need_all_tools() -> None:
    """The group e2e has everything that its tests run, the peer of the bench among them."""
    names = [tool.name for tool in build.choose_tools(["e2e"])]

    assert names == [
        "etcd",
        "kubernetes",
        "kwok",
        "prometheus",
        "alertmanager",
        "helm",
        "kube-state-metrics",
    ]


def test_an_unknown_name_is_one_line_that_lists_what_there_is() -> None:
    """A typo ends with 1 and one line on stderr that names it and what could be meant."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "ectd"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("tools/build.py: nothing is called 'ectd'; there is: e2e, ")
    assert len(done.stderr.splitlines()) == 1


def test_versions_are_read_off_the_pins() -> None:
    """The version that the flags carry is the one that go.mod requires."""
    kubernetes = build.TOOL_BY_NAME["kubernetes"]

    assert kubernetes.version() == "v1.37.2"
    link = kubernetes.flags()[kubernetes.flags().index("-ldflags") + 1]
    assert "k8s.io/component-base/version.gitVersion=v1.37.2" in link
    assert "k8s.io/component-base/version.gitMinor=37" in link


def test_every_staging_module_is_replaced_by_the_pinned_release() -> None:
    """All 33 modules that Kubernetes replaces by local folders have the release's version."""
    text = (build.TOOLS / "kubernetes" / "go.mod").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if "=>" in line]

    assert len(lines) == 33
    assert {(name == other, version) for name, _, other, version in lines} == {(True, "v0.37.2")}


def test_a_missing_go_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without `go` on the PATH the error says so and which version is wanted."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(build.BuildError) as caught:
        build.check_go(build.CATALOGUE)

    assert str(caught.value) == "`go` was not found on the PATH; install Go 1.26 or newer"


def test_an_old_go_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Go older than go.mod asks for is refused before anything is compiled."""
    monkeypatch.setenv("PATH", f"{_write_go(tmp_path, 'go1.24.9')}{os.pathsep}/usr/bin:/bin")

    with pytest.raises(build.BuildError) as caught:
        build.check_go([build.TOOL_BY_NAME["etcd"]])

    assert str(caught.value) == "etcd needs Go 1.26.0 or newer, this is go1.24.9"


def test_a_new_go_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Go 1.27 builds what asks for 1.26."""
    monkeypatch.setenv("PATH", f"{_write_go(tmp_path, 'go1.27.0')}{os.pathsep}/usr/bin:/bin")

    build.check_go(build.CATALOGUE)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the pins that a test may change."""
    pins = tmp_path / "tools"
    for name in ("etcd", "kubernetes"):
        shutil.copytree(build.TOOLS / name, pins / name)
    monkeypatch.setattr(build, "TOOLS", pins)
    return pins


def _pretend_built(tool: build.Tool, output: Path) -> None:
    (output / "bin").mkdir(parents=True)
    (output / "stamps").mkdir()
    for name in tool.binaries.values():
        (output / "bin" / name).write_bytes(b"")
    stamp = build.compute_stamp(tool)
    (output / "stamps" / tool.name).write_text(stamp, encoding="utf-8")


def test_what_is_up_to_date_is_skipped_until_a_pin_changes(copied: Path, tmp_path: Path) -> None:
    """A built tool is current; with another go.sum, other flags or without its binary it is not."""
    etcd = build.TOOL_BY_NAME["etcd"]
    output = tmp_path / "out"
    assert not build.is_current(etcd, output)
    _pretend_built(etcd, output)
    assert build.is_current(etcd, output)

    assert not build.is_current(replace(etcd, tags=["other"]), output)
    sums = copied / "etcd" / "go.sum"
    before = sums.read_bytes()
    sums.write_bytes(before + b"\n")
    assert not build.is_current(etcd, output)
    sums.write_bytes(before)
    (output / "bin" / "etcd").unlink()
    assert not build.is_current(etcd, output)


def test_a_failed_build_tells_what_the_compiler_said(
    monkeypatch: pytest.MonkeyPatch, copied: Path, tmp_path: Path
) -> None:
    """The error holds the compiler's lines without the downloads, and no stamp is left."""
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go: downloading x >&2\necho no space left >&2\nexit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    etcd = build.TOOL_BY_NAME["etcd"]
    output = tmp_path / "out"

    with pytest.raises(build.BuildError) as caught:
        build.build_tool(etcd, output)

    assert str(caught.value) == "building etcd failed:\nno space left"
    assert not build.is_current(etcd, output)
