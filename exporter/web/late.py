"""Answers whose modules are imported when somebody asks for them first.

The page and its API are a third of what there is to import, and no scrape and no probe needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from exporter.web.messages import Response


class Late:
    """The function `name` of the module `module`, a name below exporter.web."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *given: Any) -> Response:  # noqa: ANN401 - it takes what the function takes
        """Import it if need be, and call it."""
        return cast("Response", self.load()(*given))

    def load(self) -> Any:  # noqa: ANN401 - as above
        """Import it, and give the function."""
        return getattr(import_module(f"exporter.web.{self._module}"), self._name)
