from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from exporter.log import configure_logging, describe_exception


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    for name in ("aiohttp.access", "asyncio", "kubernetes", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def start(style: str, level: str = "info", stream: io.StringIO | None = None) -> io.StringIO:
    """Configure logging to a stream that can be read."""
    stream = stream or io.StringIO()
    configure_logging(style, level, stream=stream, env={})
    return stream


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines of a JSON log."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    """Raise with a message of two lines."""
    message = "first\nsecond"
    raise ValueError(message)


def test_json_holds_time_level_message_and_values() -> None:
    """A JSON line starts with time, level and event, and holds every value under its name."""
    stream = start("json")
    structlog.get_logger("exporter.engine").info("watch ended", resource="pods", seconds=1.5)
    (line,) = parsed(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "watch ended",
        "resource": "pods",
        "seconds": 1.5,
        "logger": "exporter.engine",
    }
    assert stream.getvalue().startswith('{"time":')


def test_json_takes_any_value() -> None:
    """A value that JSON does not know is written as Python shows it, and never lost."""
    stream = start("json")
    structlog.get_logger().info("odd", value=object, text='a"b\n')
    assert parsed(stream)[0]["value"] == "<class 'object'>"
    assert parsed(stream)[0]["text"] == 'a"b\n'


@pytest.mark.parametrize(
    "level,expected",
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_level_is_the_least_severe_to_be_logged(level: str, expected: list[str]) -> None:
    """What is less severe than the level is left out, for our lines and a library's."""
    stream = start("json", level)
    for logger in (structlog.get_logger("a"), logging.getLogger("b")):
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)(name)
    assert [line["event"] for line in parsed(stream)] == expected * 2


def test_auto_is_console_on_a_terminal_and_json_elsewhere() -> None:
    """People get columns, collectors get JSON, without anybody setting it."""
    terminal, pipe = Terminal(), io.StringIO()
    configure_logging("auto", "info", stream=terminal, env={"NO_COLOR": "1"})
    structlog.get_logger().info("hello", a=1)
    configure_logging("auto", "info", stream=pipe, env={})
    structlog.get_logger().info("hello", a=1)
    assert "[info     ] hello" in terminal.getvalue()
    assert parsed(pipe)[0]["event"] == "hello"


def test_colour_is_for_terminals_only() -> None:
    """Escape sequences are written to a terminal, not to a file, and not under NO_COLOR."""
    for stream, env, coloured in (
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (io.StringIO(), {}, False),
    ):
        configure_logging("console", "info", stream=stream, env=env)
        structlog.get_logger().info("hello")
        assert ("\x1b[" in stream.getvalue()) is coloured


def test_console_keeps_one_event_on_one_line() -> None:
    """A newline or an escape sequence in a value can't forge a line or colour the terminal."""
    stream = start("console")
    structlog.get_logger().info("name", text="a\n04:00 [info] forged\x1b[31m", other="\u2028")
    assert stream.getvalue().count("\n") == 1
    assert "text='a␊04:00 [info] forged␛[31m'" in stream.getvalue()
    assert "\u2028" not in stream.getvalue()


@pytest.mark.parametrize("style", ["console", "json"])
def test_exception_is_one_line_without_traceback(style: str) -> None:
    """An error of a library tells in one line what was raised and where."""
    stream = start(style)
    try:
        fail()
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request")
        structlog.get_logger().exception("failed")
    text = stream.getvalue()
    assert text.count("\n") == 2
    assert text.count("ValueError: first second") == 2
    assert text.count("unit/test_log.py:") == 2
    assert "Traceback" not in text


def test_debug_adds_the_traceback() -> None:
    """Whoever looks for a fault sets debug and sees the whole traceback."""
    stream = start("json", "debug")
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = parsed(stream)
    assert line["error"] == "ValueError: first second"
    assert line["exception"].startswith("Traceback (most recent call last):\n")


def test_exception_given_as_value_is_described() -> None:
    """`exc_info=error` works outside an except block too; `exc_info=True` there says nothing."""
    stream = start("json")
    structlog.get_logger().warning("later", exc_info=KeyError("x"))
    structlog.get_logger().warning("never", exc_info=True)
    first, second = parsed(stream)
    assert first["error"] == "KeyError: 'x'"
    assert "raised" not in first
    assert "error" not in second


def test_failed_task_is_logged_like_everything_else() -> None:
    """An exception nobody awaited reaches the log through asyncio, as one line."""
    stream = start("json")

    async def main() -> None:
        context = {"message": "Task exception was never retrieved", "exception": OSError("boom")}
        asyncio.get_running_loop().call_exception_handler(context)

    asyncio.run(main())
    (line,) = parsed(stream)
    assert (line["logger"], line["level"], line["error"]) == ("asyncio", "error", "OSError: boom")


def test_warnings_are_log_lines() -> None:
    """A warning of a library is a line of the log, not a stray text on stderr."""
    stream = start("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("too old", FutureWarning, stacklevel=1)
    (line,) = parsed(stream)
    assert "FutureWarning: too old" in line["event"]
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")


def test_chatty_libraries_are_quiet_unless_debug() -> None:
    """Access logs are written only at debug."""
    for level, lines in (("info", 0), ("debug", 1)):
        stream = start("json", level)
        logging.getLogger("aiohttp.access").info("GET /metrics")
        assert len(parsed(stream)) == lines


def test_configuring_again_replaces_what_was_set() -> None:
    """A second call leaves no second handler behind: every line is written once."""
    first, second = start("json"), start("json")
    structlog.get_logger().info("once")
    assert first.getvalue() == ""
    assert len(parsed(second)) == 1


def test_closed_stream_is_no_error() -> None:
    """A log that can't be written does not stop the program nor print tracebacks."""
    stream = start("json")
    stream.close()
    structlog.get_logger().info("nobody hears")


def test_describe_exception_is_one_line() -> None:
    """An exception that says nothing is named by its kind alone."""
    assert describe_exception(TimeoutError()) == "TimeoutError"
    assert describe_exception(OSError("a\n  b")) == "OSError: a b"
