"""A base image out of packages: Debian without its documents, and a CPython under /usr/local.

No registry of images is asked, so that the Dockerfile can be built wherever packages are to be had.
It has what the Dockerfile asks of python:3.13-slim-bookworm (`python` with pip, a shell, zones and
certificates) in the same places; what the two weigh differs, so sizes are told apart.
Needs root, mmdebstrap and binutils.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

#: What python:3.13-slim-bookworm has besides the smallest Debian and the libraries of CPython.
PACKAGES = ("ca-certificates", "netbase", "tzdata", "usr-is-merged")
#: What Debian's slim images leave out, and so does this one.
_NOT_UNPACKED = ("doc", "info", "lintian", "locale", "man")
#: Perl comes with what merged /bin into /usr when the system was laid, and nothing needs it then.
_DROP_PERL = (
    'chroot "$1" apt-get -y -qq --auto-remove purge '
    "usrmerge perl 'perl-modules-*' 'libperl5*' 'lib*-perl'"
)
_NEWEST = "3.13"
#: Not in the official image either, or of no use without a screen.
_LEFT_OUT = {"__pycache__", "test", "tests", "idle_test", "idlelib", "turtledemo", "tkinter"}


def make_base(cache: Path) -> Path:
    """A tar archive of the base's root, out of `cache` where the same was made before."""
    python, prefix = _find_python()
    version = _run([python, "-VV"])
    parts = [Path(__file__).read_text(encoding="utf-8"), str(prefix), version]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    archive = cache / f"image-base-{key}.tar"
    if not archive.exists():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder) / "base.tar"
            tree = Path(folder) / "python"
            _copy_python(prefix, tree)
            _run(
                [
                    "mmdebstrap",
                    "--quiet",
                    "--variant=minbase",
                    "--format=tar",
                    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _NOT_UNPACKED),
                    f"--include={','.join((*PACKAGES, *_find_libraries(tree)))}",
                    f"--customize-hook=copy-in {tree}/usr /",
                    '--customize-hook=chroot "$1" ldconfig',
                    f"--customize-hook={_DROP_PERL}",
                    _read_release()["VERSION_CODENAME"],
                    str(made),
                    *_list_sources(),
                ]
            )
            made.replace(archive)
    return archive


def _find_python() -> tuple[str, Path]:
    """The newest promised CPython that is here, else the one that runs the tests, and its place."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [
        shutil.which(f"python{_NEWEST}"),
        *(str(found) for found in versions.glob(f"{_NEWEST}.*/bin/python")),
        sys.executable,
    ]
    ask = "import sys; print(sys.base_prefix, '%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        prefix, _, version = done.stdout.strip().rpartition(" ")
        # One that belongs to the system has its parts among all else under /usr.
        if done.returncode == 0 and prefix != "/usr" and version in {_NEWEST, _running()}:
            return candidate, Path(prefix)
    message = "the image needs a CPython with a folder of its own; the system's can't be copied"
    raise AssertionError(message)


def _running() -> str:
    return "{}.{}".format(*sys.version_info)


def _copy_python(prefix: Path, tree: Path) -> None:
    """CPython as in the official image: no tests, no bytecode, no symbols, pip and no more."""

    def leave_out(folder: str, names: list[str]) -> set[str]:
        place = Path(folder)
        left = {name for name in names if name in _LEFT_OUT or name.startswith("_tkinter")}
        if place.name == "site-packages":
            left |= {name for name in names if not re.match(r"pip(-|$)", name)}
        if place.name.startswith("config-"):
            left |= {name for name in names if name.endswith((".a", ".o"))}
        return left

    target = tree / "usr/local"
    for part in ("bin", "lib"):
        shutil.copytree(prefix / part, target / part, symlinks=True, ignore=leave_out)
    programs = [*target.rglob("*.so*"), *(target / "bin").glob("python3.*[0-9]")]
    _run(["strip", *(str(one) for one in programs if one.is_file() and not one.is_symlink())])
    python = target / "bin/python"
    if not python.exists():
        python.symlink_to("python3")


def _find_libraries(tree: Path) -> Iterator[str]:
    """The packages with the libraries that CPython is linked with."""
    linked: set[str] = set()
    for one in (tree / "usr/local").rglob("*.so"):
        done = subprocess.run(["ldd", str(one)], capture_output=True, text=True, check=False)
        linked |= set(re.findall(r"=> (/(?:usr/)?lib/\S+)", done.stdout))
    packages = {_run(["dpkg", "-S", f"*/{Path(one).name}"]).split(":")[0] for one in linked}
    yield from sorted(packages)


def _list_sources() -> Iterator[str]:
    """Where this machine has its packages from: the files that apt reads, as they stand."""
    folder = Path("/etc/apt")
    for file in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))):
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        release = _read_release()
        # Sources of others have other suites, and what they hold is not needed.
        if file.suffix in {".list", ".sources"} and release["VERSION_CODENAME"] in text:
            yield str(file)


def _read_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {key: value.strip('"') for key, _, value in pairs}


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except FileNotFoundError:
        message = f"{command[0]} is needed to make a base image, and not there"
        raise AssertionError(message) from None
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:]}"
    return done.stdout


def measure(root: Path) -> dict[str, int]:
    """The bytes of each file under `root`, by its path in it; a hard link is counted once."""
    seen: set[int] = set()
    sizes: dict[str, int] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - twenty thousand of them
            if status.st_ino not in seen:
                seen.add(status.st_ino)
                sizes[os.path.relpath(os.path.join(folder, name), root)] = status.st_size  # noqa: PTH118
    return sizes


def measure_archive(archive: Path) -> int:
    """The bytes of all files of a tar archive."""
    with tarfile.open(archive) as opened:
        return sum(member.size for member in opened if member.isfile())
