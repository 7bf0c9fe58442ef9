from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import AsyncIterator

import pytest

from exporter.cli.commands import BY_NAME
from exporter.cli.dispatch import build_parser
from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.config import load_settings
from exporter.sim.scenario import list_scenarios
from exporter.sim.simulation import Plan, simulate
from tests.contract.program import run, run_until, without_ages
from tests.contract.project import ROOT, WRITTEN, find_blocks, find_commands, read

README = "README.md"
COMMANDS = sorted(set(find_commands(README)))
SESSIONS = [
    block
    for path in (README, "docs/whatif.md")
    for block in find_blocks(path, "console")
    if block.startswith("$ ")
]
EVERYWHERE = sorted({(path, line) for path in WRITTEN for line in find_commands(path)})

#: What a command says when it is up; all others end by themselves.
SIGNS = {"run": "first reports are out", "demo": "type", "simulate": "simulated API server"}
#: `check` and `explain` end with 1 when something is wrong, which is what they are there to tell.
STATUSES = {"check": (0, 1), "explain": (0, 1)}


@pytest.fixture
async def cluster() -> AsyncIterator[dict[str, str]]:
    """What the environment says when the simulated cluster is the current one."""
    plan = Plan(scenarios=("web-shop", "selector-typo"), host="127.0.0.1", port=0)
    async with simulate(plan) as server:
        with kubeconfig_for(server.url) as kubeconfig:
            yield {
                "KUBECONFIG": str(kubeconfig),
                "ENDPOINTS_EXPORTER_WEB_LISTEN_ADDRESS": "127.0.0.1:0",
            }


@pytest.mark.parametrize("line", COMMANDS)
async def test_a_command_of_the_readme_runs(line: str, cluster: dict[str, str]) -> None:
    """Every command in the README does its work, on the files it names or a simulated cluster."""
    _, name, *rest = shlex.split(line)
    if name in SIGNS and "--list" not in rest:
        status, said = await run_until([name, *rest], cluster, SIGNS[name])
        assert status == 0
        assert "Traceback" not in said
        return
    status, out, err = await run([name, *rest], cluster)
    assert status in STATUSES.get(name, (0,)), err
    assert out
    assert not err


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.splitlines()[0][26:])
async def test_a_session_of_the_readme_prints_what_it_shows(session: str) -> None:
    """What the README and docs/whatif.md show is what the command prints, but for ages."""
    head, _, shown = session.removeprefix("$ ").partition("\n")
    line, _, wanted = head.partition(" | grep ")
    _, out, err = await run(shlex.split(line)[1:], {})
    printed = out + err
    if wanted:
        (needle,) = shlex.split(wanted)
        printed = "\n".join(line for line in printed.splitlines() if needle in line)
    assert without_ages(printed) == without_ages(shown)


def test_the_readme_shows_what_matters() -> None:
    """There is something to run and something to compare: the tests above can't be empty."""
    assert {line.split()[1] for line in COMMANDS} >= {"get", "explain", "check", "scrape", "run"}
    assert len(SESSIONS) >= 5


def test_the_first_screen_has_both_doors_and_what_they_need() -> None:
    """`make demo` and `make test` stand in the first 24 lines, and CI proves them bare."""
    screen = "\n".join(read(README).splitlines()[:24])
    assert "\nmake demo " in screen
    assert "\nmake test " in screen
    assert "need Python 3.11 or newer and make, nothing else" in screen
    assert "tools/bare.py" in read(".ci/run")


async def test_the_demo_greets_as_the_readme_says(cluster: dict[str, str]) -> None:
    """The README's picture of the demo is what it prints, but for numbers."""
    (greeting,) = (text for text in find_blocks(README, "text") if "simulated cluster" in text)
    _, said = await run_until(["demo"], cluster, "explain")
    printed = [re.sub(r"\d+", "N", line) for line in without_ages(said)]
    for line in without_ages(greeting):
        assert re.sub(r"\d+", "N", line) in printed


async def test_the_scenarios_that_the_readme_names_play(cluster: dict[str, str]) -> None:
    """`make demo ARGS=…` in the README names scenarios that there are, and they start."""
    (names,) = re.findall(r"`make demo ARGS='([^']+)'`", read(README))
    assert set(names.split()) <= set(list_scenarios())
    status, _ = await run_until(["demo", *names.split()], cluster, "explain")
    assert status == 0


async def test_a_healthy_service_costs_what_the_readme_says() -> None:
    """The number of series of the example's healthy Service is the one that is promised."""
    (number,) = re.findall(r"A healthy single-port Service costs (\d+) series", read(README))
    _, out, _ = await run(["scrape", "--from-file", "docs/examples/shop.yaml"], {})
    assert sum('service="storefront"' in line for line in out.splitlines()) == int(number)


def test_the_readme_names_all_commands() -> None:
    """The table of commands is the list of commands, in its usual order or not."""
    assert set(re.findall(r"^\| `(\w+)` \|", read(README), re.MULTILINE)) == set(BY_NAME)


@pytest.mark.parametrize("path, line", EVERYWHERE)
def test_a_command_in_any_document_is_one_that_the_program_takes(path: str, line: str) -> None:
    """Commands, flags and values in documents are known, and their files exist."""
    words = shlex.split(line.replace("NAMESPACE", "shop"))
    parser = build_parser(BY_NAME[words[1]])
    args, unknown = parser.parse_known_args(words[2:])
    assert not unknown
    load_settings(args, {})
    for named in getattr(args, "from_file", None) or ():
        assert named == "-" or (ROOT / named).exists()


def test_flags_in_documents_exist() -> None:
    """A flag that a written document sets in code type is a flag of some command."""
    known = {flag for command in BY_NAME.values() for flag in _flags_of(build_parser(command))}
    foreign = {
        *("--strict", "--resources", "--auth-filter"),  # of mypy, of kube-state-metrics
        *("--check", "--without-helm"),  # of tools/chart.py
        *("--growth", "--retry", "--force"),  # of `python -m bench`, of curl, of kubectl
    }
    for path in WRITTEN:
        named = set(re.findall(r"`(--[a-z][-a-z.]*)", read(path)))
        assert named <= known | foreign, path


def _flags_of(parser: argparse.ArgumentParser) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings]


def test_make_targets_in_documents_exist() -> None:
    """`make something` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), re.MULTILINE))
    for path in WRITTEN:
        inline = re.findall(r"`make ([a-z0-9-]+)", read(path))
        blocks = [
            found
            for block in find_blocks(path, "sh")
            for found in re.findall(r"^make ([a-z0-9-]+)", block, re.MULTILINE)
        ]
        assert {*inline, *blocks} <= targets, path


def test_manifests_in_documents_exist() -> None:
    """`kubectl apply -f` in a document names files that are there."""
    for path in WRITTEN:
        for block in find_blocks(path, "sh"):
            for name in re.findall(r"-f (deploy/\S+)", block):
                assert (ROOT / name).is_file(), f"{path}: {name}"
