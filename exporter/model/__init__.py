"""The vocabulary that every part shares: keys, changes, views, reports, judgements, status.

Values only; nothing here computes, reads a clock or talks to anyone.
"""

from __future__ import annotations

from exporter.model.changes import (
    Change,
    Delete,
    Fill,
    Forget,
    Missing,
    Replace,
    Upsert,
)
from exporter.model.ignoring import IgnoreRule
from exporter.model.judgement import (
    MOST_ABOUT,
    STANDING_VALUES,
    About,
    Finding,
    FindingCode,
    Judgement,
    Standing,
    Weight,
)
from exporter.model.keys import (
    ANNOTATION_PREFIX,
    ListMode,
    ObjectKey,
    ServiceKey,
    Source,
    SyncMode,
)
from exporter.model.lags import STALE, Lag, LagKind
from exporter.model.reasons import (
    INTENDED,
    REASON_RANK,
    Reason,
)
from exporter.model.reports import (
    AddressCounts,
    AddressReport,
    Changes,
    NamespaceReport,
    PodsReport,
    PortReady,
    ServiceReport,
    Topology,
    Transition,
)
from exporter.model.routes import (
    BROKEN,
    KindReport,
    ReferenceReport,
    Result,
    RouteKey,
    RouteReport,
    RuleReport,
)
from exporter.model.status import (
    ResourceStatus,
    Snapshot,
)
from exporter.model.views import (
    PodsView,
    ServiceView,
    WorkloadGroup,
    WorkloadsView,
)

__all__ = [
    "ANNOTATION_PREFIX",
    "BROKEN",
    "INTENDED",
    "MOST_ABOUT",
    "REASON_RANK",
    "STALE",
    "STANDING_VALUES",
    "About",
    "AddressCounts",
    "AddressReport",
    "Change",
    "Changes",
    "Delete",
    "Fill",
    "Finding",
    "FindingCode",
    "Forget",
    "IgnoreRule",
    "Judgement",
    "KindReport",
    "Lag",
    "LagKind",
    "ListMode",
    "Missing",
    "NamespaceReport",
    "ObjectKey",
    "PodsReport",
    "PodsView",
    "PortReady",
    "Reason",
    "ReferenceReport",
    "Replace",
    "ResourceStatus",
    "Result",
    "RouteKey",
    "RouteReport",
    "RuleReport",
    "ServiceKey",
    "ServiceReport",
    "ServiceView",
    "Snapshot",
    "Source",
    "Standing",
    "SyncMode",
    "Topology",
    "Transition",
    "Upsert",
    "Weight",
    "WorkloadGroup",
    "WorkloadsView",
]
