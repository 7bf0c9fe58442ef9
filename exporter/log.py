"""The log: structlog and the standard library's logging in one stream, for people or as JSON.

One event is one line on stderr. It never prints a traceback unless the level is debug: an error of
a library (an unhandled exception in a task, a broken request) becomes a line that says what was
raised and where.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# One line for each request or each retry: worth it only when somebody looks for something.
_CHATTY = ("aiohttp.access", "asyncio", "kubernetes", "urllib3")

# Written as the pictures Unicode has for them: ␊ for a newline, ␛ for what begins a colour.
_CONTROL = {code: chr(0x2400 + code) for code in range(32)} | {
    0x7F: "␡",
    **dict.fromkeys((*range(0x80, 0xA0), 0x2028, 0x2029), "�"),
}

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logging(
    style: str = "auto",
    level: str = "info",
    *,
    stream: TextIO | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Send all log lines of the process to the stream (stderr), from this level on.

    `style` is console, json or auto (console on a terminal, else JSON); `level` is debug, info,
    warning or error. Calling it again replaces what was set. Colour is for terminals only, and
    NO_COLOR in `env` (os.environ) switches it off.
    """
    target = sys.stderr if stream is None else stream
    terminal = target.isatty()
    environment = os.environ if env is None else env
    console = style == "console" or (style == "auto" and terminal)
    common: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if console
        else structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _tell_exceptions if level == "debug" else _summarise_exceptions,
    ]
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=terminal and not environment.get("NO_COLOR"))
        if console
        else structlog.processors.JSONRenderer(serializer=_encode)
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _keep_one_line if console else _put_first,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(_LEVELS[level])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
    logging.captureWarnings(capture=True)
    # A closed stderr must not bring a traceback for each line that can't be written to it.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def describe_exception(error: BaseException) -> str:
    """An exception in one line: its kind and what it says, or its kind when it says nothing."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _find_exception(given: object) -> _ExceptionInfo | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple) and len(given) == 3 and given[1] is not None:
        return given
    if given and not isinstance(given, tuple):
        kind, error, trace = sys.exc_info()
        if kind is not None and error is not None:
            return kind, error, trace
    return None


def _summarise_exceptions(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = _find_exception(event.pop("exc_info", None))
    if found is not None:
        event.setdefault("error", describe_exception(found[1]))
        frames = traceback.extract_tb(found[2])
        if frames:
            file = "/".join(frames[-1].filename.split("/")[-2:])
            event.setdefault("raised", f"{file}:{frames[-1].lineno}")
    event.pop("stack_info", None)
    return event


def _tell_exceptions(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = _find_exception(event.get("exc_info"))
    event = _summarise_exceptions(logger, method, event)
    if found is not None:
        event["exception"] = "".join(traceback.format_exception(*found))
    return event


def _keep_one_line(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # Names and messages come from a cluster: a newline in one would forge a line of the log, an
    # escape sequence would colour the terminal. (JSON escapes both by itself.)
    for key, value in event.items():
        if isinstance(value, str) and key != "exception" and not value.isprintable():
            event[key] = value.translate(_CONTROL)
    return event


def _put_first(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    first = {key: event.pop(key) for key in ("time", "level", "event") if key in event}
    return {**first, **event}


def _encode(event: object, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
