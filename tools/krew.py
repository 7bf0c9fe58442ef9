"""The archive and the manifest with which krew installs `kubectl endpoints`.

Writes kubectl-endpoints.tar.gz and endpoints.yaml into a folder. The archive is the same for every
run on the same sources, so the checksum in the manifest is that of the release.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, it finds the program beside it

from exporter import __version__  # noqa: E402  # found by the line above

ARCHIVE = "kubectl-endpoints.tar.gz"
MANIFEST = "endpoints.yaml"
_FILES = {"kubectl-endpoints": "deploy/krew/kubectl-endpoints", "LICENSE": "LICENSE"}


def pack() -> bytes:
    """The archive."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, path in _FILES.items():
            data = (ROOT / path).read_bytes()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mode = 0o755 if name == "kubectl-endpoints" else 0o644
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def describe(archive: bytes, base_url: str) -> dict[str, object]:
    """The manifest, as krew.googlecontainertools.github.com/v1alpha2 has it."""
    platform = {
        "selector": {
            "matchExpressions": [{"key": "os", "operator": "In", "values": ["darwin", "linux"]}]
        },
        "uri": f"{base_url.rstrip('/')}/{ARCHIVE}",
        "sha256": hashlib.sha256(archive).hexdigest(),
        "files": [{"from": name, "to": "."} for name in _FILES],
        "bin": "kubectl-endpoints",
    }
    return {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": "endpoints"},
        "spec": {
            "version": f"v{__version__}",
            "shortDescription": "Why Services have no ready endpoints",
            "description": (
                "Says for every Service whether it has endpoints that can take traffic, and if "
                "not why, since when and what to do."
            ),
            "caveats": "Needs kube-endpoints-exporter on the PATH, or uv or pipx to fetch it.",
            "platforms": [platform],
        },
    }


def main() -> int:
    """Write both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("base_url", help="where the archive of this version will lie")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="the folder [dist]")
    args = parser.parse_args()
    archive = pack()
    args.to.mkdir(parents=True, exist_ok=True)
    (args.to / ARCHIVE).write_bytes(archive)
    manifest = yaml.safe_dump(describe(archive, args.base_url), sort_keys=False)
    (args.to / MANIFEST).write_text(manifest, encoding="utf-8")
    print(f"wrote {args.to / ARCHIVE} and {args.to / MANIFEST}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
