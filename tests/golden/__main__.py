"""`python -m tests.golden` writes the kept texts anew, and drops those that have no scenario."""

from __future__ import annotations

from tests.golden.moments import FOLDER, SCENARIOS, render

for name in SCENARIOS:
    (FOLDER / f"{name}.prom").write_text(render(name), encoding="utf-8")
for path in FOLDER.glob("*.prom"):
    if path.stem not in SCENARIOS:
        path.unlink()
