"""The boards as code, and the JSON that is made of them. Asks no server anything."""

from __future__ import annotations

import warnings
from pathlib import Path

# The SDK would have everybody use the newer schema, which file provisioning can't read yet.
warnings.filterwarnings("ignore", message="Prefer using dashboardv2", category=DeprecationWarning)

from grafana.boards import exporter, namespace, overview, resilience, service, slo  # noqa: E402 - after the line above
from grafana.boards.board import Board  # noqa: E402
from grafana.boards.normalise import render  # noqa: E402

__all__ = ["BOARDS", "FOLDER", "find_differences", "render_boards", "write_boards"]

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    namespace.BOARD,
    service.BOARD,
    resilience.BOARD,
    slo.BOARD,
    exporter.BOARD,
)


def render_boards() -> dict[str, str]:
    """The text of every file in grafana/dashboards, by file name."""
    return {f"{board.uid}.json": render(board) for board in BOARDS}


def write_boards(folder: Path = FOLDER) -> None:
    """Write the files; one that belongs to no board is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = render_boards()
    for path in folder.glob("*.json"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def find_differences(folder: Path = FOLDER) -> list[str]:
    """The names of files that are missing, superfluous or not what the code makes."""
    texts = render_boards()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    names = sorted(texts.keys() | found.keys())
    return [name for name in names if texts.get(name) != found.get(name)]
