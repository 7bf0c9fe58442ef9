"""The way to the API server: credentials, TLS, transport; raw bytes come back.

Nobody else imports the Kubernetes client, and nobody else sees its errors or aiohttp's: each
becomes one of ours, with a message of one line. Nothing here decodes an object that is watched, or
decides when to ask again.
"""

import exporter.api.authorities  # noqa: F401 - before anybody imports aiohttp
from exporter.api.client import Client, connect, connect_openly
from exporter.api.credentials import Credentials, load_credentials
from exporter.api.errors import (
    AbsentError,
    AnswerError,
    ApiError,
    BrokenError,
    CredentialsError,
    ForbiddenError,
    IdleError,
    OverdueError,
    RefusedError,
    UnauthorizedError,
    UnreadableError,
    UntrustedError,
)
from exporter.api.reviews import AccessReviews
from exporter.api.versions import can_stream

__all__ = [
    "AbsentError",
    "AccessReviews",
    "AnswerError",
    "ApiError",
    "BrokenError",
    "Client",
    "Credentials",
    "CredentialsError",
    "ForbiddenError",
    "IdleError",
    "OverdueError",
    "RefusedError",
    "UnauthorizedError",
    "UnreadableError",
    "UntrustedError",
    "can_stream",
    "connect",
    "connect_openly",
    "load_credentials",
]
