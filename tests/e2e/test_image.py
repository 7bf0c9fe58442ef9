"""The image that the Dockerfile makes, run as a cluster runs it.

Built by buildah on a base out of Debian's packages, for no registry of images is asked; the steps
are those of the Dockerfile. Read-only, an uid that nobody knows, process 1, no HOME.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter import __version__
from tests.e2e.harness.access import Access
from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.image import UID, Image, find_inner
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.processes import LOOPBACK, Process, choose_port
from tests.e2e.harness.samples import parse_samples
from tests.e2e.harness.waiting import wait_until
from tests.e2e.harness.web import send_request
from tests.e2e.watching import Cluster

MEGABYTE = 1_000_000
#: What modules of a running exporter have no bytecode that can be used as it stands: flags 1 are
#: a hash that is not compared with the source.
_UNCOMPILED = """
import importlib, json, sys
for name in ("exporter.cli.serving", "exporter.cli.gathering"):
    importlib.import_module(name)
bad = []
for name, module in sorted(sys.modules.items()):
    spec = module.__spec__
    if spec and spec.has_location and (spec.origin or "").endswith(".py"):
        try:
            with open(spec.cached, "rb") as file:
                good = file.read(8)[4] == 1
        except OSError:
            good = False
        if not good:
            bad.append(name)
print(json.dumps([len(sys.modules), bad]))
"""


@pytest.fixture(scope="module")
def image(workspace: Path) -> Iterator[Image]:
    """The image, built once; the base is kept between runs on one machine."""
    with Image(workspace / "image", REPOSITORY / ".tools") as built:
        yield built


def test_it_says_which_version_it_is(image: Image) -> None:
    """`--version` answers with the version of the source that it was built from."""
    done = image.run(["--version"])

    assert (done.stdout, done.stderr, done.returncode) == (
        f"kube-endpoints-exporter {__version__}\n",
        "",
        0,
    )
    assert image.config["User"] == "65532:65532"
    assert image.config["Cmd"] == ["run"]
    assert "Healthcheck" not in image.config


def test_it_is_small(image: Image) -> None:
    """All of it is at most 220 MB, and what the Dockerfile adds to its base at most 70 MB."""
    weight = image.weight
    told = f"base {weight.base / MEGABYTE:.0f} MB, added {weight.added / MEGABYTE:.0f} MB"

    assert weight.added <= 70 * MEGABYTE, told
    assert weight.base + weight.added <= 220 * MEGABYTE, told


def test_all_that_it_loads_is_compiled(image: Image) -> None:
    """Standard library, packages and program have bytecode that no time of a file can spoil."""
    done = image.run(["-c", _UNCOMPILED], entrypoint=["python"])

    assert done.stderr == ""
    loaded, uncompiled = json.loads(done.stdout)
    assert uncompiled == []
    assert loaded > 300


def test_it_demonstrates_itself_and_goes_when_told(image: Image, workspace: Path) -> None:
    """`demo` serves metrics as process 1 of a random uid; SIGTERM ends it in time with status 0."""
    port = choose_port()
    command = image.compose(["demo", f"--web.listen-address={LOOPBACK}:{port}"])
    with Process("image-demo", command, log_folder=workspace) as running:
        url = f"http://{LOOPBACK}:{port}"
        wait_until("it is ready", lambda: send_request(f"{url}/readyz", deadline=5), deadline=60)
        inner = find_inner(running)
        status = Path(f"/proc/{inner}/status").read_text(encoding="ascii")
        lines = dict(line.split(":\t", 1) for line in status.splitlines())

        assert lines["NSpid"].split()[-1] == "1"
        assert lines["Uid"].split() == [str(UID)] * 4
        assert int(lines["CapEff"], 16) == 0
        assert lines["NoNewPrivs"] == "1"
        assert b"HOME=" not in Path(f"/proc/{inner}/environ").read_bytes()
        samples = parse_samples(send_request(f"{url}/metrics", deadline=15).decode())
        assert any(name.startswith("k8s_service_endpoints") for name, _ in samples)
        os.kill(inner, signal.SIGTERM)
        assert running.wait(15) == 0, running.read_tail()
        assert "Traceback" not in running.read_log()


def test_it_reads_a_cluster_by_a_kubeconfig(
    image: Image, cluster: Cluster, access: Access, workspace: Path
) -> None:
    """The loader of kubeconfigs works without the models that were left out of the image."""
    file = write_kubeconfig(
        workspace / "image.kubeconfig",
        server=cluster.plane.url,
        ca_file=Path(image.put(cluster.plane.ca_file, "ca.crt")),
        token=access.mint_token(),
    )
    done = image.run(["get", "-A", f"--kubeconfig={image.put(file, 'kubeconfig')}"])

    assert done.returncode == 0, done.stderr
    assert "kubernetes" in done.stdout
