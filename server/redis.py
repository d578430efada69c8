"""Redis or Valkey for everything but the purchase path, which keeps a connection of its own (flashsale/gate)."""

from __future__ import annotations

import redis.asyncio as aioredis
from redis.exceptions import RedisError

DOWN = (RedisError, OSError, TimeoutError)
"""What the client raises when the server is away, loading or too slow."""

Redis = aioredis.Redis


def connect(url: str, *, timeout: float = 2.0, size: int = 50) -> Redis:
    """Return a client for ``url``; it connects when first used and waits for a free connection at most ``timeout`` s.

    Commands are not sent again on failure: the caller knows whether twice is harmless, the client does not.
    """
    pool = aioredis.BlockingConnectionPool.from_url(
        url,
        max_connections=size,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        health_check_interval=30,
        retry=None,
        retry_on_error=[],
        protocol=3,
        legacy_responses=False,
        decode_responses=False,
    )
    return Redis.from_pool(pool)  # which closes the pool with the client
