"""Leaving: an account is deleted after its days, and what was its goes with it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from commerce.members import exports, leaving, merging, pictures
from commerce.members.belongings import Belonging, Belongings
from commerce.members.merging import make_offer
from commerce.members.types import Visitor
from server import uploads
from server.application import Application
from tests.commerce.members.browser import Client
from tests.commerce.members.test_merging import MINE, OTHERS, log_in, order, proof, send


async def erase_due(app: Application) -> None:
    """Do what the schedule and its jobs do."""
    await leaving.erase_due(app)
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT member_id FROM member_departures WHERE due_at <= now()")
    for row in rows:
        await leaving.erase(app, leaving.Due(row["member_id"]))


async def due(app: Application, *member_ids: int) -> None:
    async with app.database.connection() as connection:
        for member_id in member_ids:
            await connection.execute("INSERT INTO member_departures (member_id, due_at) VALUES ($1, now())", member_id)


async def status_of(app: Application, member_id: int) -> str:
    async with app.database.connection() as connection:
        return str(await connection.fetchval("SELECT status FROM members WHERE id = $1", member_id))


def dot(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


async def face(client: Client, headers: dict[str, str], colour: str) -> str:
    form = FormData()
    form.add_field("file", dot(colour), filename="a.png", content_type="image/png")
    response = await client.post("/api/v1/me/avatar", data=form, headers=headers)
    assert response.status == 200
    return str((await response.json())["avatar"])


async def test_pictures_of_who_is_gone_are_gone_but_for_those_that_others_show(
    client: Client, app: Application
) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    other_id, others = await log_in(client, phone=OTHERS)
    old, mine_too, shared = [await face(client, mine, colour) for colour in ("red", "green", "blue")]
    assert await face(client, others, "blue") == shared
    assert (await client.get(old)).status == 200
    await due(app, my_id)
    await erase_due(app)
    await removals(app)
    assert [(await client.get(address)).status for address in (old, mine_too, shared)] == [404, 404, 200]
    assert await face(client, others, "green") == mine_too  # the same picture again is there again
    await removals(app)
    assert (await client.get(mine_too)).status == 200
    await due(app, other_id)
    await erase_due(app)
    await removals(app)
    assert not [path for path in (app.settings.home / "media").rglob("*") if path.is_file()]


async def removals(app: Application) -> None:
    """Remove the files of every picture that was ever uploaded here, as jobs do that come late."""
    await pictures.tidy(app)
    for path in list((app.settings.home / "media").rglob("*.webp")):
        if "-" not in path.stem:
            await uploads.remove(app, uploads.Removal(path.stem))


async def test_a_merged_accounts_pictures_name_and_log_ins_go_with_the_account(
    client: Client, app: Application
) -> None:
    my_id, _ = await log_in(client, phone=MINE)
    other_id, others = await log_in(client, phone=OTHERS)
    picture = await face(client, others, "red")
    async with app.database.transaction() as connection:
        offer = await make_offer(connection, my_id, other_id, "phone")
    await merging.merge(app, my_id, offer, app.translations.of("zh-CN"), Visitor("", ""))
    await due(app, my_id)
    await erase_due(app)
    await removals(app)
    assert (await client.get(picture)).status == 404
    async with app.database.connection() as connection:
        row = await connection.fetchrow("SELECT nickname, avatar FROM members WHERE id = $1", other_id)
        assert tuple(row) == ("已注销用户", "")
        assert await connection.fetchval("SELECT count(*) FROM sessions WHERE subject_id = $1", other_id) == 0


async def test_every_account_that_is_due_gets_its_turn(
    client: Client, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many stay because something stands against them."""
    monkeypatch.setattr(leaving, "_AT_ONCE", 1)
    ids = [(await log_in(client, phone=f"1380000010{n}"))[0] for n in range(3)]
    async with app.database.connection() as connection:
        await order(connection, ids[0], "pending_shipment")
    await due(app, *ids)
    await erase_due(app)
    assert [await status_of(app, one) for one in ids] == ["active", "gone", "gone"]


async def test_a_wish_outlasts_a_closed_account(client: Client, app: Application) -> None:
    my_id, _ = await log_in(client, phone=MINE)
    await due(app, my_id)
    async with app.database.connection() as connection:
        await connection.execute("UPDATE members SET status = 'banned'")
    await erase_due(app)
    assert await status_of(app, my_id) == "banned"
    async with app.database.connection() as connection:
        await connection.execute("UPDATE members SET status = 'active'")
    await erase_due(app)
    assert await status_of(app, my_id) == "gone"


async def test_a_file_of_who_has_gone_meanwhile_is_not_made(client: Client, app: Application) -> None:
    """Whether its wish has ended before the job begins, or while it works."""
    for phone, meanwhile in ((MINE, False), (OTHERS, True)):
        _, headers = await log_in(client, phone=phone)
        _, asked = await send(client, "/api/v1/me/exports", headers, {})

        async def end(*_: Any) -> dict[str, list[dict[str, Any]]]:
            async with app.database.connection() as connection:
                await connection.execute("UPDATE member_exports SET expires_at = now() - interval '1 second'")
            return {}

        if meanwhile:
            app.resource(Belongings).add(Belonging(name="late", tables=(), tell=end))
        else:
            await end()
        await exports.make(app, exports.Wanted(int(asked["id"])))
        assert not [path for path in (app.settings.home / "exports").glob("*") if path.is_file()]


async def test_deleting_takes_seven_days_and_logging_in_takes_it_back(client: Client, app: Application) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    address = {"name": "乙", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号"}
    await send(client, "/api/v1/addresses", mine, address)
    async with app.database.connection() as connection:
        order_no = await order(connection, my_id, "pending_shipment")
    status, answer = await send(client, "/api/v1/me/departure", mine, {"proof": await proof(client, mine, MINE)})
    assert (status, answer["error"]["code"]) == (409, "leaving_held")
    assert "订单" in answer["error"]["message"]
    async with app.database.connection() as connection:
        await connection.execute("UPDATE orders SET status = 'completed'")
    status, answer = await send(client, "/api/v1/me/departure", mine, {"proof": {"by": "phone", "code": "000000"}})
    assert (status, answer["error"]["code"]) == (422, "proof_wrong")
    status, answer = await send(client, "/api/v1/me/departure", mine, {"proof": await proof(client, mine, MINE)})
    assert status == 202, answer
    assert (await client.get("/api/v1/me", headers=mine)).status == 401
    again, mine = await log_in(client, phone=MINE)
    assert again == my_id
    async with app.database.connection() as connection:
        await connection.execute("UPDATE member_departures SET due_at = now()")
    await erase_due(app)
    assert (await client.get("/api/v1/me", headers=mine)).status == 200
    status, answer = await send(client, "/api/v1/me/departure", mine, {"proof": await proof(client, mine, MINE)})
    assert status == 202
    await erase_due(app)
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT status FROM members") == "active"
        await connection.execute("UPDATE member_departures SET due_at = now()")
    await erase_due(app)
    async with app.database.connection() as connection:
        member = await connection.fetchrow("SELECT * FROM members WHERE id = $1", my_id)
        assert (member["status"], member["phone"], member["email"]) == ("gone", None, None)
        assert await connection.fetchval("SELECT count(*) FROM addresses") == 0
        kept = await connection.fetchval("SELECT address FROM orders WHERE order_no = $1", order_no)
        assert (kept["name"], kept["phone"], kept["detail"]) == ("***", "***", "***")
        assert kept["region"] == "上海市"
        tables = await connection.fetch(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type IN ('text', 'USER-DEFINED', 'jsonb')
              AND table_name NOT LIKE 'sandbox%' AND table_name NOT LIKE 'pgqueuer%'
            """
        )
        for row in tables:
            found = await connection.fetchval(
                f'SELECT count(*) FROM "{row["table_name"]}" WHERE "{row["column_name"]}"::text LIKE \'%{MINE}%\''
            )
            assert not found, dict(row)
    fresh, _ = await log_in(client, phone=MINE)
    assert fresh != my_id
