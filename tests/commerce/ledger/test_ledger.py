"""The ledger: whatever is posted sums to zero, once, for ever."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce import ledger
from commerce.ledger import Entry, accounts, store
from commerce.ledger.accounts import named
from commerce.ledger.types import DayTotal, Sought
from server.application import Application
from server.database import Connection
from tests.commerce.orders.market import Market

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SHARES = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=6)


@pytest.fixture
async def books(app: Application, market: Market) -> Application:
    return app


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shares=SHARES, repeated=st.integers(1, 3))
async def test_balanced_is_kept_once_anything_else_refused(
    books: Application, shares: list[int], repeated: int
) -> None:
    entries = [Entry(f"account:{at}", share) for at, share in enumerate(shares)]
    closing = [*entries, Entry("rest", -sum(shares))]
    ref = repr(shares)
    kept = [entry for entry in closing if entry.amount]
    async with books.database.transaction() as connection:
        before = {balance.account: balance.balance for balance in await ledger.balances(connection)}
        known = await connection.fetchval("SELECT count(*) FROM ledger_transactions WHERE ref = $1", ref)
    for _ in range(repeated):
        async with books.database.transaction() as connection:
            if len(kept) < 2:
                with pytest.raises(ledger.Unbalanced):
                    await ledger.post(connection, "test", ref, closing)
            else:
                await ledger.post(connection, "test", ref, closing)
            if sum(shares):
                with pytest.raises(ledger.Unbalanced):
                    await ledger.post(connection, "other", ref, entries)
    async with books.database.transaction() as connection:
        after = {balance.account: balance.balance for balance in await ledger.balances(connection)}
        assert await ledger.check(connection) == []
        assert sum(after.values()) == 0
    if len(kept) >= 2 and not known:
        for entry in kept:
            assert after[entry.account] - before.get(entry.account, 0) == entry.amount


async def test_a_name_cannot_stand_for_two_movements(books: Application) -> None:
    async with books.database.transaction() as connection:
        await ledger.post(connection, "test", "1", [Entry("a", 5), Entry("b", -5)])
        with pytest.raises(ledger.PostedDifferently):
            await ledger.post(connection, "test", "1", [Entry("a", 6), Entry("b", -6)])


FORBIDDEN = [
    "INSERT INTO ledger_entries (transaction_id, account, amount) SELECT id, 'c', 1 FROM ledger_transactions",
    "INSERT INTO ledger_transactions (kind, ref) VALUES ('test', 'empty')",
    "UPDATE ledger_entries SET amount = amount + 1",
    "DELETE FROM ledger_entries",
    "DELETE FROM ledger_transactions",
    "TRUNCATE ledger_entries",
    "UPDATE ledger_transactions SET ref = 'else'",
]


async def test_the_tables_refuse_what_code_might_do(books: Application) -> None:
    async with books.database.transaction() as connection:
        await ledger.post(connection, "test", "1", [Entry("a", 5), Entry("b", -5)])
    for statement in FORBIDDEN:
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.RestrictViolationError)):
            async with books.database.transaction() as connection:
                await connection.execute(statement)
    async with books.database.transaction() as connection:
        assert await ledger.check(connection) == []
        assert [balance.balance for balance in await ledger.balances(connection)] == [5, -5]


async def test_check_names_what_was_tampered_with(books: Application) -> None:
    async with books.database.transaction() as connection:
        await ledger.post(connection, "test", "T-1", [Entry("a", 5), Entry("b", -5)])
    async with books.database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE ledger_entries SET amount = 7 WHERE amount = 5")
    async with books.database.connection() as connection:
        wrong = await ledger.check(connection)
    assert len(wrong) == 2
    assert "T-1" in wrong[0]


async def test_only_those_who_may_read_the_books(market: Market) -> None:
    assert (await market.call("GET", "/backoffice/ledger", await market.staff(["orders.view"]))).status == 403
    assert (await market.call("GET", "/backoffice/ledger", await market.member())).status == 403
    shown = await market.call("GET", "/backoffice/ledger?account=x", await market.staff(["ledger.view"]))
    assert shown.status == 200
    assert "账对得上" in await shown.text()


async def test_accounts_go_by_names_that_people_know(market: Market, app: Application) -> None:
    tr = app.translations.of("zh-CN")
    shops = {1: "山行"}
    codes = (
        accounts.gateway("alipay"),
        accounts.payable(1),
        accounts.payable(7),
        accounts.UNALLOCATED,
        accounts.REFUNDS,
        "x:y:z",
    )
    assert [named(code, shops, tr) for code in codes] == [
        "支付宝待结算", "山行应付", "店铺 7应付", "待认领的付款", "在途退款", "x:y:z",
    ]  # fmt: skip
    async with app.database.transaction() as connection:
        entries = [Entry(accounts.gateway("alipay"), 5), Entry(accounts.payable(market.shop_id), -5)]
        await ledger.post(connection, "payment.captured", "T-9", entries)
    reader = await market.staff(["ledger.view"])
    shown = await (await market.call("GET", "/backoffice/ledger", reader)).text()
    assert 'title="gateway:alipay">支付宝待结算</a>' in shown


async def test_people_read_what_is_owed_as_a_plus_day_by_day(market: Market, app: Application) -> None:
    bank, shop = accounts.gateway("alipay"), accounts.payable(market.shop_id)
    async with app.database.transaction() as connection:
        # The first is of the evening before in UTC, and of the same day here.
        for ref, at, fen in (("D-1", datetime(2026, 3, 1, 16, 30, tzinfo=UTC), 500), ("D-2", NOON, 300)):
            await ledger.post(connection, "payment.captured", ref, [Entry(bank, fen), Entry(shop, -fen)], at)
        await ledger.post(connection, "refund.done", "D-3", [Entry(shop, 100), Entry(bank, -100)], NOON)
    reader = await market.staff(["ledger.view"])

    async def shown(query: str) -> tuple[int, str, list[list[str]]]:
        answer = await market.call("GET", f"/backoffice/ledger?{query}", reader)
        text = await answer.text()
        rows = [
            re.findall(r'<data value="(-?\d+)"', row)
            for row in text.split("<tr>")
            if '">2026-03-0' in row and "until=" in row
        ]
        return answer.status, text, rows

    assert (await shown(""))[2] == [["800", "100", "700"]]
    status, text, rows = await shown(f"account={shop}&since=2026-03-02&until=2026-03-02")
    assert (status, rows, "D-1" in text, "-¥" in text) == (200, [["800", "100", "700"]], True, True)
    assert re.findall(r"(\+?)<data value=\"(-?\d+)\"", text[text.index("D-3") :])[:2] == [("", "-100"), ("", "-100")]
    assert "D-1" not in (await shown("since=2026-03-03"))[1]
    status, text, _ = await shown("since=2026-03-03&until=2026-03-02")
    assert (status, 'id="until-note">不能早于开始的那天' in text) == (422, True)
    assert (await shown("since=2026-02-30"))[0] == 422


async def test_the_last_days_are_found_without_reading_all_that_ever_was(
    market: Market, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, shop = accounts.gateway("alipay"), accounts.payable(market.shop_id)
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)

    async def days(connection: Connection, most: int, until: datetime | None) -> list[tuple[int, int, int]]:
        found = await store.by_day(connection, Sought(until=until), most)
        return [(one.day.month, one.day.day, one.debit) for one in found]

    async with app.database.transaction() as connection:
        for ref, before in (("L-1", 400), ("L-2", 61), ("L-3", 60), ("L-4", 59.5), ("L-5", 1), ("L-6", -1)):
            entries = [Entry(bank, 100), Entry(shop, -100)]
            await ledger.post(connection, "payment.captured", ref, entries, midnight - timedelta(days=before))
        asked: list[int | None] = []
        by_day = store._by_day

        async def seen(connection: Connection, sought: Sought, most: int, back: int | None) -> list[DayTotal]:
            asked.append(back)
            return await by_day(connection, sought, most, back)

        monkeypatch.setattr(store, "_by_day", seen)
        assert await days(connection, 2, midnight) == [(3, 1, 100), (1, 1, 200)]
        assert asked == [60], "two months are enough, and a day is whole or not there"
        assert await days(connection, 3, midnight) == [(3, 1, 100), (1, 1, 200), (12, 31, 100)]
        assert asked == [60, 60, None], "what is further back is asked for only where days are missing"
        assert (await days(connection, 14, None))[0] == (3, 3, 100)
        assert await days(connection, 14, datetime(1, 1, 3, tzinfo=UTC)) == []
