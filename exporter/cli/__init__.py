"""The command line, and with it the composition root: settings become plain values here.

A command's module is imported when the command is used: `--help`, and whatever reads a file, must
not wait for the Kubernetes client and an HTTP server that they never use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from exporter.cli.errors import PROGRAM, CommandError, Exit

__all__ = ["main", "render_cli_markdown"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with these arguments (those of the process) and return its exit status.

    Errors are lines on stderr. A reader that went away (`… | head`) and Ctrl-C end it quietly.
    """
    if argv is None and "_ARGCOMPLETE" in os.environ:
        from exporter.cli.completing import complete

        complete()
    words = list(sys.argv[1:] if argv is None else argv)
    # Names come from a cluster: what the terminal's encoding lacks must not end in an exception.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        from exporter.cli.dispatch import dispatch

        status = dispatch(words, os.environ)
        sys.stdout.flush()
    except CommandError as error:
        for line in error.lines:
            print(f"{PROGRAM}: {line}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # What is still buffered can't be written either: the interpreter would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        print(f"{PROGRAM}: {error.strerror or error}", file=sys.stderr)
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001 - whatever happens is told in a line
        _tell_fault(error, words)
        return Exit.FAILED
    return status


def _tell_fault(error: Exception, words: Sequence[str]) -> None:
    """A fault of the program itself: one line for who meets it, all of it for who looks for it."""
    import traceback  # hardly anybody ever needs it

    if "debug" in words or "--log.level=debug" in words:
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = "/".join(frames[-1].filename.split("/")[-2:]) + f":{frames[-1].lineno}"
    told = " ".join(f"{type(error).__name__}: {error}".split())
    print(
        f"{PROGRAM}: internal error: {ascii(told)[1:-1]} ({where}); please report it,"
        " --log.level=debug shows more",
        file=sys.stderr,
    )


def render_cli_markdown() -> str:
    """docs/cli.md, made from the same declarations as `--help`."""
    from exporter.cli.markdown import render

    return render()
