from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import (
    NO_SLICES,
    Json,
    down,
    empty,
    endpoint,
    endpoint_slice,
    healthy,
    service,
    write,
)


def series(text: str, family: str) -> list[str]:
    """The samples of a family."""
    return [line for line in text.splitlines() if line.startswith((family + "{", family + " "))]


def test_scrape_prints_the_exposition_of_a_file(run: Run, tmp_path: Path) -> None:
    """Domain families only, in text format, and nothing on stderr."""
    status, out, err = run("scrape", "--from-file", write(tmp_path, healthy("web"), down("api")))
    assert (status, err) == (0, "")
    assert series(out, "k8s_service_endpoints_ready") == [
        'k8s_service_endpoints_ready{namespace="shop",service="api",address_type="IPv4"} 0',
        'k8s_service_endpoints_ready{namespace="shop",service="web",address_type="IPv4"} 1',
    ]
    assert series(out, "k8s_service_endpoints_reason") == [
        'k8s_service_endpoints_reason{namespace="shop",service="api",reason="EndpointsNotReady"} 1'
    ]
    assert "# TYPE k8s_service_endpoints_ready gauge\n" in out
    assert "endpoints_exporter_" not in out


def test_stdin_is_a_file_too(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads what kubectl pipes in."""
    data = Path(write(tmp_path, healthy("web"))).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    status, out, _ = run("scrape", "--from-file", "-")
    assert status == 0
    assert len(series(out, "k8s_service_info")) == 1


def test_groups_are_chosen_by_settings(run: Run, tmp_path: Path) -> None:
    """--groups adds families, --no-groups takes them away."""
    path = write(tmp_path, service("web"), endpoint_slice(endpoint("10.0.0.1", zone="a")))
    _, out, _ = run("scrape", "--from-file", path, "--groups=topology", "--no-groups=ports")
    assert series(out, "k8s_service_endpoints_zone_ready") == [
        'k8s_service_endpoints_zone_ready{namespace="shop",service="web",zone="a"} 1'
    ]
    assert not series(out, "k8s_service_endpoints_port_ready")


@pytest.mark.parametrize(
    "words,names",
    [
        (("--namespaces", "shop"), ["api", "web"]),
        (("--namespaces-denylist", "shop"), ["ledger"]),
        (("--service-selector", "tier in (front)"), ["web"]),
        (("--service-selector", "!tier"), ["api", "ledger"]),
    ],
)
def test_a_file_is_narrowed_as_the_api_server_would(
    run: Run, tmp_path: Path, words: tuple[str, ...], names: list[str]
) -> None:
    """Namespaces and the Service selector mean the same offline."""
    path = write(
        tmp_path,
        healthy("web", meta={"labels": {"tier": "front"}}),
        down("api"),
        healthy("ledger", "bank"),
    )
    status, out, _ = run("scrape", "--from-file", path, *words)
    assert status == 0
    found = series(out, "k8s_service_info")
    assert sorted(line.split('service="')[1].split('"')[0] for line in found) == names


def test_endpoints_in_the_file_do_not_speak_for_missing_slices(run: Run, tmp_path: Path) -> None:
    """With slices as the source a legacy Endpoints object is not looked at."""
    endpoints: Json = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "1"},
        "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 8080}]}],
    }
    path = write(tmp_path, service("web"), endpoints, NO_SLICES)
    _, out, _ = run("scrape", "--from-file", path)
    assert series(out, "k8s_service_endpoints_reason") == [
        (
            'k8s_service_endpoints_reason{namespace="shop",service="web",'
            'reason="EndpointSlicesMissing"} 1'
        )
    ]
    _, out, _ = run("scrape", "--from-file", path, "--source", "endpoints")
    assert series(out, "k8s_service_endpoints_ready") == [
        'k8s_service_endpoints_ready{namespace="shop",service="web",address_type="IPv4"} 1'
    ]


def test_what_the_file_lacks_is_said_and_nothing_is_made_up(run: Run, tmp_path: Path) -> None:
    """Without slices there are no counts, and stderr says why."""
    path = write(tmp_path, service("web"))
    status, out, err = run("scrape", "--from-file", path)
    assert status == 0
    assert len(series(out, "k8s_service_info")) == 1
    assert not series(out, "k8s_service_endpoints_ready")
    assert err == (
        f"kube-endpoints-exporter: {path}: holds no EndpointSlice and no EndpointSliceList\n"
    )


@pytest.mark.parametrize(
    "kind,words,told",
    [
        ("Endpoints", (), "no EndpointSliceList; its Endpoints are read with --source endpoints"),
        (
            "EndpointSlice",
            ("--source", "endpoints"),
            "no EndpointsList; its EndpointSlices are read without --source endpoints",
        ),
    ],
)
def test_the_other_source_is_pointed_at(
    run: Run, tmp_path: Path, kind: str, words: tuple[str, ...], told: str
) -> None:
    """A file that holds only what was not asked for says how to ask for it."""
    version = "v1" if kind == "Endpoints" else "discovery.k8s.io/v1"
    path = write(tmp_path, service("web"), empty(kind, version))
    _, _, err = run("scrape", "--from-file", path, *words)
    assert err.endswith(f"{told}\n")
    assert err.count("\n") == 1


def test_several_files_and_folders_are_one_dump(run: Run, tmp_path: Path) -> None:
    """`--from-file` is repeatable; what they lack together is said of all of them."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    first, second = write(one, service("web")), write(other, healthy("api"))
    status, out, err = run("scrape", "--from-file", first, "--from-file", str(other))
    assert (status, err) == (0, "")
    assert len(series(out, "k8s_service_info")) == 2
    _, _, err = run("scrape", "--from-file", first, "--from-file", first)
    assert err.startswith(f"kube-endpoints-exporter: {first}, {first}: holds no EndpointSlice")
    assert run("scrape", "--from-file", second, "--from-file", "gone") == (
        2,
        "",
        "kube-endpoints-exporter: gone: can't be read: No such file or directory\n",
    )


@pytest.mark.parametrize(
    "content,told",
    [
        (b"", "the file is empty: give what `kubectl get "),
        (b"<html>\n", "the file is plain text, no objects: "),
        (b'{"kind": "List", "apiVersion": "v1", "items": [', "the file is not whole JSON: "),
        (b"\x00\x01\x02", "the file is binary: "),
        (b"a: [1\n", "the file is not YAML: "),
        (json.dumps({"kind": "Status", "apiVersion": "v1", "message": "no\nway\x1b"}).encode(),
         "the file holds an error of the API server: no way\\x1b"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_one_line_and_status_2(
    run: Run, tmp_path: Path, content: bytes, told: str
) -> None:
    """Whatever the bytes: what is wrong, in a line, after the name of the file."""
    path = tmp_path / "dump"
    path.write_bytes(content)
    status, out, err = run("scrape", "--from-file", str(path))
    assert (status, out) == (2, "")
    assert err.startswith(f"kube-endpoints-exporter: {path}: {told}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name,why", [("", "No such file"), ("a\0b", "")])
def test_a_file_that_is_none_is_told(run: Run, tmp_path: Path, name: str, why: str) -> None:
    """A missing file, a name that can't be one: one line each."""
    path = name or str(tmp_path / "missing")
    status, _, err = run("scrape", "--from-file", path)
    assert status == 2
    assert "can't be read: " + why in err
    assert err.count("\n") == 1


def test_many_undecodable_objects_are_counted_not_listed(run: Run, tmp_path: Path) -> None:
    """Five are named, the others are a number."""
    broken = []
    for number in range(8):
        item = endpoint_slice(endpoint("10.0.0.1"), name=f"web-{number}")
        item["ports"] = "nonsense"
        broken.append(item)
    status, _, err = run("scrape", "--from-file", write(tmp_path, service("web"), broken))
    assert status == 0
    assert len(err.splitlines()) == 6
    assert err.splitlines()[-1] == (
        "kube-endpoints-exporter: left out: 3 more that can't be decoded"
    )
