from __future__ import annotations

import pytest

from exporter.cluster import Cluster
from exporter.history import Clock
from exporter.judging import Options, assess
from exporter.model import (
    AddressCounts,
    AddressReport,
    PodsReport,
    Reason,
    ServiceReport,
    ServiceView,
    Source,
)
from exporter.objects.slices import READY, SERVING, TERMINATING
from tests.unit.apiserver import (
    KEY,
    Json,
    endpoint,
    endpoints_of,
    headless,
    placeholder,
    pod,
    replaces,
    report_of,
    service,
    slice_of,
)


def view_of(*objects: Json, read: tuple[str, ...] = ("endpointslices",)) -> ServiceView:
    """All that is known of d/s."""
    cluster = Cluster()
    for change in replaces(objects, "services", *read):
        cluster.apply(change)
    view = cluster.view(KEY)
    assert view is not None
    return view


def analyse(view: ServiceView, options: Options = Options()) -> ServiceReport:  # noqa: B008 - it is frozen
    """The report on a Service that is looked at once."""
    return assess(None, view, Clock(0.0, 0.0), options)[1]


def numbers(report: ServiceReport) -> dict[str, str]:
    """Ready/not ready/serving/terminating by address type, as semantics.md §7 writes them."""
    return {
        c.address_type: f"{c.ready}/{c.not_ready}/{c.serving}/{c.terminating}"
        for c in report.counts
    }


def ports(report: ServiceReport) -> dict[str, int]:
    """Ready pairs by port name."""
    return {port.name: port.ready for port in report.ports}


METRICS = {"name": "metrics", "port": 9090, "targetPort": "metrics"}
MANUAL: Json = {"selector": None}


@pytest.mark.parametrize(
    "objects,counts,by_port,routable,slices,foreign",
    [
        pytest.param(
            (service(), slice_of(*(endpoint(f".{n}") for n in (1, 2, 3)))),
            {"IPv4": "3/0/3/0"},
            {"http": 3},
            3,
            1,
            0,
            id="1 three ready",
        ),
        pytest.param(
            (service(), slice_of(endpoint(".1", "---"), {"addresses": ["10.0.0.2"]})),
            {"IPv4": "2/0/2/0"},
            {"http": 2},
            2,
            1,
            0,
            id="2 conditions empty or absent",
        ),
        pytest.param(
            (service(publishNotReadyAddresses=True), slice_of(endpoint(".1", "TFF"))),
            {"IPv4": "1/0/0/0"},
            {"http": 1},
            1,
            1,
            0,
            id="7 publishNotReadyAddresses",
        ),
        pytest.param(
            (service(), placeholder()),
            {"IPv4": "0/0/0/0"},
            {"http": 0},
            0,
            1,
            0,
            id="8 placeholder",
        ),
        pytest.param((service(),), {"IPv4": "0/0/0/0"}, {"http": 0}, 0, 0, 0, id="9 no slices"),
        pytest.param(
            (service(**MANUAL), slice_of(endpoint(".1", "---"), managed_by=None)),
            {"IPv4": "1/0/1/0"},
            {"http": 1},
            1,
            1,
            0,
            id="12 manual slice",
        ),
        pytest.param(
            (
                service(),
                slice_of(*(endpoint(f".{n}") for n in range(1, 101))),
                slice_of(*(endpoint(f".{n}") for n in range(101, 121)), name="s-2"),
            ),
            {"IPv4": "120/0/120/0"},
            {"http": 120},
            120,
            2,
            0,
            id="13 two slices",
        ),
        pytest.param(
            (service(), slice_of(endpoint(".1")), slice_of(endpoint(".1"), name="s-2")),
            {"IPv4": "1/0/1/0"},
            {"http": 1},
            1,
            2,
            0,
            id="14 one Pod in two slices",
        ),
        pytest.param(
            (service(), slice_of(endpoint(".1", "FTT")), slice_of(endpoint(".1"), name="s-2")),
            {"IPv4": "1/0/1/0"},
            {"http": 1},
            1,
            2,
            0,
            id="15 address in use again",
        ),
        pytest.param(
            (
                service(),
                slice_of(endpoint(".1"), endpoint(".2"), ports=[{"name": "http", "port": 80}]),
                slice_of(endpoint(".1"), endpoint(".2"), name="s-2"),
            ),
            {"IPv4": "2/0/2/0"},
            {"http": 4},
            2,
            2,
            0,
            id="17 the same addresses on two numbers",
        ),
        pytest.param(
            (
                service(ports=[{"name": "http", "port": 80}, METRICS]),
                slice_of(endpoint(".1"), endpoint(".2")),
            ),
            {"IPv4": "2/0/2/0"},
            {"http": 2, "metrics": 0},
            2,
            1,
            0,
            id="19 one port unresolved",
        ),
        pytest.param(
            (headless(ports=None), slice_of(endpoint(".1"), endpoint(".2"), ports=None)),
            {"IPv4": "2/0/2/0"},
            {},
            2,
            1,
            0,
            id="20 headless without ports",
        ),
        pytest.param(
            (
                service(ipFamilies=["IPv4", "IPv6"]),
                slice_of(endpoint(".1")),
                placeholder("s-6", addressType="IPv6"),
            ),
            {"IPv4": "1/0/1/0", "IPv6": "0/0/0/0"},
            {"http": 1},
            1,
            2,
            0,
            id="24 one family empty",
        ),
        pytest.param(
            (
                service(**MANUAL),
                slice_of({"addresses": ["db.example.com"]}, addressType="FQDN"),
            ),
            {"IPv4": "0/0/0/0", "FQDN": "1/0/1/0"},
            {"http": 0},
            0,
            1,
            0,
            id="25 a name in place of addresses",
        ),
        pytest.param(
            (
                service(),
                slice_of(endpoint(".1")),
                slice_of(endpoint(".2"), name="s-2", managed_by="foo"),
                slice_of(name="s-3", managed_by="endpointslicemirroring-controller.k8s.io"),
                slice_of(name="s-4", managed_by=""),
            ),
            {"IPv4": "2/0/2/0"},
            {"http": 2},
            2,
            4,
            1,
            id="29 two managers",
        ),
    ],
)
def test_numbers_from_slices(
    objects: tuple[Json, ...],
    counts: dict[str, str],
    by_port: dict[str, int],
    routable: int,
    slices: int,
    foreign: int,
) -> None:
    """The cases of semantics.md §7, numbered as there."""
    report = report_of(*objects)
    assert numbers(report) == counts
    assert ports(report) == by_port
    assert (report.routable, report.slices, report.foreign) == (routable, slices, foreign)
    assert report.known
    assert report.truncated is None


def test_numbers_from_endpoints() -> None:
    """Case 31: what Endpoints don't know is unknown, and they are never counted as slices."""
    found = endpoints_of(
        {
            "addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
            "notReadyAddresses": [{"ip": "10.0.0.3"}],
            "ports": [{"name": "a", "port": 8675}, {"name": "b", "port": 309}],
        }
    )
    two = service(ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}])
    report = report_of(two, found, source=Source.ENDPOINTS)
    assert report.counts == (AddressCounts("IPv4", 2, 1, None, None),)
    assert ports(report) == {"a": 2, "b": 2}
    assert (report.routable, report.slices, report.foreign) == (2, None, None)


def test_an_address_ready_for_one_port_is_ready() -> None:
    """Case 32: the address counts once; the port it is not ready for has nothing."""
    report = report_of(
        service(ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}]),
        endpoints_of(
            {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "a", "port": 8675}]},
            {"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "b", "port": 309}]},
        ),
        source=Source.ENDPOINTS,
    )
    assert (report.ready, report.not_ready) == (1, 0)
    assert ports(report) == {"a": 1, "b": 0}


@pytest.mark.parametrize("mark,expected", [("truncated", 1), ("warning", 0), (None, 0)])
def test_endpoints_over_capacity(mark: str | None, expected: int) -> None:
    """Case 33: only the annotation `truncated` says so."""
    annotations = {"endpoints.kubernetes.io/over-capacity": mark} if mark else {}
    report = report_of(service(), endpoints_of(annotations=annotations), source=Source.ENDPOINTS)
    assert report.truncated == expected


def test_of_an_external_name_nothing_is_counted() -> None:
    """Case 10: leftover slices are ignored."""
    report = report_of(service(type="ExternalName"), slice_of(endpoint(".1")), read=("pods",))
    assert report.reason is Reason.EXTERNAL_NAME
    assert (report.counts, report.ports, report.routable, report.pods) == ((), (), None, None)


def test_a_fallen_service_may_still_be_routable() -> None:
    """Case 5: none is ready, and traffic goes to those that drain."""
    report = report_of(service(), slice_of(endpoint(".1", "FTT"), endpoint(".2", "FTT")))
    assert numbers(report) == {"IPv4": "0/2/2/2"}
    assert (report.routable, report.reason) == (2, Reason.ALL_TERMINATING)


# ── what can't be known ──────────────────────────────────────────────────────────────────────


def test_before_slices_are_read_no_number_is_given() -> None:
    """Unknown is neither zero nor a reason."""
    report = analyse(view_of(service(), read=()))
    assert (report.known, report.counts, report.routable, report.reason) == (False, (), None, None)
    assert view_of(service(), read=()).addresses is None


def test_a_broken_slice_makes_all_numbers_unknown() -> None:
    """The whole ones alone would be a number that is wrong."""
    view = view_of(service(), slice_of(endpoint(".1")), slice_of(name="s-2", ports=7))
    report = analyse(view)
    assert (report.known, report.counts, report.reason) == (False, (), None)


# ── Pods ─────────────────────────────────────────────────────────────────────────────────────


def test_unready_pods_are_told_beside_a_working_service() -> None:
    """A Service with one ready endpoint has no reason, and tells of the Pod that hangs."""
    report = report_of(
        service(), slice_of(endpoint(".1"), endpoint(".2", "FFF")), pod("p", "10.0.0.1"), pod("q")
    )
    assert report.reason is None
    assert report.pods == PodsReport(2, (("Unscheduled", 1),))


def test_a_service_without_selector_has_no_pods() -> None:
    """There is nothing to select by."""
    assert report_of(service(**MANUAL), read=("pods",)).pods is None
    assert report_of(service()).pods is None
    assert report_of(service(), read=("pods",)).pods == PodsReport(0, ())


# ── options and wishes ───────────────────────────────────────────────────────────────────────


def test_single_addresses_are_listed_when_wanted() -> None:
    """Merged, sorted by type and address, with where they are."""
    objects = (
        service(),
        slice_of(endpoint(".2", "FTT"), endpoint(".1", nodeName="n1", zone="a")),
        slice_of(endpoint(".2", "FFF"), name="s-2"),
    )
    view = view_of(*objects)
    assert analyse(view).addresses == ()
    assert analyse(view, Options(addresses=True)).addresses == (
        AddressReport("IPv4", "10.0.0.1", READY | SERVING, "n1", "a", "pod-10.0.0.1"),
        AddressReport("IPv4", "10.0.0.2", 0, "", "", "pod-10.0.0.2"),
    )
    elsewhere = Options(addresses=True, addresses_of=frozenset({"e"}))
    assert analyse(view, elsewhere).addresses == ()
    here = Options(addresses=True, addresses_of=frozenset({"d"}))
    assert len(analyse(view, here).addresses) == 2


def test_pairs_are_counted_when_wanted() -> None:
    """Terminating ones count only where the Service publishes what is not ready."""
    objects = (slice_of(endpoint(".1"), endpoint(".2", "FTT"), endpoint(".3", "FFF")),)
    assert analyse(view_of(service(), *objects)).pairs is None
    options = Options(pairs=True)
    assert analyse(view_of(service(), *objects), options).pairs == (1, 1)
    publishing = service(publishNotReadyAddresses=True)
    assert analyse(view_of(publishing, *objects), options).pairs == (1, 2)


def test_wishes_of_the_owner_reach_the_report() -> None:
    """Threshold, ignoring and what was bad among the annotations."""
    annotations = {
        "endpoints-exporter.io/min-ready": "3",
        "endpoints-exporter.io/ignore": "true",
        "endpoints-exporter.io/severity": "page",
    }
    report = report_of(service(metadata={"annotations": annotations}))
    assert (report.min_ready, report.ignored, len(report.bad_annotations)) == (3, True, 1)
    assert report.reason is Reason.ENDPOINT_SLICES_MISSING


def test_flags_say_what_each_condition_says() -> None:
    """The three conditions are independent bits."""
    view = view_of(service(), slice_of(endpoint(".1", "TFT")))
    [found] = analyse(view, Options(addresses=True)).addresses
    assert found.flags == READY | TERMINATING
