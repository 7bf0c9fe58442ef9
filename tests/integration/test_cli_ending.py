"""How the program ends when it is interrupted, or has nowhere to write: a line or silence."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.commandline import DEADLINE, environment

#: Runs the program, and presses Ctrl-C when a module is about to be imported.
INTERRUPTED = """
import os, runpy, signal, sys
name = sys.argv.pop(1)
# What a shell starts in the background ignores Ctrl-C, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Pressing:
    def find_spec(self, wanted, path=None, target=None):
        if wanted == name:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressing())
sys.argv[0] = "kube-endpoints-exporter"
runpy.run_module("exporter", run_name="__main__")
"""

DUMP = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {note: "a\\e[31mb\\u009b"}}
spec: {type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ports: [{port: 80}]}
"""


@pytest.mark.parametrize(
    "module",
    ["exporter.cli", "exporter.cli.dispatch", "exporter.config", "msgspec", "exporter.cli.get"],
)
def test_ctrl_c_while_it_starts_is_silent(module: str) -> None:
    """Whatever is being imported: nothing is printed, and the shell sees an interrupt."""
    found = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, "get", "--from-file", "/dev/null"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env=environment(),
    )
    assert (found.stdout, found.stderr) == ("", "")
    assert found.returncode in (-2, 130)


@pytest.mark.parametrize(
    "words,closed",
    [
        ("get --from-file {dump}", ">&-"),
        ("scrape --from-file {dump}", ">&-"),
        ("--version", ">&-"),
        ("get --nonsense", "2>&-"),
        ("get --nonsense", ">&- 2>&-"),
        ("get --from-file {dump}", "<&- >&- 2>&-"),
        ("get --from-file {dump}", "<&-"),
    ],
)
def test_closed_descriptors(words: str, closed: str, tmp_path: Path) -> None:
    """A closed stdin, stdout or stderr is nowhere: no traceback, and the status as ever."""
    dump = tmp_path / "dump.yaml"
    dump.write_text(DUMP)
    line = f'"{sys.executable}" -m exporter {words.format(dump=dump)}'

    def run(command: str) -> tuple[int, str]:
        found = subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            env=environment(),
        )
        return found.returncode, found.stderr

    status, err = run(f"{line} {closed}")
    assert "Traceback" not in err
    assert "internal error" not in err
    assert status == run(line)[0]


def test_scrape_shows_no_control_characters_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal they are written out; a pipe gets the exposition as it is."""
    dump = tmp_path / "dump.yaml"
    dump.write_text(DUMP)
    words = [sys.executable, "-m", "exporter", "scrape", "--from-file", str(dump)]
    words += ["--annotations-allowlist", "note"]
    piped = subprocess.run(
        words, capture_output=True, timeout=DEADLINE, check=False, env=environment()
    ).stdout
    assert b"a\x1b[31mb\xc2\x9b" in piped
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdout=theirs, env=environment()) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert process.wait(DEADLINE) == 0
    os.close(ours)
    assert b"a\\x1b[31mb\\x9b" in shown
    assert b"\x1b" not in shown
