"""Two accounts become one: nothing is lost, whatever lies in either, and nobody gets more out of it than they had."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.members import merging
from commerce.members.belongings import Belongings
from commerce.members.merging import make_offer, move_stragglers
from commerce.members.types import Visitor
from server.application import Application
from server.database import Connection

Client = TestClient[Any, Any]
MINE, OTHERS = "13800000001", "13800000002"
# Not every feature that is being built has joined yet.
LEFT_OUT: set[str] = set()


async def inbox(client: Client, to: str) -> list[dict[str, str]]:
    response = await client.get("/sandbox/inbox", params={"to": to}, headers={"Accept": "application/json"})
    return await response.json()  # type: ignore[no-any-return]


async def code(client: Client, **to: str) -> str:
    response = await client.post("/api/v1/auth/codes", json=to)
    assert response.status == 202
    return (await inbox(client, next(iter(to.values()))))[0]["code"]


async def log_in(client: Client, **to: str) -> tuple[int, dict[str, str]]:
    response = await client.post("/api/v1/auth/sessions", json={**to, "code": await code(client, **to)})
    body = await response.json()
    assert response.status == 201, body
    return int(body["member"]["id"]), {"Authorization": f"Bearer {body['token']}"}


async def send(client: Client, path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
    response = await client.post(path, json=body, headers=headers)
    return response.status, await response.json()


async def proof(client: Client, headers: dict[str, str], phone: str) -> dict[str, str]:
    status, _ = await send(client, "/api/v1/me/proof-codes", headers, {"by": "phone"})
    assert status == 202
    return {"by": "phone", "code": (await inbox(client, phone))[0]["code"]}


async def offer_of(client: Client, headers: dict[str, str], own: str, **to: str) -> str:
    kind, value = next(iter(to.items()))
    body = {kind: value, "code": await code(client, **to), "proof": await proof(client, headers, own)}
    status, answer = await send(client, f"/api/v1/me/{kind}", headers, body)
    assert (status, answer["error"]["code"]) == (409, "merge_offered"), answer
    return str(answer["error"]["details"]["offer"])


async def order(connection: Connection, member_id: int, status: str = "completed", n: int = 0) -> str:
    order_no = f"{member_id:010d}{n:08d}"
    await connection.execute(
        """
        INSERT INTO orders (order_no, member_id, shop_id, source, status, amount, paid, address, pay_before, paid_at,
                            cancelled_at, cancel_reason)
        VALUES ($1, $2, 1, 'cart', $3, 990, CASE WHEN $3 IN ('cancelled', 'pending_payment') THEN 0 ELSE 990 END,
                '{"name": "甲", "phone": "13800000000", "region": "上海市", "detail": "路 1 号"}', now(),
                CASE WHEN $3 IN ('cancelled', 'pending_payment') THEN NULL ELSE now() END,
                CASE WHEN $3 = 'cancelled' THEN now() END, CASE WHEN $3 = 'cancelled' THEN '不要了' END)
        """,
        order_no,
        member_id,
        status,
    )
    return order_no


async def test_a_phone_with_an_account_of_its_own_leads_to_merging(client: Client, app: Application) -> None:
    other_id, others = await log_in(client, phone=OTHERS)
    my_id, mine = await log_in(client, phone=MINE)
    address = {"name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号"}
    status, _ = await send(client, "/api/v1/addresses", others, address)
    assert status == 201
    async with app.database.connection() as connection:
        order_no = await order(connection, other_id)
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    response = await client.get(f"/api/v1/me/merge-offers/{offer}", headers=mine)
    shown = await response.json()
    assert (shown["keeper"]["phone"], shown["other"]["phone"]) == ("138****0001", "138****0002")
    assert (shown["other"]["addresses"], shown["against"]) == (1, [])
    response = await client.get(f"/api/v1/me/merge-offers/{offer}", headers=others)
    assert response.status == 404  # an offer is one member's
    status, merged = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert (status, merged["phone"]) == (200, OTHERS)
    assert "已和另一个合并" in (await inbox(client, MINE))[0]["text"]  # which logs in to nothing from here on
    assert (await client.get(f"/api/v1/orders/{order_no}", headers=mine)).status == 200
    response = await client.get("/api/v1/addresses", headers=mine)
    assert [(each["name"], each["is_default"]) for each in (await response.json())["items"]] == [("乙", True)]
    assert (await client.get("/api/v1/me", headers=others)).status == 401
    again, _ = await log_in(client, phone=OTHERS)
    assert again == my_id
    fresh, _ = await log_in(client, phone=MINE)
    assert fresh not in (my_id, other_id)
    status, _ = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert status == 410


async def test_the_other_account_may_be_the_one_that_stays(client: Client, app: Application) -> None:
    other_id, others = await log_in(client, phone=OTHERS)
    my_id, mine = await log_in(client, phone=MINE)
    async with app.database.connection() as connection:
        kept = await order(connection, other_id)
        moved = [await order(connection, my_id, n=n) for n in (1, 2)]
        await connection.execute("UPDATE orders SET member_id = $1 WHERE order_no = $2", other_id, moved[0])
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    page = await (await client.get(f"/me/merge?offer={offer}", headers=mine)).text()
    assert 'value="other" checked' in page, "the one with more orders is proposed"
    # Either way the phone that was proved stays, be it in the place of the kept account's own.
    assert page.count("合并后用 138****0002 登录，138****0001 不能再登录") == 2
    assert (await send(client, "/api/v1/me/merges", mine, {"offer": offer, "stays": "mine"}))[0] == 422
    status, merged = await send(client, "/api/v1/me/merges", mine, {"offer": offer, "stays": "other"})
    assert (status, merged["id"], merged["phone"]) == (200, str(other_id), OTHERS)
    assert (await client.get("/api/v1/me", headers=mine)).status == 401
    anew = {"Authorization": f"Bearer {merged['token']}"}
    for order_no in (kept, *moved):
        assert (await client.get(f"/api/v1/orders/{order_no}", headers=anew)).status == 200
    assert (await client.get("/api/v1/me", headers=others)).status == 200
    assert "已和另一个合并" in (await inbox(client, MINE))[0]["text"]


async def test_the_old_phone_is_told_and_a_new_one_needs_proof(client: Client) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    fresh = "13800000009"
    body: dict[str, Any] = {"phone": fresh, "code": await code(client, phone=fresh)}
    status, answer = await send(client, "/api/v1/me/phone", mine, {**body, "proof": {"by": "phone", "code": "000000"}})
    assert (status, answer["error"]["code"]) == (422, "proof_wrong")
    status, answer = await send(
        client, "/api/v1/me/phone", mine, {**body, "proof": {"by": "password", "password": "no such"}}
    )
    assert (status, answer["error"]["code"]) == (422, "proof_wrong")
    status, answer = await send(client, "/api/v1/me/phone", mine, {**body, "proof": {"by": "email", "code": "000000"}})
    assert status == 422
    status, answer = await send(
        client, "/api/v1/me/phone", mine, {**body, "code": "000000", "proof": await proof(client, mine, MINE)}
    )
    assert (status, answer["error"]["code"]) == (422, "new_code_wrong")
    status, answer = await send(
        client, "/api/v1/me/phone", mine,
        {"phone": fresh, "code": await code(client, phone=fresh), "proof": await proof(client, mine, MINE)},
    )  # fmt: skip
    assert (status, answer["phone"]) == (200, fresh)
    assert "换绑手机号" in (await inbox(client, MINE))[0]["text"]
    assert (await log_in(client, phone=fresh))[0] == my_id


async def test_who_merges_with_nobody_keeps_their_phone(client: Client, app: Application) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    form = {"why": "merge", "to": OTHERS, "new_code": await code(client, phone=OTHERS)}
    form |= await proof(client, mine, MINE)
    for _ in range(2):  # the codes hold, so that only what was wrong is typed again
        response = await client.post("/me/contact/phone", data=form, headers=mine)
        assert (response.status, "没有账号用它登录" in await response.text()) == (422, True)
    async with app.database.connection() as connection:
        assert await connection.fetch("SELECT id, phone FROM members") == [(my_id, MINE)]


async def test_a_mail_address_is_added_and_logs_in(client: Client) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    mail = "lin@example.cn"
    body = {"email": mail, "code": await code(client, email=mail), "proof": await proof(client, mine, MINE)}
    status, answer = await send(client, "/api/v1/me/email", mine, body)
    assert (status, answer["email"]) == (200, mail)
    assert (await log_in(client, email=mail))[0] == my_id
    status, answer = await send(
        client, "/api/v1/me/email", mine,
        {"email": mail, "code": "1", "proof": {"by": "phone", "code": "1"}},
    )  # fmt: skip
    assert (status, answer["error"]["code"]) == (409, "same_contact")


async def test_a_code_changes_one_phone_once(client: Client) -> None:
    _, mine = await log_in(client, phone=MINE)
    held = await proof(client, mine, MINE)
    bodies = [
        {"phone": phone, "code": await code(client, phone=phone), "proof": held}
        for phone in ("13800000011", "13800000012", "13800000013")
    ]
    answers = await asyncio.gather(*(send(client, "/api/v1/me/phone", mine, body) for body in bodies))
    assert sorted(status for status, _ in answers) == [200, 422, 422]


async def test_closed_accounts_do_not_merge(client: Client, app: Application) -> None:
    other_id, _ = await log_in(client, phone=OTHERS)
    _, mine = await log_in(client, phone=MINE)
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    async with app.database.connection() as connection:
        await connection.execute("UPDATE members SET status = 'banned' WHERE id = $1", other_id)
    status, answer = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert (status, answer["error"]["code"]) == (409, "merge_held")


async def test_a_running_sales_win_stands_against_it(client: Client, app: Application) -> None:
    other_id, _ = await log_in(client, phone=OTHERS)
    my_id, mine = await log_in(client, phone=MINE)
    async with app.database.connection() as connection:
        item_id = await sale(connection, "published")
        await win(connection, item_id, other_id, "paid")
    offer = await offer_of(client, mine, MINE, phone=OTHERS)
    status, answer = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert (status, answer["error"]["code"]) == (409, "merge_held")
    assert "秒杀" in answer["error"]["message"]
    page = await (await client.get(f"/me/merge?offer={offer}", headers=mine)).text()
    assert f'href="/flash-sales/{item_id}"' not in page, "the other's leads nowhere: its orders do not open here"
    assert "另一个账号：有秒杀还没结束或没付款，等它结束再合并<br>杯</li>" in page
    assert "登录那个账号" in page
    async with app.database.connection() as connection:
        await connection.execute("UPDATE fs_items SET state = 'ended'")
    status, _ = await send(client, "/api/v1/me/merges", mine, {"offer": offer})
    assert status == 200
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT member_id FROM orders WHERE reservation_id IS NOT NULL") == my_id
        assert await connection.fetchval("SELECT member_id FROM fs_reservations") == other_id


async def sale(connection: Connection, state: str) -> int:
    shop = await connection.fetchval("INSERT INTO shops (slug, name) VALUES ('s', '店') RETURNING id")
    category = await connection.fetchval("INSERT INTO categories (slug, name) VALUES ('c', '类') RETURNING id")
    product = await connection.fetchval(
        "INSERT INTO products (shop_id, category_id, slug, title) VALUES ($1, $2, 'p', '杯') RETURNING id",
        shop,
        category,
    )
    sku = await connection.fetchval(
        "INSERT INTO skus (product_id, code, price) VALUES ($1, 'x', 9900) RETURNING id", product
    )
    made: int = await connection.fetchval(
        """
        INSERT INTO fs_items (shop_id, product_id, sku_id, title, specs, picture, price, list_price, quantity,
                              limit_per_member, starts_at, ends_at, pay_within_s, challenge, state, created_by)
        VALUES ($1, $2, $3, '杯', '{}', '', 990, 9900, 10, 1, now(), now() + interval '1 hour', 600, 'none', $4, 1)
        RETURNING id
        """,
        shop,
        product,
        sku,
        state,
    )
    return made


async def win(connection: Connection, item_id: int, member_id: int, status: str) -> None:
    reservation = await connection.fetchval(
        """
        INSERT INTO fs_reservations (item_id, member_id, request_id, qty, gen, epoch, status, pay_before)
        VALUES ($1, $2, 'open', 1, 1, 1, $3, now()) RETURNING id
        """,
        item_id,
        member_id,
        status,
    )
    order_no = await order(connection, member_id, n=99)
    await connection.execute(
        "UPDATE orders SET reservation_id = $2, source = 'flash_sale' WHERE order_no = $1", order_no, reservation
    )


async def test_every_table_that_names_a_member_is_some_features(app: Application) -> None:
    async with app.database.connection() as connection:
        rows = await connection.fetch(
            """
            SELECT table_name FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name = 'member_id'
            """
        )
    named = {table for each in app.resource(Belongings).all for table in each.tables}
    assert {row["table_name"] for row in rows} <= named | LEFT_OUT


ROWS: dict[str, str] = {
    "addresses": """
        INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default)
        VALUES ($1, $2, '13800000000', '310104', '上海市', '路', NOT EXISTS (
            SELECT FROM addresses WHERE member_id = $1 AND is_default))
    """,
    "messages": """
        INSERT INTO messages (member_id, kind, category, dedupe) VALUES ($1, 'a.b', 'system', $2) ON CONFLICT DO NOTHING
    """,
    "search_history": "INSERT INTO search_history (member_id, words) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    "message_preferences": """
        INSERT INTO message_preferences (member_id, channels, quiet) VALUES ($1, '{}', to_jsonb($2::text))
        ON CONFLICT DO NOTHING
    """,
    "member_identities": """
        INSERT INTO member_identities (member_id, provider, app_id, open_id)
        VALUES ($1::bigint, CASE WHEN length($2::text) % 2 = 0 THEN 'qq' ELSE 'wechat' END, 'a',
                $1::bigint || $2::text)
        ON CONFLICT DO NOTHING
    """,
    "favourites": """
        INSERT INTO favourites (member_id, product_id, price) SELECT $1::bigint, id, length($2::text) FROM products
        ON CONFLICT DO NOTHING
    """,
    "footprints": """
        INSERT INTO footprints (member_id, day, product_id, seen_at)
        SELECT $1::bigint, date '2026-01-01' + length($2::text), id, now() FROM products ON CONFLICT DO NOTHING
    """,
    "restock_reminders": """
        INSERT INTO restock_reminders (member_id, sku_id, told_at)
        SELECT $1::bigint, id, CASE $2::text WHEN 'a' THEN now() END FROM skus ON CONFLICT DO NOTHING
    """,
    "fs_reminders": """
        INSERT INTO fs_reminders (item_id, member_id) SELECT id, $1::bigint FROM fs_items WHERE $2::text <> ''
        ON CONFLICT DO NOTHING
    """,
}
"""How rows are laid into each table; the second argument is one of few words, so that both accounts share some."""
SAME = {
    "addresses": "id",
    "messages": "dedupe",
    "search_history": "words",
    "message_preferences": "1",
    "member_identities": "provider",
    "fs_reminders": "item_id",
    "restock_reminders": "sku_id",
    "favourites": "product_id",
    "footprints": "day",
    "orders": "order_no",
}
"""What makes two rows of a table the same thing."""


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_is_lost_whatever_lies_in_either_account(client: Client, app: Application, seed: int) -> None:
    dice = random.Random(seed)
    my_id, _ = await log_in(client, phone=MINE)
    other_id, _ = await log_in(client, phone=OTHERS)
    async with app.database.transaction() as connection:
        await sale(connection, "ended")
        for n in range(dice.randrange(40)):
            who = dice.choice((my_id, other_id))
            table = dice.choice([*ROWS, "orders"])
            if table == "orders":
                await order(connection, who, dice.choice(("completed", "cancelled", "pending_shipment")), n)
            else:
                await connection.execute(ROWS[table], who, dice.choice(("a", "bb", "ccc")))
        before = {
            table: {
                row["what"]
                for row in await connection.fetch(
                    f"SELECT ({same})::text AS what FROM {table} WHERE member_id = ANY ($1)",  # ours
                    [my_id, other_id],
                )
            }
            for table, same in SAME.items()
        }
        offer = await make_offer(connection, my_id, other_id, "phone")
    await merging.merge(app, my_id, offer, app.translations.of("zh-CN"), Visitor("", ""))
    for _ in range(2):
        async with app.database.connection() as connection:
            for table, same in SAME.items():
                rows = await connection.fetch(
                    f"SELECT member_id, ({same})::text AS what FROM {table} WHERE member_id = ANY ($1)",
                    [my_id, other_id],
                )
                assert {row["what"] for row in rows} == before[table], table
                assert {row["member_id"] for row in rows} <= {my_id}, table
            defaults = await connection.fetchval("SELECT count(*) FROM addresses WHERE is_default")
            assert defaults == bool(before["addresses"])
        await move_stragglers(app, merging.Merged(other_id))  # once more changes nothing


async def test_what_comes_to_the_emptied_account_afterwards_follows(client: Client, app: Application) -> None:
    my_id, _ = await log_in(client, phone=MINE)
    other_id, _ = await log_in(client, phone=OTHERS)
    third_id, _ = await log_in(client, phone="13800000003")
    for keeper, other in ((my_id, other_id), (third_id, my_id)):
        async with app.database.transaction() as connection:
            offer = await make_offer(connection, keeper, other, "phone")
        await merging.merge(app, keeper, offer, app.translations.of("zh-CN"), Visitor("", ""))
    async with app.database.connection() as connection:
        order_no = await order(connection, other_id)
        await move_stragglers(app, merging.Merged(other_id))
        assert await connection.fetchval("SELECT member_id FROM orders WHERE order_no = $1", order_no) == third_id
