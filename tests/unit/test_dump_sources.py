from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.dump import SourceError, read_dumps
from exporter.dump.packing import MOST_BYTES


def service(name: str, namespace: str = "shop") -> dict[str, Any]:
    """A Service."""
    meta = {"namespace": namespace, "name": name, "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta}


def pod(name: str) -> dict[str, Any]:
    """A Pod."""
    return {**service(name), "kind": "Pod"}


def typed(kind: str, *items: dict[str, Any], api_version: str = "v1") -> str:
    """A list as the API server sends it: items don't say what they are."""
    bare = [{"metadata": item["metadata"]} for item in items]
    return json.dumps({"kind": f"{kind}List", "apiVersion": api_version, "items": bare})


def lay(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A folder with these files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def names(*paths: Path) -> dict[str, list[str]]:
    """The names of what the files hold, by resource."""
    dump = read_dumps([str(path) for path in paths])
    return {name: [one.name for one in found] for name, found in sorted(dump.objects.items())}


def told(*paths: Path | str) -> str:
    """Why they are no dump."""
    with pytest.raises(SourceError) as caught:
        read_dumps([str(path) for path in paths])
    assert "\n" not in str(caught.value)
    return str(caught.value)


NOISE: dict[str, str | bytes] = {
    "version.txt": "v1.35\n",
    "host/dmesg.log": "[    0.000000] Linux version 6.1\n",
    "host/blob.bin": bytes(range(256)) * 64,
    "events.log": '{"level":"info","kind":"Service","msg":"x"}\n{"level": "info"\n',
    "audit.log": '{"kind":"Event","apiVersion":"audit.k8s.io/v1","requestObject":{"kind":"Pod"\n',
    "describe.txt": "Name: web\nKind: Service\nLabels: [\n",
    "values.yaml": "image: x\nkind_of: [",
    "other.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: *b}\n",
    "table.json": '{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[{"kind":"Pod"}]}',
    "empty": "",
}


def as_yaml(text: str) -> str:
    """The same in YAML."""
    return yaml.safe_dump(json.loads(text))


MUST_GATHER: dict[str, str | bytes] = {
    "q/namespaces/shop/core/services.yaml": as_yaml(typed("Service", service("web"))),
    "q/namespaces/shop/core/pods.yaml": as_yaml(typed("Pod", pod("web-1"), pod("web-2"))),
    "q/namespaces/shop/pods/web-1/web-1.yaml": f"---\n{yaml.safe_dump(pod('web-1'))}",
    "q/namespaces/shop/pods/web-1/app/logs/current.log": "2026-11-20T08:00:00Z kind: Service\n",
    "q/namespaces/shop/discovery.k8s.io/endpointslices.yaml":
        "apiVersion: discovery.k8s.io/v1\nitems: []\nkind: EndpointSliceList\n",
    "q/cluster-scoped-resources/core/nodes/n1.yaml":
        "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\n",
}  # fmt: skip
CLUSTER_INFO: dict[str, str | bytes] = {
    "nodes.json": typed("Node", {"metadata": {"name": "n1"}}),
    "shop/services.json": json.dumps(json.loads(typed("Service", service("web"))), indent=4),
    "shop/pods.json": typed("Pod", pod("web-1"), pod("web-2")),
    "shop/events.json": '{"kind":"EventList","apiVersion":"v1","items":[]}',
    "shop/web-1/logs.txt": "==== START logs for container app ====\n{\n",
    "slices.json": typed("EndpointSlice", api_version="discovery.k8s.io/v1"),
}
SOSREPORT: dict[str, str | bytes] = {
    "sos_commands/kubernetes/cluster-info/x/services": typed("Service", service("web")),
    "sos_commands/kubernetes/kubectl_get_-o_json_pods":
        typed("Pod", pod("web-1"), pod("web-2")).encode("utf-16"),
    "sos_commands/kubernetes/kubectl_get_-o_json_nodes.gz":
        gzip.compress(typed("Node", {"metadata": {"name": "n1"}}).encode()),
    "sos_commands/kubernetes/slices": typed("EndpointSlice", api_version="discovery.k8s.io/v1"),
}  # fmt: skip
TROUBLESHOOT: dict[str, str | bytes] = {
    "cluster-resources/services/shop.json": typed("Service", service("web")),
    "cluster-resources/pods/shop.json": json.dumps([pod("web-1"), pod("web-2")]),
    "cluster-resources/nodes.json": typed("Node", {"metadata": {"name": "n1"}}),
    "cluster-resources/endpointslices/shop.json":
        typed("EndpointSlice", api_version="discovery.k8s.io/v1"),
    "cluster-resources/services-errors.json": '["forbidden"]',
}  # fmt: skip
HELD = {"endpointslices": [], "nodes": ["n1"], "pods": ["web-1", "web-2"], "services": ["web"]}
BUNDLES = [MUST_GATHER, CLUSTER_INFO, SOSREPORT, TROUBLESHOOT]


@pytest.mark.parametrize("files", BUNDLES)
def test_objects_in_a_folder_are_found_by_content(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    """Whatever tool laid it out, and whatever else lies beside: the same cluster comes out."""
    assert names(lay(tmp_path, {**NOISE, **files})) == HELD


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("files", BUNDLES)
def test_an_archive_is_a_folder(tmp_path: Path, files: dict[str, str | bytes], mode: Any) -> None:
    """A bundle as it was sent needs no unpacking."""
    folder = lay(tmp_path / "x", {**NOISE, **files})
    with tarfile.open(tmp_path / "bundle", mode) as archive:
        archive.add(folder, "bundle")
    assert names(tmp_path / "bundle") == HELD


def test_several_sources_are_one_dump(tmp_path: Path) -> None:
    """`--from-file` for each file that kubectl printed, and for folders beside them."""
    lay(
        tmp_path, {"a.json": typed("Service", service("web")), "b/x.yaml": yaml.safe_dump(pod("p"))}
    )
    assert names(tmp_path / "a.json", tmp_path / "b") == {"pods": ["p"], "services": ["web"]}


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda data: gzip.compress(data[:40]) + gzip.compress(data[40:]),
        lambda data: gzip.compress(data) + b"\0" * 512,
    ],
)
def test_gzip_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """One member, several, or padded by a tape."""
    lay(tmp_path, {"d.json.gz": pack(typed("Service", service("web")).encode())})
    assert names(tmp_path / "d.json.gz") == {"services": ["web"]}


PACKED = gzip.compress(json.dumps([service(f"web-{n}") for n in range(200)]).encode())


@pytest.mark.parametrize(
    "content,why",
    [
        (PACKED[:-4], "the file is cut short: its gzip data has no end"),
        (PACKED[:300], "the file is cut short: its gzip data has no end"),
        (PACKED[:2], "the file is cut short: its gzip data has no end"),
        (PACKED[:100] + b"\xff" * 40 + PACKED[140:], "the file is broken gzip: Error -3 while dec"),
        (PACKED[:-8] + b"\0" * 8, "the file is broken gzip: Error -3 while decompressing data"),
        (PACKED + b"trailing", "the file is gzip with other bytes behind it: "),
        (b"PK\x03\x04....", "the file is a zip archive: unpack it first"),
        (b"\xfd7zXZ\0....", "the file is compressed by xz: unpack it first"),
        (b"\x28\xb5\x2f\xfd....", "the file is compressed by zstd: unpack it first"),
    ],
)
def test_broken_and_foreign_compression_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    """What can't be unpacked as a whole is refused, and by what it is."""
    lay(tmp_path, {"d": content})
    assert told(tmp_path / "d").startswith(f"{tmp_path / 'd'}: {why}")


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expanding ends at the bound, not at the memory's."""
    monkeypatch.setattr("exporter.dump.packing.MOST_BYTES", 8 << 20)
    lay(tmp_path, {"d.gz": gzip.compress(b" " * (16 << 20))})
    assert told(tmp_path / "d.gz") == f"{tmp_path / 'd.gz'}: the file expands to more than 8 MiB"
    assert MOST_BYTES == 1 << 30


@pytest.mark.parametrize(
    "name,content,why",
    [
        ("x/pods.json", typed("Pod", pod("p"))[:-3], "the file is not whole JSON: what begins in "),
        ("x/pods.yaml", "apiVersion: v1\nkind: PodList\nitems: [", "the file is not YAML: "),
        ("x/a.yaml", "kind: Pod\nmetadata: {name: a, name: b}\n", "the file holds YAML th"),
        ("x/a.yaml", b"kind: Pod\nmetadata: {name: \xe9}\n", "the file is not UTF-8: byte 0xe9 in"),
        ("x/a.gz", gzip.compress(typed("Pod", pod("p")).encode())[:-2], "the file is cut short: "),
    ],
)  # fmt: skip
def test_a_broken_dump_in_a_folder_is_told(
    tmp_path: Path, name: str, content: str | bytes, why: str
) -> None:
    """A file with objects in it that can't be read as a whole is not passed over in silence."""
    lay(tmp_path, {**NOISE, **CLUSTER_INFO, name: content})
    assert told(tmp_path).startswith(f"{tmp_path / name}: {why}")


def test_an_error_of_the_api_server_in_a_folder_is_noted(tmp_path: Path) -> None:
    """What the gathering tool was not allowed to read is missing, and that is told."""
    status = '{"kind":"Status","apiVersion":"v1","message":"no","details":{"kind":"Pod"}}'
    lay(tmp_path, {"a.json": status, "b.json": typed("Service", service("web"))})
    dump = read_dumps([str(tmp_path)])
    assert dump.held == {"services"}
    assert dump.notes == (
        f"{tmp_path / 'a.json'}: left out: the file holds an error of the API server: no",
    )


def test_documents_beside_objects_are_counted(tmp_path: Path) -> None:
    """In a folder a document without a kind does not keep the one after it from being read."""
    text = f"items: []\nkind: x\n---\na: 1\n---\n{yaml.safe_dump(service('web'))}"
    lay(tmp_path, {"a.yaml": text})
    assert names(tmp_path) == {"services": ["web"]}


@pytest.mark.parametrize("files", [{}, NOISE])
def test_a_folder_without_objects_is_told(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    """Nothing found is an error with the number of files that were looked at."""
    folder = tmp_path / "x"
    folder.mkdir()
    lay(folder, files)
    assert told(folder) == (
        f"{folder}: of its {len(files)} files none holds API objects that are read here"
    )


def test_links_are_followed_inside_of_the_folder_only(tmp_path: Path) -> None:
    """A bundle of somebody else can't have this machine's files read, nor run in circles."""
    lay(tmp_path, {"out.json": typed("Service", service("secret"))})
    folder = lay(tmp_path / "in", {"..data/a.json": typed("Service", service("web"))})
    (folder / "a.json").symlink_to(folder / "..data" / "a.json")
    (folder / "out.json").symlink_to(tmp_path / "out.json")
    (folder / "gone.json").symlink_to(tmp_path / "gone.json")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "fifo")
    assert names(folder) == {"services": ["web"]}


def test_a_broken_archive_is_told(tmp_path: Path) -> None:
    """An archive that ends in the middle of a file is no whole one."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        data = json.dumps([service(f"web-{n}") for n in range(200)]).encode()
        member = tarfile.TarInfo("a.json")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    lay(tmp_path, {"x.tar": packed.getvalue()[:5000]})
    assert told(tmp_path / "x.tar").startswith(f"{tmp_path / 'x.tar'}: the archive is ")


def test_stdin_can_be_read_once() -> None:
    """Twice `-` would read nothing the second time."""
    assert told("-", "-") == "stdin: can be read only once"
