#!/usr/bin/env python3
"""Build the real components that `make e2e` and `make bench` run beside the exporter.

Each tool is a small Go module under tools/NAME whose go.mod pins the version and whose go.sum pins
the content. The ordinary Go client builds it into `.tools/bin`; a tool whose stamp still matches
its go.mod, go.sum and flags is skipped. Needs nothing but Python and Go, and never
downloads a toolchain by itself.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
OUTPUT = TOOLS.parent / ".tools"

_COMMON_VERSION = "github.com/prometheus/common/version.Version={plain}"


class BuildError(Exception):
    """One line for the person at the terminal: what is missing or which build failed."""


@dataclass(frozen=True)
class Tool:
    """One tool module: where its version is pinned, what is built from it, and with which flags.

    `binaries` maps a package path to the name of the binary. `variables` are the targets of
    `-ldflags -X`, in which {version} is v1.2.3, {plain} is 1.2.3, {major} is 1 and {minor} is 2;
    {cluster_major} and {cluster_minor} are those of the pinned Kubernetes.
    """

    name: str
    module: str
    binaries: Mapping[str, str]
    variables: Sequence[str] = ()
    tags: Sequence[str] = ()

    def folder(self) -> Path:
        """Return the folder with the go.mod that pins this tool."""
        return TOOLS / self.name

    def version(self) -> str:
        """Return the pinned version such as v1.37.2, read off go.mod so that it stands once."""
        text = (self.folder() / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^\s*(?:require )?{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            message = f"tools/{self.name}/go.mod does not require {self.module}"
            raise BuildError(message)
        return found.group(1)

    def flags(self) -> list[str]:
        """Return the arguments of `go build` that shape the binaries."""
        version = self.version()
        major, minor = _split_version(version)
        cluster_major, cluster_minor = _split_version(TOOL_BY_NAME["kubernetes"].version())
        link = ["-s", "-w"]
        for variable in self.variables:
            value = variable.format(
                version=version,
                plain=version.removeprefix("v"),
                major=major,
                minor=minor,
                cluster_major=cluster_major,
                cluster_minor=cluster_minor,
            )
            link += ["-X", value]
        flags = ["-mod=readonly", "-buildvcs=false", "-ldflags", " ".join(link)]
        if self.tags:
            flags += ["-tags", ",".join(self.tags)]
        return flags


def _split_version(version: str) -> tuple[str, str]:
    major, minor = version.removeprefix("v").split(".")[:2]
    return major, minor


def _kubernetes_variables() -> list[str]:
    """Name the version variables without which clients can't parse what the API server says."""
    values = ("gitVersion={version}", "gitMajor={major}", "gitMinor={minor}")
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return [f"{package}.{value}" for package in packages for value in values]


CATALOGUE = (
    Tool("etcd", "go.etcd.io/etcd/server/v3", {"go.etcd.io/etcd/server/v3": "etcd"}),
    Tool(
        "kubernetes",
        "k8s.io/kubernetes",
        {
            f"k8s.io/kubernetes/cmd/{name}": name
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-proxy",
                "kube-scheduler",
                "kubectl",
            )
        },
        variables=_kubernetes_variables(),
    ),
    Tool(
        "kwok",
        "sigs.k8s.io/kwok",
        {"sigs.k8s.io/kwok/cmd/kwok": "kwok"},
    ),
    Tool(
        "prometheus",
        "github.com/prometheus/prometheus",
        {
            "github.com/prometheus/prometheus/cmd/prometheus": "prometheus",
            "github.com/prometheus/prometheus/cmd/promtool": "promtool",
        },
        variables=[_COMMON_VERSION],
        # The service discoveries of two dozen clouds double the build and are never used here.
        tags=["remove_all_sd", "enable_kubernetes_sd"],
    ),
    Tool(
        "alertmanager",
        "github.com/prometheus/alertmanager",
        {
            "github.com/prometheus/alertmanager/cmd/alertmanager": "alertmanager",
            "github.com/prometheus/alertmanager/cmd/amtool": "amtool",
        },
        variables=[_COMMON_VERSION],
    ),
    Tool(
        "helm",
        "helm.sh/helm/v3",
        {"helm.sh/helm/v3/cmd/helm": "helm"},
        variables=[
            "helm.sh/helm/v3/internal/version.version={version}",
            # What `helm template` and `helm lint` take for the cluster's version.
            "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor={cluster_major}",
            "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor={cluster_minor}",
            "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor={cluster_major}",
            "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor={cluster_minor}",
        ],
    ),
    Tool(
        "kube-state-metrics",
        "k8s.io/kube-state-metrics/v2",
        {"k8s.io/kube-state-metrics/v2": "kube-state-metrics"},
        variables=[_COMMON_VERSION],
    ),
)
TOOL_BY_NAME = {tool.name: tool for tool in CATALOGUE}
GROUPS = {
    "e2e": tuple(TOOL_BY_NAME),
    "bench": ("etcd", "kubernetes", "kwok", "kube-state-metrics"),
    "rules": ("prometheus", "alertmanager"),
}


def choose_tools(names: Sequence[str]) -> list[Tool]:
    """Turn names of groups, tools and single binaries into tools, each once, in build order.

    Raises BuildError that names what is unknown and lists what there is.
    """
    by_binary = {name: tool.name for tool in CATALOGUE for name in tool.binaries.values()}
    chosen: set[str] = set()
    for name in names:
        if name in GROUPS:
            chosen.update(GROUPS[name])
        elif name in TOOL_BY_NAME:
            chosen.add(name)
        elif name in by_binary:
            chosen.add(by_binary[name])
        else:
            known = ", ".join([*GROUPS, *TOOL_BY_NAME])
            message = f"nothing is called {name!r}; there is: {known}"
            raise BuildError(message)
    return [tool for tool in CATALOGUE if tool.name in chosen]


def _parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def check_go(tools: Sequence[Tool]) -> None:
    """Make sure that a Go new enough for these tools is there.

    Raises BuildError when `go` is missing, does not run or is older than what a go.mod asks for.
    """
    if shutil.which("go") is None:
        message = "`go` was not found on the PATH; install Go 1.26 or newer"
        raise BuildError(message)
    shown = subprocess.run(
        ["go", "env", "GOVERSION"],
        capture_output=True,
        text=True,
        check=False,
        env=_build_environment(),
        cwd=tempfile.gettempdir(),
    )
    if shown.returncode != 0:
        message = f"`go env` failed: {shown.stderr.strip()}"
        raise BuildError(message)
    have = shown.stdout.strip()
    for tool in tools:
        text = (tool.folder() / "go.mod").read_text(encoding="utf-8")
        found = re.search(r"^go (\S+)", text, re.MULTILINE)
        need = found.group(1) if found else "1.26"
        if _parse_version(have) < _parse_version(need):
            message = f"{tool.name} needs Go {need} or newer, this is {have}"
            raise BuildError(message)


def _build_environment() -> dict[str, str]:
    """Keep the caller's settings (proxy, caches) but not a cgo or toolchain that varies."""
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def compute_stamp(tool: Tool) -> str:
    """Return a digest of all that decides what the binaries of this tool contain."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((tool.folder() / name).read_bytes())
    digest.update("\0".join([*tool.flags(), *tool.binaries, *tool.binaries.values()]).encode())
    return digest.hexdigest()


def is_current(tool: Tool, output: Path = OUTPUT) -> bool:
    """Tell whether all binaries of the tool are there and were built from today's pins."""
    stamp = output / "stamps" / tool.name
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != compute_stamp(tool):
        return False
    return all((output / "bin" / name).is_file() for name in tool.binaries.values())


def build_tool(tool: Tool, output: Path = OUTPUT) -> None:
    """Build all binaries of one tool and put each in place at once.

    Raises BuildError with the end of what the compiler said.
    """
    (output / "bin").mkdir(parents=True, exist_ok=True)
    (output / "stamps").mkdir(exist_ok=True)
    # A folder beside the target: a binary that runs right now can be replaced, not overwritten.
    with tempfile.TemporaryDirectory(dir=output) as folder:
        done = subprocess.run(
            ["go", "build", *tool.flags(), "-o", f"{folder}/", *tool.binaries],
            cwd=tool.folder(),
            env=_build_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = [line for line in done.stdout.splitlines() if "downloading" not in line]
            tail = "\n".join(lines[-15:])
            message = f"building {tool.name} failed:\n{tail}"
            raise BuildError(message)
        for package, name in tool.binaries.items():
            Path(folder, _name_by_go(package)).replace(output / "bin" / name)
    (output / "stamps" / tool.name).write_text(compute_stamp(tool), encoding="utf-8")


def _name_by_go(package: str) -> str:
    """Return the file name that `go build` chooses: the last element that is not a version."""
    *rest, last = package.split("/")
    return rest[-1] if re.fullmatch(r"v\d+", last) else last


@contextmanager
def _lock(output: Path) -> Iterator[None]:
    """Let a second build wait for the first: both would compile the same things."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / "lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(names: Sequence[str], *, force: bool) -> None:
    tools = choose_tools(names)
    with _lock(OUTPUT):
        missing = [tool for tool in tools if force or not is_current(tool)]
        if not missing:
            return
        check_go(missing)
        for place, tool in enumerate(missing, start=1):
            binaries = ", ".join(tool.binaries.values())
            print(
                f"[{place}/{len(missing)}] building {tool.name} {tool.version()} ({binaries}) …",
                flush=True,
            )
            started = time.monotonic()
            build_tool(tool)
            print(f"      done in {time.monotonic() - started:.0f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is asked for; return 0, or 1 after one clear line on stderr."""
    parser = argparse.ArgumentParser(description="Build the components that the tests run.")
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help=f"a group ({', '.join(GROUPS)}) or a tool ({', '.join(TOOL_BY_NAME)})",
    )
    parser.add_argument("--force", action="store_true", help="build again what is up to date")
    chosen = parser.parse_args(arguments)
    os.nice(10)
    try:
        _build(chosen.names, force=chosen.force)
    except BuildError as error:
        print(f"tools/build.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
