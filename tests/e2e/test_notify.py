"""Changes of Services told to others, on the real API server: Events, and a webhook."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.harness.access import Access
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.processes import LOOPBACK, choose_port
from tests.e2e.harness.samples import select_one
from tests.e2e.harness.waiting import wait_for_equal, wait_until
from tests.e2e.manifests import Manifest, make_service, make_slice
from tests.e2e.watching import Cluster

WRITTEN = "endpoints_exporter_events_written_total"
TOLD = "endpoints_exporter_notify_changes_total"


def stand(namespace: str, service: str, *, ready: bool) -> Manifest:
    """The one address of a Service without a selector, ready or not."""
    endpoint = {"addresses": ["192.0.2.7"], "conditions": {"ready": ready}}
    return make_slice(namespace, f"{service}-1", service=service, endpoints=[endpoint])


def list_events(cluster: Cluster, namespace: str) -> set[tuple[str, str, int]]:
    """Type, reason and count of our Events in a namespace."""
    found = cluster.kubectl.list_items("events", f"--namespace={namespace}")
    return {
        (one["type"], one["reason"], one["count"])
        for one in found
        if one["source"].get("component") == "kube-endpoints-exporter"
    }


def count_written(exporter: Exporter, outcome: str) -> float | None:
    """How many changes that were to become Events ended so."""
    return select_one(exporter.read_samples(), WRITTEN, outcome=outcome)


class Inbox:
    """A receiver on a port of its own: down until `open`, slow if it is told to be."""

    def __init__(self) -> None:
        self.port = choose_port()
        self.url = f"http://{LOOPBACK}:{self.port}/hook"
        self.messages: list[dict[str, Any]] = []
        self.holding = threading.Event()
        self.released = threading.Event()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Takes messages as long as the context is open."""
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if inbox.holding.is_set():
                    inbox.released.wait(60)
                inbox.messages.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
                """Keeps quiet."""

        server = http.server.ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
            thread.join(10)

    def told(self, service: str) -> list[tuple[str, str]]:
        """Before and after of each change of a Service."""
        return [
            (one["before"], one["after"])
            for message in self.messages
            for one in message["changes"]
            if one["service"] == service
        ]


def test_events_are_on_the_service_counted_and_a_denied_account_goes_on(
    cluster: Cluster, namespace: str, workspace: Path
) -> None:
    """Seen by `kubectl describe` and `get events`; the same again counts; 403 is a number."""
    access = Access(cluster.plane, workspace / "writing", account="writing")
    access.create(["required"])
    kubectl = cluster.kubectl
    kubectl.apply(make_service(namespace, "shop", selector=None))
    kubectl.apply(stand(namespace, "shop", ready=True))
    flags = ["--events", "--sync=watch", "--grace-period=0s", f"--namespaces={namespace}"]
    kubeconfig = access.write_kubeconfig()
    with Exporter("writing", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready(60)

        kubectl.apply(stand(namespace, "shop", ready=False))
        wait_until(
            "it is forbidden", lambda: count_written(exporter, "forbidden") == 1, deadline=60
        )
        assert exporter.process.read_log().count("Events can't be written") == 1
        assert list_events(cluster, namespace) == set()

    access.grant("events")
    kubectl.apply(stand(namespace, "shop", ready=True))
    with Exporter("writing", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready(60)
        assert list_events(cluster, namespace) == set()  # what is so already is no news
        down, up = ("Warning", "SelectorlessNotReady"), ("Normal", "Ready")
        for ready, wanted in (
            (False, {(*down, 1)}),
            (True, {(*down, 1), (*up, 1)}),
            (False, {(*down, 2), (*up, 1)}),
        ):
            kubectl.apply(stand(namespace, "shop", ready=ready))
            wait_for_equal(
                "the Events", lambda: list_events(cluster, namespace), wanted, deadline=60
            )
        assert count_written(exporter, "created") == 2
        assert count_written(exporter, "repeated") == 1
    told = kubectl.run("describe", "service", "shop", f"--namespace={namespace}")
    assert re.search(r"Warning +SelectorlessNotReady +\S+ \(x2 over \S+\) +kube-endp", told), told
    listed = kubectl.run(
        "get", "events", f"--namespace={namespace}", "--sort-by=.lastTimestamp", "--no-headers"
    )
    assert "SelectorlessNotReady" in listed.splitlines()[-1]


def test_a_receiver_that_is_down_and_then_slow_is_told_everything(
    cluster: Cluster, namespace: str, workspace: Path, kubeconfig: Path
) -> None:
    """What it missed it is told when it is up; while it holds a message scrapes go on."""
    kubectl, inbox = cluster.kubectl, Inbox()
    kubectl.apply(make_service(namespace, "till", selector=None))
    kubectl.apply(stand(namespace, "till", ready=True))
    file = workspace / "receiver"
    file.write_text(f"{inbox.url}\n")
    receiver = [f"--notify.url-file={file}", "--notify.interval=1s"]
    flags = [*receiver, "--sync=watch", "--grace-period=0s", f"--namespaces={namespace}"]
    with Exporter("telling", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready(60)
        kubectl.apply(stand(namespace, "till", ready=False))
        wait_until(
            "it says that nobody listens",
            lambda: "changes can't be told, and are kept" in exporter.process.read_log(),
            deadline=30,
        )
        with inbox.open():
            wait_until("it is told", lambda: inbox.told("till"), deadline=60)
            assert inbox.told("till") == [("ready", "down")]
            inbox.holding.set()
            kubectl.apply(stand(namespace, "till", ready=True))
            wait_until(
                "the scrape shows it while the receiver holds its message",
                lambda: (
                    select_one(
                        exporter.read_samples(),
                        "k8s_service_endpoints_ready",
                        namespace=namespace,
                        service="till",
                        address_type="IPv4",
                    )
                    == 1
                ),
                deadline=30,
            )
            assert inbox.told("till") == [("ready", "down")]
            inbox.released.set()
            wait_until("it is told the rest", lambda: len(inbox.told("till")) > 1, deadline=30)
            assert inbox.told("till")[1] == ("down", "ready")
            wait_until(
                "both are counted",
                lambda: select_one(exporter.read_samples(), TOLD, outcome="sent") == 2,
            )
