"""Who is told what becomes of Services, as the settings say, while this process may speak."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from exporter import __version__
from exporter.api import Client, CredentialsError
from exporter.cli.chronicle import Chronicle
from exporter.cli.errors import CommandError
from exporter.config import Settings
from exporter.engine.transitions import Story
from exporter.explaining.wording import escape_text
from exporter.model import ServiceKey, ServiceReport
from exporter.telemetry import Telemetry

if TYPE_CHECKING:  # few tell anybody, and the others need not wait for it
    from exporter.notify import Target

#: Seconds until one that failed by our own fault is begun again.
_AGAIN = 30.0

_log = structlog.get_logger(__name__)


class _Listener(Protocol):
    """A way to tell somebody."""

    def tell(self, key: ServiceKey, story: Story, report: ServiceReport | None) -> None:
        """Take what became of a Service; it must be quick."""

    async def run(self) -> None:
        """Tell it, until cancelled."""


class Notifying:
    """Runs a task for each way to tell; a change of settings, or of the lease, makes them anew.

    What an old one still has to tell it tries to tell when it is stopped.
    """

    def __init__(
        self, client: Client, telemetry: Telemetry, chronicle: Chronicle | None, *, silent: bool
    ) -> None:
        """`chronicle` is told even while silent: each process has a log of its own."""
        self._chronicle = chronicle
        self._client = client
        self._telemetry = telemetry
        self._silent = silent
        self._settings = Settings()
        self._listeners: tuple[_Listener, ...] = ()
        self._running: list[asyncio.Task[None]] = []
        self._ending: set[asyncio.Task[None]] = set()

    def tell(self, key: ServiceKey, story: Story, report: ServiceReport | None) -> None:
        """What became of a Service; `report` is the one that holds now."""
        if self._chronicle is not None:
            self._chronicle.tell(key, story, report)
        for listener in self._listeners:
            listener.tell(key, story, report)

    def configure(self, settings: Settings) -> None:
        """Tell whom these settings name from now on."""
        if _pick(settings) != _pick(self._settings):
            self._settings = settings
            self._renew()

    def silence(self, silent: bool) -> None:  # noqa: FBT001 - one word says it
        """Whether another process speaks."""
        if silent != self._silent:
            self._silent = silent
            self._renew()

    async def close(self) -> None:
        """Stop; each has its last seconds."""
        self._stop()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _renew(self) -> None:
        self._stop()
        if self._silent:
            return
        self._listeners = tuple(self._make())
        self._running = [asyncio.create_task(_keep_on(one)) for one in self._listeners]

    def _stop(self) -> None:
        self._listeners = ()
        for task in self._running:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        self._running = []

    def _make(self) -> list[_Listener]:
        settings, telemetry = self._settings, self._telemetry
        made: list[_Listener] = []
        target = find_target(settings)
        if target is None and not settings.events:
            return made
        from exporter.notify import (
            Courier,
            Letterhead,
            Outcome,
            Recorder,
            Verdict,
            Webhook,
            WriteOutcome,
        )

        if target is not None:
            telemetry.start_notifying(Outcome, Verdict)
            head = Letterhead(__version__, settings.notify_cluster, settings.web_external_url)
            interval = settings.notify_interval
            made.append(Courier(Webhook(target), head, telemetry, interval=interval))
        if settings.events:
            telemetry.start_writing(WriteOutcome)
            made.append(Recorder(self._client, telemetry.event_written))
        return made


def find_target(settings: Settings) -> Target | None:
    """The receiver that settings name, None for none."""
    if settings.notify_url is None and settings.notify_url_file is None:
        return None
    from exporter.notify import Target

    return Target(
        settings.notify_url,
        settings.notify_url_file,
        settings.notify_token_file,
        settings.notify_ca_file,
    )


async def check_receiver(settings: Settings) -> None:
    """CommandError when a file that the receiver needs can't be used; nothing is sent yet."""
    target = find_target(settings)
    if target is None:
        return
    from exporter.notify import Webhook

    try:
        origin = await Webhook(target).check()
    except CredentialsError as error:
        raise CommandError(escape_text(str(error))) from None
    _log.info("changes are told", receiver=origin)


def _pick(settings: Settings) -> tuple[object, ...]:
    """What of the settings is about telling."""
    return (
        find_target(settings),
        settings.notify_interval,
        settings.notify_cluster,
        settings.events,
    )


async def _keep_on(listener: _Listener) -> None:
    while True:
        try:
            await listener.run()
        except Exception as error:  # noqa: BLE001 - nobody else may end for it
            _log.error("telling failed and begins again", error=type(error).__name__)
        await asyncio.sleep(_AGAIN)
