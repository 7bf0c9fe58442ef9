"""The front door on a bare machine: `make demo` and `make test` with Python, make and a shell.

What git knows of is copied into a folder of its own. There PATH leads to one Python, make, sh and
six basics and to nothing else, HOME is empty, and of the environment only stays how packages are
reached. `make demo` has to say that it is up, and at that moment /metrics has to have Services;
`make test` has to set itself up and run. Prints a line a step; ends with 1 at the first that fails.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: All there is beside Python: what POSIX has, and what every system with make has.
BASICS = ("make", "sh", "echo", "touch", "rm", "mkdir", "cat", "env")
#: How packages are reached is the machine's own affair.
KEPT = re.compile(r"PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?i:(?:https?|no)_proxy)")

#: Seconds for all of it; most of them go into installing from a package index.
PATIENCE = 900.0


class BareError(Exception):
    """A step failed; the message says how."""


def main() -> int:
    """Run all steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--python", default=sys.executable, help="the interpreter to be found there"
    )
    python = parser.parse_args().python
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        place = Path(folder, "clone")
        _copy(place)
        env = _empty(Path(folder), python)
        try:
            there = sorted(path.name for path in Path(env["PATH"]).iterdir())
            print(f"bare: PATH has {', '.join(there)}", flush=True)
            print(f"bare: make demo: {_demo(place, env)}", flush=True)
            print(f"bare: make test: {_test(place, env)}", flush=True)
        except BareError as error:
            print(f"bare: {error}", file=sys.stderr)
            return 1
    return 0


def _copy(place: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name, follow_symlinks=False)


def _empty(folder: Path, python: str) -> dict[str, str]:
    """An environment in which nothing is found but what has to be."""
    found = folder / "bin"
    home = folder / "home"
    found.mkdir()
    home.mkdir()
    for name in BASICS:
        path = shutil.which(name)
        if path is None:
            raise SystemExit(f"bare: {name} is needed and not there")
        (found / name).symlink_to(path)
    # A virtual environment's Python would bring the environment along.
    code = (
        "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', sys.executable)))"
    )
    real = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    (found / "python3").symlink_to(real.stdout.strip())
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {**kept, "PATH": str(found), "HOME": str(home), "CI": "true", "NO_COLOR": "1"}


def _demo(place: Path, env: Mapping[str, str]) -> str:
    process = subprocess.Popen(
        ["make", "demo"],
        cwd=place,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that it and all that it started can be ended
    )
    said: list[str] = []
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            said.append(line)
            found = re.search(r"(http://\S+/metrics)\s", line)
            if found is not None:
                return _count_services(found[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    raise BareError(f"make demo ended before it was up:\n{''.join(said)}")


def _count_services(url: str) -> str:
    """What is there at the moment at which the demo says that it is up."""
    with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - our own http URL
        lines = response.read().decode().splitlines()
    services = sum(line.startswith("k8s_service_info{") for line in lines)
    if not services:
        raise BareError(f"make demo says that it is up, and {url} has no Services")
    return f"up, and /metrics has {services} Services"


def _test(place: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["make", "test", "ARGS=-q -p no:cacheprovider -k test_version_is_the_packages"],
        cwd=place,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1:]
    if done.returncode or not last or " passed" not in last[0]:
        raise BareError(f"make test fails:\n{done.stdout}")
    return last[0]


def _give_up(_signal: int, _frame: object) -> None:
    raise BareError(f"not done after {PATIENCE:.0f} seconds")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(int(PATIENCE))
    sys.exit(main())
