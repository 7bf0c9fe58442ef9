from __future__ import annotations

import hashlib
import io
import re
import tarfile

from exporter import __version__
from tools.krew import describe, pack


def test_the_manifest_fits_the_archive() -> None:
    """Checksum, files and program of the manifest are those of the archive."""
    archive = pack()
    assert archive == pack()
    manifest = describe(archive, "https://example.com/v1/")
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    (platform,) = spec["platforms"]
    assert platform["uri"] == "https://example.com/v1/kubectl-endpoints.tar.gz"
    assert platform["sha256"] == hashlib.sha256(archive).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        assert [{"from": name, "to": "."} for name in packed.getnames()] == platform["files"]
        assert packed.getmember(platform["bin"]).mode & 0o111


def test_the_manifest_is_what_krew_takes() -> None:
    """Name, version and short description as krew's own linter wants them."""
    manifest = describe(pack(), "https://example.com")
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    assert manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert manifest["metadata"] == {"name": "endpoints"}
    assert spec["version"] == f"v{__version__}"
    assert re.fullmatch(r"v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?", spec["version"])
    assert len(spec["shortDescription"]) <= 50
