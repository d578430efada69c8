"""Devices, the payment password, the file of everything, and deleting an account."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from typing import Any

import msgspec
import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import Image

from commerce.members import exports, leaving, merging, pictures
from commerce.members.belongings import Belonging, Belongings
from commerce.members.devices import words_of
from commerce.members.errors import PayPasswordLocked, PayPasswordMissing, PayPasswordWrong
from commerce.members.exports import pack
from commerce.members.merging import make_offer
from commerce.members.pay_password import TRIES, hold_digits, pay_password_ok
from server import uploads
from server.application import Application
from server.clock import now
from server.errors import Invalid
from tests.commerce.members.test_merging import MINE, OTHERS, log_in, order, proof, send

Client = TestClient[Any, Any]
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
PHONE_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 MicroMessenger/8.0.50"
)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, ("Chrome", "Windows")),
        (PHONE_AGENT, ("微信", "iPhone")),
        (CHROME + " Edg/140.0", ("Edge", "Windows")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            ("Safari", "macOS"),
        ),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0.0.0 Mobile Safari/537.36", ("Chrome", "Android")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Linux")),
        ("curl/8.5.0", ("curl", "")),
        ("", ("", "")),
        ("\u4e00", ("", "")),
    ],
)
def test_devices_are_named(agent: str, words: tuple[str, str]) -> None:
    assert words_of(agent) == words


async def sessions(client: Client, headers: dict[str, str]) -> list[dict[str, Any]]:
    response = await client.get("/api/v1/me/sessions", headers=headers)
    assert response.status == 200
    return list((await response.json())["items"])


async def test_devices_are_listed_and_ended(client: Client) -> None:
    _, first = await log_in(client, phone=MINE)
    _, second = await log_in(client, phone=MINE)
    _, third = await log_in(client, phone=MINE)
    _, stranger = await log_in(client, phone=OTHERS)
    held = await sessions(client, first)
    assert [each["current"] for each in held].count(True) == 1
    assert len(held) == 3
    mine = next(each["id"] for each in await sessions(client, second) if each["current"])
    assert (await client.delete(f"/api/v1/me/sessions/{mine}", headers=stranger)).status == 404
    assert (await client.delete(f"/api/v1/me/sessions/{mine}", headers=first)).status == 204
    assert (await client.get("/api/v1/me", headers=second)).status == 401
    status, body = await send(client, "/api/v1/me/sessions/end-others", first, {})
    assert (status, body) == (200, {"ended": 1})
    assert (await client.get("/api/v1/me", headers=third)).status == 401
    assert (await client.get("/api/v1/me", headers=first)).status == 200
    assert (await client.get("/api/v1/me", headers=stranger)).status == 200


async def test_the_last_use_is_known_to_some_minutes(client: Client, app: Application) -> None:
    _, mine = await log_in(client, phone=MINE)
    async with app.database.connection() as connection:
        await connection.execute("UPDATE sessions SET seen_at = now() - interval '1 hour'")
    assert (await client.get("/api/v1/me", headers=mine)).status == 200
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT seen_at > now() - interval '1 minute' FROM sessions")


async def test_a_new_device_is_told_a_known_one_is_not(client: Client, app: Application) -> None:
    async def told() -> list[str]:
        async with app.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT payload->>'device' AS device FROM events WHERE kind = 'members.secured' ORDER BY id"
            )
        return [row["device"] for row in rows]

    async def enter(agent: str) -> None:
        await client.post("/api/v1/auth/codes", json={"phone": MINE})
        inbox = await client.get("/sandbox/inbox", params={"to": MINE}, headers={"Accept": "application/json"})
        body = {"phone": MINE, "code": (await inbox.json())[0]["code"]}
        answer = await client.post("/api/v1/auth/sessions", json=body, headers={"User-Agent": agent})
        assert answer.status == 201

    await enter(CHROME)
    await enter(CHROME.replace("140", "141"))
    assert await told() == []
    await enter(PHONE_AGENT)
    assert await told() == ["微信 · iPhone"]
    await enter(PHONE_AGENT)
    assert len(await told()) == 1


@pytest.mark.parametrize(
    "digits", ["12345", "1234567", "abcdef", "123456", "987654", "888888", "112112", "345678", "１２３４５６"]
)
def test_payment_passwords_that_are_guessed_at_once(digits: str) -> None:
    with pytest.raises(Invalid):
        hold_digits(digits, "13800345678")


async def test_a_payment_password_locks_after_five_tries_and_a_code_resets_it(client: Client, app: Application) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    with pytest.raises(PayPasswordMissing):
        await pay_password_ok(app, my_id, "135790")
    body = {"new": "135790", "proof": await proof(client, mine, MINE)}
    response = await client.post("/api/v1/me/pay-password", json=body, headers=mine)
    assert response.status == 204
    response = await client.post("/api/v1/me/pay-password", json=body, headers=mine)
    assert response.status == 422  # the code was used
    await pay_password_ok(app, my_id, "135790")
    for left in range(TRIES - 1, 0, -1):
        with pytest.raises(PayPasswordWrong) as wrong:
            await pay_password_ok(app, my_id, "000000")
        assert wrong.value.values["left"] == left
    await pay_password_ok(app, my_id, "135790")  # a right one begins anew
    guesses = await asyncio.gather(
        *(pay_password_ok(app, my_id, f"{n:06d}") for n in range(12)), return_exceptions=True
    )
    assert sum(isinstance(guess, PayPasswordWrong) for guess in guesses) == TRIES - 1
    assert sum(isinstance(guess, PayPasswordLocked) for guess in guesses) == 12 - (TRIES - 1)
    with pytest.raises(PayPasswordLocked):
        await pay_password_ok(app, my_id, "135790")
    shown = await (await client.get("/api/v1/me/pay-password", headers=mine)).json()
    assert shown["is_set"]
    assert shown["locked_until"] is not None
    body = {"new": "246801", "proof": await proof(client, mine, MINE)}
    assert (await client.post("/api/v1/me/pay-password", json=body, headers=mine)).status == 204
    await pay_password_ok(app, my_id, "246801")
    async with app.database.connection() as connection:
        await connection.execute("UPDATE pay_passwords SET tries = 5, locked_until = now() - interval '1 second'")
    with pytest.raises(PayPasswordWrong):
        await pay_password_ok(app, my_id, "000000")


async def test_everything_is_exported_once_a_day_to_its_member_alone(client: Client, app: Application) -> None:
    my_id, mine = await log_in(client, phone=MINE)
    _, stranger = await log_in(client, phone=OTHERS)
    async with app.database.connection() as connection:
        order_no = await order(connection, my_id)
    status, asked = await send(client, "/api/v1/me/exports", mine, {})
    assert (status, asked["url"]) == (202, "")
    status, refused = await send(client, "/api/v1/me/exports", mine, {})
    assert (status, refused["error"]["code"]) == (429, "export_too_soon")
    assert (await client.get(f"/me/data/{asked['id']}", headers=mine)).status == 404
    await exports.make(app, exports.Wanted(int(asked["id"])))
    await exports.make(app, exports.Wanted(int(asked["id"])))
    [shown] = (await (await client.get("/api/v1/me/exports", headers=mine)).json())["items"]
    assert (await client.get(shown["url"], headers=stranger)).status == 404
    response = await client.get(shown["url"], headers=mine)
    assert response.status == 200
    with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
        told = msgspec.json.decode(archive.read("everything.json"))
        assert told["account"][0]["phone"] == MINE
        assert [each["order_no"] for each in told["orders"]] == [order_no]
        assert len(told["log_ins"]) == 1
        rows = list(csv.reader(io.StringIO(archive.read("orders.csv").decode("utf-8-sig"))))
        assert (rows[0][0], rows[1][0]) == ("order_no", order_no)
    async with app.database.connection() as connection:
        await connection.execute("UPDATE member_exports SET expires_at = now() - interval '1 second'")
    assert (await client.get(shown["url"], headers=mine)).status == 404
    await exports.tidy(app)
    assert not list((app.settings.home / "exports").iterdir())


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    with zipfile.ZipFile(io.BytesIO(pack({"a": [{"x": "=1+1", "y": -5, "z": None, "at": now()}]}))) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("a.csv").decode("utf-8-sig"))))
    assert rows[1][:3] == ["'=1+1", "-5", ""]


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
    await merging.merge(app, my_id, offer, app.translations.of("zh-CN"))
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
