"""However much a Service has, what is printed of it can be read."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec
import pytest

from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered
from exporter.explaining.explain import Explanation, render_text
from tests.unit.apiserver import (
    KEY,
    NOW,
    Json,
    endpoint,
    pod,
    service,
    slice_of,
    state_of,
)

LONG_SELECTOR = {f"app.kubernetes.io/some-long-label-{n}": f"value-{n}" * 5 for n in range(12)}


def explained(*objects: Json, read: tuple[str, ...] = ()) -> Explanation:
    """What explain says of d/s."""
    found = explain_service(Gathered(state_of(*objects, read=read), NOW, ()), KEY)
    assert found is not None
    return found[1]


def many_ports() -> list[Json]:
    """A thousand ports, half of which lead nowhere."""
    ports = [
        {"name": f"port-{n}", "port": n, "protocol": "TCP", "targetPort": f"target-{n}"}
        for n in range(1, 1001)
    ]
    reached = [{"name": f"port-{n}", "port": n, "protocol": "TCP"} for n in range(1, 501)]
    return [service(ports=ports), slice_of(endpoint(".1"), endpoint(".2"), ports=reached)]


def many_pods() -> list[Json]:
    """A thousand Pods, of which two thirds are not ready, each with a long name."""
    found: list[Json] = [service()]
    entries = []
    for n in range(1000):
        one = pod(f"{'web-' * 50}{n:04}", f"10.1.{n // 250}.{n % 250}", app="s")
        state = "True" if n % 3 == 0 else "False"
        one["status"]["conditions"] = [{"type": "Ready", "status": state}]
        found.append(one)
        entries.append(endpoint(f"10.1.{n // 250}.{n % 250}", "TTF" if n % 3 == 0 else "FFF"))
    return [*found, slice_of(*entries)]


def many_slices() -> list[Json]:
    """A thousand slices."""
    return [
        service(),
        *(slice_of(endpoint(f"10.2.{n // 250}.{n % 250}"), name=f"s-{n:04}") for n in range(1000)),
    ]


def long_words() -> list[Json]:
    """A selector of twelve long labels that matches nothing, and names as long as they may be."""
    wishes = {
        "endpoints-exporter.io/owner": "team" * 200,
        "endpoints-exporter.io/min-ready": "x" * 500,
    }
    return [service(selector=LONG_SELECTOR, metadata={"annotations": wishes}), slice_of()]


@pytest.mark.parametrize("make", [many_ports, many_pods, many_slices, long_words])
def test_a_text_has_at_most_100_lines_of_200_columns(make: Any) -> None:
    """A thousand ports, Pods or slices are told by some of them and by how many there are."""
    said = explained(*make(), read=("pods",) if make is not many_slices else ())
    lines = render_text(said).splitlines()
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 200
    assert "is cut off" not in render_text(said)


def test_a_selector_is_never_cut_inside_a_word() -> None:
    """Each label of a long selector stands whole in some line of the prose."""
    text = render_text(explained(*long_words(), read=("pods",)))
    for key, value in LONG_SELECTOR.items():
        assert any(f"{key}={value}" in line for line in text.splitlines())


def test_a_long_command_can_be_copied_whole() -> None:
    """Broken lines of a command are one command for a shell."""
    said = explained(*many_pods()[:4], slice_of(endpoint(".1", "FFF")), read=("pods",))
    long = explained(service(selector=LONG_SELECTOR), slice_of(endpoint(".1", "FFF")))
    for one in (said, long):
        text = render_text(one)
        for command in one.commands:
            at = text.index("$ " + command.split(" ")[0])
            assert at > 0
    start = render_text(long).index("$ kubectl get pods") + 2
    shown = render_text(long)[start:].replace("\\\n", "").split("\n")[0]
    assert shlex.split(shown) == shlex.split(long.commands[0])


def test_what_is_too_much_is_said() -> None:
    """Should it be more than 100 lines all the same, the last one says that there is more."""
    said = explained(*many_ports())
    lines = tuple(f"line {n}" for n in range(200))
    text = render_text(msgspec.structs.replace(said, evidence=lines))
    assert len(text.splitlines()) == 100
    assert text.endswith("More is cut off here; -o json prints all of it.\n")
