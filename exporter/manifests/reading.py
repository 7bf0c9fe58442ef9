"""Files, folders and stdin become manifests; what can't be read becomes a fault with its line.

Each document is read by itself: one that is broken takes nothing else with it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from exporter.dump import DumpError, SourceError, name_source
from exporter.dump.encodings import to_utf8
from exporter.dump.marked import Marked, MarkedError, read_marked, split_documents
from exporter.dump.marked import Path as Path_
from exporter.dump.packing import is_archive
from exporter.dump.reading import may_hold_objects
from exporter.dump.sources import STDIN, check_stdin, read_source
from exporter.manifests.kinds import Use, find_use, makes_pods
from exporter.manifests.places import Fault, Manifest, dig

_FILES = (".yaml", ".yml", ".json")
_SOURCE = re.compile(r"^# Source: (?P<name>\S+)", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{")
_BUILT = re.compile(r"^kustomization\.ya?ml$|^Kustomization$")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements")

UNRENDERED = "an unrendered Helm template: give what `helm template` prints"
UNBUILT = "a kustomization, which is not built here: give what `kubectl kustomize` prints"


class Reading(msgspec.Struct, frozen=True):
    """What was read: objects in their order, and what could not be read."""

    manifests: tuple[Manifest, ...]
    faults: tuple[Fault, ...]


def read_manifests(paths: Sequence[str], namespace: str) -> Reading:
    """All objects of all files; raises SourceError for a file that can't be opened.

    `namespace` is where objects live that name none.
    """
    check_stdin(paths)
    collector = _Collector(namespace)
    for path in paths:
        if path and path != STDIN and Path(path).is_dir():
            files = list(_walk(path))
            for file in files:
                if _BUILT.match(file.name):
                    collector.skip_patches(file)
            for file in files:
                collector.read_found(file)
        else:
            collector.read_named(path)
    return Reading(tuple(collector.manifests), tuple(collector.faults))


def _walk(folder: str) -> Iterator[Path]:
    """Files that may hold manifests, in order; nothing behind a dot, such as .git."""

    def fail(error: OSError) -> None:
        raise SourceError(str(error.filename or folder), f"can't be read: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            path = Path(place, file)
            if path.is_file() and (file.endswith(_FILES) or _BUILT.match(file)):
                yield path


class _Collector:
    """Objects as they come out of files."""

    def __init__(self, namespace: str) -> None:
        self.manifests: list[Manifest] = []
        self.faults: list[Fault] = []
        self._namespace = namespace
        self._patches: set[Path] = set()
        self._held = 0  # objects of the file in hand, whether they are read here or not

    def read_named(self, path: str) -> None:
        """A file that somebody named: it has to hold objects."""
        name = name_source(path)
        before = len(self.faults)
        self._held = 0
        self._read(name, read_source(path))
        if not self._held and len(self.faults) == before:
            self.faults.append(Fault(name, 1, "it holds no API objects"))

    def skip_patches(self, path: Path) -> None:
        """Leave out what a kustomization patches with: parts of objects are no objects."""
        try:
            values = list(read_marked(to_utf8(read_source(str(path))).decode()))
        except DumpError:
            return  # it is told as not built anyway
        for document in values:
            for field in _PATCHES:
                patches = dig(document.value, field)
                for one in patches if isinstance(patches, list) else ():
                    name = one if isinstance(one, str) else dig(one, "path")
                    if isinstance(name, str) and "\n" not in name:
                        self._patches.add((path.parent / name).resolve())

    def read_found(self, path: Path) -> None:
        """A file in a folder: it may well hold something else."""
        name = str(path)
        if path.resolve() in self._patches:
            return
        if _BUILT.match(path.name):
            self.faults.append(Fault(name, 1, UNBUILT, blinding=False))
            return
        content = read_source(name)
        if may_hold_objects(content):
            self._read(name, content)

    def _read(self, name: str, content: bytes) -> None:
        if is_archive(content):
            self.faults.append(Fault(name, 1, "an archive: unpack it first"))
            return
        try:
            text = to_utf8(content).decode()
        except DumpError as error:
            self.faults.append(Fault(name, 1, str(error)))
            return
        for part, line in split_documents(text.replace("\r\n", "\n")):
            source = _SOURCE.search(part)
            try:
                for document in read_marked(part, line):
                    self._take(name, document, source["name"] if source else "")
            except MarkedError as error:
                if _TEMPLATE.search(part):
                    # The rest of a template is no better, and one line says it all.
                    first = _TEMPLATE.search(text)
                    at = text.count("\n", 0, first.start()) + 1 if first else error.line
                    self.faults.append(Fault(name, at, UNRENDERED))
                    return
                self.faults.append(Fault(name, error.line, str(error)))

    def _take(self, file: str, one: Marked, source: str) -> None:
        """A document, or an item of a list: objects, lists of them, or nothing of the kind."""
        value = one.value
        if isinstance(value, list):
            self._take_items(file, value, one, (), source)
            return
        if not isinstance(value, dict):
            self.faults.append(Fault(file, one.line, "it holds plain text, no objects"))
            return
        kind, api_version = value.get("kind"), value.get("apiVersion")
        items = value.get("items")
        if isinstance(items, list) and (kind is None or str(kind).endswith("List")):
            self._held += 1
            self._take_items(file, items, one, ("items",), source)
            return
        if not isinstance(kind, str) or not isinstance(api_version, str):
            return  # values of a chart, a workflow: no object
        self._held += 1
        group, _, version = api_version.rpartition("/")
        name, namespace = dig(value, "metadata", "name"), dig(value, "metadata", "namespace")
        found = Manifest(
            group=group,
            version=version,
            kind=kind,
            namespace=namespace if isinstance(namespace, str) and namespace else self._namespace,
            name=name if isinstance(name, str) else "",
            value=value,
            file=file,
            line=one.line,
            lines=one.lines,
            source=source,
        )
        self._keep(found)

    def _take_items(
        self, file: str, items: list[object], around: Marked, where: Path_, source: str
    ) -> None:
        depth = len(where)
        inside: dict[str | int, dict[Path_, int]] = {}
        for path, line in around.lines.items():
            if len(path) > depth and path[:depth] == where:
                inside.setdefault(path[depth], {})[path[depth + 1 :]] = line
        for number, item in enumerate(items):
            lines = inside.get(number, {})
            self._take(file, Marked(item, lines, lines.pop((), around.line)), source)

    def _keep(self, found: Manifest) -> None:
        use = find_use(found.group, found.version, found.kind)
        if use.namespaced is False:
            found = msgspec.structs.replace(found, namespace="")
        if use.what is Use.NOTHING or _is_hook(found):
            return
        if use.what is Use.STRANGE:
            self.faults.append(
                Fault(found.file, found.line, use.why, found.subject, blinding=use.blinding)
            )
            if makes_pods(found.group, found.kind):
                self.manifests.append(found)
            return
        if _is_template(found):
            self.faults.append(Fault(found.file, found.line, UNRENDERED, found.kind))
            return
        if not found.name:
            why = "it has no metadata.name"
            if isinstance(found.get("metadata", "generateName"), str):
                why = "generateName: its name is made when it is applied"
            self.faults.append(Fault(found.file, found.line, why, found.kind))
            return
        if found.kind == "CustomResourceDefinition":
            why = "what its objects make can't be known"
            self.faults.append(Fault(found.file, found.line, why, found.subject, blinding=False))
        self.manifests.append(found)


def _is_hook(found: Manifest) -> bool:
    """Whether it runs for moments alone, at an upgrade or a test: Services are not for it."""
    hook = found.get("metadata", "annotations", "helm.sh/hook")
    return hook is not None and found.kind in ("Pod", "Job")


def _is_template(found: Manifest) -> bool:
    """Whether placeholders were left in what is looked at: quoted ones are good YAML."""
    spec = found.value.get("spec") if found.kind in ("Service", "Ingress") else None
    looked_at = (found.name, found.namespace, found.get("metadata", "labels"), spec)
    return "{{" in json.dumps(looked_at)
