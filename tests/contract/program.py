"""The program as a reader of the README starts it, with a simulated cluster as theirs."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence

from tests.contract.project import ROOT
from tests.integration.commandline import DEADLINE, environment

_AGE = re.compile(r"\b(?:\d+y)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?<=\d[ydhms])\b")


@contextlib.asynccontextmanager
async def started(
    words: Sequence[str], env: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program in the repository's root; killed if it has not ended by the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exporter",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment(**env),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr."""
    async with started(words, env) as process:
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def run_until(words: Sequence[str], env: Mapping[str, str], sign: str) -> tuple[int, str]:
    """Start it, wait until it says the sign, ask it to stop: exit status and what it said."""
    async with started(words, env) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said: list[str] = []
        seen = asyncio.Event()

        async def listen(stream: asyncio.StreamReader) -> None:
            async for line in stream:
                said.append(line.decode())
                if sign in said[-1]:
                    seen.set()

        listeners = [asyncio.create_task(listen(one)) for one in (process.stdout, process.stderr)]
        ended = asyncio.create_task(process.wait())
        waiting = asyncio.create_task(seen.wait())
        await asyncio.wait({waiting, ended}, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert seen.is_set(), f"it never said {sign!r}: {said}"
        process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(ended, DEADLINE)
        await asyncio.gather(*listeners)
        return status, "".join(said)


def without_ages(text: str) -> list[str]:
    """The lines of a text, with ages masked and white space evened out."""
    return [" ".join(_AGE.sub("AGE", line).split()) for line in text.strip().splitlines()]
