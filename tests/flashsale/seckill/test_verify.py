"""Every invariant, broken on purpose, is named."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from commerce.members.merging import make_offer, merge
from commerce.members.types import Visitor
from flashsale.seckill import rebuild, release, rewin, verify
from flashsale.seckill.commands import run_rebuild, run_verify
from tests.flashsale.seckill.conftest import Stage, pay

Corrupt = Callable[[Stage, Any, str], Awaitable[Any]]


async def busy(stage: Stage, **terms: Any) -> int:
    """Return a sale with a hold (member 1), a sold unit, an expired one and one that was won again late."""
    item_id = await stage.sale(**{"quantity": 10, "limit_per_member": 2, **terms})
    members = await stage.members(4)
    orders = [(await stage.won(item_id, member, key=f"k{at}")).body["order_no"] for at, member in enumerate(members)]
    await pay(stage, orders[1])
    await stage.db.execute(
        "UPDATE fs_reservations SET pay_before = now() - interval '1 second' WHERE request_id IN ('k2', 'k3')"
    )
    assert await release.sweep(stage.app) == 2
    await pay(stage, orders[3])
    assert await rewin.sweep(stage.app) == 1
    view = await stage.balanced(item_id)
    assert (view.available, view.held, view.sold) == (7, 1, 2)
    return item_id


def sql(statement: str, *before: str) -> Corrupt:
    """Return a corruption of PostgreSQL."""

    async def corrupt(stage: Stage, redis: Any, tag: str) -> None:
        for each in (*before, statement):
            await stage.db.execute(each)

    return corrupt


def held(change: Callable[[Any, str, str, str], Awaitable[Any]]) -> Corrupt:
    """Return a corruption of Redis around the hold of the first member."""

    async def corrupt(stage: Stage, redis: Any, tag: str) -> None:
        member = await stage.db.fetchval("SELECT member_id FROM fs_reservations WHERE status = 'held'")
        await change(redis, tag, f"{member}:k0", str(member))

    return corrupt


async def _forget_win(stage: Stage, redis: Any, tag: str) -> None:
    raw = await redis.execute_command("HRANDFIELD", f"{tag}:r", 2, NEVER_DECODE=True)
    await redis.hdel(f"{tag}:r", next(field for field in raw if field))


async def _leak(stage: Stage, redis: Any, tag: str) -> None:
    await redis.hset(f"{tag}:h", "999999:ghost", "1:1")
    await redis.hset(f"{tag}:m", "999999", 1)
    await redis.hincrby(f"{tag}:g", "avail", -1)


CORRUPTIONS: list[tuple[str, str, Corrupt]] = [
    ("a unit too many", "allocated", held(lambda r, tag, key, m: r.hincrby(f"{tag}:g", "avail", 1))),
    ("a unit too few", "allocated", held(lambda r, tag, key, m: r.hincrby(f"{tag}:g", "avail", -1))),
    ("less than nothing", "allocated", held(lambda r, tag, key, m: r.hset(f"{tag}:g", "avail", -1))),
    ("a hold lost", "live_is_held", held(lambda r, tag, key, m: r.hdel(f"{tag}:h", key))),
    ("a hold of another size", "live_is_held", held(lambda r, tag, key, m: r.hset(f"{tag}:h", key, "2:1"))),
    ("a hold of another gen", "live_is_held", held(lambda r, tag, key, m: r.hset(f"{tag}:h", key, "1:2"))),
    ("a hold that nobody has", "held_is_known", _leak),
    ("a member's count", "member_units", held(lambda r, tag, key, m: r.hset(f"{tag}:m", m, 0))),
    ("a win forgotten", "one_win_per_key", _forget_win),
    (
        "a limit passed",
        "member_limit",
        sql("UPDATE fs_items SET limit_per_member = 1", "UPDATE fs_reservations SET qty = 2 WHERE status = 'held'"),
    ),
    (
        "an order lost",
        "order_per_reservation",
        sql(
            "DELETE FROM orders WHERE reservation_id = (SELECT id FROM fs_reservations WHERE request_id = 'k0')",
            "DELETE FROM order_lines",
        ),
    ),
    (
        "a second order",
        "order_per_reservation",
        sql(
            """
            INSERT INTO orders (order_no, member_id, shop_id, source, reservation_id, amount, address, pay_before)
            SELECT '999999999999999999', member_id, shop_id, source, reservation_id, amount, address, pay_before
            FROM orders WHERE status = 'pending_payment'
            """,
            "ALTER TABLE orders DROP CONSTRAINT orders_reservation_id_key",
        ),
    ),
    (
        "an order from nowhere",
        "order_per_reservation",
        sql("UPDATE orders SET reservation_id = 10^9 WHERE status = 'pending_payment'"),
    ),
    ("a paid order unpaid", "order_status", sql("UPDATE fs_reservations SET status = 'paid' WHERE status = 'held'")),
    (
        "an order of another price",
        "order_content",
        sql("UPDATE orders SET amount = 1 WHERE status = 'pending_payment'"),
    ),
    (
        "a key that won twice",
        "one_win_per_key",
        sql(
            """
            INSERT INTO fs_reservations (item_id, member_id, request_id, qty, gen, epoch, status, pay_before)
            SELECT item_id, member_id, request_id, qty, gen, epoch, status, pay_before FROM fs_reservations
            WHERE request_id = 'k0'
            """,
            "ALTER TABLE fs_reservations DROP CONSTRAINT fs_reservations_item_id_member_id_request_id_key",
        ),
    ),
    (
        "won before the start",
        "window",
        sql("UPDATE fs_reservations SET won_at = won_at - interval '1 hour' WHERE request_id = 'k0'"),
    ),
    (
        "won after the end",
        "window",
        sql("UPDATE fs_reservations SET won_at = won_at + interval '1 day' WHERE request_id = 'k0'"),
    ),
    ("an expiry that gave nothing back", "released_once", sql("DELETE FROM fs_releases")),
    (
        "a release of what is held",
        "released_once",
        sql(
            "INSERT INTO fs_releases (reservation_id, gen, epoch, done_at) "
            "SELECT id, 1, epoch, now() FROM fs_reservations WHERE request_id = 'k0'"
        ),
    ),
    (
        "a late payment rewon and refunded",
        "late_payment",
        sql(
            "INSERT INTO refunds (refund_no, payment_id, shop_id, amount, reason) "
            "SELECT '888888888888888888', id, 1, amount, 'late' FROM payments WHERE purpose = 'late'"
        ),
    ),
    ("a late payment decided twice", "late_payment", sql("UPDATE fs_late_payments SET decision = 'refund'")),
    (
        "a paid unit that nobody paid",
        "paid_by",
        sql(
            "UPDATE payments SET purpose = 'double' WHERE purpose = 'order'",
        ),
    ),
    ("units that stock does not know", "stock", sql("UPDATE fs_items SET allocated = allocated + 1")),
    (
        "stock that was given away twice",
        "stock_covers",
        sql("UPDATE stock SET allocated = 0"),
    ),
    (
        "money out of nothing",
        "ledger",
        sql(
            "UPDATE ledger_entries SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger_entries)",
            "SET LOCAL session_replication_role = replica",
        ),
    ),
    ("another epoch", "gate", sql("UPDATE fs_items SET epoch = epoch + 1")),
    ("a shut gate", "gate", held(lambda r, tag, key, m: r.hset(f"{tag}:g", "gate", "somebody"))),
    ("no gate", "gate", held(lambda r, tag, key, m: r.flushdb())),
]


async def test_corruption_is_named(stage: Stage, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await busy(stage)

    ours = contextvars.ContextVar("ours", default=False)
    ours.set(True)
    database = stage.app.database

    def lending(real: Callable[[], AbstractAsyncContextManager[Any]]) -> Callable[[], AbstractAsyncContextManager[Any]]:
        @contextlib.asynccontextmanager
        async def lent() -> AsyncIterator[Any]:
            if ours.get():
                yield stage.db
            else:  # what the platform does beside has connections of its own
                async with real() as connection:
                    yield connection

        return lent

    for name, invariant, corrupt in CORRUPTIONS:
        # Whatever is done to PostgreSQL stays in a transaction that verify looks into, and is taken back after it.
        with monkeypatch.context() as patch:
            patch.setattr(database, "connection", lending(database.connection))
            patch.setattr(database, "transaction", lending(database.transaction))
            undo = stage.db.transaction()
            await undo.start()
            await corrupt(stage, redis, f"{{fs:{item_id}}}")
            view = await stage.verify(item_id)
            await undo.rollback()
        assert not view.ok, name
        assert invariant in {violation.invariant for violation in view.violations}, (name, view.violations)
        async with asyncio.timeout(10):
            while not (await stage.verify(item_id)).ok:
                await rebuild.rebuild(stage.app, item_id, patience=0)  # the platform's own watch may be at it already


async def _shift_ledger(stage: Stage, fen: int) -> None:
    async with stage.db.transaction():
        await stage.db.execute("SET LOCAL session_replication_role = replica")  # entries are not changed otherwise
        await stage.db.execute(
            "UPDATE ledger_entries SET amount = amount + $1 WHERE id = (SELECT min(id) FROM ledger_entries)", fen
        )


async def test_a_page_reads_the_whole_platforms_books_twice_a_minute(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await busy(stage)
    page = functools.partial(verify.verify, stage.app, item_id, platform_s=verify.Platform.MOST_S)
    assert (await page()).ok
    await _shift_ledger(stage, 1)
    assert (await page()).ok, "what was read a moment ago will do"
    assert "ledger" in {violation.invariant for violation in (await stage.verify(item_id)).violations}
    assert not (await page()).ok, "whoever asked last has told the pages too"
    await _shift_ledger(stage, -1)
    monkeypatch.setattr(stage.app.resource(verify.Platform), "_at", asyncio.get_running_loop().time() - 31)
    assert (await page()).ok, "it is asked again in time"
    # The sale's own books are read for every page.
    await stage.db.execute("UPDATE orders SET amount = amount + 1 WHERE status = 'pending_payment'")
    assert {violation.invariant for violation in (await page()).violations} == {"order_content"}


async def test_the_books_balance_at_every_moment_of_a_rush(stage: Stage) -> None:
    item_id = await stage.sale(quantity=30, limit_per_member=3)
    members = await stage.members(30)
    tickets = [await stage.ticket(item_id, member) for member in members]
    over, looks = asyncio.Event(), 0

    async def look() -> None:
        nonlocal looks
        while not over.is_set():
            view = await stage.verify(item_id)
            assert view.ok, view.violations
            looks += 1

    async def rush() -> None:
        at = 0
        while at < 4 or looks < 4:
            at += 1
            await asyncio.gather(
                *[
                    stage.attempt(item_id, member, ticket=ticket, key=f"{at}")
                    for member, ticket in zip(members, tickets, strict=True)
                ]
            )
            await stage.db.execute("UPDATE fs_reservations SET pay_before = now() WHERE status = 'held' AND id % 2 = 0")
            await release.sweep(stage.app)
        over.set()

    await asyncio.gather(look(), rush())
    await stage.balanced(item_id)


async def test_commands(stage: Stage, redis: Any, capsys: pytest.CaptureFixture[str]) -> None:
    item_id = await busy(stage)
    assert await run_verify(stage.app, argparse.Namespace(item=item_id)) == 0
    assert "allocated 10 = available 7 + held 1 + sold 2" in capsys.readouterr().out
    assert await run_verify(stage.app, argparse.Namespace(item=None)) == 0
    await redis.hincrby(f"{{fs:{item_id}}}:g", "avail", 3)
    assert await run_verify(stage.app, argparse.Namespace(item=item_id)) == 1
    out = capsys.readouterr().out
    assert "VIOLATED" in out
    assert "allocated: 10 + 0 + 3 held is not 10 allocated" in out
    assert await run_rebuild(stage.app, argparse.Namespace(item=item_id)) == 0
    assert await run_verify(stage.app, argparse.Namespace(item=None)) == 0
    await redis.flushdb()
    assert await run_verify(stage.app, argparse.Namespace(item=item_id)) == 0
    assert "has lost the sale" in capsys.readouterr().out
    assert await run_verify(stage.app, argparse.Namespace(item=10**9)) == 2
    assert await run_rebuild(stage.app, argparse.Namespace(item=10**9)) == 2
    assert "there is no flash sale" in capsys.readouterr().err


async def test_orders_of_members_who_merged_are_no_violation(stage: Stage) -> None:
    """The order goes with the member, the reservation stays with whom Redis knows. Of others that is a violation."""
    item_id = await stage.sale(quantity=5)
    winner, keeper = await stage.members(2)
    await pay(stage, (await stage.won(item_id, winner, key="k")).body["order_no"])
    await stage.staff_call("POST", f"/{item_id}/end")
    await stage.db.execute("UPDATE orders SET member_id = $1", keeper.id)
    found = await stage.verify(item_id)
    assert {violation.invariant for violation in found.violations} == {"order_content"}
    async with stage.app.database.transaction() as connection:
        offer = await make_offer(connection, keeper.id, winner.id, "phone")
    await merge(stage.app, keeper.id, offer, stage.app.translations.of("zh-CN"), Visitor("", ""))
    await stage.balanced(item_id)
