"""Redis or Valkey for everything but the purchase path, which keeps a connection of its own (flashsale/gate)."""

from __future__ import annotations

import redis.asyncio as aioredis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import RedisClusterException, RedisError

DOWN = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What the client raises when the server is away, loading or too slow."""

Redis = aioredis.Redis
Cluster = RedisCluster
_CLUSTER = "redis+cluster://"


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


def clustered(url: str) -> bool:
    """Tell whether ``url`` names a cluster by one of its nodes: ``redis+cluster://host:port``."""
    return url.startswith(_CLUSTER)


def cluster(url: str, *, timeout: float = 2.0) -> Cluster:
    """Return a client for a cluster; it asks the node of the address for the others when first used.

    Commands are not sent again on failure, as by ``connect``; the next one asks anew who holds what.
    """
    return RedisCluster.from_url(
        "redis://" + url.removeprefix(_CLUSTER),
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),  # else ten times: who was only slow does each of them
        protocol=3,
        decode_responses=False,
    )


def database_of(url: str) -> int:
    """Return the number of the logical database that ``url`` names; a cluster has one."""
    return 0 if clustered(url) else int(parse_url(url).get("db") or 0)


def slot_of(key: str) -> int:
    """Return the slot of a cluster that a key, or a sharded channel, belongs to."""
    return key_slot(key.encode())
