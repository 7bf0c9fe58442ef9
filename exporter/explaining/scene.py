"""What an explanation speaks of: the Service, what is known of it, its report, and the time."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.analysis.merge import merge_slices, ready_entries
from exporter.analysis.pods import judge_pod
from exporter.model import REASON_RANK, Reason, ServiceReport, ServiceView
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice


class Scene(msgspec.Struct, frozen=True):
    """All that words are made of.

    `judged` are candidates that take no traffic, each with its own reason, the deciding ones first.
    `slices` are None while they can't be known; then only what Pods say of themselves is judged.
    """

    view: ServiceView
    report: ServiceReport
    now: float
    slices: tuple[EndpointSlice, ...] | None
    judged: tuple[tuple[Reason, Pod], ...]

    @property
    def service(self) -> Service:
        """The Service."""
        return self.view.service

    @property
    def pods_known(self) -> bool:
        """Whether something can be said of its Pods."""
        return self.view.pods is not None and bool(self.service.selector)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """Its Pods, by name; none while they can't be read."""
        return self.view.pods.selected if self.view.pods is not None else ()


def set_scene(view: ServiceView, report: ServiceReport, now: float) -> Scene:
    """The Scene of a Service at a time (seconds since the epoch)."""
    slices = view.addresses
    judged = sorted(_judge(view, slices), key=lambda item: (REASON_RANK[item[0]], item[1].name))
    return Scene(view, report, now, slices, tuple(judged))


def _judge(
    view: ServiceView, slices: tuple[EndpointSlice, ...] | None
) -> Iterator[tuple[Reason, Pod]]:
    if view.pods is None or not view.service.selector:
        return
    ready = {entry.address for entry in ready_entries(merge_slices(slices or ()))}
    for pod in view.pods.selected:
        # What can't be read is never argued from: then nobody is missing from the slices.
        listed = pod.ips if slices is None else ready
        verdict = judge_pod(pod, view.service, listed, view.pods.nodes) if pod.candidate else None
        if verdict is not None:
            yield verdict[0], pod
