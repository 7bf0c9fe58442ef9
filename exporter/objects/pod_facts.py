"""What diagnosis needs of a Pod's spec and status, held once for all Pods that have the same.

Pods of a workload are alike: to find the facts of one that was seen lately costs a look.
"""

from __future__ import annotations

import sys
from weakref import WeakKeyDictionary, ref

import msgspec

from exporter.objects.containers import (
    Container,
    WireContainer,
    WireStatus,
    pack_containers,
    read_containers,
)
from exporter.objects.meta import intern_text

_MESSAGE_LIMIT = 300


class Facts(msgspec.Struct, frozen=True, weakref=True, cache_hash=True):
    """What diagnosis needs of a Pod's spec and status; equal ones are the same object.

    Conditions hold "True", "False", "Unknown" or whatever was written, "" when absent. `known` is
    False when spec and status could not be decoded: then all else says nothing. `bound`: a Node is
    assigned. `unmet`: readiness gates whose condition is not True, in the order of the spec.
    `sandbox` is the condition PodReadyToStartContainers; `reason` is `status.reason` (Evicted …).
    """

    known: bool = True
    phase: str = ""
    reason: str = ""
    bound: bool = False
    host_network: bool = False
    ready: str = ""
    ready_reason: str = ""
    containers_ready: str = ""
    initialized: str = ""
    sandbox: str = ""
    scheduled: str = ""
    scheduled_reason: str = ""
    scheduled_message: str = ""
    unmet: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()

    @property
    def finished(self) -> bool:
        """It has run to its end and never takes traffic again, whatever its restart policy."""
        return self.phase in ("Succeeded", "Failed")


_NULL = msgspec.Raw(b"null")


class _WireGate(msgspec.Struct, frozen=True, rename="camel", gc=False):
    condition_type: str = ""


class WireSpec(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A Pod's spec as the wire has it; containers are decoded where no earlier Pod had them."""

    node_name: str | None = None
    host_network: bool | None = None
    readiness_gates: list[_WireGate] | None = None
    containers: msgspec.Raw = _NULL
    init_containers: msgspec.Raw = _NULL


class WireCondition(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A condition as the wire has it."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class _WireIP(msgspec.Struct, frozen=True, gc=False):
    ip: str | None = None


class WirePodStatus(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A Pod's status as the wire has it."""

    phase: str | None = None
    reason: str | None = None
    conditions: list[WireCondition] | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    pod_ips: list[_WireIP] | None = msgspec.field(default=None, name="podIPs")
    container_statuses: list[WireStatus] | None = None
    init_container_statuses: list[WireStatus] | None = None


NO_SPEC = WireSpec()
NO_STATUS = WirePodStatus()
UNSET = WireCondition()


#: What facts came of: a Pod whose like was seen lately costs a look. Bounded, for churn.
_MOST_SEEN = 2048
_Specs = tuple[WireContainer, ...]
_SEEN: dict[tuple[object, ...], tuple[ref[Facts], _Specs, _Specs]] = {}


def find_facts(
    spec: WireSpec, status: WirePodStatus, conditions: dict[str | None, WireCondition]
) -> Facts:
    """The facts of a Pod, the same object for all that have equal ones."""
    apps, inits = read_containers(spec.containers), read_containers(spec.init_containers)
    scheduled = conditions.get("PodScheduled", UNSET)
    gates = [gate.condition_type for gate in spec.readiness_gates or ()]
    key = (
        # Those that are in the table are held by it: no other object has their identity.
        id(apps),
        id(inits),
        tuple(status.container_statuses or ()),
        tuple(status.init_container_statuses or ()),
        status.phase,
        status.reason,
        bool(spec.node_name),
        spec.host_network,
        *[
            (condition.status, condition.reason)
            for condition in map(conditions.get, _CONDITIONS)
            if condition is not None
        ],
        tuple([name for name in _CONDITIONS if name not in conditions]),
        scheduled.message if scheduled.status != "True" else None,
        tuple([gate for gate in gates if conditions.get(gate, UNSET).status != "True"]),
    )
    seen = _SEEN.get(key)
    facts = seen[0]() if seen is not None else None
    if facts is None:
        if len(_SEEN) >= _MOST_SEEN:
            _SEEN.clear()
        facts = _share_facts(_make_facts(spec, status, conditions, (apps, inits)))
        _SEEN[key] = ref(facts), apps, inits
    return facts


#: Those that facts are made of, besides readiness gates.
_CONDITIONS = (
    "Ready",
    "ContainersReady",
    "Initialized",
    "PodReadyToStartContainers",
    "PodScheduled",
)


def _make_facts(
    spec: WireSpec,
    status: WirePodStatus,
    conditions: dict[str | None, WireCondition],
    containers: tuple[_Specs, _Specs],
) -> Facts:
    ready, complete, initialized, sandbox, scheduled = (
        conditions.get(name, UNSET) for name in _CONDITIONS
    )
    unbound = scheduled.status != "True"
    return Facts(
        phase=intern_text(status.phase),
        reason=intern_text(status.reason),
        bound=bool(spec.node_name),
        host_network=bool(spec.host_network),
        ready=intern_text(ready.status),
        ready_reason=intern_text(ready.reason),
        containers_ready=intern_text(complete.status),
        initialized=intern_text(initialized.status),
        sandbox=intern_text(sandbox.status),
        scheduled=intern_text(scheduled.status),
        scheduled_reason=intern_text(scheduled.reason),
        scheduled_message=(scheduled.message or "")[:_MESSAGE_LIMIT] if unbound else "",
        unmet=tuple(
            [
                sys.intern(gate.condition_type)
                for gate in spec.readiness_gates or ()
                if conditions.get(gate.condition_type, UNSET).status != "True"
            ]
        ),
        containers=pack_containers(
            *containers,
            status.container_statuses or (),
            status.init_container_statuses or (),
        ),
    )


_FACTS: WeakKeyDictionary[Facts, ref[Facts]] = WeakKeyDictionary()


def _share_facts(facts: Facts) -> Facts:
    held = _FACTS.get(facts)
    shared = held() if held is not None else None
    if shared is None:
        _FACTS[facts] = ref(facts)
        return facts
    return shared
