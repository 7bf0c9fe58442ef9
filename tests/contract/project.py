"""The repository as the contract tests look at it: tracked files, fenced blocks of documents."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
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
    """Every file under version control that is there, as paths from the root."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
    )
    found = [name for name in names.stdout.decode().split("\0") if name]
    return [name for name in found if (ROOT / name).is_file()]


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
