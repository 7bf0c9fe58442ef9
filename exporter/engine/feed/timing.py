"""How long requests take, by how they end."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from exporter.api.errors import AnswerError, ApiError
from exporter.engine.feed.status import Telemetry
from exporter.objects.meta import DecodeError


class Timed:
    """Measures one request, to its end or until `end()`: a watch is answered when granted.

    A request that is cancelled has not ended and is not counted.
    """

    def __init__(self, telemetry: Telemetry, resource: str, verb: str) -> None:
        self._telemetry = telemetry
        self._resource = resource
        self._verb = verb
        self._begun = 0.0
        self._ended = False

    def end(self, code: str = "200") -> None:
        """Counts it, once."""
        if not self._ended:
            self._ended = True
            seconds = time.monotonic() - self._begun
            self._telemetry.request_ended(self._resource, self._verb, code, seconds)

    async def __aenter__(self) -> Self:
        self._begun = time.monotonic()
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        elif isinstance(error, AnswerError):
            self.end(str(error.code))
        elif isinstance(error, ApiError | DecodeError | TimeoutError):
            self.end("error")
