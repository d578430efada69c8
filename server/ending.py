"""Ending tasks for certain, and within a bounded time."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

log = structlog.get_logger("ending")
AGAIN = 0.2
"""Seconds until a task that goes on is asked once more."""
MOST = 5.0
"""Seconds for all of them; who is still there is left."""


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and return when they have ended, whatever with; after ``MOST`` seconds in any case.

    To ask once is not enough. Where a cancellation meets a result that has just come, ``asyncio.wait_for`` of
    Python 3.11 gives the result and forgets the cancellation, and the Redis client sends each command through it: a
    loop around such a command goes on for ever. Being cancelled itself ends nobody later, it is raised afterwards.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + MOST
    cancelled: asyncio.CancelledError | None = None
    while running := [task for task in tasks if not task.done()]:
        if loop.time() >= until:
            log.error("does not end", tasks=sorted(task.get_name() for task in running))
            break
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running, timeout=AGAIN)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
