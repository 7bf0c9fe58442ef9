"""Documents on stdout: JSON for programs, YAML for people who like it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec

from exporter.cli.terminal import wants_colour

_Document_contra = TypeVar("_Document_contra", contravariant=True)
_Answer = TypeVar("_Answer")


class Tell(Protocol[_Document_contra]):
    """Tells a document in lines."""

    def __call__(self, document: _Document_contra, /, *, colours: bool) -> Iterable[str]:
        """The lines."""


def answer(args: argparse.Namespace, document: _Answer, tell: Tell[_Answer]) -> None:
    """Print the document itself where -o asks for one, else what is told of it."""
    if args.output in ("json", "yaml"):
        write_document(args.output, document)
        return
    colours = wants_colour(args.color, sys.stdout, os.environ)
    for line in tell(document, colours=colours):
        print(line)


def write_document(form: str, document: object) -> None:
    """The document on stdout, as json or yaml."""
    sys.stdout.write(to_yaml(document) if form == "yaml" else to_json(document))


def to_json(value: object) -> str:
    """Indented JSON and a final newline; every character but those is printable.

    JSON escapes control characters below the space; what else moves a terminal's cursor or turns
    the reading direction is written as an escape too.
    """
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    if text.replace("\n", "").isprintable():
        return text
    # Outside of strings JSON is plain ASCII: what is escaped here stands inside of one.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def to_yaml(value: object) -> str:
    """The same document as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        msgspec.to_builtins(value), Dumper=dumper, sort_keys=False, default_flow_style=False
    )
    return text
