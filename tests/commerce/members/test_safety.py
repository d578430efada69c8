"""Devices, the payment password, the file of everything, and deleting an account."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce.members import exports
from commerce.members.devices import words_of
from commerce.members.errors import PayPasswordLocked, PayPasswordMissing, PayPasswordWrong
from commerce.members.exports import pack
from commerce.members.pay_password import TRIES, hold_digits, pay_password_ok
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
