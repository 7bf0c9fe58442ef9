from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exporter.engine.state import State
from exporter.model import Changes, Delete, Forget, ServiceReport
from tests.unit.apiserver import (
    KEY,
    NOW,
    Json,
    at_version,
    choices,
    endpoint,
    key_of,
    pod,
    replace,
    service,
    slice_of,
    upsert,
)

TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


def at(seconds: float) -> str:
    """A time relative to NOW, as the API writes it."""
    return datetime.fromtimestamp(NOW + seconds, UTC).isoformat().replace("+00:00", "Z")


class Story:
    """A state that is told what happens, with versions that go up by themselves.

    Times are seconds from NOW.
    """

    def __init__(self, *, groups: tuple[str, ...] = ("core", "changes")) -> None:
        self.state = State(choices(groups=groups))
        self.state.deliver(replace("services"))
        self.state.deliver(replace("endpointslices"))
        self.state.settle(NOW)
        self._version = 1

    def tell(self, now: float, *objects: Json) -> ServiceReport:
        """Upserts at a moment, and the report on d/s after them."""
        for found in objects:
            self._version += 1
            self.state.deliver(upsert(at_version(found, str(self._version))))
        return self.look(now)

    def look(self, now: float) -> ServiceReport:
        """The report on d/s at a moment, computed anew."""
        self.state.touch([KEY])
        self.state.settle(NOW + now)
        return self.state.reports[KEY]


def since(report: ServiceReport) -> float | None:
    """Since when it is down, relative to NOW."""
    return None if report.since is None else report.since - NOW


def changes(report: ServiceReport) -> tuple[int, int, int, int, float]:
    """Added, removed, became ready, became not ready, unavailable seconds."""
    seen = report.changes
    assert seen is not None
    return (
        seen.added,
        seen.removed,
        seen.became_ready,
        seen.became_not_ready,
        seen.unavailable_seconds,
    )


UP = slice_of(endpoint(".1"))
DOWN = slice_of(endpoint(".1", "FFF"))


def triggered(found: Json, seconds: float | None) -> Json:
    """The slice with a trigger time."""
    annotations = {} if seconds is None else {TRIGGER: at(seconds)}
    return {**found, "metadata": {**found["metadata"], "annotations": annotations}}


# ── since when ───────────────────────────────────────────────────────────────────────────────


def test_while_there_is_a_ready_endpoint_there_is_no_since() -> None:
    """Nothing is told of a Service that works, and nothing is left when it works again."""
    story = Story()
    assert since(story.tell(0, service(), UP)) is None
    assert since(story.tell(5, DOWN)) == 5
    assert since(story.tell(9, UP)) is None


def test_a_fall_that_was_seen_is_dated_by_the_slice_when_it_knows() -> None:
    """The trigger time is better than the moment of arrival."""
    story = Story()
    story.tell(0, service(), UP)
    assert since(story.tell(5, triggered(DOWN, 4.5))) == 4.5


def test_whether_somebody_saw_it_fall_is_told() -> None:
    """A Service that was down when it was first looked at may have been so for longer."""
    seen = Story()
    seen.tell(0, service(), UP)
    assert seen.tell(5, DOWN).since_seen
    assert seen.look(60).since_seen
    assert not seen.tell(70, UP).since_seen
    found_down = Story()
    assert not found_down.tell(0, service(), triggered(DOWN, -100)).since_seen
    assert not found_down.look(60).since_seen


def test_a_trigger_from_before_it_was_up_is_not_believed() -> None:
    """A slice that keeps an old trigger time can't date a fall to before we saw it up."""
    story = Story()
    story.tell(0, service(), UP)
    story.look(3)
    assert since(story.tell(5, triggered(DOWN, -1000))) == 5


def test_a_trigger_in_the_future_is_now() -> None:
    """Clocks differ: no outage begins later than it is seen."""
    story = Story()
    story.tell(0, service(), UP)
    assert since(story.tell(5, triggered(DOWN, 60))) == 5
    fresh = Story()
    assert since(fresh.tell(5, service(), triggered(DOWN, 60))) == 5


def test_a_further_change_does_not_move_the_beginning() -> None:
    """Pods that come and go during an outage leave its beginning where it is."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    worse = slice_of(endpoint(".1", "FFF"), endpoint(".2", "FFF"))
    assert since(story.tell(50, triggered(worse, 49))) == 5
    assert since(story.tell(60, slice_of())) == 5


def test_an_outage_from_before_the_start_is_dated_by_the_slices() -> None:
    """A restart of the exporter must not make an old outage look new."""
    story = Story()
    assert since(story.tell(0, service(), triggered(DOWN, -3600))) == -3600


def test_the_last_write_stands_in_for_a_missing_trigger() -> None:
    """Managed fields tell when the slice was last written."""
    story = Story()
    written = slice_of(
        endpoint(".1", "FFF"), metadata={"managedFields": [{"time": at(-120)}, {"time": at(-60)}]}
    )
    assert since(story.tell(0, service(), written)) == -60


def test_nothing_tells_since_when() -> None:
    """Where no object knows, the beginning is absent rather than wrong."""
    story = Story()
    assert since(story.tell(0, service(), DOWN)) is None
    assert since(story.look(10)) is None


def test_no_outage_begins_before_its_service() -> None:
    """A slice can't have lost an endpoint of a Service that was not there."""
    story = Story()
    young = service(metadata={"creationTimestamp": at(-30)})
    assert since(story.tell(0, young, triggered(DOWN, -3600))) == -30


def late_pod(name: str, seconds: float, status: str = "False") -> Json:
    """A Pod whose Ready condition changed then."""
    found = pod(name, "10.0.0.9")
    found["status"]["conditions"] = [
        {"type": "Ready", "status": status, "lastTransitionTime": at(seconds)}
    ]
    return found


@pytest.mark.parametrize(
    "pods,trigger,expected",
    [
        ([late_pod("a", -600), late_pod("b", -300)], -100, -100),
        ([late_pod("a", -600)], -900, -600),
        ([late_pod("a", -600), late_pod("b", -300)], None, -300),
        ([late_pod("a", -600), late_pod("b", -50, "True")], -100, -100),
    ],
)
def test_pods_are_a_second_witness(
    pods: list[Json], trigger: float | None, expected: float
) -> None:
    """Down no later than the slices changed, no earlier than the last Pod lost readiness."""
    story = Story()
    story.state.deliver(replace("pods", *pods))
    assert since(story.tell(0, service(), triggered(DOWN, trigger))) == expected


def test_what_is_inferred_only_tightens() -> None:
    """Neither a Pod that is read later nor a dead one that is deleted moves the outage."""
    story = Story()
    assert since(story.tell(0, service(), triggered(DOWN, -100))) == -100
    story.state.deliver(replace("pods", late_pod("a", -600)))
    assert since(story.look(1)) == -100
    story.state.deliver(replace("pods", late_pod("a", -50)))
    assert since(story.look(2)) == -100
    story.state.deliver(replace("pods"))
    assert since(story.tell(3, triggered(DOWN, 2))) == -100


def test_pods_cannot_correct_what_was_seen() -> None:
    """A fall that was observed keeps its date."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    story.state.deliver(replace("pods", late_pod("a", -600)))
    assert since(story.look(6)) == 5


def test_a_service_created_again_has_no_past() -> None:
    """Another uid under the same name is another Service: no memory, no counters."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    report = story.tell(50, service(metadata={"uid": "new"}))
    assert since(report) is None
    assert changes(report) == (0, 0, 0, 0, 0.0)


def test_a_service_that_was_deleted_is_forgotten() -> None:
    """Nothing of it is left when one of the same name and uid comes (from a backup, say)."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    story.state.deliver(Delete("services", key_of(service())))
    story.state.settle(NOW + 6)
    assert KEY not in story.state.reports
    assert since(story.tell(7, service())) is None


def test_while_addresses_are_unknown_the_memory_stays() -> None:
    """Losing and regaining access to slices says nothing of the time between."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    story.state.deliver(Forget("endpointslices", ""))
    unknown = story.look(10)
    assert (unknown.known, unknown.since, unknown.changes) == (False, None, None)
    story.state.deliver(replace("endpointslices", at_version(DOWN, "90")))
    assert since(story.look(20)) == 5


def test_a_relist_does_not_move_the_beginning() -> None:
    """The same objects once more, in other versions, are no news."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    for version in ("100", "101"):
        story.state.deliver(replace("services", at_version(service(), version)))
        story.state.deliver(replace("endpointslices", at_version(DOWN, version)))
        assert since(story.look(30)) == 5


# ── what changed ─────────────────────────────────────────────────────────────────────────────


def test_the_first_look_counts_nothing() -> None:
    """What was there when the exporter came did not change; the last change is the slices'."""
    story = Story()
    report = story.tell(0, service(), triggered(UP, -60))
    assert report.changes == Changes(last_change=NOW - 60)
    fresh = Story()
    assert fresh.tell(0, service(), UP).changes == Changes(last_change=None)


def test_addresses_that_come_go_and_change_are_counted() -> None:
    """Each kind of change by itself; an address that comes ready does not become ready."""
    story = Story()
    story.tell(0, service(), slice_of(endpoint(".1"), endpoint(".2", "FFF")))
    report = story.tell(10, slice_of(endpoint(".2"), endpoint(".3"), endpoint(".4", "FFF")))
    assert changes(report) == (2, 1, 1, 0, 0.0)
    report = story.tell(20, slice_of(endpoint(".2", "FTT"), endpoint(".3")))
    assert changes(report) == (2, 2, 1, 1, 0.0)
    assert report.changes is not None
    assert report.changes.last_change == NOW + 20


def test_an_address_is_counted_once_however_many_slices_hold_it() -> None:
    """Moving from one slice to another changes nothing; families are apart."""
    story = Story()
    story.tell(0, service(), slice_of(endpoint(".1")))
    report = story.tell(5, slice_of(endpoint(".1"), name="s-2"))
    assert changes(report) == (0, 0, 0, 0, 0.0)
    report = story.tell(6, slice_of())
    assert changes(report) == (0, 0, 0, 0, 0.0)
    report = story.tell(7, slice_of({"addresses": ["10.0.0.1"]}, name="s-3", addressType="FQDN"))
    assert changes(report) == (1, 0, 0, 0, 0.0)


def test_the_last_change_is_when_the_slice_says() -> None:
    """A trigger time since the last look dates the change, an older one does not."""
    story = Story()
    story.tell(0, service(), UP)
    two = slice_of(endpoint(".1"), endpoint(".2"))
    report = story.tell(10, triggered(two, 9.5))
    assert report.changes is not None
    assert report.changes.last_change == NOW + 9.5
    report = story.tell(20, triggered(UP, 9.5))
    assert report.changes is not None
    assert report.changes.last_change == NOW + 20


def test_replays_and_relists_count_nothing() -> None:
    """Counters go up by what changed, not by how often it was told."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(1, DOWN)
    for version in ("100", "101", "102"):
        story.state.deliver(replace("endpointslices", at_version(DOWN, version)))
        assert changes(story.look(1)) == (0, 0, 0, 1, 0.0)


def test_seconds_without_an_endpoint_add_up() -> None:
    """From the fall to the rise, over several looks and several outages."""
    story = Story()
    story.tell(0, service(), UP)
    assert changes(story.tell(10, DOWN))[4] == 0.0
    assert changes(story.look(14))[4] == 4.0
    assert changes(story.tell(15, UP))[4] == 5.0
    assert changes(story.look(100))[4] == 5.0
    assert changes(story.tell(110, triggered(DOWN, 109)))[4] == 6.0
    assert changes(story.tell(112, UP))[4] == 8.0


def test_an_outage_from_before_the_start_counts_from_the_start() -> None:
    """A counter begins at 0: what went before is for `since` to tell."""
    story = Story()
    assert changes(story.tell(0, service(), triggered(DOWN, -3600)))[4] == 0.0
    assert changes(story.look(7))[4] == 7.0


def test_a_clock_that_jumps_back_takes_nothing_away() -> None:
    """Counters never fall, whatever the clock does, and go on from the new time."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(10, DOWN)
    assert changes(story.look(20))[4] == 10.0
    assert changes(story.look(-500))[4] == 10.0
    assert changes(story.look(-495))[4] == 15.0


def test_without_the_group_nothing_is_counted() -> None:
    """Only who wants counters pays for them; `since` needs none."""
    story = Story(groups=("core",))
    story.tell(0, service(), UP)
    report = story.tell(5, DOWN)
    assert (since(report), report.changes) == (5, None)
    assert set(story.state.growing(NOW + 10)) == set()


def test_services_that_are_down_count_with_time() -> None:
    """Those are the ones that have to be looked at without an event."""
    story = Story()
    story.tell(0, service(), UP, service("t"), slice_of(name="t-1", service="t"))
    assert [str(key) for key in story.state.growing(NOW + 10)] == ["d/t"]
    story.tell(5, DOWN)
    assert sorted(map(str, story.state.growing(NOW + 10))) == ["d/s", "d/t"]


def test_a_new_service_was_never_up() -> None:
    """Nothing was written for it yet, and it is seconds old: it is down since it was made."""
    story = Story()
    assert since(story.tell(5, service(metadata={"creationTimestamp": at(0)}))) == 0
    later = Story()
    assert since(later.tell(500, service(metadata={"creationTimestamp": at(0)}))) is None


# ── time in which nobody looked ──────────────────────────────────────────────────────────────


def test_seconds_in_which_slices_could_not_be_read_are_not_counted() -> None:
    """Eight hours without the permission are no eight hours of an outage."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    story.look(10)
    story.state.deliver(Forget("endpointslices", ""))
    story.look(20)
    story.state.deliver(replace("endpointslices", DOWN))
    assert changes(story.look(8 * 3600))[4] == 5.0
    assert changes(story.look(8 * 3600 + 4))[4] == 9.0


def test_an_alias_has_no_outage() -> None:
    """The hours as ExternalName are not counted, and what comes after is another outage."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    story.tell(7, service(type="ExternalName"))
    assert story.look(9 * 3600).changes is None
    report = story.tell(9 * 3600 + 1, service())
    assert (changes(report)[4], since(report)) == (0.0, 9 * 3600 + 1)


def test_what_is_ignored_or_meant_is_no_outage() -> None:
    """Only the standing down counts, whatever the number of endpoints is."""
    ignored = service(metadata={"annotations": {"endpoints-exporter.io/ignore": "true"}})
    story = Story()
    story.tell(0, ignored, UP)
    story.tell(5, DOWN)
    assert changes(story.look(100))[4] == 0.0


def test_a_clock_that_is_set_moves_no_seconds() -> None:
    """Between two looks the clock that nobody sets is asked."""
    story = Story()
    story.tell(0, service(), UP)
    story.tell(5, DOWN)
    before = changes(story.look(5))[4]
    for now, ticks in ((10 - 3600, 10.0), (15 - 3600, 15.0), (20, 20.0)):
        story.state.touch([KEY])
        story.state.settle(NOW + now, ticks=NOW + ticks)
    assert changes(story.state.reports[KEY])[4] - before == 15.0


def test_a_dead_pod_that_is_deleted_moves_nothing() -> None:
    """Beside a Pod that was never ready the outage stays as old as it is."""
    story = Story()
    canary = late_pod("canary", -864_000)
    story.state.deliver(replace("pods", canary, late_pod("a", -300)))
    assert since(story.tell(0, service(), triggered(DOWN, -300))) == -300
    story.state.deliver(replace("pods", canary))
    assert since(story.tell(10, triggered(DOWN, 10))) == -300


def test_a_disagreement_that_lasts_keeps_its_age() -> None:
    """A slice that is written again and again does not make an old disagreement young."""
    story = Story()
    healthy = late_pod("pod-10.0.0.1", -5000, "True")
    healthy["status"]["podIP"] = healthy["status"]["podIPs"][0]["ip"] = "10.0.0.7"
    story.state.deliver(replace("pods", healthy))
    story.tell(0, service(), triggered(UP, -1))
    for second in range(1, 60, 7):
        assert story.tell(second, triggered(UP, second)).lagging == ()
    assert ("OtherAddress", 1) in story.tell(60, triggered(UP, 60)).lagging
