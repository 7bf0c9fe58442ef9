"""Foreign failures into ours, in one place: error answers, aiohttp's and TLS' exceptions."""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
import msgspec

from exporter.api.connecting import proxy_errors
from exporter.api.errors import (
    AbsentError,
    AnswerError,
    ApiError,
    BrokenError,
    CredentialsError,
    ForbiddenError,
    IdleError,
    RefusedError,
    UnauthorizedError,
    UnreadableError,
    UntrustedError,
    one_line,
)
from exporter.objects.codec import decode_status

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)

_BY_CODE: dict[int, type[AnswerError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: AbsentError,
}


def answer_error(
    code: int, body: bytes, retry_after: str | None, hide: Callable[[str], str] = str
) -> AnswerError:
    """The error for an answer with an error status, from as much of its body as was read.

    Bodies are the API's Status, plain text (overload protection, proxies), somebody else's JSON or
    HTML: whatever there is becomes one line of bounded length. `hide` takes out what must not be
    shown.
    """
    status = decode_status(body)
    told = (status.message or status.reason or "") if status else ""
    if not told:
        told = _told(body)
    message = f"the API server answers {code} {_phrase(code)}"
    told = one_line(hide(told))
    details = status.details if status else None
    seconds = _seconds(retry_after)
    if seconds is None and details and details.retry_after_seconds is not None:
        seconds = float(details.retry_after_seconds)
    kind = _BY_CODE.get(code, AnswerError)
    return kind(f"{message}: {told}" if told else message, code, status, seconds)


class _Foreign(msgspec.Struct):
    """What gateways call their message in JSON."""

    message: str | None = None
    error: str | None = None
    detail: str | None = None


def _told(body: bytes) -> str:
    """What a body that is no Status has to say."""
    begin = body.lstrip()[:1]
    if begin == b"{":
        try:
            found = msgspec.json.decode(body, type=_Foreign)
        except (msgspec.MsgspecError, ValueError):
            return ""
        return found.message or found.error or found.detail or ""
    if begin == b"<":
        title = _TITLE.search(body)
        body = title[1] if title else b""
    return body.decode(errors="replace")


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "(no known status)"


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; Kubernetes sends no dates there, and they would need a clock."""
    if header is None or not header.isascii() or not header.isdecimal():
        return None
    return float(header[:9])


def translate(error: Exception, server: str) -> ApiError:
    """Our error for one that came up while asking `server`. The most telling kind comes first."""
    tls = _tls_error(error)
    if tls is not None:
        return _untrusted(tls, server)
    if isinstance(error, aiohttp.ClientHttpProxyError | aiohttp.ClientConnectorError):
        return _unconnected(error, server)
    if isinstance(error, proxy_errors()):
        return BrokenError(f"the proxy for {server} can't be reached, or does not let us through")
    if isinstance(error, aiohttp.InvalidURL):
        return CredentialsError(f"the server {server!r} is no URL that can be asked")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return BrokenError(f"{server} can't be reached: no connection in time")
    if isinstance(error, TimeoutError):
        return IdleError(f"{server} has gone silent")
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return BrokenError(f"{server} broke the connection off")
    if isinstance(error, aiohttp.ClientResponseError):
        return UnreadableError(f"{server} does not speak HTTP")
    if isinstance(error, OSError):
        return BrokenError(f"the connection to {server} broke: {_system(error)}")
    # What it says may quote a header or a proxy's URL.
    return BrokenError(f"asking {server} failed: {type(error).__name__}")


def _unconnected(
    error: aiohttp.ClientHttpProxyError | aiohttp.ClientConnectorError, server: str
) -> ApiError:
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return BrokenError(f"the proxy for {server} answers {error.status} {_phrase(error.status)}")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return BrokenError(f"the proxy for {server} can't be reached: {_system(error.os_error)}")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return BrokenError(f"the name of {server} can't be resolved")
    if error.os_error.errno == errno.ECONNREFUSED:
        return RefusedError(f"{server} refuses the connection: nobody listens there")
    return BrokenError(f"{server} can't be reached: {_system(error.os_error)}")


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that is or lies behind `error`: aiohttp wraps some and not others."""
    # The wrappers are TLS errors too, but empty ones: what they wrap comes first.
    for name in ("certificate_error", "os_error", "__cause__"):
        inner = getattr(error, name, None)
        if isinstance(inner, ssl.SSLError):
            return inner
    return error if isinstance(error, ssl.SSLError) else None


def _untrusted(error: ssl.SSLError, server: str) -> UntrustedError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UntrustedError(f"the certificate of {server} is not trusted: {error.verify_message}")
    reason = (error.reason or "").replace("_", " ").lower() or one_line(str(error))
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        reason = "it does not speak TLS"
    return UntrustedError(f"TLS with {server} failed: {reason}")


def _system(error: OSError) -> str:
    return one_line(error.strerror or str(error)) or type(error).__name__
