"""`scrape`: the metrics of the cluster, or of a file, once on stdout."""

from __future__ import annotations

import argparse
import sys

from exporter.cli.errors import Exit
from exporter.cli.gathering import complain, gather
from exporter.config import Settings
from exporter.explaining.wording import escape_text
from exporter.exposition import Format


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the exposition in text format 0.0.4, without the exporter's own metrics."""
    gathered = gather(settings, args.from_file, exposed=True)
    complain(gathered)
    sys.stdout.flush()
    pieces = gathered.state.exposition.scrape(Format.TEXT_0_0_4).pieces()
    if sys.stdout.isatty():
        # Labels and annotations may hold what moves the cursor; a file or pipe gets them as is.
        text = b"".join(pieces).decode("utf-8", "replace")
        sys.stdout.write("\n".join(map(escape_text, text.split("\n"))))
        return Exit.FINE
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    return Exit.FINE
