"""`wait`: until Services are as somebody wants them, told by the exit status."""

from __future__ import annotations

import argparse
import re
from typing import Protocol

import msgspec

from exporter.cli.errors import CommandError, Exit
from exporter.cli.get import choose_namespaces
from exporter.cli.naming import read_name
from exporter.cli.stopping import run_until_stopped
from exporter.cli.telling import Telling, Wanted
from exporter.config import Settings
from exporter.config.kinds import BadValue, Duration, Kind, Selector, show_text
from exporter.explaining.wording import escape_text
from exporter.judging.goals import Goal, GoalError, read_goal
from exporter.log import configure_logging
from exporter.model import ServiceKey


class Way(Protocol):
    """One way to wait."""

    status: Exit | None

    async def run(self) -> None:
        """Until it is met, or the time is up."""


_TIMEOUT = Duration(0.0, 7 * 86400.0)
# RFC 1035 and, in newer clusters, RFC 1123: a name of another form would be waited for in vain.
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Wait; 0 when it is as wanted, 1 when the time is up, 2 when it can't be told.

    Being stopped by SIGTERM is a 2: whoever goes on after a 0 would go on with nothing known.
    """
    goal = _read_goal(args.goal)
    timeout = _parse("--timeout", _TIMEOUT, args.timeout)
    keys = _read_keys(args, settings)
    if keys:
        namespaces = tuple(sorted({key.namespace for key in keys}))
    else:
        selector = _parse("--selector", Selector(), args.selector)
        both = filter(None, (settings.service_selector, str(selector)))
        settings = msgspec.structs.replace(settings, service_selector=",".join(both))
        namespaces = choose_namespaces(args, settings)
    if namespaces:
        settings = msgspec.structs.replace(settings, namespaces=namespaces)
    # What goes wrong is told here, in lines of its own.
    level = "debug" if settings.log_level == "debug" else "error"
    configure_logging(settings.log_format, level)
    wanted = Wanted(goal, keys, namespaces, float(str(timeout)), must_exist=args.must_exist)
    telling = Telling(wanted, json=args.output == "json", colour=args.color)
    waiting = _choose_way(args, settings, wanted, telling)
    stopped = run_until_stopped(waiting.run(), interrupted=Exit.INTERRUPTED, terminated=Exit.FAILED)
    return waiting.status if waiting.status is not None else stopped


def _choose_way(
    args: argparse.Namespace, settings: Settings, wanted: Wanted, telling: Telling
) -> Way:
    """The API server is followed, or a running exporter asked."""
    if args.from_url is None:
        if args.token_file is not None:
            raise CommandError("wait: --token-file goes with --from-url")
        from exporter.cli.waiting import Waiting

        return Waiting(settings, wanted, telling)
    from exporter.cli.asking import Asking, read_url
    from exporter.web.api.ready import MOST_NAMED

    url = read_url(args.from_url)
    if url.user is not None and args.token_file is not None:
        raise CommandError("wait: --from-url: takes either a password or --token-file")
    if len(wanted.keys) > MOST_NAMED:
        raise CommandError(f"wait: --from-url takes {MOST_NAMED} Services at most, or --selector")
    selector = None if wanted.keys else settings.service_selector
    return Asking(url, wanted, selector, telling, args.token_file)


def _read_goal(text: str) -> Goal:
    try:
        return read_goal(text)
    except GoalError as bad:
        raise CommandError(f"wait: --for: {show_text(text)} {bad}") from None


def _parse(flag: str, kind: Kind, text: str) -> object:
    try:
        return kind.parse(text)
    except BadValue as bad:
        raise CommandError(
            f"wait: {flag}: {show_text(bad.text)} {bad.problem}; takes {kind.takes}"
        ) from None


def _read_keys(args: argparse.Namespace, settings: Settings) -> tuple[ServiceKey, ...]:
    """The Services that were named, each once; () where a selector says which."""
    if bool(args.services) == (args.selector is not None):
        raise CommandError("wait: takes either Services or --selector; see --help")
    if args.services and args.all_namespaces:
        raise CommandError("wait: -A goes with --selector; a Service is in one namespace")
    keys = []
    for text in args.services:
        named = read_name(text, args.namespace, "wait")
        if not _NAME.fullmatch(named.name):
            raise CommandError(f"wait: {escape_text(text)} can't be the name of a Service")
        if named.namespace:
            keys.append(ServiceKey(*named))
            continue
        spaces = choose_namespaces(args, settings)
        if len(spaces) != 1:
            raise CommandError(
                f"wait: {escape_text(text)} may be in several namespaces; say which by -n, or as "
                "NAMESPACE/NAME"
            )
        keys.append(ServiceKey(spaces[0], named.name))
    return tuple(dict.fromkeys(keys))
