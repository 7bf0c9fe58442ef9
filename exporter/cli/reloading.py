"""The settings file, looked at while the exporter runs: what can change, changes."""

from __future__ import annotations

import argparse
import asyncio
import os
import stat
from collections.abc import Callable, Mapping

import structlog

from exporter.cli.serving import Reloading
from exporter.config import Settings, SettingsError, change, find_file, load_settings
from exporter.explaining.wording import escape_text
from exporter.regular_files import read_regular, take_fingerprint

_log = structlog.get_logger(__name__)

#: Seconds between two looks.
EVERY = 5.0


def watch_settings(
    args: argparse.Namespace, env: Mapping[str, str], every: float = EVERY
) -> Reloading | None:
    """What tells of changes of the settings file; None without one, or if it is no regular file.

    A file that is faulty changes nothing: it is told once and tried again. What needs a restart
    is told once in a line.
    """
    path, _ = find_file(args, env)
    if not path or not _is_regular(path):
        return None
    file = _File(path, args, dict(env))

    async def tell(settings: Settings, take_over: Callable[[Settings], None]) -> None:
        current = settings
        while True:
            await asyncio.sleep(every)
            try:
                fresh = await asyncio.to_thread(file.read_if_changed)
            except Exception as error:  # noqa: BLE001 - nothing may end reloading for ever
                file.complain((type(error).__name__,))
                continue
            if fresh is None:
                continue
            changed, fixed = change(current, fresh)
            if fixed:
                _log.warning("settings that need a restart have changed", settings=list(fixed))
            if changed != current:
                current = changed
                take_over(changed)

    return tell


class _File:
    """The file as it was last read."""

    def __init__(self, path: str, args: argparse.Namespace, env: Mapping[str, str]) -> None:
        self._path = path
        self._args = args
        self._env = env
        self._seen = take_fingerprint((path,))
        self._faulty = False
        self._told: tuple[str, ...] = ()

    def read_if_changed(self) -> Settings | None:
        """The settings when the file has changed, or was faulty, and can be used now."""
        now = take_fingerprint((self._path,))
        if now == self._seen and not self._faulty:
            return None
        self._seen, self._faulty = now, True
        try:
            settings = load_settings(self._args, self._env, read=read_regular)
        except SettingsError as error:
            self.complain(tuple(map(escape_text, error.lines)))
            return None
        self._faulty, self._told = False, ()
        return settings

    def complain(self, lines: tuple[str, ...]) -> None:
        """Tell what is wrong, once."""
        if lines != self._told:
            for line in lines:
                _log.error("settings not taken over", problem=line)
        self._told = lines


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - a Path says no more
    except OSError:
        return False
