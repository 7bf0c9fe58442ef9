"""How many pages of lists are fetched at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

#: Lists under way together: those of a small cluster are there in two round trips instead of ten.
TOGETHER = 8


class Lists:
    """Lets lists of several feeds be under way together, each with one page, until one is refused.

    An API server counts a list by its size and may answer several at once with 429: from then on
    they take turns, for what is refused costs the server and us another try.
    """

    def __init__(self, together: int = TOGETHER) -> None:
        self._many = asyncio.Semaphore(together)
        self._one = asyncio.Lock()
        self._alone = False

    def refused(self) -> None:
        """The server has said 429 to a list."""
        self._alone = True

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Held while a page is fetched."""
        async with self._many, self._one if self._alone else nullcontext():
            yield
