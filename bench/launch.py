"""The exporter as a bench starts it: with the credentials of a Pod, or with a watch on its loop.

`python -m bench.launch [--account FOLDER] [--holds FILE] run …`: FOLDER takes the place of a Pod's
ServiceAccount; at SIGUSR1 the longest hold of the event loop since the last one (seconds of the
callback's own CPU time, and its name) is written to FILE as JSON. What only developers have is
hidden from it: structlog would import it, and a Pod has none of it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import signal
import sys
from pathlib import Path

#: What structlog imports where it is there.
_DEVELOPERS = ("greenlet", "rich")


def main(words: list[str]) -> int:
    """Take what is ours, and run the program with the rest."""
    for name in _DEVELOPERS:
        sys.modules[name] = None  # type: ignore[assignment] # "there is none"
    from exporter import __main__ as entry  # noqa: PLC0415 - what is timed imports no more

    gc.set_threshold(entry.YOUNG)  # as it does itself, before all that follows is imported
    given: dict[str, str] = {}
    while words and words[0] in ("--account", "--holds"):
        given[words[0]], words = words[1], words[2:]
    with contextlib.ExitStack() as exits:
        if "--holds" in given:
            _watch(Path(given["--holds"]), exits)
        if "--account" in given:
            from exporter.api import credentials  # noqa: PLC0415 - as above

            load = credentials.load_credentials
            load.__kwdefaults__ = {"environ": None, "account": Path(given["--account"])}
        sys.argv[1:] = words
        return entry.main()


def _watch(file: Path, exits: contextlib.ExitStack) -> None:
    from tests.guard import guarding  # noqa: PLC0415 - it brings pytest along

    guard = exits.enter_context(guarding())

    def tell(_number: int, _frame: object) -> None:
        longest = guard.longest
        guard.forget()
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"seconds": longest.seconds, "name": longest.name}))
        part.rename(file)

    signal.signal(signal.SIGUSR1, tell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
