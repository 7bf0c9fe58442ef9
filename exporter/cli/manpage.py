"""The man page, made from the declarations of the commands and settings. It writes no file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from exporter.cli.commands import ABOUT, COMMANDS, Command
from exporter.cli.errors import PROGRAM, Exit
from exporter.config import ENV_PREFIX, SETTINGS

_ABOUT = f"{ABOUT} As kubectl-endpoints on the PATH it is also `kubectl endpoints`."

_STATUSES = {
    Exit.FINE: "Done; for check and explain: as it should be.",
    Exit.NOT_FINE: "The answer is no: a Service is not as it should be (check, explain), or there "
    "is none of that name (get).",
    Exit.FAILED: "It could not be done: a bad flag, an unreadable file, a cluster that can't be "
    "reached or read, nothing to check; for explain also that there is no such Service.",
    Exit.INTERRUPTED: "Interrupted (Ctrl-C).",
}


def render_manpage() -> str:
    """The page in the man macros of roff, as man(7) describes them."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" Made by `make generate` from exporter/cli and exporter/config; edit these.'
    yield f'.TH {_quote(PROGRAM.upper())} 1 "" {_quote(PROGRAM)} "User Commands"'
    yield ".SH NAME"
    yield f"{_text(PROGRAM)} \\- why Kubernetes Services have no ready endpoints"
    yield ".SH SYNOPSIS"
    yield f".B {_text(PROGRAM)}"
    yield ".I COMMAND"
    yield "[\\fIARGUMENTS\\fR] [\\fISETTINGS\\fR]"
    yield ".SH DESCRIPTION"
    yield _text(_ABOUT)
    yield ".SH COMMANDS"
    for command in COMMANDS:
        yield from _describe(command)
    yield ".SH SETTINGS"
    yield _text(
        "Each is a flag of the commands that take it, an environment variable and a key of the "
        "YAML file that --config names; the first of these that is given holds."
    )
    for setting in SETTINGS:
        yield ".TP"
        yield f"\\fB{_text(setting.flag)}\\fR \\fI{_text(setting.kind.metavar)}\\fR"
        yield _text(f"{setting.why} ({setting.variable})")
    yield ".SH ENVIRONMENT"
    for name, what in (
        ("KUBECONFIG", "Kubeconfig files, where --kubeconfig names none."),
        (f"{ENV_PREFIX}*", "Settings, as above."),
        ("NO_COLOR", "No colours where it is set."),
    ):
        yield from (".TP", f".B {_text(name)}", _text(what))
    yield ".SH EXIT STATUS"
    for status, what in _STATUSES.items():
        yield from (".TP", f".B {status.value}", _text(what))
    yield ".SH SEE ALSO"
    yield ".BR kubectl (1)"


def _describe(command: Command) -> Iterator[str]:
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} {command.name}", add_help=False)
    command.arguments(parser)
    yield f".SS {command.name}"
    yield _text(f"{command.summary[0].upper()}{command.summary[1:]}. {command.about}")
    for action in parser._actions:  # noqa: SLF001 - argparse tells it no other way
        yield ".TP"
        yield _spell(action)
        yield _text(action.help or "")
    yield ".PP"
    yield ".nf"
    yield from (_text(line) for line in command.lines())
    yield ".fi"


def _spell(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"\\fI{_text(str(action.metavar))}\\fR"
    takes = action.metavar or ("|".join(action.choices) if action.choices else "")
    value = f" \\fI{_text(str(takes))}\\fR" if takes and action.nargs != 0 else ""
    return ", ".join(f"\\fB{_text(flag)}\\fR{value}" for flag in action.option_strings)


#: What stands in the texts and is no ASCII, as groff and mandoc both know it.
_SIGNS = {"…": "\\&...", "→": "\\(->", "×": "\\(mu", "–": "\\(en", "’": "\\(cq", "‘": "\\(oq"}


def _text(text: str) -> str:
    """A text in which nothing is a request or an escape."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "").replace("%%", "%")
    for sign, escape in _SIGNS.items():
        shown = shown.replace(sign, escape)
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


def _quote(text: str) -> str:
    return f'"{_text(text)}"'
