"""docs/cli.md, made from the declarations of the commands. It writes no file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from exporter.cli.commands import COMMANDS, Command
from exporter.cli.errors import PROGRAM, Exit
from exporter.config.markdown import escape_cell

_HEAD = f"""\
# Command line

<!-- Made by `make generate` from exporter/cli; edit that. -->

`{PROGRAM} COMMAND [ARGUMENTS] [SETTINGS]`; `{PROGRAM} COMMAND --help` prints the same for one
command with all its settings. Settings are flags, environment variables or keys of a file, see
[configuration](configuration.md). Errors are single lines on stderr; what a command prints is on
stdout.

| exit status | |
| --- | --- |
| {Exit.FINE.value} | done; for `check` and `explain`: as it should be |
| {Exit.NOT_FINE.value} | the answer is no: a Service is not as it should be (`check`, `explain`), \
or there is none of that name (`get`) |
| {Exit.FAILED.value} | it could not be done: a bad flag, an unreadable file, a cluster that \
can't be reached or read; for `explain` also that there is no such Service |
| {Exit.INTERRUPTED.value} | interrupted (Ctrl-C) |
"""

_GET = """\
#### What `-o json` and `-o yaml` print

A map with one key, `items`: a list, for a single Service too. `null` is "can't be known". Keys are
only ever added.

| key | |
| --- | --- |
| `namespace`, `service`, `type`, `selector`, `created` | from the Service |
| `standing` | `down`, `degraded` (it works, and a finding that is a warning holds), `unknown`, \
`new` (within the grace period), `ready`, `intended` (a zero that is meant, or ignored) |
| `ready`, `not_ready` | unique addresses, summed over address types |
| `routable` | unique addresses that traffic would be sent to now |
| `min_ready`, `ignored` | by annotation or default |
| `reason`, `detail`, `since` | why there is no usable ready endpoint, since when (RFC 3339) |
| `since_seen` | whether somebody saw it fall; else it is down since then at least |
| `findings` | what is remarkable: `code`, `weight` (`warning` or `note`), `text` for people |
| `notes` | the same as short texts alone |
| `addresses` | by `address_type`: `ready`, `not_ready`, `serving`, `terminating` |
| `ports` | by `name`, `protocol`, `port`: `ready` (address, number) pairs, `target_port`, \
`node_port`, `app_protocol` |
| `cluster_ips`, `external_ips`, `load_balancer`, `external_name` | where it is reached |
| `internal_traffic_policy`, `external_traffic_policy` | as the Service has them |
| `workloads` | who makes its Pods: `kind`, `name`, `wanted`, `through` (what it makes them by) |
| `nodes`, `zones` | where the ready addresses are; the unknown zone is `""` |
| `slices` | how many EndpointSlices it has |
"""

_CHECK = """\
#### What `-o json` prints

`ok` (true, false, or null when it can't be told), `exit`, `services` (how many were judged),
`problems` (worst first: `namespace`, `service`, `standing`, `reason`, `detail`, `message`, `fix`,
`ready`, `not_ready`, `min_ready`, `since`, `since_seen`, `findings` (their codes), `notes`),
`missing` (what can't be read) and `rejected` (what can't be decoded).
"""

_EXPLAIN = """\
#### What `-o json` prints

Keys are only ever added.

| key | |
| --- | --- |
| `namespace`, `service` | the Service |
| `reason`, `detail` | why there is no usable ready endpoint ([reasons](reasons.md)); null else |
| `message`, `fix`, `commands` | what is the matter and what to do: of the reason, else of the \
first finding |
| `ready`, `not_ready` | unique addresses; null when unknown |
| `evidence` | what it has, and what shows the reason |
| `standing`, `since` | as in `get` |
| `findings` | each with `code`, `weight`, `message`, `evidence`, `fix`, `commands`, `alert` (the \
rule that watches it, or null) and `runbook` (its section in these documents) |
"""

_MORE = {"get": _GET, "explain": _EXPLAIN, "check": _CHECK}


def render() -> str:
    """The whole page."""
    lines = [_HEAD]
    for command in COMMANDS:
        lines += _describe(command)
    return "\n".join(lines)


def _describe(command: Command) -> Iterator[str]:
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} {command.name}", add_help=False)
    command.arguments(parser)
    yield f"## `{command.name}`: {command.summary}"
    yield ""
    yield command.about
    yield ""
    actions = parser._actions  # noqa: SLF001 - argparse tells it no other way
    if actions:
        yield "| argument | |"
        yield "| --- | --- |"
        for action in actions:
            yield f"| {_spell(action)} | {escape_cell(action.help or '')} |"
        yield ""
    yield "```sh"
    yield from command.lines()
    yield "```"
    yield ""
    if command.name in _MORE:
        yield _MORE[command.name]


def _spell(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar}`"
    takes = action.metavar or ("|".join(action.choices) if action.choices else "")
    value = f" {takes}" if takes and action.nargs != 0 else ""
    return ", ".join(f"`{escape_cell(flag + value)}`" for flag in action.option_strings)
