"""What is done beside serving."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from exporter.cli import serving
from exporter.web.late import Late


@pytest.mark.parametrize("looks, seen_looks", [((False, False, True), 3), ((False,) * 99, 10)])
async def test_pages_are_imported_when_the_first_reports_are_out(
    looks: tuple[bool, ...], seen_looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before, for the first scrape needs the CPU; but what never comes is not waited for."""
    seen: list[str] = []
    ready = iter(looks)

    def look() -> Any:
        seen.append("look")
        return SimpleNamespace(ready=next(ready))

    monkeypatch.setattr(serving, "_LOOK", 0.0)
    monkeypatch.setattr(serving, "load_pages", lambda: seen.append("pages"))
    engine = SimpleNamespace(snapshot=look)
    succession: Any = SimpleNamespace(current=SimpleNamespace(engine=engine))
    await serving._load_pages(succession)
    assert seen == [*["look"] * seen_looks, "pages"]


def test_what_is_late_is_what_it_stands_for() -> None:
    """It calls the function with all that it is given."""
    late = Late("messages", "say")
    assert late(200, "one line", ("A", "b")).headers[-1] == ("A", "b")
