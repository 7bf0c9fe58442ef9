from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec

from exporter.engine.state import State
from exporter.engine.transitions import Transitions
from exporter.history import Clock
from exporter.model import (
    Delete,
    Forget,
    ObjectKey,
    ResourceStatus,
    ServiceKey,
    Source,
    Upsert,
)
from tests.big import build
from tests.unit.apiserver import (
    ALL_GROUPS,
    KEY,
    NOW,
    Json,
    at_version,
    choices,
    endpoint,
    key_of,
    lines_of,
    pod,
    replace,
    service,
    slice_of,
    state_of,
    text_of,
    upsert,
)

READY = "k8s_service_endpoints_ready"
OF_D_S = '{namespace="d",service="s",address_type="IPv4"}'


def down(version: str) -> Json:
    """The slice of d/s with nothing ready in it."""
    return at_version(slice_of(endpoint(".1", "FFF")), version)


def test_readers_see_only_what_was_committed() -> None:
    """Reports and text change together, at the commit and not before."""
    state = state_of(service(), slice_of(endpoint(".1")))
    state.deliver(upsert(down("2")))
    batch = state.refresh(NOW)
    assert batch.finished
    assert state.reports[KEY].ready == 1
    assert lines_of(state, READY) == [f"{OF_D_S} 1"]
    state.commit(batch)
    assert state.reports[KEY].ready == 0
    assert lines_of(state, READY) == [f"{OF_D_S} 0"]


def test_work_can_be_done_in_steps() -> None:
    """A batch that is told to stop goes on where it was, and becomes visible as a whole."""
    names = [f"s{number}" for number in range(5)]
    state = State(choices())
    state.deliver(replace("services", *(service(name) for name in names)))
    state.deliver(replace("endpointslices"))
    batch = state.refresh(NOW, lambda: False)
    steps = 1
    while not batch.finished:
        assert text_of(state) == ""
        state.work(batch, lambda: False)
        steps += 1
    assert steps >= 5
    state.commit(batch)
    assert sorted(state.reports) == [ServiceKey("d", name) for name in names]
    assert len(lines_of(state, READY)) == 5


def test_what_comes_during_a_batch_waits_for_the_next() -> None:
    """An event that arrives while a batch is worked on is neither lost nor shown half."""
    state = State(choices())
    state.deliver(replace("services", service(), service("t")))
    state.deliver(replace("endpointslices", slice_of(endpoint(".1"))))
    batch = state.refresh(NOW, lambda: False)
    state.deliver(upsert(down("2")))
    state.deliver(Delete("services", key_of(service("t"))))
    assert state.pending
    while not batch.finished:
        state.work(batch)
    state.commit(batch)
    state.settle(NOW)
    assert list(state.reports) == [KEY]
    assert lines_of(state, READY) == [f"{OF_D_S} 0"]


def test_a_service_that_goes_takes_all_its_series_along() -> None:
    """Nothing of it is left in any family, and of its namespace neither."""
    state = state_of(
        service(),
        slice_of(endpoint(".1")),
        pod("p", "10.0.0.1"),
        read=("nodes",),
        groups=ALL_GROUPS,
    )
    assert 'service="s"' in text_of(state)
    state.deliver(Delete("services", key_of(service())))
    state.deliver(Delete("endpointslices", key_of(slice_of())))
    state.settle(NOW)
    assert text_of(state) == ""
    assert dict(state.reports) == {}
    assert state.exposition.series() == dict.fromkeys(state.exposition.series(), 0)


def test_before_slices_are_read_nothing_is_said_of_addresses() -> None:
    """A number that can't be known is absent: only what Services tell is there."""
    state = State(choices())
    state.deliver(replace("services", service()))
    state.settle(NOW)
    families = {line.split("{")[0] for line in text_of(state).splitlines() if line[0] != "#"}
    assert families == {
        "k8s_service_info",
        "k8s_service_endpoints_min_ready",
        "k8s_service_endpoints_standing",
    }
    assert not state.reports[KEY].known


def test_losing_access_takes_the_numbers_away() -> None:
    """Forbidden slices leave no number behind; forbidden Pods fall back to the slices' reason."""
    state = state_of(service(), down("1"), pod("p"), groups=("core", "pods"))
    assert lines_of(state, "k8s_service_endpoints_reason") == [
        '{namespace="d",service="s",reason="Unscheduled"} 1'
    ]
    assert lines_of(state, "k8s_service_pods_selected") == ['{namespace="d",service="s"} 1']
    state.deliver(Forget("pods", ""))
    state.settle(NOW)
    assert lines_of(state, "k8s_service_endpoints_reason") == [
        '{namespace="d",service="s",reason="EndpointsNotReady"} 1'
    ]
    assert lines_of(state, "k8s_service_pods_selected") == []
    state.deliver(Forget("endpointslices", ""))
    state.settle(NOW)
    assert lines_of(state, READY) == []
    assert lines_of(state, "k8s_service_endpoints_reason") == []


def test_a_broken_slice_takes_the_numbers_away_until_it_heals() -> None:
    """No count is better than one that leaves out what could not be read."""
    state = state_of(service(), slice_of(endpoint(".1")), slice_of(name="s-2", endpoints=7))
    assert lines_of(state, READY) == []
    assert lines_of(state, "k8s_service_info") != []
    state.deliver(upsert(at_version(slice_of(endpoint(".2"), name="s-2"), "2")))
    state.settle(NOW)
    assert lines_of(state, READY) == [f"{OF_D_S} 2"]


def test_choices_reach_the_reports() -> None:
    """Threshold, single addresses and their namespaces are as chosen."""
    objects = (
        service(),
        slice_of(endpoint(".1")),
        service(namespace="e"),
        slice_of(endpoint(".2"), namespace="e"),
    )
    state = state_of(
        *objects, groups=("core", "addresses"), min_ready=3, addresses_of=frozenset({"e"})
    )
    assert state.reports[KEY].min_ready == 3
    assert lines_of(state, "k8s_service_endpoints_address_ready") == [
        '{namespace="e",service="s",address_type="IPv4",address="10.0.0.2",pod="pod-10.0.0.2"} 1'
    ]


def test_groups_that_were_not_chosen_say_nothing() -> None:
    """Only the families of the chosen groups are there."""
    state = state_of(service(), slice_of(endpoint(".1")), groups=("ports",))
    assert [line.split("{")[0] for line in text_of(state).splitlines() if line[0] != "#"] == [
        "k8s_service_endpoints_port_ready"
    ]
    assert state.exposition.series() == {"ports": 1}


def test_a_healthy_service_costs_at_most_fourteen_series() -> None:
    """The default groups, with Pods readable, on one family and one port."""
    state = state_of(
        service(),
        slice_of(endpoint(".1")),
        pod("pod-10.0.0.1", "10.0.0.1"),
        read=("nodes", "deployments"),
    )
    mine = [line for line in text_of(state).splitlines() if 'service="s"' in line]
    assert state.reports[KEY].reason is None
    assert 0 < len(mine) <= 14
    assert lines_of(state, "k8s_service_pods_selected") == ['{namespace="d",service="s"} 1']
    assert lines_of(state, "k8s_service_endpoints_lagging") == []


def test_lag_between_pods_and_endpoints_is_told_when_it_is_old_enough() -> None:
    """A ready Pod may miss from the slices for a while; the Service grows due by itself."""
    late = pod("p", "10.0.0.9")
    late["status"]["conditions"][0]["lastTransitionTime"] = "2023-11-14T22:13:20Z"  # at NOW
    well = pod("pod-10.0.0.1", "10.0.0.1")
    state = state_of(service(), slice_of(endpoint(".1")), well, late, lag_threshold=30.0)
    assert lines_of(state, "k8s_service_endpoints_lagging") == []
    assert set(state.growing(NOW + 29)) == set()
    assert set(state.growing(NOW + 30)) == {KEY}
    state.touch(state.growing(NOW + 30))
    state.settle(NOW + 30)
    assert lines_of(state, "k8s_service_endpoints_lagging") == [
        '{namespace="d",service="s",kind="MissingFromSlices"} 1'
    ]
    assert set(state.growing(NOW + 1000)) == set()


def test_a_snapshot_is_what_was_committed() -> None:
    """Readers get the committed reports, the statuses and the time they were given."""
    state = state_of(service())
    status = ResourceStatus("services", True, "watch", True, False, 1, NOW, None)
    snapshot = state.snapshot((status,), NOW + 1)
    assert list(snapshot.reports) == [KEY]
    assert (snapshot.resources, snapshot.now) == ((status,), NOW + 1)


def test_touching_what_is_gone_does_no_harm() -> None:
    """A key may be gone before its turn comes."""
    state = state_of(service())
    state.touch([ServiceKey("d", "gone")])
    state.settle(NOW)
    assert list(state.reports) == [KEY]


def test_partial_services_and_denied_namespaces_reach_the_cluster() -> None:
    """With a selector on Services orphans are unknown; denied namespaces are not there at all."""
    state = state_of(slice_of(), slice_of(namespace="e"), partial=True, denied_namespaces=("e",))
    assert lines_of(state, "k8s_endpointslices_orphaned") == []
    assert lines_of(state, "k8s_endpointslices_unlabelled") == ['{namespace="d"} 0']


def test_the_legacy_source_reads_no_slices() -> None:
    """With Endpoints as the source slices don't matter, and the other way round."""
    state = state_of(service(), slice_of(endpoint(".1")), source=Source.ENDPOINTS)
    assert state.reports[KEY].ready == 0
    assert state.reports[KEY].detail == "Endpoints"
    assert lines_of(state, "k8s_service_endpoints_slices") == []


def test_a_pod_that_is_gone_lags_from_when_it_was_first_missed() -> None:
    """In a scale-down a Pod goes before its endpoint: that counts only when it lasts."""
    state = state_of(service(), slice_of(endpoint(".1")), read=("pods",), lag_threshold=30.0)
    assert lines_of(state, "k8s_service_endpoints_lagging") == []
    state.touch(state.growing(NOW + 30.0))
    state.settle(NOW + 30.0)
    assert lines_of(state, "k8s_service_endpoints_lagging") == [
        '{namespace="d",service="s",kind="PodGone"} 1'
    ]


def test_what_became_of_a_service_is_kept() -> None:
    """From the first commit on each change of state is remembered, with its time."""
    state = state_of(service(), slice_of(endpoint(".1")))
    assert state.transitions.of(KEY) == ()
    state.deliver(upsert(down("2")))
    state.settle(NOW + 5)
    kept = state.transitions.of(KEY)
    assert [(one.at, one.ready) for one in kept] == [(None, 1), (NOW + 5, 0)]
    state.deliver(Delete("services", key_of(service())))
    state.settle(NOW + 6)
    assert state.transitions.of(KEY) == ()


def test_observers_are_told_of_each_commit() -> None:
    """Once it can be seen, and of what was looked at in it."""
    state = state_of(service(), slice_of(endpoint(".1")))
    told: list[tuple[set[ServiceKey], int]] = []
    state.observe(lambda keys: told.append((set(keys), state.reports[KEY].ready)))
    state.deliver(upsert(down("2")))
    state.settle(NOW)
    assert told == [({KEY}, 0)]


def test_a_commit_is_seen_at_once_however_many_steps_it_takes() -> None:
    """Reports and text stay as they were until one step of it, and are the new ones after."""
    names = [f"s{number:04}" for number in range(600)]
    state = State(choices())
    state.deliver(replace("endpointslices"))
    state.deliver(replace("services", *(service(name) for name in names)))
    batch = state.begin(NOW)
    for _ in state.computing(batch):
        pass
    seen = [
        (len(state.reports), len(lines_of(state, READY)))
        for _ in chain(state.committing(batch), ["the end"])
    ]
    assert len(seen) > 10
    assert set(seen) <= {(0, 0), (600, 600)}
    assert seen[-1] == (600, 600)


def test_another_service_under_the_same_name_has_no_story_of_the_first() -> None:
    """Deleted and made again between two commits: what became of the first is not told of it."""
    state = state_of(service(), slice_of(endpoint(".1")))
    state.deliver(upsert(down("2")))
    state.settle(NOW)
    assert len(state.transitions.of(KEY)) == 2
    state.deliver(Delete("services", key_of(service())))
    state.deliver(upsert(at_version(service(metadata={"uid": "two"}), "9")))
    state.settle(NOW + 1)
    assert state.reports[KEY].service.uid == "two"
    assert state.transitions.of(KEY) == ()


def test_what_comes_and_goes_within_a_batch_is_counted() -> None:
    """An address that was not ready for a second is a change, though no commit showed it."""
    state = state_of(service(), slice_of(endpoint(".1")), groups=ALL_GROUPS)
    *_, up = (at_version(slice_of(endpoint(".1")), version) for version in ("1", "3"))
    for change in (upsert(down("2")), upsert(up), upsert(at_version(up, "4"))):
        for _ in state.take(change, Clock(NOW + 5, NOW + 5)):
            pass
    state.settle(NOW + 6)
    changes = state.reports[KEY].changes
    assert changes is not None
    assert (changes.became_not_ready, changes.became_ready) == (1, 1)
    assert state.reports[KEY].ready == 1


def test_a_loss_of_access_does_not_push_out_what_was_seen() -> None:
    """Everybody becomes unknown and known again: the outage that was seen is still told."""
    names = [f"s{number:03}" for number in range(300)]
    slices = [slice_of(endpoint(".1"), name=f"{name}-x", service=name) for name in names]
    state = state_of(*(service(name) for name in names), *slices)
    state.transitions = Transitions(most=200)
    state.deliver(
        upsert(at_version(slice_of(endpoint(".1", "FFF"), name="s000-x", service="s000"), "2"))
    )
    state.settle(NOW + 1)
    state.deliver(Forget("endpointslices", ""))
    state.settle(NOW + 2)
    state.deliver(replace("endpointslices", *slices))
    state.settle(NOW + 3)
    told = state.transitions.of(ServiceKey("d", "s000"))
    assert [one.known for one in told] == [True, True, False, True]
    assert told[1].reason is not None
    assert len(state.transitions) == 200


def test_what_came_and_went_leaves_nothing_in_the_state() -> None:
    """After rounds of namespaces that come and go no table and no line is longer than before."""
    state = State(choices(groups=ALL_GROUPS))
    read = ("services", "endpointslices", "pods")
    for resource in read:
        state.deliver(replace(resource))
    state.settle(NOW)
    empty = (sizes(state), text_of(state))
    for round_ in range(3):
        for resource in read:
            for found in getattr(CROWD, "slices" if resource == "endpointslices" else resource):
                state.deliver(Upsert(resource, moved(found, round_)))
        state.settle(NOW + 10 * round_ + 1)
        assert len(state.reports) == 20
        assert len(text_of(state)) > len(empty[1])
        for resource in reversed(read):
            for found in getattr(CROWD, "slices" if resource == "endpointslices" else resource):
                gone = moved(found, round_)
                state.deliver(Delete(resource, ObjectKey(gone.namespace, gone.name)))
        state.settle(NOW + 10 * round_ + 5)
        assert (sizes(state), text_of(state)) == empty


CROWD = build(20, 2, namespaces=5)


def moved(found: Any, round_: int) -> Any:
    """The same object in a namespace of that round's own."""
    return msgspec.structs.replace(found, namespace=f"{found.namespace}-{round_}")


def sizes(state: State) -> dict[str, int]:
    """How much each table of the state holds, seen from inside."""
    return {
        name: len(table) for name, table in vars(state).items() if isinstance(table, dict | set)
    }
