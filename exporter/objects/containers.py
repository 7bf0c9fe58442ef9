"""The containers of a Pod: spec and status of each, joined by name and packed.

It tells app, init and sidecar containers apart and judges none of them.
"""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from exporter.objects.meta import intern_text

_MESSAGE_LIMIT = 300

# Counts rise with every restart; exact ones would give each Pod of a crashing workload facts of
# its own. The step that a count has reached tells as much.
_STEPS = (0, 1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000)

# Their messages name the Pod and its uid, and tell nothing that the reason does not.
_REPEATING = ("CrashLoopBackOff", "ContainerCreating", "PodInitializing")


class ContainerKind(StrEnum):
    """What part a container plays: a sidecar is an init container that is always restarted."""

    APP = "app"
    INIT = "init"
    SIDECAR = "sidecar"


class ContainerState(StrEnum):
    """`state` of a container status; UNKNOWN when there is none."""

    RUNNING = "running"
    WAITING = "waiting"
    TERMINATED = "terminated"
    UNKNOWN = ""


class ContainerPort(msgspec.Struct, frozen=True, gc=False):
    """One entry of `ports`; `name` is "" when unnamed."""

    name: str
    protocol: str
    number: int


class Probe(msgspec.Struct, frozen=True, gc=False):
    """A readiness probe. `port` is a number, a port name, or 0 when it asks none (exec).

    `text` says what it does, as people write it: `GET /ready on port 8080`.
    """

    port: int | str
    text: str


class Container(msgspec.Struct, frozen=True, gc=False):
    """A container. `why` is the reason of its waiting or terminated state, "" when it gives none.

    `exit_code` is that of the terminated state; `last_reason` and `last_exit_code` are of the run
    before (`lastState.terminated`). `restarts` is a lower bound: exact up to 5, then 10, 20, 50, …
    and 0 while the container is ready. `message` is cut, and "" where it only repeats the reason.
    """

    name: str
    kind: ContainerKind
    state: ContainerState = ContainerState.UNKNOWN
    why: str = ""
    message: str = ""
    exit_code: int | None = None
    ready: bool = False
    started: bool | None = None
    last_reason: str = ""
    last_exit_code: int | None = None
    restarts: int = 0
    readiness: Probe | None = None
    startup: bool = False
    ports: tuple[ContainerPort, ...] = ()


class _WirePort(msgspec.Struct, frozen=True, rename="camel", gc=False):
    name: str | None = None
    protocol: str | None = None
    container_port: int | None = None


class _WireHTTPGet(msgspec.Struct, frozen=True, gc=False):
    path: str | None = None
    port: int | str | None = None
    scheme: str | None = None


class _WireTCPSocket(msgspec.Struct, frozen=True, gc=False):
    port: int | str | None = None


class _WireGRPC(msgspec.Struct, frozen=True, gc=False):
    port: int | None = None


class _WireExec(msgspec.Struct, frozen=True, gc=False):
    command: list[str] | None = None


class _WireProbe(msgspec.Struct, frozen=True, rename="camel", gc=False):
    http_get: _WireHTTPGet | None = None
    tcp_socket: _WireTCPSocket | None = None
    grpc: _WireGRPC | None = None
    exec: _WireExec | None = None


class _WireAny(msgspec.Struct, frozen=True, gc=False):
    pass


class WireContainer(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A container of a Pod's spec as the wire has it."""

    name: str = ""
    restart_policy: str | None = None
    ports: list[_WirePort] | None = None
    readiness_probe: _WireProbe | None = None
    startup_probe: _WireAny | None = None


class _WireWaiting(msgspec.Struct, frozen=True, gc=False):
    reason: str | None = None
    message: str | None = None


class _WireTerminated(msgspec.Struct, frozen=True, rename="camel", gc=False):
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None


class _WireState(msgspec.Struct, frozen=True, gc=False):
    running: _WireAny | None = None
    waiting: _WireWaiting | None = None
    terminated: _WireTerminated | None = None


class WireStatus(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A container status as the wire has it."""

    name: str = ""
    ready: bool | None = None
    started: bool | None = None
    restart_count: int | None = None
    state: _WireState | None = None
    last_state: _WireState | None = None


# Pods of one workload have the same containers to the byte, but for the name of the volume that
# holds their token.
_OWN_VOLUME = re.compile(rb'"kube-api-access-[a-z0-9]{5}"')
_DECODER = msgspec.json.Decoder(list[WireContainer] | None)
#: Bytes of container specs that are remembered, and of one that is: a bound for hostile input.
_REMEMBERED = 1 << 20
_LONGEST = 1 << 15
_SPECS: dict[bytes, tuple[WireContainer, ...]] = {}
_remembered = 0


def read_containers(raw: msgspec.Raw) -> tuple[WireContainer, ...]:
    """The containers of a Pod's spec, mostly those that an earlier Pod had: the same object.

    To decode them is a third of what a Pod costs.
    """
    global _remembered  # noqa: PLW0603 - the size of a table of this module
    text = _OWN_VOLUME.sub(b"", bytes(raw))
    found = _SPECS.get(text)
    if found is None:
        found = tuple(_DECODER.decode(raw) or ())
        if len(text) <= _LONGEST:
            _remembered += len(text)
            if _remembered > _REMEMBERED:
                _SPECS.clear()
                _remembered = len(text)
            _SPECS[text] = found
    return found


_NO_STATE = _WireState()
_NO_STATUS = WireStatus()


def pack_containers(
    apps: Sequence[WireContainer],
    inits: Sequence[WireContainer],
    app_statuses: Sequence[WireStatus],
    init_statuses: Sequence[WireStatus],
) -> tuple[Container, ...]:
    """Init containers and sidecars first, each list in the order of the spec.

    A status whose container the spec does not have (a dump that was cut) is taken as it is.
    """
    found: list[Container] = []
    for specs, statuses, kind in (
        (inits, init_statuses, ContainerKind.INIT),
        (apps, app_statuses, ContainerKind.APP),
    ):
        by_name = {status.name: status for status in statuses}
        for spec in specs:
            role = kind
            if kind is ContainerKind.INIT and spec.restart_policy == "Always":
                role = ContainerKind.SIDECAR
            found.append(_pack(spec, role, by_name.pop(spec.name, _NO_STATUS)))
        for name, status in by_name.items():
            found.append(_pack(WireContainer(name=name), kind, status))
    return tuple(found)


def _pack(spec: WireContainer, kind: ContainerKind, status: WireStatus) -> Container:
    now, before = status.state or _NO_STATE, status.last_state or _NO_STATE
    state, why, message, exit_code = ContainerState.UNKNOWN, "", "", None
    # The API allows one member; of several the worst is believed.
    if now.terminated is not None:
        state, why = ContainerState.TERMINATED, now.terminated.reason or ""
        message, exit_code = now.terminated.message or "", now.terminated.exit_code
    elif now.waiting is not None:
        state, why, message = (
            ContainerState.WAITING,
            now.waiting.reason or "",
            now.waiting.message or "",
        )
    elif now.running is not None:
        state = ContainerState.RUNNING
    ready = bool(status.ready)
    last = before.terminated if not ready else None
    return Container(
        name=sys.intern(spec.name),
        kind=kind,
        state=state,
        why=intern_text(why),
        message="" if why in _REPEATING else message[:_MESSAGE_LIMIT],
        exit_code=exit_code,
        ready=ready,
        started=status.started,
        last_reason=intern_text(last.reason) if last else "",
        last_exit_code=last.exit_code if last else None,
        restarts=0 if ready else _step(status.restart_count or 0),
        readiness=_pack_probe(spec.readiness_probe),
        startup=spec.startup_probe is not None,
        ports=tuple(
            [
                ContainerPort(
                    intern_text(port.name),
                    sys.intern(port.protocol or "TCP"),
                    port.container_port or 0,
                )
                for port in spec.ports or ()
            ]
        ),
    )


def _step(count: int) -> int:
    return _STEPS[max(bisect.bisect_right(_STEPS, count) - 1, 0)]


def _pack_probe(probe: _WireProbe | None) -> Probe | None:
    if probe is None:
        return None
    if probe.http_get is not None:
        port = probe.http_get.port or 0
        verb = "HTTPS GET" if probe.http_get.scheme == "HTTPS" else "GET"
        return Probe(port, f"{verb} {probe.http_get.path or '/'} on port {port}")
    if probe.tcp_socket is not None:
        port = probe.tcp_socket.port or 0
        return Probe(port, f"TCP connect to port {port}")
    if probe.grpc is not None:
        return Probe(probe.grpc.port or 0, f"gRPC health check on port {probe.grpc.port or 0}")
    if probe.exec is not None:
        return Probe(0, f"command {' '.join(probe.exec.command or ())[:80]}".rstrip())
    return Probe(0, "a probe of a kind not known here")
