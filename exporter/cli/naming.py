"""How people name a Service: NAME, NAMESPACE/NAME, and what kubectl users type, `svc/NAME`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import NamedTuple

from exporter.cli.errors import CommandError
from exporter.config.declaration import NAMESPACES
from exporter.config.kinds import BadValue, show_text
from exporter.explaining.wording import escape_text
from exporter.model import ServiceKey

#: What kubectl calls the kind; a namespace of this name needs -n, or `svc/svc/NAME`.
KINDS = frozenset({"svc", "service", "services"})


class Name(NamedTuple):
    """A Service as it was named; `namespace` is "" where none was given."""

    namespace: str
    name: str


def read_name(text: str, namespace: str | None, command: str) -> Name:
    """The Service that is meant, with what -n says; CommandError for what names none."""
    parts = text.split("/")
    if len(parts) > 1 and parts[0].lower() in KINDS:
        del parts[0]
    if not 1 <= len(parts) <= 2 or not all(parts):
        raise CommandError(
            f"{command}: {escape_text(text)} is not a Service; takes NAME or NAMESPACE/NAME"
        )
    if len(parts) == 1:
        return Name(namespace or "", parts[0])
    if namespace is not None and namespace != parts[0]:
        raise CommandError(
            f"{command}: {escape_text(text)} is in namespace {escape_text(parts[0])}, "
            f"and -n says {escape_text(namespace)}"
        )
    return Name(*parts)


def read_namespace(text: str) -> str:
    """One namespace, as -n takes it; raises argparse's error for anything else."""
    try:
        names = NAMESPACES.parse(text)
    except BadValue as bad:
        raise argparse.ArgumentTypeError(f"{show_text(bad.text)} {bad.problem}") from None
    if len(names) != 1 or names[0] != text:
        raise argparse.ArgumentTypeError(
            f"{show_text(text)} is not the name of one namespace (--namespaces takes several)"
            if names
            else "is empty; takes the name of a namespace (-A is all of them)"
        )
    return names[0]


def find_namespace_of(name: str, known: Iterable[ServiceKey]) -> str:
    """The only namespace with a Service of this name, "" without one; CommandError for several."""
    namespaces = sorted(key.namespace for key in known if key.name == name)
    if len(namespaces) > 1:
        shown = ", ".join(escape_text(one) for one in namespaces[:5])
        more = f" and {len(namespaces) - 5} more" if len(namespaces) > 5 else ""
        raise CommandError(
            f"Service {escape_text(name)} is in several namespaces ({shown}{more}); "
            "say which by -n, or as NAMESPACE/NAME"
        )
    return namespaces[0] if namespaces else ""
