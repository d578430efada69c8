"""Waiting for what must come to pass, and no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 5.0) -> None:
    """Return when ``holds()`` is true. Fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        await asyncio.sleep(0.01)
