"""`whatif`: what would become of Services without a Node, a zone or some Pods."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from exporter.cli.errors import CommandError, Exit
from exporter.cli.forecasts import describe_forecast
from exporter.cli.foretelling import tell_forecast
from exporter.cli.gate import find_unmatched
from exporter.cli.gathering import Gathered, complain, gather
from exporter.cli.guessing import guess_name
from exporter.cli.output import answer
from exporter.config import Settings
from exporter.config.kinds import BadValue, Whole, show_text
from exporter.explaining.wording import escape_text, join_some
from exporter.foresight import Forecast, Judge, Question, Scaling, World, foresee
from exporter.foresight.questions import find_places, find_views, find_workloads
from exporter.history import Clock
from exporter.objects.resources import PODS, WORKLOADS
from exporter.objects.workloads import Workload

_MOST_NODES = Whole(1, 1_000)
_REPLICAS = Whole(0, 1_000_000)

#: What kubectl calls the kinds that can be scaled.
_KINDS = {
    word: kind
    for kind, words in {
        "Deployment": ("deploy", "deployment", "deployments"),
        "StatefulSet": ("sts", "statefulset", "statefulsets"),
        "ReplicaSet": ("rs", "replicaset", "replicasets"),
        "ReplicationController": ("rc", "replicationcontroller", "replicationcontrollers"),
    }.items()
    for word in words
}


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print what would be, and say by the status whether it does harm."""
    asked = [flag for flag in ("drain", "zone", "scale", "nodes") if getattr(args, flag)]
    if not asked:
        raise CommandError(
            "whatif: takes --drain NODE, --zone ZONE, --scale WORKLOAD=N or --nodes N; see --help"
        )
    if "nodes" in asked and len(asked) > 1:
        raise CommandError("whatif: --nodes finds the Nodes itself; it goes with no other loss")
    worst = _read_number(args.nodes, _MOST_NODES, "--nodes") if args.nodes else 0
    wanted = [_read_scaling(text, args.namespace) for text in args.scale or ()]
    namespaces = (args.namespace,) if args.namespace is not None else ()
    gathered = gather(settings, args.from_file, namespaces, routes=True, budgets=True)
    missing = (*gathered.missing, *find_unmatched(gathered, settings, namespaces, hint=""))
    views = find_views(gathered.state.cluster, namespaces)
    if missing and not views:
        raise CommandError(*(f"whatif: {line}" for line in missing))
    places = find_places(gathered.state.cluster, views.values())
    _check_names("Node", args.drain or (), places.zones_of, "--drain")
    _check_names("zone", args.zone or (), places.zones, "--zone")
    question = Question(
        drained=tuple(dict.fromkeys(args.drain or ())),
        zones=tuple(dict.fromkeys(args.zone or ())),
        scalings=tuple(_find_scaling(gathered, *one) for one in wanted),
        worst=worst,
    )
    state = gathered.state
    world = World(state.cluster, views, state.reports, places, state.routes.routing)
    judge = Judge(Clock(gathered.now, gathered.now), state.options)
    forecast = foresee(world, judge, question)
    document = describe_forecast(forecast, question, missing, _status(forecast, missing))
    if args.output == "text":
        complain(gathered)
    answer(args, document, tell_forecast)
    return document.exit


def _status(forecast: Forecast, missing: Sequence[str]) -> Exit:
    if forecast.harmful:
        return Exit.NOT_FINE
    return Exit.FAILED if forecast.unknown or missing else Exit.FINE


def _read_number(text: str, kind: Whole, flag: str) -> int:
    try:
        return kind.parse(text)
    except BadValue as bad:
        raise CommandError(
            f"whatif: {flag}: {show_text(bad.text)} {bad.problem}; takes {kind.takes}"
        ) from None


def _check_names(what: str, names: Iterable[str], known: Iterable[str], flag: str) -> None:
    held = set(known)
    for name in names:
        if name not in held:
            guess = guess_name(name, held)
            if not guess:
                guess = f"; known: {escape_text(join_some(sorted(held)) or 'none')}"
            raise CommandError(f"whatif: {flag}: no {what} {show_text(name)}{guess}")


# ── what is scaled ───────────────────────────────────────────────────────────────────────────


def _read_scaling(text: str, namespace: str | None) -> tuple[str, str, str, int]:
    """Kind ("": any), namespace, name and number out of `[KIND/]NAMESPACE/NAME=N`."""
    name, equals, number = text.rpartition("=")
    parts = name.split("/")
    if not equals or not all(parts) or len(parts) > 3:
        raise CommandError(
            f"whatif: --scale: {show_text(text)} is not NAMESPACE/NAME=N or KIND/NAMESPACE/NAME=N"
        )
    replicas = _read_number(number, _REPLICAS, f"--scale {escape_text(name)}")
    kind = ""
    if len(parts) == 3 or (len(parts) == 2 and namespace is not None and parts[0] in _KINDS):
        kind = _KINDS.get(parts[0].lower(), "")
        if not kind:
            raise CommandError(
                f"whatif: --scale: {show_text(parts[0])} is no kind that can be scaled"
                f"{guess_name(parts[0].lower(), _KINDS)}"
            )
        del parts[0]
    if len(parts) == 1:
        if namespace is None:
            raise CommandError(
                f"whatif: --scale: {show_text(text)} names no namespace; takes NAMESPACE/NAME=N"
            )
        parts.insert(0, namespace)
    if namespace is not None and parts[0] != namespace:
        raise CommandError(
            f"whatif: --scale: {show_text(text)} is in namespace {escape_text(parts[0])}, "
            f"and -n says {escape_text(namespace)}"
        )
    return kind, parts[0], parts[1], replicas


def _find_scaling(
    gathered: Gathered, kind: str, namespace: str, name: str, replicas: int
) -> Scaling:
    """The workload that is meant; CommandError for none, or for several."""
    cluster = gathered.state.cluster
    shown = escape_text(f"{namespace}/{name}")
    if not any(cluster.knows(one.name, namespace) for one in WORKLOADS):
        raise CommandError(f"whatif: --scale: {shown}: workloads can't be read")
    if not cluster.knows(PODS.name, namespace):
        raise CommandError(f"whatif: --scale: {shown}: Pods can't be read")
    known = list(find_workloads(cluster))
    found = [one for one in known if (one.namespace, one.name) == (namespace, name)]
    found = [one for one in found if not kind or one.kind == kind]
    if not found:
        raise CommandError(_tell_unknown(gathered, namespace, name, known))
    if len(found) > 1:
        kinds = " and a ".join(one.kind for one in found)
        raise CommandError(f"whatif: --scale: {shown} is a {kinds}; say which: KIND/{shown}=N")
    return Scaling(found[0].kind, namespace, name, replicas)


def _tell_unknown(gathered: Gathered, namespace: str, name: str, known: Iterable[Workload]) -> str:
    shown = escape_text(f"{namespace}/{name}")
    for one in gathered.state.cluster.held("daemonsets"):
        if (one.namespace, one.name) == (namespace, name):
            return f"whatif: --scale: {shown} is a DaemonSet: Nodes say how many Pods it has"
    guess = guess_name(f"{namespace}/{name}", {f"{one.namespace}/{one.name}" for one in known})
    return f"whatif: --scale: no workload {shown}{guess}"
