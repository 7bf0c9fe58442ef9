from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from exporter import __version__

ROOT = Path(__file__).parents[3]
NAME = f"kube_endpoints_exporter-{__version__}"
MAN = f"{NAME}.data/data/share/man/man1/kube-endpoints-exporter.1"


def build(source: Path, to: Path, *targets: str) -> None:
    """Build what was asked for out of a source tree, without fetching anything."""
    words = [word for target in targets for word in ("-t", target)]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *words, "-d", str(to)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "wheel", "sdist")
    return folder


def wheel_of(folder: Path) -> Path:
    """The wheel in a folder."""
    return folder / f"{NAME}-py3-none-any.whl"


def test_the_wheel_holds_program_page_and_man_page(built: Path) -> None:
    """What is not code is in it too: the page's files, the marker for types, the man page."""
    names = zipfile.ZipFile(wheel_of(built)).namelist()
    assert {"exporter/__main__.py", "exporter/py.typed", MAN} <= set(names)
    assert any(name.startswith("exporter/ui/") for name in names)
    assert not [name for name in names if name.startswith("tests/")]


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    """Who packages it from its sources gets what we ship."""
    with tarfile.open(built / f"{NAME}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    build(tmp_path / NAME, tmp_path / "again", "wheel")
    one, other = (
        sorted(zipfile.ZipFile(wheel_of(folder)).namelist())
        for folder in (built, tmp_path / "again")
    )
    assert one == other


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with the wheel, and the dependencies that are here."""
    place = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=120)
    python = place / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", str(wheel_of(built))],
        check=True,
        timeout=120,
        capture_output=True,
    )
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    # What is installed comes first: this program is the wheel's, not the one under test.
    Path(found.stdout.strip(), "zz.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


@pytest.mark.parametrize(
    "words",
    [
        ["kube-endpoints-exporter"],
        ["kubectl-endpoints"],
        ["python", "-m", "exporter"],
    ],
)
def test_an_installed_wheel_works_by_each_of_its_names(
    installed: Path, tmp_path: Path, words: list[str]
) -> None:
    """The command, the plugin's name and the module answer from a file, away from the sources."""
    program = [str(installed / words[0]), *words[1:]]
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    shop = ROOT / "docs" / "examples" / "shop.yaml"
    done = subprocess.run(
        [*program, "check", "--from-file", str(shop)],
        cwd=tmp_path,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("3 of 5 Services are not as they should be\n")
    where = subprocess.run(
        [str(installed / "python"), "-c", "import exporter; print(exporter.__file__)"],
        cwd=tmp_path,
        env=env,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert where.stdout.startswith(str(installed.parent))
