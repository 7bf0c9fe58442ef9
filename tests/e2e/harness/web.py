"""One HTTP request at a time to servers on loopback, without the caller's proxy settings."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any


class StatusError(OSError):
    """The server answered with a status of 400 and up; `status` is the number, `body` the text."""

    def __init__(self, url: str, status: int, body: str) -> None:
        super().__init__(f"{url} answered {status}: {body.strip()[:500]}")
        self.status = status
        self.body = body


def send_request(
    url: str,
    *,
    method: str = "GET",
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    deadline: float = 30.0,
) -> bytes:
    """Send a request, `body` as JSON; return the answer's body.

    Raises StatusError for a status of 400 and up, another OSError when nobody answers in time.
    """
    request = urllib.request.Request(  # noqa: S310 - the harness' own http(s) servers
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(request, timeout=deadline) as answer:
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", errors="replace")
        raise StatusError(url, error.code, text) from None
