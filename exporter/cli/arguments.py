"""The arguments of each command, settings aside, as argparse takes them."""

from __future__ import annotations

import argparse

from exporter.cli.naming import read_namespace


def add_from_file(parser: argparse.ArgumentParser) -> None:
    """`--from-file`, of every command that answers from files too."""
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


def add_nothing(_parser: argparse.ArgumentParser) -> None:
    """Nothing but settings."""


def add_get_arguments(parser: argparse.ArgumentParser) -> None:
    """What `get` takes besides settings."""
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
    add_from_file(parser)


def add_explain_arguments(parser: argparse.ArgumentParser) -> None:
    """What `explain` takes besides settings."""
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
    add_from_file(parser)


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` takes besides settings."""
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
    _output(parser, "text", "json", "sarif", "junit", "github")
    _colour(parser)
    add_from_file(parser)
    parser.add_argument(
        "--manifests",
        action="extend",
        nargs="+",
        metavar="PATH",
        help="Instead of a cluster: manifests before they are applied, as files, folders or - for "
        "stdin (`helm template …`, `kubectl kustomize …`). Repeatable: several are one set. "
        "-n is the namespace of objects that name none. No API server is contacted.",
    )
    parser.add_argument(
        "--complete",
        action="store_true",
        help="With --manifests: what is not in them is nowhere. Else Services of namespaces of "
        "which none is given are unknown, not missing.",
    )


def add_whatif_arguments(parser: argparse.ArgumentParser) -> None:
    """What `whatif` takes besides settings."""
    parser.add_argument(
        "--drain",
        metavar="NODE",
        nargs="+",
        action="extend",
        help="These Nodes are drained, and then they are gone.",
    )
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        nargs="+",
        action="extend",
        help="Everything in these zones is lost at once.",
    )
    parser.add_argument(
        "--scale",
        metavar="WORKLOAD=N",
        nargs="+",
        action="extend",
        help="NAMESPACE/NAME=N or KIND/NAMESPACE/NAME=N: this workload is scaled to N Pods.",
    )
    parser.add_argument(
        "--nodes",
        metavar="N",
        help="By itself: N Nodes are lost at once, for each Service the worst for it, and which N "
        "are the worst for all.",
    )
    _which_namespace(parser)
    _output(parser, "text", "json")
    _colour(parser)
    add_from_file(parser)


def add_wait_arguments(parser: argparse.ArgumentParser) -> None:
    """What `wait` takes besides settings."""
    parser.add_argument(
        "services",
        metavar="SERVICE",
        nargs="*",
        help="The Services: NAME, NAMESPACE/NAME or svc/NAME. A bare name is one in the namespace "
        "of the kubeconfig's context.",
    )
    _which_namespace(parser)
    parser.add_argument(
        "-l",
        "--selector",
        metavar="SELECTOR",
        help="Instead of names: all Services with these labels, at least one.",
    )
    parser.add_argument(
        "--for",
        dest="goal",
        metavar="WHAT",
        default="ready",
        help="ready, ready=N, available, port=NAME, withdrawn or standing=STANDING. [ready]",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        default="5m",
        help="How long to wait, such as 30s or 5m; 0 looks once. [5m]",
    )
    parser.add_argument(
        "--must-exist",
        action="store_true",
        help="Don't wait for a Service that does not exist at the first look: end with 2.",
    )
    parser.add_argument(
        "--from-url",
        metavar="URL",
        help="Ask a running exporter in place of the API server, such as "
        "http://endpoints-exporter.monitoring:9769; with its route prefix, if it has one. Needs no "
        "kubeconfig. Name and password may stand in it; the environment's proxies are used.",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="With --from-url: the token to show, as a Pod's service account has it.",
    )
    _output(parser, "text", "json")
    _colour(parser)


def add_metrics_arguments(parser: argparse.ArgumentParser) -> None:
    """What `metrics` takes besides settings."""
    _output(parser, "md", "json")


def add_simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """What `simulate` takes besides settings."""
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


def add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    """What `demo` takes besides settings."""
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


def add_completion_arguments(parser: argparse.ArgumentParser) -> None:
    """What `completion` takes besides settings."""
    parser.add_argument(
        "shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish."
    )
