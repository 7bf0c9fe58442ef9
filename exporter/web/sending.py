"""Documents as responses: with entity tags and compression, errors as RFC 9457 has them.

Pure: how a response travels is the server's affair.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator

import msgspec

from exporter.exposition import accepts_gzip
from exporter.web.messages import COMMON_HEADERS, Request, Response
from exporter.web.writing import write_json

JSON = "application/json"
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"

#: The page's own files and the API, and nothing else; no style or script in a document.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types exporter"
)
_NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'"

#: Control characters in UTF-8 (C0, DEL and C1) that no document has: names come from whoever may
#: write objects.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
_SHOWN = "�".encode()

#: Below this a compressed body is not worth its header.
_SMALL = 512


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with a request (RFC 9457). `parameter` is the one that can't be meant."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    parameter: str = ""


def answer_problem(
    status: int, title: str, detail: str, *headers: tuple[str, str], parameter: str = ""
) -> Response:
    """An error of the API."""
    body = write_json(Problem(title, status, detail, parameter=parameter))
    return Response(status, (*_headers(PROBLEM), *headers), body, len(body))


def send_now(status: int, media_type: str, body: bytes, *headers: tuple[str, str]) -> Response:
    """A document that is true at this moment alone: nobody keeps it, and it has no tag."""
    kept = (name for name in _headers(media_type) if name[0] != "Cache-Control")
    return Response(status, (*kept, ("Cache-Control", "no-store"), *headers), body, len(body))


def send_whole(request: Request, media_type: str, body: bytes, tag: str = "") -> Response:
    """A document that is there: 304 when the client has it. Without a tag its own hash is one."""
    if media_type == HTML:
        body = _CONTROL.sub(_SHOWN, body)
    etag = f'W/"{tag or hashlib.sha256(body).hexdigest()[:24]}"'
    headers = (*_headers(media_type), ("ETag", etag))
    if matches(request, etag):
        return Response(304, headers)
    if len(body) >= _SMALL and _packs(request):
        packed = zlib.compressobj(1, wbits=31)
        body = packed.compress(body) + packed.flush()
        headers = (*headers, ("Content-Encoding", "gzip"))
    return Response(200, headers, body, len(body))


def send_steps(
    request: Request, media_type: str, steps: Iterable[bytes], tag: str = ""
) -> Response:
    """A document that is made in steps; without a tag nobody knows beforehand what it will be."""
    headers = _headers(media_type)
    if media_type == HTML:
        steps = (_CONTROL.sub(_SHOWN, step) for step in steps)
    if tag:
        headers = (*headers, ("ETag", f'W/"{tag}"'))
        if matches(request, f'W/"{tag}"'):
            return Response(304, headers)
    if _packs(request):
        return Response(200, (*headers, ("Content-Encoding", "gzip")), _pack(steps))
    return Response(200, headers, iter(steps))


def matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the tag, by weak comparison (RFC 9110, 13.1.2)."""
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return wanted in (part.strip().removeprefix("W/") for part in asked.split(","))


def _packs(request: Request) -> bool:
    return accepts_gzip(request.headers.get("accept-encoding", ""))


def _pack(steps: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    for step in steps:
        yield packer.compress(step) if step else b""
    yield packer.flush()


def _headers(media_type: str) -> tuple[tuple[str, str], ...]:
    kept = (name for name in COMMON_HEADERS if name[0] != "Cache-Control")
    return (
        ("Content-Type", media_type),
        ("Content-Security-Policy", POLICY if media_type == HTML else _NOTHING_ALLOWED),
        # Kept, but asked for again each time: what it says may have changed.
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding"),
        *kept,
    )
