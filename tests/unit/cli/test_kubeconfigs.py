from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from exporter.cli.kubeconfigs import find_namespace, kubeconfig_for

TWO_CONTEXTS = {
    "current-context": "test",
    "contexts": [
        {"name": "test", "context": {"cluster": "t", "namespace": "shop"}},
        {"name": "prod", "context": {"cluster": "p"}},
    ],
}


def config(folder: Path, content: object, name: str = "config") -> str:
    """The path of a kubeconfig with this content."""
    path = folder / name
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "context,namespace", [(None, "shop"), ("prod", "default"), ("other", "default")]
)
def test_the_namespace_is_that_of_the_context(
    tmp_path: Path, context: str | None, namespace: str
) -> None:
    """The current context unless one is named; `default` where it has none."""
    path = config(tmp_path, TWO_CONTEXTS)
    assert find_namespace(path, context, {}, tmp_path / "none") == namespace


def test_kubeconfigs_are_merged_as_kubectl_does(tmp_path: Path) -> None:
    """Of several files the first that says something wins."""
    first = config(tmp_path, {"current-context": "prod"}, "first")
    second = config(tmp_path, TWO_CONTEXTS, "second")
    third = config(
        tmp_path, {"contexts": [{"name": "prod", "context": {"namespace": "late"}}]}, "third"
    )
    env = {"KUBECONFIG": os.pathsep.join([first, "", "/nonexistent", third, second])}
    assert find_namespace(None, None, env, tmp_path / "none") == "late"


def test_inside_a_pod_it_is_the_pods(tmp_path: Path) -> None:
    """Without a kubeconfig the service account's namespace counts."""
    mounted = tmp_path / "namespace"
    mounted.write_text("monitoring\n", encoding="utf-8")
    env = {"KUBECONFIG": str(tmp_path / "missing")}
    assert find_namespace(None, None, env, mounted) == "monitoring"


@pytest.mark.parametrize(
    "content", [None, [], "x", {"contexts": 5}, {"contexts": [5], "current-context": {}}]
)
def test_nonsense_names_no_namespace(tmp_path: Path, content: object) -> None:
    """Whatever a file holds, there is an answer: connecting says what is wrong with it."""
    path = config(tmp_path, content)
    assert find_namespace(path, None, {}, tmp_path / "none") == "default"


def test_a_made_kubeconfig_names_the_server_and_goes_away(tmp_path: Path) -> None:
    """It is there as long as it is of use."""
    with kubeconfig_for("http://127.0.0.1:8001") as path:
        made = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        assert made["clusters"][0]["cluster"] == {"server": "http://127.0.0.1:8001"}
        assert made["current-context"] == made["contexts"][0]["name"]
    assert not Path(path).exists()
