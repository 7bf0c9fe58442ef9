"""The program as a user runs it: started with arguments, read line by line, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

#: Seconds that anything may take before the test says that it hangs.
DEADLINE = 30.0


def environment(**more: str) -> dict[str, str]:
    """The environment without settings, without a cluster and without proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ENDPOINTS_EXPORTER_", "KUBE"))
        and not name.lower().endswith("_proxy")
    }
    return {**kept, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **more}


async def start(*words: str) -> asyncio.subprocess.Process:
    """The program, started with these arguments."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exporter",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
        env=environment(),
    )


@contextlib.asynccontextmanager
async def started(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program as long as the context is open; killed if it has not ended by then."""
    process = await start(*words)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finish(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    """Exit status, and what is left of stdout and stderr; TimeoutError when it does not end."""
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def run(*words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the program."""
    async with started(*words) as process:
        return await finish(process)


async def read_until(stream: asyncio.StreamReader | None, text: str) -> str:
    """The first line of a stream that has the text in it."""
    assert stream is not None
    seen: list[str] = []
    async with asyncio.timeout(DEADLINE):
        while True:
            line = (await stream.readline()).decode()
            assert line, f"it ended before it said {text!r}: {seen}"
            seen.append(line)
            if text in line:
                return line
