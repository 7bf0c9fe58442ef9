"""How endpoints and Pods disagree."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class LagKind(StrEnum):
    """How an endpoint and its Pod disagree."""

    POD_GONE = "PodGone"
    OTHER_ADDRESS = "OtherAddress"
    READINESS_DIFFERS = "ReadinessDiffers"
    MISSING = "MissingFromSlices"


#: An endpoint that leads nowhere, or to somebody else.
STALE = frozenset({LagKind.POD_GONE, LagKind.OTHER_ADDRESS})


class Lag(msgspec.Struct, frozen=True, gc=False):
    """One disagreement. `since` is seconds since the epoch, None where no timestamp tells.

    `address` is the slice's ("" for a Pod that is in none); `ready` is what the slice says,
    `pod_ready` what the Pod says.
    """

    kind: LagKind
    pod: str
    address: str
    ready: bool
    pod_ready: bool
    since: float | None

    @property
    def key(self) -> tuple[str, ...]:
        """The same while the disagreement lasts: a wrong address is one however the Pod flaps."""
        if self.kind is LagKind.READINESS_DIFFERS:
            return (self.kind, self.pod, self.address, str(self.pod_ready))
        return (self.kind, self.pod, self.address)
