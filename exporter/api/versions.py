"""Which version an API server says that it has, and what follows from it."""

from __future__ import annotations

import msgspec

from exporter.api.client import Client
from exporter.api.errors import ApiError

#: WatchList is on by default again since then (k8s.io/apiserver pkg/features/kube_features.go).
STREAMS_SINCE = (1, 34)


class _Version(msgspec.Struct):
    major: str = ""
    minor: str = ""


async def ask_version(client: Client) -> tuple[int, int] | None:
    """(major, minor) of the API server; None where it does not tell.

    Hosted clusters write the minor as in "34+".
    """
    try:
        told = msgspec.json.decode(await client.send("GET", "/version"), type=_Version)
        return int(told.major.rstrip("+")), int(told.minor.rstrip("+"))
    except (ApiError, msgspec.MsgspecError, ValueError):
        return None


async def can_stream(client: Client) -> bool:
    """Whether the server is known to begin watches with all objects (WatchList)."""
    version = await ask_version(client)
    return version is not None and version >= STREAMS_SINCE
