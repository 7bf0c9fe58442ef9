"""`demo`: the simulated cluster and the exporter in one process, over real connections."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from exporter.api import Client, connect_openly
from exporter.catalogue import Group
from exporter.cli.errors import CommandError
from exporter.cli.invocation import name_program
from exporter.cli.kubeconfigs import kubeconfig_if_possible
from exporter.cli.listening import Addresses
from exporter.cli.serving import Running, serving
from exporter.cli.simulate import cannot_listen, read_plan, tell_step
from exporter.cli.stopping import run_until_stopped
from exporter.config import Settings
from exporter.judging import rank
from exporter.log import configure_logging
from exporter.sim.server import SimServer
from exporter.sim.simulation import Plan, simulate

#: A demo shows what there is; only what has to be chosen, or is costly on purpose, stays off.
_GROUPS = frozenset(Group) - {Group.LABELS, Group.ADDRESSES, Group.COMPATIBILITY}
#: Nobody but who looks at it needs to reach a demo.
_LOCAL = "127.0.0.1"


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Start both, print what to open and what to type, go on until stopped."""
    plan = read_plan(args.scenarios, speed=args.speed, port=args.api_port, port_flag="--api-port")
    configure_logging(settings.log_format, settings.log_level)
    return run_until_stopped(_show(plan, settings))


async def _show(plan: Plan, settings: Settings) -> None:
    async with _simulated(plan) as server:
        with kubeconfig_if_possible(server.url) as kubeconfig:
            settings = msgspec.structs.replace(settings, kubeconfig=kubeconfig, context=None)
            async with (
                connect_openly(server.url, "the simulated cluster") as client,
                _serving(settings, client) as running,
            ):
                await _settle(running)
                print(_describe(running, server.url, kubeconfig), flush=True)
                await running.work


@asynccontextmanager
async def _simulated(plan: Plan) -> AsyncIterator[SimServer]:
    started = False
    try:
        async with simulate(plan, witness=tell_step) as server:
            started = True
            yield server
    except OSError as error:
        if started:
            raise
        raise cannot_listen("demo", plan, error) from None


@asynccontextmanager
async def _serving(settings: Settings, client: Client) -> AsyncIterator[Running]:
    """The exporter on the address that was asked for, else near the usual one."""
    groups = settings.enabled_groups(_GROUPS)
    asked = settings.web_listen_address
    choices: list[Addresses] = [asked]
    if asked == Settings().web_listen_address:
        # The usual port may be taken, by the real exporter for one: then any will do.
        choices = [((_LOCAL, asked[0][1]),), ((_LOCAL, 0),)]
    while True:
        addresses = choices.pop(0)
        started = False
        try:
            async with serving(settings, client, groups, addresses) as running:
                started = True
                yield running
                return
        except CommandError:
            if started or not choices:
                raise


async def _settle(running: Running) -> None:
    """Wait until a scrape would be given everything, or the exporter has failed."""
    while not running.work.done() and not (  # noqa: ASYNC110 - it is asked for once, here
        running.engine.snapshot().ready
        and running.state.reports
        and running.state.exposition.series().get(Group.CORE.value)
    ):
        await asyncio.sleep(0.02)


def _describe(running: Running, api: str, kubeconfig: str | None) -> str:
    url = running.urls[0]
    snapshot = running.engine.snapshot()
    worst = min(
        snapshot.reports.values(),
        key=rank,
    )
    commands = "" if kubeconfig is None else _list_commands(kubeconfig, str(worst.key))
    return f"""\
A simulated cluster with {len(snapshot.reports)} Services, in which things break and heal, and
the exporter that follows it.

open:
  {url}/          what is there, and which Services need attention
  {url}/metrics   what Prometheus gets

type (in another terminal):
  curl -s {url}/metrics | grep k8s_service_endpoints_reason
  curl -s '{url}/metrics?namespace={worst.key.namespace}&family=k8s_service_endpoints_ready'
{commands}
The simulated API server is {api}. Ctrl-C stops both.
"""


def _list_commands(kubeconfig: str, worst: str) -> str:
    program = name_program()
    return f"""
  export KUBECONFIG={kubeconfig}
  {program} get -A --sort worst
  {program} get -A --watch
  {program} explain {worst}
  {program} check
  kubectl get services,endpointslices -A
"""
