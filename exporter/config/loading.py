"""From flags, environment and file to Settings: precedence, and all that is wrong at once.

A flag wins over an environment variable, that over the file, that over the default. Whatever is
wrong anywhere becomes one line that names the setting as the user wrote it; nothing is read but
the file, and nothing is logged.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from exporter.config.declaration import ENV_PREFIX, Setting
from exporter.config.kinds import BadValue, Choice, Several, show_text
from exporter.config.settings import SETTINGS, Settings, show_default
from exporter.spelling import find_close

CONFIG_FLAG = "--config"
CONFIG_VARIABLE = f"{ENV_PREFIX}CONFIG"

_DESTINATION = "setting:"

# Kubernetes gives every container variables for the Services of its namespace. One that is called
# `endpoints-exporter` would else keep the exporter from starting, one named after the Pod's start.
_SERVICE_LINK = re.compile(
    r"(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?"
    r"|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)"
)
_SERVICE_LINK_URL = re.compile(r"(?:tcp|udp|sctp)://\S+")

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}


class SettingsError(Exception):
    """Settings that can't be used; `lines` holds one line for each thing that is wrong."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class _Given(msgspec.Struct, frozen=True):
    """What one source says of one setting. `where` names it as the user wrote it."""

    setting: Setting
    where: str
    texts: tuple[str, ...]


def add_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Add `--config` and the flags of all settings that the command takes, in sections.

    The flags only keep what was written; load_settings says what is wrong with it, all at once.
    """
    sections: dict[str, argparse._ArgumentGroup] = {}
    for setting in SETTINGS:
        if command not in setting.commands:
            continue
        title = setting.section.lower()
        if title not in sections:
            sections[title] = parser.add_argument_group(title)
        several = isinstance(setting.kind, Several)
        # A flag that switches something needs no value: giving it says enough.
        switch = isinstance(setting.kind, Choice) and "true" in setting.kind.words
        sections[title].add_argument(
            setting.flag,
            nargs="?" if switch else None,
            const="true" if switch else None,
            action="append",
            dest=_DESTINATION + setting.name,
            default=argparse.SUPPRESS,
            metavar=setting.kind.metavar,
            help=f"{setting.why}{' Repeatable.' if several else ''} "
            f"[{show_default(setting)}]".replace("%", "%%"),
        )
    parser.add_argument_group("settings from elsewhere").add_argument(
        CONFIG_FLAG,
        metavar="FILE",
        default=None,
        help="A YAML file with settings, by the names of the flags. Each can also be set by "
        f"an environment variable, as in {SETTINGS[0].variable}.",
    )


def describe_unknown_flags(
    command: str, words: Iterable[str], more: Iterable[str] = ()
) -> list[str]:
    """One line for each word that a parser did not know, with the flag that was likely meant.

    `more` are the flags of the command that are no settings.
    """
    here = {setting.flag for setting in SETTINGS if command in setting.commands}
    known = {*here, CONFIG_FLAG, *more}
    lines = []
    for word in words:
        flag = word.partition("=")[0]
        if not flag.startswith("-") or flag == "-":
            lines.append(f"{show_text(word)}: `{command}` does not take this argument")
        elif flag.removeprefix("--") in _BY_NAME and flag not in here:
            lines.append(f"{flag}: `{command}` does not take this setting")
        else:
            lines.append(f"{show_text(flag)}: no such flag{_guess(flag, known)}")
    return lines


def load_settings(
    args: argparse.Namespace,
    env: Mapping[str, str],
    *,
    read: Callable[[str], bytes] = lambda path: Path(path).read_bytes(),
    faults: Iterable[str] = (),
) -> Settings:
    """The settings that hold, or SettingsError with a line for everything that is wrong.

    `args` comes from a parser with add_flags. `faults` are lines about the command line that the
    caller has already (unknown flags), to be told together with the rest. An environment variable
    that is set but empty counts as not set: charts write those for values nobody gave.
    """
    lines = list(faults)
    sources = (
        _from_file(args, env, read, lines),
        _from_environment(env, lines),
        _from_flags(args),
    )
    given: dict[str, _Given] = {}
    values: dict[str, Any] = {}
    for source in sources:
        for each in source:
            value = _parse(each, lines)
            if value is not None:
                given[each.setting.field], values[each.setting.field] = each, value
    lines += _find_contradictions(values, given)
    if lines:
        raise SettingsError(list(dict.fromkeys(lines)))
    return Settings(**values)


def _parse(given: _Given, lines: list[str]) -> object | None:
    kind = given.setting.kind
    try:
        if isinstance(kind, Several):
            parts = [each for text in given.texts for each in kind.parse(text)]
            return tuple(dict.fromkeys(parts))
        return kind.parse(given.texts[-1])
    except BadValue as bad:
        lines.append(f"{given.where}: {show_text(bad.text)} {bad.problem}; takes {kind.takes}")
        return None


def _find_contradictions(values: Mapping[str, Any], given: Mapping[str, _Given]) -> Iterable[str]:
    for one, other in (("no_groups", "groups"), ("namespaces_denylist", "namespaces")):
        both = [each for each in values.get(one, ()) if each in values.get(other, ())]
        if both:
            yield (
                f"{given[one].where}: {', '.join(str(each) for each in both)} "
                f"stands in {given[other].where} too; takes what is not there"
            )
    shard, total = values.get("shard"), values.get("total_shards", 1)
    if shard is None and total > 1:
        yield (
            f"{given['total_shards'].where}: {total}, but nothing says which of them this is; "
            f"set {_BY_NAME['shard'].flag} from 0 to {total - 1}"
        )
    elif shard is not None and shard >= total:
        yield (
            f"{given['shard'].where}: {shard} is none of {total} "
            f"shard{'' if total == 1 else 's'}; takes 0 to {total - 1}"
        )
    if total > 1 and values.get("leader_lease") is not None:
        yield (
            f"{given['leader_lease'].where}: of several shards each has to tell its own part; "
            f"leave it out, or {given['total_shards'].where}"
        )
    yield from _find_two_receivers(values, given)
    if values.get("web_listen_address") == ():
        where, kind = given["web_listen_address"].where, given["web_listen_address"].setting.kind
        yield f"{where}: names no address; takes {kind.takes}"


def _find_two_receivers(values: Mapping[str, Any], given: Mapping[str, _Given]) -> Iterable[str]:
    url, file, token = (given.get(f"notify_{name}") for name in ("url", "url_file", "token_file"))
    if url is not None and file is not None:
        yield f"{url.where}: {file.where} names a receiver too; takes one of them"
    if token is not None and "@" in urlsplit(values.get("notify_url") or "").netloc:
        yield f"{token.where}: the receiver's URL has a login too; takes one of them"
    for one in (token, given.get("notify_ca_file")):
        if one is not None and url is None and file is None:
            yield f"{one.where}: there is no receiver; takes {_BY_NAME['notify.url'].flag} besides"


def _from_flags(args: argparse.Namespace) -> Iterable[_Given]:
    for destination, texts in vars(args).items():
        if destination.startswith(_DESTINATION):
            setting = _BY_NAME[destination.removeprefix(_DESTINATION)]
            yield _Given(setting, setting.flag, tuple(texts))


def _from_environment(env: Mapping[str, str], lines: list[str]) -> Iterable[_Given]:
    given = []
    for variable in sorted(name for name in env if name.startswith(ENV_PREFIX)):
        setting = _BY_VARIABLE.get(variable)
        if setting is not None:
            if env[variable].strip():
                given.append(_Given(setting, variable, (env[variable],)))
        elif variable != CONFIG_VARIABLE and not _is_service_link(variable, env[variable]):
            known = {name.removeprefix(ENV_PREFIX) for name in (*_BY_VARIABLE, CONFIG_VARIABLE)}
            guess = _guess(variable.removeprefix(ENV_PREFIX), known, ENV_PREFIX)
            lines.append(f"{show_text(variable)}: no such environment variable{guess}")
    return given


def _is_service_link(variable: str, value: str) -> bool:
    rest = variable.removeprefix(ENV_PREFIX)
    if rest == "PORT" or rest.endswith("_PORT"):
        return bool(_SERVICE_LINK_URL.fullmatch(value) or _SERVICE_LINK.fullmatch(rest))
    return bool(_SERVICE_LINK.fullmatch(rest))


def find_file(args: argparse.Namespace, env: Mapping[str, str]) -> tuple[str | None, str]:
    """The path of the settings file, None when there is none; and what names it."""
    flag = getattr(args, "config", None)
    if flag is not None:
        return flag, CONFIG_FLAG
    return env.get(CONFIG_VARIABLE), CONFIG_VARIABLE


def _from_file(
    args: argparse.Namespace,
    env: Mapping[str, str],
    read: Callable[[str], bytes],
    lines: list[str],
) -> Iterable[_Given]:
    path, where = find_file(args, env)
    if not path:
        return []
    # Most processes in a cluster are set up by flags: they start without a YAML library.
    from exporter.config.file import read_entries  # noqa: PLC0415
    from exporter.plain_yaml import YamlFault  # noqa: PLC0415

    try:
        entries = read_entries(read(path))
    except OSError as error:
        lines.append(f"{where}: {show_text(path)} can't be read: {error.strerror or error}")
        return []
    except YamlFault as fault:
        line = "" if fault.line is None else f"line {fault.line} "
        lines.append(f"{where}: {show_text(path)} {line}{fault.problem}")
        return []
    given = []
    for entry in entries:
        place = f"{show_text(path)} line {entry.line}: {show_text(entry.key)}"
        setting = _BY_NAME.get(entry.key)
        if setting is None:
            lines.append(f"{place}: no such setting{_guess(entry.key, _BY_NAME)}")
        elif entry.texts is None or (entry.listed and not isinstance(setting.kind, Several)):
            lines.append(f"{place}: is not a plain value; takes {setting.kind.takes}")
        elif entry.texts or entry.listed:
            given.append(_Given(setting, place, entry.texts or ("",)))
    return given


def _guess(word: str, known: Iterable[str], prefix: str = "") -> str:
    # A prefix that all have in common would make anything look close.
    close = find_close(word, sorted(known), cutoff=0.7)
    return f"; did you mean {prefix}{close}?" if close else ""
