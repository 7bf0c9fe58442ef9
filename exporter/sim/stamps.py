"""Times, uids, name suffixes and addresses: made up, but the same every time.

Nothing here is random and nothing reads a clock.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

_UIDS = uuid.UUID("0d5b9d34-5c6b-5f0a-9d1e-3a5b2c0f4e77")
#: The letters that Kubernetes uses for generated names (apimachinery pkg/util/rand).
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def stamp(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC, whole seconds, as metav1.Time prints it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def uid_of(*parts: object) -> str:
    """Return the uid of what the parts name."""
    return str(uuid.uuid5(_UIDS, "/".join(map(str, parts))))


def digest_of(*parts: object) -> int:
    """Return a large number that depends on the parts alone."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def suffix_of(length: int, *parts: object) -> str:
    """Return a generated name's suffix: letters that spell no words."""
    number = digest_of(*parts)
    out = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        out.append(_LETTERS[rest])
    return "".join(out)


def hex_of(*parts: object) -> str:
    """Return 64 hexadecimal digits, as container ids have."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def pod_ip(family: str, number: int) -> str:
    """Return the address of the n-th Pod of a cluster (up to 16 million)."""
    if family == "IPv6":
        return f"fd00:10:244::{number:x}"
    return f"10.{(number >> 16) % 64 + 128}.{(number >> 8) % 256}.{number % 256}"


def cluster_ip(family: str, *parts: object) -> str:
    """Return the cluster IP of a Service."""
    number = digest_of("cluster-ip", *parts)
    if family == "IPv6":
        return f"fd00:10:96::{number % 0xFFFE + 1:x}"
    return f"10.96.{(number >> 8) % 254 + 1}.{number % 254 + 1}"
