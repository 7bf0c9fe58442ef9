"""The files of the page, out of the package; read when somebody asks for them first."""

from __future__ import annotations

import hashlib
from functools import cache

from exporter.web import Asset

_MEDIA_TYPES = {
    **dict.fromkeys(
        ("app.js", "items.js", "list.js", "rows.js", "service.js"),
        "text/javascript; charset=utf-8",
    ),
    "style.css": "text/css; charset=utf-8",
}


@cache
def read_asset(name: str) -> Asset | None:
    """The file of this name; None for everything that is no file of the page."""
    media_type = _MEDIA_TYPES.get(name)
    if media_type is None:
        return None
    from importlib.resources import files  # it takes long, and no scrape needs it

    content = (files("exporter") / "ui" / name).read_bytes()
    return Asset(media_type, content, hashlib.sha256(content).hexdigest()[:24])
