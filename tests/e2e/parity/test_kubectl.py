"""The same kubeconfigs for kubectl and for us: both are let in as the same, or both are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.parity.kubeconfigs import CASES, Case, Files, World
from tests.e2e.parity.servers import Seen

KUBECTL = REPOSITORY / ".tools" / "bin" / "kubectl"
LIST = "/api/v1/services"

_alike: dict[str, bool] = {}


@pytest.fixture(scope="module", autouse=True)
def _parity(request: pytest.FixtureRequest) -> Iterator[None]:
    """Says how many behave alike, at the end."""
    yield
    version = subprocess.run([KUBECTL, "version", "--client"], capture_output=True, text=True)  # noqa: PLW1510
    alike, tried = sum(_alike.values()), len(_alike)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        first = version.stdout.splitlines()[0]
        print(f"\nkubeconfigs as kubectl ({first}) takes them: {alike} of {tried}")


def _write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif isinstance(content, str):
            file.write_text(content)
        else:
            plain = json.dumps(content) if name.startswith("bin/") else yaml.safe_dump(content)
            file.write_text(plain)
        if name.startswith("bin/") and isinstance(content, str):
            file.chmod(0o700)


def _run(program: Sequence[str | Path], folder: Path, case: Case, world: World) -> tuple[bool, str]:
    """Whether the program got its list, and what it complained of."""
    paths = ":".join(str(folder / path) if path else "" for path in case.paths)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KUBE", "ENDPOINTS_EXPORTER_"))
        and not name.lower().endswith("_proxy")
    }
    home, elsewhere = folder / "home", folder / "elsewhere"
    home.mkdir(parents=True)
    elsewhere.mkdir()
    words = [*case.words, *(("--kubeconfig", paths) if case.flag else ())]
    environment = {**kept, **case.environment(world), "HOME": str(home)}
    environment |= {} if case.flag else {"KUBECONFIG": paths}
    done = subprocess.run(
        [*program, *words],
        cwd=elsewhere,
        env={**environment, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode == 0, done.stderr.strip()


def _distinct(entries: list[Any]) -> list[Any]:
    """Each of them once: we ask for two lists where kubectl asks for one."""
    return [one for at, one in enumerate(entries) if one not in entries[:at]]


def _told(folder: Path) -> str:
    """What the plugin was told, by the last of its runs; the folder has the same name for both."""
    file = folder / "bin" / "told"
    if not file.exists():
        return ""
    text = file.read_text().replace(str(folder), "<folder>")
    last = text.rpartition("info ")[2]
    info, _, rest = last.partition("\n")
    return f"{json.dumps(json.loads(info), sort_keys=True)}\n{rest}"


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_kubectl_and_we_are_the_same_to_the_server(
    case: Case, world: World, seen: dict[str, Seen], tmp_path: Path
) -> None:
    """Headers, certificate, tokens, what plugins are told, and the way through proxies."""
    outcomes = []
    files = case.make(world)  # once: tokens tell the time at which they were made
    programs: dict[str, list[str | Path]] = {
        "kubectl": [KUBECTL, "get", "--raw", LIST],
        "ours": [sys.executable, "-m", "exporter", "get", "-A"],
    }
    _alike[case.name] = False
    for name, program in programs.items():
        folder = tmp_path / name
        _write(folder, files)
        for one in seen.values():
            one.take()
        accepted, complaint = _run(program, folder, case, world)
        outcomes.append(
            {
                "accepted": accepted,
                **{kind: _distinct(one.take()) if accepted else [] for kind, one in seen.items()},
                "plugin": _told(folder) if accepted else "",
            }
        )
        assert accepted == case.accepted, f"{name}: {complaint}"
        if name == "ours" and not accepted:
            assert complaint.startswith("kube-endpoints-exporter: "), complaint
            assert "\n" not in complaint
    theirs, ours = outcomes
    assert ours == theirs
    _alike[case.name] = True
