"""`explain`: why a Service has no, or too few, ready endpoints, and what to do."""

from __future__ import annotations

import argparse
import os
import sys

from exporter.analysis.explain import explain, render_text
from exporter.cli.errors import CommandError, Exit
from exporter.cli.gathering import complain, gather
from exporter.cli.guessing import guess_service
from exporter.cli.judgement import judge
from exporter.cli.output import to_json
from exporter.cli.terminal import show_safely, wants_colour
from exporter.config import Settings
from exporter.model import ServiceKey


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the explanation; 0 when the Service is as it should be, else 1."""
    namespace, slash, name = args.target.partition("/")
    if not (slash and namespace and name) or "/" in name:
        raise CommandError(
            f"explain: {show_safely(args.target)} is not a Service; takes NAMESPACE/NAME"
        )
    key = ServiceKey(namespace, name)
    gathered = gather(settings, args.from_file, (namespace,) if args.from_file is None else ())
    complain(gathered)
    report, view = gathered.find(key), gathered.state.view(key)
    if report is None or view is None:
        guess = guess_service(name, (namespace,), gathered.state.reports)
        raise CommandError(f"no Service {show_safely(str(key))}{guess}")
    explanation = explain(view, report, now=gathered.now)
    if args.output == "json":
        sys.stdout.write(to_json(explanation))
    else:
        colours = wants_colour(args.color, sys.stdout, os.environ)
        sys.stdout.write(render_text(explanation, colour=colours))
    fine = judge(report, gathered.now, settings.grace_period).fine
    return Exit.FINE if fine else Exit.NOT_FINE
