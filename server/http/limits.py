"""Rate limits, shared by all processes through Redis; while Redis is down each process counts by itself."""

from __future__ import annotations

import math
import time
from functools import lru_cache

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.errors import RateLimited
from server.http.proxies import is_loopback
from server.redis import DOWN
from server.settings import Settings

log = structlog.get_logger("limits")


class Limiter:
    """Counts what was done under a name within a moving window."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None

    async def open(self) -> None:
        """Make the shared counter; nothing is sent yet."""
        url = self._settings.redis_url
        scheme = "async+redis+unix://" if url.startswith("unix://") else "async+"
        address = scheme + url.removeprefix("unix://") if url.startswith("unix://") else scheme + url
        self._shared = MovingWindowRateLimiter(
            RedisStorage(
                address, implementation="redispy", key_prefix="lf:limits", socket_timeout=1, socket_connect_timeout=1
            )
        )

    async def check(self, rate: str, *names: str, address: str | None = None) -> None:
        """Count one act under ``names`` (and the client's ``address``); beyond ``rate`` raise RateLimited.

        Loopback addresses are not counted where the settings say so, nor is anything with limits switched off.
        """
        if not self._settings.limits:
            return
        if address is not None:
            if not self._settings.limit_loopback and is_loopback(address):
                return
            names = (*names, address)
        item = _parse(rate)
        if self._shared is not None:
            try:
                await self._hit(self._shared, item, names)
                return
            except DOWN as error:
                log.warning("counted here alone", error=str(error) or type(error).__name__)
        await self._hit(self._here, item, names)

    @staticmethod
    async def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> None:
        if not await limiter.hit(item, *names):
            stats = await limiter.get_window_stats(item, *names)
            raise RateLimited(max(1, math.ceil(stats.reset_time - time.time())))


@lru_cache(maxsize=256)
def _parse(rate: str) -> RateLimitItem:
    return parse(rate)
