from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.cli.linting import lint
from exporter.config import Settings
from exporter.dump import SourceError
from exporter.manifests.reading import Reading, read_manifests
from tests.unit.manifests.sets import (
    autoscaler,
    budget,
    container,
    ingress,
    service,
    workload,
    write,
)

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def _read(folder: Path, text: str | bytes, name: str = "a.yaml") -> Reading:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifests([str(path)], "shop")


@pytest.mark.parametrize(
    "text,line,why",
    [
        ("a: [1\nb: 2\n", 2, "it is not YAML: did not find expected ',' or ']'"),
        ("apiVersion: v1\nkind: Service\nkind: Pod\n", 3, "the key 'kind' is there twice"),
        ('{"kind": "Service",\n "x": ]', 2, "it is not JSON: Expecting value"),
        ("a: *b\n", 1, "nothing above is called &b"),
        (
            "a: !!python/object:os.system x\n",
            1,
            "the tag tag:yaml.org,2002:python/object:os.system is not taken",
        ),
        ("metadata:\n  name: {{ .Values.name }}\n", 2, "an unrendered Helm template: "),
        ("# x\n" + SERVICE.replace("web", '"{{ .Release.Name }}"'), 2, "an unrendered Helm "),
        ("apiVersion: v1\nkind: Service\n", 1, "it has no metadata.name"),
        ("just text\n", 1, "it holds plain text, no objects"),
        ("a: 1\n", 1, "it holds no API objects"),
        ("", 1, "it holds no API objects"),
        (b"\xff\xfe\x00", 1, "the file is binary"),
        ("[" * 10_000, 1, "it is n"),
        (
            SERVICE.replace("v1\nkind: Service", "networking.k8s.io/v1beta1\nkind: Ingress"),
            1,
            "networking.k8s.io/v1beta1 is not read, networking.k8s.io/v1 is",
        ),
        (
            SERVICE.replace("v1\nkind: Service", "kafka.example.com/v1\nkind: Kafka"),
            1,
            "a custom resource: what it makes can't be known",
        ),
        (
            SERVICE.replace(
                "v1\nkind: Service", "apiextensions.k8s.io/v1\nkind: CustomResourceDefinition"
            ),
            1,
            "what its objects make can't be known",
        ),
    ],
)
def test_what_can_not_be_read_is_one_line_with_its_place(
    tmp_path: Path, text: str | bytes, line: int, why: str
) -> None:
    """File, line and why; it is unknown, and no traceback."""
    found = _read(tmp_path, text)
    assert [(one.line, one.file) for one in found.faults] == [(line, str(tmp_path / "a.yaml"))]
    assert found.faults[0].why.startswith(why)


def test_a_template_without_pods_is_unknown_with_its_line(tmp_path: Path) -> None:
    """A Deployment whose template has no containers: what it selects can't be told either."""
    path = write(tmp_path, service(), workload(template={"metadata": {"labels": {"app": "web"}}}))
    verdict = lint(read_manifests([path], "default"), Settings())
    assert [(str(one.level), one.rule, one.line) for one in verdict.remarks] == [
        ("unknown", "SelectorMatchesNoPods", 7),
        ("unknown", "Unreadable", 24),
    ]


def test_a_broken_document_takes_no_other_with_it(tmp_path: Path) -> None:
    """What stands before and behind it is read, and its line is the file's."""
    found = _read(tmp_path, f"{SERVICE}---\na: [\n---\n{SERVICE.replace('web', 'api')}")
    assert [(one.name, one.line) for one in found.manifests] == [("web", 1), ("api", 7)]
    assert [one.line for one in found.faults] == [6]


def test_where_something_can_not_be_read_nothing_missing_is_wrong(tmp_path: Path) -> None:
    """The Pods of the Service may be in the document that is broken: unknown, and status 2."""
    path = write(tmp_path, service())
    (tmp_path / "b.yaml").write_text("kind: [", encoding="utf-8")
    verdict = lint(read_manifests([path, str(tmp_path / "b.yaml")], "default"), Settings())
    assert {(str(one.level), one.rule) for one in verdict.remarks} == {
        ("unknown", "SelectorMatchesNoPods"),
        ("unknown", "Unreadable"),
    }
    assert (verdict.exit, verdict.ok) == (2, None)


@pytest.mark.parametrize("kind", ["List", "ServiceList"])
def test_items_of_a_list_keep_their_lines(tmp_path: Path, kind: str) -> None:
    """As `kubectl get -o yaml` prints them."""
    items = "".join(
        f"- apiVersion: v1\n  kind: Service\n  metadata:\n    name: {name}\n  spec: {{}}\n"
        for name in ("a", "b")
    )
    found = _read(tmp_path, f"apiVersion: v1\nkind: {kind}\nitems:\n{items}")
    assert [(one.name, one.line, one.line_of("spec")) for one in found.manifests] == [
        ("a", 4, 8),
        ("b", 9, 13),
    ]


def test_json_keeps_its_lines(tmp_path: Path) -> None:
    """Several values in one file, indented or with tabs."""
    text = json.dumps(service("a"), indent=2) + "\n" + json.dumps(service("b"), indent="\t")
    found = _read(tmp_path, text, "a.json")
    assert [(one.name, one.line) for one in found.manifests] == [("a", 1), ("b", 21)]
    assert found.manifests[0].line_of("spec", "selector") == 9


def test_anchors_and_merge_keys_are_taken(tmp_path: Path) -> None:
    """People write them, and kubectl takes them; what is named itself comes first."""
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: &l {app: web, a: b}}\n"
        "spec:\n  selector: *l\n  x:\n    <<: *l\n    a: c\n"
    )
    (one,) = _read(tmp_path, text).manifests
    assert one.get("spec") == {"selector": {"app": "web", "a": "b"}, "x": {"app": "web", "a": "c"}}


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path: Path) -> None:
    """400 bytes that stand for gigabytes are one line."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (fault,) = _read(tmp_path, "\n".join(lines)).faults
    assert fault.why == "its aliases stand for too much"


def test_objects_without_a_namespace_live_in_the_one_given(tmp_path: Path) -> None:
    """Those of the whole cluster live in none."""
    hook = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"
    found = _read(tmp_path, f"{SERVICE}---\n{hook}metadata: {{name: hook}}\n")
    assert [one.subject for one in found.manifests] == [
        "Service shop/web",
        "ValidatingWebhookConfiguration hook",
    ]


def test_pods_of_a_hook_are_passed_over(tmp_path: Path) -> None:
    """They run at `helm test` or an upgrade, and carry the labels of the release mostly."""
    hook = workload("test", kind="Job", replicas=None)
    hook = {**hook, "apiVersion": "batch/v1"}
    hook["metadata"]["annotations"] = {"helm.sh/hook": "test"}
    found = read_manifests([write(tmp_path, service(), hook)], "shop")
    assert [one.kind for one in found.manifests] == ["Service"]


def test_of_a_folder_only_what_holds_objects_is_read(tmp_path: Path) -> None:
    """Values, workflows, hidden folders and patches of a kustomization are none."""
    write(tmp_path, service(), name="service.yml")
    (tmp_path / "values.yaml").write_text("replicas: [", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("apiVersion: v1", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".git", service("hidden"))
    (tmp_path / "patch.yaml").write_text(SERVICE, encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]", encoding="utf-8")
    found = read_manifests([str(tmp_path)], "shop")
    assert [one.name for one in found.manifests] == ["web"]
    assert [(Path(one.file).name, one.blinding) for one in found.faults] == [
        ("kustomization.yaml", False)
    ]


@pytest.mark.parametrize(
    "paths,why",
    [
        (["missing.yaml"], "missing.yaml: can't be read: No such file or directory"),
        (["-", "-"], "stdin: can be read only once"),
        (["a\0b"], "a\0b: can't be read: embedded null byte"),
    ],
)
def test_a_file_that_can_not_be_opened_is_an_error(paths: list[str], why: str) -> None:
    """One line, naming it."""
    with pytest.raises(SourceError) as told:
        read_manifests(paths, "shop")
    assert str(told.value) == why


@pytest.mark.parametrize("junk", [None, 0, True, "x", [], {}, [[None]], {"a": [1]}])
@pytest.mark.parametrize(
    "path",
    [
        "metadata",
        "spec",
        "spec.selector",
        "spec.ports",
        "spec.ports.0",
        "spec.ports.0.protocol",
        "spec.ipFamilies",
        "spec.template.metadata",
        "spec.template.spec.containers.0",
        "spec.template.spec.containers.0.ports.0.name",
        "spec.template.spec.containers.0.readinessProbe.httpGet.port",
        "spec.scaleTargetRef",
        "spec.minAvailable",
        "spec.rules.0.http.paths",
    ],
)
def test_no_field_of_another_type_ends_in_a_traceback(
    tmp_path: Path, path: str, junk: object
) -> None:
    """Whatever stands anywhere: remarks, or none."""
    probe = {"readinessProbe": {"httpGet": {"port": "http"}}}
    objects = [service(), workload(containers=[container(**probe)]), budget(minAvailable=1)]
    objects += [ingress("web"), autoscaler()]
    keys = [int(key) if key.isdecimal() else key for key in path.split(".")]
    for one in objects:
        place: Any = one
        try:
            for key in keys[:-1]:
                place = place[key]
            place[keys[-1]] = junk
        except (KeyError, IndexError):
            continue  # this one has no such field
    found = read_manifests([write(tmp_path, *objects)], "shop")
    assert lint(found, Settings()).exit in (0, 1, 2)


def test_a_number_of_replicas_beyond_all_bounds_costs_nothing(tmp_path: Path) -> None:
    """Two thousand million Pods are not made up, and min-ready is not judged by fewer."""
    meta = {"annotations": {"endpoints-exporter.io/min-ready": "1000"}}
    path = write(tmp_path, service(meta=meta), workload(replicas=2_000_000_000))
    assert lint(read_manifests([path], "default"), Settings()).remarks == ()
