"""`explain --host`: what becomes of requests for a host and a path."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from exporter.cli.errors import CommandError
from exporter.cli.gathering import Gathered, complain, gather
from exporter.cli.output import answer
from exporter.cli.routes import mark, status, tell_backends, tell_fixes
from exporter.config import Settings
from exporter.explaining.hosts import DoorDocument, HostDocument, TakenDocument, describe_host
from exporter.explaining.wording import count_of, escape_text
from exporter.routing.doors import find_passages
from exporter.routing.hosts import Address, BadAddressError, match_host, read_address


def explain_host(args: argparse.Namespace, settings: Settings) -> int:
    """Print where requests for a host go; 1 when some are lost, 2 when it can't tell."""
    try:
        address = read_address(args.host)
    except BadAddressError as bad:
        raise CommandError(
            f"explain: --host: {escape_text(args.host)}: {bad}; takes HOST or HOST/PATH"
        ) from None
    gathered = gather(settings, args.from_file, (), routes=True)
    complain(gathered)
    document = find_host(gathered, address)
    answer(args, document, _tell_host)
    return status(document.state)


def find_host(gathered: Gathered, address: Address) -> HostDocument:
    """What becomes of a host, and of the path where one was given."""
    board = gathered.state.routes
    routing = board.routing
    rejected = [
        key
        for key, route in sorted(routing.routes())
        if route.rejected
        and any(
            match_host(one, address.host, deep=True) for rule in route.rules for one in rule.hosts
        )
    ]
    return describe_host(
        address,
        find_passages(routing.routes(), address, routing.gateway),
        board.reports.get,
        gathered.find,
        rejected=rejected,
    )


def _tell_host(one: HostDocument, *, colours: bool) -> Iterator[str]:
    name = escape_text(one.host + (one.path or ""))
    yield f"{name}: {mark(one.state, colours=colours)}"
    if not one.doors:
        yield "No Ingress and no route knows this host."
    elif not one.named:
        yield "Nothing names this host; what takes any host would take it."
    for door in one.doors:
        yield ""
        yield from _tell_door(door, asked=one.path is not None, colours=colours)
    for key in one.rejected:
        yield ""
        yield f"{escape_text(key)} names this host, and no parent accepts it."
    rules = [
        taken.rule
        for door in one.doors
        for taken in (door.rules if one.path is None else filter(None, (door.takes,)))
    ]
    if not one.doors:
        yield from ("", "What to do", "  Look for it in another cluster, or make a route for it.")
        return
    yield from tell_fixes(rules)


def _tell_door(door: DoorDocument, *, asked: bool, colours: bool) -> Iterator[str]:
    yield f"through {escape_text(door.door)}: {mark(door.state, colours=colours)}"
    if not asked:
        for taken in door.rules:
            yield from _tell_taken(taken, colours=colours)
        return
    if door.takes is None:
        yield "  no rule takes this path"
        yield f"  it knows {count_of(len(door.rules), 'rule')} for this host"
    else:
        yield from _tell_taken(door.takes, colours=colours)
    for taken in door.also:
        yield f"  or, where it is meant: {escape_text(taken.match)}"
        yield from _tell_taken(taken, colours=colours)


def _tell_taken(taken: TakenDocument, *, colours: bool) -> Iterator[str]:
    where = "/".join(filter(None, (taken.kind.lower(), taken.namespace, taken.name)))
    yield f"  {escape_text(f'{taken.host} {taken.match}, {where}')}"
    if "RegularExpression" in taken.match or "ImplementationSpecific" in taken.match:
        yield "    which paths that means is for its controller to say"
    if not taken.rule.backends:
        answer = "answers with a redirect" if taken.rule.redirects else "has no backend"
        yield f"    → {answer}"
        return
    yield from (f"  {line}" for line in tell_backends(taken.rule, colours=colours))
