"""`simulate`: the simulated API server alone, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import math
import re
from collections.abc import Sequence
from importlib import resources

import structlog

from exporter.cli.errors import CommandError, Exit
from exporter.cli.invocation import name_program
from exporter.cli.kubeconfigs import kubeconfig_if_possible
from exporter.cli.stopping import run_until_stopped
from exporter.config import Settings
from exporter.config.kinds import BadValue, Whole, show_text
from exporter.explaining.wording import escape_text
from exporter.log import configure_logging
from exporter.sim.scenario import list_scenarios
from exporter.sim.simulation import DEMO, Plan, simulate
from exporter.spelling import find_close

#: The name that stands for the lively mix of scenarios.
MIX = "demo"

_PORT = Whole(0, 65535)
_TITLE = re.compile(r"title: (?:>-\n(?P<folded>(?:  .*\n)+)|(?P<line>.*)\n)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serve the chosen scenarios, or list what there is to choose from."""
    if args.list_scenarios:
        _print_scenarios()
        return Exit.FINE
    plan = read_plan(args.scenarios, host=args.host, port=args.port, speed=args.speed)
    configure_logging(settings.log_format, settings.log_level)
    return run_until_stopped(_serve(plan))


async def _serve(plan: Plan) -> None:
    started = False
    try:
        async with simulate(plan, witness=tell_step) as server:
            started = True
            with kubeconfig_if_possible(server.url) as kubeconfig:
                program = name_program()
                print(f"simulated API server: {server.url}")
                if kubeconfig is not None:
                    print(f"kubeconfig:           {kubeconfig}")
                print("\ntry:")
                if kubeconfig is not None:
                    print(f"  {program} get -A --kubeconfig {kubeconfig}")
                    print(f"  kubectl --kubeconfig {kubeconfig} get services,endpointslices -A")
                print(f"  curl '{server.url}/api/v1/services?limit=1'")
                print("\nCtrl-C stops it.", flush=True)
                await asyncio.Event().wait()
    except OSError as error:
        if started:
            raise
        raise cannot_listen("simulate", plan, error) from None


def cannot_listen(command: str, plan: Plan, error: OSError) -> CommandError:
    """What to say when the simulated server can't have its address."""
    where = escape_text(f"{plan.host}:{plan.port}")
    return CommandError(f"{command}: can't listen on {where}: {error.strerror or error}")


def tell_step(scenario: str, say: str) -> None:
    """Log what happens in the simulated cluster."""
    structlog.get_logger("exporter.sim").info(say, scenario=scenario)


def read_plan(
    scenarios: Sequence[str],
    *,
    speed: str,
    port: str,
    host: str = "127.0.0.1",
    port_flag: str = "--port",
) -> Plan:
    """The plan that the words on the command line make, or CommandError with all that is wrong."""
    faults: list[str] = []
    known = [*list_scenarios(), MIX]
    names: list[str] = []
    for name in scenarios:
        if name not in known:
            close = find_close(name, known)
            guess = f"; did you mean {close}?" if close else "; see `simulate --list`"
            faults.append(f"{show_text(name)}: no such scenario{guess}")
        names += DEMO if name == MIX and len(scenarios) > 1 else [name]
    number = 0
    try:
        number = _PORT.parse(port)
    except BadValue as bad:
        faults.append(f"{port_flag}: {show_text(bad.text)} {bad.problem}; takes {_PORT.takes}")
    factor = _read_factor(speed)
    if factor is None:
        faults.append(f"--speed: {show_text(speed)} is no factor; takes a number from 0.01 to 1000")
    if faults:
        raise CommandError(*faults)
    chosen = () if list(scenarios) == [MIX] else tuple(dict.fromkeys(names))
    return Plan(scenarios=chosen, host=host, port=number, speed=factor or 1.0, repeat=True)


def _read_factor(text: str) -> float | None:
    try:
        factor = float(text)
    except ValueError:
        return None
    return factor if math.isfinite(factor) and 0.01 <= factor <= 1000 else None


def _print_scenarios() -> None:
    folder = resources.files("exporter.sim") / "scenarios"
    names = list_scenarios()
    width = max(map(len, names)) + 3
    print(f"{MIX:<{width}}The lively mix: {len(DEMO)} scenarios at once, without an end.")
    for name in names:
        # The whole file would be a cluster to build; its head is enough.
        head = _TITLE.match((folder / f"{name}.yaml").read_text(encoding="utf-8"))
        title = (head["folded"] or head["line"]) if head else ""
        print(f"{name:<{width}}{' '.join(title.split())}")
