"""The page's own scripts and style."""

from __future__ import annotations

from exporter.web.messages import Asset, Request, Response
from exporter.web.sending import send_whole


def answer_asset(request: Request, asset: Asset) -> Response:
    """A file of the page."""
    return send_whole(request, asset.media_type, asset.content, asset.tag)
