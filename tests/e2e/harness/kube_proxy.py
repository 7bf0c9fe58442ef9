"""The real kube-proxy on one Node, and what its rules say: which addresses a Service leads to.

It writes nftables rules in a network namespace of its own, where nothing else is and no traffic
flows; only the API server is reached from there. Its rules are the judge of the exporter's numbers.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.e2e.harness.control_plane import ControlPlane, find_binary
from tests.e2e.harness.processes import Process, ProcessError
from tests.e2e.harness.tcp_proxy import TcpProxy

_STARTER = Path(__file__).with_name("in_namespace.py")
_START_SECONDS = 30.0


class Door(NamedTuple):
    """Where a Service port is entered; `protocol` in capitals, as the API spells it."""

    cluster_ip: str
    protocol: str
    port: int


#: Where a door leads: unique (address, number); none for one that refuses or drops.
Targets = frozenset[tuple[str, int]]


class KubeProxy:
    """kube-proxy as it would run on `node`, in nftables mode."""

    def __init__(self, plane: ControlPlane, node: str, folder: Path, *, python: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.node = node
        self._plane = plane
        self._handover = folder / "listener.sock"
        self._exits = contextlib.ExitStack()
        # The port is the API server's own, so that its kubeconfig and certificate fit inside too.
        command: list[str | Path] = [
            find_binary("kube-proxy"),
            f"--kubeconfig={plane.kubeconfig}",
            "--proxy-mode=nftables",
            f"--hostname-override={node}",
            "--healthz-bind-address=127.0.0.1:10256",
            "--metrics-bind-address=127.0.0.1:10249",
            "--conntrack-max-per-core=0",
            "--v=2",
        ]
        start: list[str | Path] = [python, _STARTER, self._handover, str(plane.api_port)]
        self.process = Process(f"kube-proxy-{node}", [*start, *command], log_folder=folder)

    def __enter__(self) -> Self:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.bind(str(self._handover))
            door.listen()
            door.settimeout(_START_SECONDS)
            self._exits.enter_context(self.process)
            try:
                peer, _ = door.accept()
            except TimeoutError:
                self._exits.close()
                text = f"kube-proxy handed over no socket\n{self.process.read_tail()}"
                raise ProcessError(text) from None
        with peer:
            _, handles, _, _ = socket.recv_fds(peer, 16, 1)
        listener = socket.socket(fileno=handles[0])
        self._exits.enter_context(TcpProxy(self._plane.api_port, listener))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()

    def read_targets(self) -> dict[Door, Targets]:
        """Read from the rules where each Service port leads, by its cluster IPs."""
        found: dict[Door, Targets] = {}
        for family in ("ip", "ip6"):
            found |= _read_table(self._list_table(family))
        return found

    def _list_table(self, family: str) -> list[Mapping[str, Any]]:
        place = f"/proc/{self.process.pid}/ns/net"
        done = subprocess.run(
            ["nsenter", f"--net={place}", "nft", "--json", "list", "table", family, "kube-proxy"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        listed: list[Mapping[str, Any]] = json.loads(done.stdout)["nftables"]
        return listed


def _read_table(listed: list[Mapping[str, Any]]) -> dict[Door, Targets]:
    """The doors of one family (kubernetes pkg/proxy/nftables/proxier.go writes them)."""
    maps = {one["map"]["name"]: one["map"].get("elem", []) for one in listed if "map" in one}
    chains: dict[str, list[Any]] = {}
    for one in listed:
        if "rule" in one:
            chains.setdefault(one["rule"]["chain"], []).extend(one["rule"]["expr"])
    found: dict[Door, Targets] = {}
    for key, verdict in maps["service-ips"]:
        found[_read_door(key)] = frozenset(_follow(chains, verdict["goto"]["target"]))
    for key, _ in maps["no-endpoint-services"]:
        found[_read_door(key)] = frozenset()
    return found


def _read_door(key: Mapping[str, Any]) -> Door:
    # An element with a comment is wrapped once more.
    address, protocol, port = key.get("elem", {}).get("val", key)["concat"]
    return Door(str(address), str(protocol).upper(), int(port))


def _follow(chains: Mapping[str, list[Any]], chain: str) -> Iterator[tuple[str, int]]:
    """All targets of a chain; with session affinity each target has a chain of its own."""
    for expression in chains.get(chain, []):
        if "vmap" in expression:
            for _, verdict in expression["vmap"]["data"]["set"]:
                yield from _follow(chains, verdict["goto"]["target"])
        rewrite = expression.get("dnat")
        if rewrite is None:
            continue
        if "port" in rewrite:
            yield str(rewrite["addr"]), int(rewrite["port"])
            continue
        for _, target in rewrite["addr"]["map"]["data"]["set"]:
            address, number = target["concat"]
            yield str(address), int(number)
