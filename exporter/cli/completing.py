"""What a shell may complete: commands, flags, their values, and names out of cluster or dump.

It never fails and never prints an error: whoever presses TAB is in the middle of a line.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from exporter.cli.commands import COMMANDS
from exporter.cli.errors import PROGRAM
from exporter.cli.naming import KINDS
from exporter.config import SETTINGS, Settings, add_flags, load_settings
from exporter.config.kinds import Choice
from exporter.model import ServiceKey
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.nodes import Node
from exporter.objects.resources import NODES, SERVICES, Resource

Completer = Callable[..., Iterable[str]]
_Found = Retained | Rejected

#: Seconds for asking a cluster: longer nobody waits with a finger on TAB.
_PATIENCE = 3.0


def build_whole_parser() -> argparse.ArgumentParser:
    """One parser with all commands in it, each argument with what completes it."""
    parser = argparse.ArgumentParser(prog=PROGRAM)
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in COMMANDS:
        one = commands.add_parser(command.name, help=command.summary, allow_abbrev=False)
        command.arguments(one)
        add_flags(one, command.name)
        for action in one._actions:  # noqa: SLF001 - argparse tells it no other way
            completer = _completer_of(action)
            if completer is not None:
                action.completer = completer  # type: ignore[attr-defined]  # where argcomplete looks
    return parser


def _completer_of(action: argparse.Action) -> Completer | None:
    for setting in SETTINGS:
        if setting.flag in action.option_strings and isinstance(setting.kind, Choice):
            words = tuple(setting.kind.words)
            return lambda **_: words
    return _BY_ARGUMENT.get(action.dest)


def complete(finish: Callable[[int], object] = os._exit) -> None:
    """Answer the shell, as its environment asks (_ARGCOMPLETE, COMP_LINE …), and finish."""
    import argcomplete

    argcomplete.autocomplete(
        build_whole_parser(), always_complete_options=False, exit_method=cast("Any", finish)
    )


def complete_for_kubectl() -> int:
    """`kubectl_complete-endpoints`: what kubectl runs for TAB after `kubectl endpoints`.

    It is given the words and prints a line for each completion, then `:4`, which is cobra's 'no
    names of files' (kubectl, `kubectl plugin --help`).
    """
    words, prefix = sys.argv[1:-1], "".join(sys.argv[1:][-1:])
    line = " ".join([PROGRAM, *map(shlex.quote, words), prefix])
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer")
        os.environ |= {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line.encode())),
        }
        complete(lambda _status: None)
        found = answer.read_text(encoding="utf-8") if answer.exists() else ""
    for one in found.splitlines():
        print(one)
    print(":4")
    return 0


# ── names ────────────────────────────────────────────────────────────────────────────────────


def complete_services(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Names in the namespace that holds, and NAMESPACE/NAME where none was said."""
    kind, slash, _rest = prefix.partition("/")
    before = kind + slash if slash and kind in KINDS else ""
    namespace = getattr(parsed_args, "namespace", None)
    keys = _list_services(parsed_args, namespace)
    if namespace is not None:
        return [f"{before}{key.name}" for key in keys if key.namespace == namespace]
    return [f"{before}{key}" for key in keys] + sorted({f"{before}{key.name}" for key in keys})


def complete_namespaces(*, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Namespaces with Services in them."""
    return sorted({key.namespace for key in _list_services(parsed_args, None)})


def complete_nodes(*, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Names of Nodes."""
    return sorted(node.name for node in _list_nodes(parsed_args))


def complete_zones(*, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Zones that Nodes are in."""
    return sorted({node.zone for node in _list_nodes(parsed_args) if node.zone})


def _complete_scenarios(**_: object) -> Iterable[str]:
    from exporter.sim.scenario import list_scenarios

    return list(list_scenarios())


def _list_services(args: argparse.Namespace, namespace: str | None) -> Sequence[ServiceKey]:
    listed = _list(SERVICES, args, namespace)
    return sorted(ServiceKey(one.namespace, one.name) for one in listed)


def _list_nodes(args: argparse.Namespace) -> list[Node]:
    return [one for one in _list(NODES, args, None) if isinstance(one, Node)]


def _list(resource: Resource, args: argparse.Namespace, namespace: str | None) -> Sequence[_Found]:
    try:
        settings = load_settings(args, os.environ)
        if getattr(args, "from_file", None):
            return _of_files(resource, args.from_file)
        return _of_cluster(resource, settings, namespace)
    except Exception:  # noqa: BLE001 - nothing is completed where nothing can be read
        return ()


def _of_files(resource: Resource, paths: Sequence[str]) -> Sequence[_Found]:
    from exporter.dump import read_dumps

    if "-" in paths:
        return ()  # it is the terminal
    return read_dumps(paths).objects.get(resource.name, ())


def _of_cluster(resource: Resource, settings: Settings, namespace: str | None) -> Sequence[_Found]:
    import asyncio

    from exporter.api import ForbiddenError
    from exporter.cli.kubeconfigs import find_namespace
    from exporter.cli.live import make_plans, open_client
    from exporter.engine.feed import list_once
    from exporter.log import configure_logging

    configure_logging(settings.log_format, "error")

    async def read(namespaces: tuple[str, ...]) -> list[_Found]:
        scoped = msgspec.structs.replace(settings, namespaces=namespaces)
        found: list[_Found] = []
        async with await open_client(scoped) as client:
            for plan in make_plans(scoped, [resource.name]):
                found += await list_once(client, plan)
        return found

    async def read_what_is_allowed() -> list[_Found]:
        async with asyncio.timeout(_PATIENCE):
            try:
                return await read((namespace,) if namespace else settings.namespaces)
            except ForbiddenError:
                return await read((find_namespace(settings.kubeconfig, settings.context),))

    return asyncio.run(read_what_is_allowed())


_BY_ARGUMENT: dict[str, Completer] = {
    "service": complete_services,
    "services": complete_services,
    "target": complete_services,
    "namespace": complete_namespaces,
    "drain": complete_nodes,
    "zone": complete_zones,
    "scenarios": _complete_scenarios,
}
