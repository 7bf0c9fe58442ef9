from __future__ import annotations

import pytest

from exporter.api import ApiError, Client
from exporter.api.versions import ask_version, can_stream


class Answering(Client):
    """A client whose server answers `/version` with this, or refuses."""

    def __init__(self, answer: bytes | ApiError) -> None:
        self._answer = answer

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        form: str = "",  # noqa: ARG002
    ) -> bytes:
        """The answer, whatever is asked."""
        assert (method, path, body) == ("GET", "/version", None)
        if isinstance(self._answer, ApiError):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer,version,streams",
    [
        (b'{"major": "1", "minor": "34"}', (1, 34), True),
        (b'{"major": "1", "minor": "37+", "gitVersion": "v1.37.2-gke.1"}', (1, 37), True),
        (b'{"major": "1", "minor": "33"}', (1, 33), False),
        (b'{"major": "1", "minor": "9"}', (1, 9), False),
        (b'{"major": "2", "minor": "0"}', (2, 0), True),
        (b'{"major": "1", "minor": ""}', None, False),
        (b'{"major": 1, "minor": 34}', None, False),
        (b"<html>", None, False),
        (ApiError("refused"), None, False),
    ],
)
async def test_servers_from_1_34_on_stream(
    answer: bytes | ApiError, version: tuple[int, int] | None, streams: bool
) -> None:
    """Hosted minors lose their plus; what tells no version is taken not to stream."""
    assert await ask_version(Answering(answer)) == version
    assert await can_stream(Answering(answer)) is streams
