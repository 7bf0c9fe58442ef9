"""From words to a command: parsing, settings, and the call. It knows no command's work."""

from __future__ import annotations

import argparse
import importlib
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import NoReturn

from exporter import __version__
from exporter.cli.commands import ABOUT, BY_NAME, COMMANDS, Command
from exporter.cli.errors import PROGRAM, CommandError, Exit
from exporter.explaining.wording import escape_text
from exporter.spelling import find_close


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line each."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(
            f"{self.prog.removeprefix(PROGRAM).strip()}: {escape_text(message)}; see --help"
        )


def render_overview() -> str:
    """What `--help` says without a command."""
    width = min(shutil.get_terminal_size().columns, 100)
    pad = max(len(command.name) for command in COMMANDS) + 2
    rows = [
        textwrap.fill(
            f"{command.name:<{pad}}{command.summary}",
            width,
            initial_indent="  ",
            subsequent_indent=" " * (pad + 2),
        )
        for command in COMMANDS
    ]
    lines = [
        f"usage: {PROGRAM} COMMAND [ARGUMENTS]",
        "",
        *textwrap.wrap(ABOUT, width),
        "",
        "commands:",
        *rows,
        "",
        "try:",
        f"  {PROGRAM} demo                   # no cluster needed",
        f"  {PROGRAM} get -A                 # with the current kubeconfig",
        f"  {PROGRAM} explain NAMESPACE/NAME # why is it down?",
        "",
        f"`{PROGRAM} COMMAND --help` tells more of one; --version tells which this is.",
    ]
    return "\n".join(lines) + "\n"


def _fill(text: str) -> str:
    return textwrap.fill(text, min(shutil.get_terminal_size().columns, 100))


def build_parser(command: Command) -> argparse.ArgumentParser:
    """The parser of one command: its own arguments and the settings it takes."""
    from exporter.config import add_flags

    parser = _Parser(
        prog=f"{PROGRAM} {command.name}",
        description=_fill(command.about),
        epilog="\n  ".join(["examples:", *command.lines()]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # A flag that is added later must not change what a shortened one means.
        allow_abbrev=False,
    )
    command.arguments(parser)
    # Twenty settings before the first word of explanation would help nobody.
    places = [
        f"[{action.metavar}]" if action.nargs in ("?", "*") else str(action.metavar)
        for action in parser._actions  # noqa: SLF001 - argparse tells it no other way
        if not action.option_strings
    ]
    parser.usage = " ".join(["%(prog)s", *places, "[ARGUMENTS] [SETTINGS]"])
    add_flags(parser, command.name)
    return parser


def _own_flags(parser: argparse.ArgumentParser) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings]  # noqa: SLF001 - argparse tells it no other way


def _choose(words: Sequence[str]) -> tuple[Command, list[str]]:
    word = words[0]
    command = BY_NAME.get(word)
    if command is not None:
        return command, list(words[1:])
    if word.startswith("-"):
        raise CommandError(
            f"{escape_text(word)}: flags come after the command, as in `{PROGRAM} get -A`"
        )
    close = find_close(word, BY_NAME, cutoff=0.5)
    guess = f"; did you mean {close}?" if close else f"; there are {', '.join(BY_NAME)}"
    raise CommandError(f"{escape_text(word)}: no such command{guess}")


def dispatch(words: Sequence[str], env: Mapping[str, str]) -> int:
    """Do what the words say and return the exit status; CommandError when that can't be done."""
    if not words:
        raise CommandError(*_needs_a_command())
    if words[0] in ("-h", "--help", "help"):
        if words[0] == "help" and words[1:] and words[1] in BY_NAME:
            build_parser(BY_NAME[words[1]]).print_help()
        else:
            print(render_overview(), end="")
        return Exit.FINE
    if words[0] in ("--version", "version"):
        print(f"{PROGRAM} {__version__}")
        return Exit.FINE
    command, rest = _choose(words)
    from exporter.config import SettingsError, describe_unknown_flags, load_settings

    parser = build_parser(command)
    try:
        args, unknown = parser.parse_known_args(rest)
    except SystemExit as end:  # --help has been printed
        return int(end.code or 0)
    faults = describe_unknown_flags(command.name, _without_values(unknown), _own_flags(parser))
    try:
        settings = load_settings(args, env, faults=faults)
    except SettingsError as error:
        raise CommandError(*error.lines) from None
    status: int = importlib.import_module(command.module).run(args, settings)
    return status


def _without_values(unknown: Sequence[str]) -> list[str]:
    """The words that nobody knows, without what is likely the value of the one before."""
    return [
        word
        for before, word in zip(("", *unknown), unknown, strict=False)
        if word.startswith("-") or "=" in before or not before.startswith("-")
    ]


def _needs_a_command() -> tuple[str, ...]:
    return (f"needs a command: {', '.join(BY_NAME)}; see `{PROGRAM} --help`",)
