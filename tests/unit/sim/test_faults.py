from __future__ import annotations

from exporter.sim.access import Access, Deny
from exporter.sim.faults import Fault, FaultKind, Faults


def test_a_fault_strikes_as_often_as_it_says() -> None:
    """`skip` requests pass, `times` are hit, then all is well."""
    faults = Faults([Fault(FaultKind.RESET, skip=1, times=2)])
    taken = [faults.take("services", "list", "") for _ in range(4)]
    assert [fault is not None for fault in taken] == [False, True, True, False]
    assert faults.pending == []


def test_a_fault_without_an_end_stays() -> None:
    """`times` 0 is for ever, until the queue is cleared."""
    faults = Faults([Fault(FaultKind.ERROR_500, times=0)])
    assert all(faults.take("pods", "list", "") for _ in range(5))
    faults.clear()
    assert faults.take("pods", "list", "") is None


def test_a_fault_concerns_what_it_names() -> None:
    """Resource, verb and namespace have to fit; a kind names its plural."""
    fault = Fault(FaultKind.RESET, resource="Pod", verb="watch", namespace="d")
    assert fault.concerns("pods", "watch", "d")
    assert not fault.concerns("pods", "watch", "e")
    assert not fault.concerns("pods", "list", "d")
    assert not fault.concerns("services", "watch", "d")


def test_faults_of_streams_leave_lists_alone() -> None:
    """A fault that only makes sense for one verb doesn't hit the others."""
    faults = Faults([Fault(FaultKind.SHORT_WATCH), Fault(FaultKind.EXPIRED_CONTINUE)])
    assert faults.take("services", "list", "") is None
    first = faults.take("services", "watch", "")
    assert first is not None
    assert first.kind is FaultKind.SHORT_WATCH
    later = faults.take("services", "list", "", page=1)
    assert later is not None
    assert later.kind is FaultKind.EXPIRED_CONTINUE


def test_the_first_that_fits_is_taken() -> None:
    """Faults queue: the older one strikes first, one for another resource waits."""
    faults = Faults([Fault(FaultKind.RESET, resource="pods")])
    faults.add(Fault(FaultKind.SLOW), Fault(FaultKind.GONE))
    kinds = [faults.take("services", "list", ""), faults.take("services", "list", "")]
    assert [fault.kind if fault else None for fault in kinds] == [FaultKind.SLOW, FaultKind.GONE]
    assert [fault.kind for fault in faults.pending] == [FaultKind.RESET]


def test_denials_cover_resource_verb_and_scope() -> None:
    """A Role instead of a ClusterRole denies the cluster scope and grants its namespace."""
    access = Access(denied=[Deny(scope="cluster"), Deny("pods", scope="d")])
    assert access.denies("services", "list", "")
    assert not access.denies("services", "list", "d")
    assert access.denies("pods", "watch", "d")
    access.allow(Deny("pods", scope="d"))
    assert not access.denies("pods", "watch", "d")


def test_tokens_are_needed_once_there_are_some() -> None:
    """Without tokens everyone is known; with some, only who brings one of them."""
    access = Access()
    assert access.knows("")
    access.tokens.add("good")
    assert not access.knows("")
    assert not access.knows("Bearer bad")
    assert access.knows("Bearer good")
    assert access.knows("bearer good ")
