"""What the chart renders, object by object. Helm runs; no cluster is needed."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config import load_settings
from exporter.config.loading import add_flags
from tests.chart.rendering import (
    CHART,
    DEPENDENTS,
    ENDPOINTS,
    EVENTS,
    FULL_NAME,
    NAMESPACED_DEPENDENTS,
    NODES,
    PODS,
    SERVICES,
    SLICES,
    WORKLOADS,
    Object,
    RefusedError,
    get_container,
    list_fixtures,
    pick,
    pick_one,
    pick_workload,
    read_expectation,
    render,
    run_helm,
)
from tools import chart as generator

VALID = list_fixtures("valid")
RULES = {
    "groups": [
        {
            "name": "alerts",
            "rules": [
                {
                    "alert": "AllGone",
                    "expr": "k8s_service_endpoints_ready == 0",
                    "for": "5m",
                    "labels": {"severity": "critical"},
                    "annotations": {"summary": "{{ $labels.service }} is {{ $value | humanize }}"},
                },
                {"alert": "FewLeft", "expr": "vector(1)", "labels": {"severity": "warning"}},
            ],
        },
        {"name": "recorded", "rules": [{"record": "a:b", "expr": "sum(up)"}]},
    ]
}
BOARD = '{"title": "{{ .Values.x }} ${namespace}", "panels": [{"legendFormat": "{{service}}"}]}\n'


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: nothing here needs a cluster."""


@pytest.fixture
def stocked(tmp_path: Path) -> Path:
    """A copy of the chart with a rule file and two dashboards full of braces."""
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    shutil.rmtree(chart / "files" / "rules", ignore_errors=True)
    shutil.rmtree(chart / "files" / "dashboards", ignore_errors=True)
    (chart / "files" / "rules").mkdir()
    (chart / "files" / "dashboards").mkdir()
    (chart / "files" / "rules" / "all.rules.yaml").write_text(yaml.safe_dump(RULES))
    for name in ("one", "two"):
        (chart / "files" / "dashboards" / f"{name}.json").write_text(BOARD)
    return chart


@pytest.mark.parametrize("values", [None, *VALID], ids=lambda v: v.stem if v else "defaults")
def test_every_valid_fixture_lints_and_renders(values: Path | None) -> None:
    """`helm lint --strict` has nothing to say, and every object has what it is called by."""
    run_helm("lint", "--strict", CHART, *([] if values is None else [f"--values={values}"]))
    objects = render(values)

    names = [
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in objects
    ]
    assert len(names) == len(set(names))
    pick_workload(objects)


@pytest.mark.parametrize(
    "values", [*list_fixtures("invalid"), *list_fixtures("contradictions")], ids=lambda v: v.stem
)
def test_what_is_wrong_is_said(values: Path) -> None:
    """Each wrong value, and each pair of values that can't hold together, gets its own message."""
    with pytest.raises(RefusedError) as refused:
        render(values)

    assert read_expectation(values) in str(refused.value)


def test_an_unknown_alert_is_told_with_those_that_exist(stocked: Path) -> None:
    """A misspelt alert in prometheusRule.alerts would else be changed by nobody."""
    with pytest.raises(RefusedError) as refused:
        render(chart=stocked, sets=["prometheusRule.alerts.AllGon.for=1m"])

    assert "AllGon: there is no such alert; there are: AllGone, FewLeft." in str(refused.value)


@pytest.mark.parametrize(
    "sets, rules",
    [
        ([], [SERVICES, SLICES, PODS, NODES, *WORKLOADS]),
        (["config.pods=false"], [SERVICES, SLICES, NODES, *WORKLOADS]),
        (["config.nodes=false"], [SERVICES, SLICES, PODS, *WORKLOADS]),
        (["config.workloads=false"], [SERVICES, SLICES, PODS, NODES]),
        (["config.source=endpoints"], [SERVICES, ENDPOINTS, PODS, NODES, *WORKLOADS]),
        (
            ["config.groups={dependents}"],
            [SERVICES, SLICES, PODS, NODES, *WORKLOADS, *DEPENDENTS],
        ),
        (["config.groups={topology,changes}"], [SERVICES, SLICES, PODS, NODES, *WORKLOADS]),
    ],
    ids=["defaults", "no-pods", "no-nodes", "no-workloads", "legacy", "dependents", "groups"],
)
def test_the_cluster_role_is_what_is_read_and_no_more(sets: list[str], rules: list[Object]) -> None:
    """The rules, one by one, follow from what is switched on; one binding gives them."""
    objects = render(sets=sets)

    assert pick_one(objects, "ClusterRole")["rules"] == rules
    binding = pick_one(objects, "ClusterRoleBinding")
    account = {"kind": "ServiceAccount", "name": FULL_NAME, "namespace": "monitoring"}
    assert binding["subjects"] == [account]
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": FULL_NAME,
    }
    assert pick(objects, "Role") == []


def test_namespaced_rbac_is_a_role_in_each_namespace() -> None:
    """No ClusterRole, no Nodes, and the exporter reads the namespaces that have a Role."""
    objects = render(find_fixture("namespaced"))

    assert pick(objects, "ClusterRole") + pick(objects, "ClusterRoleBinding") == []
    roles = pick(objects, "Role")
    assert [role["metadata"]["namespace"] for role in roles] == ["shop", "payments"]
    for role in roles:
        assert role["rules"] == [SERVICES, SLICES, PODS, *WORKLOADS, *NAMESPACED_DEPENDENTS]
    bindings = pick(objects, "RoleBinding")
    assert [one["metadata"]["namespace"] for one in bindings] == ["shop", "payments"]
    assert {one["subjects"][0]["namespace"] for one in bindings} == {"monitoring"}
    arguments = get_container(pick_one(objects, "Deployment"))["args"]
    assert "--namespaces=shop,payments" in arguments
    assert "--nodes=off" in arguments


def test_an_existing_role_is_bound_and_none_created() -> None:
    """rbac.existingRole makes a binding only, to the account that was named."""
    objects = render(find_fixture("existing-role"))

    assert pick(objects, "ClusterRole") + pick(objects, "ServiceAccount") == []
    binding = pick_one(objects, "ClusterRoleBinding")
    assert binding["roleRef"]["name"] == "view"
    assert binding["subjects"][0]["name"] == "somebody"


def test_without_rbac_nothing_is_granted() -> None:
    """rbac.create false leaves roles and bindings to others."""
    kinds = {one["kind"] for one in render(find_fixture("no-rbac"))}

    assert not {kind for kind in kinds if "Role" in kind}


@pytest.mark.parametrize("values", [None, *VALID], ids=lambda v: v.stem if v else "defaults")
def test_pods_meet_the_restricted_standard(values: Path | None) -> None:
    """Field by field what the Pod security standard `restricted` asks for, of the test Pod too."""
    objects = render(values)
    specs = [pick_workload(objects)["spec"]["template"]["spec"]]
    specs += [pod["spec"] for pod in pick(objects, "Pod")]
    for spec in specs:
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        [container] = [one for one in spec["containers"] if one["name"] != "beside"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        volumes = {key for volume in spec.get("volumes", []) for key in volume}
        assert volumes <= {"name", "secret", "emptyDir"}


def test_the_pod_asks_for_the_token_and_for_no_service_links() -> None:
    """The account mounts no token by itself, the Pod does; no variables of other Services."""
    objects = render()

    assert pick_one(objects, "ServiceAccount")["automountServiceAccountToken"] is False
    spec = pick_one(objects, "Deployment")["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is True
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == FULL_NAME


@pytest.mark.parametrize("values", [None, *VALID], ids=lambda v: v.stem if v else "defaults")
def test_the_program_takes_the_arguments(values: Path | None) -> None:
    """The rendered arguments are settings of `run`, each understood, none refused."""
    [command, *arguments] = get_container(pick_workload(render(values)))["args"]
    parser = argparse.ArgumentParser(add_help=False)
    add_flags(parser, "run")
    known, unknown = parser.parse_known_args(arguments)
    sharded = any(one.startswith("--total-shards=") for one in arguments)

    assert command == "run"
    assert unknown == []
    load_settings(known, {"ENDPOINTS_EXPORTER_SHARD": "release-0"} if sharded else {})


def test_everything_reaches_the_settings() -> None:
    """The fixture `everything` arrives in the program as it was meant."""
    arguments = get_container(pick_one(render(find_fixture("everything")), "Deployment"))["args"]
    parser = argparse.ArgumentParser(add_help=False)
    add_flags(parser, "run")
    settings = load_settings(parser.parse_args(arguments[1:]), {})

    assert settings.web_listen_address == (("", 9000),)
    assert settings.sync == "watch"
    assert (settings.interval, settings.grace_period, settings.lag_threshold) == (60, 90, 120)
    assert settings.page_size == 1000
    assert settings.namespaces_denylist == ("kube-system",)
    assert settings.service_selector == "team in (a, b),!legacy"
    assert settings.default_min_ready == 2
    assert settings.groups == ("topology", "changes", "dependents")
    assert settings.no_groups == ("pods",)
    assert settings.labels_allowlist == ("team", "app.kubernetes.io/*")
    assert settings.annotations_allowlist == ("example.com/owner",)
    assert settings.addresses_namespaces == ("shop",)
    assert settings.web_max_connections == 64
    assert (settings.log_format, settings.log_level) == ("console", "debug")
    assert settings.web_config_file == "/etc/kube-endpoints-exporter/web/web-config.yaml"


@pytest.mark.parametrize(
    "sets, kind, endpoints",
    [
        (["serviceMonitor.enabled=true"], "ServiceMonitor", "endpoints"),
        (["podMonitor.enabled=true"], "PodMonitor", "podMetricsEndpoints"),
    ],
)
def test_monitors_keep_our_labels_and_a_stable_job(
    sets: list[str], kind: str, endpoints: str
) -> None:
    """Labels are honoured, and the job is the chart's name, whatever the release is called."""
    objects = render(sets=[*sets, "nameOverride=other"])
    monitor = pick_one(objects, kind)
    [endpoint] = monitor["spec"][endpoints]
    target = {
        "ServiceMonitor": pick_one(objects, "Service"),
        "PodMonitor": pick_one(objects, "Deployment")["spec"]["template"],
    }[kind]

    assert endpoint == {
        "port": "metrics",
        "path": "/metrics",
        "scheme": "http",
        "honorLabels": True,
    }
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"
    assert target["metadata"]["labels"]["app.kubernetes.io/name"] == "kube-endpoints-exporter"
    selected = monitor["spec"]["selector"]["matchLabels"].items()
    assert selected <= target["metadata"]["labels"].items()
    # Its own namespace needs no selector, and whoever moves both moves it too.
    assert "namespaceSelector" not in monitor["spec"]


def test_the_scrape_config_keeps_our_labels_and_a_stable_job() -> None:
    """A ScrapeConfig finds the Pods by their labels, honours ours and names the job itself."""
    spec = pick_one(render(find_fixture("scrape-config")), "ScrapeConfig")["spec"]

    assert spec["honorLabels"] is True
    assert spec["jobName"] == "kube-endpoints-exporter"
    assert {"targetLabel": "job", "replacement": "kube-endpoints-exporter"} in spec["relabelings"]
    [discovery] = spec["kubernetesSDConfigs"]
    assert discovery["namespaces"] == {"names": ["monitoring"]}
    assert discovery["selectors"][0]["label"] == (
        "app.kubernetes.io/name=kube-endpoints-exporter,app.kubernetes.io/instance=release"
    )


def test_with_tls_everybody_speaks_https() -> None:
    """Probes and monitors follow webConfig.tls; with passwords the probes only connect."""
    sets = ["webConfig.enabled=true", "webConfig.existingSecret=web", "webConfig.tls=true"]
    objects = render(sets=[*sets, "serviceMonitor.enabled=true"])
    container = get_container(pick_one(objects, "Deployment"))
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        wanted = {"path": path, "port": "metrics", "scheme": "HTTPS"}
        assert container[probe]["httpGet"] == wanted
    [endpoint] = pick_one(objects, "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"

    container = get_container(pick_one(render(find_fixture("web-content")), "Deployment"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert container[probe]["tcpSocket"] == {"port": "metrics"}
        assert "httpGet" not in container[probe]


def test_the_web_configuration_becomes_a_secret_that_is_mounted() -> None:
    """webConfig.content stands in a Secret of its own, where the argument says that the file is."""
    objects = render(find_fixture("web-content"))
    secret = pick_one(objects, "Secret")
    deployment = pick_one(objects, "Deployment")

    content = yaml.safe_load(secret["stringData"]["web-config.yaml"])
    assert list(content["basic_auth_users"]) == ["prometheus"]
    volumes = {one["name"]: one for one in deployment["spec"]["template"]["spec"]["volumes"]}
    assert volumes["web-config"]["secret"]["secretName"] == secret["metadata"]["name"]
    mounts = {one["name"]: one["mountPath"] for one in get_container(deployment)["volumeMounts"]}
    assert mounts["web-config"] == "/etc/kube-endpoints-exporter/web"


def test_the_network_policy_keeps_api_server_and_dns() -> None:
    """Egress is limited, and yet API server (both usual ports) and DNS can be reached."""
    spec = pick_one(render(find_fixture("network-policy")), "NetworkPolicy")["spec"]

    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["egress"] == [
        {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}]},
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
    ]
    assert spec["ingress"] == [{"ports": [{"port": "metrics", "protocol": "TCP"}]}]


def test_the_network_policy_can_name_addresses() -> None:
    """With addresses of the API server only these are reached on its ports; DNS stays open."""
    [api, dns, more] = pick_one(render(find_fixture("everything")), "NetworkPolicy")["spec"][
        "egress"
    ]

    assert api["to"] == [
        {"ipBlock": {"cidr": "192.0.2.1/32"}},
        {"ipBlock": {"cidr": "2001:db8::/64"}},
    ]
    assert "to" not in dns
    assert more == {"ports": [{"port": 4317, "protocol": "TCP"}]}


def test_rules_come_through_unharmed(stocked: Path) -> None:
    """The rule file's groups are the PrometheusRule's, templates of Prometheus and all."""
    rule = pick_one(render(chart=stocked, sets=["prometheusRule.enabled=true"]), "PrometheusRule")

    assert rule["spec"] == RULES


def test_single_alerts_can_be_changed(stocked: Path) -> None:
    """for, keepFiringFor, severity and labels of one alert; an alert and its group can go."""
    values = stocked / "own.yaml"
    change = {"for": "1m", "keepFiringFor": "9m", "severity": "info", "labels": {"team": "web"}}
    values.write_text(
        yaml.safe_dump(
            {
                "prometheusRule": {
                    "enabled": True,
                    "alerts": {"AllGone": change, "FewLeft": {"enabled": False}},
                    "alertLabels": {"source": "chart"},
                    "alertAnnotations": {"contact": "{{ $labels.team }}"},
                }
            }
        )
    )
    rule = pick_one(render(values, chart=stocked), "PrometheusRule")
    [alerts, recorded] = rule["spec"]["groups"]

    assert alerts["rules"] == [
        {
            "alert": "AllGone",
            "expr": "k8s_service_endpoints_ready == 0",
            "for": "1m",
            "keep_firing_for": "9m",
            "labels": {"severity": "info", "team": "web", "source": "chart"},
            "annotations": {
                "summary": "{{ $labels.service }} is {{ $value | humanize }}",
                "contact": "{{ $labels.team }}",
            },
        }
    ]
    assert recorded["rules"] == [{"record": "a:b", "expr": "sum(up)"}]


def test_a_group_without_rules_goes(stocked: Path) -> None:
    """A group whose alerts are all switched off is left out: an empty one is not allowed."""
    off = [f"prometheusRule.alerts.{name}.enabled=false" for name in ("AllGone", "FewLeft")]
    objects = render(chart=stocked, sets=["prometheusRule.enabled=true", *off])

    groups = pick_one(objects, "PrometheusRule")["spec"]["groups"]
    assert [group["name"] for group in groups] == ["recorded"]


def test_each_board_is_a_config_map_of_its_own(stocked: Path) -> None:
    """One ConfigMap for each dashboard with the sidecar's label, its text byte for byte."""
    maps = pick(render(chart=stocked, sets=["dashboards.enabled=true"]), "ConfigMap")

    assert [one["metadata"]["name"] for one in maps] == [f"{FULL_NAME}-one", f"{FULL_NAME}-two"]
    for one, name in zip(maps, ("one.json", "two.json"), strict=True):
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert one["data"] == {name: BOARD.strip()}


def test_the_operator_reads_the_boards_from_the_config_maps(stocked: Path) -> None:
    """A GrafanaDashboard for each ConfigMap refers to it and to its key."""
    sets = ["dashboards.enabled=true", "dashboards.grafanaOperator.enabled=true"]
    objects = render(chart=stocked, sets=sets)

    references = [one["spec"]["configMapRef"] for one in pick(objects, "GrafanaDashboard")]
    maps = pick(objects, "ConfigMap")
    assert references == [
        {"name": one["metadata"]["name"], "key": key} for one in maps for key in one["data"]
    ]


def test_the_embedded_files_render_as_they_are() -> None:
    """Whatever rules and boards the chart holds now: as many objects, and the same content."""
    # Groups on opt-in metrics are there where those are exported.
    opted = "config.groups={topology,changes,dependents,routes}"
    sets = ["prometheusRule.enabled=true", "dashboards.enabled=true", opted]
    objects = render(sets=sets)
    rules = [
        group
        for path in sorted((CHART / "files" / "rules").glob("*.yaml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]
    boards = sorted((CHART / "files" / "dashboards").glob("*.json"))

    assert pick_one(objects, "PrometheusRule")["spec"] == {"groups": rules}
    shown = [
        json.loads(text) for one in pick(objects, "ConfigMap") for text in one["data"].values()
    ]
    assert shown == [json.loads(path.read_text(encoding="utf-8")) for path in boards]


def test_extra_objects_are_templates() -> None:
    """extraObjects, as maps and as text, may use the release's name."""
    maps = pick(render(find_fixture("everything")), "ConfigMap")
    names = [one["metadata"]["name"] for one in maps]

    assert {"release-map", f"{FULL_NAME}-text"} <= set(names)


def test_the_service_finds_the_exporter_and_not_the_test() -> None:
    """The Service selects the exporter's Pods; the Pod of `helm test` carries other labels."""
    objects = render()
    selector = pick_one(objects, "Service")["spec"]["selector"].items()
    labels = pick_one(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]

    assert selector <= labels.items()
    assert not selector <= pick_one(objects, "Pod")["metadata"]["labels"].items()


def test_the_image_is_named_in_all_its_parts() -> None:
    """Registry, repository, tag and digest; the default tag is the program's version."""
    assert get_container(pick_one(render(), "Deployment"))["image"] == (
        "ghcr.io/kube-endpoints-exporter/kube-endpoints-exporter:v0.1.0"
    )
    image = get_container(pick_one(render(find_fixture("everything")), "Deployment"))["image"]
    assert image.startswith("registry.example.com/kube-endpoints-exporter/")
    assert ":1.2.3@sha256:0123456789abcdef" in image


def test_manifests_and_kustomize_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m tools.chart --check` finds nothing that differs from what it would write."""
    assert generator.main(["--check"]) == 0, capsys.readouterr().out


#: Components that change the base, and not only add to it.
CHANGING = ("events", "leader-election", "own-namespace", "shards", "tls")


def test_kubectl_builds_the_kustomization(tmp_path: Path) -> None:
    """Kubectl makes of the base, and of base and components, what the manifests hold."""
    root = CHART.parents[1]
    folder = tmp_path / "overlay"
    shutil.copytree(root / "deploy" / "kustomize", tmp_path / "kustomize")
    folder.mkdir()
    found = sorted((tmp_path / "kustomize" / "components").iterdir())
    components = [one for one in found if one.name not in CHANGING]
    (folder / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "resources": ["../kustomize/base"],
                "components": [f"../kustomize/components/{one.name}" for one in components],
            }
        )
    )
    plain = root / "deploy" / "manifests"

    assert identify(kustomize(tmp_path / "kustomize" / "base")) == identify(
        load(plain / "kube-endpoints-exporter.yaml")
    )
    everything = [one for path in sorted(plain.glob("*.yaml")) for one in load(path)]
    assert identify(kustomize(folder)) == identify(everything)


def build_with(tmp_path: Path, *components: str, namespace: str = "elsewhere") -> list[Object]:
    """What kubectl makes of the base with components, in another namespace."""
    shutil.copytree(CHART.parents[1] / "deploy" / "kustomize", tmp_path / "kustomize")
    folder = tmp_path / "overlay"
    folder.mkdir()
    overlay = {
        "namespace": namespace,
        "resources": ["../kustomize/base"],
        "components": [f"../kustomize/components/{name}" for name in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return kustomize(folder)


def test_the_leader_component_follows_the_namespace(tmp_path: Path) -> None:
    """In any namespace: two replicas, the Lease beside them, and its name told by environment."""
    objects = build_with(tmp_path, "leader-election")

    deployment = pick_one(objects, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    environment = {one["name"]: one.get("value") for one in get_container(deployment)["env"]}
    told = "$(POD_NAMESPACE)/kube-endpoints-exporter"
    assert environment["ENDPOINTS_EXPORTER_LEADER_LEASE"] == told
    lease = pick_one(objects, "Lease")["metadata"]
    assert (lease["namespace"], lease["name"]) == ("elsewhere", "kube-endpoints-exporter")
    binding = pick_one(objects, "RoleBinding")
    assert binding["subjects"][0]["namespace"] == "elsewhere"
    assert binding["metadata"]["namespace"] == "elsewhere"


def test_the_shards_component_puts_a_stateful_set_in_place(tmp_path: Path) -> None:
    """The Deployment goes, two shards come, and what other components tell reaches them."""
    objects = build_with(tmp_path, "shards", "own-namespace")

    assert not pick(objects, "Deployment")
    shards = pick_one(objects, "StatefulSet")
    assert shards["metadata"]["namespace"] == "elsewhere"
    assert shards["spec"]["replicas"] == 2
    container = get_container(shards)
    assert "--total-shards=2" in container["args"]
    names = [one["name"] for one in container["env"]]
    assert {"ENDPOINTS_EXPORTER_SHARD", "ENDPOINTS_EXPORTER_NAMESPACES"} <= set(names)


def test_the_component_of_its_own_namespace_takes_wide_rights_away(tmp_path: Path) -> None:
    """A Role where it runs, no ClusterRole, and the namespace told by environment."""
    objects = build_with(tmp_path, "own-namespace", "leader-election")

    assert not [one for one in objects if one["kind"].startswith("ClusterRole")]
    roles = {one["metadata"]["name"]: one["metadata"]["namespace"] for one in pick(objects, "Role")}
    assert roles == {
        "kube-endpoints-exporter": "elsewhere",
        "kube-endpoints-exporter-leader": "elsewhere",
    }
    for binding in pick(objects, "RoleBinding"):
        assert binding["subjects"][0]["namespace"] == "elsewhere"
    environment = get_container(pick_one(objects, "Deployment"))["env"]
    names = [one["name"] for one in environment]
    # A reference is only known to what comes after it.
    for user in ("ENDPOINTS_EXPORTER_NAMESPACES", "ENDPOINTS_EXPORTER_LEADER_LEASE"):
        assert names.index("POD_NAMESPACE") < names.index(user)
    values = {one["name"]: one.get("value") for one in environment}
    assert values["ENDPOINTS_EXPORTER_NAMESPACES"] == "$(POD_NAMESPACE)"
    assert values["ENDPOINTS_EXPORTER_NODES"] == "off"


@pytest.mark.parametrize("monitor", ["service-monitor", "pod-monitor"])
def test_the_tls_component_is_spoken_by_everybody(tmp_path: Path, monitor: str) -> None:
    """The Secret is mounted and read, probes and the monitor speak https; shards do so too."""
    objects = build_with(tmp_path, "shards", monitor, "tls")

    pod = pick_one(objects, "StatefulSet")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["volumes"] == [{"name": "web-config", "secret": {"secretName": "exporter-web"}}]
    assert [one["name"] for one in container["volumeMounts"]] == ["web-config"]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert container[probe]["httpGet"]["scheme"] == "HTTPS"
    values = {one["name"]: one.get("value") for one in container["env"]}
    assert values["ENDPOINTS_EXPORTER_WEB_CONFIG_FILE"] == (
        "/etc/kube-endpoints-exporter/web/web-config.yaml"
    )
    [scraped] = [one for one in objects if one["kind"].endswith("Monitor")]
    spec = scraped["spec"]
    [endpoint] = spec.get("endpoints") or spec["podMetricsEndpoints"]
    assert endpoint["scheme"] == "https"


def test_components_that_change_the_base_go_together(tmp_path: Path) -> None:
    """Leader election and Events on one base: both are told by environment, neither undoes it."""
    objects = build_with(tmp_path, "leader-election", "events")

    environment = get_container(pick_one(objects, "Deployment"))["env"]
    names = {one["name"]: one.get("value") for one in environment}
    assert names["ENDPOINTS_EXPORTER_EVENTS"] == "true"
    assert "ENDPOINTS_EXPORTER_LEADER_LEASE" in names
    roles = {one["metadata"]["name"]: one["rules"] for one in pick(objects, "ClusterRole")}
    assert roles["kube-endpoints-exporter-events"] == [EVENTS]


def test_the_receivers_secret_is_mounted_and_events_get_roles() -> None:
    """URL, token and authorities come from files; each namespace gets a Role for its Events."""
    objects = render(find_fixture("notify"))
    container = get_container(pick_one(objects, "Deployment"))
    parser = argparse.ArgumentParser(add_help=False)
    add_flags(parser, "run")
    settings = load_settings(parser.parse_args(container["args"][1:]), {})

    folder = "/etc/kube-endpoints-exporter/notify"
    assert settings.notify_url is None
    assert settings.notify_url_file == f"{folder}/url"
    assert settings.notify_token_file == f"{folder}/token"
    assert settings.notify_ca_file == f"{folder}/ca.crt"
    assert (settings.notify_interval, settings.notify_cluster) == (60, "blue")
    assert settings.events
    [mount] = container["volumeMounts"]
    assert (mount["mountPath"], mount["readOnly"]) == (folder, True)
    roles = [one for one in pick(objects, "Role") if one["metadata"]["name"].endswith("-events")]
    assert [one["metadata"]["namespace"] for one in roles] == ["shop", "payments"]
    assert all(one["rules"] == [EVENTS] for one in roles)


def test_shards_are_pods_of_a_stateful_set() -> None:
    """Each Pod's own name says which shard it is; their number is told to all."""
    objects = render(find_fixture("sharding"))
    workload = pick_one(objects, "StatefulSet")
    container = get_container(workload)

    assert pick(objects, "Deployment") == []
    assert workload["spec"]["replicas"] == 3
    assert workload["spec"]["serviceName"] == pick_one(objects, "Service")["metadata"]["name"]
    assert workload["spec"]["podManagementPolicy"] == "Parallel"
    assert "--total-shards=3" in container["args"]
    assert container["env"] == [
        {
            "name": "ENDPOINTS_EXPORTER_SHARD",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
        }
    ]
    target = pick_one(objects, "VerticalPodAutoscaler")["spec"]["targetRef"]
    assert target["kind"] == "StatefulSet"


def test_the_leader_may_write_its_lease_and_nothing_else() -> None:
    """One Role in the exporter's namespace: one named Lease, and the making of Leases."""
    objects = render(find_fixture("leader"))
    role = pick_one(objects, "Role")

    assert role["metadata"]["namespace"] == "monitoring"
    assert role["rules"] == [
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "resourceNames": [FULL_NAME],
            "verbs": ["get", "update"],
        },
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    ]
    assert pick_one(objects, "ClusterRole")["rules"] == [SERVICES, SLICES, PODS, NODES, *WORKLOADS]
    arguments = get_container(pick_one(objects, "Deployment"))["args"]
    assert f"--leader-lease=monitoring/{FULL_NAME}" in arguments
    lease = pick_one(objects, "Lease")
    assert (lease["metadata"]["namespace"], lease["metadata"]["name"]) == ("monitoring", FULL_NAME)
    assert "spec" not in lease


def kustomize(folder: Path) -> list[Any]:
    """The objects that kubectl builds out of a folder."""
    kubectl = CHART.parents[1] / ".tools" / "bin" / "kubectl"
    done = subprocess.run(
        [str(kubectl), "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def load(path: Path) -> list[Any]:
    """The objects of a file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def identify(objects: list[Any]) -> list[str]:
    """Objects in an order and a form that can be compared."""
    return sorted(json.dumps(one, sort_keys=True) for one in objects)


def find_fixture(name: str) -> Path:
    """The valid fixture of this name."""
    [found] = [path for path in VALID if path.stem == name]
    return found
