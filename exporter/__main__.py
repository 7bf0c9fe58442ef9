"""The program's entry: the command `kube-endpoints-exporter`, and `python -m exporter`.

It imports nothing that takes time before it knows how to end.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

# Until the command line can end quietly by itself, Ctrl-C ends the process: the interpreter's own
# way is a traceback out of whatever is being imported.
_INTERRUPT = signal.getsignal(signal.SIGINT)
if _INTERRUPT is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


#: New objects between two collections. What is imported (some 40,000) and what is read are there to
#: stay: at the usual number, 700, they are walked a hundred times before the first scrape.
YOUNG = 100_000


def main() -> int:
    """Run the program with the arguments of the process; gives its exit status."""
    fill_descriptors()
    gc.set_threshold(YOUNG)
    from exporter.cli import main as run  # noqa: PLC0415 - Ctrl-C has to be quiet meanwhile

    try:
        signal.signal(signal.SIGINT, _INTERRUPT)
        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        if _INTERRUPT is signal.default_int_handler:
            # What is left is the interpreter's own end, which may be cut short.
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def fill_descriptors() -> None:
    """Open what was closed (`>&-`) as nothing: else a socket becomes stdout, or a word an error."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it is a number, and stays open
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - as above
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - as above


if __name__ == "__main__":
    sys.exit(main())
