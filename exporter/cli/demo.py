"""`demo`: a simulated cluster in which things break and heal, and the exporter that follows it."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Sequence

import msgspec

from exporter.cli.errors import PROGRAM, CommandError
from exporter.cli.kubeconfigs import kubeconfig_for
from exporter.cli.run import serve
from exporter.cli.simulate import cannot_listen, read_plan, tell_step
from exporter.cli.stopping import run_until_stopped
from exporter.config import Settings
from exporter.log import configure_logging
from exporter.sim.simulation import Plan, simulate


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Simulate and serve until SIGTERM or Ctrl-C."""
    plan = read_plan(args.scenarios, port=args.api_port, speed=args.speed, port_flag="--api-port")
    configure_logging(settings.log_format, settings.log_level)
    return run_until_stopped(_show(plan, settings))


async def _show(plan: Plan, settings: Settings) -> None:
    try:
        async with simulate(plan, witness=tell_step) as server:
            with kubeconfig_for(server.url) as kubeconfig:
                settings = msgspec.structs.replace(settings, kubeconfig=kubeconfig, context=None)
                await serve(settings, lambda urls: _tell(urls, kubeconfig))
    except (CommandError, asyncio.CancelledError):
        raise
    except OSError as error:
        raise cannot_listen("demo", plan, error) from None


def _tell(urls: Sequence[str], kubeconfig: str) -> None:
    """What to open and what to type."""
    url = _reachable(urls[0])
    again = f"--kubeconfig {kubeconfig}"
    # Out of a checkout the command is not on the PATH: what is printed has to work as it is.
    command = PROGRAM if shutil.which(PROGRAM) else sys.argv[0]
    print(
        f"""
A simulated cluster is running, things break and heal in it, and the exporter follows it.

open:
  {url}/                 what is there, the worst Services first
  {url}/metrics          what Prometheus scrapes

type:
  curl -s {url}/metrics | grep endpoints_reason
  curl -s '{url}/metrics?family=k8s_service_endpoints_ready'
  {command} get -A --sort worst {again}
  {command} get -A --watch {again}
  {command} check -A {again}
  {command} explain NAMESPACE/NAME {again}

Ctrl-C stops it.
""",
        flush=True,
    )


def _reachable(url: str) -> str:
    """A URL that can be opened: nobody can connect to 'all addresses'."""
    return url.replace("//[::]:", "//localhost:").replace("//0.0.0.0:", "//localhost:")
