"""What the user chose to be told, in plain values named as the settings are."""

from __future__ import annotations

import msgspec

from exporter.catalogue import Family, Group, select_families
from exporter.cluster.shard import Shard
from exporter.judging import Options
from exporter.model import IgnoreRule, Source


class Choices(msgspec.Struct, frozen=True):
    """What the user chose. `refills`, which no setting says: see Cluster."""

    source: Source = Source.ENDPOINTSLICES
    groups: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    min_ready: int = 1
    ignoring: tuple[IgnoreRule, ...] = ()
    lag_threshold: float = 60.0
    grace_period: float = 60.0
    addresses_of: frozenset[str] | None = None
    partial: bool = False
    denied_namespaces: tuple[str, ...] = ()
    shard: Shard = Shard()
    refills: bool = False

    def families(self) -> tuple[Family, ...]:
        """The families of the chosen groups."""
        return select_families(self.groups, labels=self.labels, annotations=self.annotations)

    @property
    def tracks(self) -> bool:
        """Whether changes are counted."""
        return Group.CHANGES in self.groups

    def judging(self) -> Options:
        """What reports are judged by."""
        return Options(
            min_ready=self.min_ready,
            ignoring=self.ignoring,
            lag_threshold=self.lag_threshold,
            grace_period=self.grace_period,
            changes=self.tracks,
            addresses=Group.ADDRESSES in self.groups,
            pairs=Group.COMPATIBILITY in self.groups,
            # Whoever exports nothing asks for the sake of people, who are shown everything.
            topology=not self.groups or Group.TOPOLOGY in self.groups,
            addresses_of=self.addresses_of,
        )
