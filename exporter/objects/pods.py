"""Pod: what selection and diagnosis ask of it, packed so that 100,000 of them stay small.

What Pods of one workload have in common (labels, owner, facts) is held once and shared. Nothing
here judges a Pod: that is `exporter.analysis.pods`.
"""

from __future__ import annotations

import sys
from weakref import WeakValueDictionary

import msgspec

from exporter.objects.addresses import canonical_address
from exporter.objects.meta import LeanMeta, OwnerReference, intern_text, parse_time
from exporter.objects.pod_facts import (
    NO_SPEC,
    NO_STATUS,
    UNSET,
    Facts,
    WirePodStatus,
    WireSpec,
    find_facts,
)
from exporter.objects.sharing import share

#: Seconds in which the kubelet has first looked at a Pod and said that it is not ready.
_FIRST_LOOK = 10.0


class Labels(dict[str, str]):
    """A label set, shared by all Pods that have the same one. Nobody may change it."""

    __slots__ = ("__weakref__",)


class Owner(msgspec.Struct, frozen=True, weakref=True):
    """The controller of a Pod; both are "" when it has none."""

    kind: str
    name: str


class Pod(msgspec.Struct, frozen=True, gc=False):
    """A Pod. Times are seconds since the epoch, None when not set or nonsense.

    `ip` is its first address ("" when it has none), `other_ips` are the further ones. `changed` is
    when its Ready condition last changed; before it has one, when it was scheduled or created.
    `fell`: it is not ready, and became so some time after it had a Node: it was ready before.
    `deleted` is its deletion timestamp (the end of the grace period, so it may lie in the future);
    0.0 when there is one that can't be read.
    """

    namespace: str
    name: str
    resource_version: str
    labels: Labels
    ip: str
    other_ips: tuple[str, ...]
    node: str
    changed: float | None
    deleted: float | None
    owner: Owner
    facts: Facts
    fell: bool = False

    @property
    def ips(self) -> tuple[str, ...]:
        """All its addresses, canonical, in the order of `status.podIPs`."""
        return (self.ip, *self.other_ips) if self.ip else ()

    @property
    def finished(self) -> bool:
        """See Facts.finished."""
        return self.facts.finished

    @property
    def terminating(self) -> bool:
        """It was asked to stop and has not finished yet."""
        return self.deleted is not None and not self.facts.finished

    @property
    def candidate(self) -> bool:
        """It should take traffic: neither finished nor asked to stop."""
        return self.deleted is None and not self.facts.finished


class WirePod(msgspec.Struct, frozen=True, gc=False):
    """A Pod as the wire has it: a Pod that was just created has hardly a status."""

    metadata: LeanMeta
    spec: WireSpec | None = None
    status: WirePodStatus | None = None

    def compact(self) -> Pod:
        """The retained form."""
        spec, status = self.spec or NO_SPEC, self.status or NO_STATUS
        conditions = {condition.type: condition for condition in status.conditions or ()}
        ready = conditions.get("Ready", UNSET)
        scheduled = conditions.get("PodScheduled", UNSET)
        node = intern_text(spec.node_name)
        # The API server fills podIPs from podIP; other writers of a dump may not.
        ips = [canonical_address(item.ip) for item in status.pod_ips or () if item.ip]
        if not ips and status.pod_ip:
            ips = [canonical_address(status.pod_ip)]
        facts = find_facts(spec, status, conditions)
        changed = turned = parse_time(ready.last_transition_time)
        fell = False
        if changed is None or ready.status == "False":
            began = parse_time(scheduled.last_transition_time)
            changed = began if changed is None else changed
            fell = turned is not None and _was_ready(turned, began, self.metadata)
        return _make(self.metadata, ips, node, changed, facts, fell=fell)


def _was_ready(turned: float, scheduled: float | None, meta: LeanMeta) -> bool:
    """Whether Ready turned False later than the kubelet sets it for a Pod that it has just got."""
    created = parse_time(meta.creation_timestamp)
    moments = [moment for moment in (scheduled, created) if moment is not None]
    return bool(moments) and turned - max(moments) > _FIRST_LOOK


_UNKNOWN = Facts(known=False)


class _LooseSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    node_name: str | None = None


def pod_from_metadata(loose: object) -> Pod | None:
    """The Pod in decoded JSON of which only the metadata can be trusted, None if not even that.

    A selected Pod with a nonsensical status is still a selected Pod: left out, its Service would be
    told that its selector matches nothing.
    """
    if not isinstance(loose, dict):
        return None
    try:
        meta = msgspec.convert(loose.get("metadata"), LeanMeta)
    except msgspec.MsgspecError:
        return None
    if not meta.name:
        return None
    try:
        spec = msgspec.convert(loose.get("spec"), _LooseSpec)
    except msgspec.MsgspecError:
        spec = _LooseSpec()
    return _make(meta, [], intern_text(spec.node_name), None, _UNKNOWN)


def _make(
    meta: LeanMeta,
    ips: list[str],
    node: str,
    changed: float | None,
    facts: Facts,
    *,
    fell: bool = False,
) -> Pod:
    deleted = None
    if meta.deletion_timestamp is not None:
        deleted = parse_time(meta.deletion_timestamp) or 0.0
    return Pod(
        namespace=intern_text(meta.namespace),
        # Not interned: a table of 200,000 names that is there for good would cost 10 MB.
        name=share(meta.name or ""),
        resource_version=meta.resource_version or "",
        labels=_share_labels(meta.labels),
        ip=share(ips[0]) if ips else "",
        other_ips=tuple(ips[1:]),
        node=node,
        changed=parse_time(meta.creation_timestamp) if changed is None else changed,
        deleted=deleted,
        owner=_share_owner(meta.owner_references),
        facts=facts,
        fell=fell,
    )


# Weak tables: what no Pod holds any more goes by itself, so churn can't fill them.
_LABELS: WeakValueDictionary[tuple[str, ...], Labels] = WeakValueDictionary()
_OWNERS: WeakValueDictionary[tuple[str, str], Owner] = WeakValueDictionary()

_NO_LABELS = Labels()
_NO_OWNER = Owner("", "")


def _share_labels(labels: dict[str, str] | None) -> Labels:
    if not labels:
        return _NO_LABELS
    key = (*labels, *labels.values())
    shared = _LABELS.get(key)
    if shared is None:
        shared = Labels({sys.intern(name): sys.intern(value) for name, value in labels.items()})
        _LABELS[(*shared, *shared.values())] = shared
    return shared


def _share_owner(references: list[OwnerReference] | None) -> Owner:
    for reference in references or ():
        if reference.controller:
            key = (reference.kind, reference.name)
            shared = _OWNERS.get(key)
            if shared is None:
                shared = Owner(sys.intern(reference.kind), sys.intern(reference.name))
                _OWNERS[shared.kind, shared.name] = shared
            return shared
    return _NO_OWNER
