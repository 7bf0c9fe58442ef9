"""Work that goes on until somebody stops it: Ctrl-C or SIGTERM, and it ends in good order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping

from exporter.cli.errors import Exit

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_until_stopped(
    work: Coroutine[object, object, None],
    *,
    interrupted: Exit = Exit.FINE,
    terminated: Exit = Exit.FINE,
) -> int:
    """Run it in an event loop; being stopped is no failure. What it raises goes through.

    `interrupted` is the exit status after Ctrl-C, `terminated` after SIGTERM.

    The first signal cancels the work, which then closes what it has opened. A second one has its
    usual effect: whoever asks twice does not want to wait.
    """
    return asyncio.run(_run(work, {signal.SIGINT: interrupted, signal.SIGTERM: terminated}))


async def _run(
    work: Coroutine[object, object, None], statuses: Mapping[signal.Signals, Exit]
) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    status: Exit | None = None

    def stop(by: signal.Signals) -> None:
        nonlocal status
        status = statuses[by]
        for one in _SIGNALS:
            loop.remove_signal_handler(one)
        task.cancel()

    for one in _SIGNALS:
        loop.add_signal_handler(one, stop, one)
    try:
        await task
    except asyncio.CancelledError:
        if status is None:
            raise
    finally:
        for one in _SIGNALS:
            loop.remove_signal_handler(one)
    return Exit.FINE if status is None else status
