"""Provisioning, compose file and boards fit together; nothing here needs a container engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exporter.config import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "deploy" / "compose"
PROVISIONING = REPOSITORY / "grafana" / "provisioning"


def read(path: Path) -> Any:
    """A YAML file, parsed."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def list_mounts(service: str) -> dict[str, Path]:
    """What a container sees of the repository, by the path inside it."""
    mounts = {}
    for volume in read(COMPOSE / "compose.yaml")["services"][service].get("volumes", ()):
        source, target, *mode = volume.split(":")
        if source.startswith("."):
            assert mode == ["ro"], volume
            mounts[target] = (COMPOSE / source).resolve()
    return mounts


def test_boards_are_provisioned_and_kept() -> None:
    """Grafana finds the boards where the compose file puts them; nobody changes or deletes them."""
    [provider] = read(PROVISIONING / "dashboards" / "kube-endpoints-exporter.yaml")["providers"]
    assert (provider["allowUiUpdates"], provider["disableDeletion"]) == (False, True)
    mounts = list_mounts("grafana")
    assert mounts[provider["options"]["path"]] == REPOSITORY / "grafana" / "dashboards"
    for kind in ("dashboards", "datasources"):
        assert mounts[f"/etc/grafana/provisioning/{kind}"] == PROVISIONING / kind


def test_provisioning_files_are_of_the_one_version_there_is() -> None:
    """Every provisioning file begins with apiVersion 1, or Grafana reads it as something older."""
    files = sorted(PROVISIONING.glob("*/*.yaml"))
    assert [path.parent.name for path in files] == ["alerting", "dashboards", "datasources"]
    assert [read(path)["apiVersion"] for path in files] == [1, 1, 1]


def test_the_data_source_is_the_prometheus_of_the_compose_file() -> None:
    """The address is that of the container; the interval is that of the scrapes."""
    sources = read(PROVISIONING / "datasources" / "prometheus.yaml")["datasources"]
    services = read(COMPOSE / "compose.yaml")["services"]
    assert [source["url"] for source in sources] == [
        "http://prometheus:9090",
        "http://alertmanager:9093",
    ]
    assert {"prometheus", "alertmanager"} <= set(services)
    interval = read(COMPOSE / "prometheus.yaml")["global"]["scrape_interval"]
    assert sources[0]["jsonData"]["timeInterval"] == interval
    assert [source["isDefault"] for source in sources if "isDefault" in source] == [True]


def test_every_file_that_is_mounted_is_there() -> None:
    """A file that is missing would become an empty folder in the container."""
    services = read(COMPOSE / "compose.yaml")["services"]
    mounted = [path for service in services for path in list_mounts(service).values()]
    assert len(mounted) == 7
    assert [path for path in mounted if not path.exists()] == []


def test_ports_are_open_to_this_machine_only() -> None:
    """No service of the demo can be reached from elsewhere: nobody logs in."""
    services = read(COMPOSE / "compose.yaml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_keeps_our_labels_and_finds_exporter_and_rules() -> None:
    """The scrape honours labels and asks the exporter's own port; rules come from alerts/."""
    config = read(COMPOSE / "prometheus.yaml")
    [scrape] = config["scrape_configs"]
    assert scrape["honor_labels"] is True
    [[_, port]] = Settings().web_listen_address
    assert scrape["static_configs"][0]["targets"] == [f"exporter:{port}"]
    [rules] = config["rule_files"]
    folder = list_mounts("prometheus")[rules.rpartition("/")[0]]
    assert len(sorted(folder.glob(rules.rpartition("/")[2]))) == 5


def test_the_exporter_reads_the_simulated_cluster() -> None:
    """The kubeconfig of the compose file leads to the simulator's container and port."""
    services = read(COMPOSE / "compose.yaml")["services"]
    [cluster] = read(COMPOSE / "kubeconfig.yaml")["clusters"]
    port = services["simulator"]["command"][-1]
    assert cluster["cluster"]["server"] == f"http://simulator:{port}"
