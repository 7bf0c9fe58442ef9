from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import (
    NO_SERVICES,
    NO_SLICES,
    Json,
    down,
    endpoint,
    endpoint_slice,
    external,
    healthy,
    service,
    write,
)

BAD = {"annotations": {"endpoints-exporter.io/min-ready": "three"}}
TWO = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}
ONE = {"annotations": {"endpoints-exporter.io/min-ready": "1"}}
IGNORE = {"annotations": {"endpoints-exporter.io/ignore": "true"}}
TO_COME = {"creationTimestamp": "2027-11-23T07:59:30Z"}
YOUNG = {"creationTimestamp": "2026-11-23T07:59:30Z"}


def undecodable(thing: Json) -> Json:
    """The same object with a part that can't be read."""
    thing["spec" if thing["kind"] == "Service" else "endpoints"] = "nonsense"
    return thing


@pytest.mark.parametrize(
    "objects,words,status",
    [
        (healthy("web"), (), 0),
        (down("web"), (), 1),
        (healthy("web", meta=TWO), (), 1),
        (healthy("web"), ("--min-ready", "2"), 1),
        (healthy("web"), ("--default-min-ready", "2"), 1),
        (healthy("web", meta=ONE), ("--min-ready", "2"), 0),
        (healthy("web", ready=2), ("--min-ready", "2"), 0),
        ([external("web"), NO_SLICES], (), 0),
        ([service("web", selector=None), NO_SLICES], (), 0),
        (down("web", meta=IGNORE), (), 0),
        (down("web", meta=YOUNG), (), 0),
        (down("web", meta=YOUNG), ("--grace-period", "10s"), 1),
        (down("web", meta=TO_COME), (), 1),
        ([NO_SERVICES, NO_SLICES], (), 2),
        ([NO_SERVICES, NO_SLICES], ("--allow-empty",), 0),
        ([service("web")], ("--allow-empty",), 2),
        ([service("web")], (), 2),
        ([endpoint_slice(endpoint("10.0.0.1"))], (), 2),
        ([service("web"), undecodable(endpoint_slice())], (), 2),
        ([undecodable(service("web")), NO_SLICES], (), 2),
        ([*healthy("api"), service("web"), undecodable(endpoint_slice())], (), 2),
        ([*down("api"), service("web"), undecodable(endpoint_slice())], (), 1),
        ([*healthy("web"), *down("api", "bank")], ("-n", "shop"), 0),
        ([*healthy("web"), *down("api", "bank")], ("-n", "bank"), 1),
        ([*healthy("web"), *down("api", "bank")], ("-A",), 1),
        (healthy("web", type="LoadBalancer"), (), 1),
        (healthy("web", meta=BAD), (), 0),
        (healthy("web", ready=2, meta=BAD), ("--strict",), 1),
        (healthy("web"), ("--strict",), 1),
        (healthy("web", ready=2), ("--strict",), 0),
    ],
)
def test_the_status_is_the_verdict(
    run: Run, tmp_path: Path, objects: list[Json], words: tuple[str, ...], status: int
) -> None:
    """0: all as they should be; 1: some is not, whatever can't be told besides; 2: can't tell."""
    got, _, _ = run("check", "--from-file", write(tmp_path, objects), *words)
    assert got == status


def test_problems_are_lines_worst_first_with_reason_and_fix(run: Run, tmp_path: Path) -> None:
    """One line each, and one that sums up."""
    path = write(tmp_path, healthy("a-few", meta=TWO), healthy("good"), down("z-down"))
    status, out, err = run("check", "--from-file", path)
    lines = out.splitlines()
    assert (status, err) == (1, "")
    assert lines[0].startswith("shop/z-down: down, EndpointsNotReady, 0/1 ready. ")
    assert lines[1].startswith("shop/a-few: degraded, 1/1 ready, below min-ready 2")
    assert lines[2:] == ["2 of 3 Services are not as they should be"]


@pytest.mark.parametrize(
    "objects,last",
    [
        (healthy("web"), "1 Service, all as they should be"),
        ([*healthy("web"), *healthy("api")], "2 Services, all as they should be"),
        ([NO_SERVICES, NO_SLICES], "nothing was checked"),
        (down("web"), "1 of 1 Service is not as it should be"),
        ([service("web")], "1 can't be told"),
        ([undecodable(service("web")), NO_SLICES], "some can't be told"),
    ],
)
def test_the_last_line_sums_up(run: Run, tmp_path: Path, objects: list[Json], last: str) -> None:
    """How many there are and how many of them are not as they should be."""
    _, out, _ = run("check", "--from-file", write(tmp_path, objects))
    assert out.splitlines()[-1] == last


def test_json_tells_everything_in_one_document(run: Run, tmp_path: Path) -> None:
    """Verdict, counts, problems with reason and fix, what is missing and what was rejected."""
    broken = undecodable(endpoint_slice(name="web-9"))
    path = write(tmp_path, healthy("good"), service("web"), broken, down("api"))
    status, out, err = run("check", "--from-file", path, "-o", "json")
    document: dict[str, Any] = json.loads(out)
    assert (status, err) == (1, "")
    assert (document["ok"], document["exit"], document["services"]) == (False, 1, 3)
    assert [(one["service"], one["standing"]) for one in document["problems"]] == [
        ("api", "down"),
        ("web", "unknown"),
    ]
    assert document["problems"][0]["reason"] == "EndpointsNotReady"
    assert document["problems"][0]["fix"]
    assert document["problems"][1]["ready"] is None
    assert document["missing"] == []
    assert [line.split(":")[0] for line in document["rejected"]] == ["EndpointSlice shop/web-9"]


def test_what_can_not_be_told_is_null(run: Run, tmp_path: Path) -> None:
    """Neither true nor false where slices can't be read."""
    path = write(tmp_path, service("web"))
    status, out, _ = run("check", "--from-file", path, "-o", "json")
    document = json.loads(out)
    assert (status, document["ok"]) == (2, None)
    assert document["missing"] == [f"{path}: holds no EndpointSlice and no EndpointSliceList"]


@pytest.mark.parametrize(
    "value,problem",
    [("three", "is not a whole number"), ("0", "is too small"), ("9999999", "is too large")],
)
def test_a_bad_min_ready_is_told(run: Run, tmp_path: Path, value: str, problem: str) -> None:
    """The flag is named with what it takes."""
    assert run("check", "--min-ready", value, "--from-file", write(tmp_path)) == (
        2,
        "",
        (
            f"kube-endpoints-exporter: --min-ready: {value} {problem}; "
            "takes a whole number from 1 to 1000000\n"
        ),
    )


@pytest.mark.parametrize(
    "words,told",
    [
        (("-n", "shpo"), "there are no Services in namespace shpo; did you mean shop?"),
        (("--namespaces", "shpo"), "there are no Services in namespace shpo; --allow-empty takes"),
        (("--namespaces", "shop,bank"), "there are no Services in namespace bank; --allow-empty "),
        (("-n", "bank"), "there are no Services in namespace bank; --allow-empty takes that"),
        (
            ("--namespaces-denylist", "shop"),
            "there are no Services with --namespaces-denylist shop; --allow-empty takes",
        ),
        (
            ("--service-selector", "app=typo"),
            "there are no Services with --service-selector app=typo; --allow-empty takes",
        ),
        (
            ("-n", "shop", "--service-selector", "app=typo"),
            "there are no Services in namespace shop with --service-selector app=typo; --allow-",
        ),
    ],
)
def test_what_matches_no_service_is_not_green(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """Nothing checked is status 2 with what is wrong, unless somebody says that it is meant."""
    path = write(tmp_path, healthy("web"))
    status, _, err = run("check", "--from-file", path, *words)
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith(f"kube-endpoints-exporter: {told}")
    assert run("check", "--from-file", path, *words, "--allow-empty")[0] == 0
    document = json.loads(run("check", "--from-file", path, *words, "-o", "json")[1])
    assert (document["ok"], document["exit"]) == (None, 2)
    assert document["missing"][0].startswith(told)


def test_one_that_is_down_outweighs_a_namespace_without_services(run: Run, tmp_path: Path) -> None:
    """What is known to be bad is status 1, whatever else was asked for in vain."""
    path = write(tmp_path, down("web"))
    status, _, err = run("check", "--from-file", path, "--namespaces", "shop,bank")
    assert status == 1
    assert "no Services in namespace bank" in err


def test_a_service_that_can_not_be_read_is_there(run: Run, tmp_path: Path) -> None:
    """Its namespace is not called empty."""
    status, _, err = run("check", "--from-file", write(tmp_path, undecodable(service("web"))))
    assert status == 2
    assert "no Services" not in err
