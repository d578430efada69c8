"""Rate limits, shared by all processes through Redis; while Redis is down each process counts by itself.

A Redis that does not answer costs time, so after a failure it is left alone for a while, then asked by one caller.
"""

from __future__ import annotations

import asyncio
import math
import time
from functools import lru_cache

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.errors import RateLimited
from server.http.proxies import is_loopback, network_of
from server.redis import DOWN, Redis, connect
from server.settings import Settings

log = structlog.get_logger("limits")
WITHIN = 0.5
"""Seconds in which Redis has to answer."""
REST = 5.0
"""Seconds for which a Redis that failed is not asked."""


class Limiter:
    """Counts what was done under a name within a moving window."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._redis: Redis | None = None
        self._shared: MovingWindowRateLimiter | None = None
        self._ask_from = 0.0

    async def open(self) -> None:
        """Make the shared counter; nothing is sent yet."""
        self._redis = connect(self._settings.redis_url, timeout=WITHIN)
        storage = RedisStorage(
            "async+redis://",  # the pool knows where
            implementation="redispy",
            key_prefix="lf:limits",
            connection_pool=self._redis.connection_pool,  # type: ignore[arg-type]  # documented, and left out of its types
        )
        self._shared = MovingWindowRateLimiter(storage)

    async def close(self) -> None:
        """End the connections; what is counted from then on is counted here."""
        self._shared = None
        if self._redis is not None:
            await self._redis.aclose()
            self._redis = None

    async def check(self, rate: str, *names: str, address: str | None = None) -> None:
        """Count one act under ``names`` (and the client's ``address``); beyond ``rate`` raise RateLimited.

        Loopback addresses are not counted where the settings say so, nor is anything with limits switched off.
        """
        if not self._settings.limits:
            return
        if address is not None:
            if not self._settings.limit_loopback and is_loopback(address):
                return
            names = (*names, network_of(address))
        item = _parse(rate)
        if self._shared is None or not await self._hit_shared(self._shared, item, names):
            await self._hit(self._here, item, names)

    async def wait(self, rate: str, *names: str) -> int:
        """Return the seconds until ``check`` would let one more through, 0 where it would now. Nothing is counted.

        What Redis does not tell in time is 0: who comes too early is told by ``check``.
        """
        if not self._settings.limits:
            return 0
        item = _parse(rate)
        if self._shared is None or time.monotonic() < self._ask_from:
            return await self._left(self._here, item, names)
        try:
            async with asyncio.timeout(WITHIN):
                return await self._left(self._shared, item, names)
        except DOWN:
            return 0

    async def _hit_shared(self, shared: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> bool:
        """Count where all processes do; False when Redis failed or is left alone. Raises RateLimited."""
        failed = self._ask_from > 0
        if failed:
            if time.monotonic() < self._ask_from:
                return False
            self._ask_from = time.monotonic() + REST  # one asks, the others need not wait for what comes of it
        try:
            async with asyncio.timeout(WITHIN):
                await self._hit(shared, item, names)
        except DOWN as error:
            log.warning("counted here alone", error=str(error) or type(error).__name__, seconds=REST)
            self._ask_from = time.monotonic() + REST
            return False
        except RateLimited:
            self._ask_from = 0.0
            raise
        self._ask_from = 0.0
        return True

    @staticmethod
    async def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> None:
        if not await limiter.hit(item, *names):
            stats = await limiter.get_window_stats(item, *names)
            raise RateLimited(max(1, math.ceil(stats.reset_time - time.time())))

    @staticmethod
    async def _left(limiter: MovingWindowRateLimiter, item: RateLimitItem, names: tuple[str, ...]) -> int:
        stats = await limiter.get_window_stats(item, *names)
        return max(1, math.ceil(stats.reset_time - time.time())) if stats.remaining <= 0 else 0


@lru_cache(maxsize=256)
def _parse(rate: str) -> RateLimitItem:
    return parse(rate)
