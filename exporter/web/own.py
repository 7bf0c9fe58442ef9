"""What is served apart: the exporter's own metrics alone, for whoever watches the watcher."""

from __future__ import annotations

from exporter.exposition import Format, content_type, negotiate
from exporter.web.messages import COMMON_HEADERS, Request, Response, Site


def answer_own(request: Request, site: Site) -> Response:
    """The own families in the format that is asked for; filters are not taken here."""
    form = negotiate(request.headers.get("accept", ""))
    body = site.own_metrics(form is Format.OPENMETRICS_1_0_0, None)
    if form is Format.OPENMETRICS_1_0_0 and not body.endswith(b"# EOF\n"):
        body += b"# EOF\n"
    headers = (("Content-Type", content_type(form)), ("Vary", "Accept"), *COMMON_HEADERS)
    return Response(200, headers, body, len(body))
