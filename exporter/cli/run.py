"""`run`: the exporter, until it is stopped."""

from __future__ import annotations

import argparse
import os

import structlog

from exporter import __version__
from exporter.cli.chronicle import Chronicle
from exporter.cli.live import open_client
from exporter.cli.reloading import watch_settings
from exporter.cli.serving import Reloading, serving
from exporter.cli.stopping import run_until_stopped
from exporter.config import Settings
from exporter.log import configure_logging

_log = structlog.get_logger("exporter")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serve what the API server tells; an API server that can't be reached is tried for ever."""
    configure_logging(settings.log_format, settings.log_level)
    return run_until_stopped(_serve(settings, watch_settings(args, os.environ)))


async def _serve(settings: Settings, reloading: Reloading | None) -> None:
    groups = settings.enabled_groups()
    async with (
        await open_client(settings, warned=_tell_warning) as client,
        serving(
            settings, client, groups, settings.web_listen_address, reloading, Chronicle()
        ) as running,
    ):
        _log.info(
            "listening",
            version=__version__,
            urls=list(running.urls),
            api_server=client.server,
            sync=settings.sync.value,
            source=settings.source.value,
            groups=sorted(group.value for group in groups),
        )
        await running.work


def _tell_warning(text: str) -> None:
    _log.warning("the API server warns", text=text)
