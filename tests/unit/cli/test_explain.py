from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.dumps import (
    NO_PODS,
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

KEYS = [
    "namespace",
    "service",
    "reason",
    "message",
    "detail",
    "fix",
    "ready",
    "not_ready",
    "evidence",
    "standing",
    "since",
    "findings",
    "commands",
]
TWO = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}
YOUNG = {"creationTimestamp": "2026-11-23T07:59:30Z"}


@pytest.mark.parametrize(
    "objects,status,reason",
    [
        (healthy("web"), 0, None),
        (healthy("web", meta=TWO), 1, None),
        (down("web"), 1, "EndpointsNotReady"),
        (down("web", meta=YOUNG), 0, "EndpointsNotReady"),
        ([external("web")], 0, "ExternalName"),
        ([service("web", selector=None), NO_SLICES], 0, "SelectorlessNoEndpoints"),
        ([service("web"), NO_SLICES], 1, "EndpointSlicesMissing"),
        ([service("web")], 1, None),
    ],
)
def test_json_has_its_keys_and_the_status_says_whether_all_is_well(
    run: Run, tmp_path: Path, objects: list[Json], status: int, reason: str | None
) -> None:
    """0 for what `check` calls as it should be, 1 for the rest and for what can't be told."""
    path = write(tmp_path, objects)
    got, out, _ = run("explain", "shop/web", "-o", "json", "--from-file", path)
    document = json.loads(out)
    assert (got, document["reason"]) == (status, reason)
    assert list(document) == KEYS
    assert (document["namespace"], document["service"]) == ("shop", "web")


def test_text_gives_verdict_evidence_and_what_to_do(run: Run, tmp_path: Path) -> None:
    """The text names the reason first, then what it is concluded from, then what to do."""
    status, out, err = run("explain", "shop/web", "--from-file", write(tmp_path, down("web")))
    assert (status, err) == (1, "")
    assert out.startswith("shop/web: down, EndpointsNotReady\n")
    assert out.index("What is there") < out.index("What to do")
    assert "\x1b" not in out


def test_colour_on_demand(run: Run, tmp_path: Path) -> None:
    """--color always paints the verdict even into a pipe."""
    path = write(tmp_path, down("web"))
    _, out, _ = run("explain", "shop/web", "--from-file", path, "--color", "always")
    assert "\x1b[31mdown, EndpointsNotReady\x1b[0m" in out


def test_near_misses_of_other_namespaces_are_told(run: Run, tmp_path: Path) -> None:
    """A file holds all Pods: those that match in another namespace are evidence."""
    pod: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web-1",
            "namespace": "staging",
            "resourceVersion": "5",
            "labels": {"app": "web"},
        },
        "spec": {"containers": [{"name": "app"}]},
        "status": {"phase": "Running"},
    }
    path = write(tmp_path, service("web"), endpoint_slice(), pod)
    status, out, _ = run("explain", "shop/web", "-o", "json", "--from-file", path)
    document = json.loads(out)
    assert (status, document["reason"]) == (1, "SelectorMatchesNoPods")
    assert document["detail"] == "OtherNamespace"
    assert any("staging" in line for line in document["evidence"])


def test_no_near_misses_without_pods_like_it(run: Run, tmp_path: Path) -> None:
    """Without any Pod the reason stands, with no detail."""
    path = write(tmp_path, service("web"), endpoint_slice(), NO_PODS)
    _, out, _ = run("explain", "shop/web", "-o", "json", "--from-file", path)
    document = json.loads(out)
    assert (document["reason"], document["detail"]) == ("SelectorMatchesNoPods", None)


@pytest.mark.parametrize(
    "target,told",
    [
        ("shop/wbe", "no Service shop/wbe; did you mean shop/web?"),
        ("bank/web", "no Service bank/web; did you mean shop/web?"),
        ("a/\x1b", "no Service a/\\x1b"),
        ("wbe", "no Service wbe; did you mean shop/web?"),
        ("/web", "explain: /web is not a Service; takes NAME or NAMESPACE/NAME"),
        ("svc/", "explain: svc/ is not a Service; takes NAME or NAMESPACE/NAME"),
        ("shop/web/http", "explain: shop/web/http is not a Service; takes NAME or NAMESPACE/NAME"),
    ],
)
def test_an_unknown_service_is_one_line_and_status_2(
    run: Run, tmp_path: Path, target: str, told: str
) -> None:
    """The Service that was likely meant is told with it."""
    path = write(tmp_path, healthy("web"))
    assert run("explain", target, "--from-file", path) == (
        2,
        "",
        f"kube-endpoints-exporter: {told}\n",
    )


@pytest.mark.parametrize(
    "words",
    [
        ("shop/web",),
        ("web",),
        ("web", "-n", "shop"),
        ("-n", "shop", "svc/web"),
        ("service/web",),
        ("services/web",),
        ("svc/shop/web",),
        ("shop/web", "-n", "shop"),
    ],
)
def test_a_service_is_named_as_kubectl_users_type_it(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """With or without kind and namespace; a file is searched for a bare name."""
    status, out, err = run("explain", *words, "--from-file", write(tmp_path, down("web")))
    assert (status, err) == (1, "")
    assert out.startswith("shop/web: down, EndpointsNotReady\n")


def test_a_name_in_several_namespaces_needs_one(run: Run, tmp_path: Path) -> None:
    """Which of them was meant is not guessed; a namespace that -n contradicts is told."""
    path = write(tmp_path, healthy("web"), healthy("web", "bank"))
    assert run("explain", "web", "--from-file", path) == (
        2,
        "",
        (
            "kube-endpoints-exporter: Service web is in several namespaces (bank, shop); "
            "say which by -n, or as NAMESPACE/NAME\n"
        ),
    )
    assert run("explain", "shop/web", "-n", "bank", "--from-file", path) == (
        2,
        "",
        "kube-endpoints-exporter: explain: shop/web is in namespace shop, and -n says bank\n",
    )


def test_a_service_without_namespace_is_in_default(run: Run, tmp_path: Path) -> None:
    """A manifest names none: kubectl would put it there."""
    objects = down("web")
    for one in objects:
        del one["metadata"]["namespace"]
    _, out, _ = run("explain", "default/web", "--from-file", write(tmp_path, objects))
    assert out.startswith("default/web: down, EndpointsNotReady\n")


@pytest.mark.parametrize(
    "objects,told",
    [
        (down("web"), "take the dump with Pods in it"),
        ([service("web")], "Take the dump with EndpointSlices in it"),
        ([service("web"), endpoint_slice()], "take the dump with Pods in it"),
    ],
)
def test_a_file_has_no_permissions_to_ask_for(
    run: Run, tmp_path: Path, objects: list[Json], told: str
) -> None:
    """What can't be known is not in the file; `kubectl auth can-i` is no advice on that."""
    _, out, _ = run("explain", "shop/web", "--from-file", write(tmp_path, objects))
    text = " ".join(out.split())
    assert told in text
    assert "can-i" not in text
    assert "list and watch" not in text


def test_hostile_text_is_escaped(run: Run, tmp_path: Path) -> None:
    """Nothing out of the file reaches the terminal as a control character."""
    nasty = endpoint("10.0.0.1", ready=False, nodeName="n\x1b[2J", zone="\u202ez")
    path = write(tmp_path, service("web"), endpoint_slice(nasty, name="web-\x07"))
    _, out, _ = run("explain", "shop/web", "--from-file", path)
    assert all(char.isprintable() or char == "\n" for char in out)
    assert "web-\\x07" in out
