"""Durable orders per second in PostgreSQL: our settlement ÷ a hot row, two clients each, in the same run.

Ours is the platform's own statement, called from Python: fenced by the item's row, 256 wins at once as in a rush, each
becoming a reservation, an order with its buyer's address, and an order line. The other side is what a
shop without a gate does: a transaction an order, which takes a unit off the hot row (``UPDATE … WHERE stock > 0``) and
inserts the order, with neither reservation nor line. ``ratio_to_one_statement`` compares with that shop at its best,
where both are one statement and the row is locked for no longer than the commit takes. Commits are durable on both
sides (``fsync`` and ``synchronous_commit`` on), on a disk.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from flashsale.seckill import settle_store
from flashsale.seckill.settle import MOST
from flashsale.seckill.types import Win
from loadtest.bench.site import disk, furnish
from server.database import prepare
from server.engines import Engines
from server.numbers import new_number

ROUNDS = 5
CLIENTS = 2
BATCH = MOST
SECONDS = 1.2
"""How long each side works in each round."""
MEMBERS = 20_000
BARS = {"settle": 10.0}

_TAKE = "UPDATE bench_hot SET stock = stock - 1 WHERE id = 1 AND stock > 0"
_PLACE = """
INSERT INTO orders (order_no, member_id, shop_id, source, amount, address, pay_before)
VALUES ($1, $2, 1, 'cart', 990, '{}', now() + interval '10 minutes')
"""
_BOTH = """
WITH u AS (UPDATE bench_hot SET stock = stock - 1 WHERE id = 1 AND stock > 0 RETURNING id)
INSERT INTO orders (order_no, member_id, shop_id, source, amount, address, pay_before)
SELECT $1, $2, 1, 'cart', 990, '{}', now() + interval '10 minutes' FROM u
"""


def run() -> dict[str, Any]:
    """Return the ratio and the orders per second behind it; under 60 s."""
    base, kind = disk()
    home = Path(tempfile.mkdtemp(prefix="settle-", dir=base))
    engines = Engines(home)
    try:
        engines.postgres.start()
        rates = asyncio.run(_measure(engines.database_url))
    finally:
        engines.close()
        shutil.rmtree(home, ignore_errors=True)
    ours, hot, one = (median(rates[side]) for side in ("ours", "hot", "one_statement"))
    ratio = round(ours / hot, 2)
    return {
        "bench": "settle",
        "filesystem": kind,
        "bars": BARS,
        "ratios": {"settle": ratio},
        "ok": ratio >= BARS["settle"],
        "details": {
            "clients": CLIENTS,
            "batch": BATCH,
            "ours_per_s": round(ours),
            "hot_row_per_s": round(hot),
            "hot_row_one_statement_per_s": round(one),
            "ratio_to_one_statement": round(ours / one, 2),
        },
    }


async def _measure(url: str) -> dict[str, list[float]]:
    sku_id = await furnish(url)
    clients = [await _connect(url) for _ in range(CLIENTS)]
    item_id = await _prepare(clients[0], sku_id)
    numbers = itertools.count(1)
    rates: dict[str, list[float]] = {"ours": [], "hot": [], "one_statement": []}
    # The first round warms up and is thrown away.
    for number in range(ROUNDS + 1):
        round_ = {
            "ours": await _rate([_settle(client, item_id, numbers) for client in clients]),
            "hot": await _rate([_take(client) for client in clients]),
            "one_statement": await _rate([_take_at_once(client) for client in clients]),
        }
        for side, rate in round_.items() if number else ():
            rates[side].append(rate)
    placed = await clients[0].fetchval("SELECT count(*) FROM fs_reservations")
    assert placed == await clients[0].fetchval("SELECT count(*) FROM order_lines") == next(numbers) - 1
    for client in clients:
        await client.close()
    return rates


async def _connect(url: str) -> Any:
    client: Any = await asyncpg.connect(url)
    await prepare(client)
    return client


async def _prepare(client: Any, sku_id: int) -> int:
    await client.execute("CREATE TABLE bench_hot (id int PRIMARY KEY, stock bigint NOT NULL)")
    await client.execute("INSERT INTO bench_hot VALUES (1, 1000000000)")
    await client.execute(
        """
        WITH m AS (
            INSERT INTO members (phone, nickname)
            SELECT '2' || lpad(at::text, 10, '0'), '买家' FROM generate_series(1, $1::integer) AS at RETURNING id
        )
        INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default)
        SELECT id, '张三', '13800000000', '310104', '上海市 徐汇区', '漕溪北路 1 号', true FROM m
        """,
        MEMBERS,
    )
    await client.execute("ANALYZE")
    item_id: int = await client.fetchval(
        """
        INSERT INTO fs_items (
            shop_id, product_id, sku_id, title, specs, picture, price, list_price, quantity, limit_per_member,
            starts_at, ends_at, pay_within_s, challenge, state, epoch, created_by
        )
        SELECT p.shop_id, p.id, k.id, '秒杀杯', '{"颜色": "墨"}', '/media/cup.webp', 990, 9900, 1000000, 1,
            now(), now() + interval '1 hour', 600, 'none', 'published', 7, 1
        FROM skus AS k JOIN products AS p ON p.id = k.product_id WHERE k.id = $1
        RETURNING id
        """,
        sku_id,
    )
    return item_id


async def _rate(works: list[Any]) -> float:
    began = time.perf_counter()
    counts: list[int] = await asyncio.gather(*works)
    return sum(counts) / (time.perf_counter() - began)


async def _settle(client: Any, item_id: int, numbers: itertools.count[int]) -> int:
    until, done = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < until:
        fresh = [next(numbers) for _ in range(BATCH)]
        wins = [Win(7, 1 + at % MEMBERS, f"{at:032x}", 1, 1_795_349_025_203) for at in fresh]
        wins.sort(key=lambda win: (win.member_id, win.request_id))
        written = await settle_store.settle(client, item_id, 7, wins, [new_number() for _ in wins])
        assert len(written) == BATCH
        done += BATCH
    return done


async def _take(client: Any) -> int:
    until, done = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < until:
        async with client.transaction():
            assert await client.execute(_TAKE) == "UPDATE 1"
            await client.execute(_PLACE, new_number(), 1 + done % MEMBERS)
        done += 1
    return done


async def _take_at_once(client: Any) -> int:
    until, done = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < until:
        assert await client.execute(_BOTH, new_number(), 1 + done % MEMBERS) == "INSERT 0 1"
        done += 1
    return done


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
