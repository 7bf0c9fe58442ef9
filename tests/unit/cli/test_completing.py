from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import down, healthy, write

PROGRAM = "kube-endpoints-exporter"


NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "worker-1", "labels": {"topology.kubernetes.io/zone": "eu-1a"}},
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a dump in it, and the program on a PATH."""
    write(tmp_path, healthy("web"), down("api"), healthy("ledger", "bank"), NODE)
    program = tmp_path / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m exporter "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def press_tab(place: Path, line: str) -> list[str]:
    """What bash offers after TAB at the end of this line, by the script that we print."""
    bash = shutil.which("bash")
    assert bash is not None
    words = line.split(" ")
    script = f"""
eval "$({PROGRAM} completion bash)"
COMP_LINE='{line}' COMP_POINT={len(line)} COMP_TYPE=9
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
_python_argcomplete {PROGRAM} '{words[-1]}' '{words[-2]}'
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        env={
            "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(root),
            "HOME": str(place),
            "KUBECONFIG": os.devnull,
        },
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return sorted(word.strip() for word in done.stdout.splitlines() if word.strip())


@pytest.mark.parametrize(
    "line,offered",
    [
        ("ex", ["explain"]),
        ("get --from-f", ["--from-file"]),
        ("get --color ", ["always", "auto", "never"]),
        ("run --sync ", ["auto", "poll", "watch"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("get --from-file dump.json -n ", ["bank", "shop"]),
        ("get --from-file dump.json -n shop ", ["api", "web"]),
        ("explain --from-file dump.json shop/", ["shop/api", "shop/web"]),
        ("explain --from-file dump.json svc/l", ["svc/ledger"]),
        ("explain --from-file dump.json le", ["ledger"]),
        ("whatif --from-file dump.json --drain ", ["worker-1"]),
        ("whatif --from-file dump.json --zone ", ["eu-1a"]),
        ("explain --from-file gone.json shop/", []),
        ("explain shop/", []),
    ],
)
def test_bash_completes_words_and_names(place: Path, line: str, offered: list[str]) -> None:
    """Commands, flags, values, and names out of the dump; nothing and no noise without one."""
    assert press_tab(place, f"{PROGRAM} {line}") == offered


@pytest.mark.parametrize(
    "shell,sign", [("bash", "complete "), ("zsh", "compdef "), ("fish", "complete --command ")]
)
def test_each_shell_has_a_script(run: Run, shell: str, sign: str) -> None:
    """The script names the program and the shell's own way to register it."""
    status, out, err = run("completion", shell)
    assert (status, err) == (0, "")
    assert sign in out
    assert PROGRAM in out


def test_kubectl_is_answered_in_its_own_way(place: Path) -> None:
    """It gives the words and the begin of the last one, and takes lines and a directive."""
    code = (
        "import sys; from exporter.cli.completing import complete_for_kubectl as answer; answer()"
    )
    words = ["explain", "--from-file", "dump.json", "shop/a"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "KUBECONFIG": os.devnull},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("shop/api\n:4\n", "")
