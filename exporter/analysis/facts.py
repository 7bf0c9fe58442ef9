"""Facts: all that is true of a Service now, in numbers, out of one pass over its view.

Everything after this (history, judging, reports) takes Facts and never looks at the view again.
It decides nothing: why a Service is down and what is remarkable about it is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from exporter.analysis.counts import count_addresses
from exporter.analysis.families import reported_families
from exporter.analysis.lag import find_lags
from exporter.analysis.merge import Merged, merge_slices, ready_entries, routed_slices
from exporter.analysis.pods import PodsFacts, look_at_pods
from exporter.analysis.policy import Policy, read_policy
from exporter.analysis.ports import Reach, measure_reach
from exporter.analysis.short_way import measure_simply
from exporter.model import AddressCounts, IgnoreRule, Lag, ServiceView
from exporter.objects.slices import EndpointSlice

#: The reach of a Service of which no address is known.
NO_REACH = Reach((), usable=False, routable=0)


class Facts(msgspec.Struct, frozen=True):
    """All that is true of a Service now.

    `slices` is None where no number can be taken from them; the rest says nothing then. `pods` is
    None where Pods can't be read or none are selected by anything. `merged` has one entry for each
    address; `simple`: none was listed twice. `states` are the different flags that entries have;
    `exact` is the source's. `lags` are all disagreements between slices and Pods.
    """

    view: ServiceView
    policy: Policy
    slices: tuple[EndpointSlice, ...] | None
    merged: Merged
    exact: bool = True
    states: Collection[int] = ()
    counts: tuple[AddressCounts, ...] = ()
    reach: Reach = NO_REACH
    simple: bool = True
    pods: PodsFacts | None = None
    lags: tuple[Lag, ...] = ()

    @property
    def ready(self) -> int:
        """Ready addresses, summed over address types."""
        return sum(counts.ready for counts in self.counts)

    @property
    def listed(self) -> int:
        """Addresses in whatever state, of whatever type."""
        return sum(map(len, self.merged.values()))

    @property
    def changed(self) -> float | None:
        """When the slices last changed, as they tell; None when they don't."""
        moments = [piece.changed for piece in self.slices or () if piece.changed is not None]
        return max(moments, default=None)


def measure(
    view: ServiceView,
    *,
    min_ready: int = 1,
    ignoring: Iterable[IgnoreRule] = (),
    now: float = 0.0,
    lag_threshold: float = 60.0,
) -> Facts:
    """The Facts of a Service; `min_ready` is what is wanted where its owner does not say."""
    service = view.service
    policy = read_policy(service, min_ready, ignoring)
    slices = view.addresses
    if slices is None or service.type == "ExternalName":
        return Facts(view, policy, slices, {}, view.source.exact)
    families = reported_families(service)
    exact = view.source.exact
    simple = measure_simply(service, slices, families, exact=exact)
    if simple is not None:
        merged, counts, reach, ready, states = simple
    else:
        merged = merge_slices(slices)
        routed = routed_slices(service, slices)
        reached = merged if len(routed) == len(slices) else merge_slices(routed)
        reach = measure_reach(service, reached, routed)
        counts = count_addresses(merged, families, states_known=exact)
        ready = {entry.address for entry in ready_entries(merged)}
        states = {entry.flags for entries in merged.values() for entry in entries.values()}
    pods: PodsFacts | None = None
    lags: tuple[Lag, ...] = ()
    if view.pods is not None and service.selector:
        pods = look_at_pods(service, view.pods, ready, slices, recent=now - lag_threshold)
        if exact and not view.pods.behind:
            lags = find_lags(service, slices, view.pods.selected, pods.late)
    return Facts(
        view, policy, slices, merged, exact, states, counts, reach, simple is not None, pods, lags
    )
