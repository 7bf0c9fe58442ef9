"""The commands as data: name, what it is for, examples, its own arguments, where it is written.

`--help` and docs/cli.md are made from this. It imports no command.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

from exporter.cli.errors import PROGRAM
from exporter.cli.naming import read_namespace


class Command(NamedTuple):
    """One command. `module` has `run(args, settings) -> int`; `examples` are (what, line) pairs.

    A line is given without the program's name, unless it begins with another program.
    """

    name: str
    summary: str
    about: str
    examples: tuple[tuple[str, str], ...]
    arguments: Callable[[argparse.ArgumentParser], None]
    module: str

    def lines(self) -> Iterator[str]:
        """The examples as lines of a shell script."""
        for what, line in self.examples:
            yield f"# {what}"
            yield line if line.startswith("kubectl ") else f"{PROGRAM} {line}"


def _from_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from-file",
        action="append",
        metavar="FILE",
        help="Read what `kubectl get services,endpointslices,pods,nodes -A -o json` (or yaml) "
        "printed, also compressed by gzip, - for stdin; or all objects in a folder or tar archive "
        "(must-gather, sosreport, `kubectl cluster-info dump`, support bundles). Repeatable: "
        "several are one dump. No API server is contacted.",
    )


def _namespace(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "-n", "--namespace", metavar="NS", type=read_namespace, help="Only this namespace."
    )


def _which_namespace(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    _namespace(group)
    group.add_argument("-A", "--all-namespaces", action="store_true", help="All namespaces.")


def _colour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="Colours: on a terminal without NO_COLOR (auto), always or never. [auto]",
    )


def _output(parser: argparse.ArgumentParser, *forms: str) -> None:
    parser.add_argument(
        "-o",
        "--output",
        choices=forms,
        default=forms[0],
        help=f"How to print it. [{forms[0]}]",
    )


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing but settings."""


def _get(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "service",
        metavar="SERVICE",
        nargs="?",
        help="Only this Service: NAME, NAMESPACE/NAME or svc/NAME. `routes`: all that refers to "
        "Services, instead.",
    )
    _which_namespace(parser)
    _output(parser, "table", "wide", "json", "yaml")
    parser.add_argument(
        "--sort",
        choices=("name", "worst"),
        default="name",
        help="By namespace and name, or what needs attention first. [name]",
    )
    parser.add_argument(
        "-w",
        "--watch",
        action="store_true",
        help="Go on, and print a Service again whenever its row changes.",
    )
    parser.add_argument("--no-headers", action="store_true", help="Leave out the line of titles.")
    _colour(parser)
    _from_file(parser)


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="SERVICE",
        nargs="?",
        help="The Service: NAME, NAMESPACE/NAME or svc/NAME. A bare name is looked for in the "
        "namespace of the kubeconfig's context, in a file in all of them. Or what refers to "
        "Services: KIND/NAMESPACE/NAME, as in ingress/shop/front; "
        "httproute.gateway.networking.k8s.io/shop/front.",
    )
    parser.add_argument(
        "--host",
        metavar="HOST[/PATH]",
        help="What becomes of requests for this host: through which Ingress or Gateway, to which "
        "Service, and whether that can answer.",
    )
    _namespace(parser)
    _output(parser, "text", "json")
    _colour(parser)
    _from_file(parser)


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min-ready",
        metavar="N",
        help="Ready endpoints each Service should have unless its annotation says otherwise; "
        "the same as --default-min-ready.",
    )
    _which_namespace(parser)
    parser.add_argument(
        "--strict",
        action="store_true",
        help="Findings that are merely notes count too: a single endpoint, ignored hints, a bad "
        "annotation …",
    )
    parser.add_argument(
        "--allow-empty",
        action="store_true",
        help="No Services at all, or none in a namespace that was named, is as it should be.",
    )
    _output(parser, "text", "json")
    _colour(parser)
    _from_file(parser)


def _metrics(parser: argparse.ArgumentParser) -> None:
    _output(parser, "md", "json")


def _simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenarios",
        metavar="SCENARIO",
        nargs="*",
        help="What is in the cluster; several are put into one, each in its own namespaces. [demo]",
    )
    parser.add_argument(
        "--list", action="store_true", dest="list_scenarios", help="List the scenarios and stop."
    )
    parser.add_argument("--host", default="127.0.0.1", help="Where to listen. [127.0.0.1]")
    parser.add_argument(
        "--port", metavar="PORT", default="0", help="The port; 0 takes a free one. [0]"
    )
    parser.add_argument(
        "--speed", metavar="FACTOR", default="1", help="How many times faster time goes. [1]"
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="As with simulate. [demo]")
    parser.add_argument(
        "--api-port",
        metavar="PORT",
        default="0",
        help="The port of the simulated API server; 0 takes a free one. [0]",
    )
    parser.add_argument(
        "--speed", metavar="FACTOR", default="1", help="How many times faster time goes. [1]"
    )


_KUBECTL = "kubectl get services,endpointslices,pods,nodes -A -o json"

COMMANDS: tuple[Command, ...] = (
    Command(
        "run",
        "serve metrics for Prometheus, health checks and pages",
        "Follows the API server and serves what it finds until it is stopped (SIGTERM or Ctrl-C). "
        "A scrape never waits for the API server.",
        (
            ("serve on port 9769 with the current kubeconfig, or inside a Pod", "run"),
            ("two namespaces, with Roles in these only", "run --namespaces shop,payments"),
            (
                "zones and changes too, on one address",
                "run --groups topology,changes --web.listen-address 127.0.0.1:9769",
            ),
        ),
        _no_arguments,
        "exporter.cli.run",
    ),
    Command(
        "scrape",
        "print the metrics once",
        "Reads the cluster (or a file) once and prints the metrics of its Services in the "
        "Prometheus text format. The exporter's own metrics are left out: a process that ends at "
        "once has nothing to tell of itself.",
        (
            ("of a cluster", "scrape"),
            ("of a file, with zones", "scrape --from-file cluster.json --groups topology"),
            ("straight out of kubectl", f"{_KUBECTL} | {PROGRAM} scrape --from-file -"),
        ),
        _from_file,
        "exporter.cli.scrape",
    ),
    Command(
        "get",
        "the table that `kubectl get endpoints` should have been",
        "One row a Service: how it stands, how many of its endpoints are ready, through which "
        "ports, why it does not stand well, and since when it is down. -o wide adds all findings, "
        "where each port leads, addresses, traffic policies and the workload behind it. Without -n "
        "or -A it shows the namespace of the kubeconfig's context; of a file, all. Ends with 1 "
        "when the named Service does not exist.",
        (
            ("every Service, what needs attention first", "get -A --sort worst"),
            ("one Service, with its endpoints, nodes and zones", "get web -n shop -o wide"),
            ("what changes from now on", "get -A --watch"),
            ("for a program", "get -A -o json"),
        ),
        _get,
        "exporter.cli.get",
    ),
    Command(
        "explain",
        "why a Service is down, degraded or worth a look, and how to mend it",
        "How it stands and since when, what it has, what that is concluded from and what to do; "
        "then each finding with what shows it and what to do about it. Says that there is nothing "
        "to do when that is so. Ends with 0 when the Service is as it should be, else with 1; with "
        "2 when there is no such Service. What `check` counts as it should be counts so here.",
        (
            ("a Service", "explain shop/web"),
            ("the same, as kubectl users type it", "explain -n shop svc/web"),
            ("for a program, out of a file", "explain shop/web -o json --from-file cluster.json"),
        ),
        _explain,
        "exporter.cli.explain",
    ),
    Command(
        "check",
        "whether every Service is as it should be, as an exit status",
        "Ends with 0 when every Service is as it should be; with 1 when some is not, these are "
        "listed, worst first; with 2 when it can't tell, because something it needs can't be read, "
        "or because nothing is there to check: no Service in a namespace that was named, or none "
        "that a selector matches. "
        "As it should be: it has a usable ready endpoint and no finding that is a warning (fewer "
        "than the annotation endpoints-exporter.io/min-ready, else --min-ready, else 1 asks for; a "
        "dead port or address family; more than half not ready; a pending load balancer …); or it "
        "has none and none is meant (ExternalName, scaled to zero, no selector and never any "
        "endpoints, being deleted); or it is annotated endpoints-exporter.io/ignore, or younger "
        "than --grace-period.",
        (
            ("after a deployment", "check -n shop"),
            ("two ready endpoints each", "check --min-ready 2"),
            ("of a file", "check --from-file cluster.json"),
        ),
        _check,
        "exporter.cli.check",
    ),
    Command(
        "demo",
        "a simulated cluster and the exporter, together",
        "Starts a simulated API server in which things break and heal, and the exporter that "
        "follows it over real connections. Prints what to open and what to type; runs until "
        "stopped. Needs no cluster.",
        (("look around", "demo"), ("one kind of trouble", "demo rollout")),
        _demo,
        "exporter.cli.demo",
    ),
    Command(
        "simulate",
        "the simulated API server alone",
        "Serves a simulated cluster by the real list and watch protocol, for kubectl, for the "
        "exporter, for a test. Prints its address; runs until stopped.",
        (
            ("what there is", "simulate --list"),
            ("on a port of your choice", "simulate --port 8001"),
        ),
        _simulate,
        "exporter.cli.simulate",
    ),
    Command(
        "metrics",
        "every metric: name, type, labels, meaning",
        "The catalogue of all metric families, those about Services and the exporter's own.",
        (("for people", "metrics"), ("for a program", "metrics -o json")),
        _metrics,
        "exporter.cli.metrics",
    ),
)
BY_NAME = {command.name: command for command in COMMANDS}
