from __future__ import annotations

import json

from exporter.catalogue import FAMILIES
from exporter.telemetry import OWN_FAMILIES
from tests.unit.cli.conftest import Run


def test_json_lists_every_family_once(run: Run) -> None:
    """Families about Services and the exporter's own, with type, labels and meaning."""
    status, out, err = run("metrics", "-o", "json")
    documents = json.loads(out)
    assert (status, err) == (0, "")
    names = [one["name"] for one in documents]
    assert names == [one.name for one in FAMILIES] + [one.name for one in OWN_FAMILIES]
    assert len(set(names)) == len(names)
    assert documents[1] == {
        "name": "k8s_service_endpoints_ready",
        "type": "gauge",
        "help": "Unique addresses of the Service that are ready.",
        "labels": ["namespace", "service", "address_type"],
        "group": "core",
        "stability": "stable",
        "default": True,
        "free_labels": False,
    }


def test_markdown_has_a_row_for_every_family(run: Run) -> None:
    """The page has each family once, under its group."""
    status, out, _ = run("metrics")
    assert status == 0
    rows = [line for line in out.splitlines() if line.startswith("| `")]
    assert len(rows) == len(FAMILIES) + len(OWN_FAMILIES)
    assert out.index("## Group `core` (always on)") < out.index("`k8s_service_info`")
    assert (
        "| `k8s_service_labels` | gauge | `namespace`, `service`, `label_…` | Labels of the "
        "Service that the allow-list admits, as label_NAME. |"
    ) in rows
