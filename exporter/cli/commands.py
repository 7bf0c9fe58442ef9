"""The commands as data: name, what it is for, examples, its own arguments, where it is written.

`--help` and docs/cli.md are made from this. It imports no command.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

from exporter.cli.arguments import (
    add_check_arguments,
    add_completion_arguments,
    add_demo_arguments,
    add_explain_arguments,
    add_from_file,
    add_get_arguments,
    add_metrics_arguments,
    add_nothing,
    add_simulate_arguments,
    add_wait_arguments,
    add_whatif_arguments,
)
from exporter.cli.errors import PROGRAM

#: What the program is, on top of its help and in its man page.
ABOUT = (
    "Says for every Kubernetes Service whether it has endpoints that can take traffic, and if not "
    "why, since when and what to do. It only ever reads (and, as one of several replicas, holds a "
    "Lease; with --events it writes Events)."
)


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
            yield line if line.startswith(("kubectl ", "helm ")) else f"{PROGRAM} {line}"


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
        add_nothing,
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
        add_from_file,
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
        add_get_arguments,
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
        add_explain_arguments,
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
        "than --grace-period. With --manifests it judges what there will be once they are applied, "
        "and names file and line.",
        (
            ("after a deployment", "check -n shop"),
            ("two ready endpoints each", "check --min-ready 2"),
            ("of a file", "check --from-file cluster.json"),
            ("manifests before they are applied", "check --manifests deploy/ -o sarif"),
            ("a rendered chart", f"helm template ./chart | {PROGRAM} check -n shop --manifests -"),
        ),
        add_check_arguments,
        "exporter.cli.check",
    ),
    Command(
        "whatif",
        "which Services would be down without a Node, a zone or some Pods",
        "Takes away what is named, judges every Service again as if it were so, and lists those "
        "that would be down, below min-ready or degraded. It is the worst case: nothing that is "
        "lost comes up anywhere else, and no new Pod gets ready. A Node that is drained is gone "
        "for traffic in the end, with its DaemonSets; what the drain itself leaves alone is told "
        "apart. Tells too which PodDisruptionBudgets would block the drain, which Nodes a Local "
        "policy would cut off while they drain, and which webhooks with failurePolicy Fail would "
        "stop the API server. --drain, --zone and --scale go together; --nodes stands by itself. "
        "Ends with 0 when no Service would be harmed and no drain blocked; with 1 when some would; "
        "with 2 when it can't tell, or there is no Node, zone or workload of that name.",
        (
            ("before a Node is drained", "whatif --drain worker-1 worker-2"),
            ("the loss of a zone, out of a file", "whatif --zone eu-1a --from-file cluster.json"),
            ("whether any single Node can go", "whatif --nodes 1"),
            ("before fewer Pods are asked for", "whatif --scale shop/web=1 -n shop"),
        ),
        add_whatif_arguments,
        "exporter.cli.whatif",
    ),
    Command(
        "wait",
        "until Services can take traffic, or whatever else is waited for",
        "Follows the Services that are named, or those that a selector matches, until all of them "
        "are at the same moment as --for says; prints a line whenever one stands otherwise than "
        "before. Ends with 0 when it is so; with 1 at the time-out, after the whole explanation "
        "of each that is not; with 2 when it can't tell, because of a bad flag or because what it "
        "needs can't be read, and says why. A Service that does not exist is waited for, and an "
        "API server that can't be reached is tried again, until the time-out. "
        "ready: traffic reaches it, and as many endpoints are ready as its annotation "
        "endpoints-exporter.io/min-ready (else --default-min-ready) asks for, or N. available: "
        "traffic reaches it. port=NAME: there is a ready endpoint behind this port, by name or "
        "number. withdrawn: it has no ready endpoint any more, or was deleted meanwhile. "
        "standing=STANDING: it stands so, as get shows it.",
        (
            ("in a pipeline, after a deployment", "wait -n shop svc/web --for ready=3"),
            ("everything of a release", "wait -n shop -l release=web --for ready --timeout 10m"),
            ("before a Node is switched off", "wait shop/web --for withdrawn --must-exist"),
        ),
        add_wait_arguments,
        "exporter.cli.wait",
    ),
    Command(
        "demo",
        "a simulated cluster and the exporter, together",
        "Starts a simulated API server in which things break and heal, and the exporter that "
        "follows it over real connections. Prints what to open and what to type; runs until "
        "stopped. Needs no cluster.",
        (("look around", "demo"), ("one kind of trouble", "demo rollout")),
        add_demo_arguments,
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
        add_simulate_arguments,
        "exporter.cli.simulate",
    ),
    Command(
        "metrics",
        "every metric: name, type, labels, meaning",
        "The catalogue of all metric families, those about Services and the exporter's own.",
        (("for people", "metrics"), ("for a program", "metrics -o json")),
        add_metrics_arguments,
        "exporter.cli.metrics",
    ),
    Command(
        "completion",
        "the script for completion in bash, zsh or fish",
        "Prints what a shell needs to complete commands, flags, their values and, out of the "
        "cluster or the files of --from-file, names of Services and namespaces.",
        (
            ("bash, in ~/.bashrc", "completion bash"),
            ("fish", "completion fish"),
        ),
        add_completion_arguments,
        "exporter.cli.completion",
    ),
)
BY_NAME = {command.name: command for command in COMMANDS}
