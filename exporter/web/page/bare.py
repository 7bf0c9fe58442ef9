"""What is at / when the page is disabled: the paths that are left."""

from __future__ import annotations

from exporter.web.messages import Request, Response, Site, say


def answer_bare(_request: Request, site: Site) -> Response:
    """A few lines of plain text."""
    prefix = site.place.prefix
    return say(
        200,
        f"kube-endpoints-exporter {site.version}\n"
        f"{prefix}/metrics\n{prefix}/readyz?verbose\n{prefix}/livez",
    )
