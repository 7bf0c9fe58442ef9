"""The repository as the contract tests look at it: tracked files, fenced blocks of documents."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def parse(path: str) -> ast.Module:
    """The syntax tree of a Python file of the repository."""
    return ast.parse(read(path))


def list_tracked() -> list[str]:
    """Every file under version control that is there, as paths from the root.

    Without git, or in an archive of the sources: every file that is not said to be ignored.
    """
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return walk_sources()
    found = [name for name in names.stdout.decode().split("\0") if name]
    return [name for name in found if (ROOT / name).is_file()]


def walk_sources() -> list[str]:
    """The same by .gitignore alone, whose patterns are names and paths without negation."""
    lines = (line.strip().strip("/") for line in read(".gitignore").splitlines())
    ignored = [line for line in lines if line and not line.startswith("#")] + [".git"]

    def is_ignored(path: Path) -> bool:
        shown = path.relative_to(ROOT).as_posix()
        return any(fnmatch(path.name, one) or fnmatch(shown, one) for one in ignored)

    found: list[str] = []
    for place, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not is_ignored(Path(place, name))]
        paths = [Path(place, name) for name in files if not is_ignored(Path(place, name))]
        found += [path.relative_to(ROOT).as_posix() for path in paths]
    return sorted(found)


#: Documents that `make generate` writes; people write the others.
GENERATED = ("docs/cli.md", "docs/configuration.md", "docs/metrics.md")
WRITTEN = tuple(name for name in list_tracked() if name.endswith(".md") and name not in GENERATED)


def find_blocks(path: str, *languages: str) -> Iterator[str]:
    """The fenced blocks of a document in these languages."""
    for block in _FENCE.finditer(read(path)):
        if block["language"] in languages:
            yield block["text"]


def find_commands(path: str) -> Iterator[str]:
    """The lines of a document's shell blocks that call the program, without comments."""
    for block in find_blocks(path, "sh"):
        for line in block.replace("\\\n", " ").splitlines():  # a command may go on
            if line.startswith("kube-endpoints-exporter "):
                yield line.partition(" #")[0].strip()
