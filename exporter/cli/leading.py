"""The engine alone, or beside it the leadership over a lease that decides whether we speak."""

from __future__ import annotations

import asyncio
import secrets
import socket

from exporter.api import Client
from exporter.cli.notifying import Notifying
from exporter.cli.succession import Succession
from exporter.config import Settings
from exporter.engine.leader import Leadership
from exporter.telemetry import Telemetry


async def run_engine(
    succession: Succession,
    settings: Settings,
    client: Client,
    telemetry: Telemetry,
    notifying: Notifying,
) -> None:
    """Goes on until cancelled. Where a lease is named, nothing is told of Services without it."""
    if settings.leader_lease is None:
        await succession.run()
        return

    def changed(leading: bool) -> None:  # noqa: FBT001 - as Leadership tells it
        succession.silence(not leading)
        notifying.silence(not leading)
        telemetry.show_leader(leading)

    # The name alone is not enough: a restarted container has its Pod's name again.
    identity = f"{socket.gethostname()}_{secrets.token_hex(4)}"
    leadership = Leadership(client, *settings.leader_lease, identity, changed)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(succession.run())
            tasks.create_task(leadership.run())
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
