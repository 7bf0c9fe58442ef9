"""Every rendered object of Kubernetes itself against the schemas of every supported version.

Custom resources are checked by a real API server, in test_helm_install.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import REPOSITORY, list_fixtures, render

VERSIONS = [f"1.{minor}" for minor in range(25, 38)]
CUSTOM = (
    "monitoring.coreos.com",
    "autoscaling.k8s.io",
    "grafana.integreatly.org",
    "gateway.networking.k8s.io",
    "monitoring.googleapis.com",
    "operator.victoriametrics.com",
)
VALID = list_fixtures("valid")
# The package has no types of its own.
kubernetes_validate: Any = importlib.import_module("kubernetes_validate")


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: nothing here needs a cluster."""


def check(objects: list[Any], version: str) -> int:
    """Validate the objects of Kubernetes' own kinds, strictly; return how many there were."""
    own = [one for one in objects if not one["apiVersion"].startswith(CUSTOM)]
    for one in own:
        kubernetes_validate.validate(one, version, strict=True)
    return len(own)


@pytest.mark.parametrize("values", [None, *VALID], ids=lambda v: v.stem if v else "defaults")
def test_every_object_is_valid_in_every_version(values: Path | None) -> None:
    """What Helm renders is valid from 1.25 (or where its values say) to 1.37, no unknown fields."""
    objects = render(values)  # no template asks for the version, so it is the same for all
    text = values.read_text(encoding="utf-8") if values else ""
    since = re.search(r"^# since: (\S+)$", text, re.MULTILINE)
    for version in VERSIONS[VERSIONS.index(since[1]) if since else 0 :]:
        assert check(objects, version) >= 4


@pytest.mark.parametrize("version", VERSIONS)
def test_the_plain_manifests_are_valid(version: str) -> None:
    """deploy/manifests can be applied as they are to every version."""
    for path in sorted((REPOSITORY / "deploy" / "manifests").rglob("*.yaml")):
        check(list(yaml.safe_load_all(path.read_text(encoding="utf-8"))), version)


def test_a_wrong_field_is_found() -> None:
    """The check is no formality: a misspelt field of a Pod template is refused."""
    objects = render()
    [deployment] = [one for one in objects if one["kind"] == "Deployment"]
    deployment["spec"]["template"]["spec"]["serviceAcountName"] = "x"

    with pytest.raises(kubernetes_validate.ValidationError, match="serviceAcountName"):
        check(objects, VERSIONS[-1])
