from __future__ import annotations

import pytest

from exporter.cli.errors import CommandError
from exporter.cli.simulate import read_plan
from exporter.sim.scenario import list_scenarios
from exporter.sim.simulation import DEMO
from tests.unit.cli.conftest import Run


def test_the_list_names_every_scenario_with_its_title(run: Run) -> None:
    """A line each: the demo's mix first."""
    status, out, _ = run("simulate", "--list")
    lines = out.splitlines()
    assert status == 0
    assert [line.split()[0] for line in lines] == ["demo", *list_scenarios()]
    assert all(len(line.split()) > 3 for line in lines)


def test_without_scenarios_it_is_the_demo() -> None:
    """No name and `demo` are the same lively mix."""
    assert read_plan([], speed="1", port="0").scenarios == ()
    assert read_plan(["demo"], speed="1", port="0").scenarios == ()
    mixed = read_plan(["ten-thousand", "demo", "churn"], speed="2.5", port="8001")
    assert mixed.scenarios == ("ten-thousand", *DEMO)
    assert (mixed.speed, mixed.port) == (2.5, 8001)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Scenario, port and speed: a line each."""
    with pytest.raises(CommandError) as caught:
        read_plan(["chrun", "zzzzz"], speed="fast", port="70000")
    assert caught.value.lines == (
        "chrun: no such scenario; did you mean churn?",
        "zzzzz: no such scenario; see `simulate --list`",
        "--port: 70000 is too large; takes a whole number from 0 to 65535",
        "--speed: fast is no factor; takes a number from 0.01 to 1000",
    )


@pytest.mark.parametrize("speed", ["nan", "inf", "0", "-1", "1e9", ""])
def test_speed_has_limits(speed: str) -> None:
    """What is no usable factor is refused."""
    with pytest.raises(CommandError):
        read_plan([], speed=speed, port="0")
