"""What must be true of every judgement, whatever the cluster is like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.engine.state import State
from exporter.model import (
    FindingCode,
    Forget,
    Reason,
    ServiceReport,
    ServiceView,
    Source,
    Standing,
    Weight,
)
from exporter.objects.resources import DEPENDENTS, WORKLOADS
from tests.property.clusters import clusters
from tests.unit.apiserver import KEY, NOW, Json, state_of

#: What one permission covers: the files in deploy/rbac.
GRANTS: dict[str, tuple[str, ...]] = {
    "source": ("endpointslices", "endpoints"),
    "pods": ("pods",),
    "nodes": ("nodes",),
    "workloads": tuple(resource.name for resource in WORKLOADS),
    "dependents": tuple(resource.name for resource in DEPENDENTS),
}
READ = tuple(name for names in GRANTS.values() for name in names)
SOURCES = st.sampled_from([Source.ENDPOINTSLICES, Source.ENDPOINTSLICES, Source.ENDPOINTS])

#: What each finding can't be told without, besides the addresses.
NEEDS = {
    "StaleEndpoints": {"pods"},
    "EndpointsLagging": {"pods"},
    "HalfUnready": {"pods"},
    "TerminatingStuck": {"pods"},
    "ReplicasMissing": {"pods", "workloads"},
    "LocalPolicyGap": {"nodes"},
    "BrokenReference": {"dependents"},
}
_BADNESS = [Standing.INTENDED, Standing.READY, Standing.NEW, Standing.DEGRADED, Standing.DOWN]


def see(objects: list[Json], source: Source) -> State:
    """The state after all of it was read."""
    return state_of(*objects, read=READ, source=source)


def wants(view: ServiceView) -> bool:
    """Whether a Pod or a controller's group that could fill the Service is wanted."""
    if view.pods is None or not view.service.selector:
        return False
    groups = view.pods.workloads.groups if view.pods.workloads is not None else ()
    candidates = any(pod.candidate for pod in view.pods.selected)
    return candidates or any(group.wanted > 0 for group in groups)


@given(clusters(), SOURCES)
def test_nothing_is_intended_that_somebody_wants(objects: list[Json], source: Source) -> None:
    """Never intended while a Pod or a workload group that could serve it is wanted."""
    state = see(objects, source)
    report, view = state.reports[KEY], state.view(KEY)
    assert view is not None
    if report.ignored or report.service.type == "ExternalName" or report.service.deleting:
        return
    if report.judgement.standing is Standing.INTENDED:
        assert not wants(view)
        assert report.reason in (Reason.SCALED_TO_ZERO, Reason.SELECTORLESS_NO_ENDPOINTS)


@given(clusters(), SOURCES, st.sampled_from(sorted(GRANTS)))
def test_less_permission_is_no_better_standing(
    objects: list[Json], source: Source, grant: str
) -> None:
    """What can't be read any more makes a standing coarser or unknown, never better."""
    state = see(objects, source)
    before = state.reports[KEY]
    for resource in GRANTS[grant]:
        state.deliver(Forget(resource, ""))
    state.settle(NOW)
    after = state.reports[KEY]
    assert_no_better(before, after, grant)


def assert_no_better(before: ServiceReport, after: ServiceReport, grant: str) -> None:
    """A standing gets better only by the loss of warnings that can't be told without the grant."""
    old, new = before.judgement, after.judgement
    if new.standing is Standing.UNKNOWN:
        assert grant == "source"
        return
    told = {str(finding.code) for finding in new.findings}
    lost = {
        str(finding.code) for finding in old.findings if finding.weight is Weight.WARNING
    } - told
    assert all(grant in NEEDS.get(code, ()) or grant == "source" for code in lost), lost
    if not lost:
        assert _BADNESS.index(new.standing) >= _BADNESS.index(old.standing)
    elif old.standing is Standing.DOWN:
        assert new.standing is Standing.DOWN


@given(clusters(), SOURCES)
def test_findings_are_in_order_and_each_there_once(objects: list[Json], source: Source) -> None:
    """The first is the headline; with a warning nothing stands well, unless it is new."""
    state = see(objects, source)
    judgement = state.reports[KEY].judgement
    order = list(FindingCode)
    places = [order.index(finding.code) for finding in judgement.findings]
    assert places == sorted(set(places))
    warned = any(finding.weight is Weight.WARNING for finding in judgement.findings)
    if warned and not state.reports[KEY].ignored:
        assert judgement.standing not in (Standing.READY, Standing.INTENDED)


@given(clusters(), st.randoms(use_true_random=False))
def test_the_order_of_objects_changes_no_judgement(objects: list[Json], random: object) -> None:
    """The same objects in another order are judged alike."""
    shuffled = list(objects)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = see(objects, Source.ENDPOINTSLICES).reports[KEY]
    other = see(shuffled, Source.ENDPOINTSLICES).reports[KEY]
    assert (one.judgement, one.reason, one.detail) == (
        other.judgement,
        other.reason,
        other.detail,
    )
