from __future__ import annotations

import subprocess
import sys

import pytest

from exporter import __version__
from exporter.cli import dispatch
from exporter.cli.commands import COMMANDS
from tests.unit.cli.conftest import Run

NAME = "kube-endpoints-exporter"


def test_version_is_the_packages(run: Run) -> None:
    """`--version` names the program and its version."""
    assert run("--version") == (0, f"{NAME} {__version__}\n", "")


def test_help_lists_every_command(run: Run) -> None:
    """The overview names each command with what it is for."""
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command.name} " in out


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_has_help_with_examples(run: Run, command: str) -> None:
    """`COMMAND --help` says what it does, how it is used, and gives examples."""
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: {NAME} {command} ")
    assert "\nexamples:\n  # " in out
    assert run("help", command)[1] == out


@pytest.mark.parametrize(
    "words,told",
    [
        (
            (),
            "needs a command: run, scrape, get, explain, check, whatif, wait, demo, simu",
        ),
        (("scrap",), "scrap: no such command; did you mean scrape?"),
        (("zzz",), "zzz: no such command; there are run, scrape, get, "),
        (("--kubeconfig", "x", "get"), "--kubeconfig: flags come after the command, as in "),
        (("\x1b[31m",), "\\x1b[31m: no such command; there are "),
        (("scrape", "--from-fiel", "x"), "--from-fiel: no such flag; did you mean --from-file?"),
        (("scrape", "--from"), "--from: no such flag"),
        (("scrape", "x"), "x: `scrape` does not take this argument"),
        (("get", "-o", "xml"), "get: argument -o/--output: invalid choice: 'xml' (choose from "),
        (("explain",), "explain: takes a SERVICE, or --host HOST; see --help"),
        (("get", "-A", "-n", "x"), "get: argument -n/--namespace: not allowed with argument -A"),
        (
            ("check", "-n", "shop,payments"),
            "check: argument -n/--namespace: shop,payments is not the name of one namespace ",
        ),
        (("check", "-n", ""), "check: argument -n/--namespace: is empty; takes the name of a "),
        (("get", "-n", "Shop"), "get: argument -n/--namespace: Shop is not the name of a namesp"),
        (("explain", "x", "-n", "a b"), "explain: argument -n/--namespace: "),
        (("get", "--groups", "core"), "--groups: `get` does not take this setting"),
        (("scrape", "--page-size", "0"), "--page-size: 0 is too small; takes a whole number from "),
    ],
)
def test_wrong_words_are_one_line_and_status_2(run: Run, words: tuple[str, ...], told: str) -> None:
    """A slip on the command line is told in one line that names it, with what was likely meant."""
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert err.startswith(f"{NAME}: {told}")
    assert err.count("\n") == 1


def test_everything_that_is_wrong_is_told_at_once(run: Run) -> None:
    """Unknown flags and bad settings are listed together, one line each."""
    status, _, err = run("scrape", "--pods", "maybe", "--frm-file=x", "--source=pods")
    assert status == 2
    assert sorted(line.split(" ")[1] for line in err.splitlines()) == [
        "--frm-file:",
        "--pods:",
        "--source:",
    ]


def test_a_fault_of_the_program_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for who can't do anything about it; where it was raised for who can."""

    def fail(*_words: object) -> int:
        raise ValueError("no\nway\x1b")

    monkeypatch.setattr(dispatch, "dispatch", fail)
    status, out, err = run("get")
    assert (status, out) == (2, "")
    assert err.startswith(
        "kube-endpoints-exporter: internal error: ValueError: no way\\x1b (cli/test_dispatch.py:"
    )
    assert err.count("\n") == 1
    assert "Traceback" in run("get", "--log.level=debug")[2]


def test_a_full_disk_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system refuses is told as the system says it."""

    def fail(*_words: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dispatch, "dispatch", fail)
    assert run("get") == (2, "", "kube-endpoints-exporter: No space left on device\n")


def test_ctrl_c_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status is what a shell reports for SIGINT."""

    def interrupt(*_words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(dispatch, "dispatch", interrupt)
    assert run("get") == (130, "", "")


def _run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_what_reads_a_file_loads_no_client_and_no_server() -> None:
    """`--from-file` must not wait for the Kubernetes client, the HTTP library or the logger."""
    code = """
import sys
from exporter.cli import main
for words in (["--help"], ["scrape", "--from-file", "/dev/null"], ["get", "--from-file", ""]):
    main(words)
heavy = ("kubernetes", "aiohttp", "asyncio", "prometheus_client", "structlog")
print("loaded:", [name for name in heavy if name in sys.modules])
"""
    assert _run_python(code).endswith("loaded: []")


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`… | head -0` ends quietly with what a shell reports for SIGPIPE."""
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert told == b""
    assert process.returncode == 141


def test_a_starting_exporter_loads_no_more_than_it_needs() -> None:
    """A Pod that is set up by flags loads no YAML, no kubeconfigs, and no other command's parts."""
    code = """
import sys
from exporter.cli import main, run
run.run_until_stopped = lambda work: work.close() or 0
main(["run"])
late = ("aiohttp_socks", "bcrypt", "kubernetes", "yaml", "exporter.api.identity",
        "exporter.api.kubeconfig", "exporter.dump", "exporter.plain_yaml", "exporter.sim")
print("loaded:", [name for name in late if name in sys.modules])
"""
    assert _run_python(code).endswith("loaded: []")
